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


class Store:
    """The writer's side of the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._ids: dict[SeriesKey, int] = {}
        self._sample = upsert(engine, samples)
        self._occurrence = upsert(engine, occurrences)
        self.rollup = upsert(engine, rollups)
        self.mark = upsert(engine, marks)

    async def write(self, batch: Batch) -> None:
        """Write a batch in one transaction; raise what the database raises, nothing written."""
        async with self._engine.begin() as connection:
            ids = await self._new_series(connection, {row.series for row in batch} - self._ids.keys())
            known = self._ids | ids
            if rows := _samples(batch, known):
                await connection.execute(self._sample, rows)
            if rows := _occurrences(batch, known):
                await connection.execute(self._occurrence, rows)
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


def _samples(batch: Batch, ids: dict[SeriesKey, int]) -> list[dict[str, Any]]:
    """Return the rows of samples; of two at the same moment the later one stays."""
    rows = {
        (ids[row.series], row.at): {
            "series_id": ids[row.series],
            "at": row.at,
            "number": row.number,
            "text": row.text,
        }
        for row in batch
        if isinstance(row, Sample)
    }
    return list(rows.values())


def _occurrences(batch: Batch, ids: dict[SeriesKey, int]) -> list[dict[str, Any]]:
    rows = {
        (ids[row.series], row.at, row.type): {
            "series_id": ids[row.series],
            "at": row.at,
            "type": row.type,
            "data": row.data,
        }
        for row in batch
        if isinstance(row, Happening)
    }
    return list(rows.values())
