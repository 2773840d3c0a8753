"""Events as WebSocket and as server-sent events (docs/http-api.md, "Events")."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import Router, WebSocket, get, websocket
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.params import QueryParameter
from litestar.response import Stream

from homewire.bridge.events import EventLog
from homewire.bridge.http.answers import Http
from homewire.bridge.http.gate import PROTOCOL

__all__ = ["stream_router"]

_COMMENT_EVERY_S = 20.0
"""Proxies give up on a stream that is silent for a minute or even half of one."""


@websocket("/events")
async def events(
    socket: WebSocket[Any, Any, State],
    event_log: NamedDependency[EventLog],
    resume: Annotated[str | None, QueryParameter()] = None,
    appliance: Annotated[list[str] | None, QueryParameter()] = None,
) -> None:
    """Send snapshot and events until the client goes."""
    offered = socket.headers.get("sec-websocket-protocol", "")
    await socket.accept(subprotocols=PROTOCOL if PROTOCOL in _words(offered) else None)
    sending = asyncio.create_task(_send(socket, event_log, resume, appliance or []))
    listening = asyncio.create_task(_until_gone(socket))
    try:
        await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, listening):
            task.cancel()
        await asyncio.wait((sending, listening))
    if sending.done() and not sending.cancelled() and sending.exception() is None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(code=1001, reason="the bridge stops")


@get("/events/stream", summary="Events as server-sent events", media_type="text/event-stream")
async def stream(
    request: Http,
    event_log: NamedDependency[EventLog],
    resume: Annotated[str | None, QueryParameter()] = None,
    appliance: Annotated[list[str] | None, QueryParameter(description="Only these appliances.")] = None,
) -> Stream:
    """Send snapshot and events until the client goes."""
    cursor = resume or request.headers.get("last-event-id")
    return Stream(
        _sse(event_log, cursor, appliance or []),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def stream_router() -> Router:
    """Return the routes of events."""
    return Router(path="/", tags=["events"], route_handlers=[events, stream])


async def _send(
    socket: WebSocket[Any, Any, State], log: EventLog, resume: str | None, appliances: list[str]
) -> None:
    async with contextlib.aclosing(log.follow(resume, appliances)) as followed:
        async for event in followed:
            await socket.send_data(event.text)


async def _until_gone(socket: WebSocket[Any, Any, State]) -> None:
    """Read and ignore what the client says, until it goes."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_data(mode="text")


async def _sse(log: EventLog, cursor: str | None, appliances: list[str]) -> AsyncIterator[str]:
    """Yield the text of the stream, with a comment whenever it was silent for long."""
    async with contextlib.aclosing(log.follow(cursor, appliances)) as followed:
        upcoming = asyncio.ensure_future(anext(followed, None))
        try:
            while True:
                done, _ = await asyncio.wait((upcoming,), timeout=_COMMENT_EVERY_S)
                if not done:
                    yield ": still here\n\n"
                    continue
                event = upcoming.result()
                if event is None:
                    return
                place = f"id: {event.cursor}\n" if event.cursor else ""
                yield f"event: {event.type}\n{place}data: {event.text}\n\n"
                upcoming = asyncio.ensure_future(anext(followed, None))
        finally:
            upcoming.cancel()
            await asyncio.wait((upcoming,))


def _words(header: str) -> list[str]:
    return [word.strip() for word in header.split(",")]
