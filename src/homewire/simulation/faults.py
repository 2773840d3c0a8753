"""A TCP proxy that misbehaves on demand: the bad network between a client and a simulator.

Each direction has its levers (`proxy.down` towards the client, `proxy.up` towards the server); they may be
moved at any time and take effect with the next bytes. The proxy itself can refuse, hang up at once, swallow
everything and reset all connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
import socket
import struct
from typing import Self

from homewire.clock import Clock

__all__ = ["Direction", "FaultProxy"]

_CHUNK_BYTES = 65536

_SEGMENT_GAP_S = 0.001
"""Lets the other end read one segment before the next one is sent."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on with no time: closing sends RST instead of FIN."""


@dataclasses.dataclass(slots=True, kw_only=True)
class Direction:
    """The levers of one direction; all are off by default.

    `delay_s` holds every chunk back; `rate` limits to bytes per second; `split` forwards at most that
    many bytes at a time, each in a segment of its own; `merge` gathers at least that many bytes first;
    `corrupt_every` flips a bit in every n-th byte; `truncate_after` and `reset_after` end the connection
    after that many bytes (with FIN, with RST); `garbage` is sent once before the next bytes; `duplicate`
    sends every chunk twice; `black_hole` swallows everything.
    """

    delay_s: float = 0.0
    rate: float | None = None
    split: int | None = None
    merge: int | None = None
    corrupt_every: int | None = None
    truncate_after: int | None = None
    reset_after: int | None = None
    garbage: bytes = b""
    duplicate: bool = False
    black_hole: bool = False

    def heal(self) -> None:
        """Put every lever back."""
        for field in dataclasses.fields(self):
            setattr(self, field.name, field.default)


class FaultProxy:
    """Forwards loopback connections to a target, with faults.

    `port` is where clients connect after `start()`.
    """

    def __init__(
        self, target_host: str, target_port: int, *, clock: Clock | None = None, seed: int = 0
    ) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.up = Direction()
        self.down = Direction()
        self.hang_up = False
        self.connections = 0
        self._target = (target_host, target_port)
        self._clock = clock or Clock()
        self._rng = random.Random(seed)  # noqa: S311 - repeatable noise
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen on a free loopback port, or on the earlier one after `refuse()`."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        await self.refuse()
        for task in tuple(self._pipes):
            task.cancel()
        if self._pipes:
            await asyncio.wait(self._pipes)

    async def refuse(self) -> None:
        """Stop listening, so that new connections are refused; `start()` listens again on the same port."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.reset()
        await asyncio.sleep(0)

    def heal(self) -> None:
        """Put every lever back."""
        self.up.heal()
        self.down.heal()
        self.hang_up = False

    def reset(self) -> None:
        """Reset every open connection now."""
        for writer in tuple(self._writers):
            _reset(writer)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection callback always runs in a task
        self._pipes.add(task)
        self._writers.add(writer)
        try:
            if not self.hang_up:
                await self._forward(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either end is gone, or the proxy stops: both ends are closed below
        finally:
            self._writers.discard(writer)
            self._pipes.discard(task)
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        pipes = [
            asyncio.ensure_future(self._pipe(reader, far_writer, writer, self.up)),
            asyncio.ensure_future(self._pipe(far_reader, writer, writer, self.down)),
        ]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)
        finally:
            far_writer.close()  # before anything is awaited: the proxy may stop in the meantime
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)

    async def _pipe(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
        levers: Direction,
    ) -> None:
        passed = 0
        held = b""
        while chunk := await source.read(_CHUNK_BYTES):
            if levers.black_hole:
                continue
            held += chunk
            if levers.merge is not None and len(held) < levers.merge:
                continue
            chunk, held = self._mangled(held, passed, levers), b""
            for limit, rude in ((levers.truncate_after, False), (levers.reset_after, True)):
                if limit is not None and passed + len(chunk) >= limit:
                    await self._send(chunk[: max(0, limit - passed)], sink, levers)
                    if rude:
                        _reset(client)
                    return
            passed += len(chunk)
            await self._send(chunk, sink, levers)

    def _mangled(self, chunk: bytes, passed: int, levers: Direction) -> bytes:
        if levers.corrupt_every:
            mangled = bytearray(chunk)
            for index in range(-passed % levers.corrupt_every, len(chunk), levers.corrupt_every):
                mangled[index] ^= 1 << self._rng.randrange(8)
            chunk = bytes(mangled)
        if levers.duplicate:
            chunk += chunk
        garbage, levers.garbage = levers.garbage, b""
        return garbage + chunk

    async def _send(self, chunk: bytes, sink: asyncio.StreamWriter, levers: Direction) -> None:
        if levers.delay_s:
            await self._clock.sleep(levers.delay_s)
        size = levers.split or len(chunk) or 1
        for begin in range(0, len(chunk), size):
            piece = chunk[begin : begin + size]
            sink.write(piece)
            await sink.drain()
            if levers.rate:
                await self._clock.sleep(len(piece) / levers.rate)
            elif levers.split:
                await self._clock.sleep(_SEGMENT_GAP_S)


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):  # closed already
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
