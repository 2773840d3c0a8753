"""The client's link: logging in, heartbeats, losses, coming back, and many who connect at once."""

from __future__ import annotations

import asyncio

import pytest
from tests.homismart.flat import LIGHT, Maker, found, sent

from homewire.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
)
from homewire.homismart.client import HomismartClient, TermsNotAccepted
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.simulator import HomismartSimulator, Refusal
from homewire.homismart.simulator.flat import HUB_ID


async def test_a_listener_survives_the_loss_that_it_hears_of(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    heard: list[str] = []

    async def slowly(error: ConnectionLost) -> None:
        await asyncio.sleep(20)
        heard.append(str(error))

    client.session.register_event_listener("connection_lost", slowly)
    cloud.drop_all()
    await asyncio.sleep(30)
    assert len(heard) == 1
    assert client.is_logged_in


@pytest.mark.parametrize("refusal", [r for r in Refusal if r is not Refusal.SILENCE])
async def test_a_refused_login_surfaces_at_once(
    cloud: HomismartSimulator, new_client: Maker, refusal: Refusal
) -> None:
    cloud.levers.refusal = refusal
    client = new_client(password="wrong")
    began = asyncio.get_running_loop().time()
    with pytest.raises(AuthenticationFailed, match="wrong user name or password"):
        await client.connect()
    assert asyncio.get_running_loop().time() - began < 1
    assert not client.is_connected
    assert cloud.upgrades == 1


async def test_a_login_that_is_never_answered(cloud: HomismartSimulator, new_client: Maker) -> None:
    cloud.levers.refusal = Refusal.SILENCE
    with pytest.raises(ConnectionFailed, match="does not answer the login"):
        await new_client(password="wrong").connect()


async def test_other_errors_during_the_login(cloud: HomismartSimulator, new_client: Maker) -> None:
    client = new_client(password="wrong")
    cloud.levers.refusal = Refusal.SILENCE
    connecting = asyncio.ensure_future(client.connect())
    await asyncio.sleep(1)
    cloud.broadcast('9999{"code":1,"info":"?"}')
    with pytest.raises(ConnectionFailed, match="general failure"):
        await connecting
    connecting = asyncio.ensure_future(client.connect())
    await asyncio.sleep(1)
    cloud.close_all(1001)
    with pytest.raises(ConnectionFailed, match="during the login"):
        await connecting


async def test_terms_are_accepted_only_when_the_owner_said_so(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    cloud.account.terms_pending = True
    with pytest.raises(TermsNotAccepted, match="accept_terms"):
        await new_client().connect()
    assert cloud.account.terms_pending
    client = new_client(accept_terms=True)
    await client.connect()
    assert cloud.accounts[client.username].terms_pending is False
    prefixes = [frame.prefix for frame in cloud.received()][-3:]
    assert prefixes == ["0002", "0222", "0004"]


async def test_heartbeats_keep_the_documented_rhythm(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.heartbeat_reply = True
    await asyncio.sleep(100)
    beats = [entry.at for entry in cloud.journal if entry.text == "0072{}"]
    assert len(beats) == 3
    assert 29 < (beats[1] - beats[0]).total_seconds() < 31
    assert client.is_logged_in


async def test_after_a_drop_the_client_comes_back_by_itself(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    lost: list[ConnectionLost] = []
    client.session.register_event_listener("connection_lost", lost.append)
    cloud.drop_all()
    cloud.account.objects[LIGHT]["power"] = True
    await asyncio.sleep(5)
    assert len(lost) == 1
    assert client.is_logged_in
    assert found(client, LIGHT).is_on is True
    await found(client, LIGHT).turn_off()


async def test_a_command_in_flight_fails_with_the_link(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.push_delay_s = 5.0
    switching = asyncio.ensure_future(found(client, LIGHT).turn_on())
    await asyncio.sleep(1)
    cloud.drop_all()
    with pytest.raises(ConnectionLost):
        await switching
    await client.disconnect()
    with pytest.raises(ConnectionLost):
        await found(client, LIGHT).turn_on()


async def test_a_wrong_password_is_not_tried_again(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.account.digest = "0" * 32
    cloud.drop_all()
    await asyncio.sleep(3600)
    assert cloud.upgrades == 2
    assert not client.is_connected
    with pytest.raises(AuthenticationFailed):
        await client.connect()  # it is parked, not connected: asking again says why


async def test_connect_again_after_disconnect_and_twice(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    await client.connect()
    assert cloud.upgrades == 1
    await client.disconnect()
    await client.disconnect()
    assert not client.is_connected
    assert client.session.get_device_by_id(LIGHT) is not None
    async with client:
        assert client.is_logged_in


async def test_a_cancelled_connect_leaves_nothing(cloud: HomismartSimulator, new_client: Maker) -> None:
    cloud.levers.reply_delay_s = 5.0
    client = new_client()
    connecting = asyncio.ensure_future(client.connect())
    await asyncio.sleep(1)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    await asyncio.sleep(0.1)
    assert not client.is_connected
    assert cloud.connections == []
    with pytest.raises(ConnectionFailed, match="not ready within 2 s"):
        await client.connect(timeout=2)
    cloud.levers.reply_delay_s = 0.0
    await client.connect()
    assert client.is_logged_in


async def test_calls_of_connect_at_the_same_time_share_one_attempt(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    cloud.levers.reply_delay_s = 1.0
    client = new_client()
    await asyncio.gather(*(client.connect() for _ in range(3)))
    assert client.is_logged_in
    assert cloud.upgrades == 1


async def test_disconnecting_ends_a_connect_under_way(cloud: HomismartSimulator, new_client: Maker) -> None:
    cloud.levers.reply_delay_s = 5.0
    client = new_client()
    connecting = asyncio.ensure_future(client.connect())
    await asyncio.sleep(1)
    await client.disconnect()
    with pytest.raises(ConnectionFailed, match="closed before it was open"):
        await connecting
    assert not client.is_connected


async def test_a_refused_list_is_a_failed_connect(cloud: HomismartSimulator, new_client: Maker) -> None:
    cloud.levers.reply_delay_s = 1.0
    connecting = asyncio.ensure_future(new_client().connect())
    await asyncio.sleep(1.5)
    cloud.broadcast('9999{"code":1,"info":"?"}')
    with pytest.raises(ConnectionFailed, match="sends no device list: the cloud refused: general failure"):
        await connecting


async def test_an_error_while_the_list_is_read_again_is_no_loss(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.reply_delay_s = 10.0
    for code in (7, 96):
        await asyncio.sleep(600 if code == 7 else 610)
        cloud.broadcast(f'9999{{"code":{code},"info":"whose?"}}')
    await asyncio.sleep(60)
    assert client.is_logged_in
    assert cloud.upgrades == 1


async def test_a_list_that_needs_a_new_login_gets_one(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.reply_delay_s = 10.0
    await asyncio.sleep(605)
    cloud.broadcast('9999{"code":2,"info":"log in"}')
    cloud.levers.reply_delay_s = 0.0
    await asyncio.sleep(10)
    assert cloud.upgrades == 2
    assert client.is_logged_in


async def test_the_news_of_a_hub_let_the_list_be_read(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.hub_status = True
    light = found(client, LIGHT)
    await asyncio.sleep(40)
    cloud.levers.lost_pushes = 9  # nothing but 0049 comes, of the hub and the eight devices behind it
    cloud.set_online(HUB_ID, False)
    await asyncio.sleep(2)
    assert light.is_online is False
    lists = len(sent(cloud, RequestPrefix.LIST_DEVICES))
    cloud.levers.heartbeat_reply = True  # the same again with every heartbeat
    await asyncio.sleep(300)
    assert len(sent(cloud, RequestPrefix.LIST_DEVICES)) == lists
    for number in range(100):
        cloud.broadcast(f'0049{{"mac":{number}}}')
        await asyncio.sleep(1)
    assert len(sent(cloud, RequestPrefix.LIST_DEVICES)) <= lists + 5
