"""Opening, following and losing a module; pushes and what happens without them."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.miele.conftest import ROUTE, Simulate

from homewire.appliance import Change, Origin
from homewire.commands import Allowance, Stage
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConnectionFailed,
    ConnectionLost,
    InvalidValue,
    RemoteControlDisabled,
)
from homewire.miele.appliance import MieleAppliance
from homewire.miele.connection import MieleConnection, MieleSettings
from homewire.miele.simulator import MieleSimulator
from homewire.secrets import Secret


def settings_of(simulator: MieleSimulator, **more: Any) -> MieleSettings:
    options = simulator.options
    return MieleSettings(
        host=simulator.host,
        group_id=options.group_id,
        group_key=Secret(options.group_key),
        listen_address="127.0.0.1",
        **more,
    )


def only(connection: MieleConnection) -> MieleAppliance:
    appliance = connection.appliances[f"miele:{ROUTE}"]
    assert isinstance(appliance, MieleAppliance)
    return appliance


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "washing-machine",
            {"status": "waiting_to_start", "program": "cottons", "door": False, "power": True},
        ),
        ("tumble-dryer", {"status": "waiting_to_start", "drying_step": "normal"}),
        ("dishwasher", {"program": "eco", "fault": False}),
        ("oven", {"temperature": 22.0, "core_temperature": None, "light": False}),
        ("oven-xkm3100w", {"temperature": 21.0, "light": False}),
        ("fridge-freezer", {"temperature_1": 4.6, "temperature_2": -17.4, "door_1": False, "door_2": False}),
        ("hob", {"plate_1": "off", "plate_4": "off", "extractor": 0}),
        ("coffee-system", {"program": "ristretto", "remote_control": "full"}),
        ("hood", {"ventilation": "off", "light": False}),
    ],
)
async def test_every_type_shows_what_it_is_and_does(
    simulate: Simulate, kind: str, expected: dict[str, object]
) -> None:
    simulator = await simulate(kind)
    async with MieleConnection(settings_of(simulator)) as connection:
        appliance = only(connection)
        assert {key: appliance.state[key] for key in expected} == expected
        assert appliance.identity.model == simulator.profile.tech_type
        assert connection.unknowns.report() == []
        assert set(appliance.state) <= set(appliance.features)


async def test_pushes_arrive_without_asking(simulate: Simulate) -> None:
    simulator = await simulate()
    async with MieleConnection(settings_of(simulator)) as connection:
        appliance = only(connection)
        changes: list[Change] = []
        appliance.subscribe(changes.append)
        await asyncio.sleep(6)
        simulator.levers.open_door()
        await asyncio.sleep(6)
        assert [(change.origin, change.values) for change in changes] == [(Origin.PUSH, {"door": True})]
        assert connection.diagnostics()["push_healthy"] is True
        assert len(simulator.module.subscriptions) == 4
    assert not simulator.module.subscriptions, "taken back when the connection closes"


async def test_without_push_a_running_programme_is_polled_often(simulate: Simulate) -> None:
    simulator = await simulate("oven-xkm3100w", scene="running")
    async with MieleConnection(settings_of(simulator)) as connection:
        serving = asyncio.create_task(connection.serve())
        simulator.server.log.clear()
        await asyncio.sleep(60.5)
        states = [path for _, path, _ in simulator.server.log if path.endswith("/State")]
        assert len(states) == 6
        serving.cancel()


async def test_idle_appliances_are_polled_once_a_minute(simulate: Simulate) -> None:
    simulator = await simulate("oven-xkm3100w", scene="ready")
    async with MieleConnection(settings_of(simulator)) as connection:
        serving = asyncio.create_task(connection.serve())
        simulator.server.log.clear()
        await asyncio.sleep(301)
        assert len(simulator.server.log) == 5
        serving.cancel()


async def test_a_blocked_listener_port_means_frequent_polling(simulate: Simulate) -> None:
    simulator = await simulate(scene="running")
    simulator.levers.push_blocked = True
    async with MieleConnection(settings_of(simulator)) as connection:
        serving = asyncio.create_task(connection.serve())
        await asyncio.sleep(31)
        simulator.levers.open_door()
        await asyncio.sleep(11)
        assert only(connection).state["door"] is True
        assert connection.diagnostics()["push_healthy"] is False
        serving.cancel()


async def test_a_taken_listener_port_is_no_obstacle(simulate: Simulate) -> None:
    first, second = await simulate(), await simulate("dishwasher")
    async with MieleConnection(settings_of(first)) as connection:
        assert connection._peer is not None
        async with MieleConnection(settings_of(second, listen_port=connection._peer.port)) as blocked:
            assert only(blocked).state["program"] == "eco"
            assert blocked.diagnostics()["push"] == {}


async def test_a_programme_tells_its_start_and_end(simulate: Simulate) -> None:
    simulator = await simulate()
    simulator.appliance.select(122, start_in_s=7200)
    async with MieleConnection(settings_of(simulator), allow=Allowance(["start"])) as connection:
        appliance = only(connection)
        happened: list[tuple[str, object]] = []
        appliance.subscribe(
            lambda change: happened.extend((o.type, o.data["program"]) for o in change.occurrences)
        )
        serving = asyncio.create_task(connection.serve())
        command = await appliance.press("start")
        assert command.stage is Stage.CONFIRMED
        finish = appliance.state["finish_at"]
        await asyncio.sleep(300)
        assert appliance.state["finish_at"] == finish, "a finish time does not jitter"
        assert appliance.state["program_phase"] == "main_wash"
        await asyncio.sleep(2400)
        assert happened == [("started", "express_20"), ("finished", "express_20")]
        assert appliance.state["cycles"] == 1
        assert appliance.state["water_total"] == pytest.approx(33, abs=3)
        assert appliance.state["energy_total"] == pytest.approx(210)
        assert appliance.state["program"] is None, "the last programme's name is stale"
        serving.cancel()


async def test_starting_wants_consent_and_names_what_is_missing(simulate: Simulate) -> None:
    simulator = await simulate()
    async with MieleConnection(settings_of(simulator)) as connection:
        appliance = only(connection)
        with pytest.raises(RemoteControlDisabled, match="allow"):
            await appliance.press("start")
        simulator.levers.open_door()
        simulator.levers.remote_control(level=0)
        with pytest.raises(CommandRejected, match=r"remote control is switched off.*the door is open"):
            await appliance.press("start", dangerous=True)
        assert not [
            path for method, path, _ in simulator.server.log if method == "PUT" and path.endswith("State")
        ]
        assert "remote_control_off" in {problem.key for problem in appliance.problems}


async def test_commands_wait_for_their_effect(simulate: Simulate) -> None:
    simulator = await simulate("oven")
    async with MieleConnection(settings_of(simulator)) as connection:
        oven = only(connection)
        await oven.write("light", True)
        assert oven.state["light"] is True
        await oven.press("stop")
        await oven.write("program_select", "conventional_heat")
        assert simulator.appliance.programme is not None
        assert simulator.appliance.programme.number == 24
        await oven.press("start", dangerous=True)
        assert oven.state["status"] == "running"
        await oven.write("power", False)
        assert oven.state["power"] is False
        with pytest.raises(InvalidValue):
            await oven.write("program_select", "ice cream")
        with pytest.raises(InvalidValue):
            await oven.write("temperature", 200)


async def test_the_light_is_confirmed_with_its_stages(simulate: Simulate) -> None:
    simulator = await simulate("oven")
    async with MieleConnection(settings_of(simulator)) as connection:
        oven = only(connection)
        stages: list[Stage] = []
        oven.subscribe_commands(lambda command: stages.append(command.stage))
        await oven.write("light", True)
        assert stages == [Stage.QUEUED, Stage.SENT, Stage.ACCEPTED, Stage.CONFIRMED]


async def test_a_sleeping_appliance_is_not_woken_by_polling(simulate: Simulate) -> None:
    simulator = await simulate(scene="asleep")
    async with MieleConnection(settings_of(simulator)) as connection:
        appliance = only(connection)
        assert appliance.state["standby"] == "network_idle"
        assert appliance.state["water_total"] is None, "unknown is not zero"
        assert all(method != "PUT" or "SuperVision" in path for method, path, _ in simulator.server.log)
        await appliance.press("wake")
        assert appliance.state["standby"] == "awake"


async def test_wrong_keys_are_told_apart_from_a_wrong_address(simulate: Simulate) -> None:
    simulator = await simulate()
    strangers = MieleSettings(host=simulator.host, group_id="11" * 8, group_key=Secret("22" * 64))
    with pytest.raises(AuthenticationFailed, match="refuses our signature"):
        async with MieleConnection(strangers):
            pass
    await simulator.stop()
    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        async with MieleConnection(settings_of(simulator)):
            pass


async def test_the_third_failure_in_a_row_is_a_lost_link(simulate: Simulate) -> None:
    simulator = await simulate()
    async with MieleConnection(settings_of(simulator, push=False)) as connection:
        simulator.levers.resets = 2
        serving = asyncio.create_task(connection.serve())
        await asyncio.sleep(200)
        assert not serving.done(), "two dropped requests are no loss"
        await simulator.drop_wifi()
        with pytest.raises(ConnectionLost):
            await serving


async def test_an_older_hood_is_controlled_in_its_own_language(simulate: Simulate) -> None:
    simulator = await simulate("hood")
    async with MieleConnection(settings_of(simulator)) as connection:
        hood = only(connection)
        await hood.write("ventilation", "booster")
        assert hood.state["ventilation"] == "booster"
        await hood.write("light", True)
        assert hood.state["light"] is True


async def test_dosing_containers_appear_once_they_are_told(simulate: Simulate) -> None:
    simulator = await simulate()
    async with MieleConnection(settings_of(simulator)) as connection:
        washer = only(connection)
        assert (washer.state["dosing_1"], washer.state["dosing_2"]) == (80, None)
        assert washer.features["dosing_1"].unit == "%"
        assert washer.state["program_select"] == "cottons"


async def test_faults_diagnostics_and_events_tell_the_rest(simulate: Simulate) -> None:
    simulator = await simulate(scene="running")
    async with MieleConnection(settings_of(simulator, push=False)) as connection:
        washer = only(connection)
        happened: list[str] = []
        washer.subscribe(lambda change: happened.extend(o.type for o in change.occurrences))
        simulator.levers.fail()
        simulator.appliance.status = 8
        await washer.refresh()
        assert washer.state["fault"] is True
        assert [problem.key for problem in washer.problems] == ["fault"]
        assert happened == ["failed"]
        report = washer.diagnostics()
        assert report["vendor"]["state"]["Status"] == 8
        assert simulator.options.group_key not in str(report)
        with pytest.raises(InvalidValue):
            await washer.write("status", "running")


async def test_subscriptions_of_a_lost_link_are_taken_back_later(simulate: Simulate) -> None:
    simulator = await simulate()
    connection = MieleConnection(settings_of(simulator))
    await connection.open()
    first = dict(simulator.module.subscriptions)
    assert first
    await simulator.drop_wifi()
    await connection.close()
    assert simulator.module.subscriptions == first
    await simulator.return_wifi()
    await connection.open()
    assert len(simulator.module.subscriptions) == len(first)
    assert not first.keys() & simulator.module.subscriptions.keys()
    await connection.close()
    assert simulator.module.subscriptions == {}


async def test_a_subscription_that_became_somebody_elses_is_left_alone(simulate: Simulate) -> None:
    simulator = await simulate()
    connection = MieleConnection(settings_of(simulator))
    await connection.open()
    subscriptions = simulator.module.subscriptions
    slot, ours = next(iter(subscriptions.items()))
    subscriptions[slot] = msgspec.structs.replace(ours, callback="http://127.0.0.1:9/Devices/somebody/")
    await connection.close()
    assert list(subscriptions) == [slot]


async def test_a_refrigerator_is_no_running_programme(simulate: Simulate) -> None:
    simulator = await simulate("fridge-freezer")
    async with MieleConnection(settings_of(simulator, push=False)) as connection:
        serving = asyncio.create_task(connection.serve())
        assert only(connection).state["status"] == "running"
        simulator.server.log.clear()
        await asyncio.sleep(301)
        assert sum(path.endswith("/State") for _, path, _ in simulator.server.log) == 5
        serving.cancel()


async def test_the_counters_of_a_short_programme_are_read_from_its_start(simulate: Simulate) -> None:
    simulator = await simulate(scene="ready")
    async with MieleConnection(settings_of(simulator)) as connection:
        washer, serving = only(connection), asyncio.create_task(connection.serve())
        await asyncio.sleep(30)
        simulator.appliance.select(122)
        simulator.appliance.start()
        await asyncio.sleep(150)
        assert washer.state["energy_expected"] == 210
        assert washer.state["energy_cycle"] == pytest.approx(210 * 120 / 1500, abs=9)
        assert washer.state["water_cycle"] == pytest.approx(33 * 120 / 1500, abs=1.5)
        serving.cancel()


async def test_a_programme_that_is_stopped_counts_what_it_used(simulate: Simulate) -> None:
    simulator = await simulate(scene="running")
    async with MieleConnection(settings_of(simulator)) as connection:
        washer, serving = only(connection), asyncio.create_task(connection.serve())
        await asyncio.sleep(1200)
        simulator.appliance.stop()
        await asyncio.sleep(60)
        assert washer.state["energy_cycle"] == pytest.approx(750 * 1200 / 7120, abs=10)
        assert washer.state["energy_expected"] is None
        serving.cancel()


async def test_a_cycle_that_had_begun_before_is_not_counted_twice(simulate: Simulate) -> None:
    simulator = await simulate(scene="running")
    await asyncio.sleep(3000)
    async with MieleConnection(settings_of(simulator)) as connection:
        washer = only(connection)
        assert washer.state["water_cycle"] == pytest.approx(26, abs=1)
        assert washer.state["water_total"] == 0, "a watch that ended may have counted it"


async def test_a_start_and_an_end_that_nobody_saw(simulate: Simulate) -> None:
    simulator = await simulate("dishwasher", scene="running")
    async with MieleConnection(settings_of(simulator, push=False)) as connection:
        washer = only(connection)
        happened: list[str] = []
        washer.subscribe(lambda change: happened.extend(each.type for each in change.occurrences))
        await asyncio.sleep(600)
        await washer.read_state()
        simulator.appliance.stop()
        simulator.appliance.select(38)
        simulator.appliance.start()
        await washer.read_state()
        assert happened == ["started"]
        simulator.levers.sleep_after = None
        await asyncio.sleep(7200)
        await washer.read_state()
        assert washer.state["status"] == "off"
        assert happened == ["started", "finished"], "its finish time had passed"


async def test_the_finish_stands_in_the_last_minute(simulate: Simulate) -> None:
    simulator = await simulate(scene="running")
    async with MieleConnection(settings_of(simulator, push=False)) as connection:
        washer = only(connection)
        finish = washer.state["finish_at"]
        await asyncio.sleep(simulator.appliance.remaining_s - 20)
        running = simulator.appliance.state()
        washer.take(running | {"RemainingTime": [0, 0]}, Origin.POLL)
        assert washer.state["finish_at"] == finish
        washer.take({"Status": 7}, Origin.POLL)
        assert washer.state["finish_at"] is None
