"""`python -m tests.fuzz [--inputs N] [--seed S] [NAME ...]`: fuzz every decoder, or those named."""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.harness import Finding, all_targets, fuzz


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the decoders.")
    parser.add_argument("--inputs", type=int, default=500_000, help="inputs per decoder")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other inputs")
    parser.add_argument("names", nargs="*", help="decoders to fuzz; all when none is named")
    options = parser.parse_args()
    targets = [each for each in all_targets() if not options.names or each.name in options.names]
    try:
        for target in targets:
            print(fuzz(target, options.inputs, options.seed), flush=True)  # noqa: T201 - this is a command
    except Finding as finding:
        print(finding, file=sys.stderr)  # noqa: T201 - this is a command
        return 1
    return 0 if targets else 2


if __name__ == "__main__":
    sys.exit(main())
