#!/usr/bin/env bash
# What `make test` runs, in order of how fast each finds a mistake. The last line is the totals.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin

echo "== lint"
$bin/ruff check --quiet
$bin/ruff format --check --quiet

echo "== types"
$bin/mypy

echo "== tests, with branch coverage"
rm -f .coverage .coverage.*
# Many tests wait for other processes: more workers than processors.
$bin/pytest -q -n 3 --dist loadgroup --cov --cov-report= "$@" | tee .pytest-output
$bin/coverage report --skip-covered --skip-empty --sort=cover >.coverage-report
tail -n 1 .coverage-report
# A codec is total: every branch of every codec is proven (docs/decisions/0004-codecs-are-total.md).
$bin/coverage report --include='*/codec.py,*/codec/*,*/signing.py,*/dop2/codec.py' --fail-under=100 >.codec-report ||
  { cat .codec-report; echo "A codec is not covered completely." >&2; exit 1; }
tail -n 1 .pytest-output
