"""A boiler: an element heats it to its target, the room cools it."""

from __future__ import annotations

__all__ = ["ROOM_C", "Boiler"]

ROOM_C = 22.0

_HYSTERESIS_C = 0.3


class Boiler:
    """Water at a temperature, in °C. `heating_c_per_s` is what its element gives, `loss_per_s` what leaks.

    0.1 to 0.3 °C per second is believable (docs/protocols/lamarzocco-tcp.md, section 15.1).
    """

    def __init__(self, *, heating_c_per_s: float, loss_per_s: float, temperature_c: float) -> None:
        self._heating_c_per_s = heating_c_per_s
        self._loss_per_s = loss_per_s
        self.temperature_c = temperature_c
        self.element_on = False

    def advance(self, seconds: float, target_c: float | None, drawn_c_per_s: float = 0.0) -> None:
        """Let time pass with a target, None when switched off; fresh water cools by `drawn_c_per_s`."""
        if target_c is None or self.temperature_c > target_c:
            self.element_on = False
        elif self.temperature_c < target_c - _HYSTERESIS_C:
            self.element_on = True
        gain = self._heating_c_per_s if self.element_on else 0.0
        loss = (self.temperature_c - ROOM_C) * self._loss_per_s + drawn_c_per_s
        after = max(ROOM_C, self.temperature_c + (gain - loss) * seconds)
        self.temperature_c = min(after, target_c + 0.1) if self.element_on and target_c else after
