"""The local client against a simulated machine: configuration, stream, locked key, and how streams end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from homewire.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    ProtocolError,
)
from homewire.lamarzocco.gateway.client import LaMarzoccoLocalClient
from homewire.lamarzocco.gateway.models import Configuration

Start = Callable[..., Awaitable[Any]]


async def test_reads_the_configuration(simulate: Start) -> None:
    clients = await simulate("Micra")
    local = clients.local()
    config = await local.get_configuration()
    assert isinstance(config, Configuration)
    assert config.machine_mode == "StandBy"
    assert (await local.get_config())["machineMode"] == "StandBy"


async def test_the_host_may_carry_the_port(simulate: Start) -> None:
    clients = await simulate("Micra")
    own = clients.simulator.machine
    host, port = clients.simulator.locals[own.serial].address
    async with LaMarzoccoLocalClient(f"{host}:{port}", own.key) as local:
        assert await local.get_config()


async def test_an_inactive_key_is_an_authentication_failure(simulate: Start) -> None:
    clients = await simulate("Micra")
    clients.simulator.machine.local_active = False
    for local in (clients.local(), clients.local(token="other")):
        with pytest.raises(AuthenticationFailed, match="local key"):
            await local.get_config()
        with pytest.raises(AuthenticationFailed, match="local key"):
            await local.websocket_connect()


async def test_validates_a_connection(simulate: Start) -> None:
    clients = await simulate("Micra")
    own = clients.simulator.machine
    host, port = clients.simulator.locals[own.serial].address
    assert await LaMarzoccoLocalClient.validate_connection(None, host, own.key, port)
    assert not await LaMarzoccoLocalClient.validate_connection(None, host, "wrong", port)


async def test_other_failures(simulate: Start) -> None:
    clients = await simulate("Micra")
    lever = clients.simulator.locals[clients.simulator.machine.serial].levers
    lever.status = 500
    with pytest.raises(ConnectionFailed, match="HTTP 500"):
        await clients.local().get_config()
    lever.status, lever.body = None, b"[]"
    with pytest.raises(ProtocolError):
        await clients.local().get_config()
    async with LaMarzoccoLocalClient("127.0.0.1:9", "key") as nowhere:
        with pytest.raises(ConnectionFailed, match="cannot be reached"):
            await nowhere.get_config()


async def test_streams_a_shot(simulate: Start) -> None:
    clients = await simulate("GS3 AV")
    machine, local = clients.simulator.machine, clients.local()
    machine.set_mode("BrewingMode")
    keys: list[str] = []

    async def follow() -> None:
        async for batch in local.stream():
            keys.extend(batch.values)
            assert batch.unknown == {}
            if "MachineStatistics" in batch.values:
                return

    watching = asyncio.create_task(follow())
    await clients.simulator.locals[machine.serial].watched.wait()
    machine.brew("B", duration_s=9)
    await watching
    assert keys[:2] == ["MachineConfiguration", "SystemInfo"]
    assert keys.index("BrewingStartedGroup1DoseIndex") < keys.index("BrewingUpdateGroup1Time")
    assert keys.count("BrewingUpdateGroup1Volume") in (9, 10)
    assert keys[-1] == "MachineStatistics"


async def test_a_machine_at_rest_keeps_its_stream_alive(simulate: Start) -> None:
    clients = await simulate("Micra")
    local = clients.local()
    messages: list[str | bytes] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(300):
            await local.websocket_connect(messages.append)
    assert len(messages) > 10
    assert json.loads(messages[-1]) == [{"KeepAlive": ""}]
    assert not local.connected


async def test_silence_is_a_fault(simulate: Start) -> None:
    clients = await simulate("Micra")
    clients.simulator.locals[clients.simulator.machine.serial].levers.mute = True
    with pytest.raises(ConnectionLost, match="said nothing for 40 s"):
        await clients.local().websocket_connect()


async def test_pings_are_answered_and_count_as_life(simulate: Start) -> None:
    clients = await simulate("Micra")
    server = clients.simulator.locals[clients.simulator.machine.serial]
    server.levers.only_pings = True
    local = clients.local()
    watching = asyncio.create_task(local.websocket_connect())
    await asyncio.sleep(120)
    assert local.connected
    await server.drop_streams()
    with pytest.raises(ConnectionLost, match="closed the stream"):
        await watching


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.0.0.7", ("10.0.0.7", 8081)),
        ("mr123456:81", ("mr123456", 81)),
        ("fe80::1", ("[fe80::1]", 8081)),
        ("[fe80::1]:81", ("[fe80::1]", 81)),
    ],
)
async def test_addresses_of_every_form(host: str, expected: tuple[str, int]) -> None:
    local = LaMarzoccoLocalClient(host, "key")
    assert (local.host, local.port) == expected


@pytest.mark.parametrize("host", ["", "10.0.0.7:http", "10.0.0.7:99999", "10.0.0.7/api", "[::1"])
async def test_what_is_no_address_is_a_configuration_error(host: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address"):
        LaMarzoccoLocalClient(host, "key")


async def test_a_closed_stream_is_a_lost_connection(simulate: Start) -> None:
    clients = await simulate("Micra")
    server = clients.simulator.locals[clients.simulator.machine.serial]
    local = clients.local()
    watching = asyncio.create_task(local.websocket_connect())
    await server.watched.wait()
    await server.drop_streams()
    with pytest.raises(ConnectionLost, match="closed the stream"):
        await watching


async def test_a_coroutine_may_listen_and_garbage_is_noted(simulate: Start) -> None:
    clients = await simulate("Micra")
    machine, local = clients.simulator.machine, clients.local()
    heard: list[str | bytes] = []

    async def listen(message: str | bytes) -> None:
        heard.append(message)
        if len(heard) == 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await local.websocket_connect(listen)
    stream = local.stream()
    await anext(stream)
    await anext(stream)
    machine.say("garbage")
    machine.say([{"WakeUp": "manual"}])
    assert (await anext(stream)).values == {"WakeUp": "manual"}
    assert local.unknowns.totals["message"] == 1
    await stream.aclose()
