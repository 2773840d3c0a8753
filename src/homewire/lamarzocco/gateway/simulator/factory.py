"""How a simulated machine comes out of the factory: its configuration by model and gateway firmware.

Every field of the published configurations is there (`lamarzocco-gateway.md`, sections 8.1 to 8.8).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from homewire.lamarzocco.models import Model, Steam

__all__ = ["configuration_of", "firmware_of", "system_info"]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PULSES = {"A": 120, "B": 150, "C": 200, "D": 240}
_STEAM_C = {Steam.FIXED: 0, Steam.LEVELS: 131, Steam.RANGE: 128}


def configuration_of(model: Model, gateway: str) -> dict[str, Any]:
    """Return a configuration in standby, cold, with a full tank."""
    if model.grinder:
        return _grinder(gateway)
    steam_on = model.steam is not Steam.FIXED
    config: dict[str, Any] = {
        "version": "v1",
        "preinfusionModesAvailable": ["ByDoseType"],
        "machineCapabilities": [_capabilities(model, gateway)],
        "machine_sn": "Sn0000000000",
        "machine_hw": "2",
        "isPlumbedIn": False,
        "isBackFlushEnabled": False,
        "standByTime": 30 if _weekly(gateway) else 0,
        "tankStatus": True,
        "groupCapabilities": [_group(model)],
        "machineMode": "StandBy",
        "teaDoses": {"DoseA": {"doseIndex": "DoseA", "stopTarget": 8 if model.hot_water_dose else 0}},
        "boilers": [
            {
                "id": "SteamBoiler",
                "isEnabled": steam_on,
                "target": _STEAM_C[model.steam],
                "current": 22 * steam_on,
            },
            {"id": "CoffeeBoiler1", "isEnabled": True, "target": 93, "current": 22},
        ],
        "boilerTargetTemperature": {"SteamBoiler": _STEAM_C[model.steam], "CoffeeBoiler1": 93},
        "preinfusionMode": {"Group1": {"groupNumber": "Group1", "preinfusionStyle": "PreinfusionByDoseType"}},
        "preinfusionSettings": _preinfusion(model, gateway),
        "clock": "1901-01-01T00:00:00",
        "firmwareVersions": _versions("1.12", gateway),
    }
    return config | _schedules(gateway) | (_weighing() if model.brew_by_weight else {})


def _capabilities(model: Model, gateway: str) -> dict[str, Any]:
    own: dict[str, Any] = {
        "family": model.family,
        "groupsNumber": 1,
        "coffeeBoilersNumber": 1,
        "hasCupWarmer": False,
        "steamBoilersNumber": 1,
        "teaDosesNumber": 1,
        "machineModes": ["BrewingMode", "StandBy"],
        "schedulingType": "weeklyScheduling" if _weekly(gateway) else "smartWakeUpSleep",
    }
    return own | ({"hasWhaterProbe": False} if model.family == "MICRA" and _weekly(gateway) else {})


def _group(model: Model) -> dict[str, Any]:
    by_key = bool(model.dose_keys)
    doses: list[dict[str, Any]] = [
        {
            "groupNumber": "Group1",
            "doseIndex": f"Dose{key}",
            "doseType": "PulsesType",
            "stopTarget": _PULSES[key],
        }
        for key in model.dose_keys
    ]
    if model.brew_by_weight:
        doses = [{"groupNumber": "Group1", "doseIndex": "DoseA", "doseType": "MassType", "stopTarget": 32}]
    brewing = "PulsesType" if by_key else "ManualType" if model.brew_by_weight else "Time"
    return {
        "capabilities": {
            "groupType": "AV_Group" if doses else "EP_Group",
            "groupNumber": "Group1",
            "boilerId": "CoffeeBoiler1",
            "hasScale": False,
            "hasFlowmeter": by_key,
            "numberOfDoses": len(doses),
        },
        "doses": doses,
        "doseMode": {"groupNumber": "Group1", "brewingType": brewing},
    }


def _preinfusion(model: Model, gateway: str) -> dict[str, Any]:
    """Return one pair of times per key, or two from gateway v5 on (section 8.4)."""
    newer = gateway.startswith("v5")
    keys = [f"Dose{key}" for key in model.dose_keys]
    if not keys:
        keys = ["DoseA"] if model.brew_by_weight and not newer else ["Continuous"]
    entries: list[dict[str, Any]] = []
    for key in keys if model.prebrew else []:
        own = {"groupNumber": "Group1", "doseType": key}
        first = own | {"preWetTime": 2, "preWetHoldTime": 3}
        second = own | {"preWetTime": 0, "preWetHoldTime": 3}
        entries += [{"mode": "TypeA"} | first, {"mode": "TypeB"} | second] if newer else [first]
    return {"mode": "Disabled", "Group1": entries}


def _weighing() -> dict[str, Any]:
    doses = [{"id": "A", "target": 32}, {"id": "B", "target": 45}]
    return {
        "settings": [],
        "recipes": [{"id": "Recipe1", "dose_mode": "Mass", "recipe_doses": doses}],
        "recipeAssignment": [
            {"dose_index": "DoseA", "recipe_id": "Recipe1", "recipe_dose": "A", "group": "Group1"}
        ],
        "scale": {"connected": True, "address": "44:b7:d0:00:00:01", "name": "LMZ-123A45", "battery": 64},
    }


def _weekly(gateway: str) -> bool:
    """Tell whether the firmware has the old schedule (section 8.8: up to some v3 release)."""
    return gateway.startswith(("v2", "v3.1", "v3.2"))


def _schedules(gateway: str) -> dict[str, Any]:
    if _weekly(gateway):
        day = {"enabled": False, "h_on": 24, "h_off": 24, "m_on": 0, "m_off": 0}
        return {"weeklySchedulingConfig": {"enabled": False, **{name: dict(day) for name in _DAYS}}}
    entry = {"id": "T6aLl42", "days": list(_DAYS), "steam": False, "enabled": False}
    return {
        "wakeUpSleepEntries": [entry | {"timeOn": "24:0", "timeOff": "24:0"}],
        "smartStandBy": {"mode": "LastBrewing", "minutes": 10, "enabled": True},
    }


def _grinder(gateway: str) -> dict[str, Any]:
    return {
        "version": "v1",
        "family": "PICOG",
        "machineSn": "G000000000000000",
        "machineHw": "1",
        "machineMode": "StandBy",
        "baristaLed": True,
        "bellOpened": False,
        "standByTime": 10,
        "selectedDose": "",
        "doses": [{"doseIndex": "DoseA", "target": 5.3}, {"doseIndex": "DoseB", "target": 10.3}],
        "firmwareVersions": _versions("1.17", gateway),
    }


def _versions(machine: str, gateway: str) -> list[dict[str, str]]:
    return [
        {"name": "machine_firmware", "fw_version": machine},
        {"name": "gateway_firmware", "fw_version": gateway},
    ]


def system_info(now: dt.datetime, gateway: str) -> dict[str, Any]:
    """Return the gateway's health as `SystemInfo` carries it (section 10.1)."""
    station = {"name": "sta", "address": "127.0.0.1", "mac": "00:00:00:00:00:00"}
    return {
        "network_interfaces": [station | {"auth": "wpa2", "channel": 6, "rssi": -61}],
        "system_ram": [{"name": "dram", "free": 61440, "allocated": 122880}],
        "cpu": {"cpu0": 12, "cpu1": 7},
        "connections": {"ws": 1, "ble": 0, "mqtt": 1, "wifi": 1},
        "up_time": 86400,
        "curr_time": now.strftime("%Y-%m-%d %H:%M:%S"),
        "boot_reason": f"power on ({gateway})",
        "boot_count": 3,
        "timezone": "UTC",
        "fs": {"total": 1048576, "used": 262144, "files": ["config.json"]},
    }


def firmware_of(model: Model, gateway: str) -> dict[str, dict[str, Any]]:
    """Return what the firmware routes show: an update of the machine waits (section 7.4)."""
    files = "http://firmware.lamarzocco.io/new_firmware"
    schemas = "http://firmware.lamarzocco.io/new_json"
    prefix = model.serial_prefix
    installed, offered = ("1.17", "1.18") if model.grinder else ("1.12", "1.13")
    return {
        "gateway_firmware": {
            "targetVersion": gateway,
            "md5": "",
            "update": None,
            "url_firmware": f"{files}/gateway/{gateway[:2]}/home-gateway_{gateway}.bin",
            "url_schema": f"{schemas}/gw/{gateway}.json",
            "version": gateway,
        },
        "machine_firmware": {
            "targetVersion": offered,
            "md5": "7928e9d27f612dd3136e6ebd3a45eb944b263bf053f6ea6dfa1140c4c45b64d3",
            "update": None,
            "url_firmware": f"{files}/machine/{model.family.lower()}/app-113.bin",
            "url_schema": f"{schemas}/fw/{prefix}/v1.13.json",
            "version": installed,
        },
    }
