"""HTTP as all clients of this generation use it: one aiohttp session, the error family, a size limit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp

from homewire.clock import Clock
from homewire.errors import ConnectionFailed, ProtocolError

__all__ = ["Answer", "HttpClient"]

_MOST_BYTES = 4 * 1024 * 1024
"""A configuration has 4 KB, a year of statistics 60 KB: whoever sends more is not a gateway."""


class Answer:
    """An HTTP answer: status, body, and the seconds after which a refused call may be repeated."""

    __slots__ = ("body", "retry_after", "status")

    def __init__(self, status: int, body: bytes, retry_after: str | None) -> None:
        self.status = status
        self.body = body
        self.retry_after = retry_after

    @property
    def ok(self) -> bool:
        """Any 2xx is success (section 6)."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of success


class HttpClient:
    """Sends requests over the caller's session, or over one of its own that `close()` ends."""

    def __init__(self, session: aiohttp.ClientSession | None, clock: Clock) -> None:
        self._session = session
        self._owned = session is None
        self._clock = clock

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session; made when it is first needed."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        """Close the session if it is our own."""
        if self._owned and self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def request(self, method: str, url: str, *, timeout_s: float, path: str, **options: Any) -> Answer:
        """Return the answer; raise ConnectionFailed naming the path that was tried."""
        async with self.errors(url, timeout_s, path):
            options["headers"] = {"Accept": "application/json", **options.get("headers", {})}
            async with self.session.request(method, url, allow_redirects=False, **options) as response:
                body = await _limited(response)
                return Answer(response.status, body, response.headers.get("Retry-After"))

    @contextlib.asynccontextmanager
    async def errors(self, url: str, timeout_s: float, path: str) -> AsyncIterator[None]:
        """Turn what aiohttp and the clock raise into ConnectionFailed."""
        try:
            async with self._clock.timeout(timeout_s):
                yield
        except TimeoutError as error:
            raise ConnectionFailed(
                f"{_host(url)} did not answer within {timeout_s:g} s", path=path
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise ConnectionFailed(
                f"{_host(url)} cannot be reached: {error.strerror or error}", path=path
            ) from error
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError, ValueError) as error:
            raise ConnectionFailed(f"{_host(url)} answered incompletely: {error}", path=path) from error


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > _MOST_BYTES:
            raise ProtocolError(f"the answer is longer than {_MOST_BYTES} bytes", offset=_MOST_BYTES)
        parts.append(part)
    return b"".join(parts)


def _host(url: str) -> str:
    return url.split("/")[2] if "://" in url else url


def bearer(token: str) -> Mapping[str, str]:
    """Return the authorization header."""
    return {"Authorization": f"Bearer {token}"}
