"""The server: a simulated machine's bytes on a socket, for one client at a time.

Requests are answered in order and at the pace of a real machine, or without delay; reports come by themselves
in their cycle of four seconds, telemetry every 90 ms while water flows
(docs/protocols/lamarzocco-tcp.md, sections 3 and 15).
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import datetime as dt
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec

from homewire.clock import Clock
from homewire.lamarzocco.direct.codec import (
    Codec,
    Message,
    ReadReply,
    ReadRequest,
    Refusal,
    Stream,
    WriteReply,
    WriteRequest,
    message_text,
    parse_key,
)
from homewire.lamarzocco.direct.discovery import SERVICE_TYPE
from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.memory_map import CLOCK, FEATURES, FLOW, STATUS, TEMPERATURES
from homewire.lamarzocco.direct.simulator.account import AccountSimulator, FleetMachine
from homewire.lamarzocco.direct.simulator.images import PROFILES
from homewire.lamarzocco.direct.simulator.levers import Levers
from homewire.lamarzocco.direct.simulator.machine import SimulatedMachine
from homewire.lamarzocco.direct.simulator.rhythm import live
from homewire.secrets import Secret
from homewire.simulation import Simulator

if TYPE_CHECKING:
    from homewire.announcement import Announcement

__all__ = ["DirectSimulator", "SimulatorOptions"]

_READ_TURNAROUND_S = 0.025
_WRITE_TURNAROUND_S = 0.105
_CHARACTER_S = 0.001
"""Reply latency (section 3.5)."""

_CYCLE = ((0.0, TEMPERATURES), (1.0, FEATURES), (2.0, CLOCK), (1.0, None))
"""Pauses before each report; the fourth slot of the cycle is empty (section 3.4)."""

_STREAM_S = 0.09
"""Between two frames of telemetry (section 3.4)."""

_FIRST_REPORT_WITHIN_S = 2.0
"""Reports begin after the replies to the first poll, or without one after a while."""

_REMEMBERED = 10_000
"""Requests that are kept to be looked at: some hours of polling."""

_LONGEST_READ = 128
"""Longer reads go unanswered (section 15.1)."""


Port: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Delay: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]


def _help(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class SimulatorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One machine, at the pace of a real one, on a port of this computer."""

    model: Annotated[Literal["GS3 AV", "GS3 MP", "Linea Mini"], _help("Which machine.")] = "GS3 AV"
    host: Annotated[str, _help("Address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, _help("Port to listen on, 1774 on a real machine; 0: any free one.")] = 0
    key: Annotated[Secret, _help("Communication key, 32 characters.")] = Secret(
        "0123456789abcdefghijklmnopqrstuv"
    )
    name: Annotated[str, _help("What its owner calls it.")] = ""
    fahrenheit: Annotated[bool, _help("Let the panel show °F.")] = False
    plumbed_in: Annotated[bool, _help("Connect it to the water line.")] = True
    old_status: Annotated[
        bool, _help("Firmware 1.20: a shorter status, no preinfusion, another place of the panel.")
    ] = False
    reply_delay_s: Annotated[
        Delay | None, _help("Seconds before each reply instead of a real machine's pace; 0: at once.")
    ] = None
    push: Annotated[
        Literal["all", "temperatures", "nothing"], _help("What it reports by itself while idle.")
    ] = "all"
    second_client: Annotated[
        Literal["wait", "close", "refuse"],
        _help("What another client finds while one is served: silence, a hang-up, a refusal."),
    ] = "wait"
    rhythm: Annotated[bool, _help("Give it a daily life: it warms up, brews and rests.")] = False
    account_port: Annotated[
        Port | None, _help("Serve the vendor's account on this port, too; 0: any free one.")
    ] = None
    announce: Annotated[bool, _help("Tell the network of it over mDNS.")] = False
    seed: Annotated[int, _help("Seed of the sensors' noise and of the daily life.")] = 0
    misbehave: Annotated[
        tuple[str, ...],
        _help(
            "A fault, NAME or NAME=VALUE; may be repeated: ignore_writes, refuse_writes=short or long, "
            "commit_after_s=S, silent, delay_s=S, drop_replies=N, corrupt_replies=N, truncate_replies=N, "
            "hang_up_in_reply, split, merge_s=S, busy_reads, echo_unknown."
        ),
    ] = ()


class DirectSimulator(Simulator):
    """A simulated machine on a socket. `machine` is what it believes, `levers` move it."""

    Options = SimulatorOptions

    def __init__(self, options: SimulatorOptions, *, clock: Clock | None = None) -> None:
        self.options = options
        self.clock = clock or Clock()
        self._rng = random.Random(options.seed)  # noqa: S311 - repeatable noise
        self.wire_key = parse_key(options.key.reveal())
        self.wake = asyncio.Event()
        self.machine = self._build()
        self.levers = Levers(self.machine, catch_up=self.catch_up, changed=self.wake)
        self.levers.misbehave.begin(options.misbehave)
        self.account = self._build_account()
        self.clients = 0
        self.received: collections.deque[Message] = collections.deque(maxlen=_REMEMBERED)
        self._turn = asyncio.Lock()
        self._server: asyncio.Server | None = None
        self._port = options.port
        self._announcement: Announcement | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.late: set[asyncio.TimerHandle] = set()

    @classmethod
    def demo(cls, clock: Clock) -> Sequence[Simulator]:
        """Return two machines with a daily life."""
        kitchen = SimulatorOptions(name="Kitchen", rhythm=True, reply_delay_s=0.0)
        bar = SimulatorOptions(name="Bar", model="Linea Mini", rhythm=True, reply_delay_s=0.0, seed=1)
        return [cls(kitchen, clock=clock), cls(bar, clock=clock)]

    async def _start(self) -> None:
        """Listen; from now on the machine lives."""
        await self._listen()
        if self.account is not None:
            await self.account.start()
        if self.options.announce:
            await self._announce()
        self._run(self._live())
        if self.options.rhythm:
            self._run(live(self.machine, self.levers, self.clock, self._rng))

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, self.options.host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def stop(self) -> None:
        """Stop listening and living."""
        self._stop_listening()
        for handle in self.late:
            handle.cancel()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        announcement, self._announcement = self._announcement, None
        if announcement is not None:
            await announcement.stop()
        if self.account is not None:
            await self.account.stop()

    def settings(self) -> Mapping[str, Any]:
        """Return the settings with which `homewire.connect` reaches this machine."""
        return {"host": self.options.host, "port": self._port, "key": self.options.key, "hold": True}

    def describe(self) -> str:
        """Tell what is simulated and how to reach it."""
        machine, place = self.machine, f"{self.options.host} port {self._port}"
        return f"{machine.name} ({machine.model}, {machine.serial}) at {place}"

    @property
    def port(self) -> int:
        """Where it listens, only after `start()`."""
        return self._port

    async def _announce(self) -> None:
        """Tell the network where the machine is (section 3.1)."""
        from homewire.announcement import Announcement  # noqa: PLC0415 - needs zeroconf, imported late

        machine = self.machine
        self._announcement = Announcement(
            SERVICE_TYPE,
            machine.serial,
            target=f"{machine.serial.lower()}.local.",
            address=self.options.host,
            port=self._port,
            properties={"serial_number": machine.serial, "type": machine.model.value, "name": machine.name},
        )
        await self._announcement.start()

    def _build(self) -> SimulatedMachine:
        options = self.options
        profile = PROFILES[Model(options.model)]
        if options.old_status:
            profile = profile.before_1_23()
        machine = SimulatedMachine(profile, self.local_now(), self._rng, name=options.name)
        if options.fahrenheit:
            # the offsets of section 9.10 in tenths of °F around 180, as on a machine seen in both units
            machine.memory["temperature_unit"] = 1
            machine.memory["group_offset_raw"] = 189
            machine.memory["factory_offset_raw"] = 153
        machine.memory["plumbed_in"] = options.plumbed_in
        return machine

    def _build_account(self) -> AccountSimulator | None:
        if self.options.account_port is None:
            return None
        machine, memory = self.machine, self.machine.memory
        counters = {key - 1: memory[f"count_k{key}"] + 40 for key in range(1, 5)}
        counters |= {4: memory["count_continuous"] + 40, -1: 522}
        entry = FleetMachine(
            serial=machine.serial,
            model=machine.model.value,
            name=machine.name,
            key=self.options.key.reveal(),
            counters=counters,
        )
        return AccountSimulator([entry], host=self.options.host, port=self.options.account_port)

    def catch_up(self) -> None:
        """Let the machine live until now."""
        self.machine.advance(self.local_now())

    def local_now(self) -> dt.datetime:
        """Return the time on the wall beside the machine, naive."""
        return self.clock.now().astimezone().replace(tzinfo=None)

    def _run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self) -> None:
        """Let the machine live even when nobody looks."""
        while True:
            self.catch_up()
            await self.clock.sleep(0.5 if self.machine.streaming else 15.0)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.clients += 1
        try:
            if self._turn.locked() and self.options.second_client == "close":
                return
            async with self._turn:
                await self._serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the simulator stops
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client; meanwhile others are refused where the options say so."""
        if self.options.second_client != "refuse":
            await _Session(self, reader, writer).serve()
            return
        self._stop_listening()
        await _Session(self, reader, writer).serve()
        await self._listen()  # not when the simulator stops, which cancels this


class _Session:
    """One client being served."""

    def __init__(
        self, simulator: DirectSimulator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._simulator = simulator
        self._machine = simulator.machine
        self._options = simulator.options
        self._clock = simulator.clock
        self._misbehave = simulator.levers.misbehave
        self._codec = Codec(simulator.wire_key)
        self._reader, self._writer = reader, writer
        self._requests: asyncio.Queue[ReadRequest | WriteRequest] = asyncio.Queue()
        self._polled = asyncio.Event()
        self._held_back = b""

    async def serve(self) -> None:
        """Serve until the client leaves."""
        workers = [
            asyncio.ensure_future(work) for work in (self._answer_all(), self._report(), self._stream())
        ]
        try:
            await self._receive()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _receive(self) -> None:
        while chunk := await self._reader.read(4096):
            for event in self._codec.receive(chunk):
                if isinstance(event, ReadRequest | WriteRequest):
                    self._simulator.received.append(event)
                    self._requests.put_nowait(event)

    async def _answer_all(self) -> None:
        """Answer in order, each when its time has come."""
        while True:
            request = await self._requests.get()
            reply = self._answer(request)
            if reply is not None:
                await self._clock.sleep(self._latency_s(request, reply))
                # what is read is read when it is answered, not when it was asked
                await self._send(self._answer(request) if isinstance(request, ReadRequest) else reply, True)
            if self._requests.empty():
                self._polled.set()

    def _latency_s(self, request: ReadRequest | WriteRequest, reply: Message) -> float:
        if self._options.reply_delay_s is not None:
            return self._options.reply_delay_s + self._misbehave.delay_s
        turnaround = _READ_TURNAROUND_S if isinstance(request, ReadRequest) else _WRITE_TURNAROUND_S
        return turnaround + len(message_text(reply)) * _CHARACTER_S + self._misbehave.delay_s

    def _answer(self, request: ReadRequest | WriteRequest) -> Message | None:
        self._simulator.catch_up()
        if isinstance(request, ReadRequest):
            return self._answer_read(request)
        return self._answer_write(request)

    def _answer_read(self, request: ReadRequest) -> Message | None:
        is_status = request.address == STATUS.address
        if is_status and self._misbehave.busy_reads and self._machine.busy:
            return Refusal("R", request.address)
        if request.length > _LONGEST_READ:
            return None
        data = self._machine.read(request.address, request.length)
        if data is not None:
            return ReadReply(request.address, data)
        return request if self._misbehave.echo_unknown else None

    def _answer_write(self, request: WriteRequest) -> Message | None:
        address, data = request.address, request.data
        if not self._machine.memory.holds(address, len(data)):
            return request if self._misbehave.echo_unknown else None
        if self._misbehave.refuse_writes or not self._machine.takes(address, len(data)):
            long_form = self._misbehave.refuse_writes == "long"
            return Refusal("W", address, len(data) if long_form else None)
        if self._misbehave.commit_after_s:
            self._simulator.late.add(
                self._clock.call_later(self._misbehave.commit_after_s, self._machine.write, address, data)
            )
        elif not self._misbehave.ignore_writes:
            self._machine.write(address, data)
        return WriteReply(address, len(data))

    async def _report(self) -> None:
        """Send what the machine says by itself, in its cycle."""
        if self._options.push == "nothing":
            return
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(_FIRST_REPORT_WITHIN_S):
                await self._polled.wait()
        while True:
            for pause_s, block in _CYCLE:
                await self._clock.sleep(pause_s)
                wanted = block is TEMPERATURES or self._options.push == "all"
                if block is not None and wanted:
                    reply = self._answer(ReadRequest(block.address, block.size))
                    await self._send(_without_seconds(reply) if block is CLOCK else reply)

    async def _stream(self) -> None:
        """Send telemetry while water flows and a moment longer."""
        while True:
            await self._clock.sleep(_STREAM_S)
            if not self._machine.streaming:
                self._simulator.wake.clear()
                await self._simulator.wake.wait()
            self._simulator.catch_up()
            if self._machine.streaming:
                await self._send(Stream(FLOW.address, self._machine.flow()))

    async def _send(self, message: Message | None, is_reply: bool = False) -> None:
        if message is None or self._misbehave.silent:
            return
        frame = (
            self._spoilt(self._codec.encode(message), message) if is_reply else self._codec.encode(message)
        )
        if self._misbehave.merge_s:
            self._held_back += frame
            if len(self._held_back) == len(frame):
                await self._clock.sleep(self._misbehave.merge_s)
                frame, self._held_back = self._held_back, b""
            else:
                return
        await self._write(frame)

    async def _write(self, frame: bytes) -> None:
        for piece in [bytes((byte,)) for byte in frame] if self._misbehave.split else [frame]:
            self._writer.write(piece)
            await self._writer.drain()
            if self._misbehave.split:
                await self._clock.sleep(_SPLIT_GAP_S)

    def _spoilt(self, frame: bytes, message: Message) -> bytes:
        """Return what is really sent for a reply."""
        faults = self._misbehave
        if faults.hang_up_in_reply:
            faults.hang_up_in_reply = False
            self._writer.write(frame[: len(frame) // 2])
            self._writer.close()
            return b""
        if faults.drop_replies:
            faults.drop_replies -= 1
            return b""
        if faults.corrupt_replies:
            faults.corrupt_replies -= 1
            text = message_text(message)
            return self._codec.seal(text[:-2] + b"%02X" % ((int(text[-2:], 16) + 1) & 0xFF))
        if faults.truncate_replies:
            faults.truncate_replies -= 1
            return frame[: len(frame) // 2]
        return frame


_SPLIT_GAP_S = 0.0005


def _without_seconds(reply: Message | None) -> Message | None:
    """Return a report of the clock as it is pushed: with a stale second (section 9.7)."""
    return ReadReply(reply.address, b"\0" + reply.data[1:]) if isinstance(reply, ReadReply) else reply
