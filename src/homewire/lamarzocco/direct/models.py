"""Typed views of the machine: enumerations, the weekly schedule, and the state as attributes.

The state is what the machine last reported; None means that it has not reported it (zero is never shown for
unknown). Section numbers are those of docs/protocols/lamarzocco-tcp.md.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Generic, Self, TypeVar, overload

import msgspec

from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.memory import clock_time
from homewire.lamarzocco.direct.memory_map import CLOCK, DAYS

__all__ = ["DaySchedule", "MachineState", "MachineType", "Model", "OpenIntEnum", "PrebrewMode", "Shot"]

T = TypeVar("T")

_CLOCK_PARTS = frozenset(field.name for field in CLOCK.fields)


class OpenIntEnum(enum.IntEnum):
    """An enumeration that keeps a value it does not know, as `UNKNOWN_<n>`."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_, member._value_ = f"UNKNOWN_{value}", value
        return member


class PrebrewMode(OpenIntEnum):
    """What happens before the pump runs at full pressure (section 9.1)."""

    OFF = 0
    PREBREWING = 1
    PREINFUSION = 2


class MachineType(OpenIntEnum):
    """The model as the board reports it (section 9.9)."""

    GS3_AV = 1
    GS3_MP = 2
    LINEA_MINI = 3

    @property
    def model(self) -> Model | None:
        """The model; None for one that is not known."""
        return _MODELS.get(self)


_MODELS = {
    MachineType.GS3_AV: Model.GS3_AV,
    MachineType.GS3_MP: Model.GS3_MP,
    MachineType.LINEA_MINI: Model.LINEA_MINI,
}


class DaySchedule(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the weekly schedule: whether it counts, and when the machine goes on and off."""

    enabled: bool
    on: dt.time | None
    off: dt.time | None


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """A shot that ended: the key, its time in seconds, the pulses of the flow meter, when it ended (UTC)."""

    key: int
    seconds: float
    pulses: int
    ended: dt.datetime


class _Reported(Generic[T]):
    """An attribute of the state that stands for one named value; None until the machine reported it."""

    def __init__(self, name: str) -> None:
        self._source = name

    @overload
    def __get__(self, state: None, owner: type) -> Self: ...
    @overload
    def __get__(self, state: MachineState, owner: type) -> T | None: ...
    def __get__(self, state: MachineState | None, owner: type) -> Self | T | None:
        if state is None:
            return self
        value: T | None = state.values.get(self._source)
        return value


class MachineState:
    """What the machine last reported. Temperatures are in °C, times in seconds.

    `values` has everything by field name.
    """

    power = _Reported[bool]("power_on")
    operating = _Reported[bool]("operating")
    coffee_temperature = _Reported[float]("coffee_temp_c")
    coffee_boiler_temperature = _Reported[float]("coffee_boiler_temp_c")
    coffee_target_temperature = _Reported[float]("coffee_setpoint_c")
    steam_temperature = _Reported[float]("steam_boiler_temp_c")
    steam_target_temperature = _Reported[float]("steam_setpoint_c")
    steam_boiler_enabled = _Reported[bool]("steam_boiler_enabled")
    backflush_active = _Reported[bool]("backflush_active")
    plumbed_in = _Reported[bool]("plumbed_in")
    reservoir_ok = _Reported[bool]("reservoir_ok")
    active_key = _Reported[int]("active_key")
    shot_pulses = _Reported[int]("shot_pulses")
    shot_time = _Reported[float]("flow_time_s")
    outputs = _Reported[list[str]]("outputs")
    hot_water_dose = _Reported[int]("hot_water_dose_s")
    standby_minutes = _Reported[int]("standby_minutes")
    group_offset = _Reported[float]("group_offset_c")
    firmware = _Reported[str]("firmware_version")
    module_serial = _Reported[str]("module_serial")
    serial = _Reported[str]("machine_serial")
    front_panel = _Reported[str]("display_line1")
    front_panel_second_line = _Reported[str]("display_line2")
    schedule_enabled = _Reported[bool]("schedule_enabled")

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self.updated_at: dt.datetime | None = None

    def __repr__(self) -> str:
        return f"<MachineState {self.model or 'unknown model'}, {len(self._values)} values>"

    @property
    def values(self) -> Mapping[str, Any]:
        """Every reported and derived value by field name; read-only and live."""
        return MappingProxyType(self._values)

    @property
    def machine_type(self) -> MachineType | None:
        """The model as the board reports it."""
        raw = self._values.get("machine_type")
        return None if raw is None else MachineType(raw)

    @property
    def model(self) -> Model | None:
        """The model, if it is known."""
        return None if self.machine_type is None else self.machine_type.model

    @property
    def prebrew_mode(self) -> PrebrewMode | None:
        """What happens before the shot."""
        raw = self._values.get("prebrew_mode")
        return None if raw is None else PrebrewMode(raw)

    @property
    def fahrenheit(self) -> bool | None:
        """Whether the panel shows °F; all values here stay in °C (section 11.2)."""
        raw = self._values.get("temperature_unit")
        return None if raw is None else raw == 1

    @property
    def clock(self) -> dt.datetime | None:
        """The machine's clock, in its own local time; its seconds may be stale (section 9.7)."""
        return clock_time(self._values) if self._values.keys() >= _CLOCK_PARTS else None

    @property
    def schedule(self) -> Mapping[str, DaySchedule]:
        """The weekly schedule by day (mon … sun); empty until it was read."""
        if "mon_on" not in self._values:
            return {}
        return {day: self._day(day) for day in DAYS}

    def dose(self, key: int) -> int | None:
        """Return the dose of a key, in pulses of about 0.5 ml."""
        return self._values.get(f"dose_k{key}_pulses")

    def prebrew_times(self, key: int) -> tuple[float, float] | None:
        """Return pump time and pause of a key's prebrewing, in seconds."""
        on, off = (self._values.get(f"prebrew_{part}_k{key}_s") for part in ("on", "off"))
        return None if on is None or off is None else (on, off)

    def preinfusion_time(self, key: int) -> float | None:
        """Return a key's preinfusion time, in seconds."""
        return self._values.get(f"preinfusion_k{key}_s")

    def _day(self, day: str) -> DaySchedule:
        values = self._values
        return DaySchedule(enabled=values[f"{day}_enabled"], on=values[f"{day}_on"], off=values[f"{day}_off"])
