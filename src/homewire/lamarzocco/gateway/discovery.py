"""Finding machines of this generation: by mDNS on the network and by name over Bluetooth (section 12)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from homewire.discovery import Discovered, Service, browse
from homewire.errors import HomewireError
from homewire.lamarzocco.gateway.client.bluetooth import BT_MODEL_PREFIXES
from homewire.lamarzocco.models import model_of_serial

__all__ = ["SERVICE_TYPE", "discover"]

SERVICE_TYPE = "_marzocco._tcp.local."
"""Older gateways announce themselves so; late v3 releases dropped it."""

_MISSING = ("username", "password")


async def discover(timeout_s: float) -> AsyncIterator[Discovered]:
    """Yield machines that announce themselves, as they are found."""
    async for service in browse(SERVICE_TYPE, timeout_s / 2):
        yield announced(service)
    for found in await _over_the_air(timeout_s / 2):
        yield found


def announced(service: Service) -> Discovered:
    """Return what an mDNS announcement tells; the Micra spelled its serial number `sn`."""
    properties = service.properties
    serial = properties.get("serial_number") or properties.get("sn")
    address = service.addresses[0] if service.addresses else service.host
    return Discovered(
        kind="lamarzocco-gateway",
        name=properties.get("name") or serial or service.name,
        address=address,
        model=_model(serial),
        serial=serial,
        settings={"hosts": {serial: f"{address}:{service.port}"}} if serial else {},
        missing=_MISSING,
    )


async def _over_the_air(timeout_s: float) -> list[Discovered]:
    from homewire.lamarzocco.bluetooth import DeviceList  # noqa: PLC0415 - an extra

    try:
        async with asyncio.timeout(timeout_s + 1):
            found = await DeviceList(BT_MODEL_PREFIXES, timeout_s=timeout_s).found()
    except (HomewireError, TimeoutError):
        return []
    return [
        Discovered(
            kind="lamarzocco-gateway",
            name=machine.name,
            address=machine.address,
            model=_model(machine.serial),
            serial=machine.serial,
            settings={"bluetooth": "auto"},
            missing=_MISSING,
            note="over Bluetooth; gateway firmware 5 and later needs the kind lamarzocco-cloud",
        )
        for machine in found
    ]


def _model(serial: str | None) -> str | None:
    model = model_of_serial(serial) if serial else None
    return model.title if model else None
