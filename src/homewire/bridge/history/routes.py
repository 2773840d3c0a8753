"""`/api/v1/history`: what is remembered, over HTTP. The guide is docs/history.md."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream
from sqlalchemy.exc import SQLAlchemyError

from homewire.bridge.history.export import as_csv, as_json
from homewire.bridge.history.output import History
from homewire.bridge.history.queries import MAX_POINTS, Event, Points, SeriesInfo, check_range
from homewire.bridge.http.answers import Http
from homewire.bridge.http.problems import from_homewire
from homewire.errors import ConnectionFailed

__all__ = ["history_router"]

_log = logging.getLogger(__name__)

_DAY = dt.timedelta(days=1)
_MOST_EVENTS = 1000
_LONGEST_BUCKET_S = 31 * 86_400

From = Annotated[
    dt.datetime | None,
    QueryParameter(name="from", description="ISO 8601 with offset; a day before `to` by default."),
]
To = Annotated[
    dt.datetime | None, QueryParameter(name="to", description="ISO 8601 with offset; now by default.")
]
OneAppliance = Annotated[str | None, QueryParameter(description="Only this appliance.")]
TheHistory = NamedDependency[History]


class SeriesList(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered."""

    series: list[SeriesInfo]


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """Occurrences, newest first."""

    events: list[Event]


@get("/series", summary="What is remembered")
async def list_series(history: TheHistory, appliance: OneAppliance = None) -> SeriesList:
    """Return the remembered features of one appliance or of all."""
    return SeriesList(series=await history.reader.series(appliance))


@get("/points", summary="What one feature did")
async def show_points(
    *,
    history: TheHistory,
    appliance: Annotated[str, QueryParameter(description="The appliance's id.")],
    key: Annotated[str, QueryParameter(description="The feature's key; `$available` for its availability.")],
    since: From = None,
    until: To = None,
    resolution: Annotated[
        int | None,
        QueryParameter(
            ge=0,
            le=_LONGEST_BUCKET_S,
            description="Seconds per point; 0 for every single change; chosen to suit the range by default.",
        ),
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_POINTS)] = MAX_POINTS,
) -> Points:
    """Return columns: every change, or mean, minimum, maximum and last of equal buckets."""
    start, end = _range(history, since, until)
    return await history.reader.points(appliance, key, start, end, resolution_s=resolution, limit=limit)


@get("/events", summary="What happened")
async def list_events(
    *,
    history: TheHistory,
    appliance: OneAppliance = None,
    key: Annotated[str | None, QueryParameter(description="Only this event feature.")] = None,
    since: Annotated[dt.datetime | None, QueryParameter(name="from")] = None,
    until: Annotated[dt.datetime | None, QueryParameter(name="to")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=_MOST_EVENTS)] = 100,
) -> Events:
    """Return occurrences, the newest first."""
    return Events(events=await history.reader.events(appliance, key, since, until, limit=limit))


@get("/export", summary="Every single change of a range")
async def export(
    *,
    history: TheHistory,
    appliance: OneAppliance = None,
    since: From = None,
    until: To = None,
    as_: Annotated[Literal["csv", "json"], QueryParameter(name="format")] = "csv",
) -> Stream:
    """Return a CSV or JSON document, streamed."""
    start, end = _range(history, since, until)
    write = as_csv if as_ == "csv" else as_json
    name = f"homewire-{start:%Y%m%d}-{end:%Y%m%d}.{as_}"
    return Stream(
        write(history.reader, appliance, start, end),
        media_type="text/csv; charset=utf-8" if as_ == "csv" else "application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def history_router(history: History) -> Router:
    """Return the routes, to be put below /api/v1."""
    return Router(
        path="/history",
        tags=["history"],
        route_handlers=[list_series, show_points, list_events, export],
        dependencies={"history": Provide(lambda: history, sync_to_thread=False)},
        exception_handlers={SQLAlchemyError: _database_trouble},
    )


def _range(
    history: History, since: dt.datetime | None, until: dt.datetime | None
) -> tuple[dt.datetime, dt.datetime]:
    """Return a checked range, a day long unless told otherwise."""
    end = until or history.clock.now()
    try:
        start = since or end - _DAY
    except OverflowError:
        start = end  # the first day of all; refused as empty
    check_range(start, end)
    return start, end


def _database_trouble(request: Http, error: SQLAlchemyError) -> Response[dict[str, Any]]:
    """Answer that the database cannot be read; its own words stay in the log."""
    _log.warning("The history could not be read: %s", error)
    return from_homewire(
        request, ConnectionFailed("the history cannot be read now", hint="The bridge's log tells more.")
    )
