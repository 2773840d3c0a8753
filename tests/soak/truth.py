"""What the simulated appliances themselves believe, by feature: the yardstick for what clients report.

This is the only place of the soak that knows vendors. A kind that is not in `TRUTHS` lives through the same
weather with random commands; only their truth is not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from homewire.appliance import Appliance
from homewire.features import Value

Truth = Callable[[Any, Appliance], Mapping[str, Value]]

_DIRECT = {
    "power": "power_on",
    "coffee_target_temperature": "coffee_setpoint_c",
    "dose_key_1": "dose_k1_pulses",
    "prebrew_time_key_1": "prebrew_on_k1_s",
    "schedule": "schedule_enabled",
}


def _direct(simulator: Any, _appliance: Appliance) -> dict[str, Value]:
    return {key: simulator.machine.memory[name] for key, name in _DIRECT.items()}


def _gateway(simulator: Any, appliance: Appliance) -> dict[str, Value]:
    config = simulator.machines[appliance.identity.serial].config
    shown: dict[str, Value] = {"power": config["machineMode"] == "BrewingMode"}
    if "boilers" not in config:
        return shown
    boilers = {boiler["id"]: boiler for boiler in config["boilers"]}
    return shown | {
        "coffee_target": boilers["CoffeeBoiler1"]["target"],
        "steam": boilers["SteamBoiler"]["isEnabled"],
        "plumbed_in": config["isPlumbedIn"],
    }


def _homismart(simulator: Any, appliance: Appliance) -> dict[str, Value]:
    known = simulator.account.objects[appliance.identity.serial]
    shown = {"name": known["name"]}
    if "power" in appliance.features and appliance.features["power"].writable:
        shown["power"] = known["power"]
    if "led" in appliance.features:
        shown["led"] = known["led"]
    return shown


def _miele(simulator: Any, _appliance: Appliance) -> dict[str, Value]:
    return {"light": simulator.appliance.light == 1}


TRUTHS: Mapping[str, Truth] = {
    "lamarzocco-direct": _direct,
    "lamarzocco-gateway": _gateway,
    "homismart": _homismart,
    "miele": _miele,
}


def same(shown: Value, believed: Value) -> bool:
    if isinstance(shown, int | float) and isinstance(believed, int | float):
        return abs(shown - believed) < 0.051
    return shown == believed
