"""Serving the dashboard's files from memory, compressed once, revalidated by ETag."""

from __future__ import annotations

import gzip
import hashlib
import importlib.resources
import mimetypes
from importlib.resources.abc import Traversable

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from homewire.bridge.http.answers import Http
from homewire.errors import NotFound

__all__ = ["SECURITY_HEADERS", "web_router"]

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "lit-html",
}
"""Nothing from elsewhere, nothing inline, in nobody's frame."""

SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_COMPRESSIBLE = frozenset({".js", ".css", ".html", ".svg", ".webmanifest"})


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent."""

    plain: bytes
    packed: bytes | None
    media_type: str
    etag: str


class Assets:
    """All files below `static`, read once."""

    def __init__(self, root: Traversable | None = None) -> None:
        self._root = root or importlib.resources.files(__package__) / "static"
        self._assets = dict(_walk(self._root, ""))

    def __getitem__(self, path: str) -> Asset:
        try:
            return self._assets[path]
        except KeyError:
            raise NotFound(f"the dashboard has no file {path!r}") from None


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, _asset(entry)))
    return found


def _asset(entry: Traversable) -> Asset:
    content = entry.read_bytes()
    suffix = entry.name[entry.name.rfind(".") :] if "." in entry.name else ""
    return Asset(
        plain=content,
        packed=gzip.compress(content, 9, mtime=0) if suffix in _COMPRESSIBLE else None,
        media_type=_TYPES.get(suffix) or mimetypes.guess_type(entry.name)[0] or "text/plain",
        etag=f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}"',
    )


@get("/", summary="The dashboard", include_in_schema=False)
async def index(request: Http, assets: NamedDependency[Assets]) -> Response[bytes]:
    """Return the page."""
    return _answer(request, assets["index.html"])


@get("/assets/{path:path}", summary="A file of the dashboard", include_in_schema=False)
async def asset(request: Http, assets: NamedDependency[Assets], path: FromPath[str]) -> Response[bytes]:
    """Return a file of the page."""
    return _answer(request, assets[path.strip("/")])


def web_router() -> Router:
    """Return the routes of the dashboard, to be put below /."""
    assets = Assets()
    return Router(
        path="/",
        route_handlers=[index, asset],
        dependencies={"assets": Provide(lambda: assets, sync_to_thread=False)},
    )


def _answer(request: Http, found: Asset) -> Response[bytes]:
    headers = {**SECURITY_HEADERS, "ETag": found.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=found.media_type)
    if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, headers=headers, media_type=found.media_type)
    return Response(found.plain, headers=headers, media_type=found.media_type)
