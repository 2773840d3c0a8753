"""The history survives kill -9, a full disk and a locked database, and the event path never notices."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from tests.bridge.history.conftest import Machine

from homewire.appliance import Origin
from homewire.bridge.history import History, HistorySettings
from homewire.clock import Clock
from homewire.errors import ConfigurationError, ConnectionFailed
from homewire.secrets import Secret

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def victim(file: Path, first: int, *more: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    arguments = [sys.executable, "-m", "tests.bridge.history.victim", str(file), str(first), *more]
    with subprocess.Popen(  # noqa: S603 - ours
        arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            process.kill()


def recorded(file: Path) -> list[int]:
    """Return the recorded numbers, without what is unknown, after checking the whole file."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        query = (
            "SELECT number FROM samples JOIN series ON id = series_id"
            " WHERE key = 'temperature' AND number IS NOT NULL ORDER BY at"
        )
        with contextlib.suppress(sqlite3.OperationalError):  # killed before there were tables
            return [int(number) for (number,) in database.execute(query)]
        return []


def kill_after(file: Path, first: int, lines: int) -> list[tuple[int, float]]:
    """Return what was published up to two seconds before the kill, with its moments."""
    published: list[tuple[int, float]] = []
    with victim(file, first) as (process, output):
        assert output.readline() == "opening\n"
        for _ in range(lines):
            number, at, *_ = output.readline().split()
            published.append((int(number), float(at)))
        process.send_signal(signal.SIGKILL)
        killed = time.time()
    return [(number, at) for number, at in published if at < killed - 2]


@pytest.mark.real_time
def test_killing_loses_two_seconds_at_most_and_never_corrupts(tmp_path: Path) -> None:
    file, chance, first = tmp_path / "history.sqlite", random.Random(6), 0
    for lines in (0, 1, *(chance.randrange(150, 650) for _ in range(4))):
        due = kill_after(file, first, lines)
        numbers = recorded(file)
        assert len(numbers) == len(set(numbers))
        if due:
            assert set(range(first, due[-1][0] + 1)) <= set(numbers)
        first = max(numbers, default=0) + 10_000
    assert len(recorded(file)) > 1000


@pytest.mark.real_time
def test_a_full_disk_bounds_memory_and_leaves_the_file_whole(tmp_path: Path) -> None:
    file, trouble, buffered = tmp_path / "history.sqlite", "", 0
    with victim(file, 0, "300000") as (_process, output):
        assert output.readline() == "opening\n"
        while not trouble or buffered < 5000:
            _number, _at, size, *words = output.readline().split()
            trouble, buffered = " ".join(words), int(size)
            assert buffered <= 5000
    assert "The history cannot be written" in trouble
    assert recorded(file)


@pytest.fixture
async def full(tmp_path: Path) -> History:
    """A history whose file may not grow any more."""
    url = Secret(f"sqlite:///{tmp_path}/history.sqlite")
    return History(HistorySettings(url=url, size_limit_mib=1, buffer=50_000), clock=Clock())


@pytest.mark.real_time
async def test_a_full_disk_is_a_problem_and_control_goes_on(
    full: History, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    machine = Machine()
    full.attach(machine)
    for number in range(60_000):
        machine.publish({"temperature": number}, Origin.PUSH)
    assert not await full.flush()
    assert not await full.flush()
    assert full.problem is not None
    assert "full" in full.problem.message
    assert "Free some space" in full.problem.remedy
    assert machine.state["temperature"] == 59_999
    assert len(full.recorder) <= 50_000
    assert full.report()["dropped"] >= 10_000
    assert [r.levelname for r in caplog.records if "history" in r.name] == ["WARNING"]
    await full.stop()
    assert "lost" in caplog.text


@pytest.mark.real_time
async def test_a_locked_database_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    history = History(HistorySettings(url=Secret(f"sqlite:///{file}")), clock=Clock())
    history._engine.sync_engine.dispose()
    machine = Machine()
    assert await history.flush()
    history.attach(machine)
    machine.publish({"temperature": 93}, Origin.PUSH)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert not await history.flush()
        assert history.problem is not None
        assert "locked" in history.problem.message
        assert "Another program" in history.problem.remedy
        other.execute("ROLLBACK")
    assert await history.flush()
    assert history.report() == {"ok": True, "problem": None, "buffered": 0, "written": 2, "dropped": 0}
    await history.stop()
    assert recorded(file) == [93]


async def test_writes_come_by_themselves_and_stop_writes_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    clock = Clock()
    history = History(HistorySettings(url=Secret(f"sqlite:///{file}")), clock=clock)
    await history.start()
    machine = Machine(clock=clock)
    history.attach(machine)
    machine.publish({"temperature": 1}, Origin.PUSH)
    while not history.written:
        await clock.sleep(0.1)
    assert recorded(file) == [1]
    machine.publish({"temperature": 2}, Origin.PUSH)
    await history.stop()
    machine.publish({"temperature": 3}, Origin.PUSH)
    assert recorded(file) == [1, 2]


async def test_a_database_out_of_reach_is_opened_later(tmp_path: Path) -> None:
    blocker = tmp_path / "data"
    blocker.write_text("a file where the folder should be")
    clock = Clock()
    history = History(HistorySettings(url=Secret(f"sqlite:///{blocker}/history.sqlite")), clock=clock)
    machine = Machine(clock=clock)
    history.attach(machine)
    await history.start()
    machine.publish({"temperature": 1}, Origin.PUSH)
    with pytest.raises(ConnectionFailed, match="cannot be read now"):
        _ = history.reader
    assert history.problem is not None
    blocker.unlink()
    while not history.report()["ok"]:
        await clock.sleep(1)
    now = clock.now()
    points = await history.reader.points("test:machine", "temperature", now - dt.timedelta(hours=1), now)
    assert points.columns["value"] == [1]
    await history.stop()


async def test_the_time_after_a_crash_is_unknown_and_after_a_quiet_hour_is_not(tmp_path: Path) -> None:
    settings = HistorySettings(url=Secret(f"sqlite:///{tmp_path}/history.sqlite"))
    clock = Clock()
    crashed = History(settings, clock=clock)
    await crashed.start()
    machine = Machine(clock=clock)
    crashed.attach(machine)
    began = clock.now()
    machine.publish({"temperature": 93}, Origin.PUSH)
    await clock.sleep(3600)
    await crashed._engine.dispose()  # no more than a crash leaves: nothing said goodbye
    for task in crashed._tasks:
        task.cancel()
    ended = clock.now()
    await clock.sleep(7200)
    history = History(settings, clock=clock)
    await history.start()
    points = await history.reader.points("test:machine", "temperature", began, clock.now(), resolution_s=0)
    held, unknown = points.columns["at"]
    assert points.columns["value"] == [93, None]
    assert ended.timestamp() - 62 <= unknown <= ended.timestamp()
    assert held == pytest.approx(began.timestamp(), abs=1)
    hours = await history.reader.points("test:machine", "temperature", began, clock.now(), resolution_s=900)
    assert hours.columns["mean"][-2:] == [None, None]
    await history.stop()


@pytest.mark.real_time
async def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    file.write_bytes(b"my diploma thesis" * 1000)
    history = History(HistorySettings(url=Secret(f"sqlite:///{file}")))
    assert not await history.flush()
    assert history.problem is not None
    assert "not a database" in history.problem.message
    assert file.read_bytes() == b"my diploma thesis" * 1000
    await history.stop()


@pytest.mark.real_time
async def test_a_password_in_the_address_is_not_told() -> None:
    url = Secret("postgresql://homewire:hunter2secret@127.0.0.1:1/none")
    history = History(HistorySettings(url=url))
    assert not await history.flush()
    assert history.problem is not None
    assert "hunter2secret" not in str(history.problem) + repr(history.settings)
    await history.stop()


@pytest.mark.parametrize("url", ["mysql://host/x", "nonsense", "sqlite://"])
def test_a_wrong_address_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"history\.url"):
        History(HistorySettings(url=Secret(url)))


async def test_it_is_tidied_up_every_hour(tmp_path: Path) -> None:
    clock = Clock()
    settings = HistorySettings(
        url=Secret(f"sqlite:///{tmp_path}/history.sqlite"), changes_days=1, flush_s=1800
    )
    history = History(settings, clock=clock)
    await history.start()
    machine = Machine(clock=clock)
    history.attach(machine)
    for number in (1, 2):
        machine.publish({"temperature": number}, Origin.PUSH)
        await clock.sleep(30)
    await clock.sleep(3 * 86_400)
    while len(numbers := recorded(tmp_path / "history.sqlite")) > 1:
        await clock.sleep(600)
    assert numbers == [2]
    await history.stop()
