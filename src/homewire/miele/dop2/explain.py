"""A leaf for people: every field with its place, name, meaning, unit and bytes.

    2/256 device state, 71 bytes, page 0 of 0
      1            status             e8     2          on (nothing selected)
      2.1          remote_enable.remote_setting  bool ...

Lines follow the wire. A field without a declaration is shown like any other, by number; structures with a
declared shape are broken down, live values (section 3, "Annotated and generic values") are put into one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import msgspec

from homewire import captures
from homewire.miele.codes import phase_name, program_name
from homewire.miele.dop2.catalogue import interpret
from homewire.miele.dop2.codec import decode, field_bytes
from homewire.miele.dop2.model import Field, Fields, Frame, Type
from homewire.miele.dop2.schema import Structure
from homewire.miele.dop2.values import Annotated, Code, Ranged

__all__ = ["Explanation", "Line", "explain"]

_FIRST_FIELD_AT: Final = 12  # section 2: length, header and field count come before
_STRUCT_HEAD_BYTES: Final = 5  # number, type, field count
_COUNT_BYTES: Final = 2
_RAW_SHOWN_BYTES: Final = 24


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One field: where it is, what it is called, what it says."""

    path: str
    name: str
    type: str
    value: Any
    meaning: str = ""
    unit: str = ""
    certainty: str = ""
    offset: int
    raw: bytes

    def as_field(self) -> captures.Field:
        """Turn into a field of a decoded capture."""
        return captures.Field(
            name=self.name,
            value=self.value,
            unit=self.unit or None,
            raw=self.raw.hex(),
            note=self.meaning or None,
        )

    def __str__(self) -> str:
        shown = f"{self.value} {self.unit}".rstrip()
        return f"  {self.path:<12} {self.name:<44} {self.type:<12} {shown:<28} {self.meaning}".rstrip()


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A whole leaf: its address, title and one line per field."""

    unit: int
    attribute: int
    idx1: int
    idx2: int
    title: str
    size: int
    lines: tuple[Line, ...]

    @property
    def summary(self) -> str:
        """The leaf in one line."""
        more = f", next {self.idx2}" if self.idx1 != self.idx2 else ""
        return f"{self.unit}/{self.attribute} {self.title} ({self.size} bytes, index {self.idx1}{more})"

    def as_record(self, index: int = 0, direction: str | None = None) -> captures.Record:
        """Turn into a record of a decoded capture."""
        fields = tuple(line.as_field() for line in self.lines)
        return captures.Record(index=index, direction=direction, summary=self.summary, fields=fields)

    def __str__(self) -> str:
        return "\n".join([self.summary, *map(str, self.lines)])


def explain(leaf: bytes | Frame, device_type: int | None = None) -> Explanation:
    """Explain a leaf; ProtocolError when the bytes are none.

    Programmes and phases have names only for a type of appliance, so they are named when the type is given.
    """
    frame = decode(leaf) if isinstance(leaf, bytes) else leaf
    view = interpret(frame)
    lines = _lines(view, frame.fields or (), "", "", _FIRST_FIELD_AT)
    return Explanation(
        unit=frame.unit,
        attribute=frame.attribute,
        idx1=frame.idx1,
        idx2=frame.idx2,
        title=view.title,
        size=sum(len(field_bytes(field)) for field in frame.fields or ()) + _FIRST_FIELD_AT,
        lines=tuple(lines if device_type is None else (_with_names(line, device_type) for line in lines)),
    )


def _with_names(line: Line, device_type: int) -> Line:
    names = _NAMES.get(line.name.rpartition(".")[2])
    numbers = line.value if isinstance(line.value, list) else [line.value]
    words = [name for name in (names(device_type, number) for number in numbers) if name] if names else []
    return msgspec.structs.replace(line, meaning=", ".join(words)) if words else line


# The fields that hold numbers of programmes and phases (miele-http.md, appendices B and C).
_NAMES: Final[dict[str, Callable[[int, int], str | None]]] = {
    "program_id": program_name,
    "program_ids": program_name,
    "program_phase": phase_name,
}


def _lines(view: Structure, fields: Fields, path: str, name: str, offset: int) -> Iterator[Line]:
    """Explain the fields of one structure whose first field is at an offset."""
    for field in fields:
        raw = field_bytes(field)
        slot = view.slots.get(field.number)
        here = f"{path}{field.number}"
        called = f"{name}{slot.name if slot else f'field_{field.number}'}"
        value = slot.value_of(field) if slot else None
        if field.type is Type.STRUCT and not isinstance(value, Annotated | Ranged):
            inner = value if isinstance(value, Structure) else Structure(cast("Fields", field.value))
            yield from _lines(inner, inner.fields, f"{here}.", f"{called}.", offset + _STRUCT_HEAD_BYTES)
        elif field.type is Type.STRUCT_ARRAY:
            yield from _elements(field, value, here, called, offset + _STRUCT_HEAD_BYTES)
        else:
            yield _line(view, field, value, (here, called, offset, raw))
        offset += len(raw)


def _elements(field: Field, value: Any, path: str, name: str, offset: int) -> Iterator[Line]:
    """Explain the elements of a struct[] whose first element is at an offset."""
    elements = cast("tuple[Fields, ...]", field.value)
    views = value if isinstance(value, tuple) else map(Structure, elements)
    for index, view in enumerate(views):
        yield from _lines(view, view.fields, f"{path}[{index}].", f"{name}[{index}].", offset + _COUNT_BYTES)
        offset += _COUNT_BYTES + sum(len(field_bytes(each)) for each in view.fields)


def _line(view: Structure, field: Field, value: Any, place: tuple[str, str, int, bytes]) -> Line:
    slot = view.slots.get(field.number)
    path, name, offset, raw = place
    shown, meaning, unit = _said(field, value)
    return Line(
        path=path,
        name=name,
        type=slot.label if isinstance(value, Annotated | Ranged) and slot else field.type.label,
        value=shown,
        meaning=meaning,
        unit=unit or (slot.unit if slot else ""),
        certainty=slot.sure if slot else "",
        offset=offset,
        raw=raw,
    )


def _said(field: Field, value: Any) -> tuple[Any, str, str]:
    """Return a value as JSON would have it, its meaning in words, and a unit that the value itself brings."""
    if isinstance(value, Code):
        return int(value), "" if value.table is None else value.label, ""
    if isinstance(value, Annotated | Ranged):
        return value.quantity, _live(value), value.unit
    if isinstance(value, tuple):
        words = [each.label for each in value if isinstance(each, Code) and each.table is not None and each]
        return list(value) if not words else [int(each) for each in value], ", ".join(words), ""
    if value is None:
        return (None, "nothing there", "") if _is_sentinel(field) else (_plain(field.value), "", "")
    return _plain(value), "", ""


def _is_sentinel(field: Field) -> bool:
    """Whether an integer is one of the all-ones or all-low values that say "nothing there" (section 3)."""
    return isinstance(field.value, int) and field.value in (0, 0xFF, 0xFFFF, 0xFFFFFFFF, -0x8000, -0x80000000)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return list(value) if isinstance(value, tuple) else value


def _live(value: Annotated | Ranged) -> str:
    words = ["valid" if value.valid else "not available"]
    if value.changeable:
        words.append("changeable")
    if isinstance(value, Ranged) and value.valid:
        words.append(f"{value.minimum} to {value.maximum} step {value.step}")
    if value.interpretation:
        words.append(value.meaning)
    return ", ".join(words)
