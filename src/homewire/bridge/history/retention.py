"""Keeping the history small: old changes become means with extremes, and what is past its days goes.

Rolling up comes first and remembers how far it came; nothing is removed that is not rolled up yet. Of every
series the newest change stays whatever its age, because it is what holds today. A bucket in which nothing
changed is not stored: the one before it says what held.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from homewire.bridge.history.database import is_sqlite
from homewire.bridge.history.folding import Bucket, Fold
from homewire.bridge.history.recorder import microseconds
from homewire.bridge.history.schema import marks, occurrences, rollups, samples
from homewire.bridge.history.settings import HistorySettings
from homewire.bridge.history.sources import LEVELS, RAW, SECOND
from homewire.bridge.history.store import Store
from homewire.clock import Clock

__all__ = ["Retention"]

_SETTLED_S = 600
"""Changes younger than this may still be in memory, above all when the disk was full for a while."""

_DAY_S = 86_400
_ROLL_AT_ONCE = _DAY_S * SECOND
"""One transaction rolls up one day of one series, so that the writer never waits for long."""

_FREE_PAGES = 2000


class Retention:
    """Rolls up and prunes; `run` is called every now and then."""

    def __init__(self, engine: AsyncEngine, store: Store, settings: HistorySettings, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._settings = settings
        self._clock = clock

    async def run(self) -> None:
        """Roll up what is settled, then remove what is past its days."""
        now = microseconds(self._clock.now())
        for level in LEVELS:
            await self._roll_up(level, now - _SETTLED_S * SECOND)
        await self._prune(now)

    async def _roll_up(self, level: int, until: int) -> None:
        width = level * SECOND
        until -= until % width
        async with self._engine.connect() as connection:
            since = await _mark(connection, f"rolled:{level}")
            first, newest = await _span(connection)
        if first is None or newest is None:
            return
        begin = max(since, first - first % width)
        for left in range(begin, min(until, newest + 1), _ROLL_AT_ONCE):
            await self._roll_up_range(level, left, min(left + _ROLL_AT_ONCE, until))
        await self._set_mark(f"rolled:{level}", until)

    async def _roll_up_range(self, level: int, since: int, until: int) -> None:
        query = (
            select(samples.c.series_id)
            .where(samples.c.at >= since, samples.c.at < until, samples.c.text.is_(None))
            .distinct()
        )
        async with self._engine.connect() as connection:
            ids = (await connection.scalars(query)).all()
        for series_id in ids:
            await self._roll_up_series(series_id, level, since, until)

    async def _roll_up_series(self, series_id: int, level: int, since: int, until: int) -> None:
        mine = and_(samples.c.series_id == series_id, samples.c.text.is_(None))
        before = (
            select(samples.c.number).where(mine, samples.c.at < since).order_by(samples.c.at.desc()).limit(1)
        )
        changes = select(samples.c.at, samples.c.number).where(
            mine, samples.c.at >= since, samples.c.at < until
        )
        async with self._engine.connect() as connection:
            carried = await connection.scalar(before)
            fold = Fold(width=level * SECOND, start=since, carried=carried)
            async for row in await connection.stream(changes.order_by(samples.c.at)):
                fold.add(row.at, row.number)
        rows = [_row(series_id, level, bucket) for bucket in fold.finish(until) if bucket.sampled]
        if rows:
            async with self._engine.begin() as connection:
                await connection.execute(self._store.rollup, rows)

    async def _prune(self, now: int) -> None:
        days = self._settings
        await self._prune_changes(_cutoff(now, days.changes_days))
        if cutoff := _cutoff(now, days.texts_days):
            newest = _newest_of_series()
            await self._delete(
                samples, samples.c.text.is_not(None), samples.c.at < cutoff, samples.c.at < newest
            )
        if cutoff := _cutoff(now, days.events_days):
            await self._delete(occurrences, occurrences.c.at < cutoff)
        for level, kept_days in zip(LEVELS, (days.five_minutes_days, days.hours_days), strict=True):
            if cutoff := _cutoff(now, kept_days):
                await self._delete(rollups, rollups.c.level == level, rollups.c.at < cutoff)
                await self._set_mark(f"pruned:{level}", cutoff)
        if is_sqlite(self._engine):
            async with self._engine.connect() as connection:
                await connection.execute(text(f"PRAGMA incremental_vacuum({_FREE_PAGES})"))
                await connection.commit()

    async def _prune_changes(self, cutoff: int) -> None:
        async with self._engine.connect() as connection:
            rolled = [await _mark(connection, f"rolled:{level}") for level in LEVELS]
        cutoff = min(cutoff, *rolled)
        cutoff -= cutoff % (max(LEVELS) * SECOND)
        if cutoff <= 0:
            return
        newest = _newest_of_series()
        await self._delete(samples, samples.c.text.is_(None), samples.c.at < cutoff, samples.c.at < newest)
        await self._set_mark(f"pruned:{RAW}", cutoff)

    async def _delete(self, table: Any, *conditions: Any) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(table).where(*conditions))

    async def _set_mark(self, name: str, until: int) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(self._store.mark, {"name": name, "until": until})


def _cutoff(now: int, days: int) -> int:
    """Return the moment before which things go; 0 keeps everything."""
    return now - days * _DAY_S * SECOND if days else 0


def _newest_of_series() -> Any:
    again = samples.alias()
    return select(func.max(again.c.at)).where(again.c.series_id == samples.c.series_id).scalar_subquery()


async def _mark(connection: AsyncConnection, name: str) -> int:
    return await connection.scalar(select(marks.c.until).where(marks.c.name == name)) or 0


async def _span(connection: AsyncConnection) -> tuple[int | None, int | None]:
    row = (await connection.execute(select(func.min(samples.c.at), func.max(samples.c.at)))).one()
    return row[0], row[1]


def _row(series_id: int, level: int, bucket: Bucket) -> dict[str, Any]:
    return {
        "series_id": series_id,
        "level": level,
        "at": bucket.at,
        "known": bucket.known,
        "mean": bucket.mean,
        "minimum": bucket.minimum,
        "maximum": bucket.maximum,
        "last": bucket.last,
    }
