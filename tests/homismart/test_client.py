"""The client against the simulated cloud, over TLS: every kind of device, confirmed commands."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from typing import Any

import pytest
from tests.homismart.flat import CURTAIN, DOOR, LIGHT, SHUTTER, Maker, found, note, sent

from homewire.commands import Allowance
from homewire.errors import (
    CommandRejected,
    CommandTimeout,
    ConfigurationError,
    ConnectionFailed,
    InvalidValue,
    NotSupported,
    RemoteControlDisabled,
)
from homewire.homismart.client import HomismartClient
from homewire.homismart.codes import Group
from homewire.homismart.devices import (
    CurtainDevice,
    HomismartDevice,
    HomismartHub,
    LockDevice,
    SwitchableDevice,
)
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.simulator import HomismartSimulator
from homewire.homismart.simulator.flat import HUB_ID, SECOND_HUB_ID, device


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
