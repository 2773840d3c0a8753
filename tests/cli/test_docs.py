"""The pages that the program writes about itself are current, and what the guides show really works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_command_reference_and_the_feature_tables_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "")


@pytest.mark.real_time
def test_the_picture_of_the_readme_can_be_drawn_again(tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, 'scripts'); import demo_picture, pathlib;"
        f"demo_picture.PICTURE = pathlib.Path({str(tmp_path / 'demo.svg')!r}); demo_picture.main()"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - ours
    picture = (tmp_path / "demo.svg").read_text()
    for text in ("Kitchen", "Latest", "homewire&#160;demo", "94.0"):
        assert text in picture
