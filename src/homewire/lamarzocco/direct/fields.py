"""The words in which the memory map is written: models, encodings, fields and blocks.

A field knows where it lies, how its bytes become a value and back, what it means and what it takes. The map
itself is `homewire.lamarzocco.direct.memory`.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import msgspec

from homewire.errors import InvalidValue

__all__ = [
    "ALL",
    "Bit",
    "Block",
    "Encoding",
    "Field",
    "Flag",
    "Model",
    "Number",
    "PanelText",
    "Plan",
    "Text",
    "Version",
]


class Model(enum.StrEnum):
    """The machines of the first connected generation, as the account names them (section 12)."""

    GS3_AV = "GS3 AV"
    GS3_MP = "GS3 MP"
    LINEA_MINI = "Linea Mini"


ALL: frozenset[Model] = frozenset(Model)


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """An unsigned number; `tenths` says that the wire counts tenths of the unit."""

    tenths: bool = False
    order: Literal["big", "little"] = "big"

    def decode(self, data: bytes) -> int | float:
        """Return the number in its unit."""
        raw = int.from_bytes(data, self.order)
        return raw / 10 if self.tenths else raw

    def encode(self, value: float, current: bytes) -> bytes:
        """Return the bytes; half tenths round up, as the page recommends (section 10.2)."""
        raw = int(value * 10 + 0.5 + 1e-9) if self.tenths else int(value)
        return raw.to_bytes(len(current), self.order)


class Flag(msgspec.Struct, frozen=True):
    """A byte that is 0 or 1."""

    def decode(self, data: bytes) -> bool:
        """Return whether it is set."""
        return data[0] != 0

    def encode(self, value: bool, current: bytes) -> bytes:  # noqa: ARG002 - the signature of all encodings
        """Return 1 or 0."""
        return bytes((bool(value),))


class Bit(msgspec.Struct, frozen=True):
    """One bit of a byte, whose other bits stay as they are."""

    mask: int

    def decode(self, data: bytes) -> bool:
        """Return whether it is set."""
        return bool(data[0] & self.mask)

    def encode(self, value: bool, current: bytes) -> bytes:
        """Return the byte with the bit changed."""
        return bytes((current[0] | self.mask if value else current[0] & ~self.mask,))


class Text(msgspec.Struct, frozen=True):
    """ASCII text, padded with NUL and cut at the first one."""

    def decode(self, data: bytes) -> str:
        """Return the text; a byte that is no ASCII shows as U+FFFD."""
        return data.partition(b"\0")[0].decode("ascii", "replace")

    def encode(self, value: str, current: bytes) -> bytes:
        """Return the padded bytes."""
        return value.encode("ascii")[: len(current)].ljust(len(current), b"\0")


class Version(msgspec.Struct, frozen=True):
    """A firmware version: hundredths in one byte, shown with two decimals (section 11)."""

    def decode(self, data: bytes) -> str:
        """Return the version as text."""
        return f"{data[0] / 100:.2f}"

    def encode(self, value: str, current: bytes) -> bytes:  # noqa: ARG002 - the signature of all encodings
        """Return the byte."""
        return bytes((round(float(value) * 100),))


# Section 9.12: the codes of the panel's character set that differ from Latin-1.
_PANEL_GLYPHS = {0xDF: "°", 0xDB: "□", 0xFF: "■"}
_PANEL_CODES = {glyph: code for code, glyph in _PANEL_GLYPHS.items()}


class PanelText(msgspec.Struct, frozen=True):
    """A line of the front panel in the character set of its display, untrimmed."""

    def decode(self, data: bytes) -> str:
        """Return the line as people read it."""
        return "".join(_PANEL_GLYPHS.get(byte, chr(byte)) for byte in data)

    def encode(self, value: str, current: bytes) -> bytes:
        """Return the display's codes, padded with blanks."""
        codes = bytes(_PANEL_CODES.get(glyph, ord(glyph) & 0xFF) for glyph in value)
        return codes[: len(current)].ljust(len(current))


Encoding: TypeAlias = Number | Flag | Bit | Text | Version | PanelText


class Field(msgspec.Struct, frozen=True):
    """One value in the machine's memory.

    `limits` are what clients let a user set, in `unit`; without them a writable field takes True and False.
    `models` have it; `legacy` is its name in lmdirect.
    """

    name: str
    address: int
    label: str
    size: int = 1
    encoding: Encoding = Number()
    unit: str | None = None
    models: frozenset[Model] = ALL
    writable: bool = False
    readable: bool = True
    limits: tuple[float, float] | None = None
    legacy: str | None = None
    note: str = ""

    @property
    def end(self) -> int:
        """The address after its last byte."""
        return self.address + self.size

    def decode(self, data: bytes) -> Any:
        """Return the value of exactly the field's bytes."""
        return self.encoding.decode(data)

    def encode(self, value: Any, current: bytes | None = None) -> bytes:
        """Return the field's bytes for a value; `current` are the present ones, for a single bit."""
        try:
            return self.encoding.encode(value, bytes(self.size) if current is None else current)
        except (OverflowError, ValueError, TypeError) as error:
            raise self.refusal(value) from error

    def check(self, value: Any) -> None:
        """Raise InvalidValue unless the value is one that may be set."""
        if self.limits is None:
            fits = isinstance(value, bool)
        else:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            fits = number and self.limits[0] <= value <= self.limits[1]  # false for nan, too
            fits = fits and (self._takes_tenths or value == int(value))
        if not fits:
            raise self.refusal(value)

    @property
    def _takes_tenths(self) -> bool:
        return isinstance(self.encoding, Number) and self.encoding.tenths

    def refusal(self, value: Any) -> InvalidValue:
        """Return the error that says what is allowed."""
        return InvalidValue(f"{self.label} does not take {value!r}", allowed=self.allowed)

    @property
    def allowed(self) -> str:
        """What may be set, in words."""
        if self.limits is None:
            return "True, False"
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.limits[0]:g} to {self.limits[1]:g}{unit}"


class Block(msgspec.Struct, frozen=True):
    """Fields that are read together, with one message; `section` of the protocol page describes them."""

    name: str
    address: int
    size: int
    section: str
    fields: tuple[Field, ...]

    @property
    def end(self) -> int:
        """The address after its last byte."""
        return self.address + self.size


class Plan:
    """How to decode one address range: the fields that lie in it completely, sorted by what decodes them.

    Plain numbers and flags, which are most, come out of one `struct` call; a poll has 130 of them.
    """

    def __init__(self, fields: Iterable[Field], address: int, size: int) -> None:
        within = [f for f in fields if f.readable and address <= f.address and f.end <= address + size]
        plain = sorted((f for f in within if _is_plain(f)), key=lambda f: f.address)
        bits = [f for f in within if isinstance(f.encoding, Bit)]
        self._layout = struct.Struct(_struct_format(plain, address, size))
        self._names = tuple(field.name for field in plain)
        self._tenths = tuple(f.name for f in plain if isinstance(f.encoding, Number) and f.encoding.tenths)
        self._flags = tuple(f.name for f in plain if isinstance(f.encoding, Flag))
        self._bits = tuple(
            (f.name, f.address - address, f.encoding.mask) for f in bits if isinstance(f.encoding, Bit)
        )
        self._others = tuple(
            (f.name, slice(f.address - address, f.end - address), f.encoding.decode)
            for f in within
            if f not in plain and f not in bits
        )

    def decode(self, data: bytes) -> dict[str, Any]:
        """Return the values by field name."""
        values: dict[str, Any] = dict(zip(self._names, self._layout.unpack(data), strict=True))
        for name in self._tenths:
            values[name] /= 10
        for name in self._flags:
            values[name] = values[name] != 0
        for name, offset, mask in self._bits:
            values[name] = data[offset] & mask != 0
        for name, part, decode in self._others:
            values[name] = decode(data[part])
        return values


_FORMATS = {1: "B", 2: "H", 4: "I"}


def _is_plain(field: Field) -> bool:
    """Tell whether `struct` reads it: a flag, or a number in the byte order of the protocol."""
    number = isinstance(field.encoding, Number) and field.encoding.order == "big"
    return field.size in _FORMATS and (number or isinstance(field.encoding, Flag))


def _struct_format(fields: Iterable[Field], address: int, size: int) -> str:
    """Return the format of a range: the fields, which do not overlap, and padding between them."""
    parts, position = [">"], address
    for field in fields:
        parts.append(f"{field.address - position}x{_FORMATS[field.size]}")
        position = field.end
    return "".join(parts) + f"{address + size - position}x"
