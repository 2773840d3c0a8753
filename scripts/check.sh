#!/usr/bin/env bash
# What `make test` runs, in order of how fast each finds a mistake. The last line is the totals.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

echo "== lint";  $bin/ruff check; $bin/ruff format --check --quiet
echo "== types"; $bin/mypy
echo "== tests"
rm -f .coverage .coverage.*
$bin/pytest -n auto --dist loadgroup --cov --cov-report=term "$@"
