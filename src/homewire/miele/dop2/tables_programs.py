"""Leaves about programs and settings: what is offered, chosen and configured.

Source: docs/protocols/miele-dop2.md, sections 7, 9 and 10.
"""

from __future__ import annotations

from homewire.miele.dop2.enums import INTERPRETATION, SELECTION_TYPE
from homewire.miele.dop2.enums_settings import SETTING
from homewire.miele.dop2.model import Type
from homewire.miele.dop2.schema import Attribute, Structure
from homewire.miele.dop2.slots import (
    blob,
    e8,
    e16,
    e16s,
    flag,
    generic,
    i16,
    struct,
    structs,
    text,
    u8,
    u16,
    u16s,
    u32,
    u32s,
)
from homewire.miele.dop2.structures_laundry import LaundryOptions, LaundryParameters, LaundryProgram
from homewire.miele.dop2.structures_oven import OtherParameters, OvenOptions, OvenParameters, OvenProgram

__all__ = [
    "FirstUse",
    "FirstUseSettings",
    "ProgramGroups",
    "ProgramGroupsPartTwo",
    "ProgramList",
    "ProgramName",
    "ProgramRange",
    "ProgramSelection",
    "ProgramSelectionContext",
    "SettingList",
    "SettingValue",
    "TimeSetting",
]


class ProgramRange(Structure):
    """A range of program ids: bit n of word w of the bitmap stands for program first + 32 w + n."""

    first = u16(1, sure="A")
    last = u16(2, sure="A")
    group_flag = u32(3, sure="A")
    bitmap = u32s(4, note="least significant bit first", sure="A")


class ProgramGroups(Attribute, number=1599, units=(1,), title="program groups"):
    """The program ids on offer as ranges with bitmaps (section 9.1)."""

    ranges = structs(1, ProgramRange, note="with 4 words", sure="A")
    wide_ranges = structs(2, ProgramRange, note="with 64 words", sure="A")


class ProgramGroupsPartTwo(Attribute, number=107, units=(1,), title="program groups, part two"):
    """Same element layout as 1599."""

    ranges = structs(1, ProgramRange, sure="A")


class ProgramSelectionContext(Attribute, number=1574, units=(1, 2), title="program selection context"):
    """Program selection context."""

    laundry_options = struct(3, LaundryOptions, sure="C")
    oven_options = struct(4, OvenOptions)
    laundry_program = struct(6, LaundryProgram, note="see 1585 field 5", sure="C")
    oven_program = struct(7, OvenProgram, note="see 1585 field 7")
    field_8 = u16(8, note="oven")


class ProgramSelection(Attribute, number=1577, units=(2,), title="program selection", writable=True):
    """Writable: selects a program."""

    program_id = e16(1, sure="A")
    parameter = u16(2, note="absent on the washer")
    selection_type = e8(3, SELECTION_TYPE)
    laundry_parameters = struct(6, LaundryParameters, sure="C")
    oven_parameters = struct(
        7, OvenParameters, note="same numbers as the oven options, plain values", sure="C"
    )
    other_parameters = struct(10, OtherParameters, note="hood or other, 21 numbers, oven dump")


class ProgramList(Attribute, number=1584, units=(2,), title="program list"):
    """Idx1/idx2 page when more programs exist."""

    valid_count = u8(1, sure="A")
    program_ids = u16s(2, sure="A")
    remaining_time = u16s(3, "min", note="assumed, 0 seen")
    temperature = u16s(4, note="0 seen")
    temperature_info = blob(5)


class ProgramName(Attribute, number=216, units=(2,), title="program name"):
    """Never seen in a dump."""

    name = text(3, note="u8[] or string", sure="D")


class SettingValue(Attribute, number=105, units=(2,), title="setting value", writable=True):
    """One setting: request with idx1 = its id, 0 for the first; the reply's idx2 is the following id."""

    setting_id = e16(1, SETTING, sure="A")
    validity = u8(2, note="5 on a valid setting, 128 when nothing is delivered")
    interpretation = e8(3, INTERPRETATION, sure="A")
    current = i16(4, sure="A")
    minimum = i16(5, sure="A")
    maximum = i16(6, sure="A")
    default = i16(7, sure="A")
    list_reference = u16(8)
    step = u8(9, sure="A")
    extended_value = flag(10)
    fine_adjusted = flag(11)


class SettingList(Attribute, number=114, units=(2,), title="list of settings"):
    """List of settings."""

    valid_count = u8(1, sure="A")
    setting_ids = e16s(2, SETTING, note="70 entries, only the first valid_count count", sure="A")


class TimeSetting(Structure):
    """A time as a setting."""

    field_1 = u8(1)
    field_2 = u8(2)
    field_3 = u8(3)
    field_4 = u32s(4)
    interpretation = e8(5, INTERPRETATION)


class FirstUseSettings(Structure):
    """What is asked at first use."""

    language = generic(Type.U16, 1, sure="C")
    display_in_standby = generic(Type.U8, 2, sure="C")
    water_hardness = generic(Type.U8, 3, sure="C")
    field_4 = generic(Type.U8, 4)
    time = generic(Type.U64, 5, "s", sure="C")
    field_6 = struct(6, TimeSetting)
    field_7 = generic(Type.U8, 7)
    field_8 = generic(Type.U8, 8)


class FirstUse(Attribute, number=190, units=(2,), title="first-use settings"):
    """First-use settings."""

    settings = struct(1, FirstUseSettings, sure="C")
