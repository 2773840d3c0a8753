"""One TCP connection to a machine: requests out, replies matched, everything else handed on.

Replies carry no id. They are matched by type, address and length, a refusal by type and address, and they
come in the order of the requests with reports in between (docs/protocols/lamarzocco-tcp.md, section 7).
Equal reads that wait at the same time share one request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeAlias, cast

from homewire.clock import Clock
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConnectionFailed,
    ConnectionLost,
    HomewireError,
    NotSupported,
)
from homewire.lamarzocco.direct.codec import (
    Codec,
    Message,
    ReadReply,
    ReadRequest,
    Refusal,
    Rejected,
    Stream,
    Undecipherable,
    WriteReply,
    WriteRequest,
)
from homewire.lamarzocco.direct.errors import MachineBusy, Unanswered
from homewire.lamarzocco.direct.memory_map import CLOCK, FEATURES, TEMPERATURES

__all__ = ["MachineLink", "ReportListener"]

_log = logging.getLogger(__name__)

ReportListener: TypeAlias = Callable[[ReadReply | Stream], object]

CONNECT_WITHIN_S = 5.0
"""A machine connects in 0.12 s; the page recommends 3 to 5 s (section 3.2)."""

REPLY_WITHIN_S = 5.0
"""Replies come within 1.3 s, a busy board takes longer; the page recommends 3 to 5 s (section 14)."""

FIRST_SIGN_WITHIN_S = 6.0
"""Reports are due every 1 to 2 s: after this long without any, another client holds it (section 3.2)."""

OVERTAKEN_GRACE_S = 1.0
"""Replies keep the order of requests, so one whose successor was answered has little left to wait for."""

SILENT_AFTER_S = 10.0
"""A machine that reported and then misses more than two of its cycles of 4 s is gone (section 3.4)."""

WRONG_KEY_AFTER = 3
"""Frames that make no sense before any that does: one can be damaged, three are another key (section 14)."""

_REPORTED = frozenset((block.address, block.size) for block in (TEMPERATURES, FEATURES, CLOCK))
"""Reads that the machine also sends by itself (section 3.4): such a reply proves no order."""

_Key: TypeAlias = tuple[str, int, int]


class _Pending:
    """A request under way: how many wait for it, and its place in the order."""

    __slots__ = ("future", "key", "overtaken", "waiters")

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.waiters = 0
        self.future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.future.add_done_callback(_retrieve)  # a caller that gave up must not leave a complaint
        self.overtaken: asyncio.TimerHandle | None = None


def _retrieve(future: asyncio.Future[bytes]) -> None:
    if not future.cancelled():
        future.exception()


class MachineLink(asyncio.Protocol):
    """One connection, from `open` to its end.

    `on_report` gets what nobody asked for; `on_closed` is called once, with the reason. `rejected` counts
    frames that could not be trusted.
    """

    def __init__(
        self,
        host: str,
        port: int,
        key: bytes,
        *,
        clock: Clock,
        on_report: ReportListener,
        on_closed: Callable[[HomewireError], object],
    ) -> None:
        self._host, self._port = host, port
        self._codec = Codec(key)
        self._clock = clock
        self._on_report = on_report
        self._on_closed = on_closed
        self._transport: asyncio.Transport | None = None
        self._pending: list[_Pending] = []
        self._error: HomewireError | None = None
        self._undecipherable = 0
        self.heard = False
        self.rejected = 0
        self.last_heard = clock.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether requests can be sent."""
        return self._transport is not None and self._error is None

    @property
    def is_waiting(self) -> bool:
        """Whether somebody waits for a reply."""
        return any(pending.waiters for pending in self._pending)

    async def open(self) -> None:
        """Connect; raise ConnectionFailed, telling what is likely wrong."""
        loop = asyncio.get_running_loop()
        try:
            async with self._clock.timeout(CONNECT_WITHIN_S):
                await loop.create_connection(lambda: self, self._host, self._port)
        except TimeoutError as error:
            raise self._failure(
                f"no answer from {self._host} port {self._port}",
                "It is off or on another network, or another client (the vendor's app) holds it.",
            ) from error
        except ConnectionRefusedError as error:
            raise self._failure(
                f"{self._host} refuses connections on port {self._port}",
                "It is not a machine with its first firmware, or another client holds it.",
            ) from error
        except OSError as error:
            raise self._failure(
                f"cannot reach {self._host} port {self._port}: {error.strerror or error}",
                "Check the address and that this computer is on the machine's network.",
            ) from error

    async def read(self, address: int, length: int) -> bytes:
        """Return memory; raise CommandRejected, Unanswered, MachineBusy or ConnectionLost."""
        [pending] = self._send_reads(((address, length),))
        return await self._answer(pending)

    async def read_many(
        self, ranges: Sequence[tuple[int, int]]
    ) -> AsyncIterator[tuple[int, bytes | HomewireError]]:
        """Send reads back to back and yield for each, in order, its index and its memory or what went wrong.

        Raise only what ends the connection.
        """
        sent = self._send_reads(ranges)
        for pending in sent:
            pending.waiters += 1  # from now on, although its turn comes later
        try:
            for index, pending in enumerate(sent):
                try:
                    yield index, await self._answer(pending)
                except (Unanswered, CommandRejected, NotSupported) as error:
                    yield index, error
        finally:
            for pending in sent:
                pending.waiters -= 1

    async def write(self, address: int, data: bytes, *, on_sent: Callable[[], object] | None = None) -> None:
        """Return once the machine took the bytes; raise as `read` does."""
        self._require_open()
        pending = _Pending(("W", address, len(data)))
        self._pending.append(pending)
        self._transmit(self._codec.encode(WriteRequest(address, data)))
        if on_sent:
            on_sent()
        await self._answer(pending)

    def close(self) -> None:
        """Close; whoever still waits gets ConnectionLost."""
        self._end(ConnectionLost("the connection was closed"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport; called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits; called by the event loop."""
        if self.heard:
            self._end(ConnectionLost(f"the machine closed the connection{f': {exc}' if exc else ''}"))
        else:
            self._end(self._busy("the machine closed the connection without a word"))

    def data_received(self, data: bytes) -> None:
        """Take the next bytes; called by the event loop."""
        self.last_heard = self._clock.monotonic()
        for event in self._codec.receive(data):
            if isinstance(event, Rejected):
                self._reject(event)
            else:
                self.heard = True
                self._take(event)

    def _send_reads(self, ranges: Sequence[tuple[int, int]]) -> list[_Pending]:
        """Send what does not wait already; return what each read waits for."""
        self._require_open()
        waiting = {pending.key: pending for pending in self._pending}
        frames, wanted = [], []
        for address, length in ranges:
            key = ("R", address, length)
            if key not in waiting:
                waiting[key] = pending = _Pending(key)
                self._pending.append(pending)
                frames.append(self._codec.encode(ReadRequest(address, length)))
            wanted.append(waiting[key])
        if frames:
            self._transmit(b"".join(frames))
        return wanted

    def _transmit(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _require_open(self) -> None:
        if self._error is not None:
            raise self._error
        if self._transport is None:
            raise ConnectionLost("the connection is not open")

    async def _answer(self, pending: _Pending) -> bytes:
        limit_s = REPLY_WITHIN_S if self.heard else FIRST_SIGN_WITHIN_S
        pending.waiters += 1
        try:
            async with self._clock.timeout(limit_s):
                return await asyncio.shield(pending.future)
        except TimeoutError:
            self._time_out(pending)
        except asyncio.CancelledError:
            if pending.key[0] == "W" and pending in self._pending:
                self._pending.remove(pending)  # it must not take the reply to the next equal write
            raise
        finally:
            pending.waiters -= 1
        return await pending.future

    def _time_out(self, pending: _Pending) -> None:
        """Decide what the silence means, for this request or for the whole connection."""
        silent_s = self._clock.monotonic() - self.last_heard
        if not self.heard:
            self._end(self._busy("the machine takes the connection and says nothing"))
        elif silent_s >= SILENT_AFTER_S:
            self._end(ConnectionLost(f"the machine has said nothing for {silent_s:.0f} s"))
        self._finish(pending, Unanswered(f"the machine has not answered {_described(pending.key)}"))

    def _finish(self, pending: _Pending, outcome: bytes | HomewireError) -> None:
        if pending in self._pending:
            self._pending.remove(pending)
        if pending.overtaken is not None:
            pending.overtaken.cancel()
        if pending.future.done():
            return
        if isinstance(outcome, bytes):
            pending.future.set_result(outcome)
        else:
            pending.future.set_exception(outcome)

    def _take(self, message: Message) -> None:
        match message:
            case ReadReply(address, data):
                if not self._complete(("R", address, len(data)), data):
                    self._on_report(message)
            case Stream():
                self._on_report(message)
            case WriteReply(address, length):
                self._complete(("W", address, length), b"")
            case Refusal():
                self._refused(message)
            case ReadRequest(address, length):
                self._complete(("R", address, length), NotSupported("the machine only echoes this request"))
            case WriteRequest():
                _log.debug("The machine sent a write request: %s", message)

    def _complete(self, key: _Key, outcome: bytes | HomewireError) -> bool:
        """Give the reply to the oldest request that it answers; return whether there is one."""
        for index, pending in enumerate(self._pending):
            if pending.key == key:
                self._finish(pending, outcome)
                if key[1:] not in _REPORTED:
                    self._overtake(self._pending[:index])
                return True
        return False

    def _overtake(self, older: list[_Pending]) -> None:
        for pending in older:
            if pending.overtaken is None:
                error = Unanswered(f"the machine has passed over {_described(pending.key)}")
                pending.overtaken = self._clock.call_later(OVERTAKEN_GRACE_S, self._finish, pending, error)

    def _refused(self, refusal: Refusal) -> None:
        for pending in self._pending:
            letter, address, length = pending.key
            if (letter, address) == (refusal.request, refusal.address) and refusal.length in (None, length):
                error = CommandRejected(
                    f"the machine refused {_described(pending.key)} with {refusal.text}",
                    reason_code=refusal.text,
                    hint="Its board is busy (a shot or a backflush), or it does not take this value.",
                )
                self._finish(pending, error)
                return

    def _reject(self, rejected: Rejected) -> None:
        self.rejected += 1
        _log.debug("A frame was dropped: %s", rejected.error)
        if not self.heard and isinstance(rejected.error, Undecipherable):
            self._undecipherable += 1
            if self._undecipherable >= WRONG_KEY_AFTER:
                self._end(
                    AuthenticationFailed(
                        "the machine's messages cannot be read with this key",
                        hint="Copy the communication key of this very machine from its account.",
                    )
                )

    def _end(self, error: HomewireError) -> None:
        if self._error is not None:
            return
        self._error = error
        if self._transport is not None:
            stuck = self._transport.get_write_buffer_size() > 0
            self._transport.abort() if stuck else self._transport.close()
        for pending in tuple(self._pending):
            self._finish(pending, error)
        self._on_closed(error)

    def _busy(self, message: str) -> MachineBusy:
        return MachineBusy(
            message,
            hint="Another client (the vendor's app) holds it: close that and try again. "
            "If there is none, check the key.",
        )

    def _failure(self, message: str, hint: str) -> ConnectionFailed:
        return ConnectionFailed(message, hint=hint)


def _described(key: _Key) -> str:
    letter, address, length = key
    return f"the {'read' if letter == 'R' else 'write'} of {length} bytes at {address:04X}"
