"""Water through the group: a shot with its prebrewing, and a backflush cycle."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["AFTERGLOW_S", "Backflush", "Brew", "Prelude"]

AFTERGLOW_S = 1.1
"""The stream goes on for a little over a second after a shot, about a dozen frames (section 9.11)."""

_FULL_PULSES_PER_S = 4.8
"""A double of 60 ml in 25 s, at 0.5 ml per pulse."""

_SLOW_PULSES_PER_S = 1.2

_PHASES = 10
_PHASE_S = 8.0
"""A backflush cycle (docs/protocols/lamarzocco-tcp.md, section 9.5)."""


class Prelude(NamedTuple):
    """What comes before the full flow, in seconds: pump and pause of prebrewing, or slow preinfusion."""

    pump_s: float = 0.0
    pause_s: float = 0.0
    slow_s: float = 0.0


class Brew:
    """One shot: `dose_pulses` ends it, without one somebody must. Times are seconds since its begin."""

    def __init__(self, key: int, *, dose_pulses: int | None, prelude: Prelude = Prelude()) -> None:  # noqa: B008 - immutable
        self.key = key
        self.time_s = 0.0
        self.pulses = 0.0
        self.ended_s: float | None = None
        self.completed = False
        self._dose_pulses = dose_pulses
        self._pump_s, self._pause_s, self._slow_s = prelude
        self._since_end_s = 0.0

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.ended_s is None

    @property
    def over(self) -> bool:
        """Whether the stream after its end has ended, too."""
        return not self.running and self._since_end_s >= AFTERGLOW_S

    @property
    def pump_on(self) -> bool:
        """Whether the pump works now, which it does not in the pause of prebrewing."""
        in_pause = self._pump_s > 0 and self._pump_s <= self.time_s < self._pump_s + self._pause_s
        return self.running and not in_pause

    @property
    def high_flow(self) -> bool:
        """Whether water flows at the full rate."""
        return self.pump_on and self.time_s >= max(self._slow_s, self._pump_s + self._pause_s)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if not self.running:
            self._since_end_s += seconds
            return
        self.time_s += seconds
        if self.pump_on:
            self.pulses += seconds * (_FULL_PULSES_PER_S if self.high_flow else _SLOW_PULSES_PER_S)
        if self._dose_pulses is not None and self.pulses >= self._dose_pulses:
            self.pulses = float(self._dose_pulses)
            self.end(completed=True)

    def end(self, *, completed: bool) -> None:
        """End it: by its dose, or by hand."""
        if self.running:
            self.ended_s = self.time_s
            self.completed = completed


class Backflush:
    """A cleaning cycle: armed, then ten phases of eight seconds.

    Where a paddle starts it, it only does so after the order came more than once (section 9.5).
    """

    def __init__(self, *, started: bool) -> None:
        self.started = started
        self.orders = 1
        self.time_s = 0.0

    def move_paddle(self) -> bool:
        """Start it if it is armed for good; return whether it runs."""
        self.started = self.started or self.orders > 1
        return self.started

    @property
    def over(self) -> bool:
        """Whether all phases are done."""
        return self.time_s >= _PHASES * _PHASE_S

    @property
    def phase_time_s(self) -> float:
        """The shot timer, which begins anew with each phase."""
        return self.time_s % _PHASE_S

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        if self.started:
            self.time_s += seconds
