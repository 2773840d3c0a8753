"""Writing: one batch is one transaction, and writing a batch a second time changes nothing.

That makes failure simple: whatever went wrong, the recorder takes the batch back and it is written again
later.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from homewire.bridge.history.database import is_sqlite
from homewire.bridge.history.recorder import Batch, Happening, Sample, SeriesKey
from homewire.bridge.history.schema import marks, occurrences, rollups, samples, series

__all__ = ["Store", "upsert"]


def upsert(engine: AsyncEngine, table: Table) -> Any:
    """Return the statement that inserts a row or replaces the one with the same key."""
    insert = (sqlite if is_sqlite(engine) else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    replaced = {name: insert.excluded[name] for name in others}
    values: Any = {column.name: bindparam(column.name) for column in table.columns}
    return insert.values(values).on_conflict_do_update(index_elements=keys, set_=replaced)


def _driver_text(engine: AsyncEngine, table: Table) -> str:
    """Return the statement as the driver takes it, parameters in the order of the columns.

    The thousands of rows of a batch then go to the driver as they are, in half the time.
    """
    compiled = upsert(engine, table).compile(dialect=engine.dialect)
    if list(compiled.positiontup) != [column.name for column in table.columns]:
        message = f"the parameters of {table.name} are out of order: {compiled.positiontup}"
        raise AssertionError(message)
    return str(compiled)


class Store:
    """The writer's side of the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._ids: dict[SeriesKey, int] = {}
        self._sample = _driver_text(engine, samples)
        self._occurrence = _driver_text(engine, occurrences)
        self.rollup = upsert(engine, rollups)
        self.mark = upsert(engine, marks)

    async def write(self, batch: Batch) -> None:
        """Write a batch in one transaction; raise what the database raises, nothing written."""
        async with self._engine.begin() as connection:
            ids = await self._new_series(connection, {row.series for row in batch} - self._ids.keys())
            known = self._ids | ids
            if rows := _samples(batch, known):
                await connection.exec_driver_sql(self._sample, rows)
            if rows := _occurrences(batch, known):
                await connection.exec_driver_sql(self._occurrence, rows)
        self._ids |= ids

    async def _new_series(
        self, connection: AsyncConnection, wanted: Iterable[SeriesKey]
    ) -> dict[SeriesKey, int]:
        """Return the ids of series that this process has not written before."""
        return {
            key: (await connection.execute(self._series(key))).scalar_one()
            for key in sorted(wanted, key=_order)
        }

    def _series(self, key: SeriesKey) -> Any:
        insert = (sqlite if is_sqlite(self._engine) else postgresql).insert(series).values(key._asdict())
        told = {name: insert.excluded[name] for name in ("kind", "name", "unit")}
        return insert.on_conflict_do_update(index_elements=["appliance", "key"], set_=told).returning(
            series.c.id
        )


def _order(key: SeriesKey) -> tuple[str, str]:
    """One order for everybody, so that two writers never wait for each other."""
    return key.appliance, key.key


def _samples(batch: Batch, ids: dict[SeriesKey, int]) -> list[tuple[Any, ...]]:
    """Return the rows of samples; of two at the same moment the later one stays."""
    mine = (row for row in batch if isinstance(row, Sample))
    rows = {(ids[series], at): (number, text) for series, at, number, text in mine}
    return [key + value for key, value in rows.items()]


def _occurrences(batch: Batch, ids: dict[SeriesKey, int]) -> list[tuple[Any, ...]]:
    """Return the rows of occurrences; of two equal ones at the same moment the later one stays."""
    mine = (row for row in batch if isinstance(row, Happening))
    rows = {(ids[series], at, type_): (data,) for series, at, type_, data in mine}
    return [key + value for key, value in rows.items()]
