"""Leaves that are seen and read, but that nobody has explained.

Source: docs/protocols/miele-dop2.md, section 7: their types are certain, their meaning is not.
"""

from __future__ import annotations

from homewire.miele.dop2.schema import Attribute, Structure
from homewire.miele.dop2.slots import e8, e8s, e16, flag, i32, string, struct, structs, u8, u16, u32, u64

__all__ = [
    "Attribute23",
    "Attribute123",
    "Attribute163",
    "Attribute189",
    "Attribute204",
    "Attribute205",
    "Attribute206",
    "Attribute207",
    "Attribute208",
    "Attribute209",
    "Attribute212",
    "Attribute219",
    "Attribute227",
    "Attribute241",
    "Attribute325",
    "Attribute339",
    "Attribute342",
    "Attribute379",
    "Attribute384",
    "Attribute388",
    "Attribute1593",
    "Unknown189",
    "Unknown209Flag",
    "Unknown209Offset",
    "Unknown339",
    "Unknown388",
]


class Unknown189(Structure):
    """Unknown."""

    field_1 = u16(1)
    field_2 = u8(2)
    field_3 = u8(3)
    field_4 = u8(4)
    field_5 = u64(5)
    field_6 = i32(6)
    field_7 = u8(7)
    field_8 = u8(8)


class Unknown209Flag(Structure):
    """Unknown."""

    field_1 = flag(1)
    field_2 = u64(2)


class Unknown209Offset(Structure):
    """Unknown."""

    field_1 = e8(1)
    field_2 = i32(2)


class Unknown339(Structure):
    """Unknown."""

    field_1 = u16(1)
    field_2 = u8(2)


class Unknown388(Structure):
    """Unknown."""

    field_1 = e16(1)
    field_2 = u32(2)


class Attribute23(Attribute, number=23, units=(2,), title="unknown flag"):
    """Unknown flag."""

    field_1 = e8(1, note="0 seen")


class Attribute123(Attribute, number=123, units=(2,), title="two counters"):
    """Meaning unknown; washer 20 equals its number of programs."""

    field_1 = u8(1, note="oven 1, washer 20")
    field_2 = u8(2, note="oven 1, washer 4")


class Attribute163(Attribute, number=163, units=(2,), title="unknown flag"):
    """Unknown flag."""

    field_1 = e8(1, note="0 seen")


class Attribute189(Attribute, number=189, units=(2,), title="unknown"):
    """Unknown."""

    field_1 = struct(1, Unknown189)


class Attribute208(Attribute, number=208, units=(2,), title="unknown"):
    """Unknown."""

    field_1 = u16(1)


class Attribute209(Attribute, number=209, units=(1,), title="unknown timers"):
    """Unknown timers."""

    field_1 = structs(1, Unknown209Flag)
    field_2 = structs(2, Unknown209Offset)


class Attribute212(Attribute, number=212, units=(2,), title="unknown list"):
    """Unknown list."""

    field_1 = e8s(1, note="21 entries")


class Attribute219(Attribute, number=219, units=(2,), title="unknown"):
    """Unknown."""

    field_1 = u16(1)
    field_2 = e8(2)


class Attribute227(Attribute, number=227, units=(2,), title="unknown"):
    """Unknown."""

    field_1 = e8(1)
    field_2 = e16(2)
    field_3 = e16(3)
    field_4 = u16(4)


class Attribute241(Attribute, number=241, units=(1,), title="unknown"):
    """Unknown."""

    field_1 = e8(1)
    field_2 = string(2)
    field_3 = u8(3)


class Attribute325(Attribute, number=325, units=(2,), title="unknown"):
    """Unknown."""

    field_1 = u16(1)
    field_2 = u16(2)
    field_3 = u8(3)


class Attribute339(Attribute, number=339, units=(2,), title="unknown"):
    """Unknown."""

    field_1 = structs(1, Unknown339, note="3 entries")
    field_2 = e8(2)


class Attribute342(Attribute, number=342, units=(1,), title="unknown text"):
    """Unknown text."""

    field_1 = string(1)


class Attribute379(Attribute, number=379, units=(2,), title="unknown flags"):
    """Paged, idx1 = number."""

    entry = e16(1)
    field_2 = flag(2)


class Attribute384(Attribute, number=384, units=(2,), title="unknown flag"):
    """Unknown flag."""

    field_1 = e8(1)


class Attribute388(Attribute, number=388, units=(2,), title="unknown assignments"):
    """Unknown assignments."""

    field_1 = structs(1, Unknown388, note="10 entries")


class Attribute1593(Attribute, number=1593, units=(2,), title="unknown"):
    """Unknown."""

    field_1 = u16(1)
    field_2 = u32(2, note="55555555 seen")
    field_3 = u64(3)


class Attribute204(Attribute, number=204, units=(8,), title="unknown, proximity sensor"):
    """Unknown, unit 8 only."""

    field_1 = e8(1)


class Attribute205(Attribute, number=205, units=(8,), title="unknown, proximity sensor"):
    """Unknown, unit 8 only."""

    field_1 = e8(1)


class Attribute206(Attribute, number=206, units=(8,), title="unknown, proximity sensor"):
    """Unknown, unit 8 only."""

    field_1 = u16(1)


class Attribute207(Attribute, number=207, units=(8,), title="unknown, proximity sensor"):
    """Unknown, unit 8 only."""

    field_1 = u16(1)
