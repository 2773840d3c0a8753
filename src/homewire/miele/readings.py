"""From a Miele state to feature values: what is stale, unknown or jittering is settled here.

Idle appliances repeat the numbers of their last programme; those are not shown as current (miele-http.md,
section 11). Numbers that no table names are shown as "unknown 187" and noted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from homewire.features import Value
from homewire.miele import codes
from homewire.miele.codetable import CodeTable
from homewire.miele.features import COOLING
from homewire.miele.models import State
from homewire.miele.remote_start import OVENS
from homewire.unknowns import Unknowns

__all__ = ["STALE", "StableTime", "state_values"]

STALE: Final = frozenset({1, 2, 8, 12, 144, 145, 255})
"""Statuses in which programme and times are those of the last programme (section 11)."""

_JITTER: Final = dt.timedelta(minutes=2)
"""Times come in whole minutes, and estimates wander; smaller steps are not shown."""

_WAITING, _RUNNING = 4, 5
_NOT_RUNNING: Final = frozenset({0, 65535})
_STANDBY: Final = ("awake", "network_idle", "deep_standby", "going_to_standby")
_EXTRACTOR_BYTE: Final = 62
"""Where the block of a hob with extractor has the extractor's level (section 11)."""

_LEVEL_SHIFT: Final = 2
_DOOR_OPEN: Final = 1


class StableTime:
    """A moment that stays where it is until a new estimate differs by more than two minutes."""

    def __init__(self) -> None:
        self._shown: dt.datetime | None = None

    @property
    def shown(self) -> dt.datetime | None:
        """The moment that is shown now."""
        return self._shown

    def settle(self, estimate: dt.datetime | None) -> dt.datetime | None:
        """Return the moment to show for an estimate."""
        if estimate is None or self._shown is None or abs(estimate - self._shown) > _JITTER:
            self._shown = estimate.replace(microsecond=0) if estimate else None
        return self._shown


def state_values(state: State, device_type: int, unknowns: Unknowns) -> dict[str, Value]:
    """Return the values of every feature that `/State` feeds, times apart; None is unknown or not now."""
    for name in state.malformed:
        unknowns.note("state value", f"{name}={state.raw.get(name)!r}")
    for name, raw in state.unknown.items():
        unknowns.note("state field", f"{name}={raw!r}")
    values: dict[str, Value] = {
        "status": _slug(codes.STATUS, state.status, "status", unknowns),
        "fault": state.signal_failure,
        "notice": state.signal_info,
        "door": state.signal_door,
        "light": {1: True, 2: False}.get(state.light or 0),
        "remote_control": _remote(state),
        "mobile_start": bool(state.remote_enable[2] & 1) if len(state.remote_enable) > _LEVEL_SHIFT else None,
        "standby": _standby(state),
        "spin_speed": state.spinning_speed,
        "drying_step": _slug(codes.DRYING_STEP, state.drying_step, "drying step", unknowns),
        "ventilation": _slug(codes.VENTILATION_STEP, state.ventilation_step, "ventilation step", unknowns),
        "power": None if state.status is None else state.status not in (1, 255),
    }
    values |= _programme(state, device_type, unknowns)
    values |= dict(_temperatures(state, device_type))
    values |= dict(_plates(state, unknowns))
    values |= {f"door_{n}": door == _DOOR_OPEN for n, door in enumerate(_present(state.door_states), start=1)}
    return values


def _programme(state: State, device_type: int, unknowns: Unknowns) -> dict[str, Value]:
    if state.status in STALE:
        return dict.fromkeys(("program", "program_phase", "remaining_time", "elapsed_time"))
    return {
        "program": _program(state, device_type, unknowns),
        "program_phase": _phase(state, device_type, unknowns),
        "remaining_time": _minutes(state.remaining_time),
        "elapsed_time": _minutes(state.elapsed_time),
    }


def _program(state: State, device_type: int, unknowns: Unknowns) -> str | None:
    number = state.program_id
    if number is None or not state.has_program:
        return None
    name = codes.program_name(device_type, number)
    if name is None:
        unknowns.note("programme", f"{number} of device type {device_type}")
        return f"unknown {number}"
    return name


def _phase(state: State, device_type: int, unknowns: Unknowns) -> str | None:
    number = state.program_phase
    if number is None or number in _NOT_RUNNING:
        return None
    name = codes.phase_name(device_type, number)
    if name is None:
        unknowns.note("phase", f"{number} of device type {device_type}")
        return f"unknown {number}"
    return name


def _temperatures(state: State, device_type: int) -> Iterator[tuple[str, Value]]:
    targets = () if state.status in STALE and device_type not in COOLING else state.target_temperature
    if device_type in COOLING:
        present = [n for n, celsius in enumerate(state.temperature) if celsius is not None]
        for zone, place in enumerate(present, start=1):
            yield f"temperature_{zone}", state.temperature[place]
            yield f"target_temperature_{zone}", targets[place] if place < len(targets) else None
        return
    yield "target_temperature", targets[0] if targets else None
    if device_type in OVENS:
        yield "temperature", state.temperature[0] if state.temperature else None
        yield "core_temperature", state.temperature[1] if len(state.temperature) > 1 else None
        yield "target_core_temperature", targets[1] if len(targets) > 1 else None


def _plates(state: State, unknowns: Unknowns) -> Iterator[tuple[str, Value]]:
    for number, step in enumerate(state.plate_step, start=1):
        yield f"plate_{number}", _slug(codes.PLATE_STEP, step, "plate step", unknowns, word=True)
    for number, heat in enumerate(state.plate_remaining_heat, start=1):
        yield f"plate_{number}_heat", _slug(codes.PLATE_REMAINING_HEAT, heat, "residual heat", unknowns)
    for number, minutes in enumerate(state.plate_remaining_minutes, start=1):
        yield f"plate_{number}_remaining", minutes or None
    for number, minutes in enumerate(state.plate_elapsed_minutes, start=1):
        yield f"plate_{number}_elapsed", minutes or None
    block = state.extended_state
    if block is not None and len(block) > _EXTRACTOR_BYTE:
        yield "extractor", block[_EXTRACTOR_BYTE]


def estimates(
    state: State, now: dt.datetime, shown: dt.datetime | None = None
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return when the programme starts or started, and when it will finish; None where nobody knows.

    `shown` is the finish that is shown: in its last minute a programme has zero whole minutes left, as one
    without an end has, so there it stands.
    """
    if state.status == _WAITING and state.start_time is not None:
        start = now + dt.timedelta(seconds=state.start_time)
        finish = None if state.remaining_time is None else start + dt.timedelta(seconds=state.remaining_time)
        return start, finish
    if state.status != _RUNNING:
        return None, None
    elapsed, remaining = state.elapsed_time, state.remaining_time
    ends_now = shown if shown is not None and abs(shown - now) <= _JITTER else None
    return (
        None if elapsed is None else now - dt.timedelta(seconds=elapsed),
        now + dt.timedelta(seconds=remaining) if remaining else ends_now,
    )


def _slug(
    table: CodeTable, number: int | None, what: str, unknowns: Unknowns, *, word: bool = False
) -> str | None:
    if number is None:
        return None
    if number not in table:
        unknowns.note(what, number)
    return table.label(number) if word else table.slug(number)


def _remote(state: State) -> str | None:
    if not state.remote_enable:
        return None
    return {0: "off", 7: "not_now", 15: "full"}.get(state.remote_enable[0], "not_now")


def _standby(state: State) -> str | None:
    number = state.standby_state
    return _STANDBY[number] if number is not None and 0 <= number < len(_STANDBY) else None


def _present(doors: tuple[int, ...]) -> list[int]:
    return [door for door in doors if door]


def _minutes(seconds: int | None) -> int | None:
    return None if seconds is None else seconds // 60
