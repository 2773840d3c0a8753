"""The peer that appliances look up and push to: a small module of our own, one for a whole household.

Before an appliance pushes, it finds the peer over mDNS and reads its little resource tree, with signed
answers (miele-http.md, section 15). All connections of a household share one peer: the appliances see one
more member of the household, and a firewall one port. `PushPeer.join` starts it for the first of them, and
the last that leaves stops it.

What arrives counts only with the household's signature, and only if it is not older than what the same
appliance sent before: a signature alone is no protection against replays (section 4).
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import secrets
import socket
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from homewire.clock import Clock
from homewire.errors import ProtocolError
from homewire.miele.models import decode_object, format_json
from homewire.miele.serving import bare_response, open_received, signed_response
from homewire.miele.signing import Credentials, SignatureError, parse_date

if TYPE_CHECKING:
    from homewire.announcement import Announcement

__all__ = ["PEER_FAB_NUMBER", "PushListener", "PushPeer"]

_log = logging.getLogger(__name__)

PEER_FAB_NUMBER: Final = "000900000001"
"""A peer has a 12-digit number of its own (section 15)."""

_PEER_DEVICE_TYPE: Final = 2147483647
"""Marks an app or gateway: invisible at panels (section 15)."""

_SERVICE: Final = "_mieleathome._tcp.local."
_READ_S: Final = 10.0
"""Nobody needs longer for a request of some hundred bytes."""

_NO_CONTENT, _BAD, _FORBIDDEN, _NOT_FOUND = 204, 400, 403, 404

PushListener = Callable[[str, str, dict[str, Any]], None]
"""Called with the appliance's route, the resource (`State`, `Ident`) and its fields."""

_Key = tuple[Credentials, str, int]
_peers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Key, PushPeer]] = (
    weakref.WeakKeyDictionary()
)


class PushPeer:
    """Listens for pushes of one household's appliances on `address`:`port`; port 0 takes a free one."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        address: str = "0.0.0.0",  # noqa: S104 - appliances have to reach it; every request is authenticated
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.address = address
        self.port = port
        self.received = 0
        self.refused = 0
        self._credentials = credentials
        self._clock = clock or Clock()
        self._runner: web.ServerRunner | None = None
        self._starting = asyncio.Lock()
        self._key: _Key = (credentials, address, port)
        self._members = 0
        self._listeners: dict[str, tuple[PushListener, ...]] = {}
        self._newest: dict[str, dt.datetime] = {}
        self._announcements: dict[str, Announcement | None] = {}

    @classmethod
    async def join(cls, credentials: Credentials, *, address: str, port: int, clock: Clock) -> PushPeer:
        """Return the household's peer, listening; raise OSError when the port is taken by somebody else."""
        running = _peers.setdefault(asyncio.get_running_loop(), {})
        key = (credentials, address, port)
        peer = running.get(key)
        if peer is None:
            peer = running[key] = cls(credentials, address=address, port=port, clock=clock)
        peer._members += 1
        try:
            await peer.start()
        except BaseException:
            await peer.leave()
            raise
        return peer

    async def leave(self) -> None:
        """Leave a peer that was joined; the last one stops it."""
        self._members -= 1
        if self._members <= 0:
            running = _peers.get(asyncio.get_running_loop(), {})
            if running.get(self._key) is self:
                del running[self._key]
            await self.stop()

    async def start(self) -> None:
        """Listen; does nothing when it does."""
        async with self._starting:
            if self._runner is not None:
                return
            runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.5)
            await runner.setup()
            listener = socket.create_server((self.address, self.port))
            listener.setblocking(False)
            await web.SockSite(runner, listener).start()
            self.port, self._runner = listener.getsockname()[1], runner

    async def stop(self) -> None:
        """Say goodbye and close the port."""
        announcements, self._announcements = self._announcements, {}
        runner, self._runner = self._runner, None
        try:
            for announcement in announcements.values():
                if announcement is not None:
                    await announcement.stop()
        finally:
            if runner is not None:
                await runner.cleanup()

    def listen(self, route: str, listener: PushListener) -> None:
        """Pass on what an appliance pushes; its clock counts from anew, it may have been set back."""
        self._listeners[route] = (*self._listeners.get(route, ()), listener)
        self._newest.pop(route, None)

    def forget(self, route: str, listener: PushListener) -> None:
        """Pass nothing on to this listener any longer."""
        self._listeners[route] = tuple(each for each in self._listeners.get(route, ()) if each != listener)

    async def announce(self, address: str) -> None:
        """Be found over mDNS at one of this computer's addresses; without multicast it is polled, then."""
        if address in self._announcements:
            return
        self._announcements[address] = None
        from homewire.announcement import Announcement  # noqa: PLC0415 - needs zeroconf, imported late

        name = f"homewire-{secrets.token_hex(4)}"
        announcement = Announcement(
            _SERVICE,
            name,
            target=f"{name}.local.",
            address=address,
            port=self.port,
            properties=self._record(),
            probed=False,
        )
        self._announcements[address] = announcement
        try:
            await announcement.start()
        except OSError as error:
            _log.info("cannot be announced at %s: %s", address, error)

    def _record(self) -> dict[str, str]:
        """Return what mDNS tells of us (section 8)."""
        fixed = {"txtvers": "1", "path": "/", "security": "1", "pairing": "false", "subtype": "0", "s": "0"}
        return fixed | {
            "group": self._credentials.id_text,
            "devicetype": str(_PEER_DEVICE_TYPE),
            "con": "2",
        }

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        now = self._clock.now()
        try:
            async with self._clock.timeout(_READ_S):
                plain = await open_received(request, self._credentials)
        except (SignatureError, TimeoutError):
            self.refused += 1
            return bare_response(_FORBIDDEN, b"", now)
        parts = request.raw_path.partition("?")[0].strip("/").split("/")
        if request.method == "POST":
            sent = parse_date(request.headers.get("Date", ""))
            return bare_response(self._take(parts, sent, plain), b"", now)
        content = self._resource(parts) if request.method == "GET" else None
        if content is None:
            return bare_response(_NOT_FOUND, b"", now)
        return signed_response(self._credentials, 200, format_json(content), now)

    def _take(self, parts: list[str], sent: dt.datetime | None, body: bytes) -> int:
        """Take a push; the callback's path names the appliance and the resource."""
        match parts:
            case ["Devices", peer, "SuperVision", route, *_] if peer == PEER_FAB_NUMBER:
                listeners = self._listeners.get(route, ())
            case _:
                return _NOT_FOUND
        if not listeners:
            return _NOT_FOUND
        if not self._is_news(route, sent):
            self.refused += 1
            return _FORBIDDEN
        message = _message(body)
        if message is None:
            return _BAD
        self.received += 1
        for listener in listeners:
            listener(route, _name_of(message[0], route), message[1])
        return _NO_CONTENT

    def _is_news(self, route: str, sent: dt.datetime | None) -> bool:
        """Tell whether a push is not older than the appliance's last; modules send whole seconds."""
        newest = self._newest.get(route)
        if newest is not None and (sent is None or sent < newest):
            return False
        if sent is not None:
            self._newest[route] = sent
        return True

    def _resource(self, parts: list[str]) -> dict[str, Any] | None:
        """Return what appliances read of a peer before they push."""
        match parts:
            case ["Devices"]:
                group = self._credentials.id_text
                return {PEER_FAB_NUMBER: {"href": f"{PEER_FAB_NUMBER}/", "Group": group, "Pairing": False}}
            case ["Devices", peer, *rest] if peer == PEER_FAB_NUMBER:
                return _peer_resource(rest)
        return None


def _message(body: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return the resource and the fields of a push; None when it is none."""
    with contextlib.suppress(ProtocolError):
        message = decode_object(body)
        resource, content = message.get("Resource"), message.get("Content")
        if isinstance(resource, str) and isinstance(content, dict):
            return resource, content
    return None


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
