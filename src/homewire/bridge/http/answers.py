"""What handlers share: requests and their parameters, and JSON answers with ETags."""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import ClientException
from litestar.params import FromPath

from homewire.bridge.registry import Registry

__all__ = ["Http", "JsonRequest", "PathText", "TheRegistry", "etag_of", "tagged"]

Http = Request[Any, Any, State]
"""A request, as handlers get it."""


class JsonRequest(Request[Any, Any, State]):
    """A request whose body, whatever it is, is JSON or the client's mistake."""

    async def json(self) -> Any:
        """Return the body; raise ClientException for what is no JSON."""
        try:
            return await super().json()
        except UnicodeDecodeError as error:
            raise ClientException("the body is not UTF-8") from error
        except RecursionError as error:
            raise ClientException("the body is nested too deeply") from error


TheRegistry: TypeAlias = NamedDependency[Registry]
PathText: TypeAlias = FromPath[str]

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


def etag_of(body: Any) -> str:
    """Return the strong ETag of what would be answered."""
    return f'"{hashlib.blake2b(_encode(body), digest_size=8).hexdigest()}"'


def tagged(request: Http, body: T) -> Response[T]:
    """Answer with the body and its ETag, or 304 when the client has it already."""
    etag = etag_of(body)
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in known or "*" in known:
        return Response(None, status_code=304, headers=headers)  # type: ignore[arg-type]  # a 304 has no body
    return Response(body, headers=headers)
