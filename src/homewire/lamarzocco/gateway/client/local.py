"""The local client: a machine's own HTTP API and its stream (`lamarzocco-gateway.md`, sections 9 and 10)."""

from __future__ import annotations

import contextlib
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp

from homewire.clock import Clock
from homewire.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    HomewireError,
    ProtocolError,
)
from homewire.lamarzocco.gateway.client.http import HttpClient, bearer
from homewire.lamarzocco.gateway.client.unknown import FieldWatch
from homewire.lamarzocco.gateway.codec import Batch, decode_configuration, decode_json, decode_stream
from homewire.lamarzocco.gateway.models import Configuration, GrinderConfiguration
from homewire.link.silence import SilenceWatch
from homewire.secrets import Secret
from homewire.unknowns import Unknowns

__all__ = ["DEFAULT_PORT", "LaMarzoccoLocalClient"]

_log = logging.getLogger(__name__)

DEFAULT_PORT = 8081
"""Section 2."""

_CALL_WITHIN_S = 5.0
"""On the local network; a machine asleep on Wi-Fi does not answer at all."""

_SILENT_S = 40.0
"""A machine says something at least every 25 s (section 10); this leaves room for a slow Wi-Fi."""

_MOST_MESSAGE_BYTES = 256 * 1024
"""The longest message, the whole configuration, has 4 KB."""

_ADDRESS_HINT = "Write a host name or an address, with a port if it is not 8081: 10.0.0.7 or 10.0.0.7:8081."

ConfigurationT = TypeVar("ConfigurationT", Configuration, GrinderConfiguration)


class LaMarzoccoLocalClient:
    """One machine on the local network: its configuration and its stream. It takes no commands.

    `host` may carry a port (`10.0.0.7:8081`). `client` is the caller's aiohttp session; without one the
    client makes its own and `close()` ends it. On the stream any frame counts as a sign of life, a ping, too
    (section 10).
    """

    def __init__(
        self,
        host: str,
        local_bearer: str | Secret,
        local_port: int = DEFAULT_PORT,
        client: aiohttp.ClientSession | None = None,
        *,
        clock: Clock | None = None,
        unknowns: Unknowns | None = None,
    ) -> None:
        self.host, self.port = _host_and_port(host, local_port)
        self.clock = clock or Clock()
        self.unknowns = unknowns or Unknowns()
        self.connected = False
        self._token = local_bearer if isinstance(local_bearer, Secret) else Secret(local_bearer)
        self._http = HttpClient(client, self.clock)
        self._fields = FieldWatch(self.unknowns)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the session if it is the client's own."""
        await self._http.close()

    async def get_configuration(
        self,
        kind: type[ConfigurationT] = Configuration,  # type: ignore[assignment] # mypy: a default for a constrained variable
    ) -> ConfigurationT:
        """Return the typed configuration; raise AuthenticationFailed for an inactive key (403)."""
        data = await self._read()
        config = decode_configuration(data, kind, notice=self.unknowns.note)
        self._fields.look(self.host, config, data)
        return config

    async def get_config(self) -> dict[str, Any]:
        """Return the configuration as plain JSON."""
        config = decode_json(await self._read(), "the configuration")
        if not isinstance(config, dict):
            raise ProtocolError("the configuration is no object", offset=0)
        return config

    @classmethod
    async def validate_connection(
        cls,
        client: aiohttp.ClientSession | None,
        host: str,
        token: str,
        port: int = DEFAULT_PORT,
        **options: Any,
    ) -> bool:
        """Tell whether a machine answers there and takes the key."""
        local = cls(host, token, port, client, **options)
        try:
            await local.get_configuration()
        except HomewireError as error:
            _log.debug("The local API at %s does not answer as it should: %s", host, error)
            return False
        finally:
            await local.close()
        return True

    async def websocket_connect(self, callback: Callable[[str | bytes], Any] | None = None) -> None:
        """Call back with every raw message until the stream ends; then raise ConnectionLost."""
        async with self._stream() as stream:
            async for text in self._messages(stream):
                result = callback(text) if callback else None
                if inspect.isawaitable(result):
                    await result

    async def stream(self) -> AsyncGenerator[Batch, None]:
        """Yield decoded messages until the stream ends; then raise ConnectionLost.

        A message that cannot be decoded is noted and skipped.
        """
        async with self._stream() as stream:
            async for text in self._messages(stream):
                try:
                    batch = decode_stream(text)
                except ProtocolError as error:
                    self.unknowns.note("message", error.reason)
                    continue
                yield batch

    async def _read(self) -> bytes:
        url = f"http://{self.host}:{self.port}/api/v1/config"
        headers = dict(bearer(self._token.reveal()))
        answer = await self._http.request("GET", url, timeout_s=_CALL_WITHIN_S, path="local", headers=headers)
        if answer.status in (401, 403):
            raise self._inactive()
        if not answer.ok:
            raise ConnectionFailed(f"the machine answered HTTP {answer.status}", path="local")
        return answer.body

    @contextlib.asynccontextmanager
    async def _stream(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        url = f"ws://{self.host}:{self.port}/api/v1/streaming"
        stream: aiohttp.ClientWebSocketResponse | None = None
        try:
            async with self._http.errors(url, _CALL_WITHIN_S, "local"):
                stream = await self._http.session.ws_connect(
                    url,
                    headers=dict(bearer(self._token.reveal())),
                    max_msg_size=_MOST_MESSAGE_BYTES,
                    autoping=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        except ConnectionFailed as error:
            cause = error.__cause__
            if isinstance(cause, aiohttp.WSServerHandshakeError) and cause.status in (401, 403):
                raise self._inactive() from cause
            raise
        self.connected = True
        try:
            yield stream
        finally:
            self.connected = False
            await stream.close()

    async def _messages(self, stream: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
        watch = SilenceWatch(_SILENT_S, self.clock)
        while True:
            try:
                async with self.clock.timeout(max(0.0, watch.limit_s - watch.silent_s)):
                    message = await stream.receive()
            except TimeoutError as error:
                raise ConnectionLost(f"the machine said nothing for {_SILENT_S:g} s", path="local") from error
            watch.feed()
            if message.type is aiohttp.WSMsgType.TEXT:
                yield message.data
            elif message.type is aiohttp.WSMsgType.PING:
                await stream.pong(message.data)
            elif message.type not in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.PONG):
                raise ConnectionLost(f"the machine closed the stream: {_why(message)}", path="local")

    def _inactive(self) -> AuthenticationFailed:
        return AuthenticationFailed(
            "the machine does not take the local key",
            path="local",
            hint="Some machines forget it after a restart: the cloud has to send it once (token request).",
        )


def _host_and_port(text: str, default: int) -> tuple[str, int]:
    """Split `host`, `host:port`, `[v6]` and `[v6]:port`; raise ConfigurationError."""
    bare = text.count(":") > 1 and not text.startswith("[")
    try:
        parts = urlsplit(f"//[{text}]" if bare else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no address: {error}", hint=_ADDRESS_HINT) from error
    if not host or parts.path:
        raise ConfigurationError(f"{text!r} is no address", hint=_ADDRESS_HINT)
    return (f"[{host}]" if ":" in host else host), port or default


def _why(message: aiohttp.WSMessage) -> str:
    if message.type is aiohttp.WSMsgType.ERROR:
        return str(message.data)
    return message.type.name.lower()
