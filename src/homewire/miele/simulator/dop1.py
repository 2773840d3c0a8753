"""Dop1, the older binary language of hoods with ProtocolVersion 2 (miele-http.md, section 16)."""

from __future__ import annotations

from typing import Final

from homewire.miele.simulator.appliance import SimulatedAppliance

__all__ = ["Dop1"]

_READ, _WRITE = 1, 2
_HEAD_BYTES: Final = 4
_FAN, _RUN_ON, _LIGHT = 0x8E01, 0x8E06, 0x1400
_FAN_LEVELS: Final = 5
_LIGHT_ON: Final = 4
_RUN_ON_MINUTES: Final = (0, 5, 15)


class Dop1:
    """The objects of one hood: fan, run-on time, main light."""

    def __init__(self, appliance: SimulatedAppliance) -> None:
        self._appliance = appliance
        self._run_on = 0

    def answer(self, request: bytes) -> bytes | None:
        """Carry out a request (object, 01 read or 02 write, 00, data); None when it makes no sense."""
        if len(request) < _HEAD_BYTES:
            return None
        head, data = request[:_HEAD_BYTES], request[_HEAD_BYTES:]
        number, write = int.from_bytes(head[:2], "big"), head[2] == _WRITE
        handlers = {_FAN: self._fan, _RUN_ON: self._run_on_time, _LIGHT: self._light}
        if number not in handlers or head[2] not in (_READ, _WRITE):
            return None
        content = handlers[number](data if write else b"")
        return None if content is None else head + content

    def _fan(self, data: bytes) -> bytes | None:
        if data:
            if len(data) != 4 or data[2] > _FAN_LEVELS:  # noqa: PLR2004 - 00 FF LL 00
                return None
            self._appliance.set_fan(data[2])
        return bytes((0, 0xFF, self._appliance.fan, 0))

    def _run_on_time(self, data: bytes) -> bytes | None:
        if data:
            if len(data) != 2 or data[1] not in _RUN_ON_MINUTES:  # noqa: PLR2004 - 00 MM
                return None
            self._run_on = data[1]
        return bytes((0, self._run_on))

    def _light(self, data: bytes) -> bytes | None:
        if data:
            if len(data) < 3:  # noqa: PLR2004 - 02 01 SS …
                return None
            self._appliance.light = 1 if data[2] == _LIGHT_ON else 2
        level = b"\xff\xff" if self._appliance.light == 1 else b"\0\0"
        return bytes((2, 1, _LIGHT_ON if self._appliance.light == 1 else 0)) + bytes(6) + level + bytes(2)
