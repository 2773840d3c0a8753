"""The machine's memory map: one table from which reading, writing, documentation and simulator derive.

Every field names its address, encoding, unit, range, the models that have it, and its name in lmdirect. The
blocks are the reads of docs/protocols/lamarzocco-tcp.md section 10.1, their fields those of section 9; names
are those of the test vectors.

Two blocks move by firmware. The table has the layout of firmware 1.40; `homewire.lamarzocco.direct.memory`
finds out where an older one keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from homewire.lamarzocco.direct.fields import Bit, Block, Field, Flag, Model, Number, Text
from homewire.lamarzocco.direct.memory_reports import (
    FACTORY,
    FEATURES,
    FLOW,
    PANEL,
    STATUS,
    STATUS_SIZE_OLD,
    TEMPERATURES,
)

__all__ = [
    "BLOCKS",
    "CLOCK",
    "CONFIGURATION",
    "COUNTERS",
    "DAYS",
    "FACTORY",
    "FEATURES",
    "FEATURE_COMMAND",
    "FIELDS",
    "FLOW",
    "PANEL",
    "PREINFUSION",
    "SCHEDULE",
    "SERIAL",
    "STATUS",
    "STATUS_SIZE_OLD",
    "TEMPERATURES",
    "USAGE",
]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_AV = frozenset({Model.GS3_AV})
_GS3 = frozenset({Model.GS3_AV, Model.GS3_MP})
_AV_LM = frozenset({Model.GS3_AV, Model.LINEA_MINI})

_TENTHS = Number(tenths=True)

_PREBREW_MAXIMUM_S = 5.9
"""0x3B tenths (section 9.1)."""

_PREINFUSION_MAXIMUM_S = 24.9
"""0xF9 tenths (section 9.6)."""

CONTINUOUS_KEY = 5
"""Its dose is normally 1000: it brews until stopped (section 9.1)."""


def _first_key_everywhere(key: int) -> frozenset[Model]:
    """Return the models with that key: a Linea Mini keeps its one set of times under key 1 (section 12)."""
    return _AV_LM if key == 1 else _AV


def _keyed(base: int, name: str, label: str, maximum: float, legacy: str) -> tuple[Field, ...]:
    """Return a time per brew key, one byte each."""
    return tuple(
        Field(
            name.format(key),
            base + key - 1,
            label.format(key),
            encoding=_TENTHS,
            unit="s",
            models=_first_key_everywhere(key),
            writable=True,
            limits=(0, maximum),
            legacy=legacy.format(key),
        )
        for key in range(1, 5)
    )


def _dose(key: int) -> Field:
    return Field(
        f"dose_k{key}_pulses",
        0x0014 + 2 * (key - 1),
        f"Dose, key {key}",
        size=2,
        unit="pulses",
        models=_AV,
        writable=True,
        limits=(1, 1000),
        legacy=f"dose_k{key}",
        note="A pulse of the flow meter is about 0.5 ml.",
    )


CONFIGURATION = Block(
    "configuration",
    0x0000,
    31,
    "9.1",
    (
        Field("power_on", 0x0000, "Power", encoding=Flag(), writable=True, legacy="power"),
        Field(
            "standby_minutes",
            0x0001,
            "Automatic standby after",
            size=2,
            unit="min",
            models=_GS3,
            note="0 is never. Writing it was never seen, so homewire only reads it.",
        ),
        Field(
            "coffee_setpoint_c",
            0x0007,
            "Coffee boiler target temperature",
            size=2,
            encoding=_TENTHS,
            unit="°C",
            writable=True,
            limits=(87, 100),
            legacy="coffee_set_temp",
        ),
        Field(
            "steam_setpoint_c",
            0x0009,
            "Steam boiler target temperature",
            size=2,
            encoding=_TENTHS,
            unit="°C",
            models=_GS3,
            writable=True,
            limits=(110, 132),
            legacy="steam_set_temp",
        ),
        Field(
            "prebrew_mode",
            0x000B,
            "Prebrew mode",
            models=_AV_LM,
            writable=True,
            limits=(0, 2),
            legacy="prebrew_flag",
            note="0 off, 1 prebrewing, 2 preinfusion.",
        ),
        *_keyed(0x000C, "prebrew_on_k{}_s", "Prebrew time, key {}", _PREBREW_MAXIMUM_S, "prebrewing_ton_k{}"),
        *_keyed(
            0x0010, "prebrew_off_k{}_s", "Prebrew pause, key {}", _PREBREW_MAXIMUM_S, "prebrewing_toff_k{}"
        ),
        *(_dose(key) for key in range(1, CONTINUOUS_KEY + 1)),
        Field(
            "hot_water_dose_s",
            0x001E,
            "Hot water dose",
            unit="s",
            models=_GS3,
            writable=True,
            limits=(1, 30),
            legacy="dose_hot_water",
        ),
    ),
)


def _counter(
    name: str, address: int, label: str, legacy: str | None, unit: str | None = None, **extra: Any
) -> Field:
    return Field(name, address, label, size=4, legacy=legacy, unit=unit, **extra)


COUNTERS = Block(
    "drink counters",
    0x0020,
    44,
    "9.2",
    (
        _counter("count_k1", 0x0020, "Drinks, key 1", "drinks_k1"),
        _counter("count_k2", 0x0024, "Drinks, key 2", "drinks_k2", models=_AV),
        _counter("count_k3", 0x0028, "Drinks, key 3", "drinks_k3", models=_AV),
        _counter("count_k4", 0x002C, "Drinks, key 4", "drinks_k4", models=_AV),
        _counter("count_continuous", 0x0030, "Drinks, continuous key", "continuous", models=_AV),
        _counter("count_coffee_total", 0x0034, "Completed coffees", "total_coffee"),
        _counter("count_hot_water_activations", 0x0038, "Hot water starts", "hot_water", models=_GS3),
        _counter(
            "count_unknown_3c",
            0x003C,
            "Counter at 0x003C",
            None,
            note="Meaning unknown; it rises now and then.",
        ),
        _counter(
            "count_coffee_activations",
            0x0040,
            "Coffee starts",
            "total_coffee_activations",
            note="Completed or not; a GS3 MP does not count them.",
        ),
        _counter(
            "count_hot_water_activations_2", 0x0044, "Hot water starts (second)", "hot_water_2", models=_GS3
        ),
        _counter(
            "count_hot_water_completed",
            0x0048,
            "Completed hot water doses",
            "drinks_hot_water",
            note="On a Linea Mini it rises with power cycles instead.",
        ),
    ),
)

USAGE = Block(
    "usage",
    0x0050,
    24,
    "9.3",
    (
        _counter(
            "coffee_element_hours", 0x0050, "Coffee element running", "coffee_heating_element_hours", "h"
        ),
        _counter("steam_element_hours", 0x0054, "Steam element running", "steam_heating_element_hours", "h"),
        _counter("running_s", 0x0058, "Coffee or water delivered for", "machine_running_seconds", "s"),
        _counter("powered_hours", 0x005C, "Powered for", None, "h"),
        _counter("pump_s", 0x0060, "Pump running", "pump_on_seconds", "s", models=_AV_LM),
        _counter("hot_water_s", 0x0064, "Hot water delivered for", "water_on_seconds", "s", models=_GS3),
    ),
)

FEATURE_COMMAND = Block(
    "feature command",
    0x00E1,
    1,
    "9.5",
    (
        Field(
            "feature_command",
            0x00E1,
            "Feature command",
            readable=False,
            writable=True,
            limits=(0, 0xFF),
            note="Bit 7 is the new state, bits 0 to 2 choose steam boiler, backflush, plumbed in. The "
            "effect shows at 0x4022.",
        ),
    ),
)

PREINFUSION = Block(
    "preinfusion times",
    0x00E2,
    4,
    "9.6",
    _keyed(
        0x00E2, "preinfusion_k{}_s", "Preinfusion time, key {}", _PREINFUSION_MAXIMUM_S, "preinfusion_k{}"
    ),
)

SERIAL = Block(
    "machine serial",
    0x0100,
    17,
    "9.4",
    (
        Field("serial_prefix", 0x0100, "Serial prefix", encoding=Text()),
        Field(
            "machine_serial",
            0x0101,
            "Machine serial number",
            size=16,
            encoding=Text(),
            legacy="machine_ser_num",
        ),
    ),
)


def _clock(part: str, offset: int) -> Field:
    note = "The clock is set as a whole." if part == "second" else ""
    return Field(f"clock_{part}", 0x0300 + offset, f"Clock, {part}", note=note)


CLOCK = Block(
    "clock",
    0x0300,
    7,
    "9.7",
    tuple(
        _clock(part, offset)
        for offset, part in enumerate(("second", "minute", "hour", "weekday", "day", "month", "year"))
    ),
)


def _schedule_part(day: int, edge: str, part: str) -> Field:
    """Return the hour or minute at which a day switches on or off."""
    base = 0x0311 if part == "hour" else 0x031F
    return Field(
        f"{DAYS[day]}_{edge}_{part}",
        base + 2 * day + (edge == "off"),
        f"{_DAY_NAMES[day]} {edge}, {part}",
        writable=True,
        limits=(0, 23 if part == "hour" else 59),
        legacy=f"{DAYS[day]}_{edge}_{'hour' if part == 'hour' else 'min'}",
    )


SCHEDULE = Block(
    "schedule",
    0x0310,
    29,
    "9.8",
    (
        Field(
            "schedule_flags",
            0x0310,
            "Schedule flags",
            writable=True,
            limits=(0, 0xFF),
            legacy="auto_bitfield",
        ),
        Field(
            "schedule_enabled", 0x0310, "Schedule", encoding=Bit(0x01), writable=True, legacy="global_auto"
        ),
        *(
            Field(
                f"{name}_enabled",
                0x0310,
                f"Schedule on {_DAY_NAMES[day]}",
                encoding=Bit(2 << day),
                writable=True,
                legacy=f"{name}_auto",
            )
            for day, name in enumerate(DAYS)
        ),
        *(
            _schedule_part(day, edge, part)
            for part in ("hour", "minute")
            for day in range(7)
            for edge in ("on", "off")
        ),
    ),
)

BLOCKS = (
    STATUS,
    CONFIGURATION,
    SCHEDULE,
    COUNTERS,
    USAGE,
    PANEL,
    PREINFUSION,
    FACTORY,
    SERIAL,
    CLOCK,
    FEATURE_COMMAND,
    FLOW,
)

_MEMORY_FIELDS = tuple(field for block in BLOCKS if block is not FLOW for field in block.fields)
FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _MEMORY_FIELDS})
"""Every field of the memory by name; those of the stream stand for themselves in `FLOW`."""
