"""`homewire.connect`: the front door for library users."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from homewire.clock import Clock
from homewire.commands import Allowance
from homewire.kinds import find_kind
from homewire.link.connection import Connection
from homewire.link.supervisor import Supervisor

__all__ = ["connect"]


@contextlib.asynccontextmanager
async def connect(
    kind: str,
    *,
    name: str | None = None,
    allow: tuple[str, ...] | list[str] = (),
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[Connection[Any]]:
    """Open a connection of an installed kind and keep it open while the body runs.

    `settings` are the kind's own (see the configuration reference); `allow` enables dangerous features.
    Raises what went wrong with the first opening; after that a lost link shows in
    `appliance.availability` and comes back by itself.
    """
    descriptor = find_kind(kind)
    typed = descriptor.convert_settings(settings)
    connection = descriptor.load_connection()(typed, name=name, clock=clock, allow=Allowance(allow))
    supervisor = Supervisor(connection)
    supervisor.start()
    try:
        await supervisor.opened()
        yield connection
    finally:
        await supervisor.stop()
