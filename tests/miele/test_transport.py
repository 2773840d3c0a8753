"""One request at a time, answers that prove themselves, and modules that misbehave."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from tests.miele.conftest import ROUTE, Answering, ClientFor, Simulate

from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConnectionFailed,
    ConnectionLost,
    NotFound,
    NotSupported,
    ProtocolError,
)
from homewire.miele.client import MieleClient
from homewire.miele.refusals import NotNow, refusal
from homewire.miele.signing import Credentials, SignatureError
from homewire.miele.simulator import Forgery
from homewire.miele.transport import RequestTimeout, Transport

STATE = f"/Devices/{ROUTE}/State"
IDENT = f"/Devices/{ROUTE}/Ident"


async def test_requests_to_one_module_never_overlap(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(latency_s=1.0)
    client = client_for(simulator)
    await asyncio.gather(
        *(client.get_resource(f"{STATE}/{field}") for field in ("Status", "Light", "StartTime"))
    )
    assert [status for _, _, status in simulator.server.log] == [200, 200, 200], "a second one would get 503"


async def test_equal_reads_at_the_same_time_are_one_request(
    simulate: Simulate, client_for: ClientFor
) -> None:
    simulator = await simulate(latency_s=1.0)
    client = client_for(simulator)
    states = await asyncio.gather(*(client.get_device_state(ROUTE) for _ in range(20)))
    assert len(simulator.server.log) == 1
    assert len({id(state) for state in states}) == 20


async def test_a_read_after_a_write_sees_its_effect(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven", latency_s=1.0)
    client = client_for(simulator)
    before = asyncio.create_task(client.get_device_state(ROUTE))
    await asyncio.sleep(0.1)
    write = asyncio.create_task(client.write_state(ROUTE, {"Light": 1}))
    await asyncio.sleep(0.1)
    after = asyncio.create_task(client.get_device_state(ROUTE))
    await write
    assert ((await before).light, (await after).light) == (2, 1)


async def test_a_cancelled_reader_does_not_cancel_the_others(
    simulate: Simulate, client_for: ClientFor
) -> None:
    simulator = await simulate(latency_s=1.0)
    client = client_for(simulator)
    first, second = (asyncio.create_task(client.get_device_state(ROUTE)) for _ in range(2))
    await asyncio.sleep(0.5)
    first.cancel()
    assert (await second).status == 4
    third = asyncio.create_task(client.get_device_state(ROUTE))
    await asyncio.sleep(0.5)
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)
    assert (await client.get_device_state(ROUTE)).status == 4


async def test_a_busy_module_is_asked_again_later(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    simulator.levers.busy = 2
    began = asyncio.get_running_loop().time()
    await client.get_device_state(ROUTE)
    assert asyncio.get_running_loop().time() - began == pytest.approx(6, abs=0.5)
    simulator.levers.busy = 99
    with pytest.raises(ConnectionFailed, match="stays busy"):
        await client.get_device_state(ROUTE)


async def test_a_write_without_answer_is_not_sent_again(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven")
    client = client_for(simulator)
    simulator.levers.resets = 1
    with pytest.raises(ConnectionFailed):
        await client.write_state(ROUTE, {"Light": 1})
    assert client.transport.requests == 1
    assert simulator.appliance.light == 2


async def test_a_silent_module_is_given_up_in_time(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    simulator.levers.hangs = 1
    with pytest.raises(RequestTimeout, match="no answer within 10 s"):
        await client.get_device_state(ROUTE)


async def test_after_five_failures_the_module_is_left_alone(
    simulate: Simulate, client_for: ClientFor
) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    simulator.levers.resets = 5
    for _ in range(5):
        with pytest.raises(ConnectionFailed):
            await client.get_device_state(ROUTE)
    with pytest.raises(ConnectionFailed, match="left alone"):
        await client.get_device_state(ROUTE)
    assert client.transport.requests == 5
    await asyncio.sleep(121)
    assert (await client.get_device_state(ROUTE)).status == 4


@pytest.mark.parametrize("forgery", [f for f in Forgery if f not in (Forgery.REPLAYED, Forgery.NO_JSON)])
async def test_a_forged_answer_is_an_error(
    simulate: Simulate, client_for: ClientFor, forgery: Forgery
) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    simulator.levers.forgeries = [forgery]
    with pytest.raises(SignatureError):
        await client.get_device_state(ROUTE)
    assert (await client.get_device_state(ROUTE)).status == 4


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
@pytest.mark.parametrize("body", [b'{"Status":5}', b""])
async def test_no_status_makes_an_unsigned_answer_data(
    answering: Answering, status: str, body: bytes
) -> None:
    body = b"" if status.startswith("204") else body
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    host = await answering(head.encode() + body)
    with pytest.raises(SignatureError, match="not signed") as caught:
        await MieleClient.from_hex(host, "11" * 8, "22" * 64).get_device_state(ROUTE)
    assert (caught.value.appliance, caught.value.path) == (host, STATE)


async def test_a_replayed_answer_is_noticed(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    await client.get_device_state(ROUTE)
    await asyncio.sleep(60)
    await client.get_device_state(ROUTE)
    simulator.levers.forgeries = [Forgery.REPLAYED]
    with pytest.raises(SignatureError, match="replayed"):
        await client.get_device_state(ROUTE)


async def test_a_signed_answer_that_is_no_json(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    simulator.levers.forgeries = [Forgery.NO_JSON]
    with pytest.raises(ProtocolError, match="not JSON") as caught:
        await client.get_device_state(ROUTE)
    assert (caught.value.appliance, caught.value.path) == (simulator.host, STATE)


async def test_strangers_learn_nothing(simulate: Simulate) -> None:
    simulator = await simulate()
    stranger = MieleClient.from_hex(simulator.host, "11" * 8, "22" * 64)
    with pytest.raises(AuthenticationFailed, match="refuses our signature"):
        await stranger.get_devices()
    unsigned = Transport(simulator.host, None)
    with pytest.raises(AuthenticationFailed, match="not paired with these keys"):
        await unsigned.get("/Devices/")
    simulator.server.hides = False
    with pytest.raises(AuthenticationFailed, match="wants a signed request"):
        await unsigned.get("/Devices/")


async def test_the_callers_own_session_is_used_and_left_open(
    simulate: Simulate, client_for: ClientFor
) -> None:
    simulator = await simulate()
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        client = client_for(simulator, session=session)
        await client.get_device_state(ROUTE)
        with pytest.raises(NotFound):
            await client.get_resource("/Nothing")
        await client.close()
        assert not session.closed


async def test_a_body_without_end_is_cut_off(answering: Answering) -> None:
    host = await answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", endless=True)
    with pytest.raises(ProtocolError, match="more than 1048576 bytes"):
        await Transport(host, None).get("/Devices")


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b""]
)
async def test_what_is_no_http_is_a_lost_connection(answering: Answering, answer: bytes) -> None:
    keys = Credentials(group_id=b"\x11" * 8, group_key=b"\x22" * 64)
    with pytest.raises(ConnectionLost) as caught:
        await Transport(await answering(answer), keys).get("/Devices")
    assert "MieleH256" not in str(caught.value), "our request is nobody's business"


@pytest.mark.parametrize(
    ("status", "method", "trusted", "error"),
    [
        (400, "PUT", True, CommandRejected),
        (400, "GET", True, ProtocolError),
        (401, "GET", False, AuthenticationFailed),
        (403, "PUT", True, CommandRejected),
        (403, "PUT", False, AuthenticationFailed),
        (403, "GET", True, AuthenticationFailed),
        (404, "GET", True, NotFound),
        (405, "POST", True, NotSupported),
        (500, "GET", True, NotNow),
        (501, "GET", True, NotSupported),
        (302, "GET", True, ProtocolError),
    ],
)
def test_each_status_has_its_meaning(status: int, method: str, trusted: bool, error: type[Exception]) -> None:
    found = refusal("host", method, "/x", status, "device not available", trusted=trusted)
    assert type(found) is error
    assert "device not available" in str(found)
    if isinstance(found, CommandRejected):
        assert found.reason_code == status
