"""A history on SQLite and on PostgreSQL, and an appliance to record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.bridge.history import postgres

from homewire.appliance import Appliance, Identity
from homewire.bridge.history import History, HistorySettings
from homewire.clock import Clock
from homewire.features import BinarySensor, Button, Event, Number, Sensor, Switch
from homewire.secrets import Secret

FEATURES = (
    Switch(key="power", name="Power"),
    Sensor(key="temperature", name="Boiler", unit="°C", precision=1),
    Sensor(key="phase", name="Phase", options=("washing", "rinsing")),
    BinarySensor(key="door", name="Door"),
    Number(key="target", name="Target", unit="°C", minimum=85, maximum=100, step=0.5),
    Sensor(key="noise", name="Noise", history=False),
    Button(key="start", name="Start"),
    Event(key="shot", name="Shot", event_types=("finished",)),
    Event(key="secret", name="Secret", event_types=("done",), history=False),
)


class Machine(Appliance):
    """Reports what a test publishes."""

    def __init__(self, name: str = "machine", **options: Any) -> None:
        super().__init__(Identity(id=f"test:{name}", vendor="T", model="M", name=name), FEATURES, **options)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres.running() as url:
        yield url


async def empty(url: str) -> None:
    """Remove everything from a PostgreSQL database."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/history.sqlite"
    address: str = request.getfixturevalue("server")
    await empty(address)
    return address


@pytest.fixture
def settings(url: str) -> HistorySettings:
    return HistorySettings(url=Secret(url))


@pytest.fixture
async def history(settings: HistorySettings) -> AsyncIterator[History]:
    """A history that writes when the test says so."""
    made = History(settings, clock=Clock())
    assert await made.flush()
    yield made
    await made.stop()
    await asyncio.sleep(0)
