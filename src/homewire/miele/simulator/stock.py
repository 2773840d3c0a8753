"""What a simulated appliance uses up: detergent, salt, rinse aid, water, beans, and days until descaling.

Each run takes a little; somebody has to `refill`. What is nearly gone becomes a notice at the panel, by the
numbers of miele-dop2.md, appendix E.
"""

from __future__ import annotations

from typing import Final

from homewire.miele.simulator.profiles import Profile

__all__ = ["Stock"]

_COFFEE, _DISHWASHERS = 17, frozenset({7, 8, 9})
_LACK_OF_WATER, _FILL_BEANS, _DESCALE = 25400, 25013, 25202
"""Informations that a coffee machine shows (appendix E)."""

_DETERGENT_PER_RUN: Final = 3
_LOW: Final = 20
_SALT_RUNS, _RINSE_RUNS = 45, 60
_WATER_PER_DRINK, _BEANS_PER_DRINK = 8, 4
_DRINKS_PER_DESCALING: Final = 180


class Stock:
    """The supplies of one appliance, in per cent or runs."""

    def __init__(self, profile: Profile) -> None:
        self.is_coffee = profile.device_type == _COFFEE
        self.is_dishwasher = profile.device_type in _DISHWASHERS
        self.doses = profile.spins
        self.detergent = 80
        self.salt_runs = 31
        self.rinse_runs = 44
        self.water = 90
        self.beans = 70
        self.drinks_until_descaling = 122
        self.drinks_until_degreasing = 61

    @property
    def detergent_low(self) -> bool:
        """Whether the dosing container wants to be exchanged."""
        return self.detergent < _LOW

    @property
    def notices(self) -> tuple[int, ...]:
        """The informations that the panel shows of this."""
        if not self.is_coffee:
            return ()
        wanted = {
            _LACK_OF_WATER: self.water < _WATER_PER_DRINK,
            _FILL_BEANS: self.beans < _BEANS_PER_DRINK,
            _DESCALE: self.drinks_until_descaling == 0,
        }
        return tuple(number for number, lacks in wanted.items() if lacks)

    def use(self) -> None:
        """Take what one run needs."""
        self.detergent = max(0, self.detergent - _DETERGENT_PER_RUN)
        self.salt_runs = max(0, self.salt_runs - 1)
        self.rinse_runs = max(0, self.rinse_runs - 1)
        self.water = max(0, self.water - _WATER_PER_DRINK)
        self.beans = max(0, self.beans - _BEANS_PER_DRINK)
        self.drinks_until_descaling = max(0, self.drinks_until_descaling - 1)
        self.drinks_until_degreasing = max(0, self.drinks_until_degreasing - 1)

    def refill(self) -> None:
        """Fill up whatever is low; descale when it is time."""
        self.detergent = 100 if self.detergent_low else self.detergent
        self.salt_runs = self.salt_runs or _SALT_RUNS
        self.rinse_runs = self.rinse_runs or _RINSE_RUNS
        self.water = 100 if self.water < _LOW else self.water
        self.beans = 100 if self.beans < _LOW else self.beans
        self.drinks_until_descaling = self.drinks_until_descaling or _DRINKS_PER_DESCALING
        self.drinks_until_degreasing = self.drinks_until_degreasing or _DRINKS_PER_DESCALING // 2
