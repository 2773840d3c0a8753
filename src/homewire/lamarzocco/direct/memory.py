"""Meaning of memory: bytes to values and back, wherever the firmware keeps them.

`decode` reads any range by the table of `memory_map`, `derive` adds what follows from other values (section
11 of docs/protocols/lamarzocco-tcp.md), and `MemoryImage` is memory that can be read and changed by field
name: the simulated machine's.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

from homewire.lamarzocco.direct.fields import Field, PanelText, Plan
from homewire.lamarzocco.direct.memory_map import BLOCKS, DAYS, FACTORY, FIELDS, FLOW, PANEL

__all__ = ["MemoryImage", "decode", "decode_stream", "derive", "markdown_table"]

_FACTORY_ANCHOR = 4
"""Where the factory block of firmware 1.40 has the coffee setpoint (section 9.10)."""

_ANCHORS = range(_FACTORY_ANCHOR, -1, -1)
"""Offsets at which an older firmware may have it; 3 for 1.23. The factory block moved up by single bytes."""

_PLAUSIBLE_COFFEE = range(700, 1101)
_PLAUSIBLE_STEAM = (range(1), range(1000, 1401))
"""Tenths of a degree that setpoints can have; 0 is the steam setpoint of a Linea Mini."""

_PANEL_LINE = 16
"""Characters of a panel line (section 9.12)."""

_PANEL_ENDS = range(16, 19)
"""Where the NUL after the first line can be, from 0x60ED: firmware 1.20, 1.23, 1.40 (section 9.12)."""


@functools.lru_cache(maxsize=256)
def _plan(address: int, size: int) -> Plan:
    return Plan(FIELDS.values(), address, size)


_FLOW_PLAN = Plan(FLOW.fields, FLOW.address, FLOW.size)


def decode(address: int, data: bytes, setpoints: tuple[float, float] | None = None) -> dict[str, Any]:
    """Return the values of all fields that lie completely in a range of memory.

    `setpoints` are the coffee and steam targets in °C when they are known: they tell where the factory
    block has its fields.
    """
    if address == FACTORY.address and len(data) == FACTORY.size:
        address += factory_shift(data, setpoints)
    elif address == PANEL.address and len(data) > 2 * _PANEL_LINE:
        return _panel_lines(data)
    return _plan(address, len(data)).decode(data)


def decode_stream(address: int, data: bytes) -> dict[str, Any]:
    """Return the values of a stream message; nothing for one that is not known."""
    known = (address, len(data)) == (FLOW.address, FLOW.size)
    return _FLOW_PLAN.decode(data) if known else {}


def factory_shift(data: bytes, setpoints: tuple[float, float] | None = None) -> int:
    """Return how many bytes lower than in the table this firmware keeps the factory block.

    The copies of the two setpoints, side by side, are the anchor (section 9.10). 0 when there is none.
    """
    if setpoints is not None:
        exact = [round(value * 10) for value in setpoints]
        for anchor in _ANCHORS:
            if [_word(data, anchor), _word(data, anchor + 2)] == exact:
                return _FACTORY_ANCHOR - anchor
    for anchor in _ANCHORS:
        steam = _word(data, anchor + 2)
        if _word(data, anchor) in _PLAUSIBLE_COFFEE and any(steam in some for some in _PLAUSIBLE_STEAM):
            return _FACTORY_ANCHOR - anchor
    return 0


def _word(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2], "little")


def _panel_lines(data: bytes) -> dict[str, Any]:
    end = next((i for i in _PANEL_ENDS if data[i] == 0), _PANEL_ENDS[0])
    lines = {"display_line1": PanelText().decode(data[end - _PANEL_LINE : end])}
    second = data[end + 1 : end + 1 + _PANEL_LINE]
    if len(second) == _PANEL_LINE:
        lines["display_line2"] = PanelText().decode(second)
    return lines


_OUTPUTS = {
    0x01: "pump",
    0x02: "brew_solenoid",
    0x04: "boiler_fill_solenoid",
    0x08: "hot_water_solenoid",
    0x10: "heating",
    0x20: "coffee_heater",
    0x40: "steam_heater",
}
"""Section 9.9, as named on a GS3; on a Linea Mini the bits mean other things."""


def output_names(raw: int) -> list[str]:
    """Return the names of the set bits; an unknown one is shown by its mask."""
    bits = (1 << n for n in range(8))
    return [_OUTPUTS.get(bit, f"0x{bit:02X}") for bit in bits if raw & bit]


def group_offset_c(values: Mapping[str, Any]) -> float | None:
    """Return by how much the boiler sensor reads above the group, in °C, as shipped clients compute it.

    Offsets are stored around a middle: 100 in tenths of °C, 180 in tenths of °F (sections 9.10 and 11).
    """
    raw, factory = values.get("group_offset_raw"), values.get("factory_offset_raw")
    if raw is None or factory is None:
        return None
    if factory == 0:
        return 0.0
    tenths = raw * 200 / 360 if values.get("temperature_unit") == 1 else raw
    return float(2 * round((tenths - 100) / 10, 1))


def derive(fresh: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what follows from fresh values, together with those known before (section 11)."""
    known = fresh if known is None else known
    found: dict[str, Any] = {}
    if "prebrew_mode" in fresh:
        found["prebrew_enabled"] = fresh["prebrew_mode"] == 1
        found["preinfusion_enabled"] = fresh["prebrew_mode"] == 2  # noqa: PLR2004 - section 9.1
    if "outputs_raw" in fresh:
        found["outputs"] = output_names(fresh["outputs_raw"])
    if "powered_hours" in fresh:
        found["powered_days"] = round(fresh["powered_hours"] / 24)
    if "count_coffee_activations" in fresh and "count_coffee_total" in known:
        found["count_flush_local"] = fresh["count_coffee_activations"] - known["count_coffee_total"]
    if "coffee_boiler_temp_c" in fresh or "group_offset_raw" in fresh:
        found |= _group(known)
    if "mon_on_hour" in fresh and "sun_off_minute" in fresh:
        found |= _schedule_times(fresh)
    return found


def _group(values: Mapping[str, Any]) -> dict[str, Any]:
    offset = group_offset_c(values)
    if offset is None:
        return {}
    sensor = values.get("coffee_boiler_temp_c")
    group = {} if sensor is None else {"coffee_temp_c": round(sensor - offset, 1)}
    return {"group_offset_c": offset, **group}


_EDGES = tuple(
    (f"{day}_{edge}", f"{day}_{edge}_hour", f"{day}_{edge}_minute") for day in DAYS for edge in ("on", "off")
)


def _schedule_times(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _time(values[hour], values[minute]) for name, hour, minute in _EDGES}


@functools.lru_cache(maxsize=1440)  # as many as a day has
def _time(hour: int, minute: int) -> dt.time | None:
    """Return the time of day; None for bytes that are none."""
    try:
        return dt.time(hour, minute)
    except ValueError:
        return None


_ECHOED_YEAR = 100
"""A later gateway writes year - 1900 and months from 0; the board echoes that (section 9.7)."""


def clock_time(values: Mapping[str, Any]) -> dt.datetime | None:
    """Return the machine's clock, naive, in its own local time; None for bytes that are no date."""
    year, month = values["clock_year"], values["clock_month"]
    if year >= _ECHOED_YEAR or month == 0:
        year, month = year - _ECHOED_YEAR if year >= _ECHOED_YEAR else year, month + 1
    try:
        return dt.datetime(  # noqa: DTZ001 - the machine knows no time zone
            2000 + year,
            month,
            values["clock_day"],
            values["clock_hour"],
            values["clock_minute"],
            values["clock_second"],
        )
    except ValueError:
        return None


def clock_bytes(time: dt.datetime) -> bytes:
    """Return the seven bytes that set the clock, in the vendor app's form (section 9.7)."""
    return bytes(
        (time.second, time.minute, time.hour, time.isoweekday(), time.day, time.month, time.year % 100)
    )


class MemoryImage:
    """Linear memory that can be read and changed by address or by field name.

    `shifts` move whole blocks down, as older firmware does.
    """

    def __init__(self, areas: Mapping[int, bytes], shifts: Mapping[str, int] | None = None) -> None:
        self._bytes = bytearray(0x10000)
        self._known = bytearray(0x10000)
        self._shifts = dict(shifts or {})
        for address, data in areas.items():
            self.store(address, data)

    def holds(self, address: int, length: int) -> bool:
        """Tell whether the whole range is memory."""
        return 0 < length <= len(self._known) - address and all(self._known[address : address + length])

    def load(self, address: int, length: int) -> bytes:
        """Return the bytes of a range."""
        return bytes(self._bytes[address : address + length])

    def store(self, address: int, data: bytes) -> None:
        """Change the bytes of a range, which is memory from then on."""
        self._bytes[address : address + len(data)] = data
        self._known[address : address + len(data)] = b"\1" * len(data)

    def __getitem__(self, name: str) -> Any:
        field, address = self._place(name)
        return field.decode(self.load(address, field.size))

    def __setitem__(self, name: str, value: Any) -> None:
        field, address = self._place(name)
        self.store(address, field.encode(value, self.load(address, field.size)))

    def _place(self, name: str) -> tuple[Field, int]:
        field = FIELDS[name]
        return field, field.address - self._shifts.get(name, 0)


def markdown_table() -> str:
    """Return the memory map as a Markdown table, for the docs."""
    rows = [
        "| address | bytes | meaning | unit | settable | models | name |",
        "|---|---|---|---|---|---|---|",
    ]
    for block in BLOCKS:
        rows.append(
            f"| **{block.address:04X}** | {block.size} | **{block.name}** (section {block.section}) | | | | |"
        )
        rows.extend(_row(field) for field in block.fields)
    return "\n".join(rows)


def _row(field: Field) -> str:
    models = "all" if len(field.models) == 3 else ", ".join(sorted(field.models))  # noqa: PLR2004 - all there are
    settable = field.allowed if field.writable else ""
    meaning = f"{field.label}. {field.note}" if field.note else field.label
    cells = (
        f"{field.address:04X}",
        field.size,
        meaning,
        field.unit or "",
        settable,
        models,
        f"`{field.name}`",
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
