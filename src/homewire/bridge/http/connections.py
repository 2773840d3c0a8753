"""Routes about connections: how they are, and changing them while the bridge runs."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from homewire.bridge.editing import ConnectionEditor
from homewire.bridge.http.answers import PathText, TheRegistry
from homewire.bridge.links import LinkReport
from homewire.errors import HomewireError
from homewire.kinds import Kind, installed_kinds
from homewire.secrets import Secret

__all__ = ["connection_router"]


class Connections(msgspec.Struct, frozen=True, kw_only=True):
    """All connections."""

    connections: tuple[LinkReport, ...]


class ConnectionOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a connection shall be. A secret written as `••••••` keeps what was there."""

    kind: str
    settings: dict[str, Any] = {}
    allow: tuple[str, ...] = ()
    enabled: bool = True


class KindView(msgspec.Struct, frozen=True, kw_only=True):
    """An installed kind of connection; `settings` is the JSON schema of its settings."""

    kind: str
    summary: str
    settings: dict[str, Any] | None


class Kinds(msgspec.Struct, frozen=True, kw_only=True):
    """The installed kinds of connection."""

    kinds: tuple[KindView, ...]


@get("/connections", summary="All connections")
async def list_connections(registry: TheRegistry) -> Connections:
    """Return all connections and how they are."""
    return Connections(connections=tuple(link.report() for link in registry.links.values()))


@get("/connections/{name:str}", summary="One connection")
async def show_connection(registry: TheRegistry, name: PathText) -> LinkReport:
    """Return how a connection is."""
    return registry.link(name).report()


@put("/connections/{name:str}", summary="Add or change a connection")
async def put_connection(
    registry: TheRegistry,
    editor: NamedDependency[ConnectionEditor],
    name: PathText,
    data: JSONBody[ConnectionOrder],
) -> LinkReport:
    """Add a connection or replace its settings, in homewire.toml too."""
    await editor.put(name, data.kind, data.settings, data.allow, enabled=data.enabled)
    return registry.link(name).report()


@delete("/connections/{name:str}", summary="Remove a connection")
async def remove_connection(editor: NamedDependency[ConnectionEditor], name: PathText) -> None:
    """Close and remove a connection, from homewire.toml too."""
    await editor.remove(name)


@post("/connections/{name:str}/retry", status_code=204, summary="Try a lost link at once")
async def retry_connection(registry: TheRegistry, name: PathText) -> None:
    """Try again without waiting, with the secrets as they are now."""
    registry.link(name).retry()


@get("/kinds", summary="Installed kinds of connection")
async def list_kinds() -> Kinds:
    """Return the kinds with the schema of their settings."""
    return Kinds(kinds=await asyncio.to_thread(_kinds))


def connection_router() -> Router:
    """Return the routes about connections."""
    handlers = [
        list_connections,
        show_connection,
        put_connection,
        remove_connection,
        retry_connection,
        list_kinds,
    ]
    return Router(path="/", tags=["connections"], route_handlers=handlers)


def _kinds() -> tuple[KindView, ...]:
    return tuple(
        KindView(kind=name, summary=kind.summary, settings=_schema(kind))
        for name, kind in installed_kinds().items()
    )


def _schema(kind: Kind) -> dict[str, Any] | None:
    try:
        settings = kind.load_connection().Settings
    except (HomewireError, ImportError):
        return None
    return msgspec.json.schema(settings, schema_hook=_secret_schema)


def _secret_schema(kind: type) -> dict[str, Any]:
    if kind is Secret:
        return {"type": "string", "format": "password", "writeOnly": True}
    raise NotImplementedError(kind)
