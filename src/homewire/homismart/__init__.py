"""Homismart: switches, sockets, curtains and door locks behind a hub, through the vendor's cloud.

The names that users of homismart-client know can be imported from here; each is loaded when it is used, so
that the descriptor of the connection kind costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from homewire.kinds import Kind

if TYPE_CHECKING:
    from homewire.errors import AuthenticationFailed as AuthenticationError
    from homewire.errors import CommandRejected as CommandError
    from homewire.errors import ConnectionFailed as ConnectionError  # noqa: A004 - homismart-client's name
    from homewire.errors import HomewireError as HomismartError
    from homewire.errors import InvalidValue as ParameterError
    from homewire.errors import NotFound as DeviceNotFoundError
    from homewire.homismart.client import HomismartClient
    from homewire.homismart.codes import DeviceType, ErrorCode
    from homewire.homismart.prefixes import ReceivePrefix, RequestPrefix
    from homewire.homismart.session import HomismartSession

__all__ = [
    "KIND",
    "AuthenticationError",
    "CommandError",
    "ConnectionError",
    "DeviceNotFoundError",
    "DeviceType",
    "ErrorCode",
    "HomismartClient",
    "HomismartError",
    "HomismartSession",
    "ParameterError",
    "ReceivePrefix",
    "RequestPrefix",
]

KIND = Kind(
    kind="homismart",
    summary="Homismart switches, sockets, curtains and locks, through the vendor's cloud",
    connection="homewire.homismart.connection:HomismartConnection",
    simulator="homewire.homismart.simulator:HomismartSimulator",
    decoder="homewire.homismart.decoder:decode",
    catalogue="homewire.homismart.features:catalogue",
    doctor="homewire.homismart.connection:checks",
)

_PLACES = {
    "AuthenticationError": "homewire.errors:AuthenticationFailed",
    "CommandError": "homewire.errors:CommandRejected",
    "ConnectionError": "homewire.errors:ConnectionFailed",
    "DeviceNotFoundError": "homewire.errors:NotFound",
    "DeviceType": "homewire.homismart.codes:DeviceType",
    "ErrorCode": "homewire.homismart.codes:ErrorCode",
    "HomismartClient": "homewire.homismart.client:HomismartClient",
    "HomismartError": "homewire.errors:HomewireError",
    "HomismartSession": "homewire.homismart.session:HomismartSession",
    "ParameterError": "homewire.errors:InvalidValue",
    "ReceivePrefix": "homewire.homismart.prefixes:ReceivePrefix",
    "RequestPrefix": "homewire.homismart.prefixes:RequestPrefix",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is used."""
    place = _PLACES.get(name)
    if place is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)
