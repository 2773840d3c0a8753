"""The bridge under people and networks that misbehave."""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator

import pytest

from homewire.appliance import Change, Origin
from homewire.bridge.health import health
from homewire.bridge.http.server import allow_many_files
from homewire.bridge.registry import Registry
from homewire.bridge.settings import HttpSettings
from homewire.errors import ConnectionLost
from homewire.link.supervisor import LinkState
from tests.bridge.brokers import eventually
from tests.bridge.conftest import Api, running_api
from tests.bridge.kitchen import KitchenConnection, Machine, entry

CLIENTS = 1000


def machine(name: str = "Kitchen") -> Machine:
    return KitchenConnection.made[name].machine


@pytest.fixture
async def open_api(registry: Registry) -> AsyncIterator[Api]:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    async with running_api(registry, HttpSettings(port=0, requests_per_second=1e6, burst=1_000_000)) as api:
        yield api


async def raw_client(api: Api) -> socket.socket:
    """Open a WebSocket that reads nothing by itself."""
    client = socket.create_connection(("127.0.0.1", api.output.port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    request = (
        f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{api.output.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await asyncio.get_running_loop().sock_sendall(client, request.encode())
    return client


def test_the_usual_limit_of_open_files_does_not_limit_clients() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        allow_many_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > CLIENTS
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.real_time
async def test_a_thousand_clients_hear_a_change(open_api: Api) -> None:
    log = open_api.parts.event_log
    clients = [await raw_client(open_api) for _ in range(CLIENTS)]
    try:
        await eventually(lambda: log.followers == CLIENTS, within_s=60)
        loop = asyncio.get_running_loop()
        machine().publish({"label": "everybody hears this"}, Origin.PUSH)
        async with asyncio.timeout(60):
            for client in clients:
                heard = b""
                while b"everybody hears this" not in heard:
                    heard += await loop.sock_recv(client, 65536)
    finally:
        for client in clients:
            client.close()
    await eventually(lambda: log.followers == 0, within_s=60)


@pytest.mark.real_time
async def test_a_client_that_does_not_read_holds_nobody_up(open_api: Api) -> None:
    asleep = await raw_client(open_api)
    await eventually(lambda: open_api.parts.event_log.followers == 1)
    url = open_api.output.address + "/api/v1/events"
    async with open_api.session.ws_connect(url) as awake:
        for _ in range(2):
            await awake.receive()
        for number in range(2000):
            machine().publish({"label": f"{number:020}", "temperature": float(number)}, Origin.PUSH)
            if number % 50 == 0:
                await asyncio.sleep(0)
        machine().publish({"label": "the end"}, Origin.PUSH)
        async with asyncio.timeout(30):
            while "the end" not in str((await awake.receive()).data):
                pass
    assert len(open_api.parts.event_log._events) <= 20_000
    asleep.close()


async def test_a_storm_of_commands_is_bounded_and_the_last_wish_wins(registry: Registry) -> None:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    kettle = machine()
    kettle.gate.clear()
    commands = [registry.commands.submit(kettle, "target", 85 + number % 30 / 2) for number in range(500)]
    await asyncio.sleep(0)
    kettle.gate.set()
    assert await registry.commands.finished(commands[-1], 5)
    assert kettle.state["target"] == commands[-1].value
    assert {command.stage.value for command in commands} <= {"confirmed", "superseded"}
    assert len(kettle.written) <= 2


async def test_an_appliance_that_flaps_is_told_as_it_is_and_leaves_nothing_behind(registry: Registry) -> None:
    await registry.apply([entry("Kitchen")])
    connection = KitchenConnection.made["Kitchen"]
    await connection.ready.wait()
    changes: list[Change] = []
    registry.subscribe_changes(changes.append)
    tasks = len(asyncio.all_tasks())
    for number in range(50):
        connection.lose(ConnectionLost(f"loss {number}"))
        await eventually(lambda: not connection.ready.is_set())
        await connection.ready.wait()
    online = [change.availability.online for change in changes if change.availability is not None]
    assert online == [False, True] * 50
    report = registry.links["Kitchen"].report()
    assert (report.state, report.reconnects) == (LinkState.ONLINE, 50)
    assert len(asyncio.all_tasks()) <= tasks + 1
    assert len(registry.appliances) == 1


async def test_a_clock_that_is_set_back_changes_no_interval(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    loop = asyncio.get_running_loop()
    await asyncio.sleep(10)
    monkeypatch.setattr(loop, "wall_time", lambda: time.time() - 86_400, raising=False)
    report = health(registry, {})
    assert report.uptime_s >= 10
    command = registry.commands.submit(machine(), "target", 95)
    assert await registry.commands.finished(command, 5)
    assert command.latency_s >= 0


async def test_two_hundred_connections_of_which_half_are_broken_start_side_by_side(
    registry: Registry,
) -> None:
    names = [f"Number {number}" for number in range(200)]
    for name in names[::2]:
        KitchenConnection.failure[name] = ConnectionLost("no answer")
    await registry.apply([entry(name) for name in names])
    for name in names[1::2]:
        await KitchenConnection.made[name].ready.wait()
    assert sum(link.report().state == "online" for link in registry.links.values()) == 100
    assert len(registry.appliances) == 100
