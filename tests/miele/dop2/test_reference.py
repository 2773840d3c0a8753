"""The reference page in docs/ is what the tables say."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from homewire.miele.dop2 import ATTRIBUTES, reference

PAGE = Path(__file__).parents[3] / "docs/miele-dop2-reference.md"


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(reference.__file__, run_name="__main__")
    made = capsys.readouterr().out
    assert made == reference.markdown()
    assert PAGE.read_text() == made, "run python -m homewire.miele.dop2.reference > docs/..."


def test_every_attribute_has_its_section_and_every_link_its_target() -> None:
    page = reference.markdown()
    sections = re.findall(r"^### (.+)$", page, re.MULTILINE)
    numbers = [section.split()[0] for section in sections]
    assert set(map(str, ATTRIBUTES)) <= set(numbers)
    targets = {section.lower().replace(" ", "-") for section in sections}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= targets
