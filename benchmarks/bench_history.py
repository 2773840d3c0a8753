"""The history: what a change costs in the event path, how fast batches are written and ranges read."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
import time

from benchmarks.figure import Figure
from homewire.appliance import Appliance, Identity, Origin
from homewire.bridge.history import History, HistorySettings
from homewire.clock import Clock
from homewire.features import Sensor
from homewire.secrets import Secret

APPLIANCES = 100
FEATURES = 10
ROUNDS = 50
RANGE_CHANGES = 86_400


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: str) -> list[Figure]:
    history = History(HistorySettings(url=Secret(f"sqlite:///{folder}/h.sqlite")), clock=Clock())
    await history.flush()
    features = [Sensor(key=f"f{n}", name=f"F {n}", unit="°C") for n in range(FEATURES)]
    home = [
        Appliance(Identity(id=f"bench:{n}", vendor="B", model="M", name=str(n)), features)
        for n in range(APPLIANCES)
    ]
    for appliance in home:
        history.attach(appliance)
    await history.flush()
    path_us, write = await _storm(history, home)
    read_ms = await _read_a_day(history, home[0])
    await history.tidy()
    rolled_ms = await _read(history, "f1")
    await history.stop()
    return [
        Figure(name="event path, per change", ours=path_us, unit="µs"),
        Figure(name="SQLite, written", ours=write, unit="changes/s", higher_is_better=True),
        Figure(name=f"a day of {RANGE_CHANGES} changes as 288 points", ours=read_ms, unit="ms"),
        Figure(name="the same after rolling up", ours=rolled_ms, unit="ms"),
    ]


async def _storm(history: History, home: list[Appliance]) -> tuple[float, float]:
    changes = APPLIANCES * FEATURES * ROUNDS
    began = time.perf_counter()
    for number in range(ROUNDS):
        for appliance in home:
            appliance.publish({f"f{n}": number * 0.5 for n in range(FEATURES)}, Origin.PUSH)
    published = time.perf_counter()
    assert await history.flush()
    written = time.perf_counter()
    return (published - began) / changes * 1e6, changes / (written - published)


async def _read_a_day(history: History, appliance: Appliance) -> float:
    end = history.clock.now()
    start = end - dt.timedelta(days=1)
    for second in range(RANGE_CHANGES):
        at = start + dt.timedelta(seconds=second)
        appliance.publish({"f1": second % 97}, Origin.PUSH, at=at)
    await history.flush()
    return await _read(history, "f1")


async def _read(history: History, key: str) -> float:
    end = history.clock.now()
    began = time.perf_counter()
    points = await history.reader.points("bench:0", key, end - dt.timedelta(days=1), end, resolution_s=300)
    assert len(points.columns["at"]) in (288, 289)
    return (time.perf_counter() - began) * 1000
