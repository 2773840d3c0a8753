"""Reading: which series there are, what they did in a range at a resolution, and what happened.

A resolution is a bucket's width in seconds; 0 means every single change. Without one, the range decides:
every change where these are few, else buckets of which about four hundred fill the range.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from homewire.bridge.history.folding import Bucket, Fold
from homewire.bridge.history.recorder import microseconds
from homewire.bridge.history.schema import marks, occurrences, rollups, samples, series
from homewire.bridge.history.sources import LEVELS, RAW, SECOND, Source, sources
from homewire.clock import Clock
from homewire.errors import InvalidValue, NotFound

__all__ = ["MAX_POINTS", "Event", "Points", "Reader", "SeriesInfo", "check_range"]

MAX_POINTS = 20_000
"""The longest answer: more than any screen shows, and bounded in memory."""

_WIDTHS_S = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 86_400, 604_800)
_AUTO_POINTS = 400
_FEW_CHANGES = 1500
_ROWS_AT_ONCE = 2000
"""Between so many rows other tasks get their turn."""

_BOOLEAN_KINDS = frozenset({"binary_sensor", "switch", "lock"})

Plain: TypeAlias = bool | int | float | str | None


class SeriesInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One remembered feature of an appliance."""

    appliance: str
    key: str
    kind: str
    name: str
    unit: str | None


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """What a series did, as columns of equal length.

    `at` is in Unix seconds. With `resolution_s` 0 there is `value`, which holds from `at` on; the first
    one may be older than the range. Else `mean` (weighted by time), `minimum`, `maximum` and `last` of
    the bucket that begins at `at`. None is unknown. `truncated` tells that the range held more than was
    asked for.
    """

    series: SeriesInfo
    resolution_s: int
    columns: dict[str, list[Any]]
    truncated: bool = False


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One remembered occurrence."""

    appliance: str
    key: str
    type: str
    at: dt.datetime
    data: dict[str, Any]


class Reader:
    """The reading side of the database."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def series(self, appliance: str | None = None) -> list[SeriesInfo]:
        """Return the remembered features, of one appliance or of all."""
        query = select(series).order_by(series.c.appliance, series.c.id)
        if appliance is not None:
            query = query.where(series.c.appliance == appliance)
        async with self._engine.connect() as connection:
            return [_info(row) for row in await connection.execute(query)]

    async def points(
        self,
        appliance: str,
        key: str,
        start: dt.datetime,
        end: dt.datetime,
        *,
        resolution_s: int | None = None,
        limit: int = MAX_POINTS,
    ) -> Points:
        """Return what a series did from start to end; raise NotFound or InvalidValue."""
        since, until = _range(start, end)
        until = max(min(until, microseconds(self._clock.now())), since)
        async with self._engine.connect() as connection:
            found = await _find(connection, appliance, key)
            since = min(max(since, await _first(connection, found.id)), until)
            width = resolution_s
            if width is None:
                width = await _automatic(connection, found.id, since, until)
            if width == 0 or await _is_text(connection, found.id):
                return await _changes(connection, found, since, until, limit)
            return await _buckets(connection, found, since, until, width, limit)

    async def events(
        self,
        appliance: str | None = None,
        key: str | None = None,
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        *,
        limit: int = 100,
    ) -> list[Event]:
        """Return the newest occurrences of a range, the newest first."""
        check_range(start, end)
        query = _events(appliance, key, start, end).order_by(occurrences.c.at.desc()).limit(limit)
        async with self._engine.connect() as connection:
            return [_event(row) for row in await connection.execute(query)]

    async def export(
        self, appliance: str | None, start: dt.datetime, end: dt.datetime
    ) -> AsyncIterator[tuple[SeriesInfo, dt.datetime, Plain]]:
        """Yield every single change of a range in the order of time, however many there are."""
        since, until = _range(start, end)
        query = (
            select(series, samples.c.at, samples.c.number, samples.c.text)
            .join(series, series.c.id == samples.c.series_id)
            .where(samples.c.at >= since, samples.c.at < until)
            .order_by(samples.c.at, samples.c.series_id)
        )
        if appliance is not None:
            query = query.where(series.c.appliance == appliance)
        async with self._engine.connect() as connection:
            async for row in _stream(connection, query):
                info = _info(row)
                yield info, moment(row.at), _plain(info.kind, row.number, row.text)


def moment(at: int) -> dt.datetime:
    """Return a stored moment as a time in UTC."""
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=at)


def check_range(start: dt.datetime | None, end: dt.datetime | None) -> None:
    """Raise InvalidValue for a range that is none, or whose times have no zone."""
    if any(moment is not None and moment.tzinfo is None for moment in (start, end)):
        raise InvalidValue("a time without its zone is ambiguous", allowed="ISO 8601 with an offset or Z")
    if start is not None and end is not None and not start < end:
        raise InvalidValue("the range ends before it begins", allowed="from before to")


def _range(start: dt.datetime, end: dt.datetime) -> tuple[int, int]:
    check_range(start, end)
    return microseconds(start), microseconds(end)


async def _find(connection: AsyncConnection, appliance: str, key: str) -> Row[Any]:
    query = select(series).where(series.c.appliance == appliance, series.c.key == key)
    found = (await connection.execute(query)).one_or_none()
    if found is None:
        raise NotFound(
            f"nothing is remembered of {key!r}",
            appliance=appliance,
            hint="Ask for the list of series; a feature appears with its first value.",
        )
    return found


async def _first(connection: AsyncConnection, series_id: int) -> int:
    """Return the moment before which nothing is known: no use in asking further back."""
    change = select(func.min(samples.c.at)).where(samples.c.series_id == series_id)
    bucket = select(func.min(rollups.c.at)).where(rollups.c.series_id == series_id)
    known = [await connection.scalar(change), await connection.scalar(bucket)]
    return min((at for at in known if at is not None), default=0)


async def _is_text(connection: AsyncConnection, series_id: int) -> bool:
    """Tell by the first value that is known."""
    said = or_(samples.c.text.is_not(None), samples.c.number.is_not(None))
    query = select(samples.c.text.is_not(None)).where(samples.c.series_id == series_id, said).limit(1)
    return bool(await connection.scalar(query))


async def _automatic(connection: AsyncConnection, series_id: int, since: int, until: int) -> int:
    """Return 0 where every change is kept and these are few, else the width that suits the range."""
    kept = (await _marks(connection)).get("pruned:0", 0)
    if kept <= since:
        some = select(samples.c.at).where(_within(samples, series_id, since, until)).limit(_FEW_CHANGES + 1)
        count = await connection.scalar(select(func.count()).select_from(some.subquery()))
        if count is not None and count <= _FEW_CHANGES:
            return 0
    wished = (until - since) / SECOND / _AUTO_POINTS
    return next((width for width in _WIDTHS_S if width >= wished), _WIDTHS_S[-1])


async def _changes(
    connection: AsyncConnection, found: Row[Any], since: int, until: int, limit: int
) -> Points:
    if not await _is_text(connection, found.id):
        since = max(since, (await _marks(connection)).get("pruned:0", 0))
    carried = await _before(connection, found.id, since)
    query = (
        select(samples.c.at, samples.c.number, samples.c.text)
        .where(_within(samples, found.id, since, until))
        .order_by(samples.c.at)
        .limit(limit + 1)
    )
    rows = [(row.at, row.number, row.text) async for row in _stream(connection, query)]
    shown = ([carried] if carried else []) + rows[:limit]
    columns = {
        "at": [at / SECOND for at, _, _ in shown],
        "value": [_plain(found.kind, number, text) for _, number, text in shown],
    }
    return Points(series=_info(found), resolution_s=0, columns=columns, truncated=len(rows) > limit)


async def _buckets(
    connection: AsyncConnection, found: Row[Any], since: int, until: int, width_s: int, limit: int
) -> Points:
    width = width_s * SECOND
    since -= since % width
    if (until - since) / width > MAX_POINTS:
        raise InvalidValue(
            f"{width_s} seconds cut the range into too many points",
            allowed=f"at most {MAX_POINTS} points; a shorter range or a coarser resolution",
        )
    carried = await _before(connection, found.id, since)
    fold = Fold(width=width, start=since, carried=carried[1] if carried else None)
    chosen = sources(since, until, width_s, await _marks(connection))
    if chosen and chosen[0].start > since:  # of what came before, only the value that held then was kept
        held = await _before(connection, found.id, chosen[0].start)
        if held is not None and held[0] >= since:
            fold.add(held[0], held[1])
    for source in chosen:
        await _feed(connection, found.id, source, fold)
    buckets = fold.finish(until)
    return Points(
        series=_info(found),
        resolution_s=width_s,
        columns=_columns(buckets[:limit]),
        truncated=len(buckets) > limit,
    )


async def _feed(connection: AsyncConnection, series_id: int, source: Source, fold: Fold) -> None:
    if source.level == RAW:
        query = select(samples.c.at, samples.c.number).where(
            _within(samples, series_id, source.start, source.end)
        )
        async for row in _stream(connection, query.order_by(samples.c.at)):
            fold.add(row.at, row.number)
        return
    level = and_(_within(rollups, series_id, source.start, source.end), rollups.c.level == source.level)
    async for row in _stream(connection, select(rollups).where(level).order_by(rollups.c.at)):
        fold.add_bucket(_bucket(row), source.level * SECOND)


async def _before(
    connection: AsyncConnection, series_id: int, since: int
) -> tuple[int, float | None, str | None] | None:
    """Return the value that held at the beginning of a range, with its own moment."""
    change = select(samples.c.at, samples.c.number, samples.c.text).where(
        samples.c.series_id == series_id, samples.c.at < since
    )
    bucket = select(rollups.c.at, rollups.c.last).where(
        rollups.c.series_id == series_id, rollups.c.at < since, rollups.c.level.in_(LEVELS)
    )
    newest = (await connection.execute(change.order_by(samples.c.at.desc()).limit(1))).first()
    if newest is not None:
        return newest.at, newest.number, newest.text
    rolled = (await connection.execute(bucket.order_by(rollups.c.at.desc()).limit(1))).first()
    return None if rolled is None else (rolled.at, rolled.last, None)


async def _marks(connection: AsyncConnection) -> dict[str, int]:
    return {row.name: row.until for row in await connection.execute(select(marks))}


async def _stream(connection: AsyncConnection, query: Select[Any]) -> AsyncIterator[Row[Any]]:
    result = await connection.stream(query)
    async for rows in result.partitions(_ROWS_AT_ONCE):
        for row in rows:
            yield row


def _within(table: Any, series_id: int, since: int, until: int) -> Any:
    return and_(table.c.series_id == series_id, table.c.at >= since, table.c.at < until)


def _events(
    appliance: str | None, key: str | None, start: dt.datetime | None, end: dt.datetime | None
) -> Select[Any]:
    query = select(series.c.appliance, series.c.key, occurrences).join(
        series, series.c.id == occurrences.c.series_id
    )
    conditions = (
        (appliance, series.c.appliance == appliance),
        (key, series.c.key == key),
        (start, occurrences.c.at >= (microseconds(start) if start else 0)),
        (end, occurrences.c.at < (microseconds(end) if end else 0)),
    )
    return query.where(*(condition for wanted, condition in conditions if wanted is not None))


def _info(row: Row[Any]) -> SeriesInfo:
    return SeriesInfo(appliance=row.appliance, key=row.key, kind=row.kind, name=row.name, unit=row.unit)


def _event(row: Row[Any]) -> Event:
    data = msgspec.json.decode(row.data, type=dict[str, Any])
    return Event(appliance=row.appliance, key=row.key, type=row.type, at=moment(row.at), data=data)


def _bucket(row: Row[Any]) -> Bucket:
    return Bucket(
        at=row.at,
        known=row.known,
        mean=row.mean,
        minimum=row.minimum,
        maximum=row.maximum,
        last=row.last,
    )


def _columns(buckets: list[Bucket]) -> dict[str, list[Any]]:
    return {
        "at": [bucket.at / SECOND for bucket in buckets],
        "mean": [bucket.mean for bucket in buckets],
        "minimum": [bucket.minimum for bucket in buckets],
        "maximum": [bucket.maximum for bucket in buckets],
        "last": [bucket.last for bucket in buckets],
    }


def _plain(kind: str, number: float | None, text: str | None) -> Plain:
    """Return a stored value as it was reported: whole numbers without a fraction, switches as booleans."""
    if number is None:
        return text
    if kind in _BOOLEAN_KINDS:
        return number != 0
    return int(number) if number.is_integer() else number
