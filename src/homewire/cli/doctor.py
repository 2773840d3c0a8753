"""`homewire doctor`: check every connection step by step, and say what to do about what is wrong.

Each kind brings its own checks; a kind without any is checked in general: does its host's name resolve, does
the port answer, does the connection open.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.text import Text

from homewire.cli.output import Output
from homewire.cli.source import Source, entries
from homewire.clock import Clock
from homewire.config import ConnectionEntry
from homewire.errors import HomewireError
from homewire.kinds import Check, find_kind

__all__ = ["doctor"]

_REACH_WITHIN_S = 5.0
"""A machine of the same network answers in milliseconds, one behind a bad radio link in a second or two."""


async def doctor(*, source: Source | None = None, output: Annotated[Output, Parameter(parse=False)]) -> int:
    """Check name resolution, reachability, credentials and clock of every connection.

    The exit code is 0 when everything is fine, else 1.
    """
    wrong = 0
    async for name, check in _all_checks(source or Source(), output):
        wrong += not check.ok
        if output.json:
            output.document("check/1", {"connection": name, **msgspec.to_builtins(check)})
        else:
            _show(name, check, output)
    if wrong:
        output.note(f"{wrong} {'thing needs' if wrong == 1 else 'things need'} your attention.")
    else:
        output.note("Everything is fine.")
    return 1 if wrong else 0


def _show(name: str, check: Check, output: Output) -> None:
    mark = Text("✓ ", "green") if check.ok else Text("✗ ", "bold red")
    line = mark.append(f"{name}: ", "cyan").append(f"{check.name}: ", "bold").append(check.found)
    output.console.print(line, soft_wrap=True)
    if check.remedy and not check.ok:
        output.console.print(Text(f"    → {check.remedy}", "yellow"), soft_wrap=True)


async def _all_checks(source: Source, output: Output) -> AsyncIterator[tuple[str, Check]]:
    if source.demo:
        from homewire.simulation.home import VirtualHome  # noqa: PLC0415 - imports every simulator

        async with VirtualHome() as home:
            for connection in home.connections():
                async for check in _checks(connection.kind, connection.settings):
                    yield connection.name, check
        return
    for entry in entries(source, output):
        async for check in _entry_checks(entry):
            yield entry.name, check


async def _entry_checks(entry: ConnectionEntry) -> AsyncIterator[Check]:
    try:
        settings = entry.settings()
    except HomewireError as error:
        yield Check(name="configuration", ok=False, found=error.message, remedy=error.hint or "")
        return
    yield Check(name="configuration", ok=True, found="complete, every secret is there")
    async for check in _checks(entry.kind, settings):
        yield check


async def _checks(kind_name: str, settings: msgspec.Struct) -> AsyncIterator[Check]:
    kind = find_kind(kind_name)
    checks = kind.load_doctor()(settings, Clock()) if kind.doctor else _general_checks(kind_name, settings)
    try:
        async for check in checks:
            yield check
    except HomewireError as error:
        yield Check(name="connection", ok=False, found=error.message, remedy=error.hint or "")


async def _general_checks(kind_name: str, settings: Any) -> AsyncIterator[Check]:
    host, port = getattr(settings, "host", None), getattr(settings, "port", None)
    if host:
        check = await _resolves(host)
        yield check
        if not check.ok:
            return
    if host and port:
        yield await _answers(host, port)
    yield await _opens(kind_name, settings)


async def _resolves(host: str) -> Check:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        remedy = "Check the spelling, or write the IP address instead."
        return Check(name="name", ok=False, found=f"{host} is unknown: {error.strerror}", remedy=remedy)
    addresses = ", ".join(dict.fromkeys(str(one[4][0]) for one in found))
    return Check(name="name", ok=True, found=f"{host} is {addresses}")


async def _answers(host: str, port: int) -> Check:
    try:
        async with asyncio.timeout(_REACH_WITHIN_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        why = "does not answer" if isinstance(error, TimeoutError) else "refuses or cannot be reached"
        remedy = "Is it switched on, on this network, and not behind a firewall?"
        return Check(name="reachability", ok=False, found=f"{host} port {port} {why}", remedy=remedy)
    writer.close()
    return Check(name="reachability", ok=True, found=f"{host} port {port} answers")


async def _opens(kind_name: str, settings: msgspec.Struct) -> Check:
    connection = find_kind(kind_name).load_connection()(settings)
    try:
        async with connection:
            names = ", ".join(one.identity.name for one in connection.appliances.values())
    except HomewireError as error:
        return Check(name="opening", ok=False, found=error.message, remedy=error.hint or "")
    return Check(name="opening", ok=True, found=f"open; behind it: {names or 'nothing'}")
