"""All tables together: importing this module declares every known attribute in `schema.ATTRIBUTES`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from homewire.miele.dop2 import (
    tables_files,
    tables_identity,
    tables_module,
    tables_notifications,
    tables_process,
    tables_programs,
    tables_state,
    tables_unknown,
)
from homewire.miele.dop2.codec import decode
from homewire.miele.dop2.schema import ATTRIBUTES, Attribute, Structure
from homewire.miele.dop2.values import Code

if TYPE_CHECKING:
    from homewire.miele.dop2.model import Frame

__all__ = ["ATTRIBUTES", "TABLES", "interpret", "unexplained"]

TABLES = (
    tables_state,
    tables_notifications,
    tables_programs,
    tables_process,
    tables_identity,
    tables_module,
    tables_files,
    tables_unknown,
)


def interpret(leaf: Frame | bytes) -> Attribute:
    """View a leaf through the table of its attribute; an unknown one has all fields under `unknown`.

    ProtocolError when bytes are given that are no leaf.
    """
    frame = decode(leaf) if isinstance(leaf, bytes) else leaf
    return ATTRIBUTES.get(frame.attribute, Attribute)(frame)


def unexplained(view: Attribute) -> Iterator[tuple[str, str]]:
    """Find what no table knows in a leaf: attribute, fields, numbers of enumerations; as kind and value."""
    where = f"{view.frame.unit}/{view.frame.attribute}"
    if type(view) is Attribute:
        yield "DOP2 attribute", where
        return
    yield from _unexplained(view, where)


def _unexplained(view: Structure, where: str) -> Iterator[tuple[str, str]]:
    yield from (("DOP2 field", f"{where} field {field.number} {field.type.label}") for field in view.unknown)
    for name, value in view.named():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Structure):
                yield from _unexplained(each, f"{where} {name}")
            elif isinstance(each, Code) and each.table is not None and not each.known:
                yield f"DOP2 {each.table.name}", str(int(each))
