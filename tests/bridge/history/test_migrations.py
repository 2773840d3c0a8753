"""Every schema that ever was becomes the newest one, with what it holds."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import Connection, MetaData, Table, inspect, text
from tests.bridge.history.conftest import Machine

from homewire.appliance import Origin
from homewire.bridge.history import History, HistorySettings
from homewire.bridge.history.database import make_engine, migrate, newest_revision
from homewire.bridge.history.schema import metadata
from homewire.secrets import Secret

pytestmark = pytest.mark.real_time

AT = 1_772_366_400_000_000
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)

_KEPT = (
    f"INSERT INTO samples VALUES (1, {AT}, 93.5, NULL)",  # noqa: S608 - our own numbers
    f"""INSERT INTO occurrences VALUES (2, {AT}, 'finished', '{{"seconds": 27}}')""",  # noqa: S608 - as above
)
_INITIAL = "INSERT INTO series (id, appliance, key, kind, unit) VALUES"
_ROLLUPS = "INSERT INTO series (id, appliance, key, kind, unit, name) VALUES"

FILLED = {
    "initial": (
        f"{_INITIAL} (1, 'test:machine', 'temperature', 'sensor', '°C')",
        f"{_INITIAL} (2, 'test:machine', 'shot', 'event', NULL)",
        *_KEPT,
    ),
    "rollups": (
        f"{_ROLLUPS} (1, 'test:machine', 'temperature', 'sensor', '°C', 'Boiler')",
        f"{_ROLLUPS} (2, 'test:machine', 'shot', 'event', NULL, 'Shot')",
        *_KEPT,
    ),
}
"""What a database of each revision may hold, written as that revision wrote it."""


async def fill(settings: HistorySettings, revision: str) -> None:
    """Make a database of a revision with something in it."""
    engine = make_engine(settings)
    await migrate(engine, revision)
    async with engine.begin() as connection:
        for statement in FILLED[revision]:
            await connection.execute(text(statement.replace(":", r"\:")))
        if engine.dialect.name == "postgresql":
            await connection.execute(text("SELECT setval('series_id_seq', 2)"))
    await engine.dispose()


@pytest.mark.parametrize("revision", FILLED)
async def test_what_an_earlier_schema_holds_is_there(settings: HistorySettings, revision: str) -> None:
    await fill(settings, revision)
    history = History(settings)
    machine = Machine()
    history.attach(machine)
    machine.publish({"temperature": 94}, Origin.PUSH, at=NOON + dt.timedelta(seconds=1))
    assert await history.flush()
    points = await history.reader.points("test:machine", "temperature", NOON, NOON + dt.timedelta(hours=1))
    assert points.columns["value"] == [93.5, 94]
    (event,) = await history.reader.events("test:machine")
    assert (event.at, event.data) == (NOON, {"seconds": 27})
    await history.tidy()
    await history.stop()


def test_every_revision_has_its_case() -> None:
    assert list(FILLED)[-1] == newest_revision()


async def test_the_migrations_end_at_the_declared_schema(settings: HistorySettings) -> None:
    engine = make_engine(settings)
    await migrate(engine)
    async with engine.connect() as connection:
        found = await connection.run_sync(_reflected)
    await engine.dispose()
    for name, table in metadata.tables.items():
        assert _shape(found.tables[name]) == _shape(table)


def _reflected(connection: Connection) -> MetaData:
    reflected = MetaData()
    reflected.reflect(connection)
    assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
    return reflected


def _shape(table: Table) -> list[tuple[str, bool, bool]]:
    return sorted((column.name, bool(column.nullable), column.primary_key) for column in table.columns)


async def test_opening_again_changes_nothing(settings: HistorySettings) -> None:
    for _ in range(2):
        history = History(settings)
        assert await history.flush()
        await history.stop()


async def test_a_newer_schema_is_not_touched(settings: HistorySettings) -> None:
    await fill(settings, newest_revision())
    engine = make_engine(settings)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'next_year'"))
    await engine.dispose()
    history = History(settings)
    assert not await history.flush()
    assert history.problem is not None
    assert "newer homewire" in history.problem.message
    assert "Install that version" in history.problem.remedy
    await history.stop()


async def test_a_migration_that_fails_leaves_the_schema_before(settings: HistorySettings) -> None:
    await fill(settings, "initial")
    engine = make_engine(settings)
    async with engine.begin() as connection:  # stands in the way of the last statement of the migration
        await connection.execute(text("CREATE TABLE marks (something INTEGER)"))
    history = History(settings)
    assert not await history.flush()
    await history.stop()
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "initial"
        names = await connection.run_sync(lambda c: [i["name"] for i in inspect(c).get_columns("series")])
        assert "name" not in names
        await connection.execute(text("DROP TABLE marks"))
    await engine.dispose()
    history = History(settings)
    assert await history.flush()
    await history.stop()


def test_secrets_stay_secret() -> None:
    assert "hunter2" not in repr(HistorySettings(url=Secret("postgresql://u:hunter2@h/d")))
