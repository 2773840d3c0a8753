"""Finding machines of this generation: by mDNS on the network and by name over Bluetooth (section 12)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from homewire.discovery import Discovered, Service, browse
from homewire.errors import HomewireError
from homewire.lamarzocco.bluetooth import Found, Radio, hear
from homewire.lamarzocco.gateway.client.bluetooth import BT_MODEL_PREFIXES
from homewire.lamarzocco.models import model_of_serial

__all__ = ["SERVICE_TYPE", "discover"]

SERVICE_TYPE = "_marzocco._tcp.local."
"""Older gateways announce themselves so; late v3 releases dropped it."""

_MISSING = ("username", "password")


async def discover(timeout_s: float) -> AsyncGenerator[Discovered, None]:
    """Yield machines that announce themselves or advertise, as they are found; each way by itself."""
    heard: asyncio.Queue[Discovered | None] = asyncio.Queue()
    searches = [
        asyncio.ensure_future(search(timeout_s, heard.put_nowait))
        for search in (_on_the_network, _over_the_air)
    ]
    for task in searches:
        task.add_done_callback(lambda _task: heard.put_nowait(None))
    try:
        running = len(searches)
        while running:
            found = await heard.get()
            if found is None:
                running -= 1
            else:
                yield found
    finally:
        for task in searches:
            task.cancel()
        await asyncio.gather(*searches, return_exceptions=True)


async def _on_the_network(timeout_s: float, take: Callable[[Discovered], None]) -> None:
    with contextlib.suppress(HomewireError, OSError):
        async for service in browse(SERVICE_TYPE, timeout_s):
            take(announced(service))


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


async def _over_the_air(timeout_s: float, take: Callable[[Discovered], None]) -> None:
    def heard(machine: Found) -> bool:
        take(_advertised(machine))
        return False

    with contextlib.suppress(HomewireError):
        radio = Radio.named()
        try:
            await hear(BT_MODEL_PREFIXES, heard, radio=radio, timeout_s=timeout_s)
        finally:
            await radio.close()


def _advertised(machine: Found) -> Discovered:
    return Discovered(
        kind="lamarzocco-gateway",
        name=machine.name,
        address=machine.address,
        model=_model(machine.serial),
        serial=machine.serial,
        settings={"bluetooth": "auto"},
        missing=_MISSING,
        note="over Bluetooth; gateway firmware 5 and later needs the kind lamarzocco-cloud",
    )


def _model(serial: str | None) -> str | None:
    model = model_of_serial(serial) if serial else None
    return model.title if model else None
