"""Finding machines of the first generation over mDNS (docs/protocols/lamarzocco-tcp.md, section 3.1)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from homewire.discovery import Discovered, Service, browse

__all__ = ["SERVICE_TYPE", "discover"]

SERVICE_TYPE = "_marzocco._tcp.local."


async def discover(
    timeout_s: float, *, interfaces: Iterable[str] | None = None
) -> AsyncGenerator[Discovered, None]:
    """Yield the machines that announce themselves within the time."""
    async for service in browse(SERVICE_TYPE, timeout_s, interfaces=interfaces):
        found = _discovered(service)
        if found is not None:
            yield found


def _discovered(service: Service) -> Discovered | None:
    """Return what a service says; None for a later generation, which has its serial under another name."""
    serial = service.properties.get("serial_number")
    if not serial or not service.addresses:
        return None
    host = service.addresses[0]
    model = service.properties.get("type")
    return Discovered(
        kind="lamarzocco-direct",
        name=service.properties.get("name") or serial,
        address=f"{host}:{service.port}",
        model=model,
        serial=serial,
        settings={"host": host, "port": service.port},
        missing=("key",),
        note="Its communication key comes from the owner's account.",
    )
