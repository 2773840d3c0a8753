"""What machine and grinder share over any subset of the three clients, and the grinder itself.

Reads come from the local API where there is one, so that the cloud is spared (`lamarzocco-gateway.md`,
section 9).
"""

from __future__ import annotations

import abc
import asyncio
import enum
import logging
import math
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, Self, TypeVar

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, HomewireError, NotSupported
from homewire.lamarzocco.gateway.client import (
    LaMarzoccoBluetoothClient,
    LaMarzoccoCloudClient,
    LaMarzoccoLocalClient,
)
from homewire.lamarzocco.gateway.models import FirmwareType, GrinderConfiguration
from homewire.lamarzocco.gateway.views import (
    LaMarzoccoCoffeeStatistics,
    LaMarzoccoFirmware,
    LaMarzoccoGrinderConfig,
    coffee_statistics,
    grinder_view,
)
from homewire.lamarzocco.models import MODELS, Model, find_model
from homewire.unknowns import Unknowns

__all__ = ["LaMarzoccoDevice", "LaMarzoccoGrinder", "Path", "no_local"]

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

_TOKEN_EVERY_S = 600.0
"""A machine that does not take its key after a token request will not after the next: the cloud is spared."""

_TOKEN_WAIT_S = 1.0
_TOKEN_TRIES = 5
"""The key works about a second after the token request (section 15, item 7); the wait is not fixed."""


class Path(enum.StrEnum):
    """The way that a command took. Every member is true, as the replaced library's answer was."""

    BLUETOOTH = "bluetooth"
    CLOUD = "cloud"


class LaMarzoccoDevice(abc.ABC):
    """What machine and grinder share: identity, clients, firmware and statistics.

    `last_path` tells which way the last command took, `reads_local` whether the last reading came from
    the machine itself. `bluetooth_search` is an event that whoever looks for the machine over the air sets
    when it was heard, or the search is over: a command waits a moment for it.
    """

    def __init__(
        self,
        model: str,
        serial_number: str,
        name: str,
        cloud_client: LaMarzoccoCloudClient | None = None,
        local_client: LaMarzoccoLocalClient | None = None,
        bluetooth_client: LaMarzoccoBluetoothClient | None = None,
        *,
        clock: Clock | None = None,
        unknowns: Unknowns | None = None,
    ) -> None:
        self.model = model
        self.serial_number = serial_number
        self.name = name
        self.traits = _traits(model)
        self.cloud_client = cloud_client
        self.local_client = local_client
        self.bluetooth_client = bluetooth_client
        self.clock = clock or Clock()
        self.unknowns = unknowns or Unknowns()
        self.firmware: Mapping[FirmwareType, LaMarzoccoFirmware] = {}
        self.statistics = LaMarzoccoCoffeeStatistics()
        self.last_path: Path | None = None
        self.reads_local = False
        self.bluetooth_search: asyncio.Event | None = None
        self._local_complained = False
        self._asked_for_key_at = -math.inf

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Return the device; `await` it to have configuration, firmware and statistics read as well."""
        return cls(*args, **kwargs)

    def __await__(self) -> Generator[Any, None, Self]:
        return self._loaded().__await__()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.full_model_name} {self.serial_number}>"

    @property
    def full_model_name(self) -> str:
        """The model's name for people."""
        return self.traits.title

    @property
    def bluetooth_connected(self) -> bool:
        """Whether the Bluetooth link stands at the moment."""
        return self.bluetooth_client is not None and self.bluetooth_client.connected

    @abc.abstractmethod
    async def get_config(self) -> None:
        """Read the configuration, from the machine itself if possible; raise what the last way raised."""

    async def get_firmware(self) -> None:
        """Read installed and offered firmware from the cloud."""
        records = await self._cloud.get_firmware(self.serial_number)
        self.firmware = {kind: LaMarzoccoFirmware.of(record) for kind, record in records.items()}

    async def get_statistics(self) -> None:
        """Read the drink counters from the cloud."""
        self.statistics = coffee_statistics(await self._cloud.get_statistics(self.serial_number))

    async def update_firmware(self, component: FirmwareType) -> bool:
        """Install the offered firmware; return once it is installed."""
        done = await self._cloud.update_firmware(self.serial_number, component)
        await self.get_firmware()
        return done

    async def close(self) -> None:
        """Close every client of this device."""
        for client in (self.bluetooth_client, self.local_client, self.cloud_client):
            if client is not None:
                await client.close()

    @property
    def _cloud(self) -> LaMarzoccoCloudClient:
        if self.cloud_client is None:
            raise NotSupported(
                f"{self.name} has no cloud client, and this goes through the cloud only", appliance=self.name
            )
        return self.cloud_client

    async def read_extras(self) -> None:
        """Read firmware and statistics, which nothing else depends on: what cannot be had stays as it was."""
        for read in (self.get_firmware, self.get_statistics):
            try:
                await read()
            except AuthenticationFailed:
                raise
            except HomewireError as error:
                _log.info("%s: %s", self.name, error)

    async def _loaded(self) -> Self:
        await self.get_config()
        if self.cloud_client is not None:
            await self.get_firmware()
            await self.get_statistics()
        return self

    async def _read(self, kind: Any) -> Any:
        """Return the configuration from the machine itself, else from the cloud."""
        if self.local_client is not None:
            try:
                config = await self._read_local(self.local_client, kind)
            except HomewireError as error:
                self._complain(error)
            else:
                self._praise()
                return config
        self.reads_local = False
        return await self._cloud.get_configuration(self.serial_number, kind)

    async def _read_local(self, local: LaMarzoccoLocalClient, kind: Any) -> Any:
        return await self._opened(lambda: local.get_configuration(kind))

    async def _opened(self, use: Callable[[], Awaitable[_T]]) -> _T:
        """Use the local API; where it does not take the key, have the cloud send it and try once more."""
        try:
            return await use()
        except AuthenticationFailed:
            if self.cloud_client is None or not self._may_ask_for_key():
                raise
        await self.activate_local_key()
        result = await use()
        self._asked_for_key_at = -math.inf
        return result

    def _may_ask_for_key(self) -> bool:
        now = self.clock.monotonic()
        allowed = now - self._asked_for_key_at >= _TOKEN_EVERY_S
        if allowed:
            self._asked_for_key_at = now
        return allowed

    async def activate_local_key(self) -> None:
        """Have the cloud send the key to the machine and wait until it works (section 9)."""
        await self._cloud.token_command(self.serial_number)
        for _ in range(_TOKEN_TRIES):
            await self.clock.sleep(_TOKEN_WAIT_S)
            try:
                await (self.local_client or no_local(self.name)).get_config()
            except AuthenticationFailed:
                continue
            return

    def _complain(self, error: HomewireError) -> None:
        if self.cloud_client is None:
            raise error
        if not self._local_complained:
            _log.warning("%s: the local API does not work, the cloud is asked instead: %s", self.name, error)
            self._local_complained = True

    def _praise(self) -> None:
        self.reads_local = True
        if self._local_complained:
            _log.info("%s: the local API works again", self.name)
            self._local_complained = False


class LaMarzoccoGrinder(LaMarzoccoDevice):
    """The Pico grinder: it reports, and takes no commands in this generation (section 8.6)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.configuration: GrinderConfiguration | None = None

    @property
    def config(self) -> LaMarzoccoGrinderConfig:
        """Everything known at the moment; a frozen view."""
        return grinder_view(self.configuration or GrinderConfiguration())

    async def get_config(self) -> None:
        """Read the configuration, from the grinder itself if possible."""
        self.configuration = await self._read(GrinderConfiguration)


def _traits(name: str) -> Model:
    model = find_model(name)
    if model is None:
        known = ", ".join(model.gateway_name for model in MODELS)
        raise NotSupported(f"the model {name!r} is not known", hint=f"Known: {known}. Please report it.")
    return model


def no_local(name: str) -> LaMarzoccoLocalClient:
    """Refuse what needs the local API."""
    raise NotSupported(f"{name} has no local client", appliance=name)
