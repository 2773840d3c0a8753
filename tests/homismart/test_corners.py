"""The corners of confirmation, outbox, session and devices that no ordinary day reaches."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from yarl import URL

import homewire.homismart as package
from homewire.clock import Clock
from homewire.errors import CommandRejected, CommandTimeout, ConnectionLost, InvalidValue
from homewire.homismart import session as session_module
from homewire.homismart.client import HomismartClient
from homewire.homismart.codec import Direction, Frame, decode
from homewire.homismart.codes import ErrorCode
from homewire.homismart.confirmation import Book, Expectation, error_of
from homewire.homismart.devices import HomismartHub
from homewire.homismart.link import _checked_host as checked_host
from homewire.homismart.models import ServerError, read_report
from homewire.homismart.outbox import Order, Outbox
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.requests import Request
from homewire.homismart.session import HomismartSession
from homewire.homismart.simulator import HomismartSimulator
from homewire.homismart.simulator.flat import HUB_ID, device

LIGHT = "02510000000162"


def refusal(code: int, request: str | None = None) -> ServerError:
    return ServerError(code=ErrorCode(code), info=None, request=request)


def lit(value: object) -> bool:
    return value is True


def expecting(*ids: str) -> Expectation:
    return Expectation(RequestPrefix.DEVICE_CONTROL, wishes=dict.fromkeys(ids, ("power", lit)))


async def test_only_a_report_that_carries_the_key_confirms() -> None:
    book, wish = Book(), expecting("a", "b")
    book.take_records([{"id": "a", "power": True}])  # nothing is open
    book.add(wish)
    for record in ({"id": "a", "led": 1}, {"id": "c", "power": True}, {"id": "a", "power": False}):
        book.take_records([record])
    assert wish.waiting_for.keys() == {"a", "b"}
    book.take_records([{"id": "a", "power": True}, {"id": "b", "power": True}])
    assert wish.done.result() is None
    wish.settle(True)
    wish.fail(CommandRejected("too late"))
    assert wish.done.exception() is None


async def test_errors_wait_until_one_candidate_is_left() -> None:
    book, first, second, third = Book(), expecting("a"), expecting("b"), expecting("c")
    for expectation in (first, second, third):
        book.add(expectation)
    assert book.take_error(refusal(40))
    assert not any(e.done.done() for e in (first, second, third))
    book.take_records([{"id": "a", "power": True}])
    assert not second.done.done()
    book.close(third)  # gave up
    error = second.done.exception()
    assert isinstance(error, CommandRejected)
    assert error.reason_code == 40
    assert not book.take_error(refusal(40))  # all are over: nobody here caused it


async def test_an_error_that_names_another_request_still_blames_somebody() -> None:
    book, only = Book(), expecting("a")
    book.add(only)
    assert book.take_error(refusal(17, "0030"))
    assert only.done.exception() is not None


async def test_a_lost_link_forgets_errors() -> None:
    book, first, second = Book(), expecting("a"), expecting("b")
    book.add(first)
    book.add(second)
    book.take_error(refusal(40))
    book.fail_all(ConnectionLost("gone"))
    assert isinstance(first.done.exception(), ConnectionLost)
    assert isinstance(second.done.exception(), ConnectionLost)


def test_an_error_without_a_code_is_a_refusal() -> None:
    error = error_of(ServerError(code=None, info=None))
    assert isinstance(error, CommandRejected)
    assert error.reason_code is None
    assert "without a code" in str(error)


class Wire:
    """What an outbox writes to."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.asked = 0
        self.book = Book()
        self.broken = False

    async def transmit(self, request: Request) -> None:
        self.sent.append(request)

    async def ask_list(self) -> None:
        self.asked += 1
        if self.broken:
            raise ConnectionLost("gone")

    def outbox(self) -> Outbox:
        return Outbox(self.transmit, self.ask_list, self.book, clock=Clock(), timeout_s=10.0)


def order(device_id: str = "a", key: str = "power", **more: Any) -> Order:
    return Order(
        build=lambda: (RequestPrefix.DEVICE_CONTROL, {"id": device_id}),
        key=key,
        device_id=device_id,
        wishes={device_id: ("power", lit)},
        **more,
    )


async def test_a_timeout_tells_of_errors_that_could_not_be_tied() -> None:
    wire = Wire()
    wire.broken = True
    outbox = wire.outbox()
    waiting = [asyncio.ensure_future(outbox.perform(order(i))) for i in ("a", "b", "c")]
    await asyncio.sleep(1)
    wire.book.take_error(refusal(40))
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [CommandTimeout, CommandTimeout, CommandRejected]
    assert "no response from the device (code 40)" in str(results[0])
    assert wire.asked == 3


async def test_reports_of_a_moving_cover_put_the_limit_off_but_not_for_ever() -> None:
    wire = Wire()
    began = asyncio.get_running_loop().time()
    moving = asyncio.ensure_future(wire.outbox().perform(order()))
    while not moving.done():
        await asyncio.sleep(5)
        position = int(asyncio.get_running_loop().time())
        wire.book.take_records([{"id": "a", "power": position}])
    assert isinstance(moving.exception(), CommandTimeout)
    assert 170 < asyncio.get_running_loop().time() - began < 200


async def test_reports_that_show_no_change_do_not_put_the_limit_off() -> None:
    wire = Wire()
    began = asyncio.get_running_loop().time()
    moving = asyncio.ensure_future(wire.outbox().perform(order()))
    while not moving.done():
        await asyncio.sleep(2)
        wire.book.take_records([{"id": "a", "power": False}])
    assert isinstance(moving.exception(), CommandTimeout)
    assert asyncio.get_running_loop().time() - began < 15


async def test_different_sorts_of_one_device_keep_their_order() -> None:
    wire = Wire()
    outbox = wire.outbox()
    first = asyncio.ensure_future(outbox.perform(order(key="power")))
    second = asyncio.ensure_future(outbox.perform(order(key="led")))
    await asyncio.sleep(1)
    assert len(wire.sent) == 1
    wire.book.take_records([{"id": "a", "power": True}])
    await asyncio.sleep(1)
    assert len(wire.sent) == 2
    wire.book.take_records([{"id": "a", "power": True}])
    await asyncio.gather(first, second)


async def test_what_is_urgent_passes_a_burst_and_keeps_its_own_pace() -> None:
    wire = Wire()
    outbox = wire.outbox()
    burst = [asyncio.ensure_future(outbox.perform(order(f"light {n}"))) for n in range(50)]
    await asyncio.sleep(0.05)
    stops = [asyncio.ensure_future(outbox.perform(order(f"cover {n}", urgent=True))) for n in range(3)]
    await asyncio.sleep(8)
    went = [body["id"] for _, body in wire.sent if body]
    assert len(went) == 53
    assert [name for name in went if name.startswith("cover")] == ["cover 0", "cover 1", "cover 2"]
    assert went.index("cover 0") < went.index("cover 2") < 25
    wire.book.fail_all(ConnectionLost("gone"))
    await asyncio.gather(*burst, *stops, return_exceptions=True)


def test_sessions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_MOST_OBJECTS", 2)
    session = HomismartSession()
    for number in range(5):
        session.dispatch_message("0009", {"id": f"02{number}"})
    assert len(session.all_objects()) == 2
    assert session.unknowns.report() == [{"kind": "device", "value": "beyond the limit", "count": 3}]


def test_messages_can_be_handed_in_already_parsed() -> None:
    session = HomismartSession()
    session.dispatch_message("0009", [])
    session.dispatch_message("0003", {"result": True})
    session.dispatch_message("0223", {})
    session.dispatch_message("0045", [])
    assert [entry["kind"] for entry in session.unknowns.report()] == ["frame"]


async def test_failing_subscribers_harm_nobody(caplog: pytest.LogCaptureFixture) -> None:
    session = HomismartSession()

    def broken(_argument: object) -> None:
        message = "broken"
        raise RuntimeError(message)

    async def broken_later(_argument: object) -> None:
        broken(_argument)

    async def never(_argument: object) -> None:
        await asyncio.sleep(3600)

    unsubscribe = session.subscribe(broken)
    for listener in (broken, broken_later, never):
        session.register_event_listener("new_device_added", listener)
    session.dispatch_message("0009", {"id": LIGHT})
    await asyncio.sleep(1)
    await session.close()
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 3
    assert session.get_device_by_id(LIGHT) is not None
    unsubscribe()
    unsubscribe()


def test_sharing_ends_with_its_rights() -> None:
    session = HomismartSession()
    shared = device(LIGHT, "Lamp", 2, shared=True, permission={"a": 1}, allowedTime=[1], timers=True)
    session.dispatch_message("0009", shared)
    lamp = session.get_device_by_id(LIGHT)
    assert lamp is not None
    assert (lamp.permission, lamp.allowed_time, lamp.has_timers) == ({"a": 1}, [1], True)
    session.dispatch_message("0009", {"id": LIGHT, "name": "Still shared"})
    assert lamp.permission == {"a": 1}
    session.dispatch_message("0009", {"id": LIGHT, "shared": False, "allowedTime": []})
    assert (lamp.permission, lamp.allowed_time) == (None, [])
    session.dispatch_message("0009", {"id": LIGHT, "shared": False})
    assert "permission" not in lamp.raw


def test_devices_read_what_they_can() -> None:
    session = HomismartSession()
    session.dispatch_message("0009", device(LIGHT, "Lamp", 2, consumption=12.5))
    lamp = session.get_device_by_id(LIGHT)
    assert lamp is not None
    assert "Lamp" in repr(lamp)
    assert lamp.consumption == 12.5
    assert str(lamp.update_time) == "2025-12-31 23:00:00+00:00"
    session.dispatch_message("0009", {"id": LIGHT, "updateTime": 10**14 * 9, "version": "1.2", "type": None})
    assert lamp.update_time is None
    assert lamp.version == "1.2"
    assert lamp.device_type_enum is None
    session.dispatch_message("0009", {"id": "00SHORT", "name": "odd hub"})
    hub = session.get_hub_by_id("00SHORT")
    assert isinstance(hub, HomismartHub)
    assert hub.mac_address is None
    assert session.get_hub_by_id(LIGHT) is None
    assert session.get_device_by_id(HUB_ID) is None


def test_public_names_load_when_they_are_used() -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        package.Nonsense  # noqa: B018 - reading it is the test
    assert package.HomismartClient is HomismartClient


async def test_concurrent_deletions_are_answered_each_for_itself(cloud: HomismartSimulator) -> None:
    assert cloud.certificate is not None
    options = cloud.options
    client = HomismartClient(options.username, options.password, url=cloud.url, ssl=cloud.certificate.trust())
    cloud.levers.reply_delay_s = 1.0
    async with client:
        devices = client.session.get_all_devices()[:3]
        deleting = asyncio.gather(*(known.delete() for known in devices))
        await asyncio.sleep(0.5)
        cloud.broadcast("0045[]")
        cloud.broadcast('0013{"result":false}')
        await deleting
        assert len(client.session.get_all_devices()) == 6
        asking = [
            client.request(prefix) for prefix in (RequestPrefix.TIMER_LIST_ALL, RequestPrefix.USER_DETAILS)
        ]
        assert await asyncio.gather(*asking) == [[], {"result": True}]
        with pytest.raises(InvalidValue, match="a text"):
            await client.session.get_all_devices()[0].set_icon(None)  # type: ignore[arg-type]  # a careless caller
        cloud.broadcast("0113null")
        await client.send_command_raw(RequestPrefix.CLIENT_READY)
        client._take(
            read_report(decode('0013{"result":true,"status":{"id":"02519999000777"}}', Direction.TO_CLIENT))
        )
        assert client.session.get_device_by_id("02519999000777") is not None


def test_hosts_of_redirects_are_checked() -> None:
    assert checked_host("[2001:db8::1]") == "2001:db8::1"
    assert str(URL("wss://prod.example:443/x").with_host(checked_host("[::1]"))) == "wss://[::1]/x"
    assert checked_host("node-2.homismart.com.") == "node-2.homismart.com."


def test_frames_are_plain_data() -> None:
    frame = decode("0004", Direction.TO_SERVER)
    assert frame == Frame(prefix="0004", body={}, kind=RequestPrefix.LIST_DEVICES, unnested=True)
    assert json.dumps(frame.body) == "{}"
