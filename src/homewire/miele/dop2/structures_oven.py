"""Structures inside the leaves of ovens, steam ovens and coffee systems.

Source: docs/protocols/miele-dop2.md, section 8 and attributes 198, 1577 and 1585.
"""

from __future__ import annotations

from homewire.miele.dop2.enums import BEAN_CONTAINER, DOOR_LOCK, INTERPRETATION, PANEL
from homewire.miele.dop2.model import Type
from homewire.miele.dop2.schema import Structure
from homewire.miele.dop2.slots import (
    annotated,
    e8,
    e16,
    flag,
    generic,
    struct,
    structs,
    u8,
    u16,
    u32,
    u32s,
    u64,
)
from homewire.miele.dop2.structures_laundry import FourFlags, LaundryOption20, ThreeFlags

__all__ = [
    "BeanContainers",
    "OtherParameters",
    "Output",
    "OvenDevice",
    "OvenOptions",
    "OvenParameters",
    "OvenProcessValues",
    "OvenProgram",
    "SmallChoice",
]


class SmallChoice(Structure):
    """A choice."""

    mask = u8(1)
    current = u8(2)
    field_3 = u8(3)
    interpretation = e8(4, INTERPRETATION)


class OvenProgram(Structure):
    """What an oven or coffee system says about the program (1585 field 7, 1574 field 7)."""

    program_phase = e16(1)
    sub_phase = e16(2)
    progress = annotated(Type.U16, 3)
    field_4 = annotated(Type.U16, 4)
    field_5 = annotated(Type.U16, 5)
    display_temperature = annotated(Type.U16, 6, "°C", divisor=100, note="34438 seen in a test payload")
    display_core_temperature = annotated(Type.U16, 7)
    field_8 = annotated(Type.U8, 8)
    field_9 = annotated(Type.U8, 9)
    field_10 = e8(10)
    field_11 = u8(11)
    field_12 = annotated(Type.U8, 12)
    field_13 = annotated(Type.U8, 13)
    field_14 = annotated(Type.U8, 14)
    field_16 = e8(16)
    field_18 = annotated(Type.U16, 18)
    field_19 = u32(19)
    field_20 = e16(20)
    temperature_setpoint = annotated(
        Type.U16, 21, "°C", divisor=100, note="16000 = 160 degree C, interpretation 3", sure="A"
    )
    moisture_setpoint = annotated(Type.U8, 22)
    field_23 = annotated(Type.U16, 23)
    power_setpoint = annotated(Type.U8, 24)
    field_25 = annotated(Type.U8, 25)
    start_time = annotated(Type.U64, 26, note="seconds since 1970, interpretation 31", sure="A")
    field_28 = e16(28, note="13 = fan plus while that program ran: selected program", sure="C")
    next_action_time = annotated(Type.U64, 29)


class BeanContainers(Structure):
    """Fill state of the bean containers."""

    container_1 = e8(1, BEAN_CONTAINER)
    container_2 = e8(2, BEAN_CONTAINER)
    container_3 = e8(3, BEAN_CONTAINER)


class OvenDevice(Structure):
    """What an oven or coffee system says about itself (1585 field 8)."""

    milk_cleaning_counter = u32(2)
    degreasing_counter = u32(3)
    descaling_counter = u32(4)
    drinks_until_descaling = u32(5)
    drinks_until_degreasing = u32(6)
    descaling_cartridge = e8(7)
    cleaning_cartridge = e8(8)
    bean_containers = struct(9, BeanContainers)
    door_lock = e8(11, DOOR_LOCK)
    programs_until_descaling = u16(12, nothing=0xFFFF, note="65535 = none")
    heating_minutes = u32(13, "min")
    heating_minutes_limit = u32(14, "min")
    water_tank_level = u8(15, nothing=255, note="255 = none")
    fresh_water_tank = e8(16)
    panel = e8(17, PANEL)
    sabbath = flag(18)
    descaling_required = flag(19)
    cleaning_required = flag(20)
    demo_mode = flag(21)
    supported_program_groups = u32(
        22, note="bits as group flags of 1599: 883 = 1+2+16+32+64+256+512", sure="A"
    )
    descaling_cartridge_level = u16(23)
    cleaning_cartridge_level = u16(24)
    days_until_milk_cleaning = u8(25)
    object_data_changed = flag(26)
    push_to_talk = flag(27)
    initial_grinding = flag(28)
    last_changed_instance = u16(29, note="optional")
    last_changed_counter = u16(30, note="optional")
    field_31 = struct(31, ThreeFlags)
    field_32 = struct(32, FourFlags)


class OvenOptions(Structure):
    """The options of the selected oven program (1574 field 4; section 9.3)."""

    grill_level = generic(Type.U8, 1)
    moisture = generic(Type.U8, 2)
    level = generic(Type.U8, 5)
    temperature = generic(Type.U16, 6)
    field_7 = generic(Type.U16, 7)
    field_8 = generic(Type.U16, 8)
    field_9 = generic(Type.U16, 9)
    field_10 = generic(Type.U16, 10)
    field_11 = generic(Type.U16, 11)
    field_12 = generic(Type.U32, 12)
    field_13 = generic(Type.U64, 13, "s", note="time assumed")
    field_14 = generic(Type.U64, 14, "s", note="time assumed")
    field_15 = struct(15, SmallChoice, note="plain u8 in 1577")
    field_17 = generic(Type.U16, 17)
    field_18 = generic(Type.U8, 18)
    field_20 = annotated(Type.BOOL, 20)
    field_21 = annotated(Type.BOOL, 21)
    field_22 = annotated(Type.BOOL, 22)
    field_23 = annotated(Type.BOOL, 23)
    field_24 = annotated(Type.BOOL, 24)
    field_25 = annotated(Type.BOOL, 25)
    field_26 = annotated(Type.BOOL, 26)
    field_27 = annotated(Type.BOOL, 27)
    field_28 = generic(Type.U16, 28)
    field_29 = struct(29, SmallChoice)
    field_30 = generic(Type.U8, 30, note="with a seventh field u8")
    field_31 = generic(Type.U8, 31, note="with a seventh field u8")
    field_32 = struct(32, LaundryOption20)


class OvenParameters(Structure):
    """The plain values to select an oven program with (1577 field 7; section 9.4)."""

    grill_level = u8(1, sure="C")
    moisture = u8(2, sure="C")
    level = u8(5, sure="C")
    temperature = u16(6, sure="C")
    field_7 = u16(7, sure="C")
    field_8 = u16(8, sure="C")
    field_9 = u16(9, sure="C")
    field_10 = u16(10, sure="C")
    field_11 = u16(11, sure="C")
    field_12 = u32(12, sure="C")
    field_13 = u64(13, sure="C")
    field_14 = u64(14, sure="C")
    field_15 = u8(15, sure="C")
    field_16 = u16(16, sure="C")
    field_17 = u16(17, sure="C")
    field_18 = u8(18, sure="C")
    field_20 = flag(20, sure="C")
    field_21 = flag(21, sure="C")
    field_22 = flag(22, sure="C")
    field_23 = flag(23, sure="C")
    field_24 = flag(24, sure="C")
    field_25 = flag(25, sure="C")
    field_26 = flag(26, sure="C")
    field_27 = flag(27, sure="C")
    field_28 = u16(28, sure="C")
    field_29 = u8(29, sure="C")
    field_30 = u8(30, sure="C")
    field_31 = u8(31, sure="C")
    field_32 = u16(32, note="never seen in 1577", sure="D")


class OtherParameters(Structure):
    """Parameters of hoods or others, as recorded on an oven (1577 field 10)."""

    field_1 = u16(1)
    field_2 = u16(2)
    field_3 = u16(3)
    field_4 = u8(4)
    field_5 = u16(5)
    field_6 = u16(6)
    field_7 = u16(7)
    field_8 = u16(8)
    field_9 = u16(9)
    field_10 = u16(10)
    field_11 = u16(11)
    field_12 = u16(12)
    field_13 = u16(13)
    field_14 = u16(14)
    field_15 = u16(15)
    field_16 = u16(16)
    field_17 = u16(17)
    field_18 = u16(18)
    field_19 = u16(19)
    field_20 = u16(20)
    field_21 = u16(21)


class Output(Structure):
    """An annotated u8 that stands for one output."""

    mask = u8(1)
    value = u8(2, sure="C")
    interpretation = e8(3, INTERPRETATION)


class OvenProcessValues(Structure):
    """Measured values of an oven (198, and field 4 of 196)."""

    field_1 = annotated(Type.U8, 1)
    cavity_temperature = annotated(Type.U16, 2, "°C", divisor=100, note="2116 seen", sure="C")
    field_3 = annotated(Type.U16, 3)
    field_4 = annotated(Type.U16, 4)
    field_5 = annotated(Type.U16, 5)
    electronics_temperature = annotated(Type.U16, 6, "°C", divisor=100, note="2476 seen", sure="C")
    field_7 = annotated(Type.U16, 7)
    field_8 = annotated(Type.U8, 8)
    field_9 = annotated(Type.U8, 9)
    field_10 = annotated(Type.U8, 10)
    field_11 = annotated(Type.U16, 11)
    field_12 = annotated(Type.U16, 12)
    field_13 = annotated(Type.U16, 13)
    field_14 = annotated(Type.U8, 14)
    field_15 = u32s(15)
    field_16 = annotated(Type.U8, 16)
    field_17 = annotated(Type.U8, 17)
    outputs = structs(18, Output, note="34 annotated u8", sure="C")
    field_19 = annotated(Type.U16, 19)
    field_29 = u32s(29)
    field_30 = u32s(30)
    field_31 = annotated(Type.U16, 31)
    field_32 = annotated(Type.U8, 32)
    field_33 = annotated(Type.U8, 33)
    field_34 = annotated(Type.U8, 34)
