"""The gateway generation's words: models, boilers, modes, keys, levels.

Source: `lamarzocco-gateway.md`, sections 3, 7 and 8.
"""

from __future__ import annotations

import enum

__all__ = [
    "BoilerType",
    "BrewMode",
    "FirmwareType",
    "GrinderModel",
    "MachineModel",
    "PhysicalKey",
    "PrebrewMode",
    "SmartStandbyMode",
    "SteamLevel",
    "WeekDay",
]


class MachineModel(enum.StrEnum):
    """The machines' names in the customer record (section 3)."""

    LINEA_MICRA = "Micra"
    LINEA_MINI = "Linea Mini"
    LINEA_MINI_R = "Linea Mini R"
    GS3_AV = "GS3 AV"
    GS3_MP = "GS3 MP"


class GrinderModel(enum.StrEnum):
    """The grinder's name in the customer record (section 3)."""

    PICO = "Pico"


class BoilerType(enum.StrEnum):
    """The boilers' names on the wire (section 7.2)."""

    COFFEE = "CoffeeBoiler1"
    STEAM = "SteamBoiler"


class BrewMode(enum.StrEnum):
    """`machineMode`: the first means "switched on", not "a shot is running" (section 14)."""

    ON = "BrewingMode"
    STANDBY = "StandBy"


class PrebrewMode(enum.StrEnum):
    """`preinfusionSettings.mode`; pre-brewing has another name from gateway v5 on (section 8.4)."""

    DISABLED = "Disabled"
    PREBREW = "Enabled"
    PREBREW_ENABLED = "TypeA"
    PREINFUSION = "TypeB"


class PhysicalKey(enum.IntEnum):
    """The dose keys."""

    A = 1
    B = 2
    C = 3
    D = 4

    @property
    def dose(self) -> str:
        """The key's name on the wire."""
        return f"Dose{self.name}"


class SmartStandbyMode(enum.StrEnum):
    """What the standby time counts from (section 7.2)."""

    LAST_BREWING = "LastBrewing"
    POWER_ON = "PowerOn"


class SteamLevel(enum.IntEnum):
    """The Micra's steam levels as temperatures in °C (section 13)."""

    LEVEL_1 = 126
    LEVEL_2 = 128
    LEVEL_3 = 131


class FirmwareType(enum.StrEnum):
    """The two programs of a machine (section 7.4)."""

    MACHINE = "machine"
    GATEWAY = "gateway"


class WeekDay(enum.StrEnum):
    """Day names of the wake-up and sleep entries (section 8.5)."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
