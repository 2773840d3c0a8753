"""All tables together: importing this module declares every known attribute in `schema.ATTRIBUTES`."""

from __future__ import annotations

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
from homewire.miele.dop2.schema import ATTRIBUTES, Attribute

if TYPE_CHECKING:
    from homewire.miele.dop2.model import Frame

__all__ = ["ATTRIBUTES", "TABLES", "interpret"]

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
