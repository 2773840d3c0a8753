"""The reference page of DOP2, made of the tables that decode it: `python -m homewire.miele.dop2.reference`.

The page in docs/ is this module's output; a test keeps the two the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from homewire.miele.codetable import CodeTable
from homewire.miele.dop2 import enums, enums_settings
from homewire.miele.dop2.catalogue import ATTRIBUTES, TABLES
from homewire.miele.dop2.schema import Attribute, Slot, Structure

__all__ = ["markdown"]

_HEAD = """# Miele DOP2 reference

Generated from the tables in `src/homewire/miele/dop2`; do not edit, but run
`python -m homewire.miele.dop2.reference > docs/miele-dop2-reference.md`.

Each leaf is addressed as unit and attribute; `homewire miele dop2` reads and explains leaves by these names.
The wire format is in [protocols/miele-dop2.md](protocols/miele-dop2.md).

Types: `u`, `i` and `e` are unsigned, signed and enumerated numbers of so many bits; `~T` is a live value with
a mask and an interpretation, `generic T` one with its range besides; `[]` is an array. A field that nobody
has explained is called `field_` and its number. Certainty: A seen and confirmed twice, B type seen and name
from public reverse engineering, C inferred from recorded values, D name only.
"""


def markdown() -> str:
    """Return the whole page."""
    return (
        "\n".join(line for part in (_page_head, _leaves, _structures, _enumerations) for line in part())
        + "\n"
    )


def _page_head() -> Iterator[str]:
    yield _HEAD.rstrip()
    yield ""
    fields = sum(len(each.slots) for each in (*ATTRIBUTES.values(), *_nested()))
    yield f"{len(ATTRIBUTES)} attributes and {len(_nested())} nested structures with {fields} fields."
    yield ""


def _leaves() -> Iterator[str]:
    for table in TABLES:
        story, _, _ = (table.__doc__ or "").partition("\n")
        yield f"## {story}"
        yield ""
        for attribute in _declared_in(table.__name__):
            yield from _attribute(attribute)


def _declared_in(module: str) -> Iterator[type[Attribute]]:
    return (ATTRIBUTES[number] for number in sorted(ATTRIBUTES) if ATTRIBUTES[number].__module__ == module)


def _attribute(attribute: type[Attribute]) -> Iterator[str]:
    units = ", ".join(map(str, attribute.units))
    writable = ", writable" if attribute.writable else ""
    yield f"### {attribute.number} {attribute.title} (unit {units}{writable})"
    yield ""
    yield from _description(attribute)
    yield from _rows(attribute)


def _description(structure: type[Structure]) -> Iterator[str]:
    text = " ".join((structure.__doc__ or "").split())
    if text.rstrip(".").lower() != getattr(structure, "title", "").lower():
        yield text
        yield ""


def _rows(structure: type[Structure]) -> Iterator[str]:
    if not structure.slots:
        return
    yield "| # | Type | Name | Unit | Remark | |"
    yield "|---|---|---|---|---|---|"
    for slot in structure.names.values():
        yield f"| {slot.number} | {slot.label} | {slot.name} | {slot.unit} | {_remark(slot)} | {slot.sure} |"
    yield ""


def _remark(slot: Slot[object]) -> str:
    links = []
    if slot.structure is not None:
        links.append(f"[{slot.structure.__name__}](#{slot.structure.__name__.lower()})")
    if slot.table is not None:
        links.append(f"[{slot.table.name}](#{_anchor(slot.table.name)})")
    return "; ".join([*links, *([slot.note] if slot.note else [])])


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _structures() -> Iterator[str]:
    yield "## Structures inside leaves"
    yield ""
    for structure in _nested():
        yield f"### {structure.__name__}"
        yield ""
        yield from _description(structure)
        yield from _rows(structure)


def _nested() -> list[type[Structure]]:
    """Collect every structure that some slot refers to."""
    found: dict[str, type[Structure]] = {}
    waiting: list[type[Structure]] = list(ATTRIBUTES.values())
    while waiting:
        for slot in waiting.pop().slots.values():
            inner = slot.structure
            if inner is not None and inner.__name__ not in found:
                found[inner.__name__] = inner
                waiting.append(inner)
    return [found[name] for name in sorted(found)]


def _enumerations() -> Iterator[str]:
    yield "## Enumerations"
    yield ""
    for name, table in sorted(_tables().items()):
        yield f"### {name}"
        yield ""
        yield "; ".join(f"{number} {label}" for number, label in table.items())
        yield ""


def _tables() -> Mapping[str, CodeTable]:
    slots = [slot for each in (*ATTRIBUTES.values(), *_nested()) for slot in each.slots.values()]
    used = {slot.table.name: slot.table for slot in slots if slot.table is not None}
    others = [value for module in (enums, enums_settings) for value in vars(module).values()]
    return used | {each.name: each for each in others if isinstance(each, CodeTable)}


if __name__ == "__main__":
    sys.stdout.write(markdown())
