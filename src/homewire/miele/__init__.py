"""Miele appliances with XKM3100W or built-in Wi-Fi, on the local network, without any cloud.

    signing, models      the protocol's words, pure
    transport, client    one module, one request at a time; `MieleClient`
    pairing, wifi        keys and network for a new appliance
    push, discovery      being told, and finding
    dop2                 the binary objects
    features, readings, appliance, connection   homewire's view
    simulator            the other end of the wire

Public names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homewire.kinds import Kind

if TYPE_CHECKING:
    from homewire.miele.client import DeviceSummary, MieleClient
    from homewire.miele.pairing import PairingUnproven, easy_setup, pair
    from homewire.miele.resources import MieleDevice
    from homewire.miele.signing import Credentials

__all__ = [
    "KIND",
    "Credentials",
    "DeviceSummary",
    "MieleClient",
    "MieleDevice",
    "PairingUnproven",
    "easy_setup",
    "pair",
]

KIND = Kind(
    kind="miele",
    summary="Miele appliance on the local network: signed HTTP and DOP2, no cloud",
    connection="homewire.miele.connection:MieleConnection",
    simulator="homewire.miele.simulator:MieleSimulator",
    decoder="homewire.miele.captures:decode",
    catalogue="homewire.miele.features:catalogue",
    discovery="homewire.miele.discovery:discover",
    doctor="homewire.miele.doctor:checks",
)

_HOMES = {
    "Credentials": "signing",
    "DeviceSummary": "client",
    "MieleClient": "client",
    "MieleDevice": "resources",
    "PairingUnproven": "pairing",
    "easy_setup": "pairing",
    "pair": "pairing",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        message = f"module 'homewire.miele' has no attribute {name!r}"
        raise AttributeError(message)
    import importlib  # noqa: PLC0415 - only needed here

    return getattr(importlib.import_module(f"homewire.miele.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
