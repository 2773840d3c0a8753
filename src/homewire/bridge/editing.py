"""Changing connections while the bridge runs: in the file first, then in the registry.

Without a file (a demo) changes live as long as the bridge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homewire import config_edit
from homewire.bridge.registry import Registry
from homewire.config import ConnectionEntry, load
from homewire.errors import ConfigurationError
from homewire.secrets import HIDDEN

__all__ = ["ConnectionEditor"]


class ConnectionEditor:
    """Puts and removes connections in homewire.toml at `path` and in the registry."""

    def __init__(self, registry: Registry, path: Path | None = None) -> None:
        self._registry = registry
        self._path = path
        self._editing = asyncio.Lock()

    async def put(
        self, name: str, kind: str, settings: Mapping[str, Any], allow: tuple[str, ...], *, enabled: bool
    ) -> None:
        """Add a connection or replace its settings; raise ConfigurationError and change nothing.

        A hidden secret keeps what was there.
        """
        async with self._editing:
            values = self._with_former_secrets(name, settings)
            entry = ConnectionEntry(kind=kind, name=name, values=values, allow=allow, enabled=enabled)
            entry.settings()
            if self._path is None:
                await self._registry.put(entry)
                return
            written = {**values, "enabled": enabled}
            config_edit.put_connection(self._path, kind, name, written, allow=allow)
            await self._registry.apply(load(self._path).connections)

    async def remove(self, name: str) -> None:
        """Remove a connection; raise NotFound."""
        async with self._editing:
            if self._path is None:
                await self._registry.remove(name)
                return
            self._registry.link(name)
            config_edit.remove_connection(self._path, name)
            await self._registry.apply(load(self._path).connections)

    def _with_former_secrets(self, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        link = self._registry.links.get(name)
        former = link.entry.values if link else {}
        values = dict(settings)
        for key in [key for key, value in values.items() if value == HIDDEN]:
            if key not in former:
                raise ConfigurationError(f"{key} is hidden, and there is nothing to keep", key=key)
            values[key] = former[key]
        return values
