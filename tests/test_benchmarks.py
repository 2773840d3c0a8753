"""Every benchmark runs in its short form, so that none rots; `make bench` measures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOPICS = sorted(path.stem.removeprefix("bench_") for path in (ROOT / "benchmarks").glob("bench_*.py"))


@pytest.mark.interop
@pytest.mark.parametrize("topic", TOPICS)
def test_a_benchmark_prints_its_figures(topic: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "benchmarks", topic],
        cwd=ROOT,
        env={**os.environ, "HOMEWIRE_BENCH": "short"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    title, *figures = done.stdout.splitlines()
    assert title == topic
    assert figures
    assert all(re.search(r": [\d.,e+-]+ \S", line) for line in figures), done.stdout
