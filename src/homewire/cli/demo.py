"""`homewire demo`: a home full of simulated appliances, live in the terminal and ready to obey.

Every installed kind brings its simulators (`Simulator.demo`); homewire connects to them over loopback
exactly as it would to the real ones. On a terminal the screen shows a card per appliance above a prompt;
`--once` prints one full reading of everything and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

from cyclopts import Parameter

from homewire.cli.opening import exit_code
from homewire.cli.output import Output
from homewire.cli.session import LocalSession, Session
from homewire.cli.status import show_status
from homewire.cli.watching import follow
from homewire.kinds import find_kind
from homewire.link.clock import Clock
from homewire.simulation.home import VirtualHome

__all__ = ["demo", "demo_session"]

_SPEED = 10.0
"""Simulated seconds per second: an espresso machine warms up in a minute instead of ten."""


async def demo(
    *kind: Annotated[str, Parameter(help="Only these kinds of connection; all for none.")],
    once: Annotated[bool, Parameter(help="Print one full reading of every feature and end.")] = False,
    speed: Annotated[
        float, Parameter(show_default=True, help="How fast the simulated appliances live.")
    ] = _SPEED,
    seconds: Annotated[float | None, Parameter(name="--for", help="End after so many seconds.")] = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> int:
    """Start simulated appliances of every kind, watch them live, and command them at the prompt.

    Nothing leaves this computer. Without a terminal, changes are printed as lines until Ctrl-C.
    """
    async with demo_session(kind, speed, output, keep_trying=not once) as session:
        if once:
            show_status(list(session.appliances.values()), output, everything=True)
            return exit_code(session)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _live(session, output)
    return 0


@contextlib.asynccontextmanager
async def demo_session(
    kinds: tuple[str, ...], speed: float, output: Output, *, keep_trying: bool
) -> AsyncIterator[Session]:
    """Start the virtual home and connect to everything in it."""
    chosen = [find_kind(one) for one in kinds] or None
    async with VirtualHome(chosen, clock=Clock(speed)) as home:
        for problem in home.problems:
            output.warning(problem)
        async with LocalSession(home.connections(), keep_trying=keep_trying) as session:
            for failure in session.failures:
                output.error(failure)
            yield session


async def _live(session: Session, output: Output) -> None:
    if output.interactive:
        from homewire.cli.screen import Screen  # noqa: PLC0415 - for a terminal only

        await Screen(session, color=output.color).run()
    else:
        await follow(session, None, output)
