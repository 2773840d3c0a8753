"""Finding machines over Bluetooth by the names that they advertise."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, overload

import msgspec

from homewire.errors import ConnectionFailed
from homewire.lamarzocco.bluetooth.radio import Radio, import_bleak

__all__ = ["DeviceList", "Found", "hear", "serial_of"]

_SCAN_S = 5.0
"""bleak's own default; a machine advertises several times a second."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A machine in reach: its name, address, serial number, and bleak's device to connect to."""

    name: str
    address: str
    serial: str | None
    device: Any


def serial_of(name: str) -> str | None:
    """Return the serial number, which follows the first underscore (`lamarzocco-gateway.md`, 11.2)."""
    _prefix, underscore, serial = name.partition("_")
    return serial if underscore and serial else None


async def hear(
    prefixes: tuple[str, ...],
    take: Callable[[Found], bool],
    *,
    radio: Radio,
    timeout_s: float = _SCAN_S,
) -> None:
    """Call `take` with every machine as soon as it is heard, until it returns True or the time is up.

    Raise ConnectionFailed where this computer cannot scan.
    """
    bleak = import_bleak()
    enough = asyncio.Event()
    heard: set[str] = set()

    def detected(device: Any, advertisement: Any) -> None:
        name = advertisement.local_name or device.name or ""
        if name.startswith(prefixes) and device.address not in heard and not enough.is_set():
            heard.add(device.address)
            machine = Found(name=name, address=device.address, serial=serial_of(name), device=device)
            if take(machine):
                enough.set()

    with _scan_errors(bleak):
        async with bleak.BleakScanner(detected, **radio.scanner_options()):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await enough.wait()


@contextlib.contextmanager
def _scan_errors(bleak: Any) -> Iterator[None]:
    try:
        yield
    except (bleak.exc.BleakError, OSError) as error:
        raise ConnectionFailed(
            f"this computer cannot scan for Bluetooth devices: {error}",
            path="bluetooth",
            hint="Is there a Bluetooth adapter, and is it switched on?",
        ) from error


class DeviceList(Sequence[Any]):
    """bleak devices whose names begin with one of the prefixes.

    `await` it. Code that does not (as the README of the replaced library has it) may use it as a
    sequence: the scan then runs in a thread of its own while the caller waits.
    """

    def __init__(
        self,
        prefixes: tuple[str, ...],
        *,
        scanner: Any = None,
        radio: Radio | None = None,
        timeout_s: float = _SCAN_S,
    ) -> None:
        self._prefixes = prefixes
        self._scanner = scanner
        self._radio = radio
        self._timeout_s = timeout_s
        self._devices: list[Any] | None = None

    def __await__(self) -> Generator[Any, None, list[Any]]:
        return self._scan().__await__()

    def __len__(self) -> int:
        return len(self._now())

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._now()[index]

    async def found(self) -> list[Found]:
        """Return what is in reach with names and serial numbers."""
        devices = await self._scan()
        return [
            Found(name=device.name, address=device.address, serial=serial_of(device.name), device=device)
            for device in devices
        ]

    async def _scan(self) -> list[Any]:
        bleak = import_bleak()
        radio = self._radio or Radio.named()
        try:
            with _scan_errors(bleak):
                if self._scanner is not None:
                    devices = await self._scanner.discover()
                else:
                    devices = await bleak.BleakScanner.discover(
                        timeout=self._timeout_s, **radio.scanner_options()
                    )
        finally:
            if self._radio is None:
                await radio.close()
        self._devices = [device for device in devices if (device.name or "").startswith(self._prefixes)]
        return self._devices

    def _now(self) -> list[Any]:
        """Return the devices; scan in a thread when nobody awaited it."""
        if self._devices is None:
            with ThreadPoolExecutor(1, "bluetooth scan") as thread:
                thread.submit(lambda: asyncio.run(self._scan())).result()
        return self._devices or []
