"""`homewire list`: the connections and what is behind them."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from homewire.cli.opening import exit_code, open_session
from homewire.cli.output import Output
from homewire.cli.source import Source
from homewire.cli.views import appliance_document, appliance_table, link_document, links_table

__all__ = ["list_appliances"]


async def list_appliances(
    *,
    source: Source | None = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> int:
    """List every connection, whether it works, and the appliances behind it.

    A connection that does not work is listed with the reason, and the exit code tells.
    """
    async with open_session(source or Source(), output) as session:
        if output.json:
            links = [link_document(link) for link in session.links]
            appliances = [appliance_document(one, full=False) for one in session.appliances.values()]
            output.document("list/1", {"connections": links, "appliances": appliances})
        else:
            output.show(links_table(session.links))
            output.show("")
            output.show(appliance_table(session.appliances.values()))
        return exit_code(session)
