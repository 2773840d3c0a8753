"""What can be read of a Miele appliance beyond its features: summary, raw resources, the DOP2 tree.

The names are those of the HTTP API's sub-resources (`/api/v1/appliances/{id}/resources/…`), where users of
MieleRESTServer find `summary`, the tree and single leaves again (miele-http.md, sections 10 and 11;
miele-dop2.md, sections 5 and 6).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from homewire.errors import NotFound
from homewire.features import Value
from homewire.miele.client import DeviceSummary, MieleClient

__all__ = ["BASIC", "WITH_DOP2", "read"]

BASIC: Final = {
    "summary": "What a status line shows: identity, state, whether it could be started.",
    "state": "The State resource as the appliance sent it.",
    "ident": "The Ident resource as the appliance sent it.",
    "list": "Which resources the appliance has.",
}

WITH_DOP2: Final = BASIC | {
    "dop2": "The DOP2 tree: units and their attributes.",
    "dop2/{unit}/{attribute}": "One DOP2 leaf, explained; {unit}/{attribute}/{idx1}/{idx2} for one instance.",
}


async def read(client: MieleClient, route: str, name: str) -> Any:
    """Read a resource by name, in plain JSON types; raise NotFound."""
    match name.split("/"):
        case ["summary"]:
            return _summary(await client.get_summary(route))
        case ["state"]:
            return dict((await client.get_device_state(route)).raw)
        case ["ident"]:
            return dict((await client.get_device_ident(route)).raw)
        case ["list"]:
            return list(await client.list_resources(route))
        case ["dop2"]:
            return await _tree(client, route)
        case ["dop2", *numbers] if len(numbers) in (2, 3, 4) and all(map(_is_number, numbers)):
            return await _leaf(client, route, [int(number) for number in numbers])
    raise NotFound(f"there is no resource {name!r}", hint=f"There are: {', '.join(WITH_DOP2)}.")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5  # noqa: PLR2004 - 16 bits


def _summary(summary: DeviceSummary) -> dict[str, Any]:
    combined = summary.combined_state
    return {
        "id": summary.id,
        "name": summary.name,
        "ident": dict(summary.ident.raw),
        "state": dict(summary.state.raw),
        "combined_state": None if combined is None else str(combined),
        "ready_to_start": summary.ready_to_start,
        "progress": summary.progress,
    }


async def _tree(client: MieleClient, route: str) -> dict[str, list[int]]:
    units = await client.list_dop2_units(route)
    return {str(unit): list(await client.list_dop2_attributes(route, unit)) for unit in units}


async def _leaf(client: MieleClient, route: str, numbers: list[int]) -> Any:
    from homewire.miele.dop2.explain import explain  # noqa: PLC0415 - the tables are large

    leaf = await client.read_dop2_leaf(route, *numbers)
    return {"hex": leaf.hex(), **msgspec.to_builtins(explain(leaf).as_record(), enc_hook=_plain)}


def _plain(value: object) -> Value:
    return str(value)
