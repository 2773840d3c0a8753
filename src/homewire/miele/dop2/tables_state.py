"""Leaves that say what an appliance is doing: state, context, steps, requests.

Source: docs/protocols/miele-dop2.md, section 7. 2/256 mirrors the JSON State, 2/1586 and 2/1585 go deeper.
"""

from __future__ import annotations

from homewire.miele.codes import DEVICE_TYPE, DRYING_STEP, LIGHT, PROGRAM_TYPE, STANDBY_STATE, STATUS
from homewire.miele.dop2.enums import (
    APPLIANCE_STATE,
    NOTIFICATION_INFO_SELECTION,
    NOTIFICATION_MESSAGE,
    OPERATION_STATE,
    PROCESS_STATE,
    SHOW_ME_HOW,
    USER_REQUEST,
    WASH_TO_DRY,
)
from homewire.miele.dop2.schema import Attribute, Structure
from homewire.miele.dop2.slots import (
    blob,
    e8,
    e16,
    e16s,
    flag,
    i32,
    struct,
    structs,
    temperatures,
    text,
    u8,
    u16,
    u16s,
    u32,
    u64s,
)
from homewire.miele.dop2.structures_laundry import LaundryDevice, LaundryProgram
from homewire.miele.dop2.structures_oven import OvenDevice, OvenProgram

__all__ = [
    "ChangeList",
    "CombinedState",
    "DeviceContext",
    "DeviceContextSecond",
    "DeviceState",
    "EndTimeOwn",
    "EndTimePartner",
    "EndTimeSynchronisation",
    "EndTimeSynchronisationOwn",
    "OvenProgramInformation",
    "OvenProgramStep",
    "ProgramInstructions",
    "RemoteEnable",
    "StateTriple",
    "Unknown256",
    "UserRequest",
]


class RemoteEnable(Structure):
    """What may be done from afar (field 2 of 256)."""

    remote_setting = flag(1)
    remote_actual = flag(2)
    smart_grid = flag(3)
    mobile_start = flag(4)


class Unknown256(Structure):
    """Unknown, oven only."""

    field_1 = blob(1, note="70 bytes")
    field_2 = u8(2)


class DeviceState(Attribute, number=256, units=(2,), title="device state"):
    """Mirror of the JSON State. Numbers are seconds here, hours and minutes there."""

    status = e8(1, STATUS, note="same numbers as JSON Status", sure="A")
    remote_enable = struct(2, RemoteEnable)
    program_type = e8(3, PROGRAM_TYPE)
    program_id = e16(4, sure="A")
    program_phase = e16(5, note="same numbers as JSON ProgramPhase", sure="A")
    start_time = u32(6, "s", nothing=0xFFFFFFFF, note="from now")
    remaining_time = u32(7, "s", nothing=0xFFFFFFFF, sure="A")
    elapsed_time = u32(8, "s", nothing=0xFFFFFFFF)
    target_temperature = temperatures(9, note="-32768 = none", sure="A")
    current_temperature = temperatures(10, sure="A")
    core_target_temperature = temperatures(11)
    core_temperature = temperatures(12)
    signal_door = flag(13, note="true = open")
    signal_info = flag(14)
    spinning_speed = u16(15, "rpm", note="washer", sure="A")
    drying_step = e8(16, DRYING_STEP, note="washer/dryer")
    light = e8(17, LIGHT, sure="A")
    standby_state = e8(18, STANDBY_STATE)
    field_19 = i32(19, note="washer -2147483648")
    field_20 = i32(20)
    field_21 = i32(21)
    field_22 = i32(22, note="oven only")
    field_23 = u8(23, note="oven only")
    field_33 = struct(33, Unknown256, note="oven only")


class StateTriple(Structure):
    """The three states of an appliance (1586, and field 1 of 1585)."""

    appliance_state = e8(1, APPLIANCE_STATE, sure="A")
    operation_state = e8(2, OPERATION_STATE, sure="A")
    process_state = e8(3, PROCESS_STATE, sure="A")


class CombinedState(Attribute, number=1586, units=(2,), title="combined state", writable=True):
    """Writable with field 1 only: 1 = off, 4 = on."""

    appliance_state = e8(1, APPLIANCE_STATE, sure="A")
    operation_state = e8(2, OPERATION_STATE, sure="A")
    process_state = e8(3, PROCESS_STATE, sure="A")


class EndTimeOwn(Structure):
    """End time synchronisation, own part (410, and field 17 of 1585)."""

    selected = flag(1, sure="C")
    end_at = u32(2, nothing=0xFFFFFFFF, note="4294967295 = none", sure="C")
    field_3 = u32(3)
    field_4 = u32(4)
    partner = text(5, 12, note="serial number of the partner", sure="C")
    field_6 = u16(6)
    field_7 = u32(7)


class EndTimeSynchronisationOwn(
    Attribute, number=410, units=(2,), title="end time synchronisation, own part"
):
    """Also field 17 of 1585."""

    selected = flag(1, sure="C")
    end_at = u32(2, nothing=0xFFFFFFFF, note="4294967295 = none", sure="C")
    field_3 = u32(3)
    field_4 = u32(4)
    partner = text(5, 12, note="serial number of the partner", sure="C")
    field_6 = u16(6)
    field_7 = u32(7)


class EndTimePartner(Structure):
    """A partner of the end time synchronisation."""

    serial = text(1, 12)
    device_type = e8(2, DEVICE_TYPE)
    can_sync = flag(4)
    duration = u32(5, "s", note="unit assumed")
    end_at = u32(6)
    selected = flag(7)
    active = flag(8)


class EndTimeSynchronisation(Attribute, number=412, units=(1, 2), title="end time synchronisation"):
    """End time synchronisation."""

    longest_duration = u32(2)
    end_at = u32(3)
    devices = structs(4, EndTimePartner)


class DeviceContext(Attribute, number=1585, units=(1, 2), title="device context"):
    """391 has the same layout."""

    state = struct(1, StateTriple, note="same as 1586", sure="A")
    laundry_program = struct(5, LaundryProgram, sure="C")
    laundry_device = struct(6, LaundryDevice)
    oven_program = struct(7, OvenProgram)
    oven_device = struct(8, OvenDevice)
    supported_user_requests = e16s(9, USER_REQUEST, note="0 = unused", sure="A")
    session_owner = e8(10)
    mobile_start_active = flag(11)
    show_me_how = e16(12, SHOW_ME_HOW)
    request_time_sync = flag(13)
    wash_to_dry = e8(16, WASH_TO_DRY)
    end_time_synchronisation = struct(17, EndTimeOwn, note="see 410", sure="C")


class DeviceContextSecond(DeviceContext, number=391, units=(1,), title="device context (second instance)"):
    """Same layout as 1585; zero in the oven dump."""


class OvenProgramInformation(Attribute, number=213, units=(2,), title="program information, oven"):
    """Program information, oven."""

    step_count = u8(1)
    current_step = u8(2)
    field_3 = u16(3)
    field_4 = e16s(4)
    start_delay = flag(5)
    field_6 = e16s(6)


class OvenProgramStep(Attribute, number=214, units=(2,), title="program step, oven"):
    """Program step, oven."""

    step_number = u8(1)
    step_type = e8(2)
    operation_mode = u16(3)
    temperature = u16(4)
    grill_level = u8(5)
    microwave_power = u8(6)
    duration = u32(7, "s", note="assumed")
    core_temperature_or_moisture = u16(8)
    field_9 = u8(9)
    field_10 = flag(10)
    field_11 = u16(11)
    field_12 = u16(12)
    field_13 = u16(13)
    field_14 = flag(14)
    field_15 = flag(15)


class ProgramInstructions(Attribute, number=257, units=(2,), title="program instructions, oven"):
    """Program instructions, oven."""

    info_id = e16(1, NOTIFICATION_INFO_SELECTION, note="780 seen")
    message_id = e16(2, NOTIFICATION_MESSAGE)
    values = u64s(3)


class ChangeList(Attribute, number=302, units=(1, 2), title="change list"):
    """Change list."""

    count = u16(1, sure="C")
    changed_attributes = u16s(4, note="oven: 196, 1585", sure="C")


class UserRequest(Attribute, number=1583, units=(2,), title="user request", writable=True):
    """Writable: executes a request. Reads back the last one or 0."""

    request = e16(1, USER_REQUEST, sure="A")
    parameter_0 = u16(2)
    parameter_1 = u16(3)
