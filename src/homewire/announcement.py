"""Announcing something over mDNS: simulated appliances as real ones do, and peers that appliances look up.

A name that is taken is no reason to stay away: as RFC 6762, section 9, demands, a number is put behind it.
So two simulators of the same appliance, or two test suites on one computer, do not get in each other's way.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

__all__ = ["Announcement"]


class Announcement:
    """One service record: `service` is its type (`_name._tcp.local.`), `target` the host it points to.

    It is told on the interface of `address` only. A name that cannot be anybody else's is not `probed`.
    """

    def __init__(
        self,
        service: str,
        name: str,
        *,
        target: str,
        address: str,
        port: int,
        properties: Mapping[str, str],
        probed: bool = True,
    ) -> None:
        self._address = address
        self._probed = probed
        self._info = AsyncServiceInfo(
            service,
            f"{name}.{service}",
            addresses=[socket.inet_aton(address)],
            port=port,
            properties=dict(properties),
            server=target,
        )
        self._zeroconf: AsyncZeroconf | None = None

    async def start(self) -> None:
        """Announce; `stop` has to follow, also when this fails."""
        self._zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only, interfaces=[self._address])
        await self._zeroconf.async_register_service(
            self._info, allow_name_change=True, cooperating_responders=not self._probed
        )

    async def update(self, properties: Mapping[str, str]) -> None:
        """Tell other properties under the same name, if it is announced."""
        old = self._info
        self._info = AsyncServiceInfo(
            old.type,
            old.name,
            addresses=old.addresses,
            port=old.port,
            properties=dict(properties),
            server=old.server,
        )
        if self._zeroconf is not None:
            await self._zeroconf.async_update_service(self._info)

    async def stop(self) -> None:
        """Say goodbye, if it was announced, and close every socket."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            try:
                await zeroconf.async_unregister_all_services()
            finally:
                await zeroconf.async_close()
