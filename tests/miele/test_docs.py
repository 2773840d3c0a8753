"""The user pages tell the features that the code declares, and commands that the program takes."""

from __future__ import annotations

import io
import re
import runpy
import shlex
from pathlib import Path

import pytest

from homewire.cli.app import make_app
from homewire.cli.output import Output
from homewire.miele.simulator.profiles import PROFILES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "miele.md"
TEXT = PAGE.read_text("utf-8")
PAGES = ("miele.md", "migrating-from-asyncmiele.md", "migrating-from-mielerestserver.md")


def _commands() -> list[str]:
    fences = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    texts = [(PAGE.parent / page).read_text("utf-8") for page in PAGES]
    blocks = [block for text in texts for language, block in fences.findall(text) if not language]
    return [line for block in blocks for line in block.splitlines() if line.startswith("homewire ")]


def test_the_feature_table_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "miele_features.py"))
    assert script["updated"](TEXT) == TEXT, "run: python scripts/miele_features.py"


def test_every_simulated_type_is_named() -> None:
    assert all(f"`{kind}`" in TEXT for kind in PROFILES)


@pytest.mark.parametrize("line", _commands())
def test_documented_commands_are_understood(line: str) -> None:
    _, *words = shlex.split(line, comments=True)
    app = make_app(Output(io.StringIO(), io.StringIO()))
    command, _, _ = app.parse_args(words, exit_on_error=False, print_error=False)
    assert callable(command)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (PAGE.parent / page).read_text("utf-8")):
        assert (PAGE.parent / Path(target)).exists(), target
