"""The gateway generation's payloads as typed data: what the wire carries, field by field.

Names are Python's, the wire's spelling (its mistakes included) is the encoded name. Source:
`lamarzocco-gateway.md`, section 8. Text that a later firmware may extend stays text; the enums list the
values known today.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from homewire.lamarzocco.gateway.terms import (
    BoilerType,
    BrewMode,
    FirmwareType,
    GrinderModel,
    MachineModel,
    PhysicalKey,
    PrebrewMode,
    SmartStandbyMode,
    SteamLevel,
    WeekDay,
)
from homewire.secrets import Secret

__all__ = [
    "Boiler",
    "BoilerType",
    "BrewMode",
    "Capabilities",
    "CommandRecord",
    "Configuration",
    "Counter",
    "DailyStatistics",
    "Dose",
    "DoseMode",
    "FirmwareRecord",
    "FirmwareType",
    "FirmwareVersion",
    "FleetEntry",
    "GrinderConfiguration",
    "GrinderDose",
    "GrinderModel",
    "Group",
    "GroupCapabilities",
    "LaMarzoccoDeviceInfo",
    "MachineModel",
    "MachineStatistics",
    "PhysicalKey",
    "PrebrewMode",
    "PreinfusionEntry",
    "PreinfusionSettings",
    "Recipe",
    "RecipeAssignment",
    "RecipeDose",
    "Scale",
    "ScheduleDay",
    "SmartStandby",
    "SmartStandbyMode",
    "Snapshot",
    "SteamLevel",
    "SystemInfo",
    "TeaDose",
    "Token",
    "WakeUpSleepEntry",
    "WeekDay",
    "WeeklySchedule",
]


class _Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A part of a payload."""


class Boiler(_Wire, frozen=True, kw_only=True):
    """One boiler, temperatures in °C; gateway v2 reports no `current` (section 8.7)."""

    id: str
    is_enabled: bool
    target: float
    current: float | None = None


class Capabilities(_Wire, frozen=True, kw_only=True):
    """`machineCapabilities[0]` (section 8.2)."""

    family: str | None = None
    groups_number: int | None = None
    coffee_boilers_number: int | None = None
    steam_boilers_number: int | None = None
    tea_doses_number: int | None = None
    has_cup_warmer: bool | None = None
    has_water_probe: bool | None = msgspec.field(name="hasWhaterProbe", default=None)
    machine_modes: tuple[str, ...] = ()
    scheduling_type: str | None = None


class Group(_Wire, frozen=True, kw_only=True):
    """What a brewing group has (section 8.3); the last two only in snapshots (section 10.3)."""

    group_type: str | None = None
    group_number: str | None = None
    boiler_id: str | None = None
    has_scale: bool | None = None
    has_flowmeter: bool | None = None
    number_of_doses: int | None = None
    boiler_temperature: float | None = None
    boiler_temperature_at_start: float | None = None


class Dose(_Wire, frozen=True, kw_only=True):
    """A dose: pulses, grams or seconds, depending on its type (section 8.3)."""

    dose_index: str
    stop_target: float
    group_number: str | None = None
    dose_type: str | None = None


class DoseMode(_Wire, frozen=True, kw_only=True):
    """How a group doses."""

    group_number: str | None = None
    brewing_type: str | None = None


class GroupCapabilities(_Wire, frozen=True, kw_only=True):
    """`groupCapabilities[0]` (section 8.3)."""

    capabilities: Group = Group()
    doses: tuple[Dose, ...] = ()
    dose_mode: DoseMode = DoseMode()


class RecipeDose(_Wire, frozen=True, kw_only=True):
    """One of a recipe's two doses, in grams."""

    id: str
    target: float


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """A brew by weight recipe (section 8.1; these keys are in snake case on the wire)."""

    id: str
    dose_mode: str | None = None
    recipe_doses: tuple[RecipeDose, ...] = ()


class RecipeAssignment(msgspec.Struct, frozen=True, kw_only=True):
    """Which recipe dose a key brews (section 8.1)."""

    dose_index: str
    recipe_id: str
    recipe_dose: str
    group: str | None = None


class TeaDose(_Wire, frozen=True, kw_only=True):
    """The hot water dose, in seconds."""

    dose_index: str
    stop_target: float


class Scale(_Wire, frozen=True, kw_only=True):
    """The paired scale; battery in per cent."""

    connected: bool | None = None
    address: str | None = None
    name: str | None = None
    battery: float | None = None


class PreinfusionStyle(_Wire, frozen=True, kw_only=True):
    """`preinfusionMode.Group1`."""

    group_number: str | None = None
    preinfusion_style: str | None = None


class PreinfusionEntry(_Wire, frozen=True, kw_only=True):
    """One pair of times in seconds (section 8.4); `mode` from gateway v5 on."""

    dose_type: str
    pre_wet_time: float
    pre_wet_hold_time: float
    group_number: str | None = None
    mode: str | None = None


class PreinfusionSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Pre-brewing and pre-infusion (section 8.4)."""

    mode: str
    group: tuple[PreinfusionEntry, ...] = msgspec.field(name="Group1", default=())


class ScheduleDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the old schedule; hour 24 is an unset time (section 8.5)."""

    enabled: bool = False
    h_on: int = 24
    h_off: int = 24
    m_on: int = 0
    m_off: int = 0


class WeeklySchedule(msgspec.Struct, frozen=True, kw_only=True):
    """`weeklySchedulingConfig` (section 8.5)."""

    enabled: bool = False
    monday: ScheduleDay = ScheduleDay()
    tuesday: ScheduleDay = ScheduleDay()
    wednesday: ScheduleDay = ScheduleDay()
    thursday: ScheduleDay = ScheduleDay()
    friday: ScheduleDay = ScheduleDay()
    saturday: ScheduleDay = ScheduleDay()
    sunday: ScheduleDay = ScheduleDay()


class WakeUpSleepEntry(_Wire, frozen=True, kw_only=True, omit_defaults=False):
    """A wake-up and sleep entry; times as `h:m`, `24:0` is unset (section 8.5)."""

    id: str
    days: tuple[str, ...] = ()
    steam: bool = False
    enabled: bool = False
    time_on: str = "24:0"
    time_off: str = "24:0"


class SmartStandby(_Wire, frozen=True, kw_only=True, omit_defaults=False):
    """Switch off by itself after some minutes (section 8.1)."""

    mode: str = SmartStandbyMode.LAST_BREWING
    minutes: int = 10
    enabled: bool = False


class FirmwareVersion(msgspec.Struct, frozen=True, kw_only=True):
    """An installed program as the configuration names it."""

    name: str
    fw_version: str


class Configuration(_Wire, frozen=True, kw_only=True):
    """The configuration object of a machine (section 8.1). What a firmware leaves out is None."""

    version: str | None = None
    received: str | None = None
    preinfusion_modes_available: tuple[str, ...] | None = None
    machine_capabilities: tuple[Capabilities, ...] = ()
    machine_sn: str | None = msgspec.field(name="machine_sn", default=None)
    machine_hw: str | None = msgspec.field(name="machine_hw", default=None)
    is_plumbed_in: bool | None = None
    is_back_flush_enabled: bool | None = None
    stand_by_time: int | None = None
    tank_status: bool | None = None
    settings: tuple[msgspec.Raw, ...] | None = None
    recipes: tuple[Recipe, ...] | None = None
    recipe_assignment: tuple[RecipeAssignment, ...] | None = None
    group_capabilities: tuple[GroupCapabilities, ...] = ()
    machine_mode: str | None = None
    tea_doses: dict[str, TeaDose] | None = None
    scale: Scale | None = None
    boilers: tuple[Boiler, ...] = ()
    boiler_target_temperature: dict[str, float] | None = None
    preinfusion_mode: dict[str, PreinfusionStyle] | None = None
    preinfusion_settings: PreinfusionSettings | None = None
    weekly_scheduling_config: WeeklySchedule | None = None
    wake_up_sleep_entries: tuple[WakeUpSleepEntry, ...] | None = None
    smart_stand_by: SmartStandby | None = None
    clock: str | None = None
    firmware_versions: tuple[FirmwareVersion, ...] = ()


class GrinderDose(_Wire, frozen=True, kw_only=True):
    """A grinder's dose in seconds."""

    dose_index: str
    target: float


class GrinderConfiguration(_Wire, frozen=True, kw_only=True):
    """The configuration object of the Pico (section 8.6)."""

    version: str | None = None
    family: str | None = None
    machine_sn: str | None = None
    machine_hw: str | None = None
    machine_mode: str | None = None
    barista_led: bool | None = None
    bell_opened: bool | None = None
    stand_by_time: int | None = None
    selected_dose: str | None = None
    doses: tuple[GrinderDose, ...] = ()
    firmware_versions: tuple[FirmwareVersion, ...] = ()


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """The token service's answer (section 4.1); the life time is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: float = 3600.0
    token_type: str = "bearer"  # noqa: S105 - the kind of token, not one
    scope: str | None = None


class _ModelName(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""


class _FleetMachine(_Wire, frozen=True, kw_only=True):
    serial_number: str
    model: _ModelName = _ModelName()


class FleetEntry(_Wire, frozen=True, kw_only=True):
    """A device of the customer record (section 5)."""

    machine: _FleetMachine
    name: str | None = None
    communication_key: str = ""


class LaMarzoccoDeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A device of the account: what the clients need to know of it."""

    serial_number: str
    name: str
    communication_key: Secret
    model: str

    @classmethod
    def of(cls, entry: FleetEntry) -> LaMarzoccoDeviceInfo:
        """Return the device of a fleet entry; one without a name goes by its serial number."""
        serial = entry.machine.serial_number
        return cls(
            serial_number=serial,
            name=entry.name or serial,
            communication_key=Secret(entry.communication_key),
            model=entry.machine.model.name,
        )


class CommandRecord(_Wire, frozen=True, kw_only=True):
    """The record of a command that the gateway keeps (section 7.3)."""

    status: str = "PENDING"
    command_id: str | None = None
    response_payload: dict[str, object] | None = None


class FirmwareRecord(_Wire, frozen=True, kw_only=True):
    """One program in the firmware answer (section 7.4)."""

    version: str | None = None
    target_version: str | None = None
    latest_version: str | None = None
    md5: str | None = None
    update: object = None
    url_firmware: str | None = msgspec.field(name="url_firmware", default=None)
    url_schema: str | None = msgspec.field(name="url_schema", default=None)


class Counter(_Wire, frozen=True, kw_only=True):
    """How many drinks of one type: 0 to 3 keys A to D, 4 continuous, -1 flushes (section 7.5)."""

    coffee_type: int
    count: int


class DailyStatistics(_Wire, frozen=True, kw_only=True):
    """The drinks of one day (section 7.5); one key is misspelled on the wire."""

    date: str = ""
    timestamp: int | None = None
    count: int = 0
    dose_a: int = 0
    dose_b: int = 0
    dose_c: int = 0
    dose_d: int = 0
    dose_tea: int = 0
    dose_continuous: int = msgspec.field(name="doseContinous", default=0)
    flush: int = 0


class GroupStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What a group did since it was built; `clean` counts flushes (section 10.4)."""

    doses: tuple[dict[str, int], ...] = ()
    clean: int = 0
    ev_activations: int = 0
    ev_ontime: float = 0


class TeaStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What the hot water tap did since it was built."""

    count: int = 0
    ev_activation: int = 0
    ev_ontime: float = 0


class MachineStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """`MachineStatistics` of the WebSocket (section 10.4); times in seconds."""

    groups: tuple[GroupStatistics, ...] = ()
    tot_doses: int | None = None
    boilers: tuple[dict[str, float], ...] = ()
    tea: TeaStatistics = TeaStatistics()
    pump_ontime: float | None = None
    machine_ontime: float | None = None
    refill_ontime: float | None = None
    count_liter: float | None = None


class NetworkInterface(msgspec.Struct, frozen=True, kw_only=True):
    """One network interface of the gateway; `rssi` in dBm."""

    name: str | None = None
    address: str | None = None
    mac: str | None = None
    auth: str | int | None = None
    channel: int | None = None
    rssi: float | None = None


class Ram(msgspec.Struct, frozen=True, kw_only=True):
    """One memory region of the gateway, in bytes."""

    name: str | None = None
    free: int | None = None
    allocated: int | None = None


class SystemInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`SystemInfo` of the WebSocket: the gateway's health (section 10.1)."""

    network_interfaces: tuple[NetworkInterface, ...] = ()
    system_ram: tuple[Ram, ...] = ()
    cpu: dict[str, float] = {}
    connections: dict[str, bool | int | str] = {}
    up_time: float | str | None = None
    curr_time: str | None = None
    boot_reason: str | int | None = None
    boot_count: int | None = None
    timezone: str | None = None
    fs: dict[str, object] = {}


class FlushInfo(_Wire, frozen=True, kw_only=True):
    """What ended and how: time in seconds, volume in pulses (section 10.3)."""

    dose_index: str | None = None
    stop_reason: str | None = None
    time: float | None = None
    stop_type: str | None = None
    volume: float | None = None


class SnapshotGroup(_Wire, frozen=True, kw_only=True):
    """The group at the end of a shot or flush."""

    group_number: str | None = None
    capabilities: Group = Group()
    dose: Dose | None = None
    dose_mode: DoseMode = DoseMode()


class Snapshot(_Wire, frozen=True, kw_only=True):
    """The summary after a flush or a shot (section 10.3)."""

    group_configuration: SnapshotGroup = SnapshotGroup()
    flush_info: FlushInfo | None = None
    brewing_info: FlushInfo | None = None


AnyConfiguration: TypeAlias = Configuration | GrinderConfiguration
