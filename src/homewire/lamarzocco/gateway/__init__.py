"""La Marzocco, generation 2: gateway firmware 3 and 4, through the cloud, the local API and Bluetooth.

The typed clients keep the names that users of pylamarzocco 1.x know; they are imported when they are used.
Source: `docs/protocols/lamarzocco-gateway.md`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from homewire.kinds import Kind

if TYPE_CHECKING:
    from homewire.lamarzocco.gateway.client import (
        LaMarzoccoBluetoothClient,
        LaMarzoccoCloudClient,
        LaMarzoccoLocalClient,
    )
    from homewire.lamarzocco.gateway.machine import LaMarzoccoGrinder, LaMarzoccoMachine
    from homewire.lamarzocco.gateway.models import WakeUpSleepEntry
    from homewire.lamarzocco.gateway.terms import (
        BoilerType,
        FirmwareType,
        GrinderModel,
        MachineModel,
        PhysicalKey,
        PrebrewMode,
        SmartStandbyMode,
        SteamLevel,
        WeekDay,
    )

__all__ = [
    "KIND",
    "BoilerType",
    "FirmwareType",
    "GrinderModel",
    "LaMarzoccoBluetoothClient",
    "LaMarzoccoCloudClient",
    "LaMarzoccoGrinder",
    "LaMarzoccoLocalClient",
    "LaMarzoccoMachine",
    "MachineModel",
    "PhysicalKey",
    "PrebrewMode",
    "SmartStandbyMode",
    "SteamLevel",
    "WakeUpSleepEntry",
    "WeekDay",
]

_PACKAGE = "homewire.lamarzocco.gateway"

KIND = Kind(
    kind="lamarzocco-gateway",
    summary="La Marzocco with gateway firmware 3 or 4, and the Pico: cloud, local API, Bluetooth",
    connection=f"{_PACKAGE}.connection:GatewayConnection",
    simulator=f"{_PACKAGE}.simulator:GatewaySimulator",
    decoder=f"{_PACKAGE}.decoder:decode",
    catalogue=f"{_PACKAGE}.features:catalogue",
    discovery=f"{_PACKAGE}.discovery:discover",
    doctor=f"{_PACKAGE}.doctor:checks",
)

_HOMES = {
    "LaMarzoccoBluetoothClient": "client",
    "LaMarzoccoCloudClient": "client",
    "LaMarzoccoLocalClient": "client",
    "LaMarzoccoGrinder": "machine",
    "LaMarzoccoMachine": "machine",
    "WakeUpSleepEntry": "models",
    "BoilerType": "terms",
    "FirmwareType": "terms",
    "GrinderModel": "terms",
    "MachineModel": "terms",
    "PhysicalKey": "terms",
    "PrebrewMode": "terms",
    "SmartStandbyMode": "terms",
    "SteamLevel": "terms",
    "WeekDay": "terms",
}


def __getattr__(name: str) -> Any:
    """Import a client when it is first used."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"{_PACKAGE}.{_HOMES[name]}"), name)
