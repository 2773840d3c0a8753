"""One module, one request at a time: signed requests out, authenticated answers in.

A Miele module serves a single request; a second one gets a reset, a time-out or 503 (miele-http.md, section
1). So everything that talks to one module goes through one `Transport`: requests queue, equal reads that
wait or run at the same moment are one request, a busy module is asked again later, and after five failures
in a row the module is left alone for a while (section 17). An answer with data counts only after its
signature was verified, and only if it is not older than the last one (section 4: nothing else protects
against replays).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from homewire.clock import Clock
from homewire.errors import (
    ConnectionFailed,
    ConnectionLost,
    HomewireError,
    InvalidValue,
    ProtocolError,
)
from homewire.miele.refusals import RequestTimeout, refusal
from homewire.miele.signing import (
    Credentials,
    HeadersToSign,
    Padding,
    SignatureError,
    http_date,
    open_response,
    pad,
    parse_date,
    seal_request,
)

if TYPE_CHECKING:
    import aiohttp

__all__ = ["ACCEPT", "CONTENT_TYPE", "MAXIMUM_BODY_BYTES", "Reply", "RequestTimeout", "Transport"]

ACCEPT: Final = "application/vnd.miele.v1+json"
CONTENT_TYPE: Final = "application/vnd.miele.v1+json; charset=utf-8"
"""Header values of the known clients in their normal spelling (section 3.2)."""

MAXIMUM_BODY_BYTES: Final = 1 << 20
"""No recorded answer exceeds a few kilobytes; more is an attack on our memory."""

TIMEOUT_S: Final = 10.0
"""An overloaded module does not answer within 10 s (sections 5 and 17)."""

_BUSY_DELAYS_S: Final = (2.0, 4.0, 8.0, 16.0)
"""When to ask a busy module again after 503 (section 17)."""

_FAILURES_BEFORE_REST: Final = 5
_REST_S: Final = 120.0
"""After five failures in a row stop for minutes: a washer lost its Wi-Fi under load (section 17)."""

_USER_AGENT: Final = "homewire"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted answer: its status, and its verified plaintext (still padded) or nothing."""

    status: int
    body: bytes = b""
    location: str | None = None


class Transport:
    """The way to one module at `host` (an address, with `:port` if it is not 80).

    `credentials` of None means unsigned requests, as in set-up mode. `session` is the caller's own aiohttp
    session; without one the transport makes and closes its own.
    """

    def __init__(
        self,
        host: str,
        credentials: Credentials | None,
        *,
        session: aiohttp.ClientSession | None = None,
        clock: Clock | None = None,
        timeout_s: float = TIMEOUT_S,
        scheme: str = "http",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.host = host
        self.credentials = credentials
        self.clock = clock or Clock()
        self.requests = 0
        self.trusted = False
        self._timeout_s = timeout_s
        self._scheme = scheme
        self._headers = dict(headers or {})
        self._session = session
        self._owns_session = session is None
        self._turn = asyncio.Lock()
        self._reads: dict[str, asyncio.Future[Reply]] = {}
        self._failures = 0
        self._rest_until = 0.0
        self._newest: dt.datetime | None = None
        self._newest_text = ""

    def open(self) -> None:
        """Keep one session from now on, until `close`."""
        if self._session is None:
            self._session, self._owns_session = new_session(), True

    async def close(self) -> None:
        """Close the session if it is our own; what it was told is forgotten."""
        self._newest, self._newest_text = None, ""
        session = self._session
        if self._owns_session and session is not None:
            self._session = None
            await session.close()

    async def get(self, path: str) -> Reply:
        """Read a resource; callers that want the same at the same time share one request."""
        while (running := self._reads.get(path)) is not None:
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                if not running.cancelled():
                    raise  # we were cancelled, not the caller whose request we share
        shared = self._reads[path] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._exclusive("GET", path, b"")
        except BaseException as error:
            self._drop(path, shared)
            _pass_on(shared, error)
            raise
        self._drop(path, shared)
        shared.set_result(reply)
        return reply

    async def send(
        self, method: str, path: str, body: bytes = b"", padding: Padding | None = Padding.JSON
    ) -> Reply:
        """Send a write; it is never repeated, except to a module that said it was busy."""
        self._reads.clear()  # a read asked for after this write has to see its effect
        return await self._exclusive(method, path, body if padding is None else pad(body, padding))

    async def _exclusive(self, method: str, path: str, body: bytes) -> Reply:
        async with self._turn:
            for delay_s in (*_BUSY_DELAYS_S, None):
                reply = await self._attempt(method, path, body)
                if reply.status != _BUSY:
                    return self._accepted(method, path, reply)
                if delay_s is None:
                    break
                await self.clock.sleep(delay_s)
        raise ConnectionFailed(
            "the module stays busy", appliance=self.host, hint="Is another client polling it?"
        )

    async def _attempt(self, method: str, path: str, body: bytes) -> Reply:
        self._check_rest()
        self.requests += 1
        try:
            reply = await self._exchange(method, path, body)
        except HomewireError as error:
            error.appliance, error.path = error.appliance or self.host, error.path or path
            if isinstance(error, ConnectionFailed):
                self._note_failure()
            raise
        self._failures = 0
        return reply

    async def _exchange(self, method: str, path: str, body: bytes) -> Reply:
        import aiohttp  # noqa: PLC0415 - a network library, imported late
        from yarl import URL  # noqa: PLC0415 - comes with aiohttp

        headers = HeadersToSign(
            content_type=CONTENT_TYPE if body else "", accept=ACCEPT, date=http_date(self.clock.now())
        )
        values, sealed = self._sealed(method, path, headers, body)
        session = self._session or new_session()
        try:
            async with (
                self.clock.timeout(self._timeout_s),
                session.request(
                    method,
                    URL(f"{self._scheme}://{self.host}{path}", encoded=True),
                    headers=values,
                    data=sealed or None,
                    allow_redirects=False,
                    raise_for_status=False,
                    ssl=False,
                    skip_auto_headers=_SKIP,
                    middlewares=_MIDDLEWARES,
                ) as response,
            ):
                return await self._read(response)
        except TimeoutError:
            raise RequestTimeout(f"no answer within {self._timeout_s:g} s", hint=_REACHABLE) from None
        except ValueError as error:
            raise InvalidValue(
                f"{self.host}{path} cannot be asked for", allowed="an address or address:port, and no blanks"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _failure(error) from error
        finally:
            if session is not self._session:
                await session.close()

    def _sealed(
        self, method: str, path: str, headers: HeadersToSign, body: bytes
    ) -> tuple[dict[str, str], bytes]:
        """Return the header values and the body as they go on the wire."""
        values = {
            "Host": self.host,
            "Accept": headers.accept,
            "Date": headers.date,
            "User-Agent": _USER_AGENT,
        }
        if headers.content_type:
            values["Content-Type"] = headers.content_type
        if self.credentials is not None:
            sealed = seal_request(self.credentials, method, self.host, path, headers, body)
            values["Authorization"], body = sealed.signature_header, sealed.body
        return values | self._headers, body

    async def _read(self, response: aiohttp.ClientResponse) -> Reply:
        body = await _limited(response)
        location = response.headers.get("Location")
        if response.status not in _GOOD or self.credentials is None:
            return Reply(status=response.status, body=body, location=location)
        header = response.headers.get("X-Signature")
        if header is None and not body and response.method != "GET":
            # an empty answer to a write carries nothing that could be believed (201, 204, some 200)
            return Reply(status=response.status, location=location)
        signed = HeadersToSign(
            content_type=response.headers.get("Content-Type", ""), date=response.headers.get("Date", "")
        )
        plain = open_response(self.credentials, header, response.status, signed, body)
        self._check_age(signed.date)
        self.trusted = True
        return Reply(status=response.status, body=plain, location=location)

    def _check_age(self, date: str) -> None:
        """Refuse an answer that is older than one seen before; appliances send whole seconds."""
        if date and date == self._newest_text:
            return
        sent = parse_date(date)
        if self._newest is not None and (sent is None or sent < self._newest):
            raise SignatureError(
                "the answer is older than the one before: replayed",
                offset=0,
                hint="If somebody set the appliance's clock back, connect again.",
            )
        self._newest, self._newest_text = sent, date

    def _accepted(self, method: str, path: str, reply: Reply) -> Reply:
        if reply.status in _GOOD:
            return reply
        text = reply.body[:_QUOTED_BYTES].decode("utf-8", "replace").strip()
        raise refusal(self.host, method, path, reply.status, text, trusted=self.trusted)

    def _check_rest(self) -> None:
        left_s = self._rest_until - self.clock.monotonic()
        if self._failures >= _FAILURES_BEFORE_REST and left_s > 0:
            raise ConnectionFailed(
                f"left alone for another {left_s:.0f} s after {self._failures} failures in a row",
                appliance=self.host,
                hint="A module under load loses its Wi-Fi; it gets time to recover.",
            )

    def _note_failure(self) -> None:
        resting = self._failures >= _FAILURES_BEFORE_REST and self._rest_until > self.clock.monotonic()
        self._failures += 1
        if self._failures >= _FAILURES_BEFORE_REST and not resting:
            self._rest_until = self.clock.monotonic() + _REST_S

    def _drop(self, path: str, shared: asyncio.Future[Reply]) -> None:
        if self._reads.get(path) is shared:
            del self._reads[path]


def _pass_on(shared: asyncio.Future[Reply], error: BaseException) -> None:
    """Tell those who share a request why it failed; if its caller was cancelled, one of them asks anew."""
    if isinstance(error, asyncio.CancelledError):
        shared.cancel()
    else:
        shared.set_exception(error)
        shared.exception()  # perhaps nobody shared it


def new_session() -> aiohttp.ClientSession:
    """Open an HTTP session that suits the modules: a new connection for every request (section 1)."""
    import aiohttp  # noqa: PLC0415 - a network library, imported late

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
    )


async def _once(
    request: aiohttp.ClientRequest,
    handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending again what got no answer: it does so by itself, with PUT too."""
    import aiohttp  # noqa: PLC0415 - a network library, imported late

    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        raise _failure(error) from error


def _failure(error: Exception) -> ConnectionFailed:
    import aiohttp  # noqa: PLC0415 - a network library, imported late

    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectionFailed(f"cannot be reached: {_cause(error.os_error)}", hint=_REACHABLE)
    return ConnectionLost(f"the answer broke off or is not HTTP ({_reason(error)})")


def _cause(error: OSError) -> str:
    """Say why there is no connection, without the address, which the error names already."""
    if isinstance(error, socket.gaierror | ssl.SSLError) or error.errno is None or error.errno < 1:
        return str(error.strerror or error)
    return os.strerror(error.errno)


def _reason(error: Exception) -> str:
    """Say in one line why; what aiohttp writes of a response would quote our whole request."""
    text = str(getattr(error, "message", "") or error) or type(error).__name__
    return text.partition("\n")[0]


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAXIMUM_BODY_BYTES:
            raise ProtocolError(f"answer of more than {MAXIMUM_BODY_BYTES} bytes", offset=MAXIMUM_BODY_BYTES)
    return bytes(body)


_MIDDLEWARES: Final = (_once,)
_BUSY: Final = 503
_QUOTED_BYTES: Final = 60
_GOOD: Final = frozenset({200, 201, 202, 204})
_SKIP: Final = ("Accept-Encoding", "User-Agent", "Content-Type")
_REACHABLE: Final = "Check that it is switched on and connected to the network."
