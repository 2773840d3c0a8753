"""Errors as problem+json (RFC 9457), with homewire's own stable codes (docs/http-api.md, "Errors")."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from homewire.errors import HomewireError
from homewire.secrets import redact

__all__ = ["PROBLEM_TYPE", "Problem", "problem", "problem_body", "status_of"]

_log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"

_STATUS = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "remote_control_disabled": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "command_rejected": 409,
    "command_superseded": 409,
    "precondition_failed": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "misdirected": 421,
    "invalid_value": 422,
    "idempotency_key_reused": 422,
    "configuration_error": 422,
    "rate_limited": 429,
    "not_supported": 501,
    "protocol_error": 502,
    "authentication_failed": 502,
    "connection_failed": 503,
    "connection_lost": 503,
    "shutting_down": 503,
    "command_timeout": 504,
}

_CODE_OF_STATUS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    421: "misdirected",
    429: "rate_limited",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong, for programs (`code`) and people (`detail`)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str
    hint: str | None = None
    appliance: str | None = None
    path: str | None = None
    allowed: str | None = None
    reason_code: str | int | None = None


def status_of(error: HomewireError) -> int:
    """Return the HTTP status for an error of the family."""
    return _STATUS.get(error.code, 500)


def problem_body(
    code: str, message: str, *, detail: str | None = None, status: int | None = None, **details: Any
) -> dict[str, Any]:
    """Return the members of a problem."""
    return {
        "type": f"urn:homewire:error:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status or _STATUS.get(code, 500),
        "detail": detail or message,
        "code": code,
        "message": message,
    } | details


def problem(
    code: str, message: str, *, headers: dict[str, str] | None = None, **details: Any
) -> Response[dict[str, Any]]:
    """Return a response with a problem."""
    body = problem_body(code, message, **details)
    return Response(body, status_code=body["status"], media_type=PROBLEM_TYPE, headers=headers or {})


def from_homewire(_request: Request[Any, Any, Any], error: HomewireError) -> Response[dict[str, Any]]:
    """Answer with an error of the family."""
    details = {k: v for k, v in redact(error.details()).items() if k not in ("code", "message")}
    return problem(error.code, str(redact(error.message)), detail=str(redact(str(error))), **details)


def from_http(_request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """Answer with what the framework found wrong with a request."""
    code = _CODE_OF_STATUS.get(error.status_code, "bad_request" if error.status_code < 500 else "error")  # noqa: PLR2004 - server errors begin at 500
    headers = {key: value for key, value in (error.headers or {}).items() if key.lower() == "allow"}
    return problem(code, _words(error), status=error.status_code, headers=headers)


def from_anything(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Answer with 500 and keep the details in the log."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem("error", "the bridge made a mistake; its log tells more", status=500)


def _words(error: HTTPException) -> str:
    if isinstance(error, ValidationException) and isinstance(error.extra, list) and error.extra:
        return "; ".join(_flaw(str(one.get("key", "")), str(one.get("message", ""))) for one in error.extra)
    return error.detail or "the request was not understood"


def _flaw(key: str, message: str) -> str:
    """Return what is wrong with a parameter; of one that is missing the framework only says its name."""
    if message.strip("'") == key:
        return "a body is needed" if key == "data" else f"{key} is needed"
    return f"{key}: {message}".strip(": ")
