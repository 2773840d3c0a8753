"""A computer's Bluetooth adapter in the virtual air: a bumble host that lends itself to bleak."""

from __future__ import annotations

import asyncio

from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner
from bleak.exc import BleakDeviceNotFoundError
from bumble import core, device, hci
from bumble.controller import Controller
from bumble.transport.common import StreamPacketSink, StreamPacketSource

from .air import Air, make_device
from .backend import Client, Scanner

__all__ = ["Adapter"]


class Adapter:
    """A computer's Bluetooth adapter in the air, for bleak.

    `where` is an Air of this process, or the address of one that listens elsewhere. The adapter powers on
    when it is first used.
    """

    def __init__(self, where: Air | str, *, address: str = "C0:00:00:00:00:01") -> None:
        self._where = where
        self._address = address
        self._device: device.Device | None = None
        self._controller: Controller | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._busy = asyncio.Lock()
        self._scanners: set[Scanner] = set()
        self._seen: dict[str, tuple[hci.Address, str | None]] = {}
        backends = {"adapter": self}
        self.scanner_backend: type[BaseBleakScanner] = type("VirtualBleakScanner", (Scanner,), backends)
        self.client_backend: type[BaseBleakClient] = type("VirtualBleakClient", (Client,), backends)

    async def close(self) -> None:
        """Power off; connections end."""
        powered, self._device = self._device, None
        if powered is None:
            return
        if self._controller is not None and isinstance(self._where, Air):
            self._where.detach(self._controller)
        await powered.power_off()
        if self._transport is not None:
            self._transport.close()
            await asyncio.sleep(0)

    async def scan(self, scanner: Scanner, wanted: bool) -> None:
        """Let a scanner hear advertisements, or no longer."""
        async with self._busy:
            powered = await self._powered()
            (self._scanners.add if wanted else self._scanners.discard)(scanner)
            if self._scanners and not powered.is_scanning:
                await powered.start_scanning(filter_duplicates=False)
            elif not self._scanners and powered.is_scanning:
                await powered.stop_scanning()

    async def connect(self, address: str, timeout_s: float) -> device.Connection:
        """Connect to a peripheral; raise BleakDeviceNotFoundError when it does not answer."""
        async with self._busy:
            powered = await self._powered()
            target, _name = self._seen.get(address.upper(), (hci.Address(address), None))
            try:
                return await powered.connect(target, timeout=timeout_s)
            except asyncio.CancelledError:
                await powered.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
                raise
            except (core.TimeoutError, core.ConnectionError) as error:
                raise BleakDeviceNotFoundError(address, f"no answer from {address}: {error}") from error

    def name_of(self, address: str) -> str:
        """Return the name that a device advertised, or its address."""
        return self._seen.get(address.upper(), (None, None))[1] or address

    async def _powered(self) -> device.Device:
        if self._device is None:
            self._device = await self._attach()
            self._device.on(device.Device.EVENT_ADVERTISEMENT, self._heard)
            await self._device.power_on()
        return self._device

    async def _attach(self) -> device.Device:
        if isinstance(self._where, Air):
            self._controller = self._where.controller()
            return make_device(self._controller, "bleak", self._address)
        host, _, port = self._where.rpartition(":")
        loop = asyncio.get_running_loop()
        transport, source = await loop.create_connection(_HciClient, host, int(port))
        self._transport = transport
        sink = StreamPacketSink(transport)
        return device.Device.with_hci("bleak", hci.Address(self._address), source, sink)

    def _heard(self, advertisement: device.Advertisement) -> None:
        address = advertisement.address.to_string(with_type_qualifier=False)
        name = advertisement.data.get(core.AdvertisingData.COMPLETE_LOCAL_NAME)
        shown = name if isinstance(name, str) else None
        self._seen[address] = (advertisement.address, shown)
        for scanner in tuple(self._scanners):
            scanner.heard(address, shown, advertisement.rssi)


class _HciClient(StreamPacketSource):
    """The host's end of HCI over TCP."""

    def connection_lost(self, _error: Exception | None) -> None:
        self.on_transport_lost()
