"""The reference of the HTTP API for docs/api-reference.md, made from its own OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from homewire.bridge.editing import ConnectionEditor
from homewire.bridge.events import EventLog
from homewire.bridge.history import History
from homewire.bridge.history.routes import history_router
from homewire.bridge.http.app import Parts, api_document
from homewire.bridge.metrics import Metrics
from homewire.bridge.registry import Registry

__all__ = ["api_page"]

Json = dict[str, Any]

_EVERYWHERE = {"400", "401", "403", "404", "405", "421", "429"}
"""Answers of every route; the guide explains them once."""


def api_page() -> str:
    """Return every route with its parameters, body and answers, then every shape."""
    document = _document()
    routes = [(path, *call) for path, item in document["paths"].items() for call in item.items()]
    shapes = sorted(document["components"]["schemas"].items())
    parts = ["## Routes\n", *(_route(*route) for route in routes)]
    parts += ["## Shapes\n", *(_shape(*shape) for shape in shapes)]
    return "\n".join(parts)


def _document() -> Json:
    registry = Registry()
    parts = Parts(
        registry=registry,
        editor=ConnectionEditor(registry),
        event_log=EventLog(registry),
        reports=dict,
        ready=lambda: True,
        scrape=Metrics(registry).page,
        api_routers=(history_router(History(None, registry=registry, clock=registry.clock)),),
    )
    return api_document(parts)


def _route(path: str, method: str, operation: Json) -> str:
    lines = [f"### `{method.upper()} {path}`\n", f"{operation['description']}\n"]
    if parameters := list(_parameters(operation)):
        lines += ["| parameter | in | type | |", "|---|---|---|---|", *parameters, ""]
    if "requestBody" in operation:
        lines += [f"Body: {_content(operation['requestBody'])}\n"]
    answers = operation["responses"]
    special = sorted(answers.keys() - _EVERYWHERE)
    told = [f"{status} {_content(answers[status])}".strip() for status in special]
    return "\n".join([*lines, f"Answers: {'; '.join(told)}.\n"])


def _parameters(operation: Json) -> Iterator[str]:
    for one in operation.get("parameters", ()):
        needed = "" if one.get("required") else "optional"
        words = "; ".join(filter(None, (needed, one.get("description", "").rstrip("."))))
        yield f"| `{one['name']}` | {one['in']} | {_type(one['schema'])} | {words} |"


def _content(answer: Json) -> str:
    kinds = {_type(one.get("schema", {})) or media for media, one in answer.get("content", {}).items()}
    return ", ".join(sorted(kinds - {"null"}))


def _shape(name: str, schema: Json) -> str:
    needed = set(schema.get("required", ()))
    lines = [f"### {name}\n"]
    if words := schema.get("description"):
        lines.append(f"{' '.join(words.split())}\n")
    if "enum" in schema:
        return "\n".join([*lines, f"One of {', '.join(f'`{one}`' for one in schema['enum'])}.\n"])
    lines += ["| field | type | |", "|---|---|---|"]
    for field, one in schema.get("properties", {}).items():
        lines.append(f"| `{field}` | {_type(one)} | {'' if field in needed else 'may be left out'} |")
    return "\n".join([*lines, ""])


def _type(schema: Json) -> str:
    """Return the type of a schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[word]))
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema.get('items', {})) or 'anything'}"
        case "object":
            inner = schema.get("additionalProperties")
            return f"mapping to {_type(inner)}" if isinstance(inner, dict) and inner else "mapping"
        case list() as several:
            return " or ".join(several)
        case kind:
            return " ".join(filter(None, (schema.get("format", ""), kind or "")))
