"""What `PUT /State` does to a simulated appliance, and its status (miele-http.md, sections 5, 12, 14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from homewire.miele.simulator.appliance import SimulatedAppliance

__all__ = ["write_state"]

_LIGHTS: Final = (1, 2)
_ACCEPTED, _REFUSED_VALUE, _FORBIDDEN, _NOT_NOW = 200, 400, 403, 500


def write_state(appliance: SimulatedAppliance, wish: dict[str, Any]) -> int:
    """Carry out a wish; return the status."""
    appliance.advance()
    if not appliance.profile.writable:
        return _FORBIDDEN
    writers: dict[str, Callable[[SimulatedAppliance, Any], int]] = {
        "DeviceAction": _device_action,
        "ProcessAction": _process_action,
        "Light": _light,
    }
    statuses = [writers[field](appliance, value) for field, value in wish.items() if field in writers]
    return max(statuses, default=_REFUSED_VALUE)


def _device_action(appliance: SimulatedAppliance, value: Any) -> int:
    if not appliance.profile.sleeps:
        return _REFUSED_VALUE  # hobs and refrigerators have none (section 13)
    if value == 2:  # noqa: PLR2004 - wake up
        appliance.wake()
        return _ACCEPTED
    if value == 3:  # noqa: PLR2004 - go to standby
        appliance.fall_asleep()
        return _ACCEPTED
    return _REFUSED_VALUE


def _process_action(appliance: SimulatedAppliance, value: Any) -> int:
    if not appliance.remote & 1:
        return _FORBIDDEN
    if appliance.profile.light and appliance.profile.programmes:
        return _NOT_NOW  # ovens are not started through State (section 14)
    actions = {1: appliance.start, 2: appliance.stop, 3: appliance.pause}
    action = actions.get(value) if isinstance(value, int) else None
    if action is None:
        return _REFUSED_VALUE
    return _ACCEPTED if action() else _REFUSED_VALUE


def _light(appliance: SimulatedAppliance, value: Any) -> int:
    if not appliance.light or value not in _LIGHTS or value == appliance.light:
        return _REFUSED_VALUE
    appliance.touch()
    appliance.light = value
    return _ACCEPTED
