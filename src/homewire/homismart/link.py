"""One WebSocket to the Homismart cloud: dialled, signed in, kept alive, and its end noticed.

A link is opened once and never reconnects; whoever opened it decides what follows. How signing in goes is
told in docs/protocols/homismart.md, sections 3 to 7: the login leaves at once, a redirect is followed with at
most five hops and the certificate checked at each, and a target that cannot be reached falls back to the
configured host. A dead peer shows by an unanswered WebSocket ping.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import re
import ssl
from collections.abc import Callable
from typing import Any, Final, NoReturn

import aiohttp
import msgspec
from yarl import URL

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost, HomewireError
from homewire.homismart.codec import MAX_FRAME_BYTES, Direction, FrameError, decode, encode
from homewire.homismart.codes import ErrorCode
from homewire.homismart.models import LoginResult, Redirect, Report, ServerError, read_report
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.requests import Request, login
from homewire.link.silence import SilenceWatch

__all__ = ["DEFAULT_URL", "Credentials", "HomismartLink", "Moved"]

_log = logging.getLogger(__name__)

DEFAULT_URL: Final = "wss://{subdomain}.homismart.com:443/homismartmain/websocket"
"""Host, port and path of the cloud (section 1)."""

MAX_HOPS: Final = 5
"""Redirects followed before giving up (section 22)."""

DIAL_S: Final = 10.0
"""The opening time-out of the released client (section 1)."""

LOGIN_S: Final = 15.0
"""How long to wait for the login reply: unknown in the vendor's page, 30 s in the released client."""

SEND_S: Final = 10.0
"""A frame that cannot be written for so long is stuck behind a dead peer."""

HEARTBEAT_S: Final = 30.0
"""Idle time after which `0072` is sent (section 7)."""

PING_S: Final = 20.0
"""Silence after which a ping is sent, and again how long its pong may take (section 1)."""

_YIELD_EVERY: Final = 100
"""Frames handled in a row before other tasks get a turn: a flood must not starve the program."""

_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The account: its name and the password's digest, which is as secret as the password."""

    username: str
    digest: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r})"


class Moved(Exception):
    """The server sent the client to another host after the login."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


class HomismartLink:
    """One connection. `take` is called with every report, in order, from the receive loop.

    `http` is the session to use, `trust` the TLS context or True for the system's roots; `malformed` is
    called with what could not be read.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        http: aiohttp.ClientSession,
        take: Callable[[Report], object],
        malformed: Callable[[FrameError], object],
        trust: ssl.SSLContext | bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._url = URL(url)
        self._credentials = credentials
        self._http = http
        self._take = take
        self._malformed = malformed
        self._trust = trust
        self._clock = clock or Clock()
        self._heard = SilenceWatch(PING_S, self._clock)
        self._sent_at = 0.0
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.host = self._url.host or ""
        self.hops = 0
        self._stuck = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._socket is not None and not self._socket.closed

    async def sign_in(self, target: str | None = None) -> LoginResult:
        """Dial and log in, following redirects; `target` is a host to begin with.

        Raise AuthenticationFailed or ConnectionFailed.
        """
        host, fell_back = target or self._configured, False
        for hop in range(MAX_HOPS + 1):
            self.hops = hop
            try:
                await self._dial(host)
            except ConnectionFailed as error:
                if fell_back or host == self._configured:
                    raise
                _log.info("The redirect target does not answer (%s); back to %s", error, self._configured)
                host, fell_back = self._configured, True
                continue
            report = await self._log_in()
            if isinstance(report, LoginResult):
                return report
            host = report.host
            await self.redirect()
        raise ConnectionFailed(
            f"the cloud redirected more than {MAX_HOPS} times",
            path=self.host,
            hint="This is a fault of the cloud; it is tried again later.",
        )

    async def serve(self) -> NoReturn:
        """Hand on what arrives until the link dies; raise ConnectionLost why, or Moved."""
        tasks = [asyncio.ensure_future(work) for work in (self._read(), self._keep_alive(), self._jam())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            raise next((e for task in done if (e := task.exception()) is not None), self._over())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def send(self, request: Request) -> None:
        """Write one request; raise ConnectionLost when that is not possible."""
        if self._socket is None or self._socket.closed:
            raise self._over()
        try:
            async with self._clock.timeout(SEND_S):
                await self._socket.send_str(encode(*request))
        except TimeoutError as error:
            self._stuck.set()  # half a frame may be out: nothing can follow it
            raise self._jammed() from error
        except (OSError, RuntimeError, aiohttp.ClientError) as error:  # closed in this very moment
            raise ConnectionLost("the connection is gone", path=self.host) from error
        self._sent_at = self._clock.monotonic()

    async def close(self) -> None:
        """Say goodbye and close; may be called at any time."""
        await self._hang_up("Client initiated disconnect")

    async def redirect(self) -> None:
        """Close because the server sent the client elsewhere (section 5, step 2)."""
        await self._hang_up("Client redirecting")

    @property
    def _configured(self) -> str:
        return self._url.host or ""

    async def _hang_up(self, reason: str) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            with contextlib.suppress(OSError, RuntimeError, aiohttp.ClientError, TimeoutError):
                await socket.close(code=aiohttp.WSCloseCode.OK, message=reason.encode())

    async def _dial(self, host: str) -> None:
        """Connect to a host, at the configured port and path (section 5, step 1)."""
        url = self._url.with_host(_checked_host(host))
        try:
            async with self._clock.timeout(DIAL_S):
                self._socket = await self._connect(url)
        except TimeoutError as error:
            raise ConnectionFailed(
                f"{host} does not answer", path=str(url), hint="Check the internet connection."
            ) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise ConnectionFailed(
                f"the certificate of {host} is not trusted: {error.certificate_error}", path=str(url)
            ) from error
        except aiohttp.WSServerHandshakeError as error:
            raise ConnectionFailed(
                f"{host} refuses the WebSocket with status {error.status}", path=str(url)
            ) from error
        except (OSError, aiohttp.ClientError) as error:
            raise ConnectionFailed(
                f"{host} cannot be reached: {_reason(error)}",
                path=str(url),
                hint="Check the internet connection.",
            ) from error
        self.host = host
        self._heard.feed()

    async def _connect(self, url: URL) -> aiohttp.ClientWebSocketResponse:
        options: dict[str, Any] = {"ssl": self._trust} if url.scheme == "wss" else {}
        if options and _is_address(url.host or "") and not _is_address(self._configured):
            options["server_hostname"] = self._configured  # a certificate names hosts, not addresses (5)
        socket: aiohttp.ClientWebSocketResponse = await self._http.ws_connect(
            url,
            autoping=False,
            compress=15,
            max_msg_size=MAX_FRAME_BYTES,
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            **options,
        )
        if options and (doubt := _doubt_about(socket.get_extra_info("ssl_object"))):
            await socket.close()
            raise ConnectionFailed(f"{url.host} {doubt}", path=str(url))
        return socket

    async def _log_in(self) -> LoginResult | Redirect:
        await self.send(login(self._credentials.username, self._credentials.digest))
        try:
            async with self._clock.timeout(LOGIN_S):
                return await self._login_reply()
        except TimeoutError as error:
            raise ConnectionFailed(
                "the cloud does not answer the login", path=self.host, hint="Try again later."
            ) from error
        except ConnectionLost as error:
            raise ConnectionFailed(
                "the cloud closed the connection during the login", path=self.host
            ) from error

    async def _login_reply(self) -> LoginResult | Redirect:
        """Read until the login is answered; what else arrives is handed on (section 15)."""
        while True:
            report = await self._receive()
            match report:
                case LoginResult(accepted=True) | Redirect():
                    return report
                case LoginResult():
                    raise _refused(self._credentials.username, ErrorCode.BAD_CREDENTIALS)
                case ServerError():
                    raise _login_error(self._credentials.username, report)
                case None:
                    pass
                case _:
                    self._take(report)

    async def _read(self) -> None:
        count = 0
        while True:
            report = await self._receive()
            if isinstance(report, Redirect):
                raise Moved(report.host)
            if report is not None:
                self._take(report)
            count += 1
            if count % _YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def _receive(self) -> Report | None:
        """Return the next report, None for what is none; raise ConnectionLost at the end."""
        socket = self._socket
        if socket is None:
            raise self._over()
        message = await socket.receive()
        self._heard.feed()
        match message.type:
            case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                return self._understood(message.data)
            case aiohttp.WSMsgType.PING:
                await socket.pong(message.data)
                return None
            case aiohttp.WSMsgType.PONG:
                return None
            case _:
                raise self._ended(socket, message)

    def _understood(self, data: str | bytes) -> Report | None:
        try:
            return read_report(decode(data, Direction.TO_CLIENT))
        except FrameError as error:
            self._malformed(error)
            return None

    def _ended(self, socket: aiohttp.ClientWebSocketResponse, message: aiohttp.WSMessage) -> ConnectionLost:
        if message.type is aiohttp.WSMsgType.ERROR:
            return ConnectionLost(f"the connection broke: {message.data}", path=self.host)
        code = socket.close_code
        words = f" with code {code}" if code is not None else ""
        return ConnectionLost(f"the cloud closed the connection{words}", path=self.host)

    async def _keep_alive(self) -> None:
        """Send `0072` when nothing was sent, a ping when nothing was heard; raise for a dead peer."""
        pinged_at = -1.0
        while True:
            now, silent_s = self._clock.monotonic(), self._heard.silent_s
            if silent_s >= 2 * PING_S:
                raise ConnectionLost(
                    f"the cloud is silent: {silent_s:.0f} s without a sign of life", path=self.host
                )
            if now - self._sent_at >= HEARTBEAT_S:
                await self.send((RequestPrefix.HEARTBEAT, {}))
            if silent_s >= PING_S and pinged_at <= now - silent_s:
                pinged_at = now
                await self._ping()
            next_look_s = PING_S - silent_s if silent_s < PING_S else 2 * PING_S - silent_s
            await self._clock.sleep(max(0.0, min(HEARTBEAT_S - (now - self._sent_at), next_look_s)))

    async def _jam(self) -> NoReturn:
        await self._stuck.wait()
        raise self._jammed()

    def _jammed(self) -> ConnectionLost:
        return ConnectionLost("the cloud takes no data any more", path=self.host)

    def _over(self) -> ConnectionLost:
        return ConnectionLost("there is no connection any more", path=self.host)

    async def _ping(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError, RuntimeError, aiohttp.ClientError):  # the reader tells why
                await self._socket.ping()


def _doubt_about(tls: ssl.SSLObject | None) -> str | None:
    """Return why a connection must not carry a login, None if nothing speaks against it."""
    if tls is None:  # an HTTP redirect led out of TLS
        return "redirected to an address without TLS"
    if tls.context.verify_mode is ssl.CERT_NONE:  # a borrowed HTTP session may be made for that
        return "was reached without a look at its certificate: its TLS settings must verify it"
    return None


def _checked_host(host: str) -> str:
    """Return a host that may be dialled, an IPv6 literal without brackets; raise ConnectionFailed."""
    bare = host.strip("[]")
    if _is_address(bare) or _HOST.fullmatch(host):
        return bare
    raise ConnectionFailed(
        f"the cloud redirected to {host[:80]!r}, which is no host",
        hint="This is a fault of the cloud; it is tried again later.",
    )


def _reason(error: Exception) -> str:
    """Return what the operating system said, without the library's own words."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refused(username: str, code: ErrorCode) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"the login of {username} was refused: {code.meaning}",
        hint=code.hint or "Check user name and password in the vendor's own app.",
    )


def _login_error(username: str, error: ServerError) -> HomewireError:
    """Return what a `9999` during the login means (section 4, form 2)."""
    code = error.code
    if code is not None and (code.about_credentials or code == ErrorCode.PERMISSION_DENIED):
        return _refused(username, code)
    return ConnectionFailed(
        f"the cloud answered the login with {error.meaning}", hint="It is tried again later."
    )
