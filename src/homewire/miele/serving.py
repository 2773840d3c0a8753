"""The receiving end of signed requests: appliances are servers, and so is a peer that wants to be pushed to.

The simulator and the push listener share this: verify what arrives (miele-http.md, section 3.6), sign what
goes back (section 4).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from aiohttp import web

from homewire.miele.signing import (
    Credentials,
    HeadersToSign,
    Padding,
    SignatureError,
    decrypt_unverified,
    http_date,
    open_request,
    pad,
    parse_signature_header,
    request_text,
    seal_response,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAXIMUM_REQUEST_BYTES", "bare_response", "open_received", "read_body", "signed_response"]

CONTENT_TYPE: Final = "application/vnd.miele.v1+json; charset=utf-8"
"""Every signed answer has it, DOP2 leaves too (section 4)."""

MAXIMUM_REQUEST_BYTES: Final = 1 << 16
"""The largest documented request, a commissioning write, has 176 bytes."""


async def open_received(
    request: web.BaseRequest, credentials: Credentials, *, lenient: bool = False
) -> bytes:
    """Verify a request and return its padded plaintext; raise SignatureError.

    `lenient` also accepts what asyncmiele 0.2.6 sends: a signature over the body without the inserted blanks
    (section 3.6).
    """
    group_id, signature = parse_signature_header(request.headers.get("Authorization", ""))
    if group_id != credentials.group_id:
        raise SignatureError("the request is signed by another household", offset=0)
    body = await read_body(request)
    line = (request.method, request.headers.get("Host", ""), request.raw_path)
    headers = _signed_headers(request.headers)
    try:
        return open_request(credentials, signature, line, headers, body)
    except SignatureError:
        if not lenient:
            raise
    return _open_lenient(credentials, signature, line, headers, body)


async def read_body(request: web.BaseRequest) -> bytes:
    """Read a whole body, in however many pieces it arrives; raise SignatureError if it is too large."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAXIMUM_REQUEST_BYTES:
            raise SignatureError(
                f"a request of more than {MAXIMUM_REQUEST_BYTES} bytes", offset=MAXIMUM_REQUEST_BYTES
            )
    return bytes(body)


def signed_response(credentials: Credentials, status: int, body: bytes, now: dt.datetime) -> web.Response:
    """Pad, sign and encrypt an answer the way an appliance does; errors and 204 carry no signature."""
    date = http_date(now)
    if not body:
        return bare_response(status, b"", now)
    padded = pad(body, Padding.BINARY)
    sealed = seal_response(credentials, status, HeadersToSign(content_type=CONTENT_TYPE, date=date), padded)
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Date": date,
        "X-Signature": sealed.signature_header,
        "Connection": "close",
    }
    return web.Response(status=status, body=sealed.body, headers=headers)


def bare_response(
    status: int, body: bytes, now: dt.datetime, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer without a signature: errors, empty answers, set-up resources."""
    fixed = {"Date": http_date(now), "Connection": "close", "Content-Type": CONTENT_TYPE}
    return web.Response(status=status, body=body or None, headers=fixed | dict(headers or {}))


def _open_lenient(
    credentials: Credentials,
    signature: bytes,
    line: tuple[str, str, str],
    headers: HeadersToSign,
    body: bytes,
) -> bytes:
    plain = decrypt_unverified(credentials, signature, body)
    stripped = plain.rstrip(b" ")
    bare = stripped[:-1].rstrip(b" ") + b"}" if stripped.endswith(b"}") else stripped
    verify(credentials, signature, request_text(*line, headers, bare), "request")
    return plain


def _signed_headers(headers: Mapping[str, str]) -> HeadersToSign:
    return HeadersToSign(
        content_type=headers.get("Content-Type", ""),
        accept=headers.get("Accept", ""),
        date=headers.get("Date", ""),
    )
