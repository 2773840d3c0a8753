"""Finding Miele modules: over mDNS, and by asking an address (miele-http.md, section 8).

The record tells the type, the household (GroupID, empty before pairing) and whether the module waits to be
paired; it carries no serial number. Where mDNS does not get through, a module is recognised by how it
answers strangers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Final

import msgspec

from homewire.clock import Clock
from homewire.discovery import Discovered, Service, browse
from homewire.errors import HomewireError
from homewire.miele import codes

__all__ = ["SERVICE", "SERVICES", "Announcement", "announcement", "discover", "recognise"]

SERVICE: Final = "_mieleathome._tcp.local."
SERVICES: Final = (SERVICE, "_mielesemiprof._tcp.local.")
"""Appliances for the home, and professional laundry."""

_HTTP_PORT: Final = 80
_PEER_DEVICE_TYPE: Final = 2147483647
"""Apps and gateways announce themselves, too (appendix A)."""

_PROBE_S: Final = 3.0
_STRANGERS: Final = frozenset({401, 403, 404})
"""How modules answer unsigned requests (sections 5 and 8)."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What a module's TXT record says; `group` is empty before pairing."""

    name: str
    host: str
    group: str
    pairing: bool
    device_type: int | None
    connected: bool | None
    region: str

    @property
    def paired(self) -> bool:
        """Whether the module has a household's keys."""
        return bool(self.group)

    @property
    def is_peer(self) -> bool:
        """Whether it is an app or a gateway, such as homewire itself."""
        return self.device_type == _PEER_DEVICE_TYPE


def announcement(service: Service) -> Announcement:
    """Read a service record; unknown and missing entries do not hide the others."""
    properties = service.properties
    device_type = properties.get("devicetype", "")
    return Announcement(
        name=service.name,
        host=_host(service),
        group=properties.get("group", "").upper(),
        pairing=properties.get("pairing", "").lower() == "true",
        device_type=int(device_type) if device_type.isdecimal() else None,
        connected={"1": False, "2": True}.get(properties.get("con", "")),
        region=properties.get("cd", ""),
    )


async def discover(
    timeout_s: float, *, interfaces: Iterable[str] | None = None
) -> AsyncGenerator[Discovered, None]:
    """Yield the modules that announce themselves."""
    async for service in browse(SERVICES, timeout_s, interfaces=interfaces):
        found = announcement(service)
        if not found.is_peer:
            yield _discovered(found)


async def recognise(address: str, *, clock: Clock | None = None) -> Discovered | None:
    """Ask an address whether a Miele module answers there; None if not."""
    import aiohttp  # noqa: PLC0415 - a network library, imported late

    from homewire.miele.transport import new_session  # noqa: PLC0415 - as above

    session = new_session()
    try:
        async with (
            (clock or Clock()).timeout(_PROBE_S),
            session.get(f"http://{address}/Devices", allow_redirects=False) as response,
        ):
            status, kind = response.status, response.headers.get("Content-Type", "")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    finally:
        await session.close()
    if "vnd.miele" not in kind.replace(" ", "") or status not in _STRANGERS | {200}:
        return None
    return await _asked(address, paired=status != 200, clock=clock)  # noqa: PLR2004 - open to strangers before pairing


async def _asked(address: str, *, paired: bool, clock: Clock | None) -> Discovered:
    from homewire.miele.pairing import unpaired_devices  # noqa: PLC0415 - imports the transport

    serial = None
    if not paired:
        try:
            entries = await unpaired_devices(address, clock=clock)
            serial = entries[0].route if entries else None
        except HomewireError:
            serial = None
    missing = ("group_id", "group_key")
    note = None if paired else "waits to be paired: homewire miele pair"
    return Discovered(
        kind="miele",
        name=f"Miele at {address}",
        address=address,
        serial=serial,
        settings={"host": address},
        missing=missing,
        note=note,
    )


def _discovered(found: Announcement) -> Discovered:
    known = {"host": found.host} | ({"group_id": found.group} if found.paired else {})
    missing = ("group_key",) if found.paired else ("group_id", "group_key")
    model = None if found.device_type is None else codes.DEVICE_TYPE.slug(found.device_type)
    note = None if found.paired else "waits to be paired: homewire miele pair"
    return Discovered(
        kind="miele",
        name=found.name,
        address=found.host,
        model=model,
        settings=known,
        missing=missing,
        note=note,
    )


def _host(service: Service) -> str:
    address = service.addresses[0] if service.addresses else service.host
    return address if service.port in (0, _HTTP_PORT) else f"{address}:{service.port}"
