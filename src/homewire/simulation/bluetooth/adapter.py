"""A computer's Bluetooth adapter in the virtual air, which lends itself to bleak."""

from __future__ import annotations

from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner

from .air import Air
from .backend import Client, Scanner
from .host import Host

__all__ = ["Adapter"]


class Adapter:
    """A computer's Bluetooth adapter in the air, for bleak.

    `where` is an Air of this process, or the address of one that listens elsewhere. The adapter powers on
    when it is first used.
    """

    def __init__(self, where: Air | str, *, address: str = "C0:00:00:00:00:01") -> None:
        self._host = Host(where, address)
        backends = {"host": self._host}
        self.scanner_backend: type[BaseBleakScanner] = type("VirtualBleakScanner", (Scanner,), backends)
        self.client_backend: type[BaseBleakClient] = type("VirtualBleakClient", (Client,), backends)

    async def close(self) -> None:
        """Power off; connections end."""
        await self._host.close()
