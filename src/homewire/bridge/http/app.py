"""The application: routes, dependencies and errors put together."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException

import homewire
from homewire.bridge.editing import ConnectionEditor
from homewire.bridge.events import EventLog
from homewire.bridge.health import Health, health
from homewire.bridge.http.answers import JsonRequest, TheRegistry
from homewire.bridge.http.appliances import appliance_router
from homewire.bridge.http.connections import connection_router
from homewire.bridge.http.gate import MOST_BYTES
from homewire.bridge.http.openapi import describe
from homewire.bridge.http.problems import from_anything, from_homewire, from_http
from homewire.bridge.http.streams import stream_router
from homewire.bridge.registry import Registry
from homewire.errors import HomewireError

__all__ = ["Parts", "api_document", "make_app"]


class Parts(msgspec.Struct, kw_only=True):
    """What the application is made of.

    `outputs` are asked for their reports; `scrape` gives the metrics page; `api_routers` go below
    /api/v1, `root_routers` below /.
    """

    registry: Registry
    editor: ConnectionEditor
    event_log: EventLog
    reports: Callable[[], Mapping[str, Mapping[str, Any]]]
    ready: Callable[[], bool]
    scrape: Callable[[], tuple[bytes, str]] | None = None
    api_routers: Sequence[Router] = ()
    root_routers: Sequence[Router] = ()


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The bridge in a few words."""

    name: str
    version: str
    started_at: str
    appliances: int
    connections: int
    links: dict[str, str]


@get("/", summary="The bridge")
async def overview(registry: TheRegistry) -> Overview:
    """Return what this is, and where everything else is."""
    places = ("appliances", "connections", "kinds", "health", "events", "events/stream", "openapi.json")
    return Overview(
        name="homewire",
        version=homewire.__version__,
        started_at=registry.started_at.isoformat(),
        appliances=len(registry.appliances),
        connections=len(registry.links),
        links={place: f"/api/v1/{place}" for place in places},
    )


@get("/health", summary="The health report")
async def show_health(registry: TheRegistry, parts: NamedDependency[Parts]) -> Health:
    """Return how the bridge is."""
    return health(registry, parts.reports())


@get("/openapi.json", include_in_schema=False)
async def show_openapi(openapi: NamedDependency[dict[str, Any]]) -> dict[str, Any]:
    """Return this API's description."""
    return openapi


@get("/healthz", summary="Whether the process lives", media_type="text/plain")
async def live() -> str:
    """Return 200 for as long as the process answers."""
    return "alive\n"


@get("/readyz", summary="Whether every output runs", media_type="text/plain")
async def ready(parts: NamedDependency[Parts]) -> Response[str]:
    """Return 200 once every output runs, else 503."""
    is_ready = parts.ready()
    return Response("ready\n" if is_ready else "not ready\n", status_code=200 if is_ready else 503)


@get("/metrics", summary="The page for Prometheus", media_type="text/plain")
async def metrics(parts: NamedDependency[Parts]) -> Response[bytes]:
    """Return all metrics; no appliance is asked for anything."""
    body, content_type = parts.scrape() if parts.scrape else (b"", "text/plain; charset=utf-8")
    return Response(body, headers={"Content-Type": content_type})


def _handlers(parts: Parts) -> list[Any]:
    """Return everything that is described; the dashboard is not."""
    api = Router(
        path="/api/v1",
        route_handlers=[
            overview,
            show_health,
            show_openapi,
            appliance_router(),
            connection_router(),
            stream_router(),
            *parts.api_routers,
        ],
    )
    return [api, live, ready, *((metrics,) if parts.scrape else ())]


def _dependencies(parts: Parts) -> dict[str, Provide]:
    return {
        "registry": _given(parts.registry),
        "editor": _given(parts.editor),
        "event_log": _given(parts.event_log),
        "parts": _given(parts),
    }


def api_document(parts: Parts) -> dict[str, Any]:
    """Return the OpenAPI document of the application."""
    return describe(_handlers(parts), dependencies={**_dependencies(parts), "openapi": _given({})})


def make_app(parts: Parts) -> Litestar:
    """Return the application."""
    document = functools.cache(lambda: api_document(parts))
    return Litestar(
        [*_handlers(parts), *parts.root_routers],
        dependencies={**_dependencies(parts), "openapi": Provide(document, sync_to_thread=False)},
        exception_handlers={
            HomewireError: from_homewire,
            HTTPException: from_http,
            Exception: from_anything,
        },
        openapi_config=None,
        request_class=JsonRequest,
        request_max_body_size=MOST_BYTES,
        debug=False,
        logging_config=None,
    )


def _given(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
