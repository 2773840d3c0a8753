"""The gateway's write routes and what they do to a machine (`lamarzocco-gateway.md`, section 7.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from homewire.lamarzocco.gateway.simulator.accounts import Refusal
from homewire.lamarzocco.gateway.simulator.machine import SimulatedMachine

__all__ = ["BLUETOOTH", "WRITES", "form_value", "performed"]

Action: TypeAlias = "Callable[[SimulatedMachine, Mapping[str, Any]], object]"

WRITES: Mapping[tuple[str, str], Action] = {
    ("POST", "/status"): lambda machine, body: machine.set_mode(body["status"]),
    ("POST", "/enable-boiler"): lambda machine, body: machine.set_boiler_enabled(
        body["identifier"], _switch(body["state"])
    ),
    ("POST", "/target-boiler"): lambda machine, body: machine.set_boiler_target(
        body["identifier"], float(body["value"])
    ),
    ("POST", "/enable-preinfusion"): lambda machine, body: machine.set_preinfusion_mode(body["mode"]),
    ("POST", "/setting-preinfusion"): lambda machine, body: machine.set_preinfusion_times(
        body["button"], int(body["wetTimeMs"]), int(body["holdTimeMs"])
    ),
    ("POST", "/enable-plumbin"): lambda machine, body: machine.set_plumbed_in(_switch(body["enable"])),
    ("POST", "/dose"): lambda machine, body: machine.set_dose(body["dose_index"], body["value"]),
    ("POST", "/dose-tea"): lambda machine, body: machine.set_tea_dose(body["dose_index"], body["value"]),
    ("POST", "/scale/target-dose"): lambda machine, body: machine.set_dose(body["dose_index"], body["value"]),
    ("PUT", "/recipes/"): lambda machine, body: machine.set_recipe(
        body["recipeId"], body["doseMode"], body["recipeDoses"]
    ),
    ("POST", "/recipes/active-recipe"): lambda machine, body: machine.assign_recipe(
        body["group"], body["doseIndex"], body["recipeId"], body["recipeDose"]
    ),
    ("PUT", "/wake-up-sleep/{id}"): lambda machine, body: machine.set_wake_up_sleep(body),
    ("DELETE", "/wake-up-sleep/{id}"): lambda machine, body: machine.remove_wake_up_sleep(body["id"]),
    ("POST", "/smart-standby"): lambda machine, body: machine.set_smart_standby(
        _switch(body["enabled"]), body["minutes"], body["mode"]
    ),
    ("POST", "/scheduling"): lambda machine, body: machine.set_schedule(
        _switch(body["enable"]), body["days"]
    ),
    ("POST", "/enable-backflush"): lambda machine, _body: machine.start_backflush(),
    ("POST", "/clock"): lambda _machine, body: body["date"],
    ("POST", "/machine_uses"): lambda _machine, _body: None,
}
"""By method and path below the device.

Deleting an entry is assumed: nobody has published how the app does it."""

BLUETOOTH: Mapping[str, Action] = {
    "MachineChangeMode": lambda machine, parameter: machine.set_mode(parameter["mode"]),
    "SettingBoilerEnable": lambda machine, parameter: machine.set_boiler_enabled(
        parameter["identifier"], bool(parameter["state"])
    ),
    "SettingBoilerTarget": lambda machine, parameter: machine.set_boiler_target(
        parameter["identifier"], float(parameter["value"])
    ),
}
"""By the name of the Bluetooth command (section 11.2)."""


def performed(action: Action, machine: SimulatedMachine, body: Mapping[str, Any]) -> Callable[[], object]:
    """Return the write as something to do later; raise Refusal for a grinder, which takes none."""
    if machine.model.grinder:
        raise Refusal(404, body={"message": "Not Found"})
    return lambda: action(machine, body)


def form_value(text: str) -> Any:
    """Return a form field as JSON would have it: the service takes both (section 6)."""
    words = {"true": True, "enabled": True, "false": False, "disabled": False}
    if text in words:
        return words[text]
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(value)
