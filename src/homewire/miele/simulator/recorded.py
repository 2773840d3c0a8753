"""Somebody's real appliance, played from a recording of its leaves.

The recording tells what the appliance is (2/144, 2/145, 14/1566) and did when it was recorded (2/256, the
mirror of `/State`); it stands still. It answers as if awake: its leaves can be read.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from homewire.errors import NotFound, ProtocolError
from homewire.miele.dop2 import decode
from homewire.miele.dop2.catalogue import interpret
from homewire.miele.dop2.schema import Attribute
from homewire.miele.dop2.tables_state import DeviceState
from homewire.miele.dop2.tree import LeafTree
from homewire.miele.simulator.appliance import NOT_AVAILABLE, SimulatedAppliance
from homewire.miele.simulator.profiles import PROFILES, Profile

__all__ = ["RecordedAppliance", "recorded_profile", "recorded_state"]

_DEVICE_STATE, _IDENTIFICATION, _LABEL = (2, 256), (2, 144), (2, 145)
_CONTEXTS: Final = ((1, 1585), (2, 1585))
_MODULE_LABEL: Final = (14, 1566)
_WASHER_DRYER: Final = 24


def recorded_profile(leaves: LeafTree, *, kind: str = "") -> Profile:
    """Return the profile of a recorded appliance, on the base of the simulated type nearest to it.

    `kind` is the simulated type to take when the recording does not say what it is of.
    """
    identification, label = _view(leaves, _IDENTIFICATION), _view(leaves, _LABEL)
    number = getattr(identification, "device_type", None)
    base = PROFILES[kind or _nearest(leaves, number)]
    found = {
        "device_type": None if number is None else int(number),
        "tech_type": getattr(label, "technical_type", None),
        "mat_number": getattr(label, "material_number", None),
        "module": getattr(_view(leaves, _MODULE_LABEL), "technical_type", None),
    }
    return msgspec.structs.replace(base, **{key: value for key, value in found.items() if value})


def _nearest(leaves: LeafTree, number: int | None) -> str:
    """Name the simulated type with this device type; else one with the same kind of context."""
    of_type = (kind for kind, profile in PROFILES.items() if profile.device_type == number)
    contexts = [view for place in _CONTEXTS if (view := _view(leaves, place)) is not None]
    ovenly = any(getattr(view, "oven_program", None) is not None for view in contexts)
    return next(of_type, "oven" if ovenly else "washing-machine")


def recorded_state(leaves: LeafTree) -> dict[str, Any]:
    """Return the fields of `/State` that the recording knows."""
    state = _view(leaves, _DEVICE_STATE)
    if not isinstance(state, DeviceState):
        return {}
    fields = {
        "Status": _number(state.status),
        "ProgramType": _number(state.program_type),
        "ProgramID": _number(state.program_id),
        "ProgramPhase": _number(state.program_phase),
        "RemainingTime": _hours_minutes(state.remaining_time),
        "StartTime": _hours_minutes(state.start_time),
        "ElapsedTime": _hours_minutes(state.elapsed_time),
        "TargetTemperature": _hundredths(state.target_temperature),
        "Temperature": _hundredths(state.current_temperature),
        "SignalDoor": state.signal_door,
        "SignalInfo": state.signal_info,
        "SpinningSpeed": state.spinning_speed,
        "DryingStep": _number(state.drying_step),
        "Light": _number(state.light),
    }
    return {name: value for name, value in fields.items() if value is not None}


class RecordedAppliance(SimulatedAppliance):
    """Tells the recorded state, for ever."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.recorded: dict[str, Any] = {}

    def state(self) -> dict[str, Any]:
        """Return `/State` as it was."""
        return super().state() | self.recorded

    def advance(self) -> None:
        """Stand still."""


def _view(leaves: LeafTree, place: tuple[int, int]) -> Attribute | None:
    try:
        return interpret(decode(leaves.leaf(*place)))
    except (NotFound, ProtocolError):
        return None


def _number(code: int | None) -> int | None:
    return None if code is None else int(code)


def _hours_minutes(seconds: int | None) -> list[int] | None:
    return None if seconds is None else list(divmod(seconds // 60, 60))


def _hundredths(zones: tuple[float | None, ...] | None) -> list[int] | None:
    if zones is None:
        return None
    numbers = [NOT_AVAILABLE if celsius is None else round(celsius * 100) for celsius in zones]
    return (numbers + [NOT_AVAILABLE] * 3)[:3]
