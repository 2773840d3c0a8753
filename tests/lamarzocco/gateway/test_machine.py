"""Machine and grinder over any subset of the clients: the path taken, and that the state is the machine's."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandTimeout,
    ConnectionFailed,
    ConnectionLost,
    InvalidValue,
    NotFound,
    NotSupported,
)
from homewire.lamarzocco.gateway import LaMarzoccoGrinder, LaMarzoccoLocalClient, LaMarzoccoMachine
from homewire.lamarzocco.gateway.heating import ReadyEstimate
from homewire.lamarzocco.gateway.machine import Path
from homewire.lamarzocco.gateway.models import (
    BoilerType,
    FirmwareType,
    PhysicalKey,
    PrebrewMode,
    ScheduleDay,
    SmartStandbyMode,
    SteamLevel,
    WakeUpSleepEntry,
    WeeklySchedule,
)
from homewire.lamarzocco.gateway.simulator import CommandOutcome
from homewire.lamarzocco.gateway.state import LiveState
from homewire.lamarzocco.gateway.views import LaMarzoccoBoiler, LaMarzoccoMachineConfig, Shot
from homewire.unknowns import Unknowns

Start = Callable[..., Awaitable[Any]]


async def test_awaiting_a_machine_reads_it_and_the_local_api_spares_the_cloud(simulate: Start) -> None:
    clients = await simulate("Micra")
    machine = await clients.machine(cloud_client=clients.cloud(), local_client=clients.local())
    assert machine.config.boilers[BoilerType.COFFEE].target_temperature == 93
    assert machine.config.steam_level is SteamLevel.LEVEL_3
    assert machine.firmware[FirmwareType.MACHINE].latest_version == "1.13"
    assert machine.statistics.total_coffee == clients.simulator.machine.counters[0]
    assert machine.reads_local
    assert not any(call.endswith("/configuration") for call in clients.simulator.cloud.calls)
    assert "Linea Micra" in repr(machine)


@pytest.mark.parametrize("ways", [("cloud",), ("local",), ("air",), ("cloud", "air"), ("local", "air")])
async def test_any_subset_of_clients_works(simulate: Start, ways: tuple[str, ...]) -> None:
    clients = await simulate("Micra", bluetooth=True)
    names = {"cloud": "cloud_client", "local": "local_client", "air": "bluetooth_client"}
    machine = clients.machine(**{names[way]: getattr(clients, way)() for way in ways})
    if ways == ("local",):
        await machine
        with pytest.raises(NotSupported, match="cloud client"):
            await machine.set_power(True)
        return
    path = await machine.set_power(True)
    assert path is machine.last_path is (Path.BLUETOOTH if "air" in ways else Path.CLOUD)
    assert clients.simulator.machine.is_on
    if ways != ("air",):
        assert machine.config.turned_on


async def test_bluetooth_carries_power_steam_and_temperatures(simulate: Start) -> None:
    clients = await simulate("Micra", bluetooth=True)
    machine = clients.machine(bluetooth_client=clients.air(), local_client=clients.local())
    own = clients.simulator.machine
    await machine.set_power(True)
    await machine.set_steam(False)
    await machine.set_temp(BoilerType.COFFEE, 94.3)
    await machine.set_steam_level(SteamLevel.LEVEL_2)
    assert machine.bluetooth_connected
    assert own.boiler("CoffeeBoiler1")["target"] == pytest.approx(94.3)
    assert machine.config.boilers[BoilerType.COFFEE].target_temperature == 94.3
    assert machine.config.boilers[BoilerType.STEAM].enabled is False
    assert own.boiler("SteamBoiler")["target"] == 128
    assert not clients.simulator.cloud.calls


async def test_bluetooth_without_effect_falls_back_to_the_cloud(
    simulate: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clients = await simulate("Micra", bluetooth=True)
    machine = clients.machine(
        bluetooth_client=clients.air(token="old key"),
        cloud_client=clients.cloud(),
        local_client=clients.local(),
    )
    assert await machine.set_power(True) is Path.CLOUD
    assert machine.config.turned_on
    assert "the cloud is taken" in caplog.text
    await machine.close()
    alone = clients.machine(bluetooth_client=clients.air(token="old key"), local_client=clients.local())
    with pytest.raises(CommandTimeout, match="Bluetooth"):
        await alone.set_power(False)


async def test_a_machine_out_of_reach_of_bluetooth_falls_back(simulate: Start) -> None:
    clients = await simulate("Micra", bluetooth=True)
    await clients.simulator.bluetooths[clients.simulator.machine.serial].stop()
    machine = clients.machine(bluetooth_client=clients.air(), cloud_client=clients.cloud())
    assert await machine.set_power(True) is Path.CLOUD
    with pytest.raises(NotFound, match="in reach"):
        await clients.machine(bluetooth_client=clients.air()).set_power(True)


async def test_a_locked_local_api_is_opened_through_the_cloud(simulate: Start) -> None:
    clients = await simulate("GS3 AV")
    clients.simulator.machine.local_active = False
    machine = clients.machine(cloud_client=clients.cloud(), local_client=clients.local())
    await machine.get_config()
    assert machine.reads_local
    alone = clients.machine(local_client=clients.local(token="wrong"))
    with pytest.raises(AuthenticationFailed):
        await alone.get_config()


async def test_a_key_that_never_works_ends_in_the_cloud(
    simulate: Start, caplog: pytest.LogCaptureFixture
) -> None:
    clients = await simulate("GS3 AV")
    machine = clients.machine(cloud_client=clients.cloud(), local_client=clients.local(token="wrong"))
    await machine.get_config()
    await machine.get_config()
    assert not machine.reads_local
    assert machine.config.boilers
    assert caplog.text.count("the cloud is asked instead") == 1


Case = tuple[str, str, Callable[[LaMarzoccoMachine], Awaitable[Path]], Callable[[Any], bool]]
FRIDAY = WeeklySchedule(enabled=True, friday=ScheduleDay(enabled=True, h_on=7, h_off=8))
EVERYTHING: list[Case] = [
    (
        "Micra",
        "v3.7",
        lambda m: m.set_prebrew_mode(PrebrewMode.PREBREW),
        lambda c: c.prebrew_mode == PrebrewMode.PREBREW,
    ),
    (
        "Linea Mini",
        "v5.0.9",
        lambda m: m.set_prebrew_mode(PrebrewMode.PREBREW),
        lambda c: c.prebrew_mode == PrebrewMode.PREBREW,
    ),
    (
        "Micra",
        "v3.7",
        lambda m: m.set_prebrew_time(4.5),
        lambda c: c.prebrew_configuration[PhysicalKey.A].on_time == 4.5,
    ),
    (
        "GS3 AV",
        "v3.7",
        lambda m: m.set_prebrew_time(prebrew_off_time=2, key=PhysicalKey.D),
        lambda c: c.prebrew_configuration[PhysicalKey.D].off_time == 2,
    ),
    (
        "Linea Mini",
        "v5.0.9",
        lambda m: m.set_preinfusion_time(6),
        lambda c: c.preinfusion_configuration[PhysicalKey.A].preinfusion_time == 6,
    ),
    ("GS3 AV", "v3.7", lambda m: m.set_dose(140, PhysicalKey.B), lambda c: c.doses[PhysicalKey.B] == 140),
    ("GS3 MP", "v3.7", lambda m: m.set_dose_tea_water(11), lambda c: c.dose_hot_water == 11),
    (
        "GS3 MP",
        "v3.7",
        lambda m: m.set_temp(BoilerType.STEAM, 129),
        lambda c: c.boilers[BoilerType.STEAM].target_temperature == 129,
    ),
    ("Linea Mini", "v3.7", lambda m: m.set_scale_dose(33), lambda c: c.doses[PhysicalKey.A] == 33),
    (
        "Linea Mini R",
        "v3.7",
        lambda m: m.set_recipe_dose("B", 50),
        lambda c: c.recipes[0].recipe_doses[1].target == 50,
    ),
    ("Linea Mini", "v3.7", lambda m: m.set_active_recipe("B"), lambda c: c.doses[PhysicalKey.A] == 45),
    ("Micra", "v3.7", lambda m: m.set_plumbed_in(True), lambda c: c.plumbed_in is True),
    (
        "Micra",
        "v3.7",
        lambda m: m.set_wake_up_sleep(WakeUpSleepEntry(id="abcdefg")),
        lambda c: "abcdefg" in c.wake_up_sleep_entries,
    ),
    ("Micra", "v3.7", lambda m: m.delete_wake_up_sleep("T6aLl42"), lambda c: c.wake_up_sleep_entries == {}),
    (
        "Micra",
        "v3.7",
        lambda m: m.set_smart_standby(True, 60, SmartStandbyMode.POWER_ON),
        lambda c: c.smart_standby.minutes == 60,
    ),
    ("Micra", "v3.1", lambda m: m.set_schedule(FRIDAY), lambda c: c.schedule.friday.h_on == 7),
]


@pytest.mark.parametrize(("model", "gateway", "command", "seen"), EVERYTHING)
async def test_every_setting_shows_what_the_machine_reports(
    simulate: Start, model: str, gateway: str, command: Any, seen: Callable[[Any], bool]
) -> None:
    clients = await simulate(model, gateway=gateway)
    machine = await clients.machine(cloud_client=clients.cloud())
    assert not seen(machine.config)
    assert await command(machine) is Path.CLOUD
    assert seen(machine.config)


async def test_preinfusion_needs_the_plumbed_in_mode_and_backflush_a_machine_that_is_on(
    simulate: Start,
) -> None:
    clients = await simulate("Micra")
    machine = await clients.machine(cloud_client=clients.cloud())
    with pytest.raises(NotSupported, match="plumbed"):
        await machine.set_prebrew_mode(PrebrewMode.PREINFUSION)
    with pytest.raises(NotSupported, match="to be on"):
        await machine.start_backflush()
    await machine.set_plumbed_in(True)
    await machine.set_prebrew_mode(PrebrewMode.PREINFUSION)
    assert machine.config.prebrew_mode is PrebrewMode.PREINFUSION
    await machine.set_power(True)
    await machine.start_backflush()
    assert machine.config.backflush_enabled


REFUSED: list[tuple[str, Callable[[LaMarzoccoMachine], Awaitable[Path]], type[Exception]]] = [
    ("Linea Mini", lambda m: m.set_temp(BoilerType.STEAM, 128), NotSupported),
    ("Linea Mini", lambda m: m.set_steam_level(SteamLevel.LEVEL_1), NotSupported),
    ("Linea Mini", lambda m: m.set_dose(100), NotSupported),
    ("Linea Mini", lambda m: m.set_dose_tea_water(10), NotSupported),
    ("Linea Mini", lambda m: m.set_scale_dose(500), InvalidValue),
    ("Micra", lambda m: m.set_temp(BoilerType.STEAM, 127), InvalidValue),
    ("Micra", lambda m: m.set_temp(BoilerType.COFFEE, 120), InvalidValue),
    ("Micra", lambda m: m.set_recipe_dose("A", 30), NotSupported),
    ("Micra", lambda m: m.set_active_recipe("A"), NotSupported),
    ("Micra", lambda m: m.set_scale_dose(30), NotSupported),
    ("Micra", lambda m: m.set_prebrew_time(1), InvalidValue),
    ("Micra", lambda m: m.set_prebrew_time(3, 0.5), InvalidValue),
    ("Micra", lambda m: m.set_prebrew_time(3, 3, PhysicalKey.B), NotSupported),
    ("Micra", lambda m: m.set_preinfusion_time(3, PhysicalKey.B), NotSupported),
    ("Micra", lambda m: m.set_preinfusion_time(60), InvalidValue),
    ("Micra", lambda m: m.set_smart_standby(True, 5, SmartStandbyMode.POWER_ON), InvalidValue),
    ("Micra", lambda m: m.delete_wake_up_sleep("nothing"), NotFound),
    ("GS3 MP", lambda m: m.set_prebrew_mode(PrebrewMode.PREBREW), NotSupported),
    ("GS3 AV", lambda m: m.set_dose(5000), InvalidValue),
    ("GS3 AV", lambda m: m.set_temp(BoilerType.STEAM, 150), InvalidValue),
]


@pytest.mark.parametrize(("model", "command", "error"), REFUSED)
async def test_what_a_model_does_not_take_never_leaves(
    simulate: Start, model: str, command: Any, error: type[Exception]
) -> None:
    clients = await simulate(model)
    machine = await clients.machine(cloud_client=clients.cloud())
    calls = len(clients.simulator.cloud.calls)
    with pytest.raises(error):
        await command(machine)
    assert len(clients.simulator.cloud.calls) == calls


async def test_a_failed_command_leaves_the_state_alone(simulate: Start) -> None:
    clients = await simulate("Micra")
    machine = await clients.machine(cloud_client=clients.cloud())
    clients.simulator.cloud.levers.command_outcome = CommandOutcome.PENDING
    with pytest.raises(CommandTimeout):
        await machine.set_power(True)
    assert machine.config.turned_on is False


async def test_follows_the_stream_until_it_ends(simulate: Start) -> None:
    clients = await simulate("Micra")
    own, server = clients.simulator.machine, clients.simulator.locals[clients.simulator.machine.serial]
    machine = clients.machine(local_client=clients.local())
    told: list[bool] = []
    watching = asyncio.create_task(machine.websocket_connect(lambda: told.append(machine.config.brew_active)))
    await server.watched.wait()
    own.set_mode("BrewingMode", "manual")
    own.brew(duration_s=7)
    await asyncio.sleep(3)
    assert machine.websocket_connected
    assert machine.config.brew_active
    assert machine.config.brew_active_duration == 2
    await asyncio.sleep(10)
    assert machine.config.brew_active is False
    assert machine.config.brew_active_duration == 7
    await server.drop_streams()
    with pytest.raises(ConnectionLost):
        await watching
    assert True in told
    assert machine.unknowns.report() == []


async def test_without_a_local_client_there_is_no_stream() -> None:
    machine = LaMarzoccoMachine.create("Micra", "MR1", "kitchen")
    with pytest.raises(NotSupported, match="local client"):
        await machine.websocket_connect()
    async with LaMarzoccoLocalClient("127.0.0.1:9", "key") as nowhere:
        with pytest.raises(ConnectionFailed):
            await LaMarzoccoMachine.create("Micra", "MR1", "x", local_client=nowhere).get_config()


def _told(*messages: Any) -> tuple[LaMarzoccoMachine, list[Shot | None]]:
    machine = LaMarzoccoMachine.create("GS3 AV", "GS1", "bar")
    return machine, [machine.on_websocket_message_received(json.dumps(message)) for message in messages]


def test_a_shot_by_the_documented_sequence() -> None:
    machine, shots = _told(
        [{"BrewingStartedGroup1StopType": "Volume"}, {"BrewingStartedGroup1DoseIndex": "DoseB"}],
        [
            {"BrewingUpdateGroup1Time": 21},
            {"BrewingUpdateGroup1Ev": True},
            {"BrewingUpdateGroup1Volume": 140},
        ],
        [{"BrewingStoppedGroup1StopType": "Volume"}],
    )
    (shot,) = [each for each in shots if each]
    assert (shot.duration_s, shot.volume, shot.dose, shot.flush) == (21, 140, "DoseB", False)
    assert machine.config.brew_active is False


def test_a_flush_and_the_older_snapshot() -> None:
    info = json.dumps({"flushInfo": {"time": 3}})
    _, shots = _told([{"FlushSnapshotGroup1": info}, {"FlushStoppedGroup1Time": 3.1}])
    assert shots[0] is not None
    assert (shots[0].flush, shots[0].duration_s) == (True, 3.1)
    _, shots = _told([{"BrewingUpdateGroup1Time": 9}], [{"BrewingSnapshotGroup1": "{}"}])
    assert shots[1] is not None
    assert (shots[1].flush, shots[1].duration_s) == (False, 9)


def test_a_lost_end_is_made_up_for_by_the_statistics() -> None:
    machine, shots = _told([{"BrewingUpdateGroup1Time": 25}], [{"MachineStatistics": '{"tot_doses": 4}'}])
    assert shots[1] is not None
    assert shots[1].duration_s == 25
    assert not machine.config.brew_active


def test_every_other_stream_key_has_its_effect() -> None:
    boilers = [
        {"id": "SteamBoiler", "isEnabled": True, "target": 131, "current": 120},
        {"id": "CoffeeBoiler1", "isEnabled": True, "target": 93, "current": 92.97},
    ]
    machine, _ = _told(
        [{"Boilers": json.dumps(boilers)}, {"MachineMode": "BrewingMode"}, {"TankStatus": "empty"}],
        [
            {"SteamBoilerEnabled": False},
            {"CoffeeBoiler1UpdateSetPoint": 94.1000015},
            {"SteamBoilerUpdateSetPoint": 126},
        ],
        [{"SteamBoilerUpdateTemperature": 121.5}],
        [{"PreinfusionSettings": json.dumps({"mode": "Novelty", "Group1": []})}],
        [{"GroupCapabilities": json.dumps([{"doses": [{"doseIndex": "DoseC", "stopTarget": 7}]}])}],
        [{"Novelty": 1}],
        {"SystemInfo": "{}"},
    )
    config = machine.config
    assert config.turned_on
    assert config.water_contact is False
    assert config.boilers[BoilerType.COFFEE].current_temperature == 93.0
    assert config.boilers[BoilerType.COFFEE].target_temperature == 94.1
    assert config.boilers[BoilerType.STEAM].enabled is False
    assert config.steam_level is SteamLevel.LEVEL_1
    assert config.prebrew_mode == "Novelty"
    assert config.doses == {PhysicalKey.C: 7}
    assert machine.unknowns.report() == [{"kind": "stream key", "value": "Novelty", "count": 1}]
    assert machine.on_websocket_message_received("garbage") is None
    machine.on_websocket_message_received(
        json.dumps([{"BoilersTargetTemperature": '{"CoffeeBoiler1": 90, "x": 1}'}])
    )
    assert machine.config.boilers[BoilerType.COFFEE].target_temperature == 90
    assert config.boilers[BoilerType.COFFEE].target_temperature == 94.1, "a view stays what it was"


def test_nothing_known_is_not_zero() -> None:
    config = LaMarzoccoMachine.create("Micra", "MR1", "x").config
    assert (config.plumbed_in, config.water_contact, config.steam_level) == (None, None, None)
    assert LaMarzoccoMachine.create("Micra", "MR1", "x").statistics.total_coffee is None
    assert LaMarzoccoGrinder.create("Pico", "GR1", "x").config.turned_on is None


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(NotSupported, match="Strada"):
        LaMarzoccoMachine.create("Strada", "X1", "x")


async def test_the_grinder(simulate: Start) -> None:
    clients = await simulate("Pico")
    grinder = await clients.grinder(cloud_client=clients.cloud(), local_client=clients.local())
    assert grinder.config.doses == {PhysicalKey.A: 5.3, PhysicalKey.B: 10.3}
    assert grinder.config.led_enabled is True
    assert grinder.config.turned_on is False
    assert await grinder.update_firmware(FirmwareType.MACHINE)
    assert grinder.firmware[FirmwareType.MACHINE].current_version == "1.18"
    await grinder.close()


async def test_the_stream_of_a_locked_machine_is_opened_through_the_cloud(simulate: Start) -> None:
    clients = await simulate("GS3 AV")
    serial = clients.simulator.machine.serial
    clients.simulator.machine.local_active = False
    machine = clients.machine(cloud_client=clients.cloud(), local_client=clients.local())
    streaming = asyncio.create_task(machine.websocket_connect())
    await clients.simulator.locals[serial].watched.wait()
    await asyncio.sleep(1)
    assert machine.websocket_connected
    assert machine.config.turned_on is False
    await clients.simulator.locals[serial].drop_streams()
    with pytest.raises(ConnectionLost):
        await streaming


async def test_a_machine_that_never_takes_its_key_does_not_flood_the_cloud(
    simulate: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = await simulate("Micra")
    own = clients.simulator.machine
    own.local_active = False
    monkeypatch.setattr(own, "activate_token", lambda: None)
    machine = clients.machine(cloud_client=clients.cloud(), local_client=clients.local())
    for _ in range(20):
        await machine.get_config()
        await asyncio.sleep(30)
    requests = [call for call in clients.simulator.cloud.calls if "token-request" in call]
    assert len(requests) <= 2
    assert not machine.reads_local


async def test_prebrewing_times_after_a_preinfusion_took_their_place(simulate: Start) -> None:
    clients = await simulate("Micra")
    own = clients.simulator.machine
    own.set_plumbed_in(True)
    machine = await clients.machine(cloud_client=clients.cloud())
    await machine.set_preinfusion_time(20)
    await machine.set_prebrew_time(prebrew_off_time=4)
    times = machine.config.prebrew_configuration[PhysicalKey.A]
    assert (times.on_time, times.off_time) == (2, 4)


async def test_what_no_recipe_and_no_standby_has_never_leaves(simulate: Start) -> None:
    clients = await simulate("Linea Mini")
    machine = await clients.machine(cloud_client=clients.cloud())
    before = len(clients.simulator.cloud.calls)
    with pytest.raises(InvalidValue, match="no dose 'C'"):
        await machine.set_active_recipe("C")
    with pytest.raises(InvalidValue, match="no dose 'C'"):
        await machine.set_recipe_dose("C", 30)
    with pytest.raises(InvalidValue, match="15 min"):
        await machine.set_smart_standby(True, 15, SmartStandbyMode.POWER_ON)
    assert len(clients.simulator.cloud.calls) == before


async def test_a_machine_that_reports_no_boilers_is_still_commanded(simulate: Start) -> None:
    clients = await simulate("Micra", bluetooth=True)
    own = clients.simulator.machine
    own.config["boilers"] = []
    machine = await clients.machine(cloud_client=clients.cloud(), bluetooth_client=clients.air())
    with pytest.raises(CommandRejected):
        await machine.set_steam(False)


@pytest.mark.parametrize("seconds", [1e308, -1e308, 0])
def test_a_shot_of_any_length_ends(seconds: float) -> None:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    state = LiveState(lambda: now)
    shot = state.receive(json.dumps([{"BrewingStoppedGroup1Time": seconds}]), Unknowns())
    assert shot is not None
    assert now - dt.timedelta(hours=1) <= shot.started <= now


def test_a_boiler_that_would_heat_for_ever_is_never_ready_at() -> None:
    estimate, now = ReadyEstimate(), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for minute, current in enumerate((20.0, 20.1, 20.2)):
        boiler = LaMarzoccoBoiler(enabled=True, current_temperature=current, target_temperature=1e300)
        config = LaMarzoccoMachineConfig(turned_on=True, boilers={BoilerType.COFFEE: boiler})
        assert estimate.update(config, now + dt.timedelta(minutes=minute)) == (False, None)
