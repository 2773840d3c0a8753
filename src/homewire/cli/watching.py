"""`homewire watch`: changes as they happen, as a live view, as lines, or as JSON lines."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from homewire.appliance import ChangeStream
from homewire.cli.dashboard import Dashboard, pause_s
from homewire.cli.names import connections
from homewire.cli.opening import open_session
from homewire.cli.output import Output
from homewire.cli.session import Session
from homewire.cli.source import ABOVE_ZERO, Source
from homewire.cli.targets import find_appliances
from homewire.cli.views import appliance_document, change_document, change_lines

if TYPE_CHECKING:
    from rich.live import Live

__all__ = ["follow", "show_live", "watch"]


async def watch(
    *appliance: Annotated[
        str, Parameter(completer=connections, help="An appliance by name, id or serial number; all for none.")
    ],
    lines: Annotated[bool, Parameter(help="Print a line per change, on a terminal, too.")] = False,
    seconds: Annotated[float | None, Parameter(name="--for", help="Stop after so many seconds.")] = None,
    count: Annotated[
        int | None, Parameter(validator=ABOVE_ZERO, help="Stop after so many messages with changes.")
    ] = None,
    source: Source | None = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> None:
    """Follow the appliances until Ctrl-C: a live view on a terminal, else a line per change.

    With --json: one line with the full status, then one line per message with what changed in it. A lost
    link comes back by itself; meanwhile the appliance is shown offline.
    """
    only = appliance[0] if len(appliance) == 1 else None
    async with open_session(source or Source(), output, keep_trying=True, only=only) as session:
        wanted = [one.identity.id for one in find_appliances(session, appliance)] if appliance else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if output.interactive and not lines:
                    await show_live(session, wanted, output, count)
                else:
                    await follow(session, wanted, output, count)


async def follow(
    session: Session, wanted: list[str] | None, output: Output, count: int | None = None
) -> None:
    """Print every change of the wanted appliances (None: all), a snapshot first for JSON."""
    with contextlib.closing(session.changes()) as changes:
        if output.json:
            shown = [one for key, one in session.appliances.items() if wanted is None or key in wanted]
            output.document("status/1", {"appliances": [appliance_document(one, full=True) for one in shown]})
        else:
            output.note("Watching; Ctrl-C ends.")
        await _print_changes(session, changes, wanted, output, count)


async def _print_changes(
    session: Session, changes: ChangeStream, wanted: list[str] | None, output: Output, count: int | None
) -> None:
    seen = 0
    async for change in changes:
        if wanted is not None and change.appliance not in wanted:
            continue
        appliance = session.appliances.get(change.appliance)
        if output.json:
            output.document("change/1", change_document(appliance, change))
        else:
            for line in change_lines(appliance, change):
                output.console.print(line, soft_wrap=True)
        seen += 1
        if seen == count:
            return


async def show_live(
    session: Session, wanted: list[str] | None, output: Output, count: int | None = None
) -> None:
    """Show the wanted appliances (None: all) as cards that follow every change."""
    from rich.live import Live  # noqa: PLC0415 - for a terminal only

    dashboard = Dashboard(session, wanted)
    live = Live(dashboard, console=output.console, screen=True, auto_refresh=False, vertical_overflow="crop")
    with dashboard.following(), live:
        drawing = asyncio.ensure_future(_draw(live))
        try:
            await dashboard.seen(count)
        finally:
            drawing.cancel()


async def _draw(live: Live) -> None:
    """Draw in the event loop: nothing changes while a frame is drawn."""
    while True:
        began = time.monotonic()
        live.refresh()
        await asyncio.sleep(pause_s(time.monotonic() - began))
