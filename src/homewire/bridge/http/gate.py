"""Who may come in: Host, Origin, rate, token and scope, checked before anything else sees a request.

The rules stand in docs/http-api.md, "Access". Whoever comes through the Unix socket is its owner, because
nobody else can open it.
"""

from __future__ import annotations

import collections
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from homewire.bridge.http.problems import PROBLEM_TYPE, problem_body
from homewire.bridge.settings import HttpSettings, is_loopback
from homewire.clock import Clock
from homewire.secrets import Secret

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

__all__ = ["Gate"]

_PROTECTED = ("/api", "/metrics")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_CLIENTS = 1000
MOST_BYTES = 256 * 1024
_TOKEN_PROTOCOL = "homewire.token."  # noqa: S105 - the prefix, not a token
PROTOCOL = "homewire"

_encode = msgspec.json.Encoder().encode


class Refusal(Exception):
    """The request goes no further."""

    def __init__(self, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.code = code
        self.headers = {key.replace("_", "-"): value for key, value in headers.items()}


class Rates:
    """A bucket of tokens per client: `rate` per second flow in, `burst` fit in."""

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._buckets: collections.OrderedDict[str, tuple[float, float]] = collections.OrderedDict()

    def wait_s(self, client: str) -> float:
        """Take a token; return how long to wait for one (seconds), 0 when there was one."""
        now = self._clock.monotonic()
        left, at = self._buckets.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        while len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate


class Gate:
    """ASGI middleware in front of the application."""

    def __init__(self, app: ASGIApp, settings: HttpSettings, clock: Clock) -> None:
        self._app = app
        self._settings = settings
        self._rates = Rates(settings.requests_per_second, settings.burst, clock)
        self._hosts = {host.lower() for host in (settings.host, *settings.allowed_hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or refuse it."""
        kind = str(scope["type"])
        if kind in ("http", "websocket"):
            headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
            try:
                self._check(scope, headers)
            except Refusal as refusal:
                await _refuse(refusal, kind, scope, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Mapping[str, str]) -> None:
        _check_body(scope, headers)
        if _is_owner(scope):
            return
        self._check_host(headers)
        self._check_origin(headers)
        client = scope.get("client")
        wait_s = self._rates.wait_s(client[0] if client else "")
        if wait_s > 0:
            raise Refusal("rate_limited", "too many requests", Retry_After=str(int(wait_s) + 1))
        if scope["path"].startswith(_PROTECTED):
            self._check_token(scope, headers)

    def _check_host(self, headers: Mapping[str, str]) -> None:
        host = _host(headers.get("host", ""))
        if not (is_loopback(host) or host in self._hosts):
            raise Refusal("misdirected", "this bridge does not go by that name; add it to allowed_hosts")

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        origin = headers.get("origin")
        if origin is None:
            return
        allowed = {headers.get("host", "").lower(), *self._settings.allowed_hosts}
        if urlsplit(origin).netloc.lower() not in allowed:
            raise Refusal("forbidden", "requests from other web sites are refused")

    def _check_token(self, scope: Scope, headers: Mapping[str, str]) -> None:
        settings = self._settings
        if not settings.token and not settings.read_token:
            return  # only loopback may go without; `check_exposure` sees to that
        token = _token(headers)
        if not token:
            raise Refusal("unauthorized", "a token is needed", WWW_Authenticate="Bearer")
        controls, reads = _same(token, settings.token), _same(token, settings.read_token)
        if not controls and not reads:
            raise Refusal("unauthorized", "the token is not known", WWW_Authenticate="Bearer")
        if not controls and scope.get("method", "GET") not in _READING:
            raise Refusal("forbidden", "this token may only read")


def _check_body(scope: Scope, headers: Mapping[str, str]) -> None:
    """Refuse big bodies, and bodies that any web page could make a browser send."""
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MOST_BYTES:
        raise Refusal("too_large", f"the body is above {MOST_BYTES} bytes")
    has_body = length != "0" or "transfer-encoding" in headers
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and scope.get("method") in ("POST", "PUT", "PATCH") and media_type != "application/json":
        raise Refusal("unsupported_media_type", "the body must be application/json")


def _is_owner(scope: Scope) -> bool:
    """Tell whether it came through the Unix socket: its address has no port."""
    server: Any = scope.get("server")
    return server is not None and server[1] is None


def _host(value: str) -> str:
    """Return the name in a Host header, without port and brackets."""
    try:
        return (urlsplit(f"//{value}").hostname or "").lower()
    except ValueError:
        return ""


def _token(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    for offered in headers.get("sec-websocket-protocol", "").split(","):
        if offered.strip().startswith(_TOKEN_PROTOCOL):
            return offered.strip().removeprefix(_TOKEN_PROTOCOL)
    return ""


def _same(token: str, expected: Secret | None) -> bool:
    return bool(expected) and hmac.compare_digest(token.encode(), expected.reveal().encode())  # type: ignore[union-attr]  # bool() excluded None


async def _refuse(refusal: Refusal, kind: str, scope: Scope, send: Send) -> None:
    body = problem_body(refusal.code, str(refusal))
    headers = [(b"content-type", PROBLEM_TYPE.encode())]
    headers += [(key.lower().encode(), value.encode()) for key, value in refusal.headers.items()]
    prefix = "http" if kind == "http" else "websocket.http"
    if kind == "websocket" and "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008, "reason": str(refusal)})
        return
    start: Any = {"type": f"{prefix}.response.start", "status": body["status"], "headers": headers}
    end: Any = {"type": f"{prefix}.response.body", "body": _encode(body), "more_body": False}
    await send(start)
    await send(end)
