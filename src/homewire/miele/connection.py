"""The connection to one Miele module: opened once, then told or asked, gently, until it is lost.

How often to ask follows miele-http.md, section 17: every minute while nothing happens or pushes arrive,
every ten seconds while a programme runs without them. Binary leaves are read seldom and only from an
appliance that is awake. Pushes are believed to work only while they do: if polling finds what no push told,
polling is frequent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, ClassVar, Final

import msgspec

from homewire.appliance import Origin
from homewire.clock import Clock
from homewire.commands import Allowance
from homewire.discovery import Service
from homewire.errors import AuthenticationFailed, ConnectionLost, HomewireError
from homewire.link.connection import Connection
from homewire.miele.appliance import MieleAppliance
from homewire.miele.client import MieleClient
from homewire.miele.discovery import SERVICES, announcement
from homewire.miele.features import Abilities
from homewire.miele.models import DeviceEntry
from homewire.miele.peer import PushPeer
from homewire.miele.push import Subscriber, take_back
from homewire.miele.refusals import NotNow
from homewire.miele.signing import Credentials
from homewire.secrets import Secret

__all__ = ["MieleConnection", "MieleSettings"]

_log = logging.getLogger(__name__)

_IDLE_S: Final = 60.0
_RUNNING_S: Final = 10.0
"""Intervals of `/State` (section 17)."""

_LEAVES_S: Final = 60.0
_LEAVES_IDLE_S: Final = 900.0
"""Intervals of DOP2 statistics: minutes, and only while awake (section 17)."""

_DOP1_PROTOCOL: Final = 2
"""ProtocolVersion of hoods that speak Dop1 (section 16)."""

_GOODBYE_S: Final = 3.0
"""What closing may spend on a module that may be gone; the rest is made up for at the next opening."""

_STRIKES: Final = 3
"""A module under load drops a request now and then; the third failure in a row is a lost link."""


class MieleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a module: its address, and the household's keys in hexadecimal.

    `push` lets the appliance tell changes by itself where it can; `listen_port` is the port for that (0:
    any free one), `listen_address` the address to listen on.
    """

    host: str
    group_id: str
    group_key: Secret
    push: bool = True
    listen_address: str = "0.0.0.0"  # noqa: S104 - appliances have to reach it; every request is authenticated
    listen_port: int = 0
    timeout_s: float = 10.0


class MieleConnection(Connection[MieleSettings]):
    """One module and what is behind it, usually one appliance."""

    kind: ClassVar[str] = "miele"
    Settings: ClassVar[type[msgspec.Struct]] = MieleSettings
    announced_as: ClassVar[tuple[str, ...]] = SERVICES

    def __init__(
        self,
        settings: MieleSettings,
        *,
        name: str | None = None,
        clock: Clock | None = None,
        allow: Allowance | None = None,
        session: Any = None,
    ) -> None:
        super().__init__(settings, name=name, clock=clock, allow=allow)
        self._session = session
        self.client: MieleClient | None = None
        self._peer: PushPeer | None = None
        self._subscribers: dict[str, Subscriber] = {}
        self._orphans: dict[str, str] = {}
        self._pushes = _PushHealth()
        self._nudge = asyncio.Event()

    async def open(self) -> None:
        """Read the appliances behind the module, their abilities and their state."""
        settings = self.settings
        keys = Credentials.from_hex(settings.group_id, settings.group_key.reveal())
        self.client = MieleClient(
            settings.host,
            keys.group_id,
            keys.group_key,
            settings.timeout_s,
            session=self._session,
            clock=self.clock,
        )
        self.client.transport.open()
        for entry in await self.client.list_devices():
            await self._open_appliance(self.client, entry)
        await self._take_back(self.client)
        if settings.push:
            await self._start_push(keys)

    async def serve(self) -> None:
        """Follow the appliances; raise when the module is lost."""
        strikes = 0
        while True:
            await self._pause()
            try:
                await self._round()
            except AuthenticationFailed:
                raise
            except HomewireError as error:
                strikes += 1
                _log.debug("%s: failure %s of %s: %s", self.name, strikes, _STRIKES, error)
                if strikes >= _STRIKES:
                    raise ConnectionLost(error.message, appliance=self.name, hint=error.hint) from error
            else:
                strikes = 0

    async def close(self) -> None:
        """Take subscriptions back and close everything."""
        client, self.client = self.client, None
        peer, self._peer = self._peer, None
        subscribers, self._subscribers = self._subscribers, {}
        for subscriber in subscribers.values():
            self._orphans |= subscriber.subscriptions
        try:
            with contextlib.suppress(TimeoutError):
                async with self.clock.timeout(_GOODBYE_S):
                    await self._take_back(client)
        finally:
            if client is not None:
                await client.close()
            if peer is not None:
                await self._leave(peer)

    def is_announced_by(self, service: Service) -> bool | None:
        """Tell whether it is our module: of our household, if it says so, and at our address (section 8)."""
        found = announcement(service)
        if found.is_peer or (found.paired and found.group != self.settings.group_id.upper()):
            return False
        return service.is_at(self.settings.host)

    def diagnostics(self) -> dict[str, Any]:
        """Tell how the link works."""
        return {
            "host": self.settings.host,
            "push": {route: each.active for route, each in self._subscribers.items()},
            "push_healthy": self._pushes.healthy,
            "requests": self.client.transport.requests if self.client else 0,
        }

    async def _take_back(self, client: MieleClient | None) -> None:
        """Take back what the appliances keep of us; what cannot be is left for the next opening."""
        if client is not None and self._orphans:
            with contextlib.suppress(HomewireError):
                await take_back(client, self._orphans)

    async def _open_appliance(self, client: MieleClient, entry: DeviceEntry) -> None:
        appliance = self._known(entry.route)
        if appliance is None:
            appliance = await self._new_appliance(client, entry.route)
            appliance.client = client
            await appliance.read_state()
            self._add(appliance)
        else:
            appliance.client = client
            await appliance.read_state()
        await appliance.read_update()
        await self._read_leaves(appliance)

    def _known(self, route: str) -> MieleAppliance | None:
        found = self._appliances.get(f"miele:{route}")
        return found if isinstance(found, MieleAppliance) else None

    async def _new_appliance(self, client: MieleClient, route: str) -> MieleAppliance:
        device = await client.get_device(route)
        has_dop2 = "DOP2" in await client.list_resources(route)
        abilities = Abilities.seen(
            device.device_type or 0,
            device.state,
            has_dop2=has_dop2,
            has_dop1=device.ident.protocol_version == _DOP1_PROTOCOL,
        )
        return MieleAppliance(
            client,
            route,
            device.ident,
            abilities,
            clock=self.clock,
            allow=self.allow,
            unknowns=self.unknowns,
        )

    async def _start_push(self, keys: Credentials) -> None:
        """Listen and subscribe; a port that is taken or an appliance without push just means polling."""
        assert self.client is not None  # noqa: S101 - called while opening
        settings = self.settings
        address, port = settings.listen_address, settings.listen_port
        try:
            peer = await PushPeer.join(keys, address=address, port=port, clock=self.clock)
        except OSError as error:
            _log.info("%s cannot listen for pushes and polls instead: %s", self.name, error)
            return
        self._peer = peer
        for appliance in self._mieles():
            peer.listen(appliance.route, self._take_push)
            subscriber = Subscriber(self.client, appliance.route, peer, clock=self.clock)
            if await subscriber.subscribe():
                self._subscribers[appliance.route] = subscriber
        if not self._subscribers:
            self._peer = None
            await self._leave(peer)

    async def _leave(self, peer: PushPeer) -> None:
        for appliance in self._mieles():
            peer.forget(appliance.route, self._take_push)
        await peer.leave()

    def _take_push(self, route: str, resource: str, content: dict[str, Any]) -> None:
        appliance = self._known(route)
        if appliance is None:
            return
        self._pushes.arrived()
        if resource == "State":
            was_running = appliance.is_running
            appliance.take(content, Origin.PUSH)
            if appliance.is_running != was_running or appliance.attention_due:
                self._nudge.set()

    async def _pause(self) -> None:
        """Wait until the next round is due, or something happened that changes the plan."""
        self._nudge.clear()
        with contextlib.suppress(TimeoutError):
            async with self.clock.timeout(self._interval_s()):
                await self._nudge.wait()

    def _interval_s(self) -> float:
        busy = any(appliance.is_running for appliance in self._mieles())
        return _RUNNING_S if busy and not self._pushes.healthy else _IDLE_S

    async def _round(self) -> None:
        for appliance in self._mieles():
            before = appliance.raw
            await appliance.read_state()
            self._pushes.polled(missed=_differs(before, appliance.raw))
            subscriber = self._subscribers.get(appliance.route)
            if subscriber is not None:
                await subscriber.renew()
            await self._read_leaves(appliance)

    async def _read_leaves(self, appliance: MieleAppliance) -> None:
        """Read the slow values when they are due and the appliance is awake."""
        now = self.clock.monotonic()
        if not appliance.abilities.has_dop2 or appliance.is_asleep:
            return
        if now < appliance.leaves_due_at:
            if appliance.attention_due:
                await appliance.read_attention()
            return
        appliance.leaves_due_at = now + (_LEAVES_S if appliance.is_running else _LEAVES_IDLE_S)
        if not appliance.programmes_known:
            await appliance.read_programmes()
        with contextlib.suppress(NotNow):
            await appliance.read_consumption()
            await appliance.read_attention()

    def _mieles(self) -> list[MieleAppliance]:
        return [each for each in self._appliances.values() if isinstance(each, MieleAppliance)]


class _PushHealth:
    """Whether pushes can be relied on: they arrived, and polling found nothing that they had not told."""

    def __init__(self) -> None:
        self.healthy = False

    def arrived(self) -> None:
        self.healthy = True

    def polled(self, *, missed: bool) -> None:
        if missed:
            self.healthy = False


_TICKING: Final = frozenset({"RemainingTime", "ElapsedTime", "StartTime", "Temperature"})
"""Fields that move by themselves: no push is missed when one of them differs."""


def _differs(before: dict[str, Any], after: dict[str, Any]) -> bool:
    keys = (before.keys() | after.keys()) - _TICKING
    return bool(before) and any(before.get(key) != after.get(key) for key in keys)
