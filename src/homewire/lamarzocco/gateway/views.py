"""What users see of a machine or grinder: frozen views, named as users of pylamarzocco 1.x know them.

Source: `lamarzocco-gateway.md`, sections 7.5 and 8.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import msgspec

from homewire.lamarzocco.gateway.models import (
    BoilerType,
    BrewMode,
    Counter,
    FirmwareRecord,
    GrinderConfiguration,
    PhysicalKey,
    PrebrewMode,
    Recipe,
    RecipeAssignment,
    Scale,
    SmartStandby,
    SteamLevel,
    WakeUpSleepEntry,
    WeeklySchedule,
)

__all__ = [
    "LaMarzoccoBoiler",
    "LaMarzoccoCoffeeStatistics",
    "LaMarzoccoFirmware",
    "LaMarzoccoGrinderConfig",
    "LaMarzoccoMachineConfig",
    "LaMarzoccoPrebrewConfiguration",
    "Shot",
    "coffee_statistics",
    "grinder_view",
    "key_of",
]

_CONTINUOUS = 4
_FLUSHES = -1
"""Special `coffeeType` values of section 7.5."""


class LaMarzoccoBoiler(msgspec.Struct, frozen=True, kw_only=True):
    """One boiler; temperatures in °C, rounded to a tenth (section 8.1), None when not reported."""

    enabled: bool
    current_temperature: float | None
    target_temperature: float


class LaMarzoccoPrebrewConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """A key's times in seconds (section 8.4)."""

    on_time: float
    off_time: float

    @property
    def preinfusion_time(self) -> float:
        """The infusion time shares the second time's place."""
        return self.off_time


class LaMarzoccoFirmware(msgspec.Struct, frozen=True, kw_only=True):
    """Installed and offered version, and whether the offered one is being installed."""

    current_version: str | None
    latest_version: str | None
    updating: bool = False

    @classmethod
    def of(cls, record: FirmwareRecord) -> LaMarzoccoFirmware:
        """Return the view of a firmware record."""
        return cls(
            current_version=record.version,
            latest_version=record.target_version or record.latest_version,
            updating=bool(record.update),
        )


class LaMarzoccoCoffeeStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Drinks since the machine was built; None when not read yet."""

    drink_stats: Mapping[PhysicalKey, int] = {}
    continous: int | None = None
    total_flushes: int | None = None

    @property
    def total_coffee(self) -> int | None:
        """All coffees; None when not read yet."""
        if self.continous is None:
            return None
        return sum(self.drink_stats.values()) + self.continous


class LaMarzoccoMachineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A machine's settings and readings at a moment.

    `brew_active_duration` is in seconds, `dose_hot_water` too, `doses` in the model's own unit.
    """

    turned_on: bool = False
    doses: Mapping[PhysicalKey, float] = {}
    boilers: Mapping[BoilerType, LaMarzoccoBoiler] = {}
    prebrew_mode: PrebrewMode | str = PrebrewMode.DISABLED
    plumbed_in: bool | None = None
    prebrew_configuration: Mapping[PhysicalKey, LaMarzoccoPrebrewConfiguration] = {}
    preinfusion_configuration: Mapping[PhysicalKey, LaMarzoccoPrebrewConfiguration] = {}
    dose_hot_water: float | None = None
    water_contact: bool | None = None
    wake_up_sleep_entries: Mapping[str, WakeUpSleepEntry] = {}
    schedule: WeeklySchedule | None = None
    smart_standby: SmartStandby | None = None
    brew_active: bool = False
    brew_active_duration: float = 0
    backflush_enabled: bool | None = None
    scale: Scale | None = None
    recipes: tuple[Recipe, ...] = ()
    recipe_assignment: tuple[RecipeAssignment, ...] = ()

    @property
    def steam_level(self) -> SteamLevel | None:
        """The Micra's level nearest to the steam target; None without a steam boiler."""
        steam = self.boilers.get(BoilerType.STEAM)
        if steam is None:
            return None
        return min(SteamLevel, key=lambda level: abs(level - steam.target_temperature))


class LaMarzoccoGrinderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A grinder's settings: doses in seconds, standby in minutes (section 8.6)."""

    turned_on: bool | None = None
    doses: Mapping[PhysicalKey, float] = {}
    led_enabled: bool | None = None
    bell_opened: bool | None = None
    stand_by_time: int | None = None


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """A shot or a flush that ended: seconds, pulses, and the key or dose."""

    started: dt.datetime
    duration_s: float
    flush: bool = False
    volume: float | None = None
    dose: str | None = None
    stop_reason: str | None = None


def coffee_statistics(counters: list[Counter]) -> LaMarzoccoCoffeeStatistics:
    """Return the counters as a view (section 7.5)."""
    counts = {counter.coffee_type: counter.count for counter in counters}
    keys = {key: counts[key - 1] for key in PhysicalKey if key - 1 in counts}
    return LaMarzoccoCoffeeStatistics(
        drink_stats=keys, continous=counts.get(_CONTINUOUS, 0), total_flushes=counts.get(_FLUSHES, 0)
    )


def grinder_view(config: GrinderConfiguration) -> LaMarzoccoGrinderConfig:
    """Return the view of a grinder's configuration."""
    mode = config.machine_mode
    return LaMarzoccoGrinderConfig(
        turned_on=None if mode is None else mode != BrewMode.STANDBY,
        doses={key: dose.target for dose in config.doses if (key := key_of(dose.dose_index))},
        led_enabled=config.barista_led,
        bell_opened=config.bell_opened,
        stand_by_time=config.stand_by_time,
    )


_KEYS = {f"Dose{key.name}": key for key in PhysicalKey} | {"Continuous": PhysicalKey.A}
"""A paddle machine's only "key" is called Continuous (section 8.4)."""


def key_of(index: str) -> PhysicalKey | None:
    """Return the key of a dose index; None for an unknown one."""
    return _KEYS.get(index)
