"""A virtual adapter outlives every cancellation: tried at each turn of the event loop, not at random."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner

from homewire.simulation.bluetooth import Adapter, Air, Characteristic, Peripheral, Service

ADDRESS = "F0:00:00:00:00:AA"
TAIL = "7847-e12b-09a8-b04b-8e0922a9abab"
ENOUGH_TURNS = 2000
PATIENCE_S = 5.0
"""Scanning, connecting and writing take well under a second of virtual time; a wedged adapter takes 10 s."""


class Canceller:
    """Cancels work after a number of turns of the event loop; on demand once more in the turn after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop: Any = asyncio.get_running_loop()
        self._turn = 0
        self._due: set[int] = set()
        self._victim: asyncio.Task[Any] | None = None
        self._run_once = loop._run_once
        monkeypatch.setattr(loop, "_run_once", self._turned)

    async def cancelled(self, work: Awaitable[Any], after: int, *, twice: bool = False) -> bool:
        """Tell whether the cancellation came before the work was done."""
        self._victim = asyncio.ensure_future(work)
        self._due = {self._turn + after, self._turn + after + twice}
        with contextlib.suppress(asyncio.CancelledError):
            await self._victim
        return self._victim.cancelled()

    def _turned(self) -> None:
        self._run_once()
        self._turn += 1
        if self._turn in self._due and self._victim is not None:
            self._victim.cancel()


@pytest.fixture
async def canceller(monkeypatch: pytest.MonkeyPatch) -> Canceller:
    return Canceller(monkeypatch)


class Room:
    """A peripheral that takes writes, and a computer."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.air = Air()
        self.adapter = Adapter(self.air)
        service = Service(
            uuid=f"d30a{TAIL}",
            characteristics=[
                Characteristic(uuid=f"0a0b{TAIL}", read=lambda _handle: b"a" * 600, write=self._write),
                Characteristic(uuid=f"0b0b{TAIL}", read=lambda _handle: b"b" * 600),
            ],
        )
        self.peripheral = Peripheral(self.air, name="MICRA_MR000001", address=ADDRESS, services=[service])

    async def _write(self, _handle: int, value: bytes) -> None:
        self.written.append(value)

    async def scan(self) -> None:
        scanner = self.adapter.scanner_backend
        assert await BleakScanner.find_device_by_address(ADDRESS, timeout=PATIENCE_S, backend=scanner)

    def client(self) -> BleakClient:
        return BleakClient(ADDRESS, backend=self.adapter.client_backend)

    async def use(self) -> None:
        """Scan, connect, read, write, disconnect."""
        await self.scan()
        async with self.client() as client:
            assert await client.read_gatt_char(f"0a0b{TAIL}") == b"a" * 600
            await client.write_gatt_char(f"0a0b{TAIL}", b"written", response=True)

    async def works(self) -> bool:
        """Tell whether everything works at once, and nothing is left over."""
        if self.peripheral.connected:
            return False
        self.written.clear()
        async with asyncio.timeout(PATIENCE_S):
            await self.use()
        return self.written == [b"written"]


@contextlib.asynccontextmanager
async def room() -> AsyncIterator[Room]:
    made = Room()
    await made.peripheral.start()
    yield made
    await made.adapter.close()
    await made.peripheral.stop()
    await made.air.close()


async def every_moment(trial: Callable[[int], Awaitable[bool]]) -> int:
    """Try a cancellation after one turn, after two, and so on until it comes too late; return how many."""
    for turns in range(1, ENOUGH_TURNS):
        if not await trial(turns):
            return turns
    pytest.fail("it never comes to its end")


async def test_powering_on_and_scanning_are_cancelled(canceller: Canceller) -> None:
    async def trial(turns: int) -> bool:
        async with room() as world:
            cancelled = await canceller.cancelled(world.scan(), turns)
            assert await world.works(), f"turn {turns}"
            return cancelled

    assert await every_moment(trial) > 30


async def test_connecting_and_requests_are_cancelled_and_a_neighbour_does_not_notice(
    canceller: Canceller,
) -> None:
    async with room() as world:
        other = Peripheral(world.air, name="MINI_LM000002", address="F0:00:00:00:00:BB", services=[])
        await other.start()

        async def trial(turns: int) -> bool:
            cancelled = await canceller.cancelled(world.use(), turns, twice=True)
            assert neighbour.is_connected, f"turn {turns}"
            assert await world.works(), f"turn {turns}"
            return cancelled

        async with BleakClient(other.address, backend=world.adapter.client_backend) as neighbour:
            assert await every_moment(trial) > 100
        await other.stop()


async def test_a_cancelled_read_keeps_its_answer_from_the_next(canceller: Canceller) -> None:
    async with room() as world, world.client() as client:

        async def trial(turns: int) -> bool:
            cancelled = await canceller.cancelled(client.read_gatt_char(f"0a0b{TAIL}"), turns)
            assert await client.read_gatt_char(f"0b0b{TAIL}") == b"b" * 600, f"turn {turns}"
            return cancelled

        assert await every_moment(trial) > 3
