"""Which Bluetooth adapter is used: the system's, a named or virtual one, or backends of the caller's."""

from __future__ import annotations

import os
import secrets
from typing import Any

import msgspec

from homewire.errors import ConfigurationError, ConnectionFailed

__all__ = ["DEFAULT_ADAPTER", "Radio"]

DEFAULT_ADAPTER = "HOMEWIRE_BLUETOOTH"
"""The environment variable that names the adapter when the caller does not."""

_VIRTUAL = "virtual:"


class Radio(msgspec.Struct, frozen=True, kw_only=True):
    """What is handed to bleak: `scanner_backend` and `client_backend` are bleak backend classes.

    `adapter` is the name of one of BlueZ's adapters, such as `hci1`. All None is the system's default.
    `owned` is an adapter that `close()` powers off.
    """

    scanner_backend: Any = None
    client_backend: Any = None
    adapter: str | None = None
    owned: Any = None

    @classmethod
    def named(cls, name: str | None = None) -> Radio:
        """Return the radio of that name: None or "auto", `hci1`, or `virtual:host:port` (a simulator's).

        Without a name, the environment variable HOMEWIRE_BLUETOOTH is asked.
        """
        chosen = name or os.environ.get(DEFAULT_ADAPTER) or "auto"
        if chosen == "auto":
            return cls()
        if not chosen.startswith(_VIRTUAL):
            return cls(adapter=chosen)
        made = _virtual(chosen.removeprefix(_VIRTUAL))
        return msgspec.structs.replace(cls.of(made), owned=made)

    @classmethod
    def of(cls, adapter: Any) -> Radio:
        """Return the radio of an adapter that brings bleak backends, such as a simulated one."""
        return cls(scanner_backend=adapter.scanner_backend, client_backend=adapter.client_backend)

    async def close(self) -> None:
        """Power off an adapter that exists for this radio alone."""
        if self.owned is not None:
            await self.owned.close()

    def scanner_options(self) -> dict[str, Any]:
        """Return keyword arguments for BleakScanner."""
        return self._options(self.scanner_backend)

    def client_options(self) -> dict[str, Any]:
        """Return keyword arguments for BleakClient."""
        return self._options(self.client_backend)

    def _options(self, backend: Any) -> dict[str, Any]:
        options: dict[str, Any] = {} if backend is None else {"backend": backend}
        return options if self.adapter is None else options | {"bluez": {"adapter": self.adapter}}


def _virtual(address: str) -> Any:
    """Return an adapter at a simulator, with an address of its own: two alike would disturb each other."""
    try:
        from homewire.simulation.bluetooth import Adapter  # noqa: PLC0415 - needs the simulation extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "a virtual Bluetooth adapter needs the Python packages bleak and bumble",
            hint="Install them with: pip install 'homewire[ble,ble-simulation]'.",
        ) from error
    random = secrets.token_bytes(5)
    return Adapter(address, address=":".join(f"{byte:02X}" for byte in (0xC0, *random)))


def import_bleak() -> Any:
    """Return the module bleak; raise ConnectionFailed with what to install."""
    try:
        import bleak  # noqa: PLC0415 - an optional dependency
    except ModuleNotFoundError as error:
        raise ConnectionFailed(
            "Bluetooth needs the Python package bleak",
            path="bluetooth",
            hint="Install it with: pip install 'homewire[ble]'.",
        ) from error
    return bleak
