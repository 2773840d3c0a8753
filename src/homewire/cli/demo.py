"""`homewire demo`: a home full of simulated appliances, the bridge and the dashboard, ready to obey.

Every installed kind brings its simulators (`Simulator.demo`); the bridge connects to them over loopback
exactly as it would to the real ones and serves the dashboard. On a terminal the screen shows a card per
appliance above a prompt; `--once` prints one full reading of everything and ends, without a bridge.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from collections.abc import AsyncIterator
from typing import Annotated

from cyclopts import Parameter

from homewire.cli.opening import exit_code
from homewire.cli.output import Output
from homewire.cli.session import LocalSession, Session
from homewire.cli.source import ABOVE_ZERO
from homewire.cli.status import show_status
from homewire.cli.watching import follow
from homewire.clock import Clock
from homewire.kinds import find_kind
from homewire.simulation.home import VirtualHome

__all__ = ["demo", "demo_session"]

_BRIDGE_PACKAGES = ("litestar", "uvicorn", "sqlalchemy")
"""Without the extra "bridge" the demo still shows its appliances in the terminal."""

_SPEED = 10.0
"""Simulated seconds per second: an espresso machine warms up in a minute instead of ten."""


async def demo(
    *kind: Annotated[str, Parameter(help="Only these kinds of connection; all for none.")],
    once: Annotated[bool, Parameter(help="Print one full reading of every feature and end.")] = False,
    speed: Annotated[
        float,
        Parameter(show_default=True, validator=ABOVE_ZERO, help="How fast the simulated appliances live."),
    ] = _SPEED,
    port: Annotated[int | None, Parameter(help="Serve the dashboard on this port; 0 for any.")] = None,
    dashboard: Annotated[
        bool, Parameter(negative="--no-dashboard", help="Start the bridge and its dashboard, too.")
    ] = True,
    seconds: Annotated[float | None, Parameter(name="--for", help="End after so many seconds.")] = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> int:
    """Start simulated appliances of every kind, watch them live, and command them at the prompt.

    The bridge and its dashboard run beside them; the address is shown. Nothing leaves this computer.
    Without a terminal, changes are printed as lines until Ctrl-C.
    """
    if once:
        async with demo_session(kind, speed, output, keep_trying=False) as session:
            show_status(list(session.appliances.values()), output, everything=True)
            return exit_code(session)
    bridged = dashboard and all(importlib.util.find_spec(one) for one in _BRIDGE_PACKAGES)
    make = demo_bridge(kind, speed, output, port) if bridged else _unbridged(kind, speed, output)
    async with make as (session, note):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _live(session, output, note)
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


@contextlib.asynccontextmanager
async def demo_bridge(
    kinds: tuple[str, ...], speed: float, output: Output, port: int | None
) -> AsyncIterator[tuple[Session, str]]:
    """Start the virtual home and a bridge that has everything in it; yield its session and where it is."""
    from homewire.cli.bridged import bridge_session  # noqa: PLC0415 - brings the HTTP client
    from homewire.cli.run import demo_home, running_demo  # noqa: PLC0415 - as above

    chosen = [find_kind(one) for one in kinds] or None
    async with (
        demo_home(speed, output, chosen) as entries,
        running_demo(entries, port) as (address, socket),
        bridge_session(socket) as session,
    ):
        yield session, f"Dashboard: {address}"


@contextlib.asynccontextmanager
async def _unbridged(
    kinds: tuple[str, ...], speed: float, output: Output
) -> AsyncIterator[tuple[Session, str]]:
    async with demo_session(kinds, speed, output, keep_trying=True) as session:
        yield session, ""


async def _live(session: Session, output: Output, note: str) -> None:
    if output.interactive:
        from homewire.cli.screen import Screen  # noqa: PLC0415 - for a terminal only

        await Screen(session, color=output.color, note=note).run()
    else:
        if note:
            output.note(note)
        await follow(session, None, output)
