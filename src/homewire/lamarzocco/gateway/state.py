"""What is known about a machine at the moment: configuration and stream merged into one view.

A view of it is frozen: whoever holds one keeps what it was. Sources: `lamarzocco-gateway.md`, sections 8 and
10.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from homewire.lamarzocco.gateway.codec import (
    PLAIN_TYPES,
    STREAM_KEYS,
    UnreadableValue,
    read_stream_value,
    stream_objects,
)
from homewire.lamarzocco.gateway.models import (
    Boiler,
    BoilerType,
    BrewMode,
    Configuration,
    GroupCapabilities,
    MachineStatistics,
    PhysicalKey,
    PrebrewMode,
    PreinfusionEntry,
    PreinfusionSettings,
    Snapshot,
    SystemInfo,
)
from homewire.lamarzocco.gateway.views import (
    LaMarzoccoBoiler,
    LaMarzoccoMachineConfig,
    LaMarzoccoPrebrewConfiguration,
    Shot,
    key_of,
)
from homewire.unknowns import Unknowns

__all__ = ["LiveState"]

_LONGEST_SHOT_S = 3600
"""Whatever a message says, a shot that began before that did not end now."""

_Take: TypeAlias = "Callable[[LiveState, Any], None]"


class LiveState:
    """The newest of everything. `take` a configuration or `receive` a stream message; `view()` shows it.

    A view is made when somebody asks and kept until something changes.
    """

    __slots__ = (
        "_now",
        "_view",
        "boilers",
        "brew_started",
        "brew_time",
        "brew_volume",
        "brewing",
        "configuration",
        "dose",
        "ended",
        "groups",
        "mode",
        "preinfusion",
        "statistics",
        "stop_reason",
        "system",
        "tank",
        "temperatures",
        "valve",
    )

    def __init__(self, now: Callable[[], dt.datetime]) -> None:
        self._now = now
        self.valve: bool | None = None
        self.configuration: Configuration | None = None
        self.mode: str | None = None
        self.tank: bool | None = None
        self.boilers: dict[str, Boiler] = {}
        self.temperatures: dict[str, float | None] = {}
        self.preinfusion: PreinfusionSettings | None = None
        self.groups: tuple[GroupCapabilities, ...] = ()
        self.statistics: MachineStatistics | None = None
        self.system: SystemInfo | None = None
        self.brewing = False
        self.brew_time: float = 0
        self.brew_volume: float | None = None
        self.brew_started: dt.datetime | None = None
        self.dose: str | None = None
        self.stop_reason: str | None = None
        self.ended: str | None = None
        self._view: LaMarzoccoMachineConfig | None = None

    def take(self, configuration: Configuration) -> None:
        """Take a whole configuration."""
        self._view = None
        self.configuration = configuration
        self.mode = configuration.machine_mode
        self.tank = configuration.tank_status
        self.preinfusion = configuration.preinfusion_settings
        self.groups = configuration.group_capabilities
        self._take_boilers(configuration.boilers)

    def receive(self, data: bytes | str, unknown: Unknowns) -> Shot | None:
        """Take a raw stream message; return the shot that it ended, if any.

        This is the path of every message, some a second and machine: one pass, one look-up per value.
        Raise ProtocolError when the message is none.
        """
        self._view = None
        for entry in stream_objects(data):
            for key in entry:
                value = entry[key]
                try:
                    take = _ROUTES[key][type(value)]
                except KeyError:
                    self._read(key, value, unknown)
                else:
                    take(self, value)
        return self._finish() if self.ended is not None else None

    def _read(self, key: str, value: Any, unknown: Unknowns) -> None:
        """Take a value that has to be read first, such as JSON inside JSON text; note an unknown one."""
        if key not in STREAM_KEYS:
            unknown.note("stream key", key)
            return
        try:
            read = read_stream_value(key, value)
        except UnreadableValue:
            unknown.note("stream value", key)
        else:
            _TAKES.get(key, _nothing)(self, read)

    def lose_stream(self) -> None:
        """Forget the running shot: nobody tells any more when it ends."""
        self._view = None
        self.brewing, self.brew_started, self.ended = False, None, None

    def view(self) -> LaMarzoccoMachineConfig:
        """Return everything as one frozen view."""
        if self._view is None:
            self._view = _machine_view(self)
        return self._view

    def _take_boilers(self, boilers: tuple[Boiler, ...]) -> None:
        self.boilers = {boiler.id: boiler for boiler in boilers}
        for boiler in boilers:
            if boiler.current is not None:
                self.temperatures[boiler.id] = boiler.current

    def _finish(self) -> Shot:
        """End the shot that the message ended; a flush is one that was short (section 10.1)."""
        what, self.ended, self.brewing = self.ended, None, False
        lasted_s = min(max(self.brew_time, 0), _LONGEST_SHOT_S)
        began = self.brew_started or self._now() - dt.timedelta(seconds=lasted_s)
        self.brew_started = None
        ended = Shot(
            started=began,
            duration_s=self.brew_time,
            flush=what == "Flush",
            volume=self.brew_volume,
            dose=self.dose,
            stop_reason=self.stop_reason,
        )
        self.stop_reason = None
        return ended


def _coffee_temperature(state: LiveState, value: float) -> None:
    state.temperatures["CoffeeBoiler1"] = value


def _steam_temperature(state: LiveState, value: float) -> None:
    state.temperatures["SteamBoiler"] = value


def _set_point(name: str) -> _Take:
    def apply(state: LiveState, value: float) -> None:
        if name in state.boilers:
            state.boilers[name] = msgspec.structs.replace(state.boilers[name], target=value)

    return apply


def _set_points(state: LiveState, targets: Mapping[str, float]) -> None:
    for name, value in targets.items():
        _set_point(name)(state, value)


def _steam_enabled(state: LiveState, value: bool) -> None:
    if BoilerType.STEAM in state.boilers:
        steam = state.boilers[BoilerType.STEAM]
        state.boilers[BoilerType.STEAM] = msgspec.structs.replace(steam, is_enabled=value)


def _brew_time(state: LiveState, value: float) -> None:
    state.brewing = True
    state.brew_time = value


def _brew_start(state: LiveState, _value: Any) -> None:
    if not state.brewing:
        state.brewing, state.brew_time, state.brew_volume = True, 0, None
        state.brew_started = state._now()  # noqa: SLF001 - the table is part of the class


def _brew_dose(state: LiveState, value: str) -> None:
    _brew_start(state, value)
    state.dose = value


def _ends(what: str, name: str | None = None) -> _Take:
    """Return what notes the end of a shot or flush, and one of its details."""

    def take(state: LiveState, value: Any) -> None:
        state.ended = what
        if name is not None:
            setattr(state, name, value)

    return take


def _snapshot_end(state: LiveState, value: Snapshot) -> None:
    """End a shot by its snapshot, or a flush: the older name serves both (section 10.1)."""
    state.ended = "Flush" if value.flush_info is not None else "Brewing"
    if value.flush_info is not None and value.flush_info.time is not None:
        state.brew_time = value.flush_info.time


def _statistics(state: LiveState, value: MachineStatistics) -> None:
    state.statistics = value
    if state.brewing and state.ended is None:
        state.ended = "Brewing"  # the message that ended the shot was lost; these follow it (section 10.2)


def _slot(name: str) -> _Take:
    """Return the slot's own setter: what is only stored needs no Python call."""
    setter: _Take = getattr(LiveState, name).__set__
    return setter


def _tank(state: LiveState, value: str) -> None:
    state.tank = {"full": True, "empty": False}.get(value)


def _nothing(_state: LiveState, _value: Any) -> None:
    """Take what is known and carries nothing that is kept."""


_TAKES: Mapping[str, _Take] = {
    "MachineConfiguration": lambda state, value: state.take(value),
    "SystemInfo": _slot("system"),
    "CoffeeBoiler1UpdateTemperature": _coffee_temperature,
    "SteamBoilerUpdateTemperature": _steam_temperature,
    "SteamBoilerUpdateSetPoint": _set_point("SteamBoiler"),
    "CoffeeBoiler1UpdateSetPoint": _set_point("CoffeeBoiler1"),
    "SteamBoilerEnabled": _steam_enabled,
    "BoilersTargetTemperature": _set_points,
    "Boilers": lambda state, value: state._take_boilers(value),  # noqa: SLF001 - the table is part of the class
    "MachineMode": _slot("mode"),
    "TankStatus": _tank,
    "PreinfusionSettings": _slot("preinfusion"),
    "GroupCapabilities": _slot("groups"),
    "MachineStatistics": _statistics,
    "BrewingStartedGroup1StopType": _brew_start,
    "BrewingStartedGroup1DoseIndex": _brew_dose,
    "BrewingUpdateGroup1Time": _brew_time,
    "BrewingUpdateGroup1Ev": _slot("valve"),
    "BrewingUpdateGroup1Volume": _slot("brew_volume"),
    "BrewingStoppedGroup1StopType": _ends("Brewing"),
    "BrewingStoppedGroup1DoseIndex": _ends("Brewing", "dose"),
    "BrewingStoppedGroup1Time": _ends("Brewing", "brew_time"),
    "BrewingStoppedGroup1Volume": _ends("Brewing", "brew_volume"),
    "BrewingStoppedGroup1StopReason": _ends("Brewing", "stop_reason"),
    "BrewingSnapshotGroup1": _snapshot_end,
    "FlushSnapshotGroup1": _ends("Flush"),
    "FlushStoppedGroup1DoseIndex": _ends("Flush", "dose"),
    "FlushStoppedGroup1Time": _ends("Flush", "brew_time"),
    "FlushStoppedGroup1Volume": _ends("Flush", "brew_volume"),
}
"""What a stream key changes."""

_ROUTES: dict[str, dict[type, _Take]] = {
    key: dict.fromkeys(PLAIN_TYPES.get(key, ()), _TAKES.get(key, _nothing)) for key in STREAM_KEYS
}
"""For every known key: what its value changes, by the types that need no reading."""


_BOILERS = tuple(BoilerType)


def _machine_view(state: LiveState) -> LaMarzoccoMachineConfig:
    config = state.configuration or Configuration()
    tea = (config.tea_doses or {}).get("DoseA")
    mode = state.preinfusion.mode if state.preinfusion else PrebrewMode.DISABLED
    entries = config.wake_up_sleep_entries or ()
    prebrew, preinfusion = _times(state.preinfusion)
    return LaMarzoccoMachineConfig(
        turned_on=state.mode == BrewMode.ON,
        doses=_doses(state.groups),
        boilers={kind: _boiler(state, kind) for kind in _BOILERS if kind in state.boilers},
        prebrew_mode=_mode(mode),
        plumbed_in=config.is_plumbed_in,
        prebrew_configuration=prebrew,
        preinfusion_configuration=preinfusion,
        dose_hot_water=tea.stop_target if tea else None,
        water_contact=state.tank,
        wake_up_sleep_entries={entry.id: entry for entry in entries},
        schedule=config.weekly_scheduling_config,
        smart_standby=config.smart_stand_by,
        brew_active=state.brewing,
        brew_active_duration=state.brew_time,
        backflush_enabled=config.is_back_flush_enabled,
        scale=config.scale,
        recipes=config.recipes or (),
        recipe_assignment=config.recipe_assignment or (),
    )


def _boiler(state: LiveState, kind: BoilerType) -> LaMarzoccoBoiler:
    boiler, current = state.boilers[kind], state.temperatures.get(kind)
    return LaMarzoccoBoiler(
        enabled=boiler.is_enabled,
        current_temperature=None if current is None else round(current, 1),
        target_temperature=round(boiler.target, 1),
    )


def _doses(groups: tuple[GroupCapabilities, ...]) -> dict[PhysicalKey, float]:
    doses = groups[0].doses if groups else ()
    return {key: dose.stop_target for dose in doses if (key := key_of(dose.dose_index))}


_MODES: Mapping[str, PrebrewMode] = {mode.value: mode for mode in PrebrewMode}


def _mode(mode: str) -> PrebrewMode | str:
    """Return the mode under one name for all firmware; an unknown one stays what it is."""
    if mode == PrebrewMode.PREBREW_ENABLED:
        return PrebrewMode.PREBREW
    return _MODES.get(mode, mode)


_Times: TypeAlias = dict[PhysicalKey, LaMarzoccoPrebrewConfiguration]


def _times(settings: PreinfusionSettings | None) -> tuple[_Times, _Times]:
    """Return the pre-brewing and the pre-infusion times by key.

    Up to gateway v3 both share one pair (section 8.4).
    """
    prebrew: _Times = {}
    preinfusion: _Times = {}
    for entry in settings.group if settings else ():
        key = key_of(entry.dose_type)
        if key is None:
            continue
        pair = _pair(entry)
        if entry.mode != PrebrewMode.PREINFUSION:
            prebrew[key] = pair
        if entry.mode != PrebrewMode.PREBREW_ENABLED:
            preinfusion[key] = pair
    return prebrew, preinfusion


def _pair(entry: PreinfusionEntry) -> LaMarzoccoPrebrewConfiguration:
    return LaMarzoccoPrebrewConfiguration(
        on_time=round(entry.pre_wet_time, 1), off_time=round(entry.pre_wet_hold_time, 1)
    )
