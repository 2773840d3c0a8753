"""The bytes of a simulated module: a small HTTP server on loopback with the resource tree of a real one.

Every request goes through the same gates as in miele-http.md, section 3.6: one at a time, set-up resources,
signature, path. What lies behind is asked of the module (pairing, Wi-Fi, subscriptions), the appliance
(state) and the leaf tree (DOP2).
"""

from __future__ import annotations

import asyncio
import collections
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from homewire.clock import Clock
from homewire.errors import ProtocolError
from homewire.miele.models import decode_object, format_json
from homewire.miele.serving import bare_response, open_received, read_body, signed_response
from homewire.miele.signing import Credentials, SignatureError
from homewire.miele.simulator.appliance import SimulatedAppliance, Status
from homewire.miele.simulator.dop1 import Dop1
from homewire.miele.simulator.leaves import LeafTree, asleep_leaf
from homewire.miele.simulator.levers import Forgery, Levers
from homewire.miele.simulator.module import NETWORKS, SimulatedModule, Subscription
from homewire.miele.simulator.writes import write_state

__all__ = ["Exchange", "ModuleServer"]

_LOG_LENGTH: Final = 10_000
_OK, _CREATED, _ERRORS = 200, 201, 400
_DOP1_PROTOCOL: Final = 2
"""ProtocolVersion of hoods that speak Dop1 (section 16)."""

Answer = tuple[int, bytes]
"""A status and the plaintext that goes with it."""

Exchange = tuple[str, str, int]
"""Method, path and status of a request that was answered."""


class ModuleServer:
    """Serves one module; `strict` wants padded bodies signed, `upper_case_only` no lower-case GroupIDs."""

    def __init__(
        self,
        module: SimulatedModule,
        appliance: SimulatedAppliance,
        leaves: LeafTree,
        levers: Levers,
        *,
        clock: Clock,
        strict: bool = True,
        upper_case_only: bool = False,
        hides: bool = True,
    ) -> None:
        self.module, self.appliance, self.leaves, self.levers = module, appliance, leaves, levers
        self.clock = clock
        self.strict = strict
        self.upper_case_only = upper_case_only
        self.hides = hides
        self.log: collections.deque[Exchange] = collections.deque(maxlen=_LOG_LENGTH)
        self.on_joining: Callable[[bytes], None] | None = None
        self.on_paired: Callable[[], None] | None = None
        self.on_write: Callable[[], None] | None = None
        self._dop1 = Dop1(appliance)
        self._busy = False
        self._recorded: web.Response | None = None
        self._recorded_parts: dict[str, tuple[dict[str, str], bytes]] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request the way a module does: only if no other one is being answered."""
        if self._busy:
            return self._finish(request, bare_response(503, b"", self._now()))
        self._busy = True
        try:
            return self._finish(request, await self._misbehave(request) or await self._answer(request))
        finally:
            self._busy = False

    async def _misbehave(self, request: web.BaseRequest) -> web.Response | None:
        levers = self.levers
        levers.count_request()
        if levers.latency_s:
            await self.clock.sleep(levers.latency_s)
        if levers.due("busy"):
            return bare_response(503, b"", self._now())
        if levers.due("resets"):
            self._abort(request)
        if levers.due("hangs"):
            await request.content.read()
            await self.clock.sleep(3600)
        return None

    def _abort(self, request: web.BaseRequest) -> None:
        if request.transport is not None:
            request.transport.abort()
        raise asyncio.CancelledError

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        path = request.raw_path.partition("?")[0].rstrip("/")
        special = _UNSIGNED.get((request.method, path))
        try:
            response = await special(self, request) if special else None
            if response is not None:
                self._lose_answer(request, response.status)
                return response
            plain = await self._opened(request)
        except SignatureError:
            return bare_response(self._refusal(request), b"", self._now())
        status, body = self._dispatch(request.method, path, request.query, plain)
        self._lose_answer(request, status)
        return self._signed(request.raw_path, status, body)

    def _lose_answer(self, request: web.BaseRequest, status: int) -> None:
        """Do what was asked, and drop the connection instead of saying so."""
        if request.method == "PUT" and status < _ERRORS and self.levers.due("lose_answers"):
            self._abort(request)

    async def _opened(self, request: web.BaseRequest) -> bytes:
        credentials = self.module.credentials
        if credentials is None:
            raise SignatureError("not paired", offset=0)
        if self.upper_case_only and credentials.id_text not in request.headers.get("Authorization", ""):
            raise SignatureError("GroupID is not upper case", offset=0)
        return await open_received(request, credentials, lenient=not self.strict)

    def _refusal(self, request: web.BaseRequest) -> int:
        """Choose the status for what is not signed well: existence is hidden from strangers (section 5)."""
        if request.headers.get("Authorization", "").startswith("MieleH256") and self.module.paired:
            return 403
        return 404 if self.hides else 401

    def _signed(self, path: str, status: int, body: bytes) -> web.Response:
        credentials = self.module.credentials
        if credentials is None or status >= _ERRORS or not body:  # errors carry no signature (section 4)
            return bare_response(status, body if status >= _ERRORS else b"", self._now())
        if self.levers.forgeries:
            return self._forged(self.levers.forgeries.pop(0), credentials, path, body)
        response = signed_response(credentials, status, body, self._now())
        content = response.body
        assert isinstance(content, bytes)  # noqa: S101 - signed_response sets bytes
        self._recorded_parts.setdefault(path, (dict(response.headers), content))
        return response

    def _forged(self, forgery: Forgery, credentials: Credentials, path: str, body: bytes) -> web.Response:
        """Falsify an answer in one of the ways of the `tampered-*` vectors."""
        if forgery is Forgery.REPLAYED:
            headers, old = self._recorded_parts[path]
            return web.Response(status=200, body=old, headers=headers)
        if forgery is Forgery.UNSIGNED:
            return bare_response(200, body, self._now())
        if forgery is Forgery.NO_JSON:
            return signed_response(credentials, 200, b"<html>It works!</html>", self._now())
        if forgery in (Forgery.OTHER_KEY, Forgery.OTHER_HOUSEHOLD):
            return signed_response(_stranger(credentials, forgery), 200, body, self._now())
        response = signed_response(credentials, 200, body, self._now())
        digits = list(response.headers["X-Signature"])
        place = -1 if forgery is Forgery.FLIPPED_TAIL else -64
        digits[place] = "0" if digits[place] != "0" else "1"
        response.headers["X-Signature"] = "".join(digits)
        return response

    def _dispatch(self, method: str, path: str, query: Any, body: bytes) -> Answer:
        parts = path.strip("/").split("/") if path else []
        match parts:
            case ["Devices", route, *rest]:
                if route != self.appliance.fab_number:
                    return 404, b"not found"
                return self._device(method, rest, query, body)
            case ["Subscriptions", *slot] if self.module.is_newer:
                return self._subscriptions(method, slot, body)
            case ["Security", "Commissioning"] if method == "PUT":
                return self.module.commission_again(body), b""
            case _:
                return self._plain_resource(method, "/".join(parts))

    def _plain_resource(self, method: str, path: str) -> Answer:
        resources: dict[str, Callable[[], Any]] = {
            "": lambda: {name: {"href": f"{name}/"} for name in ("Devices", "Security", "Update", "WLAN")},
            "Devices": self._devices,
            "WLAN": self.module.wlan,
            "Update": self._update,
        }
        read = resources.get(path)
        if read is None:
            return 404, b"not found"
        return (200, format_json(read())) if method == "GET" else (405, b"")

    def _devices(self) -> dict[str, Any]:
        route = self.appliance.fab_number
        entry: dict[str, Any] = {"href": f"{route}/"}
        if self.module.is_newer:
            group = self.module.credentials.id_text if self.module.credentials else ""
            entry |= {"Group": group, "Pairing": not self.module.paired}
        return {route: entry}

    def _update(self) -> dict[str, Any]:
        version = self.appliance.profile.module_version
        return {
            "NewerAvailable": False,
            "CurrentVersion": version,
            "AvailableVersion": "",
            "Type": self.appliance.profile.module,
            "ReleaseNotes": "",
            "UpdateInProgress": self.appliance.update_progress is not None,
        }

    def _device(self, method: str, rest: list[str], query: Any, body: bytes) -> Answer:
        match rest:
            case ["DOP2", *place] if "DOP2" in self._resources():
                return self._dop2(method, place, query, body)
            case ["SuperVision", *peer] if self.module.is_newer:
                return self._supervision(method, peer, body)
            case ["DOP"] if method == "POST" and self.appliance.profile.protocol == _DOP1_PROTOCOL:
                return self._dop1_request(body)
            case ["State"] if method == "PUT":
                return self._write_state(body)
            case _ if method == "GET":
                return self._device_resource(rest)
        return 404, b"not found"

    def _device_resource(self, rest: list[str]) -> Answer:
        match rest:
            case []:
                return 200, format_json({name: {"href": f"{name}/"} for name in self._resources()})
            case ["Ident"]:
                return 200, format_json(self.appliance.ident())
            case ["State"]:
                return 200, format_json(self._state())
            case ["State", field] if field in (state := self._state()):
                return 200, format_json({field: state[field]})
        return 404, b"not found"

    def _resources(self) -> tuple[str, ...]:
        dop2 = ("DOP2",) if self.appliance.profile.has_dop2 or self.leaves.recorded else ()
        newer = ("Settings", "SuperVision") if self.module.is_newer else ()
        return (*dop2, "Ident", "State", *newer)

    def _state(self) -> dict[str, Any]:
        state = self.appliance.state()
        if self.module.waits_for_second_step:
            state["Status"] = Status.PAIRING
        return state

    def _write_state(self, body: bytes) -> Answer:
        try:
            wish = decode_object(body)
        except ProtocolError:
            return 400, b""
        status = _OK if self.levers.lies_success else write_state(self.appliance, wish)
        if status != _OK:
            return status, b""
        if self.on_write is not None:
            self.on_write()
        if self.levers.answers_204:
            return 204, b""
        return _OK, format_json([{"Success": dict.fromkeys(wish, self.levers.write_result)}])

    def _dop2(self, method: str, place: list[str], query: Any, body: bytes) -> Answer:
        if self.levers.dop2_off:
            return 404, b"not found"
        if not all(part.isdecimal() for part in place):
            return 404, b"not found"
        match method, [int(part) for part in place]:
            case "GET", []:
                return 200, format_json({str(unit): {"href": f"{unit}/"} for unit in self.leaves.units()})
            case "GET", [unit]:
                names = self.leaves.attributes(unit)
                return (200, format_json({str(n): {"href": f"{n}/"} for n in names})) if names else (404, b"")
            case "GET" | "PUT", [unit, attribute]:
                index = _number(query.get("idx1")), _number(query.get("idx2"))
                return self._leaf(method, (unit, attribute), index, body)
            case _:
                return 404, b"not found"

    def _leaf(self, method: str, place: tuple[int, int], index: tuple[int, int], body: bytes) -> Answer:
        if (status := self.levers.refused_leaves.get(place)) is not None:
            return status, b""
        if method == "PUT":
            status = self.leaves.write(*place, index[0], body)
            if self.on_write is not None:
                self.on_write()
            return status, b""
        asleep = self.appliance.asleep and not self.leaves.recorded
        if asleep and not self.levers.sleeps_in_zeros:
            return 500, b"device not available"
        leaf = self.leaves.read(*place, index[0])
        if leaf is None:
            return 404, b"not found"
        if asleep:
            leaf = asleep_leaf(leaf)
        if self.levers.truncate_leaf:
            return 200, leaf[: self.levers.truncate_leaf.pop(0)]
        return 200, leaf

    def _dop1_request(self, body: bytes) -> Answer:
        try:
            wish = decode_object(body)
            answer = self._dop1.answer(bytes.fromhex(str(wish.get("Request", ""))))
        except (ProtocolError, ValueError):
            return 400, b""
        return (404, b"") if answer is None else (200, format_json({"Response": answer.hex().upper()}))

    def _supervision(self, method: str, peer: list[str], body: bytes) -> Answer:
        match method, peer:
            case "GET", []:
                return 200, format_json({"Enabled": True, "ErrorOnly": False})
            case "GET", [name]:
                entry = self.module.peers.get(name)
                return (200, format_json(entry)) if entry else (404, b"not found")
            case "PUT", [name]:
                try:
                    wish = decode_object(body)
                except ProtocolError:
                    return 400, b""
                self.module.peers[name] = {key: bool(wish.get(key)) for key in ("Show", "Signal")}
                return 200, format_json([{"Success": {"Show": 0, "Signal": 0}}])
            case _:
                return 405, b""

    def _subscriptions(self, method: str, slot: list[str], body: bytes) -> Answer:
        subscriptions = self.module.subscriptions
        if method == "POST" and not slot:
            return self._subscribe(body)
        if method == "GET" and not slot:
            return 200, format_json({str(n): {"href": f"{n}/"} for n in subscriptions})
        number = _number(slot[0]) if len(slot) == 1 else 0
        if number not in subscriptions:
            return 404, b"not found"
        if method == "DELETE":
            del subscriptions[number]
            return 204, b""
        entry = subscriptions[number]
        return 200, format_json({"Resource": entry.resource, "Callback": entry.callback})

    def _subscribe(self, body: bytes) -> Answer:
        try:
            wish = decode_object(body)
        except ProtocolError:
            return 400, b""
        resource, callback = str(wish.get("Resource", "")), str(wish.get("Callback", ""))
        if not resource.startswith(f"/Devices/{self.appliance.fab_number}/") or not callback.startswith(
            "http://"
        ):
            return 400, b""
        self.module.subscribe(Subscription(resource=resource, callback=callback))
        return _CREATED, b""

    async def commission(self, request: web.BaseRequest) -> web.Response | None:
        """Answer an unsigned commissioning write; a signed one is left to the signed resources."""
        authorization = request.headers.get("Authorization")
        if authorization is not None and authorization.startswith("MieleH256"):
            return None
        status = self.module.commission(await read_body(request), authorization)
        if status == _OK and self.on_paired is not None:
            self.on_paired()
        return bare_response(status, b"", self._now())

    async def take_tan(self, request: web.BaseRequest) -> web.Response | None:
        """Answer the cloud's one-time number."""
        if self.module.paired:
            return None
        return bare_response(self.module.take_tan(await read_body(request)), b"", self._now())

    async def join_wifi(self, request: web.BaseRequest) -> web.Response | None:
        """Answer the network's name and key on the access point."""
        if not self.module.access_point:
            return None
        body = await read_body(request)
        status = self.module.join_wifi(body)
        if status == _OK and self.on_joining is not None:
            self.on_joining(body)
        return bare_response(status, b"", self._now())

    async def scan(self, _request: web.BaseRequest) -> web.Response | None:
        """Answer the networks in sight on the access point."""
        if not self.module.access_point:
            return None
        return bare_response(200, format_json({"Result": list(NETWORKS)}), self._now())

    async def show_devices(self, _request: web.BaseRequest) -> web.Response | None:
        """Show the fabrication number to anybody while the module has no keys (section 7)."""
        if self.module.paired:
            return None
        return bare_response(200, format_json(self._devices()), self._now())

    async def refuse_method(self, _request: web.BaseRequest) -> web.Response | None:
        """Answer GET on a resource that is only written (section 5, 405)."""
        return bare_response(405, b"", self._now())

    def _now(self) -> dt.datetime:
        return self.clock.now()

    def _finish(self, request: web.BaseRequest, response: web.Response) -> web.Response:
        self.log.append((request.method, request.raw_path, response.status))
        response.force_close()  # a module ends the connection after every answer (section 1)
        if response.status == _CREATED:
            host = request.headers.get("Host", "")
            response.headers["Location"] = f"http://{host}/Subscriptions/{self.module.newest_slot}/"
        return response


_Special = Callable[[ModuleServer, web.BaseRequest], Awaitable[web.Response | None]]

_UNSIGNED: Final[dict[tuple[str, str], _Special]] = {
    ("PUT", "/Security/Commissioning"): ModuleServer.commission,
    ("GET", "/Security/Commissioning"): ModuleServer.refuse_method,
    ("POST", "/Security/Cloud/TAN"): ModuleServer.take_tan,
    ("PUT", "/WLAN"): ModuleServer.join_wifi,
    ("GET", "/WLAN/Scan"): ModuleServer.scan,
    ("GET", "/Devices"): ModuleServer.show_devices,
}


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else 0


def _stranger(credentials: Credentials, forgery: Forgery) -> Credentials:
    key = bytes(byte ^ 0xFF for byte in credentials.group_key)
    group = credentials.group_id if forgery is Forgery.OTHER_KEY else credentials.group_id[::-1]
    return Credentials(group_id=group, group_key=key)
