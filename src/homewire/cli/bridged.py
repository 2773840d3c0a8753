"""The session of a running bridge: the command line asks it instead of opening a second connection.

A machine that serves a single client stays usable while a bridge runs, and nothing is read twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from homewire.appliance import Change, ChangeListener
from homewire.bridge.client import BridgeClient, Mirror, connect
from homewire.cli.output import UsageError
from homewire.cli.session import Link, Session, StageListener
from homewire.config import default_path, load
from homewire.errors import ConnectionFailed, HomewireError
from homewire.features import Value

__all__ = ["BridgeSession", "bridge_session", "running_bridge"]


@contextlib.asynccontextmanager
async def bridge_session(
    path: Path, names: Sequence[str] = (), *, only: str | None = None, keep_trying: bool = False
) -> AsyncIterator[BridgeSession]:
    """Open a session with the bridge that listens at a Unix socket; raise ConnectionFailed.

    `names` are the connections that were asked for, all for none; `only` narrows it to the connection of that
    name, if there is one. With `keep_trying` a bridge that is stopped is waited for.
    """
    async with connect(path, keep_trying=keep_trying) as client:
        wanted = [_known(name, client.connections) for name in names]
        if not wanted and only is not None:
            wanted = [name for name in client.connections if name.casefold() == only.casefold()]
        yield BridgeSession(client, wanted)


class BridgeSession(Session):
    """Shows and commands what a running bridge has: all of it, or what is behind the named connections."""

    def __init__(self, client: BridgeClient, names: Sequence[str] = ()) -> None:
        self._client = client
        self._names = frozenset(names)

    @property
    def appliances(self) -> Mapping[str, Mirror]:
        """The appliances by id."""
        known = self._client.appliances
        return {key: one for key, one in known.items() if self._is_wanted(one.connection)}

    @property
    def links(self) -> Sequence[Link]:
        """The connections and how they are."""
        return tuple(_link(one) for one in self._client.connections.values() if self._shows(one))

    def subscribe(self, listener: ChangeListener) -> Callable[[], None]:
        """Call the listener with every change of every appliance."""

        def told(change: Change) -> None:
            if change.appliance in self.appliances:
                listener(change)

        return self._client.subscribe(told if self._names else listener)

    def _shows(self, connection: Mapping[str, Any]) -> bool:
        return connection["enabled"] and self._is_wanted(connection["name"])

    def _is_wanted(self, connection: str | None) -> bool:
        return not self._names or connection in self._names

    async def refresh(self, appliance: str) -> None:
        """Have the appliance read again."""
        await self._client.refresh(appliance)

    async def write(
        self,
        appliance: str,
        key: str,
        value: Value,
        *,
        dangerous: bool = False,
        timeout_s: float | None = None,
        on_stage: StageListener | None = None,
    ) -> Mapping[str, Any]:
        """Set a feature; wait until it is confirmed."""
        return await self._client.command(
            appliance, key, value, dangerous=dangerous, timeout_s=timeout_s, on_stage=on_stage
        )

    async def press(
        self,
        appliance: str,
        key: str,
        *,
        dangerous: bool = False,
        timeout_s: float | None = None,
        on_stage: StageListener | None = None,
    ) -> Mapping[str, Any]:
        """Press a feature; wait until it is confirmed."""
        return await self._client.command(
            appliance, key, None, dangerous=dangerous, timeout_s=timeout_s, on_stage=on_stage
        )


def _known(name: str, connections: Mapping[str, Any]) -> str:
    """Return the connection's own spelling of its name; raise UsageError."""
    for one in connections:
        if one.casefold() == name.casefold():
            return one
    raise UsageError(
        f"the running bridge has no connection {name!r}", hint=f"It has: {', '.join(connections) or 'none'}."
    )


def _link(shown: Mapping[str, Any]) -> Link:
    online = shown["state"] == "online"
    told = shown["error"] or {}
    error = ConnectionFailed(
        told.get("message", shown["reason"]), appliance=shown["name"], hint=told.get("hint")
    )
    return Link(
        name=shown["name"],
        kind=shown["kind"],
        online=online,
        reason=shown["reason"],
        appliances=tuple(shown["appliances"]),
        error=None if online else error,
    )


def running_bridge(config: Path | None) -> Path | None:
    """Return the socket of the bridge that runs with the configuration, None when none does.

    A configuration that cannot be read has no bridge; what is wrong with it is told by who needs it.
    """
    from homewire.bridge.client import is_running  # noqa: PLC0415 - brings the HTTP client
    from homewire.bridge.settings import bridge_settings, socket_path  # noqa: PLC0415 - as above

    path = config or default_path()
    try:
        settings = bridge_settings(load(path)) if path.exists() else None
    except HomewireError:
        return None
    socket = socket_path(path, settings)
    return socket if is_running(socket) else None
