"""The words in which the tables of leaves are written: u8(3, "min"), e8(1, STATUS), text(2, 12), ...

Each makes a `Slot` whose Python type says what reading gives: a number, a `Code`, a text, an `Annotated` or
`Ranged` live value, a nested structure. The type names are those of docs/protocols/miele-dop2.md, section 3;
`nothing` is the number by which this field says that there is no value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, TypeVar, Unpack, cast

from homewire.miele.dop2.model import Field, Fields, Type, Value
from homewire.miele.dop2.schema import Slot, Structure
from homewire.miele.dop2.values import Annotated, Code, Ranged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homewire.miele.codetable import CodeTable

__all__ = [
    "annotated",
    "blob",
    "e8",
    "e8s",
    "e16",
    "e16s",
    "flag",
    "generic",
    "i8",
    "i8s",
    "i16",
    "i32",
    "i32s",
    "octets",
    "string",
    "struct",
    "structs",
    "temperatures",
    "text",
    "u8",
    "u16",
    "u16s",
    "u32",
    "u32s",
    "u64",
    "u64s",
]

S = TypeVar("S", bound=Structure)
Sure = Literal["A", "B", "C", "D"]


class _About(TypedDict, total=False):
    note: str
    sure: Sure


class _Integer:
    """A plain number."""

    def __init__(self, kind: Type) -> None:
        self._kind = kind

    def __call__(
        self, number: int, unit: str = "", *, nothing: int | None = None, **about: Unpack[_About]
    ) -> Slot[int]:
        def read(value: Value) -> int | None:
            return None if value == nothing else cast("int", value)

        def write(value: Any) -> Value:
            return cast("int", nothing if value is None else value)

        return Slot(
            number,
            self._kind,
            label=self._kind.label,
            read=read,
            write=write,
            unit=unit,
            nothing=nothing,
            **about,
        )


class _Coded:
    """A number of an enumeration."""

    def __init__(self, kind: Type) -> None:
        self._kind = kind

    def __call__(self, number: int, table: CodeTable | None = None, **about: Unpack[_About]) -> Slot[Code]:
        def read(value: Value) -> Code:
            return Code(cast("int", value), table)

        return Slot(number, self._kind, label=self._kind.label, read=read, write=int, table=table, **about)


class _Integers:
    """An array of plain numbers."""

    def __init__(self, kind: Type) -> None:
        self._kind = kind

    def __call__(self, number: int, unit: str = "", **about: Unpack[_About]) -> Slot[tuple[int, ...]]:
        return Slot(number, self._kind, label=self._kind.label, read=_as_is, write=tuple, unit=unit, **about)


class _CodedArray:
    """An array of numbers of an enumeration."""

    def __init__(self, kind: Type) -> None:
        self._kind = kind

    def __call__(
        self, number: int, table: CodeTable | None = None, **about: Unpack[_About]
    ) -> Slot[tuple[Code, ...]]:
        def read(value: Value) -> tuple[Code, ...]:
            return tuple(Code(each, table) for each in cast("tuple[int, ...]", value))

        return Slot(number, self._kind, label=self._kind.label, read=read, write=tuple, table=table, **about)


def _as_is(value: Value) -> Any:
    return value


u8: Final = _Integer(Type.U8)
i8: Final = _Integer(Type.I8)
u16: Final = _Integer(Type.U16)
i16: Final = _Integer(Type.I16)
u32: Final = _Integer(Type.U32)
i32: Final = _Integer(Type.I32)
u64: Final = _Integer(Type.U64)
e8: Final = _Coded(Type.E8)
e16: Final = _Coded(Type.E16)
i8s: Final = _Integers(Type.I8_ARRAY)
u16s: Final = _Integers(Type.U16_ARRAY)
u32s: Final = _Integers(Type.U32_ARRAY)
i32s: Final = _Integers(Type.I32_ARRAY)
u64s: Final = _Integers(Type.U64_ARRAY)
e8s: Final = _CodedArray(Type.E8_ARRAY)
e16s: Final = _CodedArray(Type.E16_ARRAY)


def flag(number: int, **about: Unpack[_About]) -> Slot[bool]:
    """Declare a bool."""
    return Slot(number, Type.BOOL, label="bool", read=_as_is, write=bool, **about)


def temperatures(number: int, **about: Unpack[_About]) -> Slot[tuple[float | None, ...]]:
    """Declare i16[] in 1/100 degree C per zone, -32768 meaning none (attribute 256)."""

    def read(value: Value) -> tuple[float | None, ...]:
        return tuple(None if raw == _NO_I16 else raw / 100 for raw in cast("tuple[int, ...]", value))

    def write(values: Any) -> Value:
        return tuple(_NO_I16 if each is None else round(each * 100) for each in values)

    return Slot(number, Type.I16_ARRAY, label="i16[]", read=read, write=write, unit="°C", **about)


_VALUE: Final = 2  # section 3: the field of an annotated value that holds it
_CURRENT: Final = 4  # section 3: the same of a generic value
_NO_I16: Final = -32768  # section 3, "Nothing there"


def text(number: int, size: int = 0, *, fill: bytes = b"\0", **about: Unpack[_About]) -> Slot[str]:
    """Declare a text in u8[], filled with NUL or blanks up to its size (0: any size)."""

    def write(value: Any) -> Value:
        return str(value).encode().ljust(size, fill)

    return Slot(number, Type.U8_ARRAY, label=f"u8[{size or ''}]", read=_read_text, write=write, **about)


def string(number: int, **about: Unpack[_About]) -> Slot[str]:
    """Declare a string with its final NUL, which belongs to the length."""

    def write(value: Any) -> Value:
        return str(value).encode() + b"\0"

    return Slot(number, Type.STRING, label="string", read=_read_text, write=write, **about)


def _read_text(value: Value) -> str:
    return cast("bytes", value).partition(b"\0")[0].rstrip(b" ").decode("utf-8", "replace")


def blob(number: int, **about: Unpack[_About]) -> Slot[bytes]:
    """Declare bytes without further meaning: hashes, file contents, lists of small numbers."""
    return Slot(number, Type.U8_ARRAY, label="u8[]", read=_as_is, write=bytes, **about)


def octets(number: int, separator: str, **about: Unpack[_About]) -> Slot[str]:
    """Declare an address: "." writes it in decimal like IPv4, ":" in hexadecimal like a MAC or EUI-64."""
    base, form = (10, "{:d}") if separator == "." else (16, "{:02x}")

    def read(value: Value) -> str:
        return separator.join(form.format(octet) for octet in cast("bytes", value))

    def write(value: Any) -> Value:
        return bytes(int(part, base) for part in value.split(separator))

    return Slot(number, Type.U8_ARRAY, label="u8[]", read=read, write=write, **about)


def struct(number: int, structure: type[S], **about: Unpack[_About]) -> Slot[S]:
    """Declare a nested structure; written from a structure or a mapping of names."""

    def read(value: Value) -> S:
        return structure(cast("Fields", value))

    def write(value: Any) -> Value:
        return _fields(structure, value)

    return Slot(number, Type.STRUCT, label="struct", read=read, write=write, structure=structure, **about)


def structs(number: int, structure: type[S], **about: Unpack[_About]) -> Slot[tuple[S, ...]]:
    """Declare an array of nested structures."""

    def read(value: Value) -> tuple[S, ...]:
        return tuple(structure(element) for element in cast("tuple[Fields, ...]", value))

    def write(values: Any) -> Value:
        return tuple(_fields(structure, each) for each in values)

    return Slot(
        number, Type.STRUCT_ARRAY, label="struct[]", read=read, write=write, structure=structure, **about
    )


def _fields(structure: type[Structure], value: Any) -> Fields:
    return (
        value.fields
        if isinstance(value, Structure)
        else structure.fields_of(cast("Mapping[str, Any]", value))
    )


def _numbers(value: Value) -> dict[int, int]:
    """Collect the plain numbers of a structure by field number."""
    fields = cast("Fields", value)
    return {field.number: field.value for field in reversed(fields) if isinstance(field.value, int)}


def annotated(
    kind: Type, number: int, unit: str = "", *, divisor: int = 1, **about: Unpack[_About]
) -> Slot[Annotated]:
    """Declare an annotated live value `~T` (section 3); written from an Annotated or a plain number."""

    def read(value: Value) -> Annotated | None:
        found = _numbers(value)
        if _VALUE not in found:
            return None
        return Annotated(
            mask=found.get(1, 0),
            value=found[_VALUE],
            interpretation=found.get(3, 0),
            divisor=divisor,
            declared_unit=unit,
        )

    def write(value: Any) -> Value:
        given = value if isinstance(value, Annotated) else Annotated(value=value)
        return (
            Field(1, Type.U8, given.mask),
            Field(2, kind, given.value),
            Field(3, Type.E8, given.interpretation),
        )

    return Slot(number, Type.STRUCT, label=f"~{kind.label}", read=read, write=write, unit=unit, **about)


def generic(
    kind: Type, number: int, unit: str = "", *, divisor: int = 1, **about: Unpack[_About]
) -> Slot[Ranged]:
    """Declare a live value with its range, `generic T`; written from a Ranged or a plain number."""

    def read(value: Value) -> Ranged | None:
        return _read_ranged(_numbers(value), unit, divisor)

    def write(value: Any) -> Value:
        given = value if isinstance(value, Ranged) else Ranged(current=value)
        middle = (given.minimum, given.maximum, given.current, given.step)
        return (
            Field(1, Type.U8, given.mask),
            *(Field(index, kind, each) for index, each in enumerate(middle, start=2)),
            Field(6, Type.E8, given.interpretation),
        )

    return Slot(
        number, Type.STRUCT, label=f"generic {kind.label}", read=read, write=write, unit=unit, **about
    )


def _read_ranged(found: Mapping[int, int], unit: str, divisor: int) -> Ranged | None:
    if _CURRENT not in found:
        return None
    return Ranged(
        mask=found.get(1, 0),
        minimum=found.get(2, 0),
        maximum=found.get(3, 0),
        current=found[_CURRENT],
        step=found.get(5, 0),
        interpretation=found.get(6, 0),
        divisor=divisor,
        declared_unit=unit,
    )
