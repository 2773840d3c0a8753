"""Being told instead of asking: a small peer that appliances look up and push to.

Newer modules push changes of `/State` to subscribers (miele-http.md, section 15). They want three things:
our supervision entry, a subscription whose callback leads to us, and, before the first push, our own little
resource tree with signed answers. `PushPeer` is that tree and the callback; `Subscriber` registers it with
one appliance, renews it in time and takes it back.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from homewire.clock import Clock
from homewire.errors import HomewireError, NotFound, ProtocolError
from homewire.miele.client import MieleClient
from homewire.miele.models import decode_object, format_json
from homewire.miele.serving import bare_response, open_received, signed_response
from homewire.miele.signing import Credentials, Padding, SignatureError

__all__ = ["PEER_FAB_NUMBER", "PushPeer", "Subscriber"]

_log = logging.getLogger(__name__)

PEER_FAB_NUMBER: Final = "000900000001"
"""A peer has a 12-digit number of its own (section 15)."""

_PEER_DEVICE_TYPE: Final = 2147483647
"""Marks an app or gateway: invisible at panels (section 15)."""

_RESOURCES: Final = ("State/", "State/Light/", "State/Status/", "Ident/")
_RENEW_S: Final = 600.0
"""No lifetime is documented; a subscription that is gone is noticed within ten minutes."""

_HTTP_PORT: Final = 80
_NO_CONTENT, _NOT_FOUND, _FORBIDDEN = 204, 404, 403

PushListener = Callable[[str, str, dict[str, Any]], None]
"""Called with the appliance's route, the resource (`State`, `Ident`) and its fields."""


class PushPeer:
    """Listens for pushes of one household's appliances on `address`:`port`; port 0 takes a free one."""

    def __init__(
        self,
        credentials: Credentials,
        listener: PushListener,
        *,
        address: str = "0.0.0.0",  # noqa: S104 - appliances have to reach it; every request is authenticated
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.port = port
        self.received = 0
        self.refused = 0
        self._credentials = credentials
        self._listener = listener
        self._address = address
        self._clock = clock or Clock()
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen."""
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.5)
        await runner.setup()
        listener = socket.create_server((self._address, self.port))
        listener.setblocking(False)
        await web.SockSite(runner, listener).start()
        self.port, self._runner = listener.getsockname()[1], runner

    async def stop(self) -> None:
        """Close the port."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        now = self._clock.now()
        try:
            plain = await open_received(request, self._credentials)
        except SignatureError:
            self.refused += 1
            return bare_response(_FORBIDDEN, b"", now)
        parts = request.raw_path.partition("?")[0].strip("/").split("/")
        if request.method == "POST":
            return bare_response(self._take(parts, plain), b"", now)
        content = self._resource(parts) if request.method == "GET" else None
        if content is None:
            return bare_response(_NOT_FOUND, b"", now)
        return signed_response(self._credentials, 200, format_json(content), now)

    def _take(self, parts: list[str], body: bytes) -> int:
        """Take a push; the callback's path names the appliance and the resource."""
        match parts:
            case ["Devices", peer, "SuperVision", route, *_] if peer == PEER_FAB_NUMBER:
                pass
            case _:
                return _NOT_FOUND
        try:
            message = decode_object(body)
        except ProtocolError:
            return 400
        resource, content = message.get("Resource"), message.get("Content")
        if not isinstance(resource, str) or not isinstance(content, dict):
            return 400
        self.received += 1
        self._listener(route, _name_of(resource, route), content)
        return _NO_CONTENT

    def _resource(self, parts: list[str]) -> dict[str, Any] | None:
        """Return what appliances read of a peer before they push."""
        match parts:
            case ["Devices"]:
                group = self._credentials.id_text
                return {PEER_FAB_NUMBER: {"href": f"{PEER_FAB_NUMBER}/", "Group": group, "Pairing": False}}
            case ["Devices", peer, *rest] if peer == PEER_FAB_NUMBER:
                return _peer_resource(rest)
        return None


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
        base = f"/Devices/{self._route}"
        try:
            await self._client.transport.send(
                "PUT",
                f"{base}/SuperVision/{PEER_FAB_NUMBER}",
                msgspec.json.encode({"Show": True, "Signal": True}),
            )
            for resource in _RESOURCES:
                await self._subscribe_to(resource)
        except HomewireError as error:
            _log.debug("%s offers no push: %s", self._route, error)
            return self.active
        self._renew_at = self._clock.monotonic() + _RENEW_S
        return self.active

    async def renew(self) -> None:
        """Look from time to time whether the subscriptions still exist, and make lost ones again."""
        if not self.active or self._clock.monotonic() < self._renew_at:
            return
        self._renew_at = self._clock.monotonic() + _RENEW_S
        for resource, location in tuple(self._slots.items()):
            try:
                await self._client.get_resource(location)
            except NotFound:
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

    async def _subscribe_to(self, resource: str) -> None:
        host = f"{await own_address(self._client.host)}:{self._peer.port}"
        callback = f"http://{host}/Devices/{PEER_FAB_NUMBER}/SuperVision/{self._route}/{resource}"
        self._callbacks[resource] = callback
        body = {"Resource": f"/Devices/{self._route}/{resource}", "Callback": callback}
        reply = await self._client.transport.send(
            "POST", "/Subscriptions", msgspec.json.encode(body), Padding.TRAILING
        )
        location = _path_of(reply.location)
        if location is not None:
            self._slots[resource] = location


async def take_back(client: MieleClient, orphans: dict[str, str]) -> None:
    """Delete subscriptions of an earlier link, as long as they are still ours; forget those that are gone.

    Raise HomewireError when the appliance does not answer.
    """
    for location, callback in tuple(orphans.items()):
        with contextlib.suppress(NotFound):
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


def _peer_resource(rest: list[str]) -> dict[str, Any] | None:
    match rest:
        case []:
            return {name: {"href": f"{name}/"} for name in ("Ident", "State", "SuperVision")}
        case ["Ident"]:
            return {
                "DeviceType": _PEER_DEVICE_TYPE,
                "SubType": 0,
                "DeviceName": "homewire",
                "ProtocolVersion": 4,
                "DeviceIdentLabel": {"FabNumber": PEER_FAB_NUMBER, "TechType": "homewire"},
                "XKMIdentLabel": {"TechType": "homewire"},
            }
        case ["State"]:
            return {"Status": 2}
        case ["SuperVision"]:
            return {"Enabled": True, "ErrorOnly": False}
        case ["SuperVision", _]:
            return {"Show": True, "Signal": True}
    return None


def _name_of(resource: str, route: str) -> str:
    """Reduce `/State/` and `/Devices/<route>/State/Light/` to the resource's name (both forms occur)."""
    return resource.removeprefix(f"/Devices/{route}").strip("/").partition("/")[0]


def _path_of(location: str | None) -> str | None:
    if not location:
        return None
    _, separator, rest = location.partition("://")
    path = rest.partition("/")[2] if separator else location.lstrip("/")
    return f"/{path}"
