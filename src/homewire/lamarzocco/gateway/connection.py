"""The connection of the gateway generation: an account or some machines, by every path that works.

The cloud tells which devices there are and their keys; a device with a known address is read and followed on
the local network, so that the cloud is spared; Bluetooth carries what it can (`lamarzocco-gateway.md`,
sections 9 to 11 and 13). A device without a local API is polled: fast while it is on, slowly in standby.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any, ClassVar

import msgspec

from homewire.appliance import Origin
from homewire.clock import Clock
from homewire.commands import Allowance
from homewire.discovery import Service
from homewire.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    HomewireError,
    NotSupported,
)
from homewire.lamarzocco.bluetooth import Found, Radio, hear
from homewire.lamarzocco.gateway.appliance import GrinderAppliance, MachineAppliance
from homewire.lamarzocco.gateway.client import (
    LaMarzoccoBluetoothClient,
    LaMarzoccoCloudClient,
    LaMarzoccoLocalClient,
)
from homewire.lamarzocco.gateway.client.bluetooth import BT_MODEL_PREFIXES
from homewire.lamarzocco.gateway.client.cloud import GATEWAY_URL
from homewire.lamarzocco.gateway.client.tokens import CMS_URL
from homewire.lamarzocco.gateway.discovery import SERVICE_TYPE, announced
from homewire.lamarzocco.gateway.machine import LaMarzoccoDevice, LaMarzoccoGrinder, LaMarzoccoMachine
from homewire.lamarzocco.gateway.models import LaMarzoccoDeviceInfo
from homewire.lamarzocco.models import find_model, model_of_serial
from homewire.link.connection import Connection
from homewire.secrets import Secret

__all__ = ["GatewayConnection", "GatewaySettings", "LocalDevice"]

_log = logging.getLogger(__name__)

_POLL_ON_S = 30.0
_POLL_STANDBY_S = 60.0
"""The rhythm of the largest consumer (section 13), and half of it while nothing can happen but a wake-up."""

_POLL_STREAMING_S = 300.0
"""With the stream open only schedules and the like have to be asked for."""

_READ_AT_ONCE = 8
"""Devices read at the same time while opening."""

_SEARCH_AGAIN_S = 300.0
"""A machine may come into reach later; scanning all the time would keep others off the radio."""

_STATISTICS_S = 300.0
_FIRMWARE_S = 3600.0
"""Section 13, last paragraph."""


class LocalDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that is reached without the cloud: its key and where it is."""

    serial: str
    token: Secret
    model: str | None = None
    name: str | None = None
    host: str | None = None


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """An account (`username`, `password`), devices known beforehand (`devices`), or both.

    `hosts` gives addresses (`host` or `host:port`) on the local network by serial number. `serials` limits
    the connection to some of the account's devices. `bluetooth` is "off", "auto" or an adapter; its
    commands need the account's e-mail in `username`.
    """

    username: str | None = None
    password: Secret | None = None
    serials: tuple[str, ...] = ()
    hosts: dict[str, str] = {}
    devices: tuple[LocalDevice, ...] = ()
    stream: bool = True
    bluetooth: str = "off"
    cms_url: str = CMS_URL
    gateway_url: str = GATEWAY_URL


class GatewayConnection(Connection[GatewaySettings]):
    """All devices of one account, or those that are configured."""

    kind: ClassVar[str] = "lamarzocco-gateway"
    Settings = GatewaySettings
    announced_as: ClassVar[tuple[str, ...]] = (SERVICE_TYPE,)

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        name: str | None = None,
        clock: Clock | None = None,
        allow: Allowance | None = None,
    ) -> None:
        super().__init__(settings, name=name, clock=clock, allow=allow)
        self._cloud: LaMarzoccoCloudClient | None = None
        self._account: tuple[str | None, Secret | None] = (None, None)
        self._fleet: dict[str, LaMarzoccoDeviceInfo] = {}
        self._infos: dict[str, LaMarzoccoDeviceInfo] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._failing: set[str] = set()
        self._radio: Any = None
        self.bluetooth_searched = asyncio.Event()

    async def open(self) -> None:
        """Sign in, find the devices and read each once; raise what went wrong when none could be read."""
        self._cloud = self._cloud_client()
        self._infos = await self._find_devices()
        if not self._infos:
            raise ConfigurationError(
                "there is no device to connect to",
                hint="Pair the machine with this account in the vendor's app, or add it to devices.",
            )
        self._failing.clear()
        errors = await self._first_readings()
        if all(errors):
            raise next(error for error in errors if error)
        known = self._appliances
        self._infos = {key: info for key, info in self._infos.items() if f"lamarzocco:{key}" in known}

    async def serve(self) -> None:
        """Follow every device until all are lost."""
        appliances = [self._appliances[f"lamarzocco:{serial}"] for serial in self._infos]
        for appliance in appliances:
            if isinstance(appliance, MachineAppliance | GrinderAppliance):
                self._start(self._follow(appliance))
            if isinstance(appliance, MachineAppliance) and self._streams(appliance):
                self._start(self._stream(appliance))
        searching = asyncio.ensure_future(self._find_bluetooth())
        try:
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            searching.cancel()
            await asyncio.gather(searching, return_exceptions=True)

    async def close(self) -> None:
        """Stop following and close every client; tokens stay, so that opening again needs no sign-in."""
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for appliance in self._appliances.values():
            if isinstance(appliance, MachineAppliance | GrinderAppliance):
                await appliance.device.close()
        if self._cloud is not None:
            await self._cloud.close()
        radio, self._radio = self._radio, None
        if radio is not None:
            await radio.close()

    def is_announced_by(self, service: Service) -> bool | None:
        """Tell whether it is a machine with a local address; for others the cloud is not asked again."""
        hosts = self._hosts()
        serial = announced(service).serial
        if serial is not None:
            return serial in hosts
        told = [service.is_at(host) for host in hosts.values()]
        return any(told) or (None if None in told else False)

    # --- opening

    def _cloud_client(self) -> LaMarzoccoCloudClient | None:
        """Return the account's client; the same one again while the credentials stay."""
        own = self.settings
        account = (own.username, own.password)
        if own.username is None or own.password is None:
            self._fleet = {}
            return None
        if self._cloud is not None and account == self._account:
            return self._cloud
        self._account, self._fleet = account, {}
        return LaMarzoccoCloudClient(
            own.username,
            own.password,
            cms_url=own.cms_url,
            gateway_url=own.gateway_url,
            clock=self.clock,
            unknowns=self.unknowns,
        )

    async def _find_devices(self) -> dict[str, LaMarzoccoDeviceInfo]:
        infos = {device.serial: _info(device) for device in self.settings.devices}
        if self._cloud is not None:
            try:
                self._fleet = await self._cloud.get_customer_fleet()
            except ConnectionFailed as error:
                if not infos and not self._fleet:
                    raise
                _log.info("%s goes on with the devices that it knows: %s", self.name, error)
        infos |= self._fleet
        wanted = self.settings.serials
        return {serial: info for serial, info in infos.items() if not wanted or serial in wanted}

    async def _first_readings(self) -> list[HomewireError | None]:
        """Read every device once, a few at a time; a café's fleet must not take minutes."""
        gate = asyncio.Semaphore(_READ_AT_ONCE)

        errors: list[HomewireError | None] = []

        async def one(info: LaMarzoccoDeviceInfo) -> None:
            async with gate:
                errors.append(await self._first_reading(info))

        ended = await asyncio.gather(*map(one, self._infos.values()), return_exceptions=True)
        for raised in ended:
            if raised is not None:
                raise raised
        return errors

    async def _first_reading(self, info: LaMarzoccoDeviceInfo) -> HomewireError | None:
        """Add a device and read it; return what went wrong."""
        appliance_id = f"lamarzocco:{info.serial_number}"
        appliance = self._appliances.get(appliance_id)
        try:
            if appliance is None:
                appliance = self._make(info)
                self._add(appliance)
            await self._equip(appliance, info)
            await appliance.refresh()
        except NotSupported as error:
            self.unknowns.note("model", info.model)
            return error
        except HomewireError as error:
            if isinstance(error, AuthenticationFailed) and error.path == "cloud":
                raise
            if appliance is not None:
                self._failing.add(appliance_id)
                appliance.set_availability(False, error.message)
            return error
        return None

    def _make(self, info: LaMarzoccoDeviceInfo) -> MachineAppliance | GrinderAppliance:
        model = find_model(info.model)
        options: dict[str, Any] = {"clock": self.clock, "unknowns": self.unknowns}
        if model is not None and model.grinder:
            grinder = LaMarzoccoGrinder(info.model, info.serial_number, info.name, **options)
            return GrinderAppliance(grinder, allow=self.allow)
        machine = LaMarzoccoMachine(info.model, info.serial_number, info.name, **options)
        return MachineAppliance(machine, allow=self.allow)

    async def _equip(self, appliance: Any, info: LaMarzoccoDeviceInfo) -> None:
        """Give the device its clients.

        The earlier local client is closed: a command may have used it while the link was down.
        """
        device = appliance.device
        device.cloud_client, device.bluetooth_client = self._cloud, None
        device.bluetooth_search = asyncio.Event() if self._uses_bluetooth else None
        host = self._hosts().get(info.serial_number)
        earlier, device.local_client = device.local_client, None
        if earlier is not None:
            await earlier.close()
        if host is not None:
            device.local_client = LaMarzoccoLocalClient(
                host, info.communication_key, clock=self.clock, unknowns=self.unknowns
            )

    def _hosts(self) -> dict[str, str]:
        listed = {device.serial: device.host for device in self.settings.devices if device.host}
        return listed | self.settings.hosts

    # --- serving

    def _start(self, work: Any) -> None:
        self._tasks.add(asyncio.ensure_future(work))

    def _streams(self, appliance: MachineAppliance) -> bool:
        return self.settings.stream and appliance.device.local_client is not None

    async def _follow(self, appliance: MachineAppliance | GrinderAppliance) -> None:
        """Read a device again and again, gently."""
        device = appliance.device
        read_at = dict.fromkeys(("statistics", "firmware"), self.clock.monotonic())
        while True:
            await self.clock.sleep(_pause_s(appliance))
            try:
                await device.get_config()
            except HomewireError as error:
                self._failed(appliance, error)
                continue
            if device.cloud_client is not None:
                await self._read_rarely(device, read_at)
            self._worked(appliance)
            appliance.show(Origin.POLL)

    async def _read_rarely(self, device: LaMarzoccoDevice, read_at: dict[str, float]) -> None:
        """Read what changes slowly; it is missed by nobody if it fails once."""
        now = self.clock.monotonic()
        rare = {
            "statistics": (_STATISTICS_S, device.get_statistics),
            "firmware": (_FIRMWARE_S, device.get_firmware),
        }
        for what, (every_s, read) in rare.items():
            if now - read_at[what] >= every_s:
                read_at[what] = now
                try:
                    await read()
                except HomewireError as error:
                    _log.info("%s: the %s cannot be read at the moment: %s", device.name, what, error)

    async def _stream(self, appliance: MachineAppliance) -> None:
        """Follow the machine's stream whenever it can be had; polling goes on meanwhile."""
        local = appliance.device.local_client
        while local is not None:
            try:
                await local.websocket_connect(appliance.received)
            except NotSupported:
                return
            except HomewireError as error:
                _log.info("%s: the stream ended: %s", appliance.identity.name, error)
            appliance.device.state.lose_stream()
            await self._read_after_stream(appliance)
            await self.clock.sleep(_POLL_ON_S)

    async def _read_after_stream(self, appliance: MachineAppliance) -> None:
        """Take a full reading: what happened since the stream fell silent is not known."""
        try:
            await appliance.device.get_config()
        except HomewireError as error:
            self._failed(appliance, error)
        else:
            self._worked(appliance)
            appliance.show(Origin.POLL)

    def _failed(self, appliance: Any, error: HomewireError) -> None:
        """Note that a device cannot be read by any path; raise when that is so for all of them."""
        if isinstance(error, AuthenticationFailed) and error.path == "cloud":
            raise error
        self._failing.add(appliance.identity.id)
        appliance.set_availability(False, error.message)
        if len(self._failing) == len(self._infos):
            self._failing.clear()
            raise ConnectionLost(f"no device can be read: {error.message}", path=error.path) from error

    def _worked(self, appliance: Any) -> None:
        if appliance.identity.id in self._failing:
            self._failing.discard(appliance.identity.id)
            appliance.set_availability(True, "connected")

    async def _find_bluetooth(self) -> None:
        """Look for the machines over the air, again and again while one is missing, and equip them."""
        if not self._uses_bluetooth:
            self.bluetooth_searched.set()
            return
        missing, complained = self._machines_with_bluetooth(), False
        while missing:
            try:
                self._radio = self._radio or Radio.named(self.settings.bluetooth)
                await hear(BT_MODEL_PREFIXES, functools.partial(self._heard, missing), radio=self._radio)
            except HomewireError as error:
                if not complained:
                    _log.info("%s goes without Bluetooth: %s", self.name, error)
                complained = True
            for appliance in missing.values():
                _found(appliance)
            self.bluetooth_searched.set()
            await self.clock.sleep(_SEARCH_AGAIN_S)

    @property
    def _uses_bluetooth(self) -> bool:
        return self.settings.bluetooth != "off" and self.settings.username is not None

    def _machines_with_bluetooth(self) -> dict[str, MachineAppliance]:
        own = {serial: self._appliances[f"lamarzocco:{serial}"] for serial in self._infos}
        return {
            serial: appliance
            for serial, appliance in own.items()
            if isinstance(appliance, MachineAppliance) and appliance.device.traits.bluetooth_prefix
        }

    def _heard(self, missing: dict[str, MachineAppliance], machine: Found) -> bool:
        """Give a machine its Bluetooth client; return whether all have one."""
        appliance = missing.pop(machine.serial or "", None)
        if appliance is not None and self.settings.username is not None:
            info = self._infos[appliance.device.serial_number]
            appliance.device.bluetooth_client = LaMarzoccoBluetoothClient(
                self.settings.username,
                info.serial_number,
                info.communication_key,
                machine.device,
                radio=self._radio,
                clock=self.clock,
            )
            _found(appliance)
        return not missing


def _found(appliance: MachineAppliance) -> None:
    """Let waiting commands go: the machine was heard, or it is not in reach."""
    search, appliance.device.bluetooth_search = appliance.device.bluetooth_search, None
    if search is not None:
        search.set()


def _info(device: LocalDevice) -> LaMarzoccoDeviceInfo:
    model = device.model
    if model is None:
        guessed = model_of_serial(device.serial)
        model = guessed.gateway_name if guessed else ""
    return LaMarzoccoDeviceInfo(
        serial_number=device.serial,
        name=device.name or device.serial,
        communication_key=device.token,
        model=model,
    )


def _pause_s(appliance: MachineAppliance | GrinderAppliance) -> float:
    if isinstance(appliance, GrinderAppliance):
        return _POLL_STREAMING_S
    if appliance.device.websocket_connected:
        return _POLL_STREAMING_S if not appliance.state.get("backflushing") else _POLL_ON_S
    return _POLL_ON_S if appliance.device.config.turned_on else _POLL_STANDBY_S
