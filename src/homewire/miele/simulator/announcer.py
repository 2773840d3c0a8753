"""Announcing a simulated module over mDNS (miele-http.md, section 8)."""

from __future__ import annotations

import socket
from typing import Final

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from homewire.miele.simulator.module import SimulatedModule
from homewire.miele.simulator.profiles import Profile

__all__ = ["Announcer"]

_SERVICE: Final = "_mieleathome._tcp.local."


class Announcer:
    """Keeps the service record of one module on the interface of its address."""

    def __init__(self, module: SimulatedModule, profile: Profile, fab_number: str) -> None:
        self._module, self._profile, self._fab_number = module, profile, fab_number
        self._zeroconf: AsyncZeroconf | None = None

    async def start(self, address: str, port: int) -> None:
        """Announce the module at an address."""
        self._zeroconf = AsyncZeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
        await self._zeroconf.async_register_service(self._info(address, port))

    async def stop(self) -> None:
        """Say goodbye."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    def _info(self, address: str, port: int) -> AsyncServiceInfo:
        number = int(self._fab_number) & 0xFFFFFF
        return AsyncServiceInfo(
            _SERVICE,
            f"Miele {self._profile.tech_type} {self._fab_number[-6:]}.{_SERVICE}",
            addresses=[socket.inet_aton(address)],
            port=port,
            server=f"Miele-001D63FFFE{number:06X}.local.",
            properties=self._properties(),
        )

    def _properties(self) -> dict[str, str]:
        keys = self._module.credentials
        return {
            "txtvers": "1",
            "group": keys.id_text if keys else "",
            "path": "/",
            "security": "1",
            "pairing": "false" if self._module.paired else "true",
            "devicetype": str(self._profile.device_type),
            "subtype": "0",
            "s": "0",
            "con": "2",
            "cd": "de_de",
        }
