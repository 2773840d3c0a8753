"""A Bluetooth link on demand: connected on use, prepared, shared, released after idling."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost, NotFound, ProtocolError
from homewire.lamarzocco.bluetooth.radio import Radio, import_bleak

__all__ = ["BluetoothSession", "Link"]

_log = logging.getLogger(__name__)

_IDLE_S = 30.0
"""A person who changes one thing often changes another; the vendor's app does not wait longer than that."""

_FIND_S = 10.0
"""How long to look for a device of which only the address is known."""

_CONNECT_ATTEMPTS = 3
"""Connecting over the air fails now and then; commands are never repeated."""

_CONNECT_WITHIN_S = 30.0
"""All attempts together; one that waits for a machine out of reach would take 20 s by itself."""

_OPERATION_WITHIN_S = 10.0
"""A write with response takes milliseconds; a machine out of reach never answers."""

_NOT_AUTHORIZED = {0x03, 0x05, 0x08, 0x0F}
"""ATT errors of a refused access: not permitted, or authentication, authorization, encryption missing."""

Prepare: TypeAlias = "Callable[[Link], Awaitable[None]]"


class Link:
    """An open link: reads, writes and notifications by characteristic UUID, with the error family."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def write(self, uuid: str, value: bytes) -> None:
        """Write with response."""
        async with self._errors(f"write {uuid[:4]}"):
            await self._client.write_gatt_char(uuid, value, response=True)

    async def read(self, uuid: str) -> bytes:
        """Read a value."""
        async with self._errors(f"read {uuid[:4]}"):
            return bytes(await self._client.read_gatt_char(uuid))

    async def notify(self, uuid: str, callback: Callable[[bytes], object]) -> None:
        """Call back with every notification."""
        async with self._errors(f"subscribe to {uuid[:4]}"):
            await self._client.start_notify(uuid, lambda _sender, data: callback(bytes(data)))

    def has(self, uuid: str) -> bool:
        """Tell whether the machine has the characteristic; firmware adds some."""
        return self._client.services.get_characteristic(uuid) is not None

    @contextlib.asynccontextmanager
    async def _errors(self, what: str) -> AsyncIterator[None]:
        bleak = import_bleak()
        try:
            async with self._clock.timeout(_OPERATION_WITHIN_S):
                yield
        except TimeoutError as error:
            raise ConnectionLost(f"the machine did not answer: {what}", path="bluetooth") from error
        except bleak.exc.BleakCharacteristicNotFoundError as error:
            raise ProtocolError(
                f"this device has no characteristic for it: {what}",
                path="bluetooth",
                hint="Is it a La Marzocco?",
            ) from error
        except bleak.exc.BleakGATTProtocolError as error:
            refused = error.args[0] in _NOT_AUTHORIZED
            kind = AuthenticationFailed if refused else ProtocolError
            raise kind(f"the machine refused: {what}: {error.args[-1]}", path="bluetooth") from error
        except (bleak.exc.BleakError, OSError, EOFError) as error:
            raise ConnectionLost(f"the Bluetooth link broke: {what}: {error}", path="bluetooth") from error


class BluetoothSession:
    """The one link to a device, for one user at a time.

    `device` is an address or bleak's device. `prepare` runs after every connection, before the first use.
    """

    def __init__(
        self,
        device: Any,
        *,
        prepare: Prepare | None = None,
        radio: Radio | None = None,
        clock: Clock | None = None,
        idle_s: float = _IDLE_S,
    ) -> None:
        self._device = device
        self._prepare = prepare
        self._radio = radio
        self._own_radio: Radio | None = None
        self._clock = clock or Clock()
        self._idle_s = idle_s
        self._client: Any = None
        self._lock = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._releasing: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """The device's address."""
        return str(self._device if isinstance(self._device, str) else self._device.address)

    @property
    def connected(self) -> bool:
        """Whether the link stands."""
        return self._client is not None and bool(self._client.is_connected)

    @contextlib.asynccontextmanager
    async def use(self) -> AsyncIterator[Link]:
        """Yield the link, connected and prepared; others wait. Raise ConnectionFailed or NotFound."""
        async with self._lock:
            self._stay()
            try:
                yield await self._open()
            except (ConnectionLost, AuthenticationFailed):
                await self._hang_up()
                raise
            finally:
                self._leave_later()

    async def close(self) -> None:
        """Release the link; leave no timer and no task."""
        self._stay()
        if self._releasing is not None:
            await asyncio.gather(self._releasing, return_exceptions=True)
        async with self._lock:
            await self._hang_up()
            radio, self._own_radio = self._own_radio, None
            if radio is not None:
                await radio.close()

    async def _open(self) -> Link:
        if self.connected:
            return Link(self._client, self._clock)
        await self._hang_up()
        client = await self._connect()
        link = Link(client, self._clock)
        try:
            if self._prepare is not None:
                await self._prepare(link)
        except BaseException:  # half prepared is of no use to anybody
            await self._disconnect(client)
            raise
        self._client = client
        return link

    async def _connect(self) -> Any:
        bleak = import_bleak()
        import bleak_retry_connector as retry  # noqa: PLC0415 - an optional dependency

        radio = self._radio or self._make_radio()
        device = await self._found(bleak, radio)
        try:
            async with self._clock.timeout(_CONNECT_WITHIN_S):
                return await retry.establish_connection(
                    retry.BleakClientWithServiceCache,
                    device,
                    device.name or device.address,
                    max_attempts=_CONNECT_ATTEMPTS,
                    **radio.client_options(),
                )
        except (bleak.exc.BleakError, OSError, EOFError, TimeoutError) as error:
            raise ConnectionFailed(
                f"cannot connect to {device.name or device.address}: {error or 'it does not answer'}",
                path="bluetooth",
                hint="The vendor's app may be connected; a machine has room for one.",
            ) from error

    def _make_radio(self) -> Radio:
        if self._own_radio is None:
            self._own_radio = Radio.named()
        return self._own_radio

    async def _found(self, bleak: Any, radio: Radio) -> Any:
        if not isinstance(self._device, str):
            return self._device
        try:
            found = await bleak.BleakScanner.find_device_by_address(
                self._device, timeout=_FIND_S, **radio.scanner_options()
            )
        except (bleak.exc.BleakError, OSError) as error:
            raise ConnectionFailed(f"Bluetooth is not available: {error}", path="bluetooth") from error
        if found is None:
            raise NotFound(f"no Bluetooth device {self._device} in reach", path="bluetooth")
        return found

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await self._disconnect(client)

    async def _disconnect(self, client: Any) -> None:
        try:
            await client.disconnect()
        except Exception as error:
            _log.debug("Disconnecting from %s failed: %s", self.address, error)

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _leave_later(self) -> None:
        self._stay()
        if self._client is not None:
            self._idle = self._clock.call_later(self._idle_s, self._leave)

    def _leave(self) -> None:
        self._idle = None
        if not self._lock.locked():
            self._releasing = asyncio.ensure_future(self._release())

    async def _release(self) -> None:
        async with self._lock:
            if self._idle is None:
                await self._hang_up()
