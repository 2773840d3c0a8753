"""Coverage-guided fuzzing of one decoder: `python -m tests.fuzz.guided NAME [--inputs N]`.

libFuzzer (through atheris) keeps an input when it reaches new branches, so that it finds places that
mutation alone does not reach. It starts from the same real messages and holds decoders to the same rule:
nothing but ProtocolError.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["homewire"]):
    from tests.fuzz.harness import all_targets

CORPORA = Path(__file__).parents[2] / ".fuzz"
"""Where inputs that reached new branches stay for the next run."""


def main() -> None:
    """Fuzz until the inputs are used up; the process ends with libFuzzer's own exit code."""
    targets = {target.name: target for target in all_targets()}
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("name", choices=sorted(targets))
    parser.add_argument("--inputs", type=int, default=1_000_000)
    options = parser.parse_args()
    target = targets[options.name]

    def one(data: bytes) -> None:
        target.check(data)
        if target.repair is not None:
            target.check(target.repair(data))

    corpus = CORPORA / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number:05}").write_bytes(bytes(seed))
    limits = [f"-runs={options.inputs}", "-max_len=4096", f"-artifact_prefix={CORPORA}/{target.name}-"]
    atheris.Setup([sys.argv[0], str(corpus), *limits], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
