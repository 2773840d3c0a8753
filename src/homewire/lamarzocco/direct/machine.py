"""One machine, read, followed and set: the client of the direct protocol.

A connection is opened when there is something to ask and, unless it is to be held, released after some idle
seconds, because the machine serves a single client and the vendor's app wants its turn
(docs/protocols/lamarzocco-tcp.md, section 3). A refresh sends all its reads back to back. A write returns
once the machine acknowledged it and shows the new value; nothing is believed before.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from homewire.appliance import Origin
from homewire.clock import Clock
from homewire.errors import CommandRejected, CommandTimeout, ConnectionLost, HomewireError, NotSupported
from homewire.lamarzocco.direct.codec import ReadReply, Stream, parse_key
from homewire.lamarzocco.direct.errors import Unanswered
from homewire.lamarzocco.direct.fields import ALL, Bit, Block, Field, Model
from homewire.lamarzocco.direct.link import MachineLink
from homewire.lamarzocco.direct.memory import (
    MemoryImage,
    clock_bytes,
    clock_time,
    decode,
    decode_stream,
    derive,
)
from homewire.lamarzocco.direct.memory_map import (
    CLOCK,
    CONFIGURATION,
    COUNTERS,
    FACTORY,
    FEATURE_COMMAND,
    FEATURES,
    FIELDS,
    PANEL,
    PREINFUSION,
    SCHEDULE,
    SERIAL,
    STATUS,
    STATUS_SIZE_OLD,
    USAGE,
)
from homewire.lamarzocco.direct.models import DaySchedule, MachineState, PrebrewMode
from homewire.unknowns import Unknowns

__all__ = ["PORT", "DirectMachine", "Progress", "ValuesListener"]

_log = logging.getLogger(__name__)

PORT = 1774
"""Section 2."""

IDLE_RELEASE_S = 10.0
"""lmdirect let go after 10 s, and its users share their machines like that (section 3.3)."""

_CONFIRM_AFTER_S = (0.0, 1.0, 4.0)
"""Waits before each look whether a write took effect: at once, after 1 s and after 5 s (section 14)."""

_CLOCK_TOLERANCE_S = 120.0
"""The seconds of a clock that is read may be stale (section 9.7)."""

_STEAM_BOILER, _BACKFLUSH = 0x01, 0x02
_SWITCH_ON = 0x80
"""Bits of the feature command (section 9.5)."""

_BACKFLUSH_REPEATS = 6
"""So often the vendor's gateway sends the command to a Linea Mini, at 1 s intervals.

A single one shows the flag and is said never to start the cycle (section 9.5).
"""

_REPEAT_AFTER_S = 1.0

_PASSWORD = range(0x0111, 0x0165)
"""The machine's own account, as text. Never read, stored or logged (section 8)."""

_GIVE_UP_AFTER = 2
"""Times that a block may go unanswered before this connection leaves it out: some models lack some."""

_SHORT_STATUS_FIRMWARE = 1.20
"""The last known one whose status has 32 bytes (section 9.9)."""

_TIMER_SLACK_S = 0.01

_READS = (STATUS, CONFIGURATION, SCHEDULE, COUNTERS, USAGE, PREINFUSION, FACTORY, PANEL, SERIAL, CLOCK)
"""What a refresh reads, the configuration before the factory block that is found by its setpoints."""

_ESSENTIAL = frozenset({STATUS.name, CONFIGURATION.name})

ValuesListener: TypeAlias = Callable[[Mapping[str, Any], Origin], object]
"""Called with the values of one message, by field name, and what brought them."""


class Progress(Protocol):
    """Whoever wants to know how far a write is; `homewire.commands.Command` is one."""

    def sent(self, path: str | None = None) -> None:
        """Be told that the bytes are on their way."""

    def accepted(self) -> None:
        """Be told that the machine acknowledged them."""


class DirectMachine:
    """A machine at an address, with its communication key.

    `hold` keeps the connection; else it is released after `idle_release_s` without a request. `model` is
    only needed until the machine told it. Raises ConfigurationError for a key that cannot be one.
    """

    def __init__(
        self,
        host: str,
        key: str,
        *,
        port: int = PORT,
        model: Model | None = None,
        hold: bool = False,
        idle_release_s: float = IDLE_RELEASE_S,
        clock: Clock | None = None,
    ) -> None:
        self.host, self.port = host, port
        self.hold = hold
        self.unknowns = Unknowns()
        self._key = parse_key(key)
        self._model = model
        self._idle_release_s = idle_release_s
        self._clock = clock or Clock()
        self._values: dict[str, Any] = {}
        self.state = MachineState(self._values)
        self._link: MachineLink | None = None
        self._opening = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._lost: asyncio.Future[HomewireError] | None = None
        self._release: asyncio.TimerHandle | None = None
        self._used_at = 0.0
        self._listeners: list[ValuesListener] = []
        self._closings = 0
        self._status_size = STATUS.size
        self._passed_over: dict[str, int] = {}

    @property
    def connected(self) -> bool:
        """Whether a connection is open right now."""
        return self._link is not None and self._link.is_open

    @property
    def model(self) -> Model | None:
        """The model, from the machine itself or as it was given."""
        return self.state.model or self._model

    async def connect(self) -> None:
        """Open the connection if it is not open; raise ConnectionFailed."""
        await self._linked()

    async def close(self) -> None:
        """Close the connection; it is opened again when it is needed."""
        self._closings += 1
        if self._release is not None:
            self._release.cancel()
            self._release = None
        if self._link is not None:
            self._link.close()
            self._link = None
            await asyncio.sleep(0)  # lets the event loop close the socket

    async def lost(self) -> HomewireError:
        """Wait until the connection ends other than by our own doing; return why."""
        if self._lost is None or self._lost.done():
            self._lost = asyncio.get_running_loop().create_future()
            if not self.connected:
                return ConnectionLost("the connection is not open")
        return await asyncio.shield(self._lost)

    @property
    def silent_s(self) -> float:
        """Seconds since the machine last said anything."""
        return 0.0 if self._link is None else self._clock.monotonic() - self._link.last_heard

    def subscribe(self, listener: ValuesListener) -> Callable[[], None]:
        """Call the listener with the values of every message; return what ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def refresh(self) -> None:
        """Read everything; raise when the machine gives neither status nor configuration.

        What it refuses (a running shot keeps the board busy) or passes over keeps its earlier value.
        """
        blocks = self._blocks()
        ranges = [(block.address, self._size(block)) for block in blocks]
        failures: dict[str, HomewireError] = {}
        link = await self._linked()
        async for index, outcome in link.read_many(ranges):
            if isinstance(outcome, bytes):
                self._take(ranges[index][0], outcome, Origin.POLL)
                self._passed_over.pop(blocks[index].name, None)
            else:
                failures[blocks[index].name] = outcome
                self._note_failure(blocks[index], outcome)
        self._touch()
        if isinstance(failures.get(STATUS.name), Unanswered):
            await self._try_short_status()
        elif failures.keys() >= _ESSENTIAL:
            raise failures[STATUS.name]

    async def read(self, address: int, length: int) -> bytes:
        """Return raw memory; raise NotSupported for the machine's own password, which is never read."""
        if address < _PASSWORD.stop and address + length > _PASSWORD.start:
            raise NotSupported("this memory holds the machine's own password", hint="Leave it out.")
        link = await self._linked()
        try:
            return await link.read(address, length)
        finally:
            self._touch()

    async def set_field(
        self, name: str, value: Any, *, progress: Progress | None = None, unchecked: bool = False
    ) -> None:
        """Set a value of the memory map by its name and return once the machine shows it.

        `unchecked` skips the range that clients keep to. Raises InvalidValue, NotSupported,
        CommandRejected, CommandTimeout, ConnectionFailed.
        """
        field = FIELDS[name]
        if not field.writable:
            raise NotSupported(f"{field.label} cannot be set")
        if not unchecked:
            field.check(value)
        await self._require(field)
        async with self._writing:
            current = await self.read(field.address, field.size) if isinstance(field.encoding, Bit) else None
            data = field.encode(value, current)
            await self._write(field.address, data, progress)
            await self._confirm(field.address, field.size, lambda found: found == data)

    async def set_steam_boiler(self, enabled: bool, *, progress: Progress | None = None) -> None:
        """Enable or disable the steam boiler."""
        async with self._writing:
            await self._write_feature(_STEAM_BOILER, enabled, progress)
            await self._confirm_feature(_STEAM_BOILER, enabled)

    async def start_backflush(self, *, progress: Progress | None = None) -> None:
        """Start a backflush; a Linea Mini is armed by it and starts when its paddle is moved."""
        await self._identify()
        if self.model is Model.GS3_MP:
            raise NotSupported("a GS3 MP has no backflush programme")
        async with self._writing:
            await self._write_feature(_BACKFLUSH, True, progress)
            for _ in range(_BACKFLUSH_REPEATS - 1 if self.model is Model.LINEA_MINI else 0):
                await self._clock.sleep(_REPEAT_AFTER_S)
                await self._write_feature(_BACKFLUSH, True, progress)
            await self._confirm_feature(_BACKFLUSH, True)

    async def set_prebrew_mode(self, mode: PrebrewMode, *, progress: Progress | None = None) -> None:
        """Choose between nothing, prebrewing and preinfusion: it is one setting on the machine."""
        await self.set_field("prebrew_mode", int(mode), progress=progress)

    async def set_clock(self, time: dt.datetime, *, progress: Progress | None = None) -> None:
        """Set the machine's clock to a local time (its time zone, if any, is not sent)."""
        wanted = time.replace(tzinfo=None, microsecond=0)

        def near(data: bytes) -> bool:
            shown = clock_time(decode(CLOCK.address, data))
            return shown is not None and abs((shown - wanted).total_seconds()) <= _CLOCK_TOLERANCE_S

        async with self._writing:
            await self._write(CLOCK.address, clock_bytes(wanted), progress)
            await self._confirm(CLOCK.address, CLOCK.size, near)

    async def set_schedule(
        self, days: Mapping[str, DaySchedule], *, progress: Progress | None = None
    ) -> None:
        """Change whole days of the weekly schedule, all in one write."""
        await self.change_schedule(
            {
                name: value
                for day, plan in days.items()
                for name, value in (
                    (f"{day}_enabled", plan.enabled),
                    (f"{day}_on", plan.on),
                    (f"{day}_off", plan.off),
                )
                if value is not None
            },
            progress=progress,
        )

    async def change_schedule(
        self, changes: Mapping[str, bool | dt.time], *, progress: Progress | None = None
    ) -> None:
        """Change parts of the weekly schedule: schedule_enabled, mon_enabled, mon_on, mon_off ….

        The whole block is read, changed and written back, as the vendor's app does (section 9.8).
        """
        async with self._writing:
            block = MemoryImage({SCHEDULE.address: await self.read(SCHEDULE.address, SCHEDULE.size)})
            for name, value in changes.items():
                _change(block, name, value)
            data = block.load(SCHEDULE.address, SCHEDULE.size)
            await self._write(SCHEDULE.address, data, progress)
            await self._confirm(SCHEDULE.address, SCHEDULE.size, lambda found: found == data)

    def _blocks(self) -> list[Block]:
        """Return what is worth reading from this machine."""
        blocks = [block for block in _READS if self._passed_over.get(block.name, 0) < _GIVE_UP_AFTER]
        pointless = {PANEL.name} if self.model is Model.LINEA_MINI else set()
        if "machine_serial" in self._values:
            pointless.add(SERIAL.name)  # it does not change
        return [block for block in blocks if block.name not in pointless]

    def _size(self, block: Block) -> int:
        return self._status_size if block is STATUS else block.size

    def _note_failure(self, block: Block, error: HomewireError) -> None:
        _log.debug("%s: %s", block.name, error)
        if block.name not in _ESSENTIAL and not isinstance(error, CommandRejected):
            self._passed_over[block.name] = self._passed_over.get(block.name, 0) + 1

    async def _try_short_status(self) -> None:
        """Read the status of firmware 1.20, which ends earlier, and keep to it on such a machine."""
        data = await self.read(STATUS.address, STATUS_SIZE_OLD)
        self._take(STATUS.address, data, Origin.POLL)
        if float(self._values["firmware_version"]) <= _SHORT_STATUS_FIRMWARE:
            self._status_size = STATUS_SIZE_OLD

    async def _identify(self) -> None:
        """Learn the model before something is set that not every model has; a busy board may not tell."""
        if self.model is None:
            with contextlib.suppress(CommandRejected, Unanswered):
                self._take(STATUS.address, await self.read(STATUS.address, 1), Origin.POLL)

    async def _require(self, field: Field) -> None:
        """Raise NotSupported when the model has no such setting."""
        if field.models != ALL:
            await self._identify()
        if self.model is not None and self.model not in field.models:
            raise NotSupported(f"a {self.model} has no setting for {field.label}")

    async def _write(self, address: int, data: bytes, progress: Progress | None) -> None:
        link = await self._linked()
        try:
            await link.write(address, data, on_sent=None if progress is None else progress.sent)
        finally:
            self._touch()
        if progress is not None:
            progress.accepted()

    async def _write_feature(self, feature: int, enabled: bool, progress: Progress | None) -> None:
        command = bytes((feature | (_SWITCH_ON if enabled else 0),))
        await self._write(FEATURE_COMMAND.address, command, progress)

    async def _confirm_feature(self, feature: int, enabled: bool) -> None:
        await self._confirm(
            FEATURES.address, FEATURES.size, lambda found: bool(found[0] & feature) is enabled
        )

    async def _confirm(self, address: int, size: int, shows: Callable[[bytes], bool]) -> None:
        """Look until the machine shows what was written; raise CommandTimeout."""
        for wait_s in _CONFIRM_AFTER_S:
            await self._clock.sleep(wait_s)
            try:
                data = await self.read(address, size)
            except (CommandRejected, Unanswered):
                continue  # a busy board refuses reads
            self._take(address, data, Origin.COMMAND)
            if shows(data):
                return
        raise CommandTimeout(
            "the machine acknowledged the change, but does not show it",
            hint="After a long standby it ignores the first command: wake it at its front button.",
        )

    async def _linked(self) -> MachineLink:
        """Return the open connection, opening it when there is none."""
        async with self._opening:
            if self._link is None or not self._link.is_open:
                closings, link = self._closings, await self._open_link()
                if closings != self._closings:
                    link.close()
                    raise ConnectionLost("the connection was closed while it was opened")
                self._link = link
                self._passed_over.clear()
            self._touch()
            return self._link

    async def _open_link(self) -> MachineLink:
        link = MachineLink(
            self.host,
            self.port,
            self._key,
            clock=self._clock,
            on_report=self._reported,
            on_closed=lambda error: self._closed(link, error),
        )
        await link.open()
        return link

    def _closed(self, link: MachineLink, error: HomewireError) -> None:
        if link is self._link and self._lost is not None and not self._lost.done():
            self._lost.set_result(error)

    def _touch(self) -> None:
        """Note that the connection is in use, and see to its release."""
        self._used_at = self._clock.monotonic()
        if not self.hold and self._release is None:
            self._release = self._clock.call_later(self._idle_release_s, self._let_go)

    def _let_go(self) -> None:
        """Release the connection when it has been idle for long enough; else look again later."""
        self._release = None
        idle_s = self._clock.monotonic() - self._used_at
        if self._link is None or not self._link.is_open:
            return
        in_use = self._link.is_waiting or self._writing.locked()
        if in_use or idle_s < self._idle_release_s - _TIMER_SLACK_S:
            self._release = self._clock.call_later(max(self._idle_release_s - idle_s, 1.0), self._let_go)
            return
        link, self._link = self._link, None
        link.close()

    def _reported(self, message: ReadReply | Stream) -> None:
        """Take what the machine says by itself."""
        if isinstance(message, ReadReply):
            self._take(message.address, message.data, Origin.PUSH)
            return
        values = decode_stream(message.address, message.data)
        if not values:
            self.unknowns.note("stream", f"{message.address:04X} with {len(message.data)} bytes")
        self._learn(values, Origin.PUSH)

    def _take(self, address: int, data: bytes, origin: Origin) -> None:
        """Take memory that the machine sent."""
        values = decode(address, data, self._setpoints())
        if not values:
            self.unknowns.note("memory", f"{address:04X} with {len(data)} bytes")
        self._learn(values, origin)

    def _setpoints(self) -> tuple[float, float] | None:
        coffee, steam = (self._values.get(name) for name in ("coffee_setpoint_c", "steam_setpoint_c"))
        return None if coffee is None or steam is None else (coffee, steam)

    def _learn(self, fresh: dict[str, Any], origin: Origin) -> None:
        self._values.update(fresh)
        derived = derive(fresh, self._values)
        self._values.update(derived)
        self.state.updated_at = self._clock.now()
        fresh.update(derived)
        for listener in tuple(self._listeners):
            try:
                listener(fresh, origin)
            except Exception:
                _log.exception("A subscriber of the machine at %s failed", self.host)


def _change(block: MemoryImage, name: str, value: bool | dt.time) -> None:
    if isinstance(value, dt.time):
        block[f"{name}_hour"], block[f"{name}_minute"] = value.hour, value.minute
    else:
        block[name] = value
