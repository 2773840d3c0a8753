"""The OpenAPI 3.1 document: made from the routes, with the answers that every route can give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

import homewire
from homewire.bridge.http.problems import PROBLEM_TYPE, Problem

__all__ = ["describe"]

_EVERYWHERE = (400, 401, 403, 404, 405, 421, 429)
_WITH_BODY = (413, 415, 422)
_OF_APPLIANCES = (409, 422, 501, 502, 503, 504)
"""Where an appliance is asked now."""

_OF_HISTORY = (422, 503)

_ASKING = ("/commands", "/refresh", "/resources/{name}")
_TAGGED = ("/appliances", "/{appliance_id}", "/features", "/state", "/state/{key}")
"""What is answered with an ETag."""


_WORDS = {
    304: "Not modified",
    400: "Malformed request",
    401: "No token, or an unknown one",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "The appliance said no",
    412: "The state is not what If-Match says",
    413: "Body too large",
    415: "Not JSON",
    421: "Unknown host name",
    422: "Invalid value or settings",
    429: "Too many requests",
    501: "The model or firmware cannot",
    502: "Trouble between bridge and appliance",
    503: "The appliance cannot be reached, or the bridge stops",
    504: "Not confirmed in time",
}


def describe(handlers: Sequence[ControllerRouterHandler], **options: Any) -> dict[str, Any]:
    """Return the document for these routes."""
    config = OpenAPIConfig(
        title="homewire",
        version=homewire.__version__,
        description="Appliances, their features, commands and events. The guide is docs/http-api.md.",
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        use_handler_docstrings=True,
        security=[{}, {"token": []}],
    )
    document = Litestar(handlers, openapi_config=config, **options).openapi_schema.to_schema()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _problem_schema()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete(operation, path, method)
    return document


def _problem_schema() -> dict[str, Any]:
    (_,), components = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    schema: dict[str, Any] = components["Problem"]
    return schema


def _complete(operation: dict[str, Any], path: str, method: str) -> None:
    answers = operation.setdefault("responses", {})
    statuses = [*_EVERYWHERE]
    if method in ("post", "put", "patch"):
        statuses += _WITH_BODY
    if path.endswith(_ASKING) and not (method == "get" and path.endswith("/commands")):
        statuses += _OF_APPLIANCES
    if method == "delete":
        statuses.append(422)
    if "/history/" in path:
        statuses += _OF_HISTORY
    for status in statuses:
        answers[str(status)] = _problem_answer(status)
    if method == "get" and path.endswith(_TAGGED):
        answers["304"] = {"description": _WORDS[304]}
    if path.endswith("/commands") and method == "post":
        answers["412"] = _problem_answer(412)
        answers["200"] = answers["202"]
        answers["202"] = {**answers["202"], "headers": {"Location": {"schema": {"type": "string"}}}}


def _problem_answer(status: int) -> dict[str, Any]:
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": _WORDS[status], "content": content}
