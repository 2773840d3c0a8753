"""When a heating machine will be ready: estimated from how fast its boilers have been warming."""

from __future__ import annotations

import datetime as dt

from homewire.lamarzocco.gateway.models import BoilerType
from homewire.lamarzocco.gateway.views import LaMarzoccoBoiler, LaMarzoccoMachineConfig

__all__ = ["ReadyEstimate"]

_NEAR_C = 1.0
"""A boiler this near to its target brews; thermostats swing around it."""

_OBSERVE_S = 10.0
"""Before that a rate is noise."""

_LONGEST_S = 6 * 3600.0
"""A machine heats for half an hour; what takes longer is no heating."""

_STEP_S = 15.0
"""A new estimate nearer than this to the old one is the old one."""


class ReadyEstimate:
    """Follows the boilers of one machine."""

    def __init__(self) -> None:
        self._began: dict[BoilerType, tuple[dt.datetime, float]] = {}
        self._last: dict[BoilerType, tuple[float, dt.datetime | None]] = {}
        self._shown: dt.datetime | None = None

    def update(self, config: LaMarzoccoMachineConfig, now: dt.datetime) -> tuple[bool, dt.datetime | None]:
        """Return whether the machine is ready, and else when it will be, if that can be told yet."""
        used = {
            kind: boiler for kind, boiler in config.boilers.items() if config.turned_on and boiler.enabled
        }
        cold = {kind: boiler for kind, boiler in used.items() if not _is_hot(boiler)}
        self._began = {kind: self._began.get(kind, (now, _now_c(boiler))) for kind, boiler in cold.items()}
        self._last = {kind: self._estimated(kind, boiler, now) for kind, boiler in cold.items()}
        moments = [moment for _reading, moment in self._last.values()]
        known = [moment for moment in moments if moment is not None]
        self._shown = self._steady(max(known)) if known and len(known) == len(moments) else None
        return bool(used) and not cold, self._shown

    def _estimated(
        self, kind: BoilerType, boiler: LaMarzoccoBoiler, now: dt.datetime
    ) -> tuple[float, dt.datetime | None]:
        """Return the reading and the moment; only a new reading says something new."""
        reading = _now_c(boiler)
        last = self._last.get(kind)
        if last is not None and last[0] == reading:
            return last
        since, start = self._began[kind]
        passed, gained = (now - since).total_seconds(), reading - start
        if passed < _OBSERVE_S or gained <= 0:
            return reading, None
        left_s = (boiler.target_temperature - _NEAR_C - reading) * passed / gained
        if left_s > _LONGEST_S:
            return reading, None
        return reading, (now + dt.timedelta(seconds=left_s)).replace(microsecond=0)

    def _steady(self, moment: dt.datetime) -> dt.datetime:
        shown = self._shown
        if shown is not None and abs((moment - shown).total_seconds()) < _STEP_S:
            return shown
        return moment


def _is_hot(boiler: LaMarzoccoBoiler) -> bool:
    """Tell whether it is at its target; one without a reading or a target keeps nobody waiting."""
    current = boiler.current_temperature
    return current is None or current >= boiler.target_temperature - _NEAR_C


def _now_c(boiler: LaMarzoccoBoiler) -> float:
    return boiler.current_temperature or 0.0
