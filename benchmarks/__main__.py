"""Run every benchmark, or those named, and print their figures."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> int:
    topics = [
        module.name.removeprefix("bench_")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name.startswith("bench_")
    ]
    unknown = sorted(set(names) - set(topics))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(topics)}", file=sys.stderr)
        return 2
    for topic in names or topics:
        print(f"{topic}")
        for figure in importlib.import_module(f"benchmarks.bench_{topic}").run():
            print(f"  {figure}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
