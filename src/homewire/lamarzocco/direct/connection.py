"""The connection to one machine: opened, polled and followed, held or shared with the vendor's app.

Held, the machine's own reports and the telemetry of shots arrive as they happen, and nobody else can connect.
Shared, the machine is visited at every poll and released in between
(docs/protocols/lamarzocco-tcp.md, section 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from homewire.appliance import Identity
from homewire.discovery import Service
from homewire.errors import CommandRejected, ConfigurationError, ConnectionFailed, ConnectionLost
from homewire.lamarzocco.direct.account import ACCOUNT_URL, GATEWAY_URL, Account, AccountMachine
from homewire.lamarzocco.direct.appliance import DirectAppliance
from homewire.lamarzocco.direct.discovery import SERVICE_TYPE
from homewire.lamarzocco.direct.errors import Unanswered
from homewire.lamarzocco.direct.machine import IDLE_RELEASE_S, PORT, DirectMachine
from homewire.link.connection import Connection
from homewire.secrets import Secret

__all__ = ["DirectConnection", "DirectSettings"]

_SILENT_AFTER_S = 15.0
"""A held machine reports every 1 to 2 s; three missed cycles of 4 s and some mean that it is gone."""

_WATCH_EVERY_S = 5.0


class DirectSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach one machine: its address, and its communication key or the account that has it."""

    host: Annotated[str, msgspec.Meta(description="Address or name of the machine.")]
    key: Annotated[
        Secret | None,
        msgspec.Meta(description="Communication key, 32 characters; else the account is asked."),
    ] = None
    port: Annotated[int, msgspec.Meta(ge=1, le=65535, description="TCP port.")] = PORT
    hold: Annotated[
        bool,
        msgspec.Meta(description="Keep the connection: shots live, but the vendor's app cannot connect."),
    ] = False
    poll_interval_s: Annotated[float, msgspec.Meta(ge=5, description="Seconds between full readings.")] = 30.0
    idle_release_s: Annotated[
        float, msgspec.Meta(ge=1, description="Seconds of idling after which a shared machine is released.")
    ] = IDLE_RELEASE_S
    serial: Annotated[
        str | None, msgspec.Meta(description="Serial number, to choose among the account's machines.")
    ] = None
    username: Annotated[str | None, msgspec.Meta(description="User name of the vendor's account.")] = None
    password: Annotated[Secret | None, msgspec.Meta(description="Password of the vendor's account.")] = None
    client_id: Annotated[str | None, msgspec.Meta(description="OAuth client of the vendor's app.")] = None
    client_secret: Annotated[Secret | None, msgspec.Meta(description="Its secret.")] = None
    account_url: Annotated[str, msgspec.Meta(description="Where the account is.")] = ACCOUNT_URL
    gateway_url: Annotated[str, msgspec.Meta(description="Where the counters are.")] = GATEWAY_URL


class DirectConnection(Connection[DirectSettings]):
    """One machine. It is one appliance, too."""

    kind = "lamarzocco-direct"
    Settings = DirectSettings
    announced_as = (SERVICE_TYPE,)

    def __init__(self, settings: DirectSettings, **options: Any) -> None:
        super().__init__(settings, **options)
        self._machine: DirectMachine | None = None
        self._made_for: DirectSettings | None = None
        self._known: AccountMachine | None = None

    @property
    def machine(self) -> DirectMachine | None:
        """The vendor client behind the appliance; None before the first opening."""
        return self._machine

    async def open(self) -> None:
        """Connect and take a first full reading."""
        machine = await self._prepared()
        machine.hold = self.settings.hold
        await machine.refresh()
        if machine.state.machine_type is None:
            raise ConnectionFailed(
                "the machine has not told what it is",
                appliance=self.name,
                hint="It is busy; it is asked again shortly.",
            )
        self._adopt(machine)

    async def serve(self) -> None:
        """Keep reading until the machine is gone."""
        machine = await self._prepared()
        if not self.settings.hold:
            await self._poll(machine)
            return
        polling = asyncio.ensure_future(self._poll(machine))
        lost = asyncio.ensure_future(machine.lost())
        watching = asyncio.ensure_future(self._watch_silence(machine))
        tasks: tuple[asyncio.Future[Any], ...] = (polling, lost, watching)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if lost.done():
                raise lost.result()
            for ended in (polling, watching):
                if ended.done():
                    ended.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Close the connection to the machine."""
        if self._machine is not None:
            self._machine.hold = False  # a late command connects once more; then nobody would let go
            await self._machine.close()

    def is_announced_by(self, service: Service) -> bool | None:
        """Tell whether it is our machine: at our address, or else with our serial number."""
        own = self.settings
        at = service.is_at(own.host if own.port == PORT else f"{own.host}:{own.port}")
        told = service.properties.get("serial_number")
        known = own.serial or next((one.identity.serial for one in self.appliances.values()), None)
        return told == known if at is None and told and known else at

    def diagnostics(self) -> Mapping[str, Any]:
        """Return how the link stands."""
        machine = self._machine
        return {
            "connected": machine is not None and machine.connected,
            "held": self.settings.hold,
            "model": None if machine is None else machine.model,
        }

    async def _poll(self, machine: DirectMachine) -> None:
        while True:
            await self.clock.sleep(self.settings.poll_interval_s)
            try:
                await machine.refresh()
            except (CommandRejected, Unanswered):
                continue  # a shot or a backflush keeps the board busy

    async def _watch_silence(self, machine: DirectMachine) -> None:
        while True:
            await self.clock.sleep(_WATCH_EVERY_S)
            if machine.silent_s > _SILENT_AFTER_S:
                raise ConnectionLost(f"the machine has said nothing for {machine.silent_s:.0f} s")

    async def _prepared(self) -> DirectMachine:
        """Return the machine of the present settings."""
        if self._machine is None or self._made_for is not self.settings:
            if self._machine is not None:
                await self._machine.close()
            self._machine = DirectMachine(
                self.settings.host,
                (await self.key()).reveal(),
                port=self.settings.port,
                hold=self.settings.hold,
                idle_release_s=self.settings.idle_release_s,
                clock=self.clock,
            )
            self._machine.unknowns = self.unknowns
            self._made_for = self.settings
        return self._machine

    async def key(self) -> Secret:
        """Return the communication key, from the settings or else from the account."""
        settings = self.settings
        if settings.key is not None:
            return settings.key
        login = (settings.client_id, settings.client_secret, settings.username, settings.password)
        if not all(login):
            raise ConfigurationError(
                "lamarzocco-direct needs the key, or username, password, client_id and client_secret",
                key="key",
                hint="`docs/lamarzocco-direct.md` tells how to get the key.",
            )
        async with Account(
            client_id=settings.client_id or "",
            client_secret=settings.client_secret.reveal() if settings.client_secret else "",
            username=settings.username or "",
            password=settings.password.reveal() if settings.password else "",
            account_url=settings.account_url,
            gateway_url=settings.gateway_url,
        ) as account:
            self._known = await account.machine(settings.serial)
        return self._known.key

    def _adopt(self, machine: DirectMachine) -> None:
        """Show the machine as an appliance; a new one when another machine answers at the address."""
        state = machine.state
        serial = state.serial or state.module_serial or f"{self.settings.host}:{self.settings.port}"
        identity = Identity(
            id=f"lamarzocco:{serial}",
            vendor="La Marzocco",
            model=state.model or f"type {state.machine_type}",
            name=self._title(serial),
            serial=serial,
            firmware=state.firmware,
        )
        if state.model is None:
            self.unknowns.note("machine type", int(state.machine_type or 0))
        known = self.appliances.get(identity.id)
        if isinstance(known, DirectAppliance) and known.machine is machine:
            return
        for appliance_id in tuple(self.appliances):
            self._remove(appliance_id)
        self._add(DirectAppliance(machine, identity, clock=self.clock, allow=self.allow))

    def _title(self, serial: str) -> str:
        if self.name != self.kind:
            return self.name
        return self._known.name if self._known and self._known.serial == serial else serial
