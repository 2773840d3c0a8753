"""The state in the words of lmdirect, for programs that were written for it.

The names are lmdirect's (docs/protocols/lamarzocco-tcp.md, section 17.1) and stand in the memory map beside
ours. Where lmdirect showed something wrong, the right value stands under its name: the month is the month,
the first temperature already has the group offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homewire.lamarzocco.direct.memory_map import BLOCKS, DAYS

__all__ = ["COUNTER_NAMES", "flat_status"]

_RENAMED = {
    field.name: field.legacy for block in BLOCKS for field in block.fields if field.legacy and field.readable
} | {
    "coffee_temp_c": "coffee_temp",
    "prebrew_enabled": "enable_prebrewing",
    "preinfusion_enabled": "enable_preinfusion",
    "powered_days": "days_since_built",
    "group_offset_c": "brew_group_offset",
    "count_unknown_3c": "drink_mystery",
    "unknown_4020": "mystery_1",
    "unknown_4021": "mystery_2",
    "clock_second": "second",
    "clock_minute": "minute",
    "clock_hour": "hour",
    "clock_weekday": "dayofweek",
    "clock_day": "day",
    "clock_month": "month",
    "clock_year": "year",
}

COUNTER_NAMES = {
    0: ("count_k1", "drinks_k1"),
    1: ("count_k2", "drinks_k2"),
    2: ("count_k3", "drinks_k3"),
    3: ("count_k4", "drinks_k4"),
    4: ("count_continuous", "continuous"),
    -1: ("count_flush_local", "total_flushing"),
}
"""The account's coffee types, our names and lmdirect's (section 13.3)."""

_AS_NUMBER = frozenset({"power_on", "operating", "reservoir_ok"})
"""lmdirect shows these as 1 and 0."""

_WHILE_NOT_ZERO = frozenset({"active_key", "shot_pulses"})
"""lmdirect shows these only while they are not zero (section 11)."""


def flat_status(values: Mapping[str, Any], anchors: Mapping[int, int]) -> dict[str, Any]:
    """Return the state as lmdirect's flat dict.

    `anchors` are by coffee type what the account counted more than the machine (section 11.1).
    """
    status = {
        legacy: int(values[name]) if name in _AS_NUMBER else values[name]
        for name, legacy in _RENAMED.items()
        if name in values and not (name in _WHILE_NOT_ZERO and not values[name])
    }
    if values.get("outputs"):
        status["heating_state"] = [f"{name}_on" for name in values["outputs"]]
    if "pid_offset_raw" in values:
        status["pid_offset"] = (values["pid_offset_raw"] & 0xFF) / 10
    if "schedule_enabled" in values:
        status |= _schedule(values)
    for kind, (name, legacy) in COUNTER_NAMES.items():
        if name in values:
            status[legacy] = values[name] + anchors.get(kind, 0)
    return status


def _schedule(values: Mapping[str, Any]) -> dict[str, Any]:
    enabled = {"global_auto": "schedule_enabled"} | {f"{day}_auto": f"{day}_enabled" for day in DAYS}
    times = [f"{day}_{edge}" for day in DAYS for edge in ("on", "off")]
    return {legacy: "Enabled" if values[name] else "Disabled" for legacy, name in enabled.items()} | {
        f"{name}_time": f"{values[name]:%H:%M}" for name in times if values.get(name) is not None
    }
