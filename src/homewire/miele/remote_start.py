"""Whether an appliance will take a remote start, stop or pause: predicted from its state, reason by reason.

The appliance decides in the end (miele-http.md, section 14); what can be known before is checked before, so
that the user reads what is missing instead of "failed".
"""

from __future__ import annotations

from typing import Final

from homewire.miele.models import State

__all__ = [
    "DISHWASHERS",
    "LAUNDRY",
    "OVENS",
    "unmet_select_conditions",
    "unmet_start_conditions",
    "unmet_stop_conditions",
]

LAUNDRY: Final = frozenset({1, 2, 3, 4, 5, 6, 24, 51, 52, 53, 54})
"""Device types of washers and dryers (appendix A)."""

DISHWASHERS: Final = frozenset({7, 8, 9})
OVENS: Final = frozenset({10, 11, 12, 13, 15, 16, 31, 39, 40, 41, 42, 43, 45, 67, 73})
"""Cookers, ovens, steam ovens, microwaves."""

_HOBS: Final = frozenset({14, 27, 28, 29, 30, 74})
_COOLING: Final = frozenset({19, 20, 21, 22, 32, 33, 34, 68, 76, 77})

_REMOTE_BIT: Final = 1
"""Bit 0 of RemoteEnable[0]: remote control is switched on at the appliance (section 11)."""

_PROGRAMMED, _WAITING, _RUNNING, _PAUSED = 3, 4, 5, 6


def unmet_start_conditions(
    device_type: int | None, state: State, *, has_dop2: bool = False
) -> tuple[str, ...]:
    """Name everything that stands against a start; nothing means it may be tried.

    Ovens start over DOP2 only (`has_dop2`), the others through `/State`. A dishwasher always has a programme:
    it refuses only without remote control (section 14).
    """
    reasons = [*_general(state)]
    if device_type in _HOBS | _COOLING:
        reasons.append("this type of appliance cannot be started remotely")
    elif device_type in OVENS and not has_dop2:
        reasons.append("ovens of this generation cannot be started remotely")
    elif state.status in (_RUNNING, _PAUSED):
        reasons.append(_RUNS_ALREADY)
    elif device_type not in DISHWASHERS and not _is_ready(state):
        reasons.append(
            "no programme waits for its start: select one at the appliance, with a start time or mobile start"
        )
    return tuple(reasons)


def unmet_select_conditions(state: State) -> tuple[str, ...]:
    """Name everything that stands against selecting a programme (miele-dop2.md, section 9.4)."""
    reasons = []
    if not _remote_allowed(state):
        reasons.append(_REMOTE_OFF)
    if state.signal_door:
        reasons.append(_DOOR_OPEN)
    if state.status in (_RUNNING, _PAUSED):
        reasons.append(_RUNS_ALREADY)
    return tuple(reasons)


def unmet_stop_conditions(device_type: int | None, state: State) -> tuple[str, ...]:
    """Name everything that stands against stopping what runs or waits (section 14)."""
    if device_type in DISHWASHERS:
        return ()
    reasons = []
    if not _remote_allowed(state):
        reasons.append(_REMOTE_OFF)
    if device_type in LAUNDRY and state.status not in (_WAITING, _RUNNING, _PAUSED):
        reasons.append("nothing runs or waits")
    return tuple(reasons)


_DOOR_OPEN: Final = "the door is open"
_RUNS_ALREADY: Final = "a programme is running already"
_REMOTE_OFF: Final = "remote control is switched off at the appliance"


def _general(state: State) -> list[str]:
    reasons = []
    if not _remote_allowed(state):
        reasons.append(_REMOTE_OFF)
    if state.signal_door:
        reasons.append(_DOOR_OPEN)
    if state.signal_failure:
        reasons.append("the appliance reports a fault")
    return reasons


def _remote_allowed(state: State) -> bool:
    return bool(state.remote_enable and state.remote_enable[0] & _REMOTE_BIT)


def _is_ready(state: State) -> bool:
    if state.status == _WAITING:
        return True
    mobile_start = any(flag & 1 for flag in state.remote_enable[2:])
    return state.status == _PROGRAMMED and mobile_start and not state.start_time
