from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from homewire.appliance import Origin
from homewire.bridge.events import EventLog
from homewire.bridge.registry import Registry
from tests.bridge.conftest import Api
from tests.bridge.kitchen import KitchenConnection, Machine, entry


def machine(name: str = "Kitchen") -> Machine:
    return KitchenConnection.made[name].machine


@pytest.fixture
async def log(registry: Registry) -> AsyncIterator[EventLog]:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    log = EventLog(registry, limit=10)
    log.start()
    yield log
    log.stop()


class Follower:
    def __init__(self, log: EventLog, resume: str | None = None, appliances: tuple[str, ...] = ()) -> None:
        self.stream = log.follow(resume, appliances)

    async def next(self) -> Any:
        return json.loads((await anext(self.stream)).text)

    async def types(self, count: int) -> list[str]:
        return [(await self.next())["type"] for _ in range(count)]


async def test_a_snapshot_then_numbered_changes(log: EventLog) -> None:
    follower = Follower(log)
    assert await follower.types(1) == ["hello"]
    snapshot = await follower.next()
    assert [one["id"] for one in snapshot["appliances"]] == ["test:kitchen"]
    assert snapshot["connections"][0]["name"] == "Kitchen"
    machine().publish({"temperature": 93.5, "wake_at": None}, Origin.PUSH)
    machine().shot(27.5)
    first, second = await follower.next(), await follower.next()
    assert first["values"] == {"temperature": 93.5}
    assert (first["type"], first["origin"], first["occurrences"]) == ("change", "push", [])
    assert second["occurrences"][0]["data"] == {"seconds": 27.5}
    numbers = [int(one["cursor"].rpartition("-")[2]) for one in (snapshot, first, second)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


async def test_commands_connections_and_appliances_are_told(log: EventLog, registry: Registry) -> None:
    follower = Follower(log)
    await follower.types(2)
    await machine().write("power", True)
    stages = [await follower.next() for _ in range(5)]
    assert [one.get("command", {}).get("stage") for one in stages] == [
        "queued",
        "sent",
        "accepted",
        None,
        "confirmed",
    ]
    machine().update_identity(firmware="2.0")
    told = await follower.next()
    assert (told["type"], told["appliance"]["identity"]["firmware"]) == ("appliance", "2.0")
    await registry.remove("Kitchen")
    types = []
    while "connection_removed" not in types:
        types += await follower.types(1)
    assert "appliance_removed" in types


async def test_a_client_goes_on_where_it_was(log: EventLog) -> None:
    follower = Follower(log)
    await follower.types(2)
    machine().publish({"temperature": 1.0}, Origin.PUSH)
    cursor = (await follower.next())["cursor"]
    machine().publish({"temperature": 2.0}, Origin.PUSH)
    again = Follower(log, resume=cursor)
    hello = await again.next()
    assert (hello["resumed"], hello["cursor"]) == (True, cursor)
    assert (await again.next())["values"] == {"temperature": 2.0}


async def test_a_greeting_alone_is_no_place_to_go_on_from(log: EventLog) -> None:
    """A client that is cut off before its snapshot knows nothing yet."""
    hello = await Follower(log).next()
    assert (hello["resumed"], hello["cursor"]) == (False, None)


@pytest.mark.parametrize(
    "cursor", ["other-3", "-1", "x", "{stream}-99999999", "{stream}--1", "{stream}-²", "9" * 50]
)
async def test_an_unknown_cursor_gives_a_new_snapshot(log: EventLog, cursor: str) -> None:
    follower = Follower(log, resume=cursor.format(stream=log.stream))
    assert (await follower.next())["resumed"] is False
    assert (await follower.next())["type"] == "snapshot"


async def test_a_cursor_that_left_the_ring_gives_a_new_snapshot(log: EventLog) -> None:
    cursor = f"{log.stream}-{log.seq}"
    for number in range(20):
        machine().publish({"temperature": float(number)}, Origin.PUSH)
    assert (await Follower(log, resume=cursor).next())["resumed"] is False


async def test_a_slow_client_gets_a_snapshot_in_place_of_what_it_missed(log: EventLog) -> None:
    follower = Follower(log)
    await follower.types(2)
    for number in range(50):
        machine().publish({"temperature": float(number)}, Origin.PUSH)
    told = await follower.next()
    assert told["type"] == "snapshot"
    assert told["appliances"][0]["state"]["temperature"] == 49.0
    machine().publish({"temperature": 50.0}, Origin.PUSH)
    assert (await follower.next())["values"] == {"temperature": 50.0}


async def test_only_wished_for_appliances(log: EventLog, registry: Registry) -> None:
    await registry.put(entry("Cellar"))
    await KitchenConnection.made["Cellar"].ready.wait()
    follower = Follower(log, appliances=("test:cellar",))
    await follower.types(1)
    assert [one["id"] for one in (await follower.next())["appliances"]] == ["test:cellar"]
    machine().publish({"temperature": 1.0}, Origin.PUSH)
    machine("Cellar").publish({"temperature": 2.0}, Origin.PUSH)
    assert (await follower.next())["appliance"] == "test:cellar"


async def test_in_a_storm_nothing_is_encoded_for_nobody_and_everybody_keeps_up(log: EventLog) -> None:
    followers = [Follower(log) for _ in range(50)]
    for follower in followers:
        await follower.types(2)
    for number in range(1000):
        machine().publish({"temperature": float(number)}, Origin.PUSH)
        if number % 100 == 0:
            await asyncio.sleep(0.05)
    for follower in followers:
        while True:
            told = await follower.next()
            state = told["appliances"][0]["state"] if told["type"] == "snapshot" else told["values"]
            if state["temperature"] == 999.0:
                break


async def test_stopping_ends_every_stream(log: EventLog) -> None:
    follower = Follower(log)
    await follower.types(2)
    waiting = asyncio.ensure_future(anext(follower.stream, None))
    await asyncio.sleep(0)
    log.stop()
    assert await waiting is None
    assert log.followers == 0


@pytest.mark.real_time
async def test_by_websocket(api: Api) -> None:
    url = api.output.address + "/api/v1/events"
    async with api.session.ws_connect(url) as socket:
        assert [(await socket.receive_json())["type"] for _ in range(2)] == ["hello", "snapshot"]
        machine().publish({"temperature": 93.5}, Origin.PUSH)
        told = await socket.receive_json()
        await socket.send_str("what is this?")
        await socket.close()
    async with api.session.ws_connect(f"{url}?resume={told['cursor']}&appliance=test:kitchen") as socket:
        assert (await socket.receive_json())["resumed"] is True
        await api.output.stop()
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


@pytest.mark.real_time
async def test_by_server_sent_events(api: Api) -> None:
    url = api.output.address + "/api/v1/events/stream"
    async with api.session.get(url) as answer:
        assert answer.content_type == "text/event-stream"
        lines = await lines_of(answer, 2)
        assert [line["event"] for line in lines] == ["hello", "snapshot"]
        assert ["id" in line for line in lines] == [False, True]
        machine().publish({"temperature": 93.5}, Origin.PUSH)
        [told] = await lines_of(answer, 1)
        assert json.loads(told["data"])["values"] == {"temperature": 93.5}
    machine().publish({"temperature": 94.5}, Origin.PUSH)
    async with api.session.get(url, headers={"Last-Event-ID": told["id"]}) as answer:
        hello, missed = await lines_of(answer, 2)
        assert json.loads(hello["data"])["resumed"] is True
        assert json.loads(missed["data"])["values"] == {"temperature": 94.5}


async def lines_of(answer: aiohttp.ClientResponse, count: int) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for _ in range(count):
        block = (await answer.content.readuntil(b"\n\n")).decode()
        found.append(dict(line.split(": ", 1) for line in block.splitlines() if line))
    return found
