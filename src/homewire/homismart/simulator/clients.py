"""One client of the simulated cloud: what it is told, in order, and what is noted of the conversation."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from aiohttp import WSCloseCode, web

from homewire.homismart.codec import Direction
from homewire.homismart.simulator.account import SimulatedAccount

__all__ = ["JournalEntry", "SimulatedConnection"]


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """R20: one frame with its time; the password is blanked. Binary frames are shown as hex."""

    at: dt.datetime
    connection: int
    direction: Direction
    text: str


Recorder: TypeAlias = Callable[[int, Direction, str | bytes], None]


class SimulatedConnection:
    """One client's WebSocket: fresh until a good login, then ready (R2). Frames leave in order."""

    def __init__(self, socket: web.WebSocketResponse, number: int, at: str, record: Recorder) -> None:
        self.number = number
        self.address = at
        self.account: SimulatedAccount | None = None
        self.pongs = 0
        self._record = record
        self._socket = socket
        self._queue: asyncio.Queue[str | bytes | int] = asyncio.Queue()
        self._writer = asyncio.ensure_future(self._write())

    @property
    def ready(self) -> bool:
        """Whether it is logged in."""
        return self.account is not None

    def send(self, content: str | bytes) -> None:
        """Queue a text or binary frame, whatever it is (R18)."""
        self._queue.put_nowait(content)

    async def ping(self) -> None:
        """Ping the client, which whether the real service does is not known; `pongs` counts the answers."""
        await self._socket.ping()

    def drop(self) -> None:
        """Drop the TCP connection without a word (R18)."""
        transport = self._socket._req.transport if self._socket._req else None  # noqa: SLF001 - aiohttp has no public way to abort
        if transport is not None:
            transport.abort()

    def close(self, code: int = WSCloseCode.OK) -> None:
        """Close with a code, after what is queued (R18)."""
        self._queue.put_nowait(code)

    async def end(self) -> None:
        """Stop writing."""
        self._writer.cancel()
        await asyncio.wait((self._writer,))

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):  # the client is gone; the reader notices
            while True:
                content = await self._queue.get()
                if isinstance(content, int):
                    await self._socket.close(code=content)
                    return
                self._record(self.number, Direction.TO_CLIENT, content)
                if isinstance(content, str):
                    await self._socket.send_str(content)
                else:
                    await self._socket.send_bytes(content)
