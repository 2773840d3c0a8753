"""Subscriptions, the little peer that appliances look up, and what it refuses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.miele.conftest import ROUTE, ClientFor, Simulate

from homewire.clock import Clock
from homewire.discovery import browse
from homewire.errors import AuthenticationFailed, ConnectionFailed, HomewireError, NotFound, ProtocolError
from homewire.miele.client import MieleClient
from homewire.miele.discovery import SERVICE, announcement
from homewire.miele.peer import PEER_FAB_NUMBER, PushListener, PushPeer
from homewire.miele.push import Subscriber, own_address
from homewire.miele.serving import MAXIMUM_REQUEST_BYTES
from homewire.miele.signing import Credentials, HeadersToSign, Padding, http_date, pad, seal_request
from homewire.miele.simulator import MieleSimulator
from homewire.miele.transport import Transport
from homewire.simulation.faults import FaultProxy

KEYS = Credentials(group_id=b"\x01" * 8, group_key=bytes(range(1, 65)))
CALLBACK = f"/Devices/{PEER_FAB_NUMBER}/SuperVision/{ROUTE}/State/"

Told = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
async def peer(told: Told) -> AsyncIterator[PushPeer]:
    peer = PushPeer(KEYS, address="127.0.0.1")
    peer.listen(ROUTE, _tell(told))
    await peer.start()
    yield peer
    await peer.stop()


def _tell(told: Told) -> PushListener:
    return lambda *push: told.append(push)


async def _subscribed(
    simulator: MieleSimulator, client: MieleClient, told: Told
) -> tuple[PushPeer, Subscriber]:
    peer = PushPeer(simulator.credentials, address="127.0.0.1")
    peer.listen(ROUTE, _tell(told))
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


async def test_a_slot_that_leads_elsewhere_is_made_again(
    simulate: Simulate, client_for: ClientFor, told: Told
) -> None:
    simulator = await simulate()
    peer, subscriber = await _subscribed(simulator, client_for(simulator), told)
    subscriptions = simulator.module.subscriptions
    subscriptions[2] = msgspec.structs.replace(subscriptions[2], callback="Cloud")
    await asyncio.sleep(601)
    await subscriber.renew()
    assert subscriptions[2].callback == "Cloud", "somebody else's is left alone"
    assert sorted(subscriptions) == [1, 2, 3, 4, 5]
    await peer.stop()


async def test_a_module_that_keeps_its_subscriptions_to_itself_is_no_stranger(
    simulate: Simulate, client_for: ClientFor, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = await simulate()
    peer, subscriber = await _subscribed(simulator, client_for(simulator), told)
    monkeypatch.setattr(simulator.server, "_subscriptions", lambda *_: (403, b""))
    await asyncio.sleep(601)
    await subscriber.renew()
    assert subscriber.active, "403 is about subscriptions, not about our keys"
    await subscriber.unsubscribe()
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


async def _push(peer: PushPeer, content: dict[str, Any], *, port: int | None = None) -> None:
    body = msgspec.json.encode({"Resource": "/State/", "Content": content})
    member = Transport(f"127.0.0.1:{port or peer.port}", KEYS)
    await member.send("POST", CALLBACK, body, Padding.TRAILING)


async def test_a_push_in_many_pieces_is_one_push(
    peer: PushPeer, told: Told, fault_proxy: Callable[[str, int], Awaitable[FaultProxy]]
) -> None:
    proxy = await fault_proxy("127.0.0.1", peer.port)
    proxy.up.split = 7
    await _push(peer, {"Status": 5}, port=proxy.port)
    assert told == [(ROUTE, "State", {"Status": 5})]


async def test_a_push_that_is_too_large_is_refused(peer: PushPeer, told: Told) -> None:
    with pytest.raises(HomewireError):
        await _push(peer, {"Status": "x" * 2 * MAXIMUM_REQUEST_BYTES})
    assert told == []


async def test_a_push_of_the_past_is_refused(peer: PushPeer, told: Told) -> None:
    headers = HeadersToSign(date=http_date(Clock().now()))
    body = pad(b'{"Resource":"/State/","Content":{"Status":4}}', Padding.TRAILING)
    host = f"127.0.0.1:{peer.port}"
    recorded = seal_request(KEYS, "POST", host, CALLBACK, headers, body)

    async def play() -> int:
        values = {"Authorization": recorded.signature_header, "Date": headers.date}
        skipped = ("Content-Type", "Accept")
        async with aiohttp.request(
            "POST", f"http://{host}{CALLBACK}", data=recorded.body, headers=values, skip_auto_headers=skipped
        ) as response:
            return response.status

    assert await play() == 204
    await asyncio.sleep(2)
    await _push(peer, {"Status": 5})
    assert await play() == 403
    assert [content["Status"] for _, _, content in told] == [4, 5]
    peer.listen(ROUTE, _tell(told))  # the link was opened anew, as after a clock that was set back
    assert await play() == 204


async def test_appliances_of_a_household_share_one_peer(told: Told) -> None:
    here: dict[str, Any] = {"address": "127.0.0.1", "port": 0, "clock": Clock()}
    first, second = await asyncio.gather(PushPeer.join(KEYS, **here), PushPeer.join(KEYS, **here))
    stranger = await PushPeer.join(Credentials(group_id=b"\x01" * 8, group_key=b"\x02" * 64), **here)
    assert first is second is not stranger
    listeners = _tell(told), _tell(told)
    for listener in listeners:
        first.listen(ROUTE, listener)
    first.forget(ROUTE, listeners[0])
    await first.leave()
    await _push(second, {"Status": 5})
    assert len(told) == 1, "the other one still listens"
    first.forget(ROUTE, listeners[1])
    with pytest.raises(NotFound):
        await _push(second, {"Status": 5})
    await second.leave()
    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        await _push(second, {"Status": 5})
    again = await PushPeer.join(KEYS, **here)
    assert again is not first
    await again.leave()
    await stranger.leave()


@pytest.mark.real_time
async def test_the_peer_is_found_where_appliances_look_for_it(peer: PushPeer) -> None:
    await peer.announce("127.0.0.1")
    await peer.announce("127.0.0.1")
    async with contextlib.aclosing(browse(SERVICE, 10.0, interfaces=["127.0.0.1"])) as services:
        ours = await anext(each async for each in services if each.port == peer.port)
    record = announcement(ours)
    assert (record.group, record.pairing, record.device_type) == (KEYS.id_text, False, 2147483647)
    assert ours.addresses == ("127.0.0.1",)


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
        (CALLBACK.replace(ROUTE, "9"), b'{"Resource":"/State/","Content":{}}', NotFound),
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
