"""Being told instead of asking: subscriptions at an appliance (miele-http.md, section 15).

Newer modules push changes of `/State` to subscribers. They want three things: our supervision entry, a
subscription whose callback leads to us, and a peer that they find and recognise (`homewire.miele.peer`).
`Subscriber` registers the peer with one appliance, renews the subscriptions in time and takes them back.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from typing import Final

import msgspec

from homewire.clock import Clock
from homewire.errors import CommandRejected, HomewireError, NotFound, NotSupported
from homewire.miele.client import MieleClient
from homewire.miele.peer import PEER_FAB_NUMBER, PushPeer
from homewire.miele.signing import Padding

__all__ = ["Subscriber", "own_address", "take_back"]

_log = logging.getLogger(__name__)

_RESOURCES: Final = ("State/", "State/Light/", "State/Status/", "Ident/")
_RENEW_S: Final = 600.0
"""No lifetime is documented; a subscription that is gone is noticed within ten minutes."""

_HTTP_PORT: Final = 80
_ANY: Final = "0.0.0.0"  # noqa: S104 - compared with, not listened on
_REFUSALS: Final = (NotFound, NotSupported, CommandRejected)


class Subscriber:
    """Keeps an appliance's subscriptions to our peer alive."""

    def __init__(self, client: MieleClient, route: str, peer: PushPeer, *, clock: Clock) -> None:
        self._client, self._route, self._peer, self._clock = client, route, peer, clock
        self._slots: dict[str, str] = {}
        self._callbacks: dict[str, str] = {}
        self._renew_at = 0.0

    @property
    def active(self) -> bool:
        """Whether the appliance accepted subscriptions; whether pushes arrive is another matter."""
        return bool(self._slots)

    async def subscribe(self) -> bool:
        """Register with the appliance; False when it does not offer push, as basic ones do not."""
        try:
            await self._client.transport.send(
                "PUT",
                f"/Devices/{self._route}/SuperVision/{PEER_FAB_NUMBER}",
                msgspec.json.encode({"Show": True, "Signal": True}),
            )
            await self._peer.announce(await self._our_address())
            for resource in _RESOURCES:
                await self._subscribe_to(resource)
        except HomewireError as error:
            _log.debug("%s offers no push: %s", self._route, error)
        self._renew_at = self._clock.monotonic() + _RENEW_S
        return self.active

    async def renew(self) -> None:
        """Look from time to time whether the subscriptions still lead to us, and make lost ones again."""
        if not self.active or self._clock.monotonic() < self._renew_at:
            return
        self._renew_at = self._clock.monotonic() + _RENEW_S
        for resource, location in tuple(self._slots.items()):
            if await self._is_lost(resource, location):
                del self._slots[resource]
                await self._subscribe_to(resource)

    @property
    def subscriptions(self) -> dict[str, str]:
        """What the appliance has of us: callbacks by the location of the subscription."""
        return {location: self._callbacks[resource] for resource, location in self._slots.items()}

    async def unsubscribe(self) -> None:
        """Take the subscriptions back, as far as the appliance still answers."""
        subscriptions, self._slots = self.subscriptions, {}
        with contextlib.suppress(HomewireError):
            await take_back(self._client, subscriptions)

    async def _is_lost(self, resource: str, location: str) -> bool:
        """Tell whether a subscription is gone, became somebody else's, or leads to an address of the past."""
        try:
            found = (await self._client.get_resource(location)).get("Callback")
        except NotFound:
            return True
        except (NotSupported, CommandRejected):
            return False  # some modules do not tell it after pairing (section 5, 403)
        if found == self._callbacks[resource] != await self._callback(resource):
            await take_back(self._client, {location: found})
            return True
        return bool(found != self._callbacks[resource])

    async def _subscribe_to(self, resource: str) -> None:
        """Subscribe to a resource, if the appliance has it and takes subscriptions."""
        callback = self._callbacks[resource] = await self._callback(resource)
        body = {"Resource": f"/Devices/{self._route}/{resource}", "Callback": callback}
        try:
            reply = await self._client.transport.send(
                "POST", "/Subscriptions", msgspec.json.encode(body), Padding.TRAILING
            )
        except _REFUSALS as error:
            _log.debug("%s takes no subscription to %s: %s", self._route, resource, error)
            return
        location = _path_of(reply.location)
        if location is not None:
            self._slots[resource] = location

    async def _callback(self, resource: str) -> str:
        host = f"{await self._our_address()}:{self._peer.port}"
        return f"http://{host}/Devices/{PEER_FAB_NUMBER}/SuperVision/{self._route}/{resource}"

    async def _our_address(self) -> str:
        """Return the address that the peer listens on, of several the one that the appliance reaches."""
        return await own_address(self._client.host) if self._peer.address == _ANY else self._peer.address


async def take_back(client: MieleClient, orphans: dict[str, str]) -> None:
    """Delete subscriptions of an earlier link, as long as they are still ours; forget those that are gone.

    Raise HomewireError when the appliance does not answer.
    """
    for location, callback in tuple(orphans.items()):
        with contextlib.suppress(*_REFUSALS):
            if (await client.get_resource(location)).get("Callback") == callback:
                await client.transport.send("DELETE", location)
        del orphans[location]


async def own_address(host: str) -> str:
    """Return the address with which this computer reaches a host; nothing is sent to it."""
    name = (host.rpartition(":")[0] or host).strip("[]")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((await _ipv4(name), _HTTP_PORT))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


async def _ipv4(name: str) -> str:
    """Look a name up without holding everything else up; an address stays what it is."""
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(name, _HTTP_PORT, family=socket.AF_INET, type=socket.SOCK_DGRAM)
        return str(found[0][4][0])


def _path_of(location: str | None) -> str | None:
    if not location:
        return None
    _, separator, rest = location.partition("://")
    path = rest.partition("/")[2] if separator else location.lstrip("/")
    return f"/{path}"
