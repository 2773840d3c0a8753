"""bleak's two backend interfaces, spoken to a `Host`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, ClassVar, TypeVar

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import att, core, device, gatt

from .endings import to_the_end
from .host import Host

__all__ = ["Client", "Scanner"]

_T = TypeVar("_T")

_MTU_BYTES = 517
"""The largest ATT MTU, which BlueZ asks for, too (Bluetooth Core, Vol 3, Part F, 3.2.9)."""


class Scanner(BaseBleakScanner):
    """bleak's scanner over a Host."""

    host: ClassVar[Host]

    def __init__(
        self, detection_callback: Any, service_uuids: list[str] | None, *_mode: Any, **_: Any
    ) -> None:
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        """Begin to hear advertisements."""
        self.seen_devices = {}
        async with _bleak_errors():
            await self.host.listen(self.heard)

    async def stop(self) -> None:
        """Hear no more."""
        async with _bleak_errors():
            await self.host.ignore(self.heard)

    def heard(self, address: str, name: str | None, rssi: int) -> None:
        """Take one advertisement."""
        data = AdvertisementData(
            local_name=name,
            manufacturer_data={},
            service_data={},
            service_uuids=[],
            tx_power=None,
            rssi=rssi,
            platform_data=(),
        )
        if self.is_allowed_uuid(data.service_uuids):
            found = self.create_or_update_device(address, address, name, {}, data)
            self.call_detection_callbacks(found, data)


class Client(BaseBleakClient):
    """bleak's client over a Host."""

    host: ClassVar[Host]

    def __init__(self, address_or_ble_device: Any, **kwargs: Any) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=kwargs.get("disconnected_callback"),
            timeout=kwargs.get("timeout", 30.0),
        )
        self._connection: device.Connection | None = None
        self._requests: set[asyncio.Task[Any]] = set()

    @property
    def name(self) -> str:
        """The advertised name."""
        return self.host.name_of(self.address)

    @property
    def mtu_size(self) -> int:
        """The negotiated ATT MTU in bytes."""
        return self._connection.att_mtu if self._connection else 23

    @property
    def is_connected(self) -> bool:
        """Whether the link stands."""
        return self._connection is not None

    async def connect(self, pair: bool = False, **kwargs: Any) -> None:  # noqa: ARG002 - nothing here pairs
        """Connect, negotiate the MTU and read the GATT table."""
        connection = await self._reach(kwargs.get("timeout", self._timeout))
        self._connection = connection
        connection.on(connection.EVENT_DISCONNECTION, self._disconnected)
        try:
            peer = device.Peer(connection)
            await self._request(peer.request_mtu(_MTU_BYTES))
            await self._request(peer.discover_all())  # type: ignore[no-untyped-call] # bumble's own omission
            self.services = _collection(peer, self)
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """End the link; do nothing without one."""
        connection, self._connection, self.services = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(BleakError):
                async with _bleak_errors():
                    await to_the_end(connection.disconnect())

    async def pair(self, *_args: Any, **_kwargs: Any) -> None:
        """Refuse: nothing here pairs."""
        message = "the virtual peripherals do not pair"
        raise BleakError(message)

    async def unpair(self) -> None:
        """Do nothing: nothing was paired."""

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_kwargs: Any) -> bytearray:
        """Read a value, long ones in parts."""
        return bytearray(await self._request(self._peer().read_value(characteristic.obj)))

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_kwargs: Any) -> bytearray:
        """Read a descriptor."""
        return bytearray(await self._request(self._peer().read_value(descriptor.obj)))

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: Any, response: bool
    ) -> None:
        """Write a value, a long one in parts."""
        await self._request(self._peer().write_value(characteristic.obj, bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: Any) -> None:
        """Write a descriptor."""
        await self._request(self._peer().write_value(descriptor.obj, bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: Callable[[bytearray], None], **_kwargs: Any
    ) -> None:
        """Subscribe."""
        await self._request(
            self._peer().subscribe(characteristic.obj, lambda value: callback(bytearray(value)))
        )

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Unsubscribe."""
        await self._request(self._peer().unsubscribe(characteristic.obj))

    async def _reach(self, timeout_s: float) -> device.Connection:
        async with _bleak_errors():
            try:
                return await self.host.connect(self.address, timeout_s)
            except (TimeoutError, core.ConnectionError) as error:
                message = f"no answer from {self.address} within {timeout_s:g} s: {error}"
                raise BleakDeviceNotFoundError(self.address, message) from error

    async def _request(self, procedure: Coroutine[Any, Any, _T]) -> _T:
        """Return the procedure's result. It goes on when the caller is cancelled.

        ATT has one request at a time, and the next one must not be given this one's answer (Bluetooth Core,
        Vol 3, Part F, 3.3.2). It ends with the connection at the latest.
        """
        task = asyncio.ensure_future(procedure)
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        async with _bleak_errors():
            return await asyncio.shield(task)

    def _peer(self) -> Any:
        if self._connection is None:
            message = "Not connected"
            raise BleakError(message)
        return self._connection.gatt_client

    def _disconnected(self, _reason: int) -> None:
        was_wanted = self._connection is None
        self._connection, self.services = None, None
        if not was_wanted and self._disconnected_callback is not None:
            self._disconnected_callback()


@contextlib.asynccontextmanager
async def _bleak_errors() -> AsyncIterator[None]:
    """Turn bumble's errors into bleak's; a request that a disconnection cancelled is one of them."""
    try:
        yield
    except att.ATT_Error as error:
        raise BleakGATTProtocolError(int(error.error_code)) from error
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        message = "Disconnected"
        raise BleakError(message) from None
    except (core.BaseBumbleError, TimeoutError) as error:
        raise BleakError(str(error)) from error


def _collection(peer: device.Peer, client: Client) -> BleakGATTServiceCollection:
    services = BleakGATTServiceCollection()
    for service in peer.services:
        described = BleakGATTService(service, service.handle, _uuid(service.uuid))
        services.add_service(described)
        for characteristic in service.characteristics:
            services.add_characteristic(_described(characteristic, described, client))
            for descriptor in characteristic.descriptors:
                parent = services.characteristics[characteristic.handle]
                services.add_descriptor(
                    BleakGATTDescriptor(descriptor, descriptor.handle, _uuid(descriptor.type), parent)
                )
    return services


def _described(characteristic: Any, service: BleakGATTService, client: Client) -> BleakGATTCharacteristic:
    flags = gatt.Characteristic.Properties
    names = {
        flags.READ: "read",
        flags.WRITE: "write",
        flags.WRITE_WITHOUT_RESPONSE: "write-without-response",
        flags.NOTIFY: "notify",
        flags.INDICATE: "indicate",
    }
    properties: Any = [name for flag, name in names.items() if characteristic.properties & flag]
    return BleakGATTCharacteristic(
        characteristic,
        characteristic.handle,
        _uuid(characteristic.uuid),
        properties,
        lambda: client.mtu_size - 3,
        service,
    )


def _uuid(uuid: core.UUID) -> str:
    return uuid.to_hex_str("-").lower() if len(uuid.uuid_bytes) == 16 else _expanded(uuid)  # noqa: PLR2004 - 128 bits


def _expanded(uuid: core.UUID) -> str:
    return f"{int.from_bytes(uuid.uuid_bytes, 'little'):08x}-0000-1000-8000-00805f9b34fb"
