"""What is old becomes means with extremes, what is past its days goes, and answers stay the same."""

from __future__ import annotations

import datetime as dt
import random

import msgspec
import pytest
from sqlalchemy import func, select
from tests.bridge.history.conftest import Machine

from homewire.appliance import Occurrence, Origin
from homewire.bridge.history import History, HistorySettings
from homewire.bridge.history.queries import Points
from homewire.bridge.history.schema import occurrences, rollups, samples
from homewire.clock import Clock

pytestmark = pytest.mark.real_time

NOW = dt.datetime(2026, 3, 31, 12, 7, tzinfo=dt.UTC)
DAYS = 8


def ago(**parts: float) -> dt.datetime:
    return NOW - dt.timedelta(**parts)


class StillClock(Clock):
    """Stands at one moment, until a test sets it forward."""

    moment = NOW

    def now(self) -> dt.datetime:
        return self.moment


async def recorded(settings: HistorySettings) -> History:
    """A history with eight days of changes every few minutes."""
    history = History(settings, clock=StillClock())
    machine = Machine(clock=history.clock)
    history.attach(machine)
    chance, moment = random.Random(1), ago(days=DAYS)
    while moment < NOW:
        temperature = None if chance.random() < 0.05 else round(chance.uniform(80, 100), 1)
        values = {"temperature": temperature, "power": chance.random() < 0.5}
        machine.publish(values, Origin.PUSH, at=moment)
        moment += dt.timedelta(seconds=chance.uniform(20, 900))
    machine.publish({"phase": "washing"}, Origin.PUSH, at=ago(days=7))
    machine.publish({"phase": "rinsing"}, Origin.PUSH, at=ago(days=6))
    shots = [Occurrence(key="shot", type="finished", at=ago(days=n)) for n in (1, 7)]
    machine.publish({}, Origin.PUSH, at=NOW, occurrences=shots)
    assert await history.flush()
    return history


async def ask(history: History, key: str, resolution_s: int, days: float = DAYS) -> Points:
    return await history.reader.points("test:machine", key, ago(days=days), NOW, resolution_s=resolution_s)


async def count(history: History, table: object, *conditions: object) -> int:
    query = select(func.count()).select_from(table).where(*conditions)  # type: ignore[arg-type]  # a table
    async with history._engine.connect() as connection:
        return int(await connection.scalar(query) or 0)


def assert_same(once: Points, again: Points) -> None:
    for name, column in once.columns.items():
        assert again.columns[name] == pytest.approx(column), name


@pytest.mark.parametrize("resolution_s", [300, 900, 3600, 86_400])
async def test_rolling_up_changes_no_answer(settings: HistorySettings, resolution_s: int) -> None:
    history = await recorded(settings)
    for key in ("temperature", "power"):
        before = await ask(history, key, resolution_s)
        await history.tidy()
        assert await count(history, rollups) > 0
        assert_same(before, await ask(history, key, resolution_s))
    await history.stop()


async def test_old_changes_go_and_their_means_stay(settings: HistorySettings) -> None:
    settings = msgspec.structs.replace(settings, changes_days=2)
    history = await recorded(settings)
    before = await ask(history, "temperature", 3600)
    rows = await count(history, samples)
    await history.tidy()
    await history.tidy()  # again is no more
    assert await count(history, samples) < rows / 2
    assert_same(before, await ask(history, "temperature", 3600))
    raw = await ask(history, "temperature", 0)
    assert raw.columns["at"][0] >= ago(days=2, hours=2).timestamp()
    auto = await history.reader.points("test:machine", "temperature", ago(days=DAYS), NOW)
    assert auto.resolution_s == 3600
    await history.stop()


async def test_each_kind_of_record_has_its_days(settings: HistorySettings) -> None:
    settings = msgspec.structs.replace(
        settings, changes_days=1, five_minutes_days=3, hours_days=5, texts_days=4, events_days=5
    )
    history = await recorded(settings)
    await history.tidy()
    oldest = {level: int(ago(days=days).timestamp() * 1e6) for level, days in ((300, 3), (3600, 5))}
    for level, moment in oldest.items():
        assert await count(history, rollups, rollups.c.level == level) > 0
        older = await count(history, rollups, rollups.c.level == level, rollups.c.at < moment)
        assert 0 < older <= len(await history.reader.series())  # of each series what held then
    assert await count(history, occurrences) == 1
    assert (await ask(history, "phase", 0)).columns["value"] == ["rinsing"]  # holds today, whatever its age
    hourly = await ask(history, "temperature", 3600)
    known = [
        at for at, mean in zip(hourly.columns["at"], hourly.columns["mean"], strict=True) if mean is not None
    ]
    assert ago(days=5, hours=1).timestamp() <= known[0] <= ago(days=4, hours=20).timestamp()
    await history.stop()


async def test_what_held_when_the_kept_part_begins_is_kept(settings: HistorySettings) -> None:
    """A value that nobody touched for longer than its days is no gap."""
    settings = msgspec.structs.replace(
        settings, changes_days=1, five_minutes_days=2, hours_days=3, texts_days=2
    )
    history = History(settings, clock=StillClock())
    machine = Machine(clock=history.clock)
    history.attach(machine)
    for days, target, phase in ((6, 90, "washing"), (5, 91, "rinsing"), (0.5, 92, "washing")):
        machine.publish({"target": target, "phase": phase}, Origin.PUSH, at=ago(days=days))
    await history.flush()
    await history.tidy()
    assert (await ask(history, "phase", 0, 1)).columns["value"] == ["rinsing", "washing"]
    assert (await ask(history, "target", 0, 0.9)).columns["value"] == [91, 92]
    for days in (0.9, 1.9, 2.9, 4.9):
        hourly = await ask(history, "target", 3600, days)
        assert (hourly.columns["mean"][0], hourly.columns["last"][-1]) == (91, 92)
        assert None not in hourly.columns["mean"]
    await history.stop()


async def test_texts_keep_their_gaps_as_long_as_their_values(settings: HistorySettings) -> None:
    settings = msgspec.structs.replace(settings, changes_days=1, texts_days=8)
    history = History(settings, clock=StillClock())
    machine = Machine(clock=history.clock)
    history.attach(machine)
    for days, phase in ((6, "washing"), (5, None), (4, "rinsing"), (3, None), (2, "washing")):
        machine.publish({"phase": phase}, Origin.PUSH, at=ago(days=days))
    await history.flush()
    await history.tidy()
    assert (await ask(history, "phase", 0)).columns["value"] == ["washing", None, "rinsing", None, "washing"]
    assert await count(history, rollups) == await count(history, rollups, rollups.c.last.is_not(None))
    await history.stop()


async def test_an_empty_history_is_tidy(history: History) -> None:
    await history.tidy()
    assert await history.reader.series() == []


async def test_rolling_up_goes_on_where_it_stopped(settings: HistorySettings) -> None:
    history = await recorded(settings)
    await history.tidy()
    before = await count(history, rollups)
    assert isinstance(history.clock, StillClock)
    history.recorder.detach_all()
    history.clock.moment = NOW + dt.timedelta(hours=5)
    machine = Machine(clock=history.clock)
    machine.publish({"temperature": 50}, Origin.PUSH, at=NOW + dt.timedelta(hours=1))
    history.attach(machine)
    await history.flush()
    await history.tidy()
    assert before < await count(history, rollups) < before + 30
    later = await history.reader.points(
        "test:machine", "temperature", NOW, NOW + dt.timedelta(hours=5), resolution_s=3600
    )
    assert later.columns["last"][-1] == 50
    await history.stop()
