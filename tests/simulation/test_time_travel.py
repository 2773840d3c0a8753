from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import aiosqlite
import pytest

from homewire.clock import Clock
from homewire.simulation import time_travel
from homewire.simulation.time_travel import TimeTravelLoop


async def test_hours_pass_at_once_and_dates_follow() -> None:
    clock, began_real = Clock(), time.monotonic()
    began, began_at = clock.monotonic(), clock.now()
    await clock.sleep(86_400)
    assert clock.monotonic() - began == pytest.approx(86_400, abs=1)
    assert (clock.now() - began_at).total_seconds() == pytest.approx(86_400, abs=1)
    assert time.monotonic() - began_real < 60


async def test_timers_fire_in_their_order() -> None:
    fired: list[int] = []
    clock = Clock()
    for delay in (30, 10, 20):
        clock.call_later(delay, fired.append, delay)
    await clock.sleep(31)
    assert fired == [10, 20, 30]


async def test_what_was_sent_arrives_before_time_moves() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(1_000_000))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    clock = Clock()
    began = clock.monotonic()
    async with clock.timeout(3600):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(bytes(1_000_000))
        assert len(await reader.read(-1)) == 1_000_000
    assert clock.monotonic() - began < 60
    writer.close()
    server.close()


async def test_time_stands_still_while_a_thread_works() -> None:
    clock = Clock()
    async with clock.timeout(600):
        assert await asyncio.get_running_loop().run_in_executor(None, sum, [1, 2]) == 3


async def test_time_stands_still_for_the_thread_of_a_library() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, TimeTravelLoop)
    clock, done = Clock(), loop.create_future()
    began = clock.monotonic()
    hour = asyncio.ensure_future(clock.sleep(3600))
    working = threading.Timer(0.1, loop.call_soon_threadsafe, (done.set_result, None))
    working.start()
    with loop.stand_still():
        await done
    assert clock.monotonic() - began < 60
    await hour
    assert clock.monotonic() - began >= 3600


async def test_a_database_does_not_lose_time(tmp_path: Path) -> None:
    clock = Clock()
    hour = asyncio.ensure_future(clock.sleep(3600))
    async with aiosqlite.connect(tmp_path / "slow.db") as database:
        await database.create_function("wait", 0, lambda: time.sleep(0.1))
        await database.execute("select wait()")
    assert not hour.done()
    await hour


def test_a_loop_that_can_never_go_on_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_travel, "_DEADLOCK_S", 0.01)
    loop = TimeTravelLoop()
    waiting = loop.create_task(asyncio.Event().wait())
    with pytest.raises(RuntimeError, match="deadlock"):
        loop.run_until_complete(waiting)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(waiting)
    loop.close()


def test_without_grace_it_travels_faster_and_loopback_still_arrives() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()
        await writer.wait_closed()

    async def talk() -> bytes:
        async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            await asyncio.sleep(86_400)
            said = await reader.read()
            writer.close()
            await writer.wait_closed()
            return said

    with asyncio.Runner(loop_factory=lambda: TimeTravelLoop(grace_s=0.0)) as runner:
        assert runner.run(talk()) == b"hello"
