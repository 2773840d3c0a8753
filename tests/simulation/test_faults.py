from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from homewire.simulation.faults import FaultProxy

StartProxy = Callable[[str, int], Awaitable[FaultProxy]]


@pytest.fixture
async def proxy(fault_proxy: StartProxy) -> AsyncIterator[FaultProxy]:
    """A proxy in front of a server that echoes."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1024):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    yield await fault_proxy("127.0.0.1", server.sockets[0].getsockname()[1])
    server.close()


DATA = b"0123456789"


async def _received(proxy: FaultProxy, data: bytes = DATA, within_s: float = 5) -> bytes:
    """Send the data and return what comes back until the end, a reset or the time limit."""
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    writer.write(data)
    heard = b""
    try:
        async with asyncio.timeout(within_s):
            while len(heard) < len(data) and (chunk := await reader.read(1024)):
                heard += chunk
    finally:
        writer.close()
    return heard


async def test_passes_bytes(proxy: FaultProxy) -> None:
    assert await _received(proxy) == DATA
    assert proxy.connections == 1


async def test_refuses_and_listens_again_on_the_same_port(proxy: FaultProxy) -> None:
    port = proxy.port
    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await _received(proxy)
    await proxy.start()
    assert proxy.port == port
    assert await _received(proxy) == DATA


async def test_hangs_up(proxy: FaultProxy) -> None:
    proxy.hang_up = True
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    assert await reader.read() == b""
    writer.close()


async def test_swallows(proxy: FaultProxy) -> None:
    proxy.down.black_hole = True
    with pytest.raises(TimeoutError):
        await _received(proxy)


async def test_truncates_and_resets(proxy: FaultProxy) -> None:
    proxy.down.truncate_after = 4
    assert await _received(proxy) == b"0123"
    proxy.heal()
    proxy.down.reset_after = 4
    with pytest.raises(ConnectionResetError):
        await _received(proxy)


async def test_resets_open_connections_now(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    writer.write(b"x")
    assert await reader.read(1) == b"x"
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()


async def test_splits_merges_duplicates_and_adds_garbage(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    proxy.down.split = 1
    writer.write(b"abc")
    assert [await reader.read(9) for _ in range(3)] == [b"a", b"b", b"c"]
    proxy.down.heal()
    proxy.down.merge = 6
    writer.write(b"abc")
    await asyncio.sleep(1)
    writer.write(b"def")
    assert await reader.read(9) == b"abcdef"
    proxy.heal()
    proxy.down.duplicate, proxy.down.garbage = True, b"??"
    writer.write(b"abc")
    assert await reader.readexactly(8) == b"??abcabc"
    writer.close()


async def test_corrupts_every_nth_byte(proxy: FaultProxy) -> None:
    proxy.down.corrupt_every = 5
    heard = await _received(proxy)
    assert [index for index in range(10) if heard[index] != DATA[index]] == [0, 5]


async def test_delays_and_slows(proxy: FaultProxy) -> None:
    loop = asyncio.get_running_loop()
    proxy.down.delay_s = 2
    began = loop.time()
    assert await _received(proxy) == DATA
    assert loop.time() - began == pytest.approx(2, abs=0.5)
    proxy.heal()
    proxy.down.rate, proxy.down.split = 5.0, 1
    began = loop.time()
    assert await _received(proxy) == DATA
    assert loop.time() - began == pytest.approx(1.8, abs=0.5)


async def test_leaves_no_task(proxy: FaultProxy) -> None:
    _reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    writer.write(b"x")
    await asyncio.sleep(0.1)
    await proxy.stop()
    writer.close()
    await asyncio.sleep(0.1)
    assert {t for t in asyncio.all_tasks() if "echo" not in repr(t)} == {asyncio.current_task()}
