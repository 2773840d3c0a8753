"""The machine's mDNS announcement (docs/protocols/lamarzocco-tcp.md, section 3.1)."""

from __future__ import annotations

import socket

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from homewire.lamarzocco.direct.discovery import SERVICE_TYPE
from homewire.lamarzocco.direct.simulator.machine import SimulatedMachine

__all__ = ["Announcement"]


class Announcement:
    """Tells the network of a simulated machine, on the interface on which it listens."""

    def __init__(self, machine: SimulatedMachine, host: str, port: int) -> None:
        self._host = host
        self._info = AsyncServiceInfo(
            SERVICE_TYPE,
            f"{machine.serial}.{SERVICE_TYPE}",
            addresses=[socket.inet_aton(host)],
            port=port,
            properties={"serial_number": machine.serial, "type": machine.model.value, "name": machine.name},
            server=f"{machine.serial.lower()}.local.",
        )
        self._zeroconf: AsyncZeroconf | None = None

    async def start(self) -> None:
        """Announce."""
        self._zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only, interfaces=[self._host])
        await self._zeroconf.async_register_service(self._info)

    async def stop(self) -> None:
        """Say goodbye."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            await zeroconf.async_unregister_service(self._info)
            await zeroconf.async_close()
