"""Writing: one batch is one transaction, and writing a batch a second time changes nothing.

That makes failure simple: whatever went wrong, the recorder takes the batch back and it is written again
later.

How far recording came is marked with every batch, and every minute without one. Whoever opens a history that
was not closed (a crash, a power cut) makes the time since that mark unknown: nobody watched.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Table, and_, bindparam, case, func, insert, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from homewire.bridge.history.database import is_sqlite
from homewire.bridge.history.recorder import Batch, Happening, Sample, SeriesKey
from homewire.bridge.history.schema import marks, occurrences, rollups, samples, series

__all__ = ["RECORDED", "Store", "upsert"]

_BREATH_ROWS = 500
"""Rows of one statement, a few milliseconds of work, after which the rest of the program has its turn.

SQLite takes 32,766 parameters since 3.32 (2020); these are 2,000.
"""

RECORDED = "recorded"
"""The mark of the moment up to which everything that happened was recorded."""


def upsert(engine: AsyncEngine, table: Table) -> Any:
    """Return the statement that inserts a row or replaces the one with the same key."""
    insert = (sqlite if is_sqlite(engine) else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if column.name not in keys]
    replaced = {name: insert.excluded[name] for name in others}
    values: Any = {column.name: bindparam(column.name) for column in table.columns}
    return insert.values(values).on_conflict_do_update(index_elements=keys, set_=replaced)


class _Rows:
    """Rows of a table, as the driver takes them: parameters in the order of the columns, many at once.

    SQLite gets many rows in one statement. Its driver runs in a thread and gives Python's lock away once per
    statement; beside a busy event loop each row by itself would wait for the lock, up to 5 ms.
    """

    def __init__(self, engine: AsyncEngine, table: Table) -> None:
        compiled = upsert(engine, table).compile(dialect=engine.dialect)
        if list(compiled.positiontup) != [column.name for column in table.columns]:
            message = f"the parameters of {table.name} are out of order: {compiled.positiontup}"
            raise AssertionError(message)
        self._text = str(compiled)
        self._row = f"({', '.join('?' for _ in table.columns)})" if is_sqlite(engine) else None

    async def write(self, connection: AsyncConnection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write at most `_BREATH_ROWS` rows with different keys."""
        if not rows:
            return
        if self._row is None:
            await connection.exec_driver_sql(self._text, list(rows))
            return
        text = self._text.replace(self._row, ", ".join([self._row] * len(rows)), 1)
        await connection.exec_driver_sql(text, tuple(itertools.chain.from_iterable(rows)))


class Store:
    """The writer's side of the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._ids: dict[SeriesKey, int] = {}
        self._samples = _Rows(engine, samples)
        self._occurrences = _Rows(engine, occurrences)
        self._series = _series_upsert(engine)
        self.rollup = upsert(engine, rollups)
        self.mark = upsert(engine, marks)

    async def write(self, batch: Batch, now: int) -> None:
        """Write a batch in one transaction; raise what the database raises, nothing written."""
        async with self._engine.begin() as connection:
            ids = await self._new_series(connection, {row.series for row in batch} - self._ids.keys())
            known = self._ids | ids
            for start in range(0, len(batch), _BREATH_ROWS):
                part = batch[start : start + _BREATH_ROWS]
                await self._samples.write(connection, _samples(part, known))
                await self._occurrences.write(connection, _occurrences(part, known))
            await connection.execute(self.mark, {"name": RECORDED, "until": now})
        self._ids |= ids

    async def end_gap(self, now: int) -> None:
        """Make what is open since the end of an earlier process unknown from then on."""
        async with self._engine.begin() as connection:
            until = await connection.scalar(select(marks.c.until).where(marks.c.name == RECORDED))
            if until is not None:
                await connection.execute(_unknown_since(min(until, now)))

    async def _new_series(
        self, connection: AsyncConnection, wanted: Iterable[SeriesKey]
    ) -> dict[SeriesKey, int]:
        """Return the ids of series that this process has not written before."""
        ordered, ids = sorted(wanted, key=_order), dict[SeriesKey, int]()
        for start in range(0, len(ordered), _BREATH_ROWS):
            part = ordered[start : start + _BREATH_ROWS]
            await connection.execute(self._series, [key._asdict() for key in part])
            mine = series.c.appliance.in_({key.appliance for key in part})
            found = await connection.execute(
                select(series.c.appliance, series.c.key, series.c.id).where(mine)
            )
            known = {(appliance, key): number for appliance, key, number in found}
            ids |= {key: known[key.appliance, key.key] for key in part}
        return ids


def _series_upsert(engine: AsyncEngine) -> Any:
    """Return the statement that declares a series, or tells anew what is known of it."""
    insert = (sqlite if is_sqlite(engine) else postgresql).insert(series)
    told = {name: insert.excluded[name] for name in ("kind", "name", "unit")}
    values: Any = {name: bindparam(name) for name in SeriesKey._fields}
    return insert.values(values).on_conflict_do_update(index_elements=["appliance", "key"], set_=told)


def _unknown_since(until: int) -> Any:
    """Return the statement that ends every value that still holds, at the moment or right after it began."""
    again = samples.alias()
    newest = select(func.max(again.c.at)).where(again.c.series_id == series.c.id).scalar_subquery()
    at = case((samples.c.at >= until, samples.c.at + 1), else_=literal(until, BigInteger))
    said = or_(samples.c.number.is_not(None), samples.c.text.is_not(None))
    last = and_(samples.c.series_id == series.c.id, samples.c.at == newest)
    held = select(samples.c.series_id, at).join_from(series, samples, last).where(said)
    return insert(samples).from_select(["series_id", "at"], held)


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
