"""`homewire discover`: what the installed kinds find nearby, and how to connect to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.text import Text

from homewire.cli.output import Output
from homewire.discovery import Discovered
from homewire.discovery import discover as search
from homewire.errors import NotFound
from homewire.kinds import find_kind

__all__ = ["discover", "show_found"]


async def discover(
    *kind: Annotated[str, Parameter(help="Look only for these kinds.")],
    seconds: Annotated[float, Parameter(name="--for", help="How many seconds to look.")] = 5.0,
    output: Annotated[Output, Parameter(parse=False)],
) -> None:
    """Find appliances by mDNS and Bluetooth, and show what to write into homewire.toml for each.

    With --json: one line per finding, as soon as it is found.
    """
    kinds = [find_kind(one) for one in kind] or None
    output.note(f"Looking for {seconds:g} s …")
    found = 0
    async for one in search(seconds, kinds):
        found += 1
        show_found(one, output)
    if not found:
        raise NotFound(
            "nothing was found",
            hint="Are the appliances switched on and on this network? Cloud accounts are not found this way.",
        )


def show_found(one: Discovered, output: Output) -> None:
    """Show one finding, and what to write into homewire.toml for it."""
    if output.json:
        output.document("found/1", msgspec.to_builtins(one, enc_hook=str))
        return
    head = Text.assemble((one.name, "bold cyan"), f"  {one.model or ''}  ", (one.address, "dim"))
    output.console.print(head, soft_wrap=True)
    for line in _configuration(one):
        output.line(f"    {line}")
    if one.note:
        output.line(f"    # {one.note}")
    output.line("")


def _configuration(one: Discovered) -> list[str]:
    import tomlkit  # noqa: PLC0415 - only to show something

    values: Mapping[str, Any] = {"kind": one.kind, "name": one.name, **one.settings}
    lines = [f"{key} = {tomlkit.item(value).as_string()}" for key, value in values.items()]
    return ["[[connections]]", *lines, *(f"# {key} = … is needed, too" for key in one.missing)]
