"""What a DOP2 leaf is made of: types, fields, frames (docs/protocols/miele-dop2.md, sections 2 and 3).

A leaf is one attribute of one unit. It holds a structure without a name: a count and that many fields, each
with a number, a type and a value. Order, gaps and duplicates of field numbers are kept, so that a frame
encodes again to the very bytes it came from.

    wire type           Python value
    bool                bool
    u, i, e of 8-64     int (enumerations are unsigned)
    f32, f64            float; a NaN is a `WireNaN` that remembers its bits
    u8[], string        bytes (a final NUL belongs to the string)
    other arrays        tuple of the element's Python value
    struct              tuple of Field
    struct[]            tuple of tuples of Field
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Self, TypeAlias

import msgspec

__all__ = ["MAXIMUM_NESTING", "Field", "Fields", "Frame", "Type", "Value", "WireNaN"]

# Section 3, "Decoder limits" asks for 16 to 64. Four levels is the deepest ever recorded.
MAXIMUM_NESTING = 32


class Type(IntEnum):
    """The type byte of a field (section 3)."""

    BOOL = 1
    U8 = 2
    I8 = 3
    E8 = 4
    U16 = 5
    I16 = 6
    E16 = 7
    U32 = 8
    I32 = 9
    E32 = 10
    U64 = 11
    I64 = 12
    E64 = 13
    F32 = 14
    F64 = 15
    STRUCT = 16
    BOOL_ARRAY = 17
    U8_ARRAY = 18
    I8_ARRAY = 19
    E8_ARRAY = 20
    U16_ARRAY = 21
    I16_ARRAY = 22
    E16_ARRAY = 23
    U32_ARRAY = 24
    I32_ARRAY = 25
    E32_ARRAY = 26
    U64_ARRAY = 27
    I64_ARRAY = 28
    E64_ARRAY = 29
    F32_ARRAY = 30
    F64_ARRAY = 31
    STRING = 32
    STRUCT_ARRAY = 33

    @property
    def label(self) -> str:
        """The name in the notation of the protocol page: `u8`, `e16[]`, `struct`."""
        return self.name.lower().replace("_array", "[]")

    @classmethod
    def named(cls, label: str) -> Self:
        """Find a type by its name in the notation of the protocol page."""
        return cls[label.upper().replace("[]", "_ARRAY")]


class WireNaN(float):
    """A not-a-number that remembers how it was written, because Python would not keep its bits."""

    __slots__ = ("wire",)

    wire: bytes

    def __new__(cls, wire: bytes) -> Self:
        """Keep the four or eight bytes it was read from."""
        self = super().__new__(cls, math.nan)
        self.wire = wire
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WireNaN) and other.wire == self.wire

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.wire)


class Field(msgspec.Struct, frozen=True, gc=False):
    """One field: number, type, value. Positional, because a decoder makes thousands of them."""

    number: int
    type: Type
    value: Value


# What a field can hold; the table above tells which type holds what.
Value: TypeAlias = (
    bool
    | int
    | float
    | bytes
    | tuple[bool, ...]
    | tuple[int, ...]
    | tuple[float, ...]
    | tuple[Field, ...]
    | tuple[tuple[Field, ...], ...]
)
Fields: TypeAlias = tuple[Field, ...]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One leaf: where it belongs and what it holds.

    `fields` is None for a bare header without a field count. `slack` counts blanks inside the declared length
    after the last field, as sloppy writers send them; `padding` counts blanks after it, None meaning "up to a
    multiple of 16" (section 2, "Length and padding rules").
    """

    unit: int
    attribute: int
    idx1: int = 0
    idx2: int = 0
    fields: Fields | None = ()
    slack: int = 0
    padding: int | None = None

    def get(self, *numbers: int) -> Value | None:
        """Return the value at a path of field numbers, the first of equal ones; None if it is not there."""
        here: Value | None = self.fields
        for number in numbers:
            found = here if isinstance(here, tuple) else ()
            here = next(
                (each.value for each in found if isinstance(each, Field) and each.number == number), None
            )
        return here

    @property
    def has_next(self) -> bool:
        """Whether another instance follows: idx2 is its key; equal indices end the list (section 4)."""
        return self.idx1 != self.idx2
