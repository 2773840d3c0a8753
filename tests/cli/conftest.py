"""The real program in this process: against the tin kettle's simulator, on virtual time."""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from homewire import kinds
from homewire.cli.main import finish
from homewire.cli.output import Output

if TYPE_CHECKING:
    from tests.cli.plugin.tin_kettle.simulator import KettleSimulator

PLUGIN = Path(__file__).parent / "plugin"


@dataclasses.dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Awaitable[Result]]
Kettle = Callable[..., Awaitable["Running"]]


@dataclasses.dataclass(frozen=True)
class Running:
    """A simulated kettle and the words that connect to it."""

    simulator: KettleSimulator
    words: tuple[str, ...]


@pytest.fixture(autouse=True)
def only_the_kettle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.setattr(kinds, "GROUP", "tin_kettle.alone")
    monkeypatch.setenv("KETTLE", "tea")
    monkeypatch.setenv("COLUMNS", "160")
    for name in ("HOMEWIRE_CONFIG", "TIN_KETTLE_NEARBY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    kinds.installed_kinds.cache_clear()
    yield
    kinds.installed_kinds.cache_clear()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    logger = logging.getLogger("homewire")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    async def run(*words: str, stdin: str = "") -> Result:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = await finish(words, Output(out, err))
        return Result(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
async def kettle() -> AsyncIterator[Kettle]:
    started: list[KettleSimulator] = []

    async def start(**options: Any) -> Running:
        module = importlib.import_module("tin_kettle.simulator")
        simulator: KettleSimulator = module.KettleSimulator(module.KettleOptions(**options))
        await simulator.start()
        started.append(simulator)
        port = simulator.settings()["port"]
        return Running(
            simulator, ("--connection", f"tin-kettle,host=127.0.0.1,port={port},password=env:KETTLE")
        )

    yield start
    for simulator in started:
        await simulator.stop()


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Return what starts the program as a process of its own, the kettle installed."""

    def start(*words: str) -> subprocess.Popen[str]:
        environment = os.environ | {"PYTHONPATH": str(PLUGIN), "XDG_CONFIG_HOME": str(tmp_path)}
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "homewire.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment,
        )

    return start
