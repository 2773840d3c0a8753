"""One wire for the appliances of a home: read, follow and command them, and know that it took effect.

    async with homewire.connect("lamarzocco-direct", host="10.0.0.7", key="…") as connection:
        for appliance in connection.appliances.values():
            await appliance.write("power", True)

Nothing heavy is imported before it is used: `import homewire` brings no network, web or Bluetooth library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandSuperseded,
    CommandTimeout,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    HomewireError,
    InvalidValue,
    NotFound,
    NotSupported,
    ProtocolError,
    RemoteControlDisabled,
)

if TYPE_CHECKING:
    from homewire.appliance import Appliance, Availability, Change, Identity, Occurrence, Origin
    from homewire.commands import Command, Stage
    from homewire.connecting import connect
    from homewire.discovery import discover
    from homewire.link.connection import Connection

__all__ = [
    "Appliance",
    "AuthenticationFailed",
    "Availability",
    "Change",
    "Command",
    "CommandRejected",
    "CommandSuperseded",
    "CommandTimeout",
    "ConfigurationError",
    "Connection",
    "ConnectionFailed",
    "ConnectionLost",
    "HomewireError",
    "Identity",
    "InvalidValue",
    "NotFound",
    "NotSupported",
    "Occurrence",
    "Origin",
    "ProtocolError",
    "RemoteControlDisabled",
    "Stage",
    "__version__",
    "connect",
    "discover",
]

__version__ = "0.1.0"

_HOMES = {
    "Appliance": "appliance",
    "Availability": "appliance",
    "Change": "appliance",
    "Identity": "appliance",
    "Occurrence": "appliance",
    "Origin": "appliance",
    "Command": "commands",
    "Stage": "commands",
    "Connection": "link.connection",
    "connect": "connecting",
    "discover": "discovery",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        message = f"module 'homewire' has no attribute {name!r}"
        raise AttributeError(message)
    import importlib  # noqa: PLC0415 - only needed here

    value = getattr(importlib.import_module(f"homewire.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
