"""Coverage-guided fuzzing in its short form, every decoder in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.harness import all_targets

INPUTS = 3000


@pytest.mark.interop
@pytest.mark.parametrize("name", [target.name for target in all_targets()])
def test_decoders_take_what_leads_to_new_branches(name: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.fuzz.guided", name, "--inputs", str(INPUTS)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    [runs] = re.findall(r"Done (\d+) runs", done.stderr)
    assert int(runs) >= INPUTS
