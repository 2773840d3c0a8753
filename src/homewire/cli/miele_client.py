"""Which appliance a `homewire miele` command is about: of homewire.toml, --connection, or the demo."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

from cyclopts import Parameter

from homewire.cli.output import Output, UsageError
from homewire.cli.source import Source, entries
from homewire.errors import HomewireError, NotFound

if TYPE_CHECKING:
    from homewire.miele.client import MieleClient
    from homewire.miele.connection import MieleSettings

__all__ = ["Device", "connected"]

Device = Annotated[
    str,
    Parameter(
        name="--device",
        help="Which appliance: its connection's name or its 12-digit number. Needed when there are several.",
    ),
]

Named: TypeAlias = "Sequence[tuple[str, MieleSettings]]"


@contextlib.asynccontextmanager
async def connected(source: Source, device: str, output: Output) -> AsyncIterator[tuple[MieleClient, str]]:
    """Give a client and the appliance's route; raise UsageError when it is not clear which one is meant.

    A module that cannot be reached does not stand in the way of another one's appliance.
    """
    async with contextlib.AsyncExitStack() as stack:
        found = await _demo(stack) if source.demo else _configured(source, output)
        named = [(name, settings) for name, settings in found if name == device] or found
        failures: list[HomewireError] = []
        choices: list[str] = []
        for name, settings in named:
            client = await stack.enter_async_context(_client(settings))
            try:
                routes = [entry.route for entry in await client.list_devices()]
            except HomewireError as error:
                failures.append(error)
                continue
            if device in routes or (len(named) == 1 and len(routes) == 1 and device in ("", name)):
                yield client, device if device in routes else routes[0]
                return
            choices += [f"{route} ({name})" for route in routes]
        raise _undecided(device, choices, failures)


def _undecided(device: str, choices: Sequence[str], failures: Sequence[HomewireError]) -> HomewireError:
    """Tell why no appliance could be chosen."""
    if failures and (device or not choices):
        return failures[0]
    hint = (
        f"Choose: --device {' or '.join(choices)}" if choices else "homewire list shows what is configured."
    )
    if device:
        return NotFound(f"there is no Miele appliance {device}", hint=hint)
    return UsageError("there are several appliances" if choices else "there is no appliance", hint=hint)


def _configured(source: Source, output: Output) -> Named:
    from homewire.miele.connection import MieleSettings  # noqa: PLC0415 - a network library

    chosen = ((entry.name, entry.settings()) for entry in entries(source, output) if entry.kind == "miele")
    found = [(name, settings) for name, settings in chosen if isinstance(settings, MieleSettings)]
    if not found:
        raise UsageError("there is no Miele connection", hint="Make one: homewire miele pair ADDRESS")
    return found


async def _demo(stack: contextlib.AsyncExitStack) -> Named:
    from homewire.kinds import find_kind  # noqa: PLC0415 - reads the entry points
    from homewire.miele.connection import MieleSettings  # noqa: PLC0415 - a network library
    from homewire.simulation.home import VirtualHome  # noqa: PLC0415 - imports simulators

    home = await stack.enter_async_context(VirtualHome([find_kind("miele")]))
    chosen = ((connection.name, connection.settings) for connection in home.connections())
    return [(name, settings) for name, settings in chosen if isinstance(settings, MieleSettings)]


def _client(settings: MieleSettings) -> MieleClient:
    from homewire.miele.client import MieleClient  # noqa: PLC0415 - a network library

    key = settings.group_key.reveal()
    return MieleClient.from_hex(settings.host, settings.group_id, key, timeout=settings.timeout_s)
