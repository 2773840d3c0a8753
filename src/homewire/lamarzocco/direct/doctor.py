"""`homewire doctor` for this protocol: does the machine answer, with this key, at this time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, HomewireError
from homewire.kinds import Check
from homewire.lamarzocco.direct.connection import DirectConnection, DirectSettings
from homewire.lamarzocco.direct.errors import MachineBusy
from homewire.lamarzocco.direct.machine import DirectMachine

__all__ = ["checks"]

_CLOCK_TOLERANCE_S = 300.0
"""A schedule that is five minutes off annoys nobody."""


async def checks(settings: DirectSettings, clock: Clock) -> AsyncIterator[Check]:
    """Yield the findings in order; end at the first that makes the rest pointless."""
    resolved = await _resolution(settings.host)
    yield resolved
    if not resolved.ok:
        return
    try:
        key = await DirectConnection(settings, clock=clock).key()
        machine = DirectMachine(settings.host, key.reveal(), port=settings.port, clock=clock)
    except HomewireError as error:
        yield Check(name="key", ok=False, found=error.message, remedy=error.hint or "")
        return
    try:
        async for check in _machine_checks(machine, settings, clock):
            yield check
    finally:
        await machine.close()


async def _resolution(host: str) -> Check:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        remedy = "Use the machine's IP address, as your router shows it."
        return Check(name="name resolution", ok=False, found=f"{host}: {error.strerror}", remedy=remedy)
    return Check(name="name resolution", ok=True, found=str(found[0][4][0]))


async def _machine_checks(
    machine: DirectMachine, settings: DirectSettings, clock: Clock
) -> AsyncIterator[Check]:
    place = f"{settings.host} port {settings.port}"
    try:
        await machine.connect()
    except HomewireError as error:
        yield Check(name="reachability", ok=False, found=error.message, remedy=error.hint or "")
        return
    yield Check(name="reachability", ok=True, found=f"{place} takes connections")
    try:
        await machine.refresh()
    except AuthenticationFailed as error:
        yield Check(name="key", ok=False, found=error.message, remedy=error.hint or "")
    except MachineBusy as error:
        yield Check(name="answer", ok=False, found=error.message, remedy=error.hint or "")
    except HomewireError as error:
        yield Check(name="answer", ok=False, found=str(error), remedy="Try again when no shot is running.")
    else:
        state = machine.state
        yield Check(name="key", ok=True, found=f"opens the messages of {state.model} {state.serial}")
        yield _clock_check(machine, clock)


def _clock_check(machine: DirectMachine, clock: Clock) -> Check:
    shown = machine.state.clock
    if shown is None:
        return Check(name="clock", ok=True, found="the machine has not told its time")
    here = clock.now().astimezone().replace(tzinfo=None)
    off_s = (shown - here).total_seconds()
    found = f"the machine's clock shows {shown:%Y-%m-%d %H:%M}, this computer's {here:%Y-%m-%d %H:%M}"
    remedy = "The weekly schedule runs on it: press set_clock."
    return Check(name="clock", ok=abs(off_s) <= _CLOCK_TOLERANCE_S, found=found, remedy=remedy)
