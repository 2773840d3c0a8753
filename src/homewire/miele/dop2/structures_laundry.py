"""Structures inside the leaves of washers, dryers and washer-dryers.

Source: docs/protocols/miele-dop2.md, section 8. Options are what may be chosen for the selected program,
parameters what is sent to select one.
"""

from __future__ import annotations

from homewire.miele.dop2.enums import INTERPRETATION
from homewire.miele.dop2.model import Type
from homewire.miele.dop2.schema import Structure
from homewire.miele.dop2.slots import (
    annotated,
    blob,
    e8,
    e8s,
    e16,
    flag,
    generic,
    struct,
    structs,
    u8,
    u16,
    u32,
    u64,
    u64s,
)

__all__ = [
    "ChoiceOption",
    "DosingChoice",
    "DosingContainer",
    "DosingOption",
    "DosingParameter",
    "ExtrasOption",
    "ExtrasParameter",
    "FourFlags",
    "LaundryDevice",
    "LaundryDevice2",
    "LaundryOption18",
    "LaundryOption20",
    "LaundryOptions",
    "LaundryParameters",
    "LaundryProgram",
    "LaundryProgram13",
    "SmallList",
    "StartTimeOption",
    "ThreeFlags",
    "ValueList",
]


class ThreeFlags(Structure):
    """Three bools of unknown meaning."""

    field_1 = flag(1)
    field_2 = flag(2)
    field_3 = flag(3)


class FourFlags(Structure):
    """Four bools of unknown meaning."""

    field_1 = flag(1)
    field_2 = flag(2)
    field_3 = flag(3)
    field_4 = flag(4)


class LaundryProgram13(Structure):
    """Unknown pair, washer."""

    field_1 = u16(1)
    field_2 = e8(2)


class LaundryProgram(Structure):
    """What a washer, dryer or washer-dryer says about the program (1585 field 5, 1574 field 6)."""

    program_id = e16(1, sure="A")
    program_phase = e16(2, note="own numbering, 12000 = idle", sure="C")
    remaining_minutes = u16(3, "min", note="86 while 256/7 says 5160 s", sure="C")
    field_4 = u32(4)
    field_5 = u16(5)
    field_7 = u8(7, note="dryer only")
    field_8 = annotated(Type.U8, 8)
    field_9 = annotated(Type.U8, 9)
    field_10 = annotated(Type.U16, 10)
    field_11 = annotated(Type.U8, 11)
    field_13 = struct(13, LaundryProgram13, note="washer")
    field_14 = struct(14, ThreeFlags)
    field_15 = annotated(Type.BOOL, 15)
    field_16 = u16(16)
    field_17 = e16(17)
    field_18 = u16(18, nothing=0xFFFF, note="65535 on an idle dryer")
    field_19 = annotated(Type.I8, 19, note="dryer only")
    duration = annotated(Type.U16, 22, "min", note="interpretation 6", sure="C")
    maximum_load = annotated(Type.U16, 23, "g", note="8000 on an 8 kg machine", sure="C")
    load_level = annotated(Type.U8, 24, note="3 seen", sure="C")
    field_25 = annotated(Type.U8, 25)
    field_26 = annotated(Type.U8, 26)
    field_30 = annotated(Type.U32, 30)
    field_31 = annotated(Type.U32, 31)
    field_35 = annotated(Type.BOOL, 35)
    field_36 = annotated(Type.BOOL, 36, note="dryer only")
    field_37 = annotated(Type.U16, 37)
    field_38 = annotated(Type.U16, 38, note="dryer only")
    field_40 = annotated(Type.U8, 40)
    field_42 = annotated(Type.U16, 42)
    weight_unit = annotated(Type.U8, 44, note="interpretation 25", sure="C")
    field_45 = annotated(Type.U16, 45)
    field_46 = annotated(Type.BOOL, 46)


class DosingContainer(Structure):
    """One container of the dosing system."""

    flags = u8(2, note="bit 0 inserted, 1 empty, 2 supported, 3 active, 4 low", sure="A")
    size = u16(3, note="14000 seen; 0.1 ml would give 1.4 l")
    initial_dose = u16(4, "mL")
    current_dose = u16(5, "mL")
    fill_level = annotated(Type.U8, 6, "%", sure="A")
    field_7 = annotated(Type.U8, 7, note="interpretation 140 (day) or 141 (program)")
    field_8 = annotated(Type.U8, 8, note="same")
    field_9 = annotated(Type.U8, 9, note="same")


class LaundryDevice2(Structure):
    """Unknown group of codes and counters."""

    field_1 = e8(1)
    field_2 = e8(2)
    field_3 = u32(3)
    field_4 = u32(4)
    field_5 = u32(5)
    field_6 = u32(6)


class LaundryDevice(Structure):
    """What a washer, dryer or washer-dryer says about itself (1585 field 6)."""

    door_state = e8(1)
    field_2 = struct(2, LaundryDevice2)
    energy_last_program = generic(Type.U16, 3, sure="D")
    water_last_program = generic(Type.U16, 4, sure="D")
    energy_total = generic(Type.U32, 5, sure="D")
    water_total = generic(Type.U32, 6, sure="D")
    dosing_containers = structs(7, DosingContainer, sure="A")
    salt = u8(8, sure="D")
    rinse_aid = u8(9, sure="D")
    tabs = u16(10, sure="D")
    filter_state = e8(11, sure="D")
    filter_state_valid = flag(12, sure="D")
    field_13 = annotated(Type.BOOL, 13)
    door_motor_position = annotated(Type.U8, 14, sure="D")
    remote_door_opening_allowed = annotated(Type.BOOL, 15, sure="D")
    cartridge_detected = flag(16, sure="D")
    energy_cost_total = annotated(Type.U32, 20, sure="D")
    water_cost_total = annotated(Type.U32, 21, sure="D")
    energy_cost_last = annotated(Type.U32, 22, sure="D")
    water_cost_last = annotated(Type.U32, 23, sure="D")
    temperature = annotated(Type.U8, 24, "°C", sure="D")
    interior_light = annotated(Type.BOOL, 25, sure="D")
    heating = annotated(Type.BOOL, 26, sure="D")
    hygiene_level = generic(Type.U8, 27, note="maximum 20; 10 and 2 seen")
    spin_speed = annotated(Type.U16, 28, sure="D")
    power = annotated(Type.U16, 29, sure="D")
    water_level = annotated(Type.U16, 30, sure="D")
    water_volume = annotated(Type.U16, 31, sure="D")
    residual_moisture = annotated(Type.I8, 32, sure="D")
    salt_missing = annotated(Type.BOOL, 33, sure="D")
    rinse_aid_missing = annotated(Type.BOOL, 34, sure="D")
    hygiene_counter = annotated(Type.U16, 35, sure="D")
    maximum_temperature = annotated(Type.U8, 36, sure="D")
    field_37 = annotated(Type.BOOL, 37)
    field_38 = annotated(Type.BOOL, 38)


class StartTimeOption(Structure):
    """The start time as an option."""

    mask = u8(1, sure="C")
    field_2 = u64(2, sure="C")
    field_3 = u64(3, sure="C")
    field_4 = u64(4, sure="C")
    field_5 = u8(5)
    field_6 = u64s(6)
    field_7 = blob(7)
    field_8 = e8(8)


class ChoiceOption(Structure):
    """A single choice."""

    mask = u8(1, sure="C")
    current = u8(2, sure="C")
    field_3 = u8(3)
    interpretation = e8(4, INTERPRETATION)


class ValueList(Structure):
    """An option with a list of allowed values."""

    mask = u8(1, sure="C")
    current = u8(2, sure="C")
    field_3 = u8(3)
    count = u8(4, note="used entries", sure="C")
    values = blob(5, note="20 bytes", sure="C")
    flags = blob(6, note="20 bytes", sure="C")
    interpretation = e8(7, INTERPRETATION, sure="C")


class SmallList(Structure):
    """An option with up to five allowed values."""

    mask = u8(1, sure="C")
    current = u8(2, sure="C")
    count = u8(3, sure="C")
    values = blob(4, note="5 bytes", sure="C")
    interpretation = e8(5, INTERPRETATION, sure="C")


class DosingChoice(Structure):
    """One entry of the dosing option."""

    mask = u8(1, sure="C")
    field_2 = u8(2)
    field_3 = u8(3)
    field_4 = e8(4)


class DosingOption(Structure):
    """The dosing option."""

    entries = structs(1, DosingChoice, sure="C")
    field_2 = annotated(Type.BOOL, 2, sure="C")
    field_3 = annotated(Type.BOOL, 3, sure="C")
    field_4 = annotated(Type.BOOL, 4, sure="C")
    field_5 = e8s(5)


class ExtrasOption(Structure):
    """The extras as annotated bools; mask 9 = may be switched for this program."""

    extra_1 = annotated(Type.BOOL, 1, sure="C")
    extra_2 = annotated(Type.BOOL, 2, sure="C")
    extra_3 = annotated(Type.BOOL, 3, sure="C")
    extra_4 = annotated(Type.BOOL, 4, sure="C")
    extra_5 = annotated(Type.BOOL, 5, sure="C")
    extra_6 = annotated(Type.BOOL, 6, sure="C")
    extra_7 = annotated(Type.BOOL, 7, sure="C")
    extra_8 = annotated(Type.BOOL, 8, sure="C")
    extra_9 = annotated(Type.BOOL, 9, sure="C")
    extra_10 = annotated(Type.BOOL, 10, sure="C")
    extra_11 = annotated(Type.BOOL, 11, sure="C")
    extra_12 = annotated(Type.BOOL, 12, sure="C")
    extra_13 = annotated(Type.BOOL, 13, sure="C")
    extra_14 = annotated(Type.BOOL, 14, sure="C")
    extra_15 = annotated(Type.BOOL, 15, sure="C")
    extra_16 = annotated(Type.BOOL, 16, sure="C")
    extra_18 = annotated(Type.BOOL, 18, sure="C")


class LaundryOption18(Structure):
    """Unknown option with three numbers."""

    mask = u8(1)
    field_2 = u32(2)
    field_3 = u32(3)
    field_4 = u32(4)
    interpretation = e8(5, INTERPRETATION)


class LaundryOption20(Structure):
    """Unknown option with two numbers."""

    mask = u8(1)
    field_2 = u16(2)
    field_3 = u16(3)
    interpretation = e8(4, INTERPRETATION)


class LaundryOptions(Structure):
    """The options of the selected laundry program (1574 field 3; section 9.3)."""

    start_time = struct(1, StartTimeOption, sure="C")
    choice_2 = struct(2, ChoiceOption, sure="C")
    temperature = struct(3, ValueList, note="degree C; mask 9, current 40, list 0/30/40/50/60", sure="C")
    spin_speed = struct(5, ValueList, note="x 10 rpm; current 160, list 0/160", sure="C")
    choice_6 = struct(6, SmallList, note="mask 9, current 2, three entries 1/2/3", sure="C")
    choice_7 = struct(7, SmallList)
    choice_8 = struct(8, SmallList, note="current 0, four entries 0/1/3/2", sure="C")
    choice_11 = struct(11, SmallList)
    field_12 = annotated(Type.BOOL, 12)
    field_13 = annotated(Type.BOOL, 13)
    field_14 = generic(Type.U8, 14)
    dosing = struct(15, DosingOption, sure="C")
    extras = struct(16, ExtrasOption, note="mask 9 = may be switched for this program", sure="C")
    field_17 = generic(Type.U16, 17)
    field_18 = struct(18, LaundryOption18)
    field_19 = struct(19, LaundryOption18)
    field_20 = struct(20, LaundryOption20)


class DosingParameter(Structure):
    """The dosing to select with."""

    field_1 = blob(1, note="2 bytes", sure="C")
    field_2 = flag(2, sure="C")
    field_3 = flag(3, sure="C")
    field_4 = flag(4, sure="C")


class ExtrasParameter(Structure):
    """The extras to select with."""

    extra_1 = flag(1, sure="C")
    extra_2 = flag(2, sure="C")
    extra_3 = flag(3, sure="C")
    extra_4 = flag(4, sure="C")
    extra_5 = flag(5, sure="C")
    extra_6 = flag(6, sure="C")
    extra_7 = flag(7, sure="C")
    extra_8 = flag(8, sure="C")
    extra_9 = flag(9, sure="C")
    extra_10 = flag(10, sure="C")
    extra_11 = flag(11, sure="C")
    extra_12 = flag(12, sure="C")
    extra_13 = flag(13, sure="C")
    extra_14 = flag(14, sure="C")
    extra_15 = flag(15, sure="C")
    extra_16 = flag(16, sure="C")
    extra_18 = flag(18, sure="C")


class LaundryParameters(Structure):
    """The plain values to select a laundry program with (1577 field 6; section 9.4)."""

    start_time = u64(1, sure="C")
    choice_2 = u8(2, note="option 2", sure="C")
    temperature = u8(3, "°C", sure="C")
    field_4 = u8(4, note="option 4", sure="C")
    spin_speed = u8(5, note="x 10 rpm", sure="C")
    choice_6 = u8(6, note="option 6", sure="C")
    choice_7 = u8(7, note="option 7", sure="C")
    choice_8 = u8(8, note="option 8", sure="C")
    choice_11 = u8(11, note="option 11", sure="C")
    field_12 = u8(12)
    dosing = struct(13, DosingParameter, note="option 15 of the context", sure="C")
    extras = struct(14, ExtrasParameter, note="option 16 of the context", sure="C")
    option_17 = u16(15, note="option 17 of the context", sure="C")
    option_18 = u32(18, note="option 18", sure="C")
    option_19 = u32(19, note="option 19", sure="C")
    option_20 = u16(20, note="option 20", sure="C")
