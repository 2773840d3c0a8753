"""The simulated machine's GATT server (`lamarzocco-gateway.md`, section 11)."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable

from homewire.lamarzocco.gateway.simulator.commands import BLUETOOTH
from homewire.lamarzocco.gateway.simulator.machine import SimulatedMachine
from homewire.simulation.bluetooth import Air, Characteristic, Peripheral, Service

__all__ = ["BluetoothServer"]

_log = logging.getLogger(__name__)

_TAIL = "7847-e12b-09a8-b04b-8e0922a9abab"
_DEVICE_INFORMATION = "0000180a-0000-1000-8000-00805f9b34fb"


class BluetoothServer:
    """One machine's Bluetooth: no bonding, an authentication text, commands without a reply.

    `deaf` (a lever) takes every write and does nothing. A wrong key is not reported either: the write
    succeeds and nothing happens (section 11.2, assumed).
    """

    def __init__(self, machine: SimulatedMachine, air: Air, *, username: str, address: str) -> None:
        self.machine = machine
        self.deaf = False
        self.connections = 0
        self._username = username
        self._authenticated: set[int] = set()
        self.peripheral = Peripheral(
            air,
            name=f"{machine.model.bluetooth_prefix}_{machine.serial}",
            address=address,
            services=[self._service(), self._device_information()],
            on_connection=self._connection,
        )

    async def start(self) -> None:
        """Advertise."""
        await self.peripheral.start()

    async def stop(self) -> None:
        """Power off."""
        await self.peripheral.stop()

    def _connection(self, handle: int, connected: bool) -> None:
        self._authenticated.discard(handle)
        self.connections += connected

    def _service(self) -> Service:
        characteristics = [
            Characteristic(uuid=f"030b{_TAIL}", read=lambda _handle: b""),
            Characteristic(uuid=f"040b{_TAIL}", read=lambda _handle: b""),
            Characteristic(uuid=f"090b{_TAIL}", read=lambda _handle: b"", write=self._authenticate),
            Characteristic(uuid=f"050b{_TAIL}", read=lambda _handle: b"", write=self._command),
            Characteristic(uuid=f"060b{_TAIL}", write=_ignore),
            Characteristic(uuid=f"070b{_TAIL}", write=_ignore),
        ]
        return Service(uuid="d30a7847-e12b-09a8-b04b-8e0922a9abab", characteristics=characteristics)

    def _device_information(self) -> Service:
        def text(prefix: str, value: str) -> Characteristic:
            return Characteristic(
                uuid=f"0000{prefix}-0000-1000-8000-00805f9b34fb", read=_constant(value.encode())
            )

        own = self.machine
        strings = [
            text("2a29", "La Marzocco"),
            text("2a24", own.model.title),
            text("2a25", own.serial),
            text("2a26", own.gateway),
            text("2a28", "1.12"),
        ]
        return Service(uuid=_DEVICE_INFORMATION, characteristics=strings)

    async def _authenticate(self, handle: int, value: bytes) -> None:
        own = f"{self._username}:{self.machine.serial}".encode()
        expected = base64.b64encode(own) + b"@" + base64.b64encode(self.machine.key.encode())
        if value == expected:
            self._authenticated.add(handle)
        else:
            self._authenticated.discard(handle)
            _log.info("%s ignores a wrong Bluetooth key", self.machine.serial)

    async def _command(self, handle: int, value: bytes) -> None:
        if self.deaf or handle not in self._authenticated or not value.endswith(b"\x00"):
            return
        try:
            command = json.loads(value[:-1])
            BLUETOOTH[command["name"]](self.machine, command["parameter"])
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            _log.info("%s does not understand %r: %r", self.machine.serial, value, error)


async def _ignore(_handle: int, _value: bytes) -> None:
    """Take a write whose use is unknown."""


def _constant(value: bytes) -> Callable[[int], bytes]:
    return lambda _handle: value
