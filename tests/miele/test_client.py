"""`MieleClient` against simulated appliances: reads, commands and their effects."""

from __future__ import annotations

import asyncio

import pytest
from tests.miele.conftest import ROUTE, ClientFor, Simulate

from homewire.errors import (
    CommandRejected,
    CommandTimeout,
    ConnectionFailed,
    InvalidValue,
    NotFound,
    NotSupported,
    ProtocolError,
    RemoteControlDisabled,
)
from homewire.miele.client import MieleClient
from homewire.miele.dop2.tables_state import CombinedState, DeviceState
from homewire.miele.models import State
from homewire.miele.refusals import NotNow
from homewire.miele.remote_start import unmet_start_conditions, unmet_stop_conditions
from homewire.miele.signing import SignatureError
from homewire.miele.simulator import Status


async def test_summaries(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(scene="running", name="Laundry")
    client = client_for(simulator)
    await asyncio.sleep(3570)
    summary = (await client.get_all_summaries())[ROUTE]
    assert summary.name == "Laundry"
    assert summary.progress == pytest.approx(0.5, abs=0.01)
    assert isinstance(summary.combined_state, CombinedState)
    assert summary.combined_state.process_state == 4
    assert not summary.ready_to_start
    simulator.levers.dop2_off = True
    assert (await client.get_summary(ROUTE)).combined_state is None


async def test_an_unknown_device_is_named(simulate: Simulate, client_for: ClientFor) -> None:
    client = client_for(await simulate())
    with pytest.raises(NotFound, match="no appliance 'nobody'"):
        await client.get_device("nobody")


async def test_module_resources(simulate: Simulate, client_for: ClientFor) -> None:
    client = client_for(await simulate())
    assert (await client.get_resource("/Update"))["CurrentVersion"] == "09.14"
    assert (await client.get_resource("/WLAN/"))["SSID"] == "Home Sweet Home"
    assert "Devices" in await client.get_resource("/")
    with pytest.raises(NotSupported):
        await client.transport.send("DELETE", "/Update")


async def test_a_sleeping_appliance_is_woken_for_a_leaf(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(scene="asleep")
    client = client_for(simulator)
    with pytest.raises(NotNow):
        await client.read_dop2_leaf(ROUTE, 2, 256)
    assert await client.read_dop2_awake(ROUTE, 2, 256)
    assert [method for method, _, _ in simulator.server.log].count("PUT") == 1
    simulator.levers.refused_leaves[(2, 256)] = 500
    with pytest.raises(NotNow):
        await client.read_dop2_awake(ROUTE, 2, 256)


async def test_the_zeros_of_a_sleeper_are_no_values(simulate: Simulate, client_for: ClientFor) -> None:
    for kind, name in (("washing-machine", "cottons"), ("oven", "pyrolytic")):
        simulator = await simulate(kind, scene="asleep")
        simulator.levers.sleeps_in_zeros = True
        client = client_for(simulator)
        assert name in (await client.get_program_catalog(ROUTE)).programs_by_name
        simulator.appliance.fall_asleep()
        asleep = await client.get_program_catalog(ROUTE, wake=False)
        assert asleep.source.startswith("known numbers"), "an empty list is nobody's catalogue"
        assert (await client.get_setting(ROUTE, 12164)).current == 4
        simulator.appliance.fall_asleep()
        assert (2, 256, 0) in (await client.walk_dop2_tree(ROUTE)).tree()
        assert simulator.appliance.status


async def test_an_appliance_that_will_not_wake_is_given_up(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(scene="asleep")
    client = client_for(simulator)
    simulator.levers.lies_success = True
    with pytest.raises(NotNow):
        await client.read_dop2_awake(ROUTE, 2, 256)
    with pytest.raises(NotNow):
        await client.write_attribute(ROUTE, 1586, appliance_state=4)
    assert [method for method, _, _ in simulator.server.log].count("PUT") == 2 + 1 + 2 + 1


async def test_a_leaf_is_read_through_its_table(simulate: Simulate, client_for: ClientFor) -> None:
    client = client_for(await simulate())
    view = await client.get_parsed_dop2_leaf(ROUTE, 2, 256)
    assert isinstance(view, DeviceState)
    assert (view.status, view.program_id, view.unknown) == (4, 1, ())
    with pytest.raises(NotFound):
        await client.get_parsed_dop2_leaf(ROUTE, 2, 9999)


async def test_the_whole_tree_can_be_walked(simulate: Simulate, client_for: ClientFor) -> None:
    client = client_for(await simulate("oven"))
    state = await client.walk_dop2_tree(ROUTE)
    assert state.done
    assert (1, 1599, 0) in set(state.tree())
    assert not state.refused


async def test_consumption_is_unknown_rather_than_zero(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    before = await client.get_consumption_stats(ROUTE)
    assert (before.water_cycle_l, before.energy_expected_wh) == (None, None)
    assert before.operating_minutes == 3302
    simulator.appliance.start()
    await asyncio.sleep(3600)
    during = await client.get_consumption_stats(ROUTE)
    assert during.water_cycle_l == pytest.approx(31, abs=1)
    assert during.energy_expected_wh == 750
    oven = client_for(await simulate("oven"))
    assert (await oven.get_consumption_stats(ROUTE)).water_cycle_l is None


async def test_starting_pausing_resuming_stopping(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    accepted: list[str] = []
    client.on_accepted = accepted.append
    assert await client.can_remote_start(ROUTE)
    await client.remote_start(ROUTE, allow_remote_start=True)
    await client.pause(ROUTE)
    assert simulator.appliance.status == Status.PAUSED
    await client.resume(ROUTE)
    await client.stop(ROUTE)
    assert simulator.appliance.status == Status.INTERRUPTED
    assert accepted == [ROUTE] * 4
    with pytest.raises(CommandRejected, match="nothing runs or waits"):
        await client.stop(ROUTE)
    with pytest.raises(CommandRejected, match="not paused"):
        await client.resume(ROUTE)


async def test_every_unmet_condition_is_named(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(scene="ready")
    client = client_for(simulator)
    simulator.levers.open_door()
    simulator.levers.fail()
    simulator.levers.remote_control(level=0)
    with pytest.raises(RemoteControlDisabled):
        await client.remote_start(ROUTE)
    with pytest.raises(CommandRejected) as caught:
        await client.remote_start(ROUTE, allow_remote_start=True)
    for reason in ("remote control", "the door is open", "a fault", "no programme waits"):
        assert reason in str(caught.value)
    assert not any(method == "PUT" for method, _, _ in simulator.server.log)


async def test_success_alone_is_not_believed(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    simulator.levers.lies_success = True
    with pytest.raises(CommandTimeout, match="shows no effect"):
        await client.remote_start(ROUTE, allow_remote_start=True)


async def test_a_start_whose_answer_is_lost_is_looked_up(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    simulator.levers.lose_answers = 1
    await client.remote_start(ROUTE, allow_remote_start=True)
    assert simulator.appliance.status == Status.RUNNING
    assert [m for m, _, _ in simulator.server.log].count("PUT") == 0, "the write's answer never left"


async def test_lost_answers_over_dop2_are_looked_up_too(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven", scene="ready")
    client = client_for(simulator)
    simulator.levers.lose_answers = 1
    await client.select_program(ROUTE, "pyrolytic")
    simulator.levers.lose_answers = 1
    await client.remote_start(ROUTE, allow_remote_start=True)
    assert simulator.appliance.status == Status.RUNNING
    simulator.levers.lose_answers = 1
    await client.power_off(ROUTE)
    assert simulator.appliance.status == Status.OFF
    assert [method for method, _, _ in simulator.server.log].count("PUT") == 0, "no write's answer ever left"


async def test_a_start_that_never_arrived_is_told_and_not_repeated(
    simulate: Simulate, client_for: ClientFor
) -> None:
    simulator = await simulate(latency_s=1.0)
    client = client_for(simulator)
    starting = asyncio.create_task(client.remote_start(ROUTE, allow_remote_start=True))
    await asyncio.sleep(2.5)  # identification and state are read, the start is under way
    simulator.levers.resets = 1
    with pytest.raises(ConnectionFailed):
        await starting
    assert simulator.appliance.status == Status.WAITING
    assert [method for method, _, _ in simulator.server.log].count("PUT") == 0


async def test_what_is_so_already_is_no_failure(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    await client.remote_start(ROUTE, allow_remote_start=True)
    await client.pause(ROUTE)
    await client.pause(ROUTE)
    simulator.appliance.status = Status.ON
    with pytest.raises(CommandRejected):
        await client.pause(ROUTE)


async def test_a_write_of_the_present_value_is_no_failure(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven")
    client = client_for(simulator)
    await client.set_light(ROUTE, False)
    assert not any(method == "PUT" for method, _, _ in simulator.server.log)
    await client.set_light(ROUTE, True)
    assert simulator.appliance.light == 1
    with pytest.raises(CommandRejected, match="changes nothing"):
        await client.write_state(ROUTE, {"Light": 1})
    with pytest.raises(NotSupported, match="no light"):
        await client_for(await simulate()).set_light(ROUTE, True)


async def test_power_goes_over_dop2(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("dishwasher")
    client = client_for(simulator)
    await client.power_off(ROUTE)
    assert simulator.appliance.status == Status.OFF
    await client.power_on(ROUTE)
    assert simulator.appliance.status == Status.ON
    simulator.levers.refused_leaves[(2, 1586)] = 500
    await client.power_off(ROUTE)
    assert simulator.appliance.status == Status.OFF


async def test_power_wakes_a_sleeper_first(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(scene="asleep")
    client = client_for(simulator)
    await client.power_off(ROUTE)
    assert simulator.appliance.status == Status.OFF


async def test_refrigerators_refuse_every_write(simulate: Simulate, client_for: ClientFor) -> None:
    client = client_for(await simulate("fridge-freezer"))
    await client.get_devices()
    for action in (
        client.start_superfreezing,
        client.stop_superfreezing,
        client.start_supercooling,
        client.stop_supercooling,
        client.standby,
    ):
        with pytest.raises(CommandRejected, match="refuses the write"):
            await action(ROUTE)
    with pytest.raises(CommandRejected):
        await client.wake_up(ROUTE)


async def test_an_oven_is_started_over_dop2(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven", scene="ready")
    client = client_for(simulator)
    await client.select_program(ROUTE, "pyrolytic")
    assert simulator.appliance.programme is not None
    assert simulator.appliance.programme.number == 323
    await client.remote_start(ROUTE, allow_remote_start=True)
    assert simulator.appliance.status == Status.RUNNING
    await client.stop_program(ROUTE)
    assert simulator.appliance.status == Status.INTERRUPTED
    older = client_for(await simulate("oven-xkm3100w"))
    with pytest.raises(CommandRejected, match="this generation"):
        await older.remote_start(ROUTE, allow_remote_start=True)


async def test_programmes_are_listed_and_selected(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(scene="ready")
    client = client_for(simulator)
    catalog = await client.get_program_catalog(ROUTE)
    assert {1: "cottons", 122: "express_20"}.items() <= {p.id: p.name for p in catalog.programs}.items()
    await client.select_program(ROUTE, "shirts", {"temperature": 40})
    assert simulator.appliance.programme is not None
    assert simulator.appliance.programme.number == 23
    with pytest.raises(NotFound):
        await client.select_program(ROUTE, "mops")
    with pytest.raises(InvalidValue):
        await client.select_program(ROUTE, "shirts", {"temperature": 41})


async def test_what_stands_against_a_selection_is_named(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven", scene="running")
    client = client_for(simulator)
    simulator.levers.open_door()
    simulator.levers.remote_control(level=0)
    with pytest.raises(CommandRejected) as caught:
        await client.select_program(ROUTE, "pyrolytic")
    for reason in ("remote control is switched off", "the door is open", "running already"):
        assert reason in str(caught.value)
    assert not any(method == "PUT" for method, _, _ in simulator.server.log)


async def test_settings_are_checked_and_read_back(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    assert (await client.get_setting(ROUTE, 12164)).current == 4
    await client.set_setting(ROUTE, 12164, 7)
    assert (await client.get_setting(ROUTE, 12164)).current == 7
    with pytest.raises(InvalidValue):
        await client.set_setting(ROUTE, 12164, 8)
    with pytest.raises(NotFound):
        await client.get_setting(ROUTE, 999)


async def test_a_setting_that_does_not_change_is_told(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(recording=None)
    client = client_for(simulator)
    simulator.leaves.write = lambda *_: 204  # type: ignore[method-assign]  # accepts, and does nothing
    with pytest.raises(CommandTimeout, match="does not read back"):
        await client.set_setting(ROUTE, 12164, 7)


async def test_user_requests(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven")
    client = client_for(simulator)
    await client.send_user_request(ROUTE, 13)
    assert simulator.appliance.light == 1
    with pytest.raises(NotNow, match="It is awake"):
        await client.send_user_request(ROUTE, 9999)
    simulator.levers.dop2_off = True
    with pytest.raises(NotFound, match="takes no writes"):
        await client.send_user_request(ROUTE, 13)


async def test_truncated_leaves_are_protocol_errors(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    simulator.levers.truncate_leaf = [0, 1, 11, 20]
    for _ in range(4):
        with pytest.raises(ProtocolError):
            await client.get_parsed_dop2_leaf(ROUTE, 2, 256)


async def test_a_lower_case_group_id_is_never_sent(simulate: Simulate) -> None:
    simulator = await simulate(upper_case_only=True)
    keys = simulator.options
    async with MieleClient.from_hex(simulator.host, keys.group_id.lower(), keys.group_key.lower()) as client:
        assert (await client.get_device_state(ROUTE)).status == 4


async def test_registering_uses_the_clients_own_keys(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(paired=False, second_step=True)
    client = client_for(simulator)
    with pytest.raises(SignatureError, match="not paired"):
        await client.get_device_state(ROUTE)
    assert await client.register()
    assert not simulator.module.waits_for_second_step
    assert (await client.get_device_state(ROUTE)).status == 4
    device_id, *_ = await MieleClient.easy_setup((await simulate(paired=False)).host)
    assert device_id == ROUTE


async def test_a_refused_number_is_passed_on(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    await client.get_devices()
    simulator.levers.write_result = 7
    with pytest.raises(CommandRejected) as caught:
        await client.write_state(ROUTE, {"ProcessAction": 1})
    assert caught.value.reason_code == 7


async def test_dop1_hoods_answer_their_own_language(simulate: Simulate, client_for: ClientFor) -> None:
    client = client_for(await simulate("hood"))
    assert await client.dop1(ROUTE, bytes.fromhex("8E01020000FF0300")) == bytes.fromhex("8E01020000FF0300")
    assert (await client.get_device_state(ROUTE)).ventilation_step == 3
    assert await client.dop1(ROUTE, bytes.fromhex("8E060200000F")) == bytes.fromhex("8E060200000F")
    assert (await client.dop1(ROUTE, bytes.fromhex("14000200020104" + "00" * 6 + "FFFF0000")))[6] == 4
    assert (await client.get_device_state(ROUTE)).light == 1
    with pytest.raises(NotFound):
        await client.dop1(ROUTE, b"\x12\x34\x01\x00")


@pytest.mark.parametrize(
    ("device_type", "fields", "expected"),
    [
        (1, {"Status": 4, "RemoteEnable": [15, 0, 0]}, ()),
        (1, {"Status": 3, "RemoteEnable": [15, 0, 1], "StartTime": [0, 0]}, ()),
        (1, {"Status": 3, "RemoteEnable": [15, 0, 1], "StartTime": [1, 0]}, ("no programme waits",)),
        (1, {"Status": 3, "RemoteEnable": [15, 0, 0]}, ("no programme waits",)),
        (7, {"Status": 5, "RemoteEnable": [15, 0, 0]}, ("running already",)),
        (7, {"Status": 3, "RemoteEnable": [15, 0, 0]}, ()),
        (7, {"Status": 3, "RemoteEnable": [0, 0, 0], "SignalDoor": True}, ("remote control", "the door")),
        (27, {"Status": 2, "RemoteEnable": [15, 0, 0]}, ("type of appliance",)),
        (None, {}, ("remote control", "no programme waits")),
    ],
)
def test_start_conditions(
    device_type: int | None, fields: dict[str, object], expected: tuple[str, ...]
) -> None:
    reasons = unmet_start_conditions(device_type, State.from_json(fields))
    assert len(reasons) == len(expected)
    assert all(part in reason for part, reason in zip(expected, reasons, strict=True))


def test_stop_conditions() -> None:
    running = State.from_json({"Status": 5, "RemoteEnable": [0, 0, 0]})
    assert unmet_stop_conditions(7, running) == ()
    assert len(unmet_stop_conditions(1, State.from_json({"Status": 2}))) == 2
    assert unmet_stop_conditions(17, running) == ("remote control is switched off at the appliance",)


async def test_a_dead_module_is_not_asked_for_ever(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    await simulator.drop_wifi()
    with pytest.raises(ConnectionFailed, match="cannot be reached: Connection refused"):
        await client.remote_start(ROUTE, allow_remote_start=True)
    for address in ("", "127.0.0.1:99999"):
        with pytest.raises(InvalidValue, match="address:port"):
            await MieleClient.from_hex(address, "11" * 8, "22" * 64).get_devices()
