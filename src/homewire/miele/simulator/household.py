"""The person in front of a simulated appliance: loads and starts it, opens doors, cooks, refills.

How often is that of a family; what it uses are the levers. Whoever else uses the appliance meanwhile has
priority: nothing is selected or started while something runs or waits.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Final

from homewire.clock import Clock
from homewire.miele.simulator.appliance import SimulatedAppliance, Status
from homewire.miele.simulator.levers import Levers

__all__ = ["Household"]

_MINUTE_S, _HOUR_S = 60.0, 3600.0
_IDLE: Final = frozenset({Status.OFF, Status.ON, Status.ENDED, Status.INTERRUPTED, Status.PROGRAMMED})
_COFFEE: Final = 17
_LATER: Final = 0.3
"""Of three machines about one is loaded in the evening and starts by its timer."""

_CARE: Final = 3
"""ProgramType of cleaning and care (miele-http.md, appendix A): the oven's pyrolysis is nobody's everyday."""

_SIMMER: Final = (5, 9, 13, 17)
_BOOST: Final = 117
"""PlateStep values (miele-http.md, section 11)."""


class Household:
    """Lives with one appliance, for ever."""

    def __init__(
        self, appliance: SimulatedAppliance, levers: Levers, *, clock: Clock, rng: random.Random
    ) -> None:
        self._appliance, self._levers, self._clock, self._rng = appliance, levers, clock, rng

    async def live(self) -> None:
        """Do over and over what people do with an appliance of this type."""
        habit = self._habit()
        while True:
            await habit()

    def _habit(self) -> Callable[[], Awaitable[None]]:
        profile = self._appliance.profile
        if profile.doors:
            return self._fetch_something
        if profile.plates:
            return self._cook
        if profile.ventilates:
            return self._air
        if profile.device_type == _COFFEE:
            return self._drink
        return self._bake if profile.light else self._wash

    async def _between(self, least_s: float, most_s: float) -> None:
        await self._clock.sleep(self._rng.uniform(least_s, most_s))

    async def _fetch_something(self) -> None:
        await self._between(10 * _MINUTE_S, 100 * _MINUTE_S)
        self._levers.open_door(self._rng.randrange(self._appliance.profile.doors))
        await self._between(8, 45)
        self._levers.close_doors()

    async def _cook(self) -> None:
        await self._between(1 * _HOUR_S, 6 * _HOUR_S)
        zone = self._rng.randrange(len(self._appliance.plates))
        self._appliance.extractor = 2
        self._levers.heat_plate(zone, _BOOST)
        await self._between(3 * _MINUTE_S, 8 * _MINUTE_S)
        minutes = self._rng.randint(8, 40)
        self._levers.heat_plate(zone, self._rng.choice(_SIMMER), timer_s=minutes * _MINUTE_S)
        await self._clock.sleep(minutes * _MINUTE_S)
        await self._between(1 * _MINUTE_S, 10 * _MINUTE_S)
        self._appliance.extractor = 0

    async def _air(self) -> None:
        await self._between(1 * _HOUR_S, 6 * _HOUR_S)
        self._appliance.advance()
        self._appliance.light = 1
        for step in (4, 2):
            self._appliance.set_fan(step)
            await self._between(3 * _MINUTE_S, 15 * _MINUTE_S)
        self._appliance.set_fan(0)
        self._appliance.light = 2

    async def _drink(self) -> None:
        await self._between(15 * _MINUTE_S, 150 * _MINUTE_S)
        if self._is_idle() and self._start_something():
            await self._until_done()
        if self._appliance.stock.notices:
            await self._between(1 * _MINUTE_S, 5 * _MINUTE_S)
            self._levers.refill()

    async def _wash(self) -> None:
        await self._between(1 * _HOUR_S, 8 * _HOUR_S)
        if not self._is_idle():
            return
        self._levers.refill()
        await self._handle_door()
        later = self._rng.random() < _LATER
        if self._start_something(in_s=self._rng.randint(1, 6) * _HOUR_S if later else None):
            await self._until_done()
            await self._between(1 * _MINUTE_S, 40 * _MINUTE_S)
            await self._handle_door()

    async def _bake(self) -> None:
        await self._between(3 * _HOUR_S, 12 * _HOUR_S)
        if not (self._is_idle() and self._start_something()):
            return
        await self._between(12 * _MINUTE_S, 20 * _MINUTE_S)
        await self._handle_door()
        await self._until_done()
        await self._handle_door()

    def _is_idle(self) -> bool:
        self._appliance.advance()
        return self._appliance.status in _IDLE

    def _start_something(self, *, in_s: float | None = None) -> bool:
        one = self._appliance
        one.power(True)
        everyday = [each.number for each in one.profile.programmes if each.kind != _CARE]
        selected = one.select(self._rng.choice(everyday), start_in_s=in_s)
        return selected and (in_s is not None or one.start())

    async def _until_done(self) -> None:
        while not self._is_idle():
            await self._clock.sleep(20)

    async def _handle_door(self) -> None:
        self._levers.open_door()
        await self._between(20, 180)
        self._levers.close_doors()
