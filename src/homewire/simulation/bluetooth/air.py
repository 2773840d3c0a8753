"""The air and the simulated devices in it: virtual controllers, advertising, GATT servers."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bumble import att, core, device, gatt, hci
from bumble import link as bumble_link
from bumble.controller import Controller
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink, StreamPacketSink, StreamPacketSource

from .endings import to_the_end

__all__ = ["Air", "Characteristic", "GattError", "Peripheral", "Service", "make_device"]

GattError = att.ATT_Error
"""What a `read` or `write` of a Characteristic raises to answer with an ATT error, such as
`GattError(error_code=0x08)` (insufficient authorization)."""


class Air:
    """What virtual controllers share; may offer more of them to other processes over TCP."""

    def __init__(self) -> None:
        self._link = bumble_link.LocalLink()  # type: ignore[no-untyped-call] # bumble's own omission
        self._server: asyncio.Server | None = None
        self._sessions: set[_HciSession] = set()
        self._numbers = itertools.count(1)

    @property
    def address(self) -> str:
        """The `host:port` at which `Adapter` reaches this air from elsewhere."""
        if self._server is None:
            message = "the air does not listen"
            raise RuntimeError(message)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Offer a Bluetooth adapter to everybody who connects; return the address."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _HciSession(self, self._sessions), host, port)
        return self.address

    async def close(self) -> None:
        """Stop listening; adapters that came over TCP lose their controller."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for session in tuple(self._sessions):
            session.close()
        for controller in list(self._link.controllers):
            self.detach(controller)
        await asyncio.sleep(0)

    def controller(self, sink: Any = None) -> Controller:
        """Put one more controller into the air."""
        return _Controller(f"controller {next(self._numbers)}", host_sink=sink, link=self._link)

    def detach(self, controller: Controller) -> None:
        """Take a controller out of the air; its peers see the connection end."""
        if controller not in self._link.controllers:
            return
        for connection in list(controller.le_connections.values()):
            reason = hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR
            controller.on_hci_packet(
                hci.HCI_Disconnect_Command(connection_handle=connection.handle, reason=reason)
            )
        controller.le_legacy_advertiser.stop()
        for advertising in controller.advertising_sets.values():
            advertising.stop()
        self._link.remove_controller(controller)


class _Controller(Controller):
    """bumble's virtual controller, which can also give up a connection that does not come about."""

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Say that the pending connection failed (Bluetooth Core, Vol 4, Part E, 7.8.13)."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.send_hci_packet(
            hci.HCI_LE_Connection_Complete_Event(
                status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=hci.Role.CENTRAL,
                peer_address_type=pending.peer_address.address_type,
                peer_address=pending.peer_address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
        )
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)


class _HciSession(asyncio.Protocol):
    """One TCP connection: HCI packets between a host elsewhere and a controller here."""

    def __init__(self, air: Air, sessions: set[_HciSession]) -> None:
        self._air = air
        self._sessions = sessions
        self._source = StreamPacketSource()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._controller = self._air.controller(StreamPacketSink(transport))
        self._source.set_packet_sink(self._controller)
        self._sessions.add(self)

    def close(self) -> None:
        """End the connection; the controller goes with it."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._source.data_received(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._sessions.discard(self)
        self._air.detach(self._controller)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Characteristic:
    """One GATT characteristic: what it allows follows from the functions it has.

    `read` and `write` are called with a number that stays the same for one connection of a central. They
    raise GattError to answer with an ATT error.
    """

    uuid: str
    read: Callable[[int], bytes] | None = None
    write: Callable[[int, bytes], Awaitable[None]] | None = None
    notify: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One GATT service."""

    uuid: str
    characteristics: Sequence[Characteristic]


class Peripheral:
    """A simulated Bluetooth LE device that advertises its name and takes one central at a time."""

    def __init__(
        self,
        air: Air,
        *,
        name: str,
        address: str,
        services: Sequence[Service],
        advertising_interval_s: float = 0.25,
        on_connection: Callable[[int, bool], None] | None = None,
    ) -> None:
        self.name = name
        self.address = address
        self._air = air
        self._services = services
        self._interval_ms = advertising_interval_s * 1000
        self._on_connection = on_connection
        self._device: device.Device | None = None
        self._controller: Controller | None = None
        self._characteristics: dict[str, gatt.Characteristic[bytes]] = {}

    @property
    def connected(self) -> bool:
        """Whether a central is connected."""
        return self._device is not None and bool(self._device.connections)

    async def start(self) -> None:
        """Power on and advertise."""
        self._controller = self._air.controller()
        self._device = make_device(self._controller, self.name, self.address)
        self._device.add_services([self._service(service) for service in self._services])
        self._device.on(device.Device.EVENT_CONNECTION, self._connected)
        await to_the_end(self._device.power_on())
        await self.advertise(True)

    async def stop(self) -> None:
        """Power off; a connected central sees the connection end."""
        powered, self._device = self._device, None
        if powered is None or self._controller is None:
            return
        self._air.detach(self._controller)
        await to_the_end(powered.power_off())

    async def advertise(self, visible: bool) -> None:
        """Begin or stop to be seen and to take connections."""
        if self._device is None:
            return
        if not visible:
            await to_the_end(self._device.stop_advertising())
            return
        start = self._device.start_advertising(
            auto_restart=True,
            advertising_data=_advertising_data(self.name),
            advertising_interval_min=self._interval_ms,
            advertising_interval_max=self._interval_ms,
        )
        await to_the_end(start)

    async def drop(self) -> None:
        """Disconnect the central, as a device does that is switched off or out of range."""
        if self._device is not None:
            for connection in list(self._device.connections.values()):
                await to_the_end(connection.disconnect())

    async def notify(self, uuid: str, value: bytes) -> None:
        """Send a notification to every subscribed central."""
        if self._device is not None:
            await self._device.notify_subscribers(self._characteristics[uuid.lower()], value)

    def _connected(self, connection: device.Connection) -> None:
        if self._on_connection is None:
            return
        tell = self._on_connection
        tell(connection.handle, True)
        connection.on(connection.EVENT_DISCONNECTION, lambda _reason: tell(connection.handle, False))

    def _service(self, service: Service) -> gatt.Service:
        return gatt.Service(service.uuid, [self._characteristic(each) for each in service.characteristics])

    def _characteristic(self, declared: Characteristic) -> gatt.Characteristic[bytes]:
        kinds, rights = gatt.Characteristic.Properties, att.Attribute.Permissions
        properties, permissions = kinds(0), rights(0)
        if declared.read:
            properties, permissions = properties | kinds.READ, permissions | rights.READABLE
        if declared.write:
            properties, permissions = properties | kinds.WRITE, permissions | rights.WRITEABLE
        if declared.notify:
            properties |= kinds.NOTIFY
        made: gatt.Characteristic[bytes] = gatt.Characteristic(
            declared.uuid, properties, permissions, _delegate(declared)
        )
        self._characteristics[declared.uuid.lower()] = made
        return made


def _delegate(declared: Characteristic) -> att.AttributeValue[bytes]:
    def read(connection: device.Connection | None) -> bytes:
        return declared.read(connection.handle) if declared.read and connection else b""

    async def write(connection: device.Connection | None, value: bytes) -> None:
        if declared.write and connection:
            await declared.write(connection.handle, value)

    return att.AttributeValue(read=read, write=write)


def make_device(controller: Controller, name: str, address: str) -> device.Device:
    """Return a Bluetooth host that drives a controller of this process."""
    host = Host(controller, AsyncPipeSink(controller))
    return device.Device(name=name, address=hci.Address(address), host=host)


def _advertising_data(name: str) -> bytes:
    general_le_only = bytes([0x06])  # LE General Discoverable, BR/EDR Not Supported
    return bytes(
        core.AdvertisingData(
            [
                (core.AdvertisingData.FLAGS, general_le_only),
                (core.AdvertisingData.COMPLETE_LOCAL_NAME, name.encode()),
            ]
        )
    )
