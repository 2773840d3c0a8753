"""A Homismart account as a connection: its hubs and devices are appliances that come and go with it."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, ClassVar, Final, NoReturn

import msgspec

from homewire.appliance import Origin
from homewire.clock import Clock
from homewire.commands import Allowance
from homewire.errors import ConfigurationError, HomewireError
from homewire.homismart.appliance import HomismartAppliance, appliance_id
from homewire.homismart.client import COMMAND_TIMEOUT_S, HomismartClient
from homewire.homismart.commands import COVER_STEP
from homewire.homismart.models import is_hub, time_zone
from homewire.homismart.session import ChangeKind, DeviceChange
from homewire.kinds import Check
from homewire.link.connection import Connection
from homewire.secrets import Secret

__all__ = ["HomismartConnection", "HomismartSettings", "checks"]

_REACHABLE_BY: Final = frozenset({"onLine", "pid"})


class HomismartSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach an account."""

    username: Annotated[str, msgspec.Meta(description="The account's e-mail address.")]
    password: Annotated[Secret, msgspec.Meta(description="The account's password.")]
    url: Annotated[
        str | None, msgspec.Meta(description="Another address than the vendor's, for a simulator.")
    ] = None
    ca_file: Annotated[str | None, msgspec.Meta(description="The authority that this address has.")] = None
    accept_terms: Annotated[
        bool, msgspec.Meta(description="Accept the vendor's terms and conditions: a legal act of the owner.")
    ] = False
    time_zone: Annotated[
        str | None, msgspec.Meta(description="The flat's zone, such as Asia/Jerusalem; else this computer's.")
    ] = None
    cover_step: Annotated[
        int, msgspec.Meta(ge=1, le=100, description="What levels of covers are rounded to.")
    ] = COVER_STEP
    command_timeout_s: Annotated[
        float, msgspec.Meta(ge=1, description="How long a command may stay without a report of its device.")
    ] = COMMAND_TIMEOUT_S


class HomismartConnection(Connection[HomismartSettings]):
    """One account in the vendor's cloud."""

    kind: ClassVar[str] = "homismart"
    Settings: ClassVar[type[msgspec.Struct]] = HomismartSettings

    def __init__(
        self,
        settings: HomismartSettings,
        *,
        name: str | None = None,
        clock: Clock | None = None,
        allow: Allowance | None = None,
    ) -> None:
        super().__init__(settings, name=name, clock=clock, allow=allow)
        self._client: HomismartClient | None = None
        self._client_settings: HomismartSettings | None = None
        self._zone: dt.tzinfo | None = None
        self._origin = Origin.POLL

    @property
    def client(self) -> HomismartClient:
        """The vendor's client underneath; it is made when the connection is opened."""
        if self._client is None or self._client_settings is not self.settings:
            self._zone = time_zone(self.settings.time_zone)
            self._client = self._made_client()
            self._client_settings = self.settings
        return self._client

    async def open(self) -> None:
        """Sign in and read the list of hubs and devices."""
        self._origin = Origin.POLL
        if self._client is not None and self._client_settings is not self.settings:
            await self._client.close()
        client = self.client
        await client.open()
        self._origin = Origin.PUSH
        known = {appliance_id(device.id) for device in client.session.all_objects()}
        for gone in [i for i in self.appliances if i not in known]:
            self._remove(gone)
        self._judge(self._homismart_appliances())

    async def serve(self) -> NoReturn:
        """Serve until the link dies."""
        await self.client.serve()

    async def close(self) -> None:
        """Close the link."""
        if self._client is not None:
            await self._client.close()

    def diagnostics(self) -> Mapping[str, Any]:
        """Return how the link stands."""
        client = self._client
        return {
            "host": None if client is None else client.host,
            "logged_in": client is not None and client.is_logged_in,
            "appliances": len(self.appliances),
            "unknown_inputs": self.unknowns.report(),
        }

    def _made_client(self) -> HomismartClient:
        settings = self.settings
        client = HomismartClient(
            settings.username,
            settings.password.reveal(),
            url=settings.url,
            ssl=_trust(settings.ca_file),
            accept_terms=settings.accept_terms,
            allow=self.allow,
            time_zone=self._zone,
            command_timeout_s=settings.command_timeout_s,
            cover_step=settings.cover_step,
            clock=self.clock,
        )
        client.session.unknowns = self.unknowns
        client.session.subscribe(self._take)
        return client

    def _take(self, change: DeviceChange) -> None:
        """Carry one change of the account over to its appliance."""
        key = appliance_id(change.device.id)
        if change.kind is ChangeKind.REMOVED:
            self._remove(key)
            return
        appliance = self.appliances.get(key)
        if not isinstance(appliance, HomismartAppliance):
            appliance = self._new_appliance(change)
        else:
            appliance.take(change.device, change.keys, self._origin)
        if self._origin is Origin.PUSH and (change.keys & _REACHABLE_BY):
            self._judge(self._affected(change) if is_hub(change.device.id) else [appliance])

    def _new_appliance(self, change: DeviceChange) -> HomismartAppliance:
        appliance = HomismartAppliance(
            change.device, zone=self._zone, clock=self.clock, allow=self.allow, unknowns=self.unknowns
        )
        appliance.take(change.device, change.keys, self._origin)
        self._add(appliance)
        return appliance

    def _homismart_appliances(self) -> list[HomismartAppliance]:
        return [a for a in self.appliances.values() if isinstance(a, HomismartAppliance)]

    def _affected(self, change: DeviceChange) -> list[HomismartAppliance]:
        """Return a hub and what is behind it."""
        hub_id = change.device.id
        return [a for a in self._homismart_appliances() if hub_id in (a.device.id, a.device.pid)]

    def _judge(self, appliances: list[HomismartAppliance]) -> None:
        for appliance in appliances:
            appliance.judge_availability()


async def checks(settings: HomismartSettings, clock: Clock) -> AsyncIterator[Check]:
    """Yield what `homewire doctor` finds: settings, sign-in, devices, what was not understood."""
    connection = HomismartConnection(settings, clock=clock)
    try:
        await connection.open()
        host = connection.client.host
    except HomewireError as error:
        remedy = error.hint or "Check the settings."
        yield Check(name="sign-in", ok=False, found=error.message, remedy=remedy)
        return
    finally:
        await connection.close()
    client = connection.client
    yield Check(name="sign-in", ok=True, found=f"{client.username} signed in at {host}")
    hubs, devices = client.session.get_all_hubs(), client.session.get_all_devices()
    offline = [d.name or d.id for d in (*hubs, *devices) if d.is_online is False]
    yield Check(
        name="devices",
        ok=not offline,
        found=f"{len(hubs)} hubs, {len(devices)} devices"
        + (f"; off line: {', '.join(offline)}" if offline else ""),
        remedy="Check the power and the network of what is off line." if offline else "",
    )
    unknown = connection.unknowns.report()
    yield Check(
        name="understood",
        ok=not unknown,
        found="everything" if not unknown else f"{len(unknown)} unknown inputs",
        remedy="Please report them; the diagnostics of the connection list them." if unknown else "",
    )


def _trust(ca_file: str | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"ca_file {ca_file} cannot be read: {error}", key="ca_file") from error
