"""The simulated cloud: TLS WebSocket, logins, redirects, reports to every client of an account.

Section 18 of docs/protocols/homismart.md is the specification; rule numbers are named where they are kept.
What the cloud believes is in `account`, what a test makes happen in `levers`, and the second app in `app`.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
import random
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from homewire.clock import Clock
from homewire.homismart.codec import MAX_FRAME_BYTES, Direction, Frame, FrameError, Problem, decode, encode
from homewire.homismart.codes import ErrorCode
from homewire.homismart.models import is_hub, time_zone
from homewire.homismart.prefixes import ReceivePrefix, RequestPrefix
from homewire.homismart.simulator.account import Reaction, Refused, SimulatedAccount
from homewire.homismart.simulator.app import SecondApp
from homewire.homismart.simulator.clients import JournalEntry, SimulatedConnection
from homewire.homismart.simulator.flat import flat, many
from homewire.homismart.simulator.levers import Levers, Redirection, RedirectRule, RedirectWhen, Refusal
from homewire.simulation import Simulator
from homewire.simulation.certificate import ServerCertificate

__all__ = ["PATH", "HomismartSimulator", "JournalEntry", "SimulatorOptions"]

_log = logging.getLogger(__name__)

PATH: Final = "/homismartmain/websocket"
"""Section 1. Only the path is judged; a query is ignored (R1)."""

_JOURNAL: Final = 20_000
"""Frames kept in the record."""

_PASSWORD: Final = re.compile(r'("\w*password"\s*:\s*)("(?:[^"\\]|\\.)*("|$)|[^",}\s]+)', re.IGNORECASE)
"""A password's key and value, whatever is wrong with the frame around it."""

_CONTROLS: Final = frozenset(
    {
        RequestPrefix.DEVICE_CONTROL,
        RequestPrefix.MODIFY_DEVICE,
        RequestPrefix.LED_SET,
        RequestPrefix.CURTAIN_CLOSED_POSITION,
        RequestPrefix.CONTROL_ALL,
        RequestPrefix.OPERATION_TIME,
    }
)
"""Requests that `levers.errors` makes fail."""


class SimulatorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the simulated cloud is set up."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="TCP port; 0 lets the system choose.")] = 0
    tls: Annotated[bool, msgspec.Meta(description="Speak TLS with a certificate made on the fly.")] = True
    nodes: Annotated[
        int,
        msgspec.Meta(
            ge=1, le=254, description="Loopback addresses from 127.0.0.1 up, for redirects between them."
        ),
    ] = 1
    username: Annotated[str, msgspec.Meta(description="The account's name.")] = "dana@example.com"
    password: Annotated[str, msgspec.Meta(description="Its password.")] = "open-sesame"  # noqa: S105 - invented
    lights: Annotated[int, msgspec.Meta(ge=0, description="Switches that are added to the flat.")] = 0
    motion: Annotated[bool, msgspec.Meta(description="Covers travel instead of arriving at once.")] = True
    terms: Annotated[bool, msgspec.Meta(description="Start with terms and conditions to accept.")] = False
    life: Annotated[bool, msgspec.Meta(description="Let a second app change things on its own.")] = False
    life_every_s: Annotated[float, msgspec.Meta(gt=0, description="How often it does, in seconds.")] = 20.0
    refusal: Annotated[Refusal, msgspec.Meta(description="How a wrong password is refused.")] = (
        Refusal.RESULT_FALSE
    )
    redirect: Annotated[
        Redirection, msgspec.Meta(description="When clients are sent to a second address, or around.")
    ] = Redirection.NEVER
    redirect_after_s: Annotated[
        float, msgspec.Meta(ge=0, description="Seconds from the login to a redirect after it.")
    ] = 30.0
    time_zone: Annotated[
        str | None, msgspec.Meta(description="The flat's zone, such as Asia/Jerusalem; else this computer's.")
    ] = None
    seed: Annotated[int, msgspec.Meta(description="Makes the second app's deeds repeatable.")] = 0


class HomismartSimulator(Simulator):
    """The Homismart cloud on loopback. `accounts` are by user name, `connections` those that are open."""

    Options: ClassVar[type[msgspec.Struct]] = SimulatorOptions

    def __init__(self, options: SimulatorOptions, *, clock: Clock | None = None) -> None:
        self.options = options
        self.clock = clock or Clock()
        self.levers = Levers(refusal=options.refusal)
        self.accounts: dict[str, SimulatedAccount] = {}
        self.connections: list[SimulatedConnection] = []
        self.journal: collections.deque[JournalEntry] = collections.deque(maxlen=_JOURNAL)
        self.upgrades = 0
        self.port = options.port
        self.certificate: ServerCertificate | None = None
        self._runner: web.AppRunner | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self.account = self.add_account(options.username, options.password, flat() + many(options.lights))
        if options.redirect is not Redirection.NEVER:
            after_s = options.redirect_after_s if options.redirect is Redirection.AFTER_LOGIN else 0.0
            self.levers.redirects += options.redirect.rules(self.hosts[0], self.hosts[1], after_s)
        self.account.motion = options.motion
        self.account.terms_pending = options.terms
        self.zone = time_zone(options.time_zone)
        rng = random.Random(options.seed)  # noqa: S311 - a repeatable life
        self.app = SecondApp(
            self.account, clock=self.clock, zone=self.zone, rng=rng, every_s=options.life_every_s
        )

    @classmethod
    def demo(cls, clock: Clock) -> Sequence[Simulator]:
        """Return one cloud with a flat in which somebody else lives, too."""
        return [cls(SimulatorOptions(life=True), clock=clock)]

    @property
    def hosts(self) -> list[str]:
        """The addresses that it answers on."""
        least = 1 if self.options.redirect is Redirection.NEVER else 2
        return [f"127.0.0.{1 + node}" for node in range(max(least, self.options.nodes))]

    @property
    def url(self) -> str:
        """Where the first node answers."""
        return f"{'wss' if self.options.tls else 'ws'}://{self.hosts[0]}:{self.port}{PATH}"

    def add_account(
        self, username: str, password: str, objects: Sequence[dict[str, Any]]
    ) -> SimulatedAccount:
        """Add an account with its objects."""
        account = SimulatedAccount(username, password, objects, clock=self.clock)
        account.report = lambda device_id, keys: self.push(account, device_id, keys, delay_s=0.0)
        self.accounts[username] = account
        return account

    async def _start(self) -> None:
        """Listen on all nodes, at the same port."""
        if self.options.tls:
            self.certificate = ServerCertificate(["localhost", *self.hosts, "::1", "prod.homismart.com"])
        app = web.Application()
        app.router.add_get(PATH, self._accept)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        context = self.certificate.context if self.certificate else None
        for host in self.hosts:
            site = web.TCPSite(self._runner, host, self.port, ssl_context=context)
            await site.start()
            self.port = self.port or _port_of(self._runner)
        if self.options.life:
            self.app.start()

    async def stop(self) -> None:
        """Close everything."""
        await self.app.stop()
        for account in self.accounts.values():
            account.close()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for connection in tuple(self.connections):
            connection.drop()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        certificate, self.certificate = self.certificate, None
        if certificate is not None:
            certificate.remove()

    def settings(self) -> Mapping[str, Any]:
        """Return the settings of a connection to this cloud."""
        plain = {"url": self.url, "username": self.options.username, "password": self.options.password}
        return plain | ({"ca_file": str(self.certificate.ca_file)} if self.certificate else {})

    def describe(self) -> str:
        """Tell where the cloud is and who may log in."""
        trust = f", trust {self.certificate.ca_file}" if self.certificate else ""
        return (
            f"Homismart cloud at {self.url}, user {self.options.username}, "
            f"password {self.options.password!r}{trust}"
        )

    def record(self, number: int, direction: Direction, content: str | bytes) -> None:
        """Note a frame in the journal, without the password (R20)."""
        text = content if isinstance(content, str) else content.hex()
        if direction is Direction.TO_SERVER:
            text = _PASSWORD.sub(r'\1""', text)
        self.journal.append(
            JournalEntry(at=self.clock.now(), connection=number, direction=direction, text=text)
        )

    def received(self) -> list[Frame]:
        """Return the well-formed frames from clients that are in the journal."""
        frames = []
        for entry in self.journal:
            if entry.direction is Direction.TO_SERVER:
                with contextlib.suppress(FrameError):
                    frames.append(decode(entry.text, Direction.TO_SERVER))
        return frames

    def push(
        self,
        account: SimulatedAccount,
        device_id: str,
        keys: frozenset[str],
        *,
        delay_s: float,
        sender: SimulatedConnection | None = None,
    ) -> None:
        """Report an object to every ready connection of the account, after a delay (R13)."""
        if self.levers.lost_pushes > 0:
            self.levers.lost_pushes -= 1
            return
        known = account.objects.get(device_id)
        if known is None:
            return
        shown = {k: v for k, v in known.items() if k not in ("permission", "allowedTime")}
        if self.levers.partial_pushes:
            shown = {k: v for k, v in known.items() if k in keys or k == "id"}
        text = encode(ReceivePrefix.DEVICE_PUSH, shown)
        self.later(delay_s, self._spread, account, text, sender)

    def press_wall_button(self, device_id: str) -> None:
        """Toggle a switch by hand (R18)."""
        known = self.account.objects[device_id]
        on = not known.get("power")
        now = self.clock.now().astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")
        self.account.change(device_id, power=on, **({"lastOn": now} if on else {}))

    def set_online(self, device_id: str, online: bool) -> None:
        """Take a hub with its devices, or a device, off line or back (R18)."""
        self.account.change(device_id, onLine=online)
        if is_hub(device_id):
            if self.levers.hub_status:
                self.broadcast(encode(ReceivePrefix.HUB_ONLINE_STATUS, _hub_status(device_id, online)))
            for known in tuple(self.account.objects.values()):
                if known.get("pid") == device_id:
                    self.account.change(known["id"], onLine=online)

    def broadcast(self, content: str | bytes) -> None:
        """Send any frame to every connection (R18)."""
        for connection in self.connections:
            connection.send(content)

    def drop_all(self) -> None:
        """Drop every TCP connection (R18)."""
        for connection in tuple(self.connections):
            connection.drop()

    def close_all(self, code: int = WSCloseCode.OK) -> None:
        """Close every WebSocket with a code (R18)."""
        for connection in self.connections:
            connection.close(code)

    def later(self, delay_s: float, callback: Any, *args: Any) -> None:
        """Call back after the delay, unless the simulator is stopped before; at once for 0."""
        if delay_s <= 0:
            callback(*args)
            return
        timer: asyncio.TimerHandle

        def fire() -> None:
            self._timers.discard(timer)
            callback(*args)

        timer = self.clock.call_later(delay_s, fire)
        self._timers.add(timer)

    def _spread(self, account: SimulatedAccount, text: str, sender: SimulatedConnection | None) -> None:
        for connection in self.connections:
            if connection.account is account and (connection is not sender or self.levers.push_sender):
                connection.send(text)

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        self.upgrades += 1
        await self.clock.sleep(self.levers.upgrade_delay_s)
        if self.levers.upgrade_status is not None:
            location = self.levers.upgrade_location
            headers = {"Location": location} if location else {}
            return web.Response(status=self.levers.upgrade_status, headers=headers)
        socket = web.WebSocketResponse(
            autoping=False, compress=self.levers.compress, max_msg_size=MAX_FRAME_BYTES, timeout=1.0
        )
        try:
            await socket.prepare(request)
        except ConnectionError:  # the client has left in the meantime
            return web.Response()
        at = request.transport.get_extra_info("sockname")[0] if request.transport else self.hosts[0]
        connection = SimulatedConnection(socket, self.upgrades, at, self.record)
        self.connections.append(connection)
        try:
            self._redirect(connection, RedirectWhen.ON_UPGRADE)
            with contextlib.suppress(ConnectionError):  # a pong for a client that has left
                await self._converse(connection, socket)
        finally:
            self.connections.remove(connection)
            await connection.end()
        return socket

    async def _converse(self, connection: SimulatedConnection, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.PING:
                if self.levers.answer_pings:
                    await socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                connection.pongs += 1
            elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                self.record(connection.number, Direction.TO_SERVER, message.data)
                self._take(connection, message.data)

    def _take(self, connection: SimulatedConnection, data: str | bytes) -> None:
        """R3 and R17: what is not a request is ignored, what is a bad one is refused; nothing closes."""
        try:
            frame = decode(data, Direction.TO_SERVER)
        except FrameError as error:
            known = error.prefix is not None and _is_request(error.prefix)
            if known and error.problem in (Problem.BAD_JSON, Problem.WRONG_TYPE):
                self._refuse(connection, ErrorCode.PARAMETER_ERROR)
            _log.info("Bad frame from client %d: %s", connection.number, error)
            return
        if not isinstance(frame.kind, RequestPrefix):
            _log.info("Unknown prefix from client %d: %s", connection.number, frame.prefix)
            return
        if connection.ready and self.levers.silent_after_login:
            return
        if frame.kind is RequestPrefix.LOGIN:
            self._log_in(connection, frame.body)
        elif connection.account is None:
            if frame.kind not in (RequestPrefix.CLIENT_READY, RequestPrefix.HEARTBEAT):
                self._refuse(connection, ErrorCode.PERMISSION_DENIED)
        else:
            self._carry_out(connection, connection.account, frame.kind, frame.body)

    def _log_in(self, connection: SimulatedConnection, body: Any) -> None:
        """R4 to R6."""
        username, digest = (body.get(k) if isinstance(body, dict) else None for k in ("username", "password"))
        if not isinstance(username, str) or not isinstance(digest, str):
            self._refuse(connection, ErrorCode.PARAMETER_ERROR)
            return
        account = self.accounts.get(username)
        if account is None or digest.lower() != account.digest:
            self._refuse_login(connection)
            return
        if self._redirect(connection, RedirectWhen.ON_LOGIN):
            return
        connection.account = account
        terms = 1 if account.terms_pending else 0
        answer = {"result": True, "shouldConfirmTerms": terms}
        self._reply(connection, encode(ReceivePrefix.LOGIN_RESULT, answer))
        self._redirect(connection, RedirectWhen.AFTER_LOGIN)

    def _refuse_login(self, connection: SimulatedConnection) -> None:
        """R5."""
        refusal = self.levers.refusal
        if refusal in (Refusal.RESULT_FALSE, Refusal.RESULT_FALSE_AND_CLOSE):
            self._reply(connection, encode(ReceivePrefix.LOGIN_RESULT, {"result": False}))
        elif refusal in (Refusal.ERROR, Refusal.ERROR_AND_CLOSE):
            self._refuse(connection, ErrorCode.BAD_CREDENTIALS)
        if refusal in (Refusal.RESULT_FALSE_AND_CLOSE, Refusal.ERROR_AND_CLOSE):
            self.later(self.levers.reply_delay_s, connection.close)

    def _redirect(self, connection: SimulatedConnection, when: RedirectWhen) -> bool:
        """R6: send the client elsewhere if a rule says so; return whether one did."""
        for rule in self.levers.redirects:
            if rule.when is when and rule.only_at in (None, connection.address):
                self.later(rule.after_s, connection.send, self._redirect_frame(connection, rule))
                return True
        return False

    def _redirect_frame(self, connection: SimulatedConnection, rule: RedirectRule) -> str:
        host = connection.address if rule.to is None else rule.to
        return encode(ReceivePrefix.REDIRECT, {"ip": host, "port": rule.port_field})

    def _carry_out(
        self, connection: SimulatedConnection, account: SimulatedAccount, prefix: RequestPrefix, body: Any
    ) -> None:
        if self.levers.errors and prefix in _CONTROLS:
            self._refuse(connection, self.levers.errors.pop(0), prefix)
            return
        try:
            reaction = account.handle(prefix, body)
        except Refused as refused:
            self._refuse(connection, refused.code, prefix)
            return
        if prefix is RequestPrefix.HEARTBEAT and self.levers.heartbeat_reply:
            hub_id = next((i for i in account.objects if is_hub(i)), "")
            online = bool(account.objects.get(hub_id, {}).get("onLine"))
            reaction.reply = (ReceivePrefix.HUB_ONLINE_STATUS, _hub_status(hub_id, online))
        self._react(connection, account, reaction)

    def _react(self, connection: SimulatedConnection, account: SimulatedAccount, reaction: Reaction) -> None:
        if reaction.reply is not None:
            self._reply(connection, encode(*reaction.reply))
        for device_id in reaction.changed:
            self.push(
                account,
                device_id,
                reaction.keys,
                delay_s=self.levers.push_delay_s,
                sender=connection,
            )

    def _refuse(
        self, connection: SimulatedConnection, code: int, prefix: RequestPrefix | None = None
    ) -> None:
        body: dict[str, Any] = {"code": int(code), "info": ErrorCode(code).meaning}
        if prefix is not None and self.levers.error_names_request:
            body["cmd"] = prefix.value
        self._reply(connection, encode(ReceivePrefix.ERROR, body))

    def _reply(self, connection: SimulatedConnection, text: str) -> None:
        self.later(self.levers.reply_delay_s, connection.send, text)


def _hub_status(hub_id: str, online: bool) -> dict[str, Any]:
    """Return the body of `0049`; what the real one says is not known (section 9.3)."""
    return {"mac": hub_id, "onLine": online}


def _port_of(runner: web.AppRunner) -> int:
    port: int = runner.addresses[0][1]
    return port


def _is_request(prefix: str) -> bool:
    return any(prefix == request.value for request in RequestPrefix)
