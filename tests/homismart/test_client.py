"""The client against the simulated cloud, over TLS: every kind of device, every end of a command."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from homewire.commands import Allowance
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandSuperseded,
    CommandTimeout,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    HomewireError,
    InvalidValue,
    NotSupported,
    RemoteControlDisabled,
)
from homewire.homismart.client import HomismartClient, TermsNotAccepted
from homewire.homismart.codes import Group
from homewire.homismart.devices import (
    CurtainDevice,
    HomismartDevice,
    HomismartHub,
    LockDevice,
    SwitchableDevice,
)
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.simulator import HomismartSimulator, Refusal
from homewire.homismart.simulator.flat import HUB_ID, SECOND_HUB_ID, device

LIGHT = "02510000000162"
SHUTTER = "04510000000401"
CURTAIN = "05510000000501"
DOOR = "09510000000901"
Maker = Callable[..., HomismartClient]


def found(client: HomismartClient, device_id: str) -> Any:
    known = client.session.get_device_by_id(device_id)
    assert known is not None
    return known


def note(told: list[tuple[str, Any]], event: str, argument: Any) -> None:
    told.append((event, argument))


def sent(cloud: HomismartSimulator, prefix: RequestPrefix) -> list[Any]:
    return [frame.body for frame in cloud.received() if frame.kind is prefix]


async def test_connect_signs_in_and_reads_everything(client: HomismartClient) -> None:
    assert client.is_connected
    assert client.is_logged_in
    kinds = {d.id: type(d) for d in client.session.get_all_devices()}
    assert len(kinds) == 9
    assert kinds[LIGHT] is SwitchableDevice
    assert kinds[SHUTTER] is kinds[CURTAIN] is CurtainDevice
    assert kinds[DOOR] is LockDevice
    hub = client.session.get_hub_by_id(HUB_ID)
    assert isinstance(hub, HomismartHub)
    assert hub.mac_address == "7C:C7:09:1A:2B:3C"
    assert len(hub.devices) == 8
    assert found(client, LIGHT).hub is hub


async def test_events_are_those_of_the_replaced_library(cloud: HomismartSimulator, new_client: Maker) -> None:
    client = new_client()
    told: list[tuple[str, Any]] = []
    for event in ("session_authenticated", "new_hub_added", "new_device_added", "device_updated"):
        client.session.register_event_listener(event, functools.partial(note, told, event))
    await client.connect()
    assert told[0] == ("session_authenticated", cloud.options.username)
    assert [event for event, _ in told].count("new_device_added") == 9
    assert [event for event, _ in told].count("new_hub_added") == 2
    told.clear()
    cloud.press_wall_button(LIGHT)
    await asyncio.sleep(1)
    assert told == [("device_updated", found(client, LIGHT))]
    cloud.account.report(LIGHT, frozenset())  # an unchanged push makes no noise
    await asyncio.sleep(1)
    assert len(told) == 1


async def test_a_coroutine_listener_is_run_and_a_failing_one_harms_nobody(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    seen: list[str] = []

    async def slow(changed: HomismartDevice) -> None:
        await asyncio.sleep(1)
        seen.append(changed.id)

    def failing(_changed: HomismartDevice) -> None:
        message = "the listener is broken"
        raise RuntimeError(message)

    for listener in (failing, slow):
        client.session.register_event_listener("device_updated", listener)
    cloud.press_wall_button(LIGHT)
    await asyncio.sleep(2)
    assert seen == [LIGHT]
    client.session.unregister_event_listener("device_updated", slow)
    client.session.unregister_event_listener("device_updated", slow)
    cloud.press_wall_button(LIGHT)
    await asyncio.sleep(2)
    assert seen == [LIGHT]


def test_an_unknown_event_is_refused() -> None:
    client = HomismartClient("dana@example.com", "x")
    with pytest.raises(ValueError, match="device_updated"):
        client.session.register_event_listener("device_update", print)


async def test_switching_returns_when_the_device_reported(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    light = found(client, LIGHT)
    for device_id in (LIGHT, "01517A0000A001", "06510000000601", "07510000000701", "08510000000801"):
        switch = found(client, device_id)
        await switch.turn_on()
        assert switch.is_on is True
        assert cloud.account.objects[device_id]["power"] is True
    assert light.last_on is not None
    assert abs(light.last_on - dt.datetime.now(dt.UTC)) < dt.timedelta(days=1)
    await light.toggle()
    assert light.is_on is False
    await light.turn_off()
    assert len(sent(cloud, RequestPrefix.DEVICE_CONTROL)) == 7


async def test_a_stale_state_never_suppresses_a_command(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.lost_pushes = 1
    cloud.press_wall_button(LIGHT)  # nobody hears of it: the client still believes off
    light = found(client, LIGHT)
    assert light.is_on is False
    await light.turn_off()
    assert cloud.account.objects[LIGHT]["power"] is False


async def test_the_whole_object_travels_with_unknown_keys(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.account.change(LIGHT, rssi=-61, future={"a": [1]})
    await asyncio.sleep(1)
    await found(client, LIGHT).turn_on()
    body = sent(cloud, RequestPrefix.DEVICE_CONTROL)[-1]
    assert body["rssi"] == -61
    assert body["future"] == {"a": [1]}
    assert body["deviceId"] == LIGHT


async def test_led_name_icon_and_calibration(cloud: HomismartSimulator, client: HomismartClient) -> None:
    shutter = found(client, SHUTTER)
    await shutter.set_led_state(75)
    await shutter.set_name("סלון")
    await shutter.set_icon("7")
    await shutter.set_closed_position_calibration(3)
    assert (shutter.led_state, shutter.name, shutter.icon_id) == (75, "סלון", "7")
    assert shutter.closed_position_calibration == 3
    hub = client.session.get_hub_by_id(HUB_ID)
    assert hub is not None
    await hub.set_name("House")
    assert cloud.account.objects[HUB_ID]["name"] == "House"


async def test_a_cover_is_awaited_until_it_arrived(client: HomismartClient) -> None:
    curtain: CurtainDevice = found(client, CURTAIN)
    levels: list[int | None] = []
    client.session.register_event_listener("device_updated", lambda d: levels.append(d.current_level))
    began = asyncio.get_running_loop().time()
    await curtain.set_level(42)
    took = asyncio.get_running_loop().time() - began
    assert curtain.current_level == 40
    assert levels[-5:] == [80, 70, 60, 50, 40]
    assert 5 < took < 10
    await curtain.open_fully()
    assert curtain.current_level == 0
    await curtain.close_fully()
    assert curtain.current_level == 100


async def test_stopping_ends_the_move_and_its_wait(client: HomismartClient) -> None:
    curtain = found(client, CURTAIN)
    moving = asyncio.ensure_future(curtain.open())
    await asyncio.sleep(3.5)
    await curtain.stop()
    assert curtain.is_stopped
    assert 60 <= curtain.current_level <= 80
    with pytest.raises(CommandSuperseded):
        await moving


async def test_a_cover_that_somebody_else_stops_fails_the_move(
    client: HomismartClient, new_client: Maker
) -> None:
    other = new_client()
    await other.connect()
    moving = asyncio.ensure_future(found(client, CURTAIN).open())
    await asyncio.sleep(3.5)
    await found(other, CURTAIN).stop()
    with pytest.raises(CommandRejected, match="Bedroom curtain: it was stopped on its way"):
        await moving
    await found(client, CURTAIN).open()  # the report of the earlier stop is no obstacle
    assert found(client, CURTAIN).current_level == 0


async def test_a_move_that_still_waits_for_the_pace_is_replaced_by_its_stop(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    others = [d.turn_on() for d in client.session.get_all_devices() if isinstance(d, SwitchableDevice)]
    burst = [asyncio.ensure_future(other) for other in others]
    curtain = found(client, CURTAIN)
    moving = asyncio.ensure_future(curtain.open())
    await asyncio.sleep(0)
    began = asyncio.get_running_loop().time()
    await curtain.stop()
    assert asyncio.get_running_loop().time() - began < 1
    with pytest.raises(CommandSuperseded):
        await moving
    await asyncio.gather(*burst)
    states = [b["curtainState"] for b in sent(cloud, RequestPrefix.DEVICE_CONTROL) if b["id"] == CURTAIN]
    assert states == ["99"]


async def test_a_stop_does_not_wait_for_the_report_of_something_else(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    curtain = found(client, CURTAIN)
    cloud.levers.silent_after_login = True
    dimming = asyncio.ensure_future(curtain.set_led_state(7))
    await asyncio.sleep(0.5)
    cloud.levers.silent_after_login = False
    await curtain.stop()
    assert curtain.is_stopped
    assert not dimming.done()
    with pytest.raises(CommandTimeout):
        await dimming


async def test_nothing_waits_until_a_cover_has_arrived(client: HomismartClient) -> None:
    curtain = found(client, CURTAIN)
    moving = asyncio.ensure_future(curtain.open())
    await asyncio.sleep(1.5)
    await asyncio.gather(curtain.set_led_state(7), curtain.set_name("Sunny side"))
    assert not moving.done()
    assert (curtain.led_state, curtain.name) == (7, "Sunny side")
    await moving
    assert curtain.current_level == 0


async def test_a_cover_that_is_silent_on_its_way_is_awaited(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.account.step_s, cloud.account.reports_steps = 4.0, False
    curtain = found(client, CURTAIN)
    began = asyncio.get_running_loop().time()
    await curtain.open()
    assert 39 < asyncio.get_running_loop().time() - began < 42
    assert (
        len(sent(cloud, RequestPrefix.LIST_DEVICES)) == 3
    )  # the client's first, and two while it was silent
    cloud.levers.lost_pushes = 2
    await curtain.close()  # the list tells what the lost report would have told
    assert curtain.current_level == 100


async def test_reports_on_the_way_spare_the_list(cloud: HomismartSimulator, client: HomismartClient) -> None:
    await found(client, CURTAIN).open()
    assert len(sent(cloud, RequestPrefix.LIST_DEVICES)) == 1


async def test_a_newer_move_replaces_the_running_one(client: HomismartClient) -> None:
    shutter = found(client, SHUTTER)
    first = asyncio.ensure_future(shutter.close())
    await asyncio.sleep(2.5)
    await shutter.set_level(10)
    assert shutter.current_level == 10
    with pytest.raises(CommandSuperseded):
        await first


async def test_levels_can_be_exact_and_are_never_the_stop_code(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    client = new_client(cover_step=1)
    await client.connect()
    shutter = found(client, SHUTTER)
    await shutter.set_level(33)
    assert shutter.current_level == 33
    await shutter.set_level(99)
    assert shutter.current_level == 100
    assert [b["curtainState"] for b in sent(cloud, RequestPrefix.DEVICE_CONTROL)] == ["33", "100"]


async def test_open_and_closed_are_exact_whatever_the_step(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    client = new_client(cover_step=30)
    await client.connect()
    shutter = found(client, SHUTTER)
    await shutter.close()
    await shutter.set_level(70)
    await shutter.open()
    assert [b["curtainState"] for b in sent(cloud, RequestPrefix.DEVICE_CONTROL)] == ["100", "60", "0"]


async def test_locking_is_free_and_unlocking_needs_consent(
    cloud: HomismartSimulator, client: HomismartClient, new_client: Maker
) -> None:
    door = found(client, DOOR)
    await door.lock()
    with pytest.raises(RemoteControlDisabled, match="allow"):
        await door.unlock()
    assert cloud.account.objects[DOOR]["lock"] == "2"
    await door.unlock_device(dangerous=True)
    assert door.is_locked is False
    allowed = new_client(allow=Allowance([f"homismart:{DOOR}/lock"]))
    await allowed.connect()
    await found(allowed, DOOR).lock_device()
    await found(allowed, DOOR).unlock_device()
    assert cloud.account.objects[DOOR]["lock"] == "1"


async def test_renaming_a_lock_never_opens_it(cloud: HomismartSimulator, client: HomismartClient) -> None:
    door = found(client, DOOR)
    await door.set_name("Back door")
    assert cloud.account.objects[DOOR]["lock"] == "2"
    del door.record["lock"]
    with pytest.raises(RemoteControlDisabled, match="assume_locked"):
        await door.set_name("Front door")
    assert len(sent(cloud, RequestPrefix.MODIFY_DEVICE)) == 1
    await door.set_name("Front door", assume_locked=True)
    assert cloud.account.objects[DOOR]["lock"] == "2"


async def test_a_device_of_unknown_type_may_be_a_lock(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    for device_id, code in (("2A510000002A01", "2"), ("2A510000002A02", None)):
        cloud.account.objects[device_id] = device(device_id, "New", 42, lock=code)
    await client.refresh()
    await found(client, "2A510000002A01").set_name("Gate")
    with pytest.raises(RemoteControlDisabled, match="assume_locked"):
        await found(client, "2A510000002A02").set_name("Gate")
    await found(client, "2A510000002A02").set_name("Gate", assume_locked=True)
    assert [body["lock"] for body in sent(cloud, RequestPrefix.MODIFY_DEVICE)] == ["2", "2"]


async def test_name_and_icon_do_not_replace_each_other(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    light = found(client, LIGHT)
    await asyncio.gather(light.set_led_state(3), light.set_name("Lamp"), light.set_icon("5"))
    assert (light.led_state, light.name, light.icon_id) == (3, "Lamp", "5")
    assert [body["name"] for body in sent(cloud, RequestPrefix.MODIFY_DEVICE)] == ["Lamp", "Lamp"]


async def test_toggling_counts_from_the_newest_wish(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    light = found(client, LIGHT)
    cloud.levers.push_delay_s = 1.0
    first = asyncio.ensure_future(light.turn_on())
    await asyncio.sleep(0.5)
    second = asyncio.ensure_future(light.turn_off())
    await first  # the off is now under way
    await light.toggle()
    await second
    assert light.is_on is True
    assert [body["power"] for body in sent(cloud, RequestPrefix.DEVICE_CONTROL)] == [True, False, True]


async def test_last_on_is_written_and_read_in_the_zone_of_the_flat(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    client = new_client(time_zone=dt.timezone(dt.timedelta(hours=11)))
    await client.connect()
    light = found(client, LIGHT)
    await light.turn_on()
    assert abs(light.last_on - cloud.clock.now()) < dt.timedelta(seconds=5)


async def test_operation_time(cloud: HomismartSimulator, client: HomismartClient) -> None:
    door = found(client, DOOR)
    await door.set_operation_time(9)
    assert door.operation_time == 9
    assert cloud.account.objects[DOOR]["operationTime"] == 9


async def test_values_are_checked_before_anything_is_sent(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    light, shutter = found(client, LIGHT), found(client, SHUTTER)
    before = len(cloud.journal)
    for wrong in (True, 101, -1, 5.5, "7"):
        with pytest.raises(InvalidValue, match="0 to 100"):
            await light.set_led_state(wrong)
        with pytest.raises(InvalidValue, match="0 to 10"):
            await shutter.set_closed_position_calibration(wrong if wrong != "7" else 11)
        with pytest.raises(InvalidValue):
            await shutter.set_level(wrong)
    with pytest.raises(InvalidValue, match="a text"):
        await light.set_name(7)
    commands = client.commands
    for refused in (
        commands.switch(shutter, True),
        commands.move(light, 5),
        commands.stop(light),
        commands.set_lock(light, True),
        commands.set_operation_time(light, 5),
    ):
        with pytest.raises(NotSupported):
            await refused
    assert len(cloud.journal) == before


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (17, CommandRejected),
        (26, CommandRejected),
        (5, CommandRejected),
        (500, CommandRejected),
        (96, NotSupported),
        (2, AuthenticationFailed),
        (54, AuthenticationFailed),
    ],
)
async def test_an_error_becomes_the_commands_failure(
    cloud: HomismartSimulator, client: HomismartClient, code: int, error: type[HomewireError]
) -> None:
    cloud.levers.errors.append(code)
    with pytest.raises(error, match=rf"Office light: the cloud refused: .*\(code {code}\)") as caught:
        await found(client, LIGHT).turn_on()
    if isinstance(caught.value, CommandRejected):
        assert caught.value.reason_code == code
    assert found(client, LIGHT).is_on is False
    await found(client, LIGHT).turn_on()


async def test_devices_that_refuse(cloud: HomismartSimulator, client: HomismartClient) -> None:
    light = found(client, LIGHT)
    cloud.set_online(LIGHT, False)
    with pytest.raises(CommandRejected, match="no response") as caught:
        await light.turn_on()
    assert caught.value.hint is not None
    cloud.set_online(HUB_ID, False)
    await asyncio.sleep(1)
    assert light.is_reachable is False
    with pytest.raises(CommandRejected, match="off line"):
        await light.turn_on()
    cloud.set_online(HUB_ID, True)
    cloud.account.forbidden.add(LIGHT)
    with pytest.raises(CommandRejected, match="permission denied"):
        await light.turn_on()
    cloud.account.forbidden.clear()
    cloud.account.outside_hours.add(LIGHT)
    with pytest.raises(CommandRejected, match="permitted hours"):
        await light.turn_on()


async def test_of_several_open_commands_the_refused_one_fails(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.account.forbidden.add(LIGHT)
    ids = ["01517A0000A001", LIGHT, "06510000000601"]
    cloud.levers.push_delay_s = 1.0
    results = await asyncio.gather(*(found(client, i).turn_on() for i in ids), return_exceptions=True)
    assert results[0] is None
    assert results[2] is None
    assert isinstance(results[1], CommandRejected)
    assert results[1].reason_code == 72


async def test_a_cover_on_its_way_is_not_blamed_for_a_light(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.account.forbidden.add(LIGHT)
    moving = asyncio.ensure_future(found(client, CURTAIN).open())
    await asyncio.sleep(3)
    began = asyncio.get_running_loop().time()
    with pytest.raises(CommandRejected, match=r"Office light: .*permission denied"):
        await found(client, LIGHT).turn_on()
    assert asyncio.get_running_loop().time() - began < 1
    await moving


async def test_as_many_errors_as_open_commands_fail_all(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    ids = ["01517A0000A001", LIGHT]
    cloud.account.forbidden.update(ids)
    results = await asyncio.gather(*(found(client, i).turn_on() for i in ids), return_exceptions=True)
    assert [type(result) for result in results] == [CommandRejected, CommandRejected]


async def test_an_error_that_names_its_request_is_tied_to_it(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.error_names_request = True
    cloud.levers.push_delay_s = 2.0
    moving = asyncio.ensure_future(found(client, SHUTTER).set_led_state(3))
    await asyncio.sleep(0.5)
    cloud.account.forbidden.add(LIGHT)
    began = asyncio.get_running_loop().time()
    with pytest.raises(CommandRejected):
        await found(client, LIGHT).turn_on()
    assert asyncio.get_running_loop().time() - began < 1
    await moving


async def test_an_unasked_error_is_an_event(cloud: HomismartSimulator, client: HomismartClient) -> None:
    errors: list[dict[str, Any]] = []
    client.session.register_event_listener("session_error", errors.append)
    cloud.broadcast('9999{"code":7,"info":"gone"}')
    await asyncio.sleep(1)
    assert errors[0]["code"] == 7
    assert errors[0]["info"] == "gone"
    assert errors[0]["type"] == "server_command_error"  # this and what follows is homismart-client's form
    assert errors[0]["data"] == {"code": 7, "info": "gone"}
    assert isinstance(errors[0]["exception"], CommandRejected)


async def test_losses_are_told_in_the_form_of_the_replaced_library(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    errors: list[dict[str, Any]] = []
    client.session.register_event_listener("session_error", errors.append)
    cloud.drop_all()
    await asyncio.sleep(10)
    cloud.levers.upgrade_status = 503
    cloud.drop_all()
    await asyncio.sleep(10)
    cloud.levers.upgrade_status = None
    cloud.account.digest = "0" * 32
    await asyncio.sleep(60)
    closed, refused = "connection_closed_by_server", "connection_operational_error"
    assert [error["type"] for error in errors][:3] == [closed, closed, refused]
    assert errors[-1]["type"] == "authentication_failed"
    assert isinstance(errors[-1]["exception"], AuthenticationFailed)
    assert errors[0]["exception_class"] == "ConnectionLost"
    assert errors[0]["exception_object"] is errors[0]["exception"]


async def test_silence_is_a_timeout_and_a_lost_report_is_found_in_the_list(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    light = found(client, LIGHT)
    cloud.levers.lost_pushes = 1
    await light.turn_on()
    assert light.is_on is True
    assert len(sent(cloud, RequestPrefix.LIST_DEVICES)) == 2
    cloud.levers.silent_after_login = True
    began = asyncio.get_running_loop().time()
    with pytest.raises(CommandTimeout, match="nothing confirmed it"):
        await light.turn_off()
    assert 9 < asyncio.get_running_loop().time() - began < 12
    assert light.is_on is True
    assert len(sent(cloud, RequestPrefix.DEVICE_CONTROL)) == 2


async def test_a_burst_is_paced_and_only_the_newest_waiting_wish_is_sent(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    light = found(client, LIGHT)
    cloud.levers.push_delay_s = 1.0
    tasks = [asyncio.ensure_future(light.set_led_state(10))]
    await asyncio.sleep(0.5)
    tasks += [asyncio.ensure_future(light.set_led_state(level)) for level in (20, 30, 40)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        CommandSuperseded,
        CommandSuperseded,
        type(None),
    ]
    assert [body["ledDevice"] for body in sent(cloud, RequestPrefix.LED_SET)] == [10, 40]
    cloud.journal.clear()
    devices = [d for d in client.session.get_all_devices() if isinstance(d, SwitchableDevice)]
    await asyncio.gather(*(d.turn_on() for d in devices))
    times = [
        entry.at
        for entry in cloud.journal
        if entry.text.startswith("0006") and entry.direction.value[0] == "c"
    ]
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
    assert len(times) == len(devices)
    assert min(gaps) > 0.08


async def test_a_group_is_switched_as_a_whole(cloud: HomismartSimulator, client: HomismartClient) -> None:
    await client.control_all(Group.SOCKETS, True)
    assert found(client, "01517A0000A001").is_on is True
    assert found(client, LIGHT).is_on is False
    await client.control_all(Group.COVERS, False)
    assert found(client, SHUTTER).current_level == 100
    await client.control_all(Group.ALL, True, dangerous=True)
    assert all(d.is_on for d in client.session.get_all_devices() if isinstance(d, SwitchableDevice))
    assert found(client, SHUTTER).current_level == 0
    cloud.account.objects.pop("01517A0000A001")
    await client.refresh()
    await client.control_all(Group.SOCKETS, True)  # nobody is left to confirm


async def test_a_group_that_may_open_a_door_needs_consent(
    cloud: HomismartSimulator, client: HomismartClient, new_client: Maker
) -> None:
    for group, on in ((Group.ALL, True), (9, True), (9, False)):
        with pytest.raises(RemoteControlDisabled, match="Front door"):
            await client.control_all(group, on)
    assert sent(cloud, RequestPrefix.CONTROL_ALL) == []
    await client.control_all(Group.ALL, False)
    allowed = new_client(allow=Allowance(["Front door/lock"]))
    await allowed.connect()
    await allowed.control_all(Group.ALL, True)
    assert [body["action"] for body in sent(cloud, RequestPrefix.CONTROL_ALL)] == ["0", "1"]


async def test_a_group_without_reports_says_who_is_missing(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.silent_after_login = True
    with pytest.raises(CommandTimeout, match="No report came from 01517A0000A001, 02510000000162"):
        await client.control_all(Group.ALL, False)


async def test_adding_and_deleting(client: HomismartClient, new_client: Maker) -> None:
    second = new_client()
    gone: list[HomismartDevice] = []
    await second.connect()
    second.session.register_event_listener("device_deleted", gone.append)
    added = await client.add_device(device("02519999000777", "New lamp", 2))
    assert added["name"] == "New lamp"
    lamp = found(client, "02519999000777")
    with pytest.raises(CommandRejected, match="already exists"):
        await client.add_device(device("02519999000777", "New lamp", 2))
    with pytest.raises(CommandRejected, match="did not add"):
        await client.add_device({"name": "x"})
    await second.refresh()
    other = found(second, lamp.id)
    await lamp.delete()
    assert client.session.get_device_by_id(lamp.id) is None
    with pytest.raises(CommandRejected, match="did not delete"):
        await lamp.delete()
    await asyncio.sleep(700)  # others learn it from their next list
    assert gone == [other]


async def test_raw_requests_of_everything_else(cloud: HomismartSimulator, client: HomismartClient) -> None:
    assert await client.request(RequestPrefix.SCENARIO_LIST) == []
    assert await client.request(RequestPrefix.FAVOURITE_SAVE, {"id": "7"}) == {"result": True}
    assert await client.request(RequestPrefix.CAMERA_ACCESS_SAVE, {}) is None
    assert len(await client.request(RequestPrefix.LIST_DEVICES)) == 11
    lamp = device("02519999000777", "New lamp", 2)
    added = await client.request(RequestPrefix.ADD_DEVICE, lamp)
    assert (added["result"], added["status"]["name"]) == (True, "New lamp")
    gone = {"result": True, "status": {"id": lamp["id"]}}
    assert await client.request(RequestPrefix.DELETE_DEVICE, {"devid": lamp["id"]}) == gone
    assert (await client.request(RequestPrefix.DELETE_DEVICE, {"devid": lamp["id"]}))["result"] is False
    assert await found(client, LIGHT).query_timers() == []
    assert await found(client, LIGHT).delete_all_timers() == {"result": True}
    await client.send_command_raw(RequestPrefix.HEARTBEAT)
    await client.send_command_raw(RequestPrefix.TIMER_LIST_ALL, {})
    await asyncio.sleep(1)
    assert sent(cloud, RequestPrefix.TIMER_QUERY) == [{"devid": LIGHT}]


async def test_timers_scenarios_and_favourites_travel_as_they_are(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    opaque = {"opaque": "object"}
    done = {"result": True}
    assert [await client.timers(), await client.scenarios(), await client.favourites()] == [[], [], []]
    assert await client.scenario_timers() == []
    for call in (
        client.add_timer,
        client.edit_timer,
        client.save_scenario,
        client.run_scenario,
        client.delete_scenario,
        client.save_favourites,
        client.delete_favourite,
    ):
        assert await call(opaque) == done
    assert await client.delete_timer("8f14e45f") == done
    bodies = [frame.body for frame in cloud.received()][-8:]
    assert bodies == [opaque] * 7 + [{"id": "8f14e45f"}]


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


async def test_two_clients_of_one_account_see_each_other(
    cloud: HomismartSimulator, client: HomismartClient, new_client: Maker
) -> None:
    second = new_client()
    await second.connect()
    await found(client, LIGHT).turn_on()
    await asyncio.sleep(1)
    assert found(second, LIGHT).is_on is True
    assert len(cloud.connections) == 2


async def test_partial_pushes_and_changed_kinds(cloud: HomismartSimulator, client: HomismartClient) -> None:
    cloud.levers.partial_pushes = True
    light: SwitchableDevice = found(client, LIGHT)
    added: list[HomismartDevice] = []
    await light.turn_on()
    assert light.name == "Office light"
    client.session.register_event_listener("new_device_added", added.append)
    cloud.account.change(LIGHT, type=5, curtainState="20")
    await asyncio.sleep(1)
    curtain = found(client, LIGHT)
    assert isinstance(curtain, CurtainDevice)
    assert added == [curtain]
    assert curtain.name == "Office light"
    assert light.raw == curtain.raw


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


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOMISMART_USERNAME", raising=False)
    monkeypatch.delenv("HOMISMART_PASSWORD", raising=False)
    with pytest.raises(ConfigurationError, match="HOMISMART_USERNAME"):
        HomismartClient()
    monkeypatch.setenv("HOMISMART_USERNAME", "dana@example.com")
    monkeypatch.setenv("HOMISMART_PASSWORD", "test")
    client = HomismartClient()
    assert client.username == "dana@example.com"
    assert "098f6bcd" not in repr(client) + repr(vars(client))


async def test_a_session_without_a_link_can_only_be_read() -> None:
    from homewire.homismart.session import HomismartSession

    session = HomismartSession()
    session.dispatch_message("0009", device(LIGHT, "Lamp", 2, SECOND_HUB_ID))
    lamp = session.get_device_by_id(LIGHT)
    assert isinstance(lamp, SwitchableDevice)
    assert lamp.hub is None
    with pytest.raises(ConnectionFailed, match="no connection"):
        await lamp.turn_on()
