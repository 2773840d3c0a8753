"""Vectors and recordings in the notation of tests/vectors/miele-dop2.json, and frames turned into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from homewire.miele.dop2 import Field, Frame, Type, Value

TESTS = Path(__file__).parents[2]
VECTORS = json.loads((TESTS / "vectors/miele-dop2.json").read_text())
CAPTURES = TESTS / "captures/miele"
EXPECTED = {
    name: json.loads((CAPTURES / f"{name}-dop2-expected.json").read_text())
    for name in ("oven", "washer-dryer")
}


def load_recording(name: str) -> dict[tuple[int, int], bytes]:
    """Read a recording as {(unit, attribute): leaf}."""
    units = json.loads((CAPTURES / f"{name}-dop2.json").read_text())
    return {
        (int(unit), int(attribute)): bytes.fromhex(leaf)
        for unit, leaves in units.items()
        if isinstance(leaves, dict)
        for attribute, leaf in leaves.items()
    }


RECORDINGS = {name: load_recording(name) for name in ("oven", "washer-dryer")}
ALL_LEAVES = {
    f"{name}-{unit}-{attribute}": leaf
    for name, leaves in RECORDINGS.items()
    for (unit, attribute), leaf in leaves.items()
}


def as_tree(frame: Frame) -> dict[str, Any]:
    """Write a frame in the notation of the vectors."""
    tree: dict[str, Any] = {
        "unit": frame.unit,
        "attribute": frame.attribute,
        "idx1": frame.idx1,
        "idx2": frame.idx2,
        "fields": None if frame.fields is None else [as_node(field) for field in frame.fields],
        "padding": frame.padding,
    }
    return tree | ({"slack": frame.slack} if frame.slack else {})


def as_node(field: Field) -> dict[str, Any]:
    return {"field": field.number, "type": field.type.label, "value": as_value(field.type, field.value)}


def as_value(kind: Type, value: Value) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if kind is Type.STRUCT:
        return [as_node(field) for field in cast("tuple[Field, ...]", value)]
    if kind is Type.STRUCT_ARRAY:
        return [
            [as_node(field) for field in element] for element in cast("tuple[tuple[Field, ...], ...]", value)
        ]
    return list(value) if isinstance(value, tuple) else value


def from_tree(tree: dict[str, Any]) -> Frame:
    """Build the frame that a vector describes."""
    fields = tree["fields"]
    return Frame(
        unit=tree["unit"],
        attribute=tree["attribute"],
        idx1=tree["idx1"],
        idx2=tree["idx2"],
        fields=None if fields is None else tuple(map(from_node, fields)),
        slack=tree.get("slack", 0),
        padding=tree["padding"],
    )


def from_node(node: dict[str, Any]) -> Field:
    kind = Type.named(node["type"])
    return Field(node["field"], kind, from_value(kind, node["value"]))


def from_value(kind: Type, value: Any) -> Value:
    if kind in (Type.U8_ARRAY, Type.STRING):
        return bytes.fromhex(value)
    if kind is Type.STRUCT:
        return tuple(map(from_node, value))
    if kind is Type.STRUCT_ARRAY:
        return tuple(tuple(map(from_node, element)) for element in value)
    return tuple(value) if isinstance(value, list) else cast("Value", value)
