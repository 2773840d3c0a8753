"""The programs in the user's pages run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from homewire.homismart.simulator import HomismartSimulator

DOCS = Path(__file__).parents[2] / "docs"


def python_blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


async def test_the_program_of_the_user_page(
    cloud: HomismartSimulator, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = python_blocks("homismart.md")
    program = program.replace('username="you@example.com", password="secret"', "**SETTINGS")
    program = program.replace("asyncio.run(main())", "")
    scope: dict[str, Any] = {"SETTINGS": dict(cloud.settings())}
    exec(compile(program, "homismart.md", "exec"), scope)  # noqa: S102 - the page that is tested
    await scope["main"]()
    said = capsys.readouterr().out
    assert "Office light" in said
    assert said.splitlines()[-1].startswith("{'cover'")
    assert cloud.account.objects["02510000000162"]["power"] is True


def test_the_imports_of_the_migration_page() -> None:
    (block,) = python_blocks("migrating-from-homismart-client.md")
    _before, after = block.split("# after\n")
    scope: dict[str, Any] = {}
    exec(compile(after, "migrating", "exec"), scope)  # noqa: S102 - the page that is tested
    assert scope["HomismartError"].__name__ == "HomewireError"
    assert re.search("from homewire", after)


def test_the_table_of_settings_is_complete() -> None:
    from homewire.homismart.connection import HomismartSettings

    page = (DOCS / "homismart.md").read_text()
    for name in HomismartSettings.__struct_fields__:
        assert f"`{name}`" in page
