# Every target does its own set-up: python3 (3.11 or newer), make and git are enough.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo docs test lint types unit interop fuzz soak bench system clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "homewire needs Python 3.11 or newer; none was found." >&2; exit 1; }
	@echo "Setting up $(VENV) (once) ..." >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || scripts/apt.sh "for virtual environments" \
		"$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --constraint constraints.txt --upgrade pip
	@$(PIP) install --constraint constraints.txt --editable '.[all]'
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@$(PIP) install --constraint constraints.txt --group dev
	@touch $@

demo: $(VENV)/.installed  ## start simulated appliances and watch them live
	@$(BIN)/homewire demo || test $$? -eq 130  # Ctrl-C is how a demo ends

test: $(VENV)/.dev system  ## lint, types, every test with branch coverage; one line of totals
	@scripts/check.sh

lint: $(VENV)/.dev  ## ruff check and ruff format --check
	@$(BIN)/ruff check && $(BIN)/ruff format --check

types: $(VENV)/.dev  ## mypy --strict
	@$(BIN)/mypy

unit: $(VENV)/.dev  ## the tests that need no system package and no foreign client
	@$(BIN)/pytest -q -n auto -m "not interop and not system"

interop: $(VENV)/.dev  ## other people's released clients against the simulators
	@$(BIN)/pytest -q -m interop

docs: $(VENV)/.installed  ## write the generated parts of the docs and the README's picture anew
	@$(BIN)/python scripts/generate_docs.py && $(BIN)/python scripts/demo_picture.py

fuzz: $(VENV)/.dev  ## long fuzzing of every decoder (FUZZ_INPUTS=2000000)
	@$(BIN)/python -m tests.fuzz --inputs $${FUZZ_INPUTS:-2000000}

soak: $(VENV)/.dev  ## days of virtual time in bad network weather, every kind (SOAK_DAYS=7)
	@$(BIN)/python -m tests.soak --days $${SOAK_DAYS:-7}

bench: $(VENV)/.dev  ## speed beside the replaced libraries, as ratios
	@$(BIN)/python -m benchmarks

system: $(VENV)/.system  ## the system packages that the tests need

$(VENV)/.system: scripts/system-packages.sh $(VENV)/.dev
	@scripts/system-packages.sh && touch $@

clean:  ## remove everything that the targets made
	@rm -rf $(VENV) .interop .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .benchmarks build dist
