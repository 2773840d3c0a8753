"""From options to an open session: the place that chooses how commands reach the appliances."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from homewire.cli.output import Output
from homewire.cli.session import Link, LocalSession, Session
from homewire.cli.source import Source, entries, is_description
from homewire.errors import HomewireError
from homewire.link.connection import Connection
from homewire.link.waking import AnnouncementWatch

__all__ = ["exit_code", "open_session"]


@contextlib.asynccontextmanager
async def open_session(
    source: Source, output: Output, *, keep_trying: bool = False, only: str | None = None
) -> AsyncIterator[Session]:
    """Open what the options ask for; raise the first failure when nothing opened, else tell each one.

    `only` is the appliance that the command is about: when a connection has that name, no other is opened.
    """
    async with contextlib.AsyncExitStack() as stack:
        if source.demo:
            session = await stack.enter_async_context(_demo(keep_trying))
        elif (place := _bridge(source)) is not None:
            session = await stack.enter_async_context(_bridged(place, source, keep_trying, only))
        else:
            session = await stack.enter_async_context(_local(source, output, keep_trying, only))
        _tell_failures(session, output)
        yield session


@contextlib.asynccontextmanager
async def _demo(keep_trying: bool) -> AsyncIterator[Session]:
    from homewire.simulation.home import VirtualHome  # noqa: PLC0415 - imports every simulator

    async with VirtualHome() as home, LocalSession(home.connections(), keep_trying=keep_trying) as session:
        yield session


def _bridge(source: Source) -> Path | None:
    """Return where a bridge listens that has the wanted connections; None when none runs."""
    if not hasattr(socket, "AF_UNIX") or any(is_description(text) for text in source.connection):
        return None
    from homewire.cli.bridged import running_bridge  # noqa: PLC0415 - brings the HTTP client

    return running_bridge(source.config)


@contextlib.asynccontextmanager
async def _bridged(path: Path, source: Source, keep_trying: bool, only: str | None) -> AsyncIterator[Session]:
    from homewire.cli.bridged import bridge_session  # noqa: PLC0415 - as above

    async with bridge_session(path, source.connection, only=only, keep_trying=keep_trying) as session:
        yield session


@contextlib.asynccontextmanager
async def _local(
    source: Source, output: Output, keep_trying: bool, only: str | None
) -> AsyncIterator[Session]:
    chosen = entries(source, output)
    named = [entry for entry in chosen if only and entry.name.casefold() == only.casefold()]
    connections: list[Connection[Any]] = []
    unusable: list[Link] = []
    for entry in named or chosen:
        try:
            connections.append(entry.connection())
        except HomewireError as error:
            link = Link(name=entry.name, kind=entry.kind, online=False, reason=error.message, error=error)
            unusable.append(link)
    watch = _announcements(source) if keep_trying else None
    local = LocalSession(connections, unusable=unusable, keep_trying=keep_trying, watch=watch)
    async with contextlib.AsyncExitStack() as stack:
        with _waiting(output, [connection.name for connection in connections]):
            await stack.enter_async_context(local)
        yield local


def _announcements(source: Source) -> AnnouncementWatch:
    """Return what wakes lost links; the configuration that switches it off for the bridge does so here."""
    from homewire.bridge.settings import bridge_settings  # noqa: PLC0415 - imported only when wanted
    from homewire.config import default_path, load  # noqa: PLC0415 - reads TOML

    path, enabled = source.config or default_path(), True
    if path.exists():
        with contextlib.suppress(HomewireError):  # told by who needs the file
            enabled = bridge_settings(load(path)).announcements
    return AnnouncementWatch(enabled=enabled)


@contextlib.contextmanager
def _waiting(output: Output, names: list[str]) -> Iterator[None]:
    if output.json or not output.error_console.is_terminal or output.verbosity < 0:
        yield
        return
    with output.error_console.status(f"Connecting to {', '.join(names)} …"):
        yield


def _tell_failures(session: Session, output: Output) -> None:
    failures = session.failures
    if failures and len(failures) == len(session.links):
        raise failures[0]
    for failure in failures:
        output.error(failure)


def exit_code(session: Session) -> int:
    """Return 0 when every connection is open, else what the first failure ends with."""
    return next((failure.exit_code for failure in session.failures), 0)
