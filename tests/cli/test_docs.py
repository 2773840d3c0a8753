"""The pages that the program writes about itself are current, and what the guides show really works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.cli.conftest import Cli

from homewire import kinds
from homewire.config import parse
from homewire.kinds import find_kind

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


def _blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text()
    return [textwrap.dedent(block) for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kinds, "GROUP", "homewire.connections")
    kinds.installed_kinds.cache_clear()
    yield
    kinds.installed_kinds.cache_clear()


SIMULATED = """
import asyncio
from homewire.kinds import find_kind


async def simulate(source):
    simulator_type = find_kind("lamarzocco-direct").load_simulator()
    async with simulator_type(simulator_type.Options()) as simulator:
        settings = simulator.settings()
        host, port = settings["host"], settings["port"]
        for old, new in (
            ('host="10.0.0.7", key="…"', f'host="{host}", port={port}, key=KEY'),
            ('"host": "10.0.0.7", "key": "…"', f'"host": "{host}", "port": {port}, "key": KEY'),
            ("asyncio.run(main())", ""),
        ):
            source = source.replace(old, new)
        names = {"KEY": settings["key"]}
        exec(compile(source, "docs", "exec"), names)
        async with asyncio.timeout(20):
            await names["main"]()


asyncio.run(simulate(SOURCE))
"""


@pytest.mark.real_time
@pytest.mark.parametrize("index", range(len(_blocks("library.md", "python"))))
def test_the_examples_of_the_library_guide_run(index: int) -> None:
    source = _blocks("library.md", "python")[index]
    done = subprocess.run(  # noqa: S603 - our own example
        [sys.executable, "-c", f"SOURCE = {source!r}\n{SIMULATED}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout or "discover" in source


def test_every_configuration_in_the_docs_is_right(everything: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del everything
    for name in ("LM_KEY", "HOMISMART_PASSWORD"):
        monkeypatch.setenv(name, "0123456789abcdef0123456789abcdef")
    found = [
        entry
        for page in ("configuration.md", "getting-started.md")
        for block in _blocks(page, "toml")
        for entry in parse(block).connections
    ]
    assert len(found) == 5
    for entry in found:
        values = {
            key: "literal" if str(value).startswith(("keyring:", "file:")) else value
            for key, value in entry.values.items()
        }
        settings = msgspec.structs.replace(entry, values=values).settings()
        assert type(settings) is find_kind(entry.kind).load_connection().Settings


def _typed(page: str) -> list[str]:
    lines = [line for block in _blocks(page, "console") for line in block.splitlines()]
    return [line.removeprefix("$ homewire ") for line in lines]


@pytest.mark.parametrize("line", _typed("getting-started.md"))
async def test_every_command_of_getting_started_works(everything: None, cli: Cli, line: str) -> None:
    del everything
    words = shlex.split(line)
    result = await cli(*words, *([] if "--demo" in words else ["--demo"]))
    assert result.code == 0, result.err
    assert result.out
