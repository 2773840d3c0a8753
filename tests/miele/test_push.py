"""Subscriptions, the little peer that appliances look up, and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.miele.conftest import ROUTE, ClientFor, Simulate

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, NotFound, ProtocolError
from homewire.miele.client import MieleClient
from homewire.miele.push import PEER_FAB_NUMBER, PushPeer, Subscriber, own_address
from homewire.miele.signing import Credentials, Padding
from homewire.miele.simulator import MieleSimulator
from homewire.miele.transport import Transport

KEYS = Credentials(group_id=b"\x01" * 8, group_key=bytes(range(1, 65)))
CALLBACK = f"/Devices/{PEER_FAB_NUMBER}/SuperVision/{ROUTE}/State/"

Told = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
async def peer(told: Told) -> AsyncIterator[PushPeer]:
    peer = PushPeer(KEYS, lambda *push: told.append(push), address="127.0.0.1")
    await peer.start()
    yield peer
    await peer.stop()


async def _subscribed(
    simulator: MieleSimulator, client: MieleClient, told: Told
) -> tuple[PushPeer, Subscriber]:
    peer = PushPeer(simulator.credentials, lambda *push: told.append(push), address="127.0.0.1")
    await peer.start()
    subscriber = Subscriber(client, ROUTE, peer, clock=Clock())
    assert await subscriber.subscribe()
    return peer, subscriber


@pytest.mark.parametrize("whole", [False, True])
async def test_an_appliance_tells_what_changes(
    simulate: Simulate, client_for: ClientFor, told: Told, whole: bool
) -> None:
    simulator = await simulate("oven")
    simulator.levers.full_resource = whole
    client = client_for(simulator)
    peer, subscriber = await _subscribed(simulator, client, told)
    await asyncio.sleep(6)
    assert {(route, name) for route, name, _ in told} == {(ROUTE, "State"), (ROUTE, "Ident")}
    told.clear()
    await client.write_state(ROUTE, {"Light": 1})
    await asyncio.sleep(1)
    assert (ROUTE, "State", {"Light": 1}) in told
    await subscriber.unsubscribe()
    assert not simulator.module.subscriptions
    await peer.stop()


async def test_lost_subscriptions_are_made_again(
    simulate: Simulate, client_for: ClientFor, told: Told
) -> None:
    simulator = await simulate()
    peer, subscriber = await _subscribed(simulator, client_for(simulator), told)
    simulator.module.subscriptions.pop(2)
    await subscriber.renew()
    assert len(simulator.module.subscriptions) == 3, "not due yet"
    await asyncio.sleep(601)
    await subscriber.renew()
    assert sorted(simulator.module.subscriptions) == [1, 3, 4, 5], "slot numbers are not reused"
    await peer.stop()


async def test_basic_modules_offer_no_push(simulate: Simulate, client_for: ClientFor, peer: PushPeer) -> None:
    simulator = await simulate("oven-xkm3100w")
    subscriber = Subscriber(client_for(simulator), ROUTE, peer, clock=Clock())
    assert not await subscriber.subscribe()
    await subscriber.renew()
    await subscriber.unsubscribe()
    assert not subscriber.active


async def test_unsubscribing_from_a_lost_module_gives_up_quietly(
    simulate: Simulate, client_for: ClientFor, told: Told
) -> None:
    simulator = await simulate()
    peer, subscriber = await _subscribed(simulator, client_for(simulator), told)
    await simulator.drop_wifi()
    await subscriber.unsubscribe()
    assert not subscriber.active
    await peer.stop()


async def test_the_peer_shows_itself_to_members_of_the_household(peer: PushPeer) -> None:
    transport = Transport(f"127.0.0.1:{peer.port}", KEYS)
    base = f"/Devices/{PEER_FAB_NUMBER}"
    for path in (
        "/Devices/",
        f"{base}/",
        f"{base}/Ident",
        f"{base}/State",
        f"{base}/SuperVision",
        f"{base}/SuperVision/{ROUTE}",
    ):
        assert (await transport.get(path)).body.startswith(b"{")
    with pytest.raises(NotFound):
        await transport.get("/Devices/000000000000/State")
    with pytest.raises(NotFound):
        await transport.get(f"{base}/Secrets")


async def test_strangers_are_refused(peer: PushPeer, told: Told) -> None:
    stranger = Transport(f"127.0.0.1:{peer.port}", Credentials(group_id=b"\x01" * 8, group_key=b"\x02" * 64))
    with pytest.raises(AuthenticationFailed):
        await stranger.send(
            "POST", CALLBACK, b'{"Resource":"/State/","Content":{"Status":5}}', Padding.TRAILING
        )
    nobody = Transport(f"127.0.0.1:{peer.port}", None)
    with pytest.raises(AuthenticationFailed):
        await nobody.get("/Devices/")
    assert (peer.refused, peer.received, told) == (2, 0, [])


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (CALLBACK, b"not json", ProtocolError),
        (CALLBACK, b'{"Resource":1,"Content":{}}', ProtocolError),
        (CALLBACK, b'{"Resource":"/State/"}', ProtocolError),
        ("/Devices/1/SuperVision/2/State/", b'{"Resource":"/State/","Content":{}}', NotFound),
    ],
)
async def test_malformed_pushes_are_refused(
    peer: PushPeer, told: Told, path: str, body: bytes, error: type[Exception]
) -> None:
    member = Transport(f"127.0.0.1:{peer.port}", KEYS)
    with pytest.raises(error):
        await member.send("POST", path, body, Padding.TRAILING)
    assert told == []


@pytest.mark.parametrize("host", ["127.0.0.1:80", "127.0.0.1", "localhost:8080", "no such host"])
async def test_our_own_address_is_found_without_sending(host: str) -> None:
    assert await own_address(host) == "127.0.0.1"
