"""`homewire status`: one full reading."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from homewire.cli.names import connections
from homewire.cli.opening import exit_code, open_session
from homewire.cli.output import Output
from homewire.cli.session import ApplianceView
from homewire.cli.source import Source
from homewire.cli.targets import find_appliances
from homewire.cli.views import appliance_document, status_table

__all__ = ["show_status", "status"]


async def status(
    *appliance: Annotated[
        str, Parameter(completer=connections, help="An appliance by name, id or serial number; all for none.")
    ],
    every: Annotated[bool, Parameter(name=["--all", "-a"], help="Show diagnostics, too.")] = False,
    source: Source | None = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> int:
    """Read the appliances once and show every feature with its value and what it can be set to.

    JSON always has every feature.
    """
    only = appliance[0] if len(appliance) == 1 else None
    async with open_session(source or Source(), output, only=only) as session:
        show_status(find_appliances(session, appliance), output, everything=every)
        return exit_code(session)


def show_status(appliances: list[ApplianceView], output: Output, *, everything: bool) -> None:
    """Print the readings of the appliances."""
    if output.json:
        found = [appliance_document(one, full=True) for one in appliances]
        output.document("status/1", {"appliances": found})
        return
    for one in appliances:
        output.show(status_table(one, everything=everything))
        for problem in one.problems:
            output.warning(f"{one.identity.name}: {problem.message}. {problem.remedy}")
        output.show("")
