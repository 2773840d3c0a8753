"""The part of the memory map that the machine only reports: status, factory block, front panel, shot stream.

See `homewire.lamarzocco.direct.memory_map`, to which it belongs; sections 9.9 to 9.12 of
docs/protocols/lamarzocco-tcp.md.
"""

from __future__ import annotations

from homewire.lamarzocco.direct.fields import Bit, Block, Field, Flag, Model, Number, PanelText, Text, Version

__all__ = ["FACTORY", "FEATURES", "FLOW", "PANEL", "STATUS", "STATUS_SIZE_OLD", "TEMPERATURES"]

_AV = frozenset({Model.GS3_AV})
_GS3 = frozenset({Model.GS3_AV, Model.GS3_MP})
_AV_LM = frozenset({Model.GS3_AV, Model.LINEA_MINI})
_TENTHS = Number(tenths=True)
_LITTLE = Number(order="little")
_LITTLE_TENTHS = Number(order="little", tenths=True)

_FEATURE_FLAGS = (
    Field("features_raw", 0x4022, "Feature flags"),
    Field(
        "steam_boiler_enabled",
        0x4022,
        "Steam boiler",
        encoding=Bit(0x01),
        legacy="steam_boiler_enable",
        note="Set by the feature command.",
    ),
    Field("backflush_active", 0x4022, "Backflush running", encoding=Bit(0x02), models=_AV_LM),
    Field("plumbed_in", 0x4022, "Plumbed in", encoding=Bit(0x04)),
)

_BOILERS = (
    Field("coffee_boiler_temp_c", 0x401C, "Coffee boiler sensor", size=2, encoding=_TENTHS, unit="°C"),
    Field(
        "steam_boiler_temp_c",
        0x401E,
        "Steam boiler temperature",
        size=2,
        encoding=_TENTHS,
        unit="°C",
        models=_GS3,
        legacy="steam_temp",
    ),
)

STATUS_SIZE_OLD = 32
"""Firmware 1.20 ends the status before 0x4020 (section 9.9)."""

STATUS = Block(
    "status",
    0x4000,
    35,
    "9.9",
    (
        Field("machine_type", 0x4000, "Machine type"),
        Field("firmware_version", 0x4001, "Firmware", encoding=Version(), legacy="firmware_ver"),
        Field("hardware_revision", 0x4002, "Hardware revision"),
        Field(
            "module_serial", 0x4003, "Module serial number", size=12, encoding=Text(), legacy="module_ser_num"
        ),
        Field("operating", 0x400F, "Operating", encoding=Flag(), legacy="power_mystery"),
        Field(
            "active_key",
            0x4011,
            "Key being brewed",
            legacy="key_active",
            note="0 while idle; 1 on a Linea Mini while the paddle is on.",
        ),
        Field(
            "shot_pulses",
            0x4013,
            "Pulses so far",
            size=2,
            unit="pulses",
            models=_AV,
            legacy="current_pulse_count",
        ),
        Field("reservoir_ok", 0x4018, "Water available", encoding=Flag(), legacy="water_reservoir_contact"),
        Field("reservoir_raw_1a", 0x401A, "Reservoir byte 0x401A"),
        Field("outputs_raw", 0x401B, "Outputs"),
        *_BOILERS,
        Field("unknown_4020", 0x4020, "Byte 0x4020"),
        Field("unknown_4021", 0x4021, "Byte 0x4021"),
        *_FEATURE_FLAGS,
    ),
)

TEMPERATURES = Block("temperatures", 0x401C, 4, "9.9", _BOILERS)
"""Pushed about every four seconds; a part of the status (section 3.4)."""

FEATURES = Block("feature flags", 0x4022, 1, "9.9", _FEATURE_FLAGS)
"""Pushed about every four seconds; a part of the status (section 3.4)."""

FACTORY = Block(
    "factory block",
    0x4060,
    32,
    "9.10",
    (
        Field(
            "temperature_unit",
            0x4063,
            "Panel shows Fahrenheit",
            legacy="t_unit",
            note="0 Celsius, 1 Fahrenheit.",
        ),
        Field(
            "mirror_coffee_setpoint_c",
            0x4064,
            "Coffee target, copy",
            size=2,
            encoding=_LITTLE_TENTHS,
            unit="°C",
        ),
        Field(
            "mirror_steam_setpoint_c",
            0x4066,
            "Steam target, copy",
            size=2,
            encoding=_LITTLE_TENTHS,
            unit="°C",
        ),
        Field(
            "pid_offset_raw", 0x4074, "PID offset, as stored", size=2, encoding=_LITTLE, legacy="pid_offset"
        ),
        Field(
            "water_filter_raw",
            0x4076,
            "Water filter, as stored",
            size=2,
            encoding=_LITTLE,
            legacy="water_filter_liters",
        ),
        Field(
            "group_offset_raw", 0x407B, "Brew group offset, as stored", size=2, encoding=_LITTLE, models=_GS3
        ),
        Field(
            "factory_offset_raw",
            0x407D,
            "Factory offset, as stored",
            size=2,
            encoding=_LITTLE,
            models=_GS3,
            legacy="factory_offset",
        ),
    ),
)

PANEL = Block(
    "front panel",
    0x60ED,
    35,
    "9.12",
    (
        Field(
            "display_line1",
            0x60EF,
            "Front panel, first line",
            size=16,
            encoding=PanelText(),
            models=_GS3,
            legacy="front_panel_display",
        ),
    ),
)

FLOW = Block(
    "shot stream",
    0x6000,
    22,
    "9.11",
    (
        Field("module_serial", 0x6000, "Module serial number", size=12, encoding=Text()),
        Field("flow_key", 0x600C, "Key", legacy="flow_key"),
        Field("flow_rate", 0x600D, "Flow", legacy="flow_rate", note="1 high, 0 low."),
        Field("flow_time_s", 0x600E, "Shot time", size=2, encoding=_TENTHS, unit="s", legacy="flow_seconds"),
        Field("flow_pulses", 0x6010, "Shot pulses", size=2, unit="pulses", models=_AV, legacy="flow_pulses"),
        Field("coffee_boiler_temp_c", 0x6012, "Coffee boiler sensor", size=2, encoding=_TENTHS),
        Field("steam_boiler_temp_c", 0x6014, "Steam boiler", size=2, encoding=_TENTHS),
    ),
)
