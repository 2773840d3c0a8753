"""pylamarzocco 1.2.3, as released: does it take our simulator for La Marzocco's cloud, machine and Bluetooth?

It signs in, reads, streams a shot and changes every setting; what it saw and what the machine believes are
compared. Its Bluetooth goes through the real bleak into the simulator's virtual controller.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.interop.environments import Environment, run_script

import homewire.simulation.bluetooth
from homewire.clock import Clock
from homewire.lamarzocco.gateway.simulator import CommandOutcome, GatewaySimulator

pytestmark = pytest.mark.interop

PYLAMARZOCCO = Environment(
    "pylamarzocco-1", ("pylamarzocco==1.2.3", "websockets==13.1", "httpx==0.28.1"), pythons=("3.12", "3.11")
)
OVER_THE_AIR = Environment(
    "pylamarzocco-1-bluetooth",
    ("pylamarzocco==1.2.3", "bleak==3.1.0", "bumble==0.0.236"),
    pythons=("3.12", "3.11"),
)
"""bumble wants newer websockets than the client's stream can use; its Bluetooth needs none."""

SET_UP = """
import asyncio, sys
import bleak
import pylamarzocco.client_cloud as cloud_module
from pylamarzocco.client_bluetooth import LaMarzoccoBluetoothClient
from pylamarzocco.client_cloud import LaMarzoccoCloudClient
from pylamarzocco.client_local import LaMarzoccoLocalClient
from pylamarzocco.const import *
from pylamarzocco.lm_grinder import LaMarzoccoGrinder
from pylamarzocco.lm_machine import LaMarzoccoMachine
from pylamarzocco.models import LaMarzoccoWakeUpSleepEntry


def point(arguments):
    url = arguments["url"]
    cloud_module.TOKEN_URL = url + "/oauth/v2/token"
    cloud_module.CUSTOMER_URL = url + "/api/customer"
    cloud_module.GW_MACHINE_BASE_URL = url + "/v1/home/machines"
    cloud_module.GW_AWS_PROXY_BASE_URL = url + "/v1/home/aws-proxy"


def client(arguments):
    point(arguments)
    return LaMarzoccoCloudClient(arguments["username"], arguments["password"])


def virtual_adapter(arguments):
    sys.path.insert(0, arguments["simulation"])
    from bluetooth import Adapter

    adapter = Adapter(arguments["radio"])
    bleak.get_platform_client_backend_type = lambda: (adapter.client_backend, "virtual")
    bleak.get_platform_scanner_backend_type = lambda: (adapter.scanner_backend, "virtual")
    return adapter


def shown(config):
    return {
        "turned_on": config.turned_on,
        "coffee": config.boilers[BoilerType.COFFEE].target_temperature,
        "steam": config.boilers[BoilerType.STEAM].target_temperature,
        "steam_on": config.boilers[BoilerType.STEAM].enabled,
        "plumbed_in": config.plumbed_in,
        "prebrew_mode": config.prebrew_mode.value,
        "prebrew": {
            key.name: [each.on_time, each.off_time] for key, each in config.prebrew_configuration.items()
        },
        "doses": {key.name: dose for key, dose in config.doses.items()},
        "hot_water": config.dose_hot_water,
        "water": config.water_contact,
        "backflush": config.backflush_enabled,
        "standby": [
            config.smart_standby.enabled, config.smart_standby.minutes, config.smart_standby.mode.value
        ],
        "entries": {
            entry.entry_id: [
                entry.enabled, [day.value for day in entry.days], entry.steam, entry.time_on, entry.time_off
            ]
            for entry in config.wake_up_sleep_entries.values()
        },
    }
"""

READ = (
    SET_UP
    + """
async def main(arguments):
    cloud = client(arguments)
    fleet = await cloud.get_customer_fleet()
    seen = {}
    for serial, info in fleet.items():
        host, port = arguments["locals"][serial]
        local = LaMarzoccoLocalClient(host, info.communication_key, port)
        kind = LaMarzoccoGrinder if info.model == "Pico" else LaMarzoccoMachine
        device = await kind.create(info.model, serial, info.name, cloud, local)
        await device.get_config()
        await device.get_firmware()
        entry = {"name": info.name, "model": info.model, "key": info.communication_key}
        entry["firmware"] = {
            kind.value: [each.current_version, each.latest_version] for kind, each in device.firmware.items()
        }
        if kind is LaMarzoccoMachine:
            await device.get_statistics()
            entry["coffees"] = device.statistics.total_coffee
            entry["flushes"] = device.statistics.total_flushes
            entry["config"] = shown(device.config)
        else:
            config = device.config
            entry["config"] = [config.led_enabled, config.bell_opened, config.stand_by_time]
        seen[serial] = entry
    return seen
"""
)

CHANGE = (
    SET_UP
    + """
async def main(arguments):
    cloud = client(arguments)
    (serial, info), = (await cloud.get_customer_fleet()).items()
    machine = await LaMarzoccoMachine.create(info.model, serial, info.name, cloud)
    await machine.get_config()
    answers = {}
    answers["power"] = await machine.set_power(True)
    answers["steam"] = await machine.set_steam(False)
    answers["steam again"] = await machine.set_steam(True)
    answers["coffee"] = await machine.set_temp(BoilerType.COFFEE, 94.3)
    answers["steam target"] = await machine.set_temp(BoilerType.STEAM, 127)
    answers["plumb in"] = await machine.set_plumbed_in(True)
    answers["prebrew mode"] = await machine.set_prebrew_mode(PrebrewMode.PREINFUSION)
    answers["preinfusion"] = await machine.set_preinfusion_time(5.5, PhysicalKey.B)
    answers["prebrew"] = await machine.set_prebrew_time(3.1, 4.2, PhysicalKey.A)
    answers["dose"] = await machine.set_dose(133, PhysicalKey.C)
    answers["hot water"] = await machine.set_dose_tea_water(12)
    answers["standby"] = await machine.set_smart_standby(True, 40, SmartStandbyMode.POWER_ON)
    entry = LaMarzoccoWakeUpSleepEntry(
        enabled=True, days=[WeekDay.MONDAY, WeekDay.SUNDAY], entry_id="aBcDeF1", steam=True,
        time_on="06:30", time_off="20:05",
    )
    answers["entry"] = await machine.set_wake_up_sleep(entry)
    await machine.start_backflush()
    await asyncio.sleep(1.2)
    await machine.get_config()
    return {"answers": answers, "config": shown(machine.config)}
"""
)

STREAM = (
    SET_UP
    + """
async def main(arguments):
    cloud = client(arguments)
    (serial, info), = (await cloud.get_customer_fleet()).items()
    host, port = arguments["locals"][serial]
    machine = await LaMarzoccoMachine.create(
        info.model, serial, info.name, cloud, LaMarzoccoLocalClient(host, info.communication_key, port)
    )
    await machine.get_config()
    seen, ended = [], asyncio.Event()

    def changed():
        config = machine.config
        seen.append([config.brew_active, config.brew_active_duration, config.turned_on])
        if seen[-1][0] is False and any(active for active, *_ in seen):
            ended.set()

    stream = asyncio.create_task(machine.websocket_connect(changed))
    await asyncio.wait_for(ended.wait(), 60)
    stream.cancel()
    return {"seen": seen, "coffee": machine.config.boilers[BoilerType.COFFEE].current_temperature}
"""
)

BLUETOOTH = (
    SET_UP
    + """
async def main(arguments):
    adapter = virtual_adapter(arguments)
    (device,) = await LaMarzoccoBluetoothClient.discover_devices()
    client = LaMarzoccoBluetoothClient(arguments["username"], arguments["serial"], arguments["key"], device)
    await client.set_power(True)
    await client.set_steam(False)
    await client.set_temp(BoilerType.COFFEE, 95.5)
    await client.set_temp(BoilerType.STEAM, 126)
    connected = client.connected
    await adapter.close()
    return {"name": device.name, "address": device.address, "connected": connected}
"""
)

REFUSED = (
    SET_UP
    + """
async def main(arguments):
    cloud = client(arguments)
    try:
        await cloud.get_customer_fleet()
    except Exception as error:
        return type(error).__name__
"""
)

FAILED = (
    SET_UP
    + """
async def main(arguments):
    cloud = client(arguments)
    return await cloud.set_power(arguments["serial"], True)
"""
)

UPDATE = (
    SET_UP
    + """
async def main(arguments):
    real = asyncio.sleep
    cloud_module.asyncio.sleep = lambda seconds: real(seconds / 100)
    cloud = client(arguments)
    return await cloud.update_firmware(arguments["serial"], FirmwareType.MACHINE)
"""
)


def _arguments(simulator: GatewaySimulator) -> dict[str, Any]:
    settings = simulator.settings()
    return {
        "url": simulator.cloud.url,
        "username": simulator.options.username,
        "password": simulator.options.password,
        "locals": {serial: local.address for serial, local in simulator.locals.items()},
        "radio": settings.get("bluetooth", "").removeprefix("virtual:"),
        "simulation": str(Path(homewire.simulation.bluetooth.__file__).parents[1]),
        "serial": simulator.machine.serial,
        "key": simulator.machine.key,
    }


def _simulator(*models: str, **options: Any) -> GatewaySimulator:
    return GatewaySimulator(GatewaySimulator.Options(models=models, bluetooth=False, **options))


async def test_reads_every_model() -> None:
    async with _simulator("Micra", "Linea Mini", "GS3 AV", "GS3 MP", "Pico") as simulator:
        seen = await run_script(PYLAMARZOCCO, READ, _arguments(simulator))
        machines = simulator.machines
        assert set(seen) == set(machines)
        for serial, entry in seen.items():
            machine = machines[serial]
            assert entry["key"] == machine.key
            installed = machine.firmware["machine_firmware"]
            assert entry["firmware"]["machine"] == [installed["version"], installed["targetVersion"]]
            assert entry["firmware"]["gateway"] == ["v3.7", "v3.7"]
            if machine.model.grinder:
                assert entry["config"] == [True, False, 10]
                continue
            assert entry["coffees"] == machine.counters[0]
            assert entry["flushes"] == machine.counters[-1]
            assert entry["config"]["coffee"] == 93
            assert entry["config"]["turned_on"] is False
            assert entry["config"]["entries"]["T6aLl42"][3:] == ["24:0", "24:0"]
        gs3 = next(entry for entry in seen.values() if entry["model"] == "GS3 AV")["config"]
        assert gs3["doses"] == {"A": 120, "B": 150, "C": 200, "D": 240}
        assert gs3["hot_water"] == 8
        assert simulator.cloud.tokens.sign_ins == 1
        assert not any(call.endswith("/configuration") for call in simulator.cloud.calls), "read locally"


async def test_changes_every_setting_of_a_gs3() -> None:
    async with _simulator("GS3 AV") as simulator:
        seen = await run_script(PYLAMARZOCCO, CHANGE, _arguments(simulator))
        assert {name: answer for name, answer in seen["answers"].items() if answer is not True} == {}
        config = simulator.machine.configuration()
        boilers = {boiler["id"]: boiler for boiler in config["boilers"]}
        assert config["machineMode"] == "BrewingMode"
        assert boilers["CoffeeBoiler1"]["target"] == pytest.approx(94.3)
        assert boilers["SteamBoiler"]["target"] == 127
        assert boilers["SteamBoiler"]["isEnabled"] is True
        assert config["isPlumbedIn"] is True
        assert config["preinfusionSettings"]["mode"] == "TypeB"
        times = {each["doseType"]: each for each in config["preinfusionSettings"]["Group1"]}
        assert times["DoseA"]["preWetTime"] == pytest.approx(3.1)
        assert times["DoseA"]["preWetHoldTime"] == pytest.approx(4.2)
        assert times["DoseB"]["preWetTime"] == 0
        assert times["DoseB"]["preWetHoldTime"] == 5.5
        assert config["groupCapabilities"][0]["doses"][2]["stopTarget"] == 133
        assert config["teaDoses"]["DoseA"]["stopTarget"] == 12
        assert config["smartStandBy"] == {"mode": "PowerOn", "minutes": 40, "enabled": True}
        assert config["isBackFlushEnabled"] is True
        entry = next(each for each in config["wakeUpSleepEntries"] if each["id"] == "aBcDeF1")
        assert (entry["timeOn"], entry["timeOff"], entry["steam"]) == ("6:30", "20:5", True)
        told = seen["config"]
        assert (told["turned_on"], told["steam"], told["plumbed_in"], told["backflush"]) == (
            True,
            127,
            True,
            True,
        )
        assert told["doses"]["C"] == 133
        assert told["standby"] == [True, 40, "PowerOn"]
        assert told["entries"]["aBcDeF1"] == [True, ["monday", "sunday"], True, "6:30", "20:5"]
        assert told["prebrew_mode"] == "TypeB"


async def test_streams_a_shot() -> None:
    async with _simulator("GS3 AV") as simulator:
        machine, local = simulator.machine, simulator.locals[simulator.machine.serial]
        machine.local_active = False  # it has to ask the cloud for the key first

        async def brew_when_watched() -> None:
            await local.watched.wait()
            machine.set_mode("BrewingMode", "manual")
            machine.brew("A", duration_s=6)

        brewing = asyncio.create_task(brew_when_watched())
        seen = await run_script(PYLAMARZOCCO, STREAM, _arguments(simulator))
        await brewing
        durations = [duration for active, duration, _ in seen["seen"] if active]
        assert durations == sorted(durations)
        assert max(durations) >= 5
        assert seen["seen"][-1][2] is True
        assert machine.counters[0] > 0
        assert any(call.endswith("/token-request") for call in simulator.cloud.calls)


async def test_speaks_bluetooth() -> None:
    async with GatewaySimulator(GatewaySimulator.Options(models=("Micra",))) as simulator:
        seen = await run_script(OVER_THE_AIR, BLUETOOTH, _arguments(simulator))
        machine = simulator.machine
        assert seen["name"] == f"MICRA_{machine.serial}"
        assert machine.is_on
        assert machine.boiler("SteamBoiler")["isEnabled"] is False
        assert machine.boiler("SteamBoiler")["target"] == 126
        assert machine.boiler("CoffeeBoiler1")["target"] == 95.5
        assert simulator.bluetooths[machine.serial].connections >= 1
        assert not simulator.cloud.calls


async def test_is_told_that_its_password_is_wrong() -> None:
    async with _simulator("Micra") as simulator:
        arguments = _arguments(simulator) | {"password": "wrong"}
        assert await run_script(PYLAMARZOCCO, REFUSED, arguments) == "RequestNotSuccessful"
        assert simulator.cloud.tokens.sign_ins == 0


@pytest.mark.parametrize("outcome", [CommandOutcome.FAILED, CommandOutcome.PENDING, CommandOutcome.REFUSED])
async def test_is_told_that_a_command_failed(outcome: CommandOutcome) -> None:
    async with _simulator("Micra") as simulator:
        simulator.cloud.levers.command_outcome = outcome
        assert await run_script(PYLAMARZOCCO, FAILED, _arguments(simulator)) is False
        assert not simulator.machine.is_on


async def test_installs_firmware() -> None:
    async with GatewaySimulator(GatewaySimulator.Options(bluetooth=False), clock=Clock(100.0)) as simulator:
        assert await run_script(PYLAMARZOCCO, UPDATE, _arguments(simulator)) is True
        assert simulator.machine.firmware["machine_firmware"]["version"] == "1.13"
