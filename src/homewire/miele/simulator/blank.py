"""Leaves as appliances send them: complete, zero where there is nothing to say (miele-dop2.md, section 3).

A simulated appliance names the values that it has; every other declared field is there too, as in the
recordings: live values with a mask that says "not available", numbers by which a field says "nothing there",
zero otherwise. Structures inside a leaf are sent only when they are named, because each belongs to one family
of appliances; an empty one (`{}`) is filled like the leaf itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from homewire.miele.dop2.catalogue import ATTRIBUTES
from homewire.miele.dop2.codec import encode
from homewire.miele.dop2.model import Field, Fields, Frame, Type, Value
from homewire.miele.dop2.schema import Slot, Structure
from homewire.miele.dop2.values import Annotated, Ranged

__all__ = ["Leaves", "Pages", "always", "build", "complete"]

Place = tuple[int, int]
Leaves = dict[Place, Callable[[], Mapping[str, Any]]]
"""By unit and attribute, what the leaf says when somebody reads it."""

Pages = dict[Place, Callable[[], Mapping[int, Mapping[str, Any]]]]
"""The same of leaves with several instances, by their keys."""

_NOT_AVAILABLE: Final = 0
"""Mask of a live value that the appliance does not have."""

_SIZE: Final = re.compile(r"\[(\d+)\]")


def always(**values: Any) -> Callable[[], Mapping[str, Any]]:
    """Say the same whenever somebody reads."""
    return lambda: values


def build(
    unit: int,
    attribute: int,
    values: Mapping[str, Any],
    *,
    index: tuple[int, int] = (0, 0),
    without: Collection[int] = (),
) -> bytes:
    """Encode a complete leaf from the values by name; `without` are numbers of fields that are not sent."""
    fields = complete(ATTRIBUTES[attribute], values, without=without)
    return encode(Frame(unit=unit, attribute=attribute, idx1=index[0], idx2=index[1], fields=fields))


def complete(
    structure: type[Structure], values: Mapping[str, Any], *, without: Collection[int] = ()
) -> Fields:
    """Make every field of a structure, of nested structures those that are named."""
    unknown = values.keys() - structure.names.keys()
    if unknown:
        raise KeyError(*sorted(unknown))
    return tuple(
        _given(slot, values[name]) if name in values else _blank(slot)
        for name, slot in structure.names.items()
        if name in values or (slot.structure is None and slot.number not in without)
    )


def _given(slot: Slot[Any], value: Any) -> Field:
    inner = slot.structure
    if inner is None:
        return slot.field_of(value)
    if slot.kind is Type.STRUCT:
        return slot.field_of(_view(inner, value))
    return slot.field_of([_view(inner, each) for each in value])


def _view(structure: type[Structure], value: Any) -> Structure:
    return value if isinstance(value, Structure) else structure(complete(structure, value))


@functools.cache
def _blank(slot: Slot[Any]) -> Field:
    if slot.label.startswith("~"):
        zero = False if slot.label == "~bool" else 0
        return slot.field_of(Annotated(value=zero, mask=_NOT_AVAILABLE))
    if slot.label.startswith("generic"):
        return slot.field_of(Ranged(current=0, mask=_NOT_AVAILABLE))
    return Field(slot.number, slot.kind, _zero(slot))


def _zero(slot: Slot[Any]) -> Value:
    if slot.nothing is not None:
        return slot.nothing
    if slot.kind is Type.BOOL:
        return False
    if slot.kind is Type.STRING:
        return b"\0"
    if slot.kind is Type.U8_ARRAY:
        size = _SIZE.search(slot.label)
        return bytes(int(size[1])) if size else b""
    return () if slot.kind > Type.STRUCT else 0
