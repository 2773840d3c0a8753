"""Keeping the history small: old changes become means with extremes, and what is past its days goes.

Rolling up comes first and remembers how far it came; nothing is removed that is not rolled up yet. Of every
series the newest change before the limit stays, because it is what held when the kept part begins. A bucket
in which nothing changed is not stored: the one before it says what held. Everything goes series by series:
each step finds its rows by key, however long the table, and the writer never waits for long.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from homewire.bridge.history.database import is_sqlite
from homewire.bridge.history.folding import Bucket, Fold
from homewire.bridge.history.recorder import microseconds
from homewire.bridge.history.schema import marks, occurrences, rollups, samples, series
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

_ROWS_AT_ONCE = 2000
"""Between so many rows other tasks get their turn."""

_FREE_PAGES = 2000


class _Series(NamedTuple):
    """A series with samples: whether they are texts, and the moments of the first and the newest one."""

    id: int
    textual: bool
    first: int
    newest: int


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
        async with self._engine.connect() as connection:
            found = [_Series(*row) for row in await connection.execute(_all_series())]
        for level in LEVELS:
            await self._roll_up(level, found, now - _SETTLED_S * SECOND)
        await self._prune(found, now)

    async def _roll_up(self, level: int, found: Iterable[_Series], until: int) -> None:
        width = level * SECOND
        until -= until % width
        async with self._engine.connect() as connection:
            since = await _mark(connection, f"rolled:{level}")
        for one in (one for one in found if not one.textual):
            begin = max(since, one.first - one.first % width)
            for left in range(begin, min(until, one.newest + 1), _ROLL_AT_ONCE):
                await self._roll_up_series(one.id, level, left, min(left + _ROLL_AT_ONCE, until))
        await self._set_mark(f"rolled:{level}", until)

    async def _roll_up_series(self, series_id: int, level: int, since: int, until: int) -> None:
        mine = samples.c.series_id == series_id
        before = (
            select(samples.c.number).where(mine, samples.c.at < since).order_by(samples.c.at.desc()).limit(1)
        )
        changes = select(samples.c.at, samples.c.number).where(
            mine, samples.c.at >= since, samples.c.at < until
        )
        async with self._engine.connect() as connection:
            carried = await connection.scalar(before)
            fold = Fold(width=level * SECOND, start=since, carried=carried)
            result = await connection.stream(changes.order_by(samples.c.at))
            async for rows in result.partitions(_ROWS_AT_ONCE):
                for at, number in rows:
                    fold.add(at, number)
        made = [_row(series_id, level, bucket) for bucket in fold.finish(until) if bucket.sampled]
        if made:
            async with self._engine.begin() as connection:
                await connection.execute(self._store.rollup, made)

    async def _prune(self, found: Iterable[_Series], now: int) -> None:
        days = self._settings
        await self._prune_changes(found, _cutoff(now, days.changes_days), _cutoff(now, days.texts_days))
        if cutoff := _cutoff(now, days.events_days):
            await self._delete(occurrences, occurrences.c.at < cutoff)
        for level, kept_days in zip(LEVELS, (days.five_minutes_days, days.hours_days), strict=True):
            if cutoff := _cutoff(now, kept_days):
                for one in found:
                    await self._delete_before(rollups, cutoff, one.id, rollups.c.level == level)
                await self._set_mark(f"pruned:{level}", cutoff)
        if is_sqlite(self._engine):
            async with self._engine.connect() as connection:
                await connection.execute(text(f"PRAGMA incremental_vacuum({_FREE_PAGES})"))
                await connection.commit()

    async def _prune_changes(self, found: Iterable[_Series], numbers: int, texts: int) -> None:
        async with self._engine.connect() as connection:
            rolled = [await _mark(connection, f"rolled:{level}") for level in LEVELS]
        numbers = min(numbers, *rolled)
        numbers -= numbers % (max(LEVELS) * SECOND)
        for one in found:
            cutoff = texts if one.textual else numbers
            if one.first < cutoff:
                await self._delete_before(samples, cutoff, one.id)
        if numbers > 0:
            await self._set_mark(f"pruned:{RAW}", numbers)

    async def _delete_before(self, table: Any, cutoff: int, series_id: int, *conditions: Any) -> None:
        """Delete what a series did before a moment, but for the newest: that is what held then."""
        mine = and_(table.c.series_id == series_id, *conditions)
        held = select(func.max(table.c.at)).where(mine, table.c.at < cutoff).scalar_subquery()
        await self._delete(table, mine, table.c.at < held)

    async def _delete(self, table: Any, *conditions: Any) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(table).where(*conditions))

    async def _set_mark(self, name: str, until: int) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(self._store.mark, {"name": name, "until": until})


def _cutoff(now: int, days: int) -> int:
    """Return the moment before which things go; 0 keeps everything."""
    return now - days * _DAY_S * SECOND if days else 0


def _all_series() -> Any:
    """Return the query for every series that has samples; each is four look-ups by key."""
    mine = samples.c.series_id == series.c.id
    first = select(func.min(samples.c.at)).where(mine).scalar_subquery()
    newest = select(func.max(samples.c.at)).where(mine).scalar_subquery()
    said = or_(samples.c.text.is_not(None), samples.c.number.is_not(None))
    textual = select(samples.c.text.is_not(None)).where(mine, said).limit(1).scalar_subquery()
    return select(series.c.id, func.coalesce(textual, False), first, newest).where(first.is_not(None))


async def _mark(connection: AsyncConnection, name: str) -> int:
    return await connection.scalar(select(marks.c.until).where(marks.c.name == name)) or 0


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
