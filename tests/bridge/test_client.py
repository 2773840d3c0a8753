from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from homewire.appliance import Change, Origin
from homewire.bridge.client import BridgeClient, connect
from homewire.bridge.registry import Registry
from homewire.errors import ConnectionLost, ProtocolError
from tests.bridge.brokers import eventually
from tests.bridge.conftest import running_api
from tests.bridge.kitchen import MOMENT, KitchenConnection, entry

pytestmark = pytest.mark.real_time


async def test_what_a_command_changed_is_shown_when_it_returns(registry: Registry, tmp_path: Path) -> None:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    path = tmp_path / "bridge.sock"
    async with running_api(registry, path=path), connect(path) as client:
        [appliance] = client.appliances
        for on in (False, True) * 20:
            told = await client.command(appliance, "power", on)
            assert told["stage"] == "confirmed"
            assert client.appliances[appliance].state["power"] is on


async def kitchen(registry: Registry) -> KitchenConnection:
    await registry.apply([entry("Kitchen")])
    connection = KitchenConnection.made["Kitchen"]
    await connection.ready.wait()
    return connection


async def test_an_event_arrives_with_its_moment_and_its_data(registry: Registry, tmp_path: Path) -> None:
    connection = await kitchen(registry)
    path, heard = tmp_path / "bridge.sock", asyncio.Queue[Change]()
    async with running_api(registry, path=path), connect(path) as client:
        client.subscribe(heard.put_nowait)
        connection.machine.shot(27.5)
        [shot] = (await heard.get()).occurrences
        assert (shot.key, shot.type, shot.data) == ("shot", "done", {"seconds": 27.5})
        assert shot.at == MOMENT
        connection.machine.publish({"temperature": 94.0}, Origin.PUSH)
        assert (await heard.get()).values == {"temperature": 94.0}


async def watch(path: Path, meanwhile: Callable[[], object]) -> None:
    async with connect(path):
        meanwhile()
        await asyncio.get_running_loop().create_future()


async def test_who_watches_is_told_when_the_bridge_stops(registry: Registry, tmp_path: Path) -> None:
    await kitchen(registry)
    path = tmp_path / "bridge.sock"
    async with running_api(registry, path=path) as api:
        with pytest.raises(ConnectionLost, match="the bridge was stopped"):
            await watch(path, lambda: asyncio.ensure_future(api.output.stop()))


async def test_who_watches_is_told_when_the_bridge_is_not_understood(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = (await kitchen(registry)).machine
    path, take = tmp_path / "bridge.sock", BridgeClient._take

    def newer(self: BridgeClient, message: Mapping[str, Any]) -> None:
        take(self, {**message, "origin": "telepathy"} if message["type"] == "change" else message)

    monkeypatch.setattr(BridgeClient, "_take", newer)
    async with running_api(registry, path=path):
        with pytest.raises(ProtocolError, match="telepathy"):
            await watch(path, lambda: machine.publish({"temperature": 94.0}, Origin.PUSH))


async def test_an_error_of_the_body_stays_what_it_is(registry: Registry, tmp_path: Path) -> None:
    def late() -> None:
        raise TimeoutError

    await kitchen(registry)
    path = tmp_path / "bridge.sock"
    async with running_api(registry, path=path):
        with pytest.raises(TimeoutError):
            await watch(path, late)


async def test_a_bridge_that_is_started_again_is_found_again(registry: Registry, tmp_path: Path) -> None:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    machine = KitchenConnection.made["Kitchen"].machine
    path = tmp_path / "bridge.sock"
    changes: list[Change] = []
    async with contextlib.AsyncExitStack() as stack:
        async with running_api(registry, path=path):
            client = await stack.enter_async_context(connect(path, keep_trying=True))
            client.subscribe(changes.append)
        await eventually(lambda: len(changes) == 1)
        assert changes[0].availability is not None
        assert (changes[0].availability.online, changes[0].availability.reason) == (
            False,
            "the bridge was stopped",
        )
        machine.publish({"temperature": 12.5}, Origin.PUSH)
        async with running_api(registry, path=path):
            await eventually(lambda: len(changes) == 2)
            assert changes[1].availability is not None
            assert changes[1].availability.online
            assert changes[1].values == {"temperature": 12.5}
            told = await client.command("test:kitchen", "power", True)
            assert told["stage"] == "confirmed"
            assert client.appliances["test:kitchen"].state["power"] is True
