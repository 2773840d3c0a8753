"""Which appliance a `homewire miele` command is about: of homewire.toml, --connection, or the demo."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from homewire.cli.output import Output, UsageError
from homewire.cli.source import Source, entries
from homewire.errors import NotFound

if TYPE_CHECKING:
    from homewire.miele.client import MieleClient
    from homewire.miele.connection import MieleSettings

__all__ = ["Device", "connected"]

Device = Annotated[
    str,
    Parameter(name="--device", help="Which appliance: its 12-digit number. Needed when there are several."),
]


@contextlib.asynccontextmanager
async def connected(source: Source, device: str, output: Output) -> AsyncIterator[tuple[MieleClient, str]]:
    """Give a client and the appliance's route; raise UsageError when it is not clear which one is meant."""
    async with contextlib.AsyncExitStack() as stack:
        found = await _demo(stack) if source.demo else _configured(source, output)
        for settings in found:
            client = await stack.enter_async_context(_client(settings))
            routes = [entry.route for entry in await client.list_devices()]
            if device in routes or (not device and len(found) == 1 and len(routes) == 1):
                yield client, device or routes[0]
                return
            if not device:
                raise UsageError(
                    "there are several appliances", hint=f"Choose: --device {' or '.join(routes)}, …"
                )
        raise NotFound(
            f"there is no Miele appliance {device}", hint="homewire list shows what is configured."
        )


def _configured(source: Source, output: Output) -> Sequence[MieleSettings]:
    from homewire.miele.connection import MieleSettings  # noqa: PLC0415 - a network library

    found = [entry.settings() for entry in entries(source, output) if entry.kind == "miele"]
    settings = [each for each in found if isinstance(each, MieleSettings)]
    if not settings:
        raise UsageError("there is no Miele connection", hint="Make one: homewire miele pair ADDRESS")
    return settings


async def _demo(stack: contextlib.AsyncExitStack) -> Sequence[MieleSettings]:
    from homewire.kinds import find_kind  # noqa: PLC0415 - reads the entry points
    from homewire.miele.connection import MieleSettings  # noqa: PLC0415 - a network library
    from homewire.simulation.home import VirtualHome  # noqa: PLC0415 - imports simulators

    home = await stack.enter_async_context(VirtualHome([find_kind("miele")]))
    found = [connection.settings for connection in home.connections()]
    return [settings for settings in found if isinstance(settings, MieleSettings)]


def _client(settings: MieleSettings) -> MieleClient:
    from homewire.miele.client import MieleClient  # noqa: PLC0415 - a network library

    key = settings.group_key.reveal()
    return MieleClient.from_hex(settings.host, settings.group_id, key, timeout=settings.timeout_s)
