"""The connection: account, polling, stream, Bluetooth, and what happens when a path is lost."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import homewire
from homewire.appliance import Change, Origin
from homewire.commands import Stage
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConfigurationError,
    ConnectionFailed,
    InvalidValue,
    NotFound,
    NotSupported,
    RemoteControlDisabled,
)
from homewire.lamarzocco.gateway import KIND
from homewire.lamarzocco.gateway.appliance import MachineAppliance
from homewire.lamarzocco.gateway.connection import GatewayConnection, GatewaySettings
from homewire.lamarzocco.gateway.simulator import CommandOutcome, GatewaySimulator

Start = Callable[..., Awaitable[Any]]


def _connect(simulator: GatewaySimulator, **changes: Any) -> Any:
    return homewire.connect("lamarzocco-gateway", **{**simulator.settings(), **changes})


def _connection(simulator: GatewaySimulator) -> GatewayConnection:
    settings = KIND.convert_settings(simulator.settings())
    assert isinstance(settings, GatewaySettings)
    return GatewayConnection(settings)


async def test_every_model_with_its_features(simulate: Start) -> None:
    simulator = (await simulate("Micra", "Linea Mini", "Linea Mini R", "GS3 AV", "GS3 MP", "Pico")).simulator
    async with _connect(simulator) as connection:
        by_model = {each.identity.model: each for each in connection.appliances.values()}
        assert len(by_model) == 6
        for appliance in by_model.values():
            assert appliance.availability.online
            unknown = {key for key, value in appliance.state.items() if value is None}
            expected = {"ready_at", "wifi_signal"}
            if appliance.identity.model.startswith("Linea Mini"):
                expected.add("steam_temperature")  # its boiler is off and reports 0
            assert {key for key in unknown if not key.startswith("wake_up")} <= expected
        assert {"steam_level"} <= set(by_model["Linea Micra"].features)
        assert "steam_target" not in by_model["Linea Mini"].features
        assert {"recipe_a", "scale_battery"} <= set(by_model["Linea Mini R"].features)
        assert {"dose_d", "prebrew_on_d", "steam_target", "hot_water"} <= set(by_model["GS3 AV"].features)
        assert "prebrew_mode" not in by_model["GS3 MP"].features
        assert by_model["Pico"].state["dose_b"] == 10.3
        assert connection.unknowns.report() == []


WRITES: list[tuple[str, str, str, Any]] = [
    ("Micra", "v3.7", "power", True),
    ("Micra", "v3.7", "coffee_target", 95.5),
    ("Micra", "v3.7", "steam", False),
    ("Micra", "v3.7", "steam_level", "1"),
    ("GS3 AV", "v3.7", "steam_target", 130),
    ("Micra", "v3.7", "plumbed_in", True),
    ("Micra", "v3.7", "prebrew_mode", "prebrew"),
    ("Linea Mini", "v5.0.9", "prebrew_mode", "prebrew"),
    ("Micra", "v3.7", "prebrew_on", 5.5),
    ("Micra", "v3.7", "prebrew_off", 6.1),
    ("GS3 AV", "v3.7", "preinfusion_c", 9),
    ("GS3 AV", "v3.7", "prebrew_on_b", 3.3),
    ("GS3 AV", "v3.7", "dose_d", 333),
    ("GS3 AV", "v3.7", "hot_water", 20),
    ("Linea Mini", "v3.7", "recipe", "B"),
    ("Linea Mini", "v3.7", "recipe_a", 37),
    ("Linea Mini", "v3.7", "recipe_b", 55),
    ("Micra", "v3.7", "smart_standby", False),
    ("Micra", "v3.7", "smart_standby_after", 120),
    ("Micra", "v3.7", "smart_standby_mode", "PowerOn"),
    ("Micra", "v3.7", "wake_up_T6aLl42", True),
    ("Micra", "v3.7", "wake_up_T6aLl42_on", dt.time(6, 5)),
    ("Micra", "v3.7", "wake_up_T6aLl42_off", dt.time(22, 0)),
    ("Micra", "v3.7", "wake_up_T6aLl42_steam", True),
    ("Micra", "v3.7", "wake_up_T6aLl42_days", "monday,friday"),
    ("Micra", "v3.1", "schedule", True),
    ("Micra", "v3.1", "schedule_tuesday", "06:30-20:05"),
]


@pytest.mark.parametrize(("model", "gateway", "key", "value"), WRITES)
async def test_every_feature_is_written_and_shows_the_machines_value(
    simulate: Start, model: str, gateway: str, key: str, value: Any
) -> None:
    simulator = (await simulate(model, gateway=gateway)).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        assert appliance.state[key] != value
        command = await appliance.write(key, value)
        assert command.stage is Stage.CONFIRMED
        assert command.path == "cloud"
        assert appliance.state[key] == value


async def test_a_day_of_the_weekly_schedule_is_switched_off_again(simulate: Start) -> None:
    simulator = (await simulate("Micra", gateway="v3.1")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        await appliance.write("schedule_monday", "06:30-20:05")
        await appliance.write("schedule_monday", "off")
        assert appliance.state["schedule_monday"] == "off"
        with pytest.raises(InvalidValue):
            await appliance.write("schedule_monday", "sometimes")


async def test_bluetooth_is_found_and_taken_first(simulate: Start) -> None:
    simulator = (await simulate("Micra", "Pico", bluetooth=True)).simulator
    async with _connect(simulator) as connection:
        await connection.bluetooth_searched.wait()
        machine = connection.appliances[f"lamarzocco:{simulator.machine.serial}"]
        command = await machine.write("power", True)
        assert command.path == "bluetooth"
        assert machine.state["power"] is True
        assert not any("/status" in call for call in simulator.cloud.calls)


async def test_a_shot_is_one_event_with_start_duration_and_dose(simulate: Start) -> None:
    simulator = (await simulate("GS3 AV")).simulator
    machine = simulator.machine
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        changes: list[Change] = []
        appliance.subscribe(changes.append)
        await simulator.locals[machine.serial].watched.wait()
        await appliance.write("power", True)
        assert appliance.state["read_from"] == "stream"
        machine.brew("A")
        await asyncio.sleep(40)
        (shot,) = [happened for change in changes for happened in change.occurrences]
        assert shot.type == "shot"
        assert shot.data["dose"] == "DoseA"
        assert shot.data["duration_s"] == pytest.approx(24, abs=1.5)
        assert isinstance(shot.data["start"], dt.datetime)
        assert abs((shot.at - shot.data["start"]).total_seconds() - 24) < 3
        times = [float(str(change.values["shot_time"])) for change in changes if "shot_time" in change.values]
        assert times == sorted(times)
        assert any(change.origin is Origin.PUSH for change in changes)
        assert appliance.state["coffees"] == sum(
            count for kind, count in machine.counters.items() if kind >= 0
        )


async def test_ready_at_while_heating(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        await appliance.write("power", True)
        assert appliance.state["ready"] is False
        await asyncio.sleep(30)
        promised = appliance.state["ready_at"]
        assert isinstance(promised, dt.datetime)
        async with appliance.changes() as changes:
            async for change in changes:
                if change.values.get("ready"):
                    break
        late_s = (appliance.clock.now() - promised).total_seconds()
        assert abs(late_s) < 15
        assert appliance.state["ready_at"] is None


async def test_the_cloud_is_polled_gently_where_there_is_no_local_api(simulate: Start) -> None:
    simulator = (await simulate("Micra", gateway="v5.0.9")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        assert appliance.state["read_from"] == "cloud"
        simulator.cloud.calls.clear()
        await asyncio.sleep(3600)
        standby = sum(call.endswith("/configuration") for call in simulator.cloud.calls)
        assert 55 <= standby <= 61
        simulator.machine.set_mode("BrewingMode", "manual")
        await asyncio.sleep(70)
        assert appliance.state["power"] is True
        simulator.cloud.calls.clear()
        await asyncio.sleep(600)
        assert 18 <= sum(call.endswith("/configuration") for call in simulator.cloud.calls) <= 21
        assert simulator.cloud.tokens.sign_ins == 1


async def test_with_the_stream_open_the_cloud_is_left_alone(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    async with _connect(simulator):
        await asyncio.sleep(60)
        simulator.cloud.calls.clear()
        await asyncio.sleep(3600)
        assert len(simulator.cloud.calls) <= 15, "statistics every five minutes, firmware every hour"


async def test_a_dropped_stream_comes_back_and_nothing_is_missed(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    server = simulator.locals[simulator.machine.serial]
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        await server.watched.wait()
        await server.drop_streams()
        simulator.machine.set_mode("BrewingMode", "manual")
        await asyncio.sleep(5)
        assert appliance.state["power"] is True
        assert appliance.availability.online
        await asyncio.sleep(60)
        assert server.streams == 1


async def test_everything_gone_makes_the_appliance_unavailable_until_it_is_back(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    server, port = simulator.locals[simulator.machine.serial], 0
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        port = server.address[1]
        simulator.cloud.levers.status = 503
        await server.stop()
        await asyncio.sleep(5)
        assert not appliance.availability.online
        assert "503" in appliance.availability.reason
        simulator.cloud.levers.status = None
        await server.start("127.0.0.1", port)
        await asyncio.sleep(400)
        assert appliance.availability.online
        assert simulator.cloud.tokens.sign_ins == 1, "opening again needs no sign-in"


async def test_one_machine_gone_leaves_the_other_alone(simulate: Start) -> None:
    simulator = (await simulate("Micra", "Linea Mini", gateway="v5.0.9")).simulator
    micra, mini = simulator.machines.values()
    async with _connect(simulator) as connection:
        del simulator.machines[micra.serial]
        await asyncio.sleep(130)
        gone = connection.appliances[f"lamarzocco:{micra.serial}"]
        assert not gone.availability.online
        assert connection.appliances[f"lamarzocco:{mini.serial}"].availability.online
        simulator.machines[micra.serial] = micra
        await asyncio.sleep(130)
        assert gone.availability.online


async def test_wrong_credentials_and_empty_accounts(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    with pytest.raises(AuthenticationFailed):
        async with _connect(simulator, password="wrong"):
            raise AssertionError
    with pytest.raises(ConfigurationError, match="no device"):
        async with _connect(simulator, serials=["LM000000"]):
            raise AssertionError
    with pytest.raises(ConfigurationError, match="no device"):
        async with homewire.connect("lamarzocco-gateway"):
            raise AssertionError


async def test_a_revoked_account_parks_the_link(simulate: Start) -> None:
    simulator = (await simulate("Micra", gateway="v5.0.9")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        simulator.account.password = "changed"
        simulator.cloud.tokens.revoke_access()
        simulator.cloud.calls.clear()
        await asyncio.sleep(7200)
        assert not appliance.availability.online
        assert simulator.cloud.calls.count("POST /oauth/v2/token") == 1


async def test_without_the_cloud(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    own = simulator.machine
    host = ":".join(map(str, simulator.locals[own.serial].address))
    device = {"serial": own.serial, "token": own.key, "host": host}
    async with homewire.connect("lamarzocco-gateway", devices=[device]) as connection:
        (appliance,) = connection.appliances.values()
        assert appliance.identity.model == "Linea Micra"
        assert appliance.state["coffee_target"] == 93
        assert appliance.state["coffees"] is None
        with pytest.raises(NotSupported):
            await appliance.write("power", True)
        assert not simulator.cloud.calls
    bad = {"serial": own.serial, "token": "wrong", "host": host}
    with pytest.raises(AuthenticationFailed):
        async with homewire.connect("lamarzocco-gateway", devices=[bad]):
            raise AssertionError
    with pytest.raises(ConnectionFailed):
        async with homewire.connect("lamarzocco-gateway", devices=[device | {"host": "127.0.0.1:9"}]):
            raise AssertionError


async def test_an_unknown_model_does_not_hide_the_known_ones(simulate: Start) -> None:
    simulator = (await simulate("Micra", "Pico")).simulator
    record = simulator.account.record

    def with_a_newcomer(machines: Any) -> Any:
        data = record(machines)
        data["fleet"][1]["machine"]["model"]["name"] = "Strada"
        return data

    simulator.account.record = with_a_newcomer
    async with _connect(simulator) as connection:
        assert [each.identity.model for each in connection.appliances.values()] == ["Linea Micra"]
        await asyncio.sleep(400)
        assert connection.unknowns.report() == [{"kind": "model", "value": "Strada", "count": 1}]


async def test_firmware_is_dangerous_and_followed(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        assert appliance.state["machine_update"] == "1.13"
        assert appliance.identity.firmware == "1.12"
        with pytest.raises(RemoteControlDisabled):
            await appliance.press("machine_update")
        shown: list[Any] = []
        appliance.subscribe(lambda change: shown.append(change.values.get("machine_updating")))
        await appliance.press("machine_update", dangerous=True)
        assert [value for value in shown if value is not None] == [True, False]
        assert appliance.state["machine_firmware"] == "1.13"
        assert appliance.identity.firmware == "1.13"


async def test_backflush_and_refusals(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        with pytest.raises(NotSupported):
            await appliance.press("backflush")
        await appliance.write("power", True)
        await appliance.press("backflush")
        during = appliance.state["backflushing"]
        await asyncio.sleep(400)
        assert (during, appliance.state["backflushing"]) == (True, False)
        simulator.cloud.levers.command_outcome = CommandOutcome.FAILED
        with pytest.raises(CommandRejected):
            await appliance.write("power", False)
        assert appliance.state["power"] is True


@pytest.mark.parametrize("gateway", ["v3.7", "v5.0.9"])
async def test_unknown_configuration_fields_are_counted_and_shown(simulate: Start, gateway: str) -> None:
    simulator = (await simulate("Micra", gateway=gateway)).simulator
    simulator.machine.config["cupWarmer"] = {"level": 3}
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        await asyncio.sleep(3600)
        assert appliance.state["coffee_target"] == 93
        reported = [each for each in connection.unknowns.report() if each["kind"] == "configuration field"]
        assert [(each["value"], each["count"]) for each in reported] == [("cupWarmer", 1)]


async def test_problems_are_told_with_their_remedy(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        assert appliance.problems == ()
        await simulator.locals[simulator.machine.serial].watched.wait()
        simulator.machine.set_tank(False)
        await asyncio.sleep(2)
        assert appliance.state["water"] is False
        await simulator.locals[simulator.machine.serial].stop()
        await asyncio.sleep(60)
        assert [problem.key for problem in appliance.problems] == ["water", "local"]


async def test_a_cafes_fleet_is_opened_in_time(simulate: Start) -> None:
    simulator = (await simulate(*["Linea Mini"] * 40, gateway="v5.0.9")).simulator
    async with _connect(simulator) as connection:
        assert len(connection.appliances) == 40
        assert simulator.cloud.tokens.sign_ins == 1


async def test_no_secret_in_what_is_shown(simulate: Start) -> None:
    simulator = (await simulate("Micra", "Pico")).simulator
    async with _connect(simulator) as connection:
        for appliance in connection.appliances.values():
            shown = (
                json.dumps(appliance.diagnostics(), default=str) + repr(appliance) + repr(connection.settings)
            )
            for secret in (simulator.machine.key, simulator.options.password, "access0"):
                assert secret not in shown


async def test_closing_leaves_nothing(simulate: Start) -> None:
    simulator = (await simulate("Micra", "Pico", bluetooth=True)).simulator
    before = asyncio.all_tasks()
    async with _connect(simulator) as connection:
        await connection.bluetooth_searched.wait()
        await asyncio.sleep(30)
    assert isinstance(connection, GatewayConnection)
    await connection.close()
    await asyncio.sleep(1)
    ours = {task for task in asyncio.all_tasks() - before if "homewire" in repr(task.get_coro())}
    assert not ours


def test_the_catalogue_names_every_model() -> None:
    catalogue = dict(KIND.load_catalogue()())
    assert set(catalogue) == {"Linea Micra", "Linea Mini", "Linea Mini R", "GS3 AV", "GS3 MP", "Pico"}
    assert all(len({each.key for each in features}) == len(features) for features in catalogue.values())


async def test_a_command_during_an_outage_leaves_no_session_behind(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    connection = _connection(simulator)
    await connection.open()
    await connection.close()
    (appliance,) = connection.appliances.values()
    assert isinstance(appliance, MachineAppliance)
    await appliance.refresh()
    used = appliance.device.local_client
    await connection.open()
    assert used is not None
    assert used is not appliance.device.local_client
    assert used._http._session is None
    await connection.close()


async def test_the_local_path_is_lost_and_found_with_one_line_each(
    simulate: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "homewire.lamarzocco.gateway.device")
    simulator = (await simulate("Micra")).simulator
    async with _connection(simulator) as connection:
        (appliance,) = connection.appliances.values()
        (local,) = simulator.locals.values()
        local.levers.status = 500
        await appliance.refresh()
        await appliance.refresh()
        local.levers.status = None
        await appliance.refresh()
        await appliance.refresh()
    assert [(record.levelname, record.message.split(": ")[1]) for record in caplog.records] == [
        ("WARNING", "the local API does not work, the cloud is asked instead"),
        ("INFO", "the local API works again"),
    ]


async def test_a_device_that_was_missed_at_the_opening_comes_later(simulate: Start) -> None:
    simulator = (await simulate("Micra", "Linea Mini")).simulator
    devices = [
        {"serial": machine.serial, "token": machine.key, "host": ":".join(map(str, local.address))}
        for machine, local in zip(simulator.machines.values(), simulator.locals.values(), strict=True)
    ]
    _, second = simulator.locals.values()
    second.levers.status = 500
    async with homewire.connect("lamarzocco-gateway", devices=devices) as connection:
        assert [each.availability.online for each in connection.appliances.values()] == [True, False]
        second.levers.status = None
        await asyncio.sleep(120)
        assert [each.availability.online for each in connection.appliances.values()] == [True, True]


async def test_a_command_right_after_opening_goes_over_the_air(simulate: Start) -> None:
    simulator = (await simulate("Micra", bluetooth=True)).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        command = await appliance.write("power", True)
        assert command.path == "bluetooth"
        assert simulator.machine.is_on


async def test_a_machine_out_of_reach_is_commanded_by_the_cloud_and_found_later(simulate: Start) -> None:
    simulator = (await simulate("Micra", bluetooth=True)).simulator
    peripheral = simulator.bluetooths[simulator.machine.serial].peripheral
    await peripheral.advertise(False)
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        command = await appliance.write("power", True)
        assert command.path == "cloud"
        await connection.bluetooth_searched.wait()
        await peripheral.advertise(True)
        await asyncio.sleep(310)
        assert (await appliance.write("power", False)).path == "bluetooth"


async def test_a_shot_whose_end_nobody_told_does_not_last_for_ever(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    local = simulator.locals[simulator.machine.serial]
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        await local.watched.wait()
        simulator.machine.set_mode("BrewingMode")
        simulator.machine.brew(duration_s=20)
        await asyncio.sleep(10)
        assert appliance.state["brewing"] is True
        await local.drop_streams()
        await asyncio.sleep(15)
        assert simulator.machine.shot is None
        assert appliance.state["brewing"] is False


async def test_statistics_that_fail_take_nothing_else_with_them(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    machine = simulator.machine
    simulator.cloud.levers.failing_reads = ("/statistics/counters", "/firmware/")
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        assert appliance.state["coffees"] is None
        assert appliance.state["coffee_target"] == 93.0
        await asyncio.sleep(4000)
        assert appliance.availability.online
        simulator.cloud.levers.failing_reads = ()
        await asyncio.sleep(400)
        assert appliance.state["coffees"] == machine.counters[0]


async def test_a_done_command_is_done_even_if_the_effect_cannot_be_read(simulate: Start) -> None:
    simulator = (await simulate("Micra", gateway="v5.0.9")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        simulator.cloud.levers.failing_reads = ("/configuration",)
        command = await appliance.write("coffee_target", 95.0)
        assert command.stage is Stage.CONFIRMED
        assert simulator.machine.boiler("CoffeeBoiler1")["target"] == 95
        assert appliance.state["coffee_target"] == 93.0
        simulator.cloud.levers.failing_reads = ()
        await appliance.refresh()
        assert appliance.state["coffee_target"] == 95.0


async def test_an_outage_that_answers_403_does_not_park_the_link(simulate: Start) -> None:
    simulator = (await simulate("Micra", gateway="v5.0.9")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        simulator.cloud.levers.status = 403
        await asyncio.sleep(3600)
        assert not appliance.availability.online
        simulator.cloud.levers.status = None
        await asyncio.sleep(1800)
        assert appliance.availability.online
        assert simulator.cloud.tokens.sign_ins <= 3


async def test_wake_ups_are_added_filled_in_and_removed(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    machine = simulator.machine
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        await appliance.press("wake_up_add")
        (_first, entry) = machine.config["wakeUpSleepEntries"]
        assert not entry["enabled"]
        key = f"wake_up_{entry['id']}"
        await appliance.write(f"{key}_on", dt.time(7, 30))
        await appliance.write(f"{key}_off", dt.time(9, 0))
        await appliance.write(f"{key}_days", "saturday,sunday")
        await appliance.write(key, True)
        (_first, entry) = machine.config["wakeUpSleepEntries"]
        assert (entry["enabled"], entry["timeOn"], entry["timeOff"]) == (True, "7:30", "9:0")
        assert entry["days"] == ["saturday", "sunday"]
        await appliance.press(f"{key}_remove")
        assert [each["id"] for each in machine.config["wakeUpSleepEntries"]] == ["T6aLl42"]
        assert key not in appliance.features


async def test_what_the_app_changed_meanwhile_is_not_undone(simulate: Start) -> None:
    simulator = (await simulate("Micra", gateway="v3.7")).simulator
    entry = {"id": "T6aLl42", "days": ["monday"], "steam": True, "enable": True}
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        simulator.machine.set_wake_up_sleep(entry | {"timeOn": "6:15", "timeOff": "8:0"})
        await appliance.write("wake_up_T6aLl42_days", "friday")
        (shown,) = simulator.machine.config["wakeUpSleepEntries"]
        assert (shown["timeOn"], shown["steam"], shown["days"]) == ("6:15", True, ["friday"])
        simulator.machine.remove_wake_up_sleep("T6aLl42")
        with pytest.raises(NotFound, match="T6aLl42"):
            await appliance.write("wake_up_T6aLl42_steam", False)


@pytest.mark.parametrize("ids", [["a b/../c#+"], [f"e{number:06d}" for number in range(2000)]])
async def test_entries_that_no_machine_has_make_no_features(simulate: Start, ids: list[str]) -> None:
    simulator = (await simulate("Micra")).simulator
    entry = {"days": ["monday"], "steam": True, "enabled": True, "timeOn": "6:0", "timeOff": "7:0"}
    simulator.machine.config["wakeUpSleepEntries"] = [{"id": name, **entry} for name in ids]
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        assert len(appliance.features) < 400
        assert not any("/" in key for key in appliance.features)
        assert any(each["kind"] == "wake-up entry" for each in appliance.unknowns.report())


async def test_a_machine_that_went_out_of_reach_is_commanded_by_the_cloud_in_time(simulate: Start) -> None:
    simulator = (await simulate("Micra", bluetooth=True)).simulator
    peripheral = simulator.bluetooths[simulator.machine.serial].peripheral
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        await connection.bluetooth_searched.wait()
        await peripheral.advertise(False)
        first = await appliance.write("power", True)
        second = await appliance.write("steam", False)
        assert (first.path, second.path) == ("cloud", "cloud")
        assert second.latency_s is not None
        assert first.latency_s is not None
        assert second.latency_s < first.latency_s, "Bluetooth was not tried again at once"
        await peripheral.advertise(True)
        await asyncio.sleep(120)
        assert (await appliance.write("power", False)).path == "bluetooth"


async def test_with_bluetooth_alone_a_machine_out_of_reach_is_a_failed_connection(simulate: Start) -> None:
    simulator = (await simulate("Micra", bluetooth=True)).simulator
    machine = simulator.machine
    peripheral = simulator.bluetooths[machine.serial].peripheral
    host = dict(simulator.settings()["hosts"])[machine.serial]
    device = {"serial": machine.serial, "token": machine.key, "model": "Micra", "host": host}
    async with _connect(simulator, password=None, hosts={}, devices=[device]) as connection:
        (appliance,) = connection.appliances.values()
        await connection.bluetooth_searched.wait()
        assert (await appliance.write("power", True)).path == "bluetooth"
        await peripheral.drop()
        await peripheral.advertise(False)
        with pytest.raises(ConnectionFailed, match="cannot connect to MICRA_MR123456"):
            await appliance.write("power", False)


async def test_while_the_cloud_is_out_known_machines_go_on(simulate: Start) -> None:
    simulator = (await simulate("Micra", bluetooth=True)).simulator
    machine = simulator.machine
    simulator.cloud.levers.calls_left = 0
    device = {"serial": machine.serial, "token": machine.key, "model": "Micra"}
    async with _connect(simulator, devices=[device]) as connection:
        (appliance,) = connection.appliances.values()
        assert appliance.state["read_from"] in ("local", "stream")
        assert (await appliance.write("power", True)).path == "bluetooth"
        assert machine.is_on
        simulator.cloud.levers.calls_left = None
        assert (await appliance.write("coffee_target", 95)).stage is Stage.CONFIRMED
    simulator.cloud.levers.calls_left = 0
    with pytest.raises(ConnectionFailed, match="HTTP 429"):
        async with _connect(simulator):
            raise AssertionError


async def test_what_bluetooth_did_is_done_even_if_nothing_else_answers(simulate: Start) -> None:
    simulator = (await simulate("Micra", bluetooth=True, gateway="v5.0.9")).simulator
    async with _connect(simulator) as connection:
        (appliance,) = connection.appliances.values()
        await connection.bluetooth_searched.wait()
        simulator.cloud.levers.calls_left = 0
        command = await appliance.write("power", True)
        assert command.path == "bluetooth"
        assert simulator.machine.is_on
        assert appliance.state["power"] is False, "a wish is not a reading"
