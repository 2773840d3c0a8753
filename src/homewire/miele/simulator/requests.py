"""What written leaves do to a simulated appliance (miele-dop2.md, sections 5, 9.4 and 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from homewire.miele.dop2 import Frame
from homewire.miele.simulator.appliance import SimulatedAppliance, Status
from homewire.miele.simulator.contents import OFF, ON, Contents

__all__ = ["Requests"]

_ACCEPTED, _BAD_VALUE, _FORBIDDEN, _NOT_NOW = 204, 400, 403, 500

_CLOCK, _MODULE_REQUEST = (14, 122), (14, 130)
_SETTING, _ANSWER, _SELECTION, _USER_REQUEST, _STATE = (2, 105), (2, 138), (2, 1577), (2, 1583), (2, 1586)
_RESTART: Final = 1
"""module_request 1; the others would cut the module off from its household (appendix A)."""

_BUTTON_OK: Final = 1
_DESELECT: Final = 3
"""selection_type 3 (miele-dop2.md, appendix A)."""


class Requests:
    """Carries out writes; a sleeping appliance answers 500, one without remote control 403 (section 5)."""

    def __init__(self, appliance: SimulatedAppliance, contents: Contents) -> None:
        self._appliance = appliance
        self._contents = contents
        self._writers: dict[tuple[int, int], Callable[[int, Frame], int]] = {
            _CLOCK: self._set_clock,
            _MODULE_REQUEST: self._request_of_module,
            _SETTING: self._change_setting,
            _ANSWER: self._acknowledge,
            _SELECTION: self._select,
            _USER_REQUEST: self._request,
            _STATE: self._power,
        }

    def takes(self, unit: int, attribute: int) -> bool:
        """Tell whether a leaf can be written."""
        return self._appliance.profile.writable and (unit, attribute) in self._writers

    def take(self, unit: int, attribute: int, idx1: int, frame: Frame) -> int:
        """Carry out one leaf; return the status."""
        if not self.takes(unit, attribute):
            return _FORBIDDEN
        if self._appliance.asleep:
            return _NOT_NOW
        return self._writers[unit, attribute](idx1, frame)

    def _set_clock(self, _idx1: int, frame: Frame) -> int:
        seconds, offset = frame.get(1), frame.get(2)
        if not isinstance(seconds, int):
            return _BAD_VALUE
        self._appliance.clock_ahead_s += seconds - self._appliance.epoch
        if isinstance(offset, int):
            self._appliance.utc_offset_s = offset
        return _ACCEPTED

    def _request_of_module(self, _idx1: int, frame: Frame) -> int:
        """Accept a restart, which is over before the next request; refuse what nobody would simulate."""
        return _ACCEPTED if frame.get(1) == _RESTART else _NOT_NOW

    def _change_setting(self, idx1: int, frame: Frame) -> int:
        number, value = frame.get(1), frame.get(4)
        if not isinstance(number, int) or not isinstance(value, int) or idx1 not in (0, number):
            return _BAD_VALUE
        known = self._contents.settings.get(number)
        if known is None or not known[1] <= value <= known[2]:
            return _BAD_VALUE
        known[0] = value
        return _ACCEPTED

    def _acknowledge(self, _idx1: int, frame: Frame) -> int:
        information, button = frame.get(1), frame.get(5)
        if not isinstance(information, int) or button != _BUTTON_OK:
            return _BAD_VALUE
        return _ACCEPTED if self._appliance.acknowledge(information) else _NOT_NOW

    def _select(self, _idx1: int, frame: Frame) -> int:
        number, how = frame.get(1), frame.get(3)
        if not self._appliance.remote & 1 or self._appliance.door_open:
            return _FORBIDDEN
        if how == _DESELECT:
            return _ACCEPTED if self._appliance.stop() else _NOT_NOW
        if not isinstance(number, int) or self._appliance.status == Status.OFF:
            return _NOT_NOW
        if not self._appliance.select(number):
            return _NOT_NOW
        self._contents.selection = _numbers(program_id=number, parameter=frame.get(2), selection_type=how)
        return _ACCEPTED

    def _request(self, _idx1: int, frame: Frame) -> int:
        number = frame.get(1)
        one = self._appliance
        actions: dict[int, Callable[[], bool]] = {
            1: one.start,
            2: one.stop,
            3: one.pause,
            13: lambda: self._light(1),
            14: lambda: self._light(2),
            16: lambda: one.power(True),
            19: lambda: one.power(False),
            54: one.stop,
            55: one.stop,
        }
        if not isinstance(number, int) or number not in actions:
            return _NOT_NOW
        if number in (1, 2, 3, 54, 55) and not one.remote & 1:
            return _FORBIDDEN
        self._contents.request = _numbers(request=number, parameter_0=frame.get(2), parameter_1=frame.get(3))
        return _ACCEPTED if actions[number]() else _NOT_NOW

    def _light(self, value: int) -> bool:
        if not self._appliance.light:
            return False
        self._appliance.touch()
        self._appliance.light = value
        return True

    def _power(self, _idx1: int, frame: Frame) -> int:
        wanted = frame.get(1)
        if wanted not in (OFF, ON):
            return _BAD_VALUE
        self._appliance.power(wanted == ON)
        return _ACCEPTED


def _numbers(**written: Any) -> dict[str, int]:
    return {name: value for name, value in written.items() if isinstance(value, int)}
