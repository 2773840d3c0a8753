"""A computer's Bluetooth host in the virtual air: it scans and connects for as many as ask.

The radio can do one thing at a time, so operations queue. Each comes to its end even when its caller is
cancelled: a scan that nobody wants any longer is stopped, and a connection that nobody wants any longer is
given up or ended (Bluetooth Core, Vol 4, Part E, 7.8.10 to 7.8.13). The host powers on when it is first used,
and anew after its controller went away.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeAlias

from bumble import core, device, hci
from bumble.controller import Controller
from bumble.transport.common import StreamPacketSink, StreamPacketSource

from .air import Air, make_device
from .endings import to_the_end

__all__ = ["Host", "Listener"]

Listener: TypeAlias = "Callable[[str, str | None, int], None]"
"""Takes an advertisement: address, name, signal strength in dBm."""


class Host:
    """The Bluetooth of one computer. `where` is an Air of this process, or the address of one elsewhere."""

    def __init__(self, where: Air | str, address: str) -> None:
        self._where = where
        self._address = address
        self._device: device.Device | None = None
        self._controller: Controller | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._busy = asyncio.Lock()
        self._listeners: set[Listener] = set()
        self._seen: dict[str, tuple[hci.Address, str | None]] = {}

    async def close(self) -> None:
        """Power off; connections end."""
        powered, self._device = self._device, None
        self._leave()
        if powered is not None:
            await to_the_end(powered.power_off())

    async def listen(self, listener: Listener) -> None:
        """Let a listener hear advertisements."""
        self._listeners.add(listener)
        try:
            await self._scan_as_wanted()
        except BaseException:
            await self.ignore(listener)
            raise

    async def ignore(self, listener: Listener) -> None:
        """Let a listener hear no more."""
        self._listeners.discard(listener)
        await self._scan_as_wanted()

    async def connect(self, address: str, timeout_s: float) -> device.Connection:
        """Connect to a peripheral; raise TimeoutError when it does not answer."""
        async with self._busy:
            powered = await self._powered()
            target, _name = self._seen.get(address.upper(), (hci.Address(address), None))
            attempt = asyncio.ensure_future(powered.connect(target, timeout=None))
            try:
                async with asyncio.timeout(timeout_s):
                    return await asyncio.shield(attempt)
            except BaseException:
                await to_the_end(_give_up(powered, attempt))
                raise

    def name_of(self, address: str) -> str:
        """Return the name that a device advertised, or its address."""
        return self._seen.get(address.upper(), (None, None))[1] or address

    async def _scan_as_wanted(self) -> None:
        async with self._busy:
            if self._listeners:
                powered = await self._powered()
                if not powered.is_scanning:
                    await to_the_end(powered.start_scanning(filter_duplicates=False))
            elif self._device is not None and self._device.is_scanning:
                await to_the_end(self._device.stop_scanning())

    async def _powered(self) -> device.Device:
        if self._device is None:
            self._device = await to_the_end(self._power_on())
        return self._device

    async def _power_on(self) -> device.Device:
        powered = await self._attach()
        powered.on(device.Device.EVENT_ADVERTISEMENT, self._heard)
        try:
            await powered.power_on()
        except BaseException:
            self._leave()
            raise
        return powered

    async def _attach(self) -> device.Device:
        if isinstance(self._where, Air):
            self._controller = self._where.controller()
            return make_device(self._controller, "bleak", self._address)
        host, _, port = self._where.rpartition(":")
        loop = asyncio.get_running_loop()
        transport, source = await loop.create_connection(lambda: _HciClient(self._lost), host, int(port))
        self._transport = transport
        sink = StreamPacketSink(transport)
        return device.Device.with_hci("bleak", hci.Address(self._address), source, sink)

    def _leave(self) -> None:
        controller, self._controller = self._controller, None
        if controller is not None and isinstance(self._where, Air):
            self._where.detach(controller)
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _lost(self) -> None:
        self._device = None

    def _heard(self, advertisement: device.Advertisement) -> None:
        address = advertisement.address.to_string(with_type_qualifier=False)
        name = advertisement.data.get(core.AdvertisingData.COMPLETE_LOCAL_NAME)
        shown = name if isinstance(name, str) else None
        self._seen[address] = (advertisement.address, shown)
        for listener in tuple(self._listeners):
            listener(address, shown, advertisement.rssi)


async def _give_up(powered: device.Device, attempt: asyncio.Future[device.Connection]) -> None:
    """End an attempt to connect, and the connection if there is one by now."""
    if not attempt.done():
        with contextlib.suppress(core.BaseBumbleError):  # too late: it came about
            await powered.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
    with contextlib.suppress(core.BaseBumbleError, asyncio.CancelledError):
        connection = await attempt
        await connection.disconnect()


class _HciClient(StreamPacketSource):
    """The host's end of HCI over TCP."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__()
        self._lost = lost

    def connection_lost(self, _error: Exception | None) -> None:
        self._lost()
        self.on_transport_lost()
