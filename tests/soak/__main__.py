"""`python -m tests.soak [--days N] [--seed S] [--trace] [KIND ...]`: live through bad weather."""

from __future__ import annotations

import argparse
import sys
import tracemalloc

from tests.soak.soak import live


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Live through bad weather.")
    parser.add_argument("--days", type=int, default=7, help="virtual days")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other weather")
    parser.add_argument("--trace", action="store_true", help="measure memory with tracemalloc: half as fast")
    parser.add_argument("kinds", nargs="*", help="kinds of connection; all when none is named")
    options = parser.parse_args()
    if options.trace:
        tracemalloc.start()
    report = live(options.days, seed=options.seed, kinds=options.kinds, tell=_tell)
    _tell(str(report))
    return 1 if report.findings else 0


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is a command


if __name__ == "__main__":
    sys.exit(main())
