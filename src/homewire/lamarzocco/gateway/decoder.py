"""`homewire decode lamarzocco-gateway`: configurations, answers, stream messages, Bluetooth commands.

Takes a HAR file of the app's traffic, a JSON file (one answer, a configuration, or one stream message), a
text with one message per line, or a hex dump of a Bluetooth write. Keys and passwords are not shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from homewire.captures import (
    CaptureFormat,
    Field,
    HarEntry,
    Record,
    detect_format,
    har_entries,
    hex_payload,
)
from homewire.errors import ProtocolError
from homewire.lamarzocco.gateway.codec import decode_json, decode_stream, unknown_fields_of
from homewire.lamarzocco.gateway.models import Configuration, GrinderConfiguration
from homewire.secrets import redact

__all__ = ["decode"]

_UNITS = {"Temperature": "°C", "SetPoint": "°C", "Group1Time": "s", "Group1Volume": "pulses"}
_CONFIGURATION_KEYS = ("machineMode", "MACHINEMODE")


def decode(capture: bytes, *, options: Mapping[str, Any] | None = None) -> Iterator[Record]:  # noqa: ARG001 - none needed
    """Yield one record per message; raise ProtocolError for a file that holds none of the known forms."""
    form = detect_format(capture)
    if form is CaptureFormat.HAR:
        parts: Iterator[tuple[bytes, str]] = (
            (part, where) for entry in har_entries(capture) for part, where in _exchange(entry)
        )
    elif form is CaptureFormat.HEX:
        parts = iter([(hex_payload(capture.decode()), "bluetooth")])
    elif form is CaptureFormat.PCAP:
        raise ProtocolError(
            "packet captures are not read for this kind",
            hint="Export the HTTP traffic as HAR, or the WebSocket messages as text.",
        )
    else:
        parts = _plain(capture)
    for index, (data, where) in enumerate(parts):
        yield _record(index, data, where)


def _exchange(entry: HarEntry) -> Iterator[tuple[bytes, str]]:
    path = "/" + entry.url.split("/", 3)[-1].partition("?")[0]
    if entry.request_body and not path.endswith("/token"):
        yield entry.request_body, f"{entry.method} {path}"
    if entry.response_body:
        yield entry.response_body, f"{entry.status} {path}"
    for direction, text in entry.messages:
        yield text.encode(), f"stream {direction}"


def _plain(capture: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield a whole JSON file, or else the JSON of each line, whatever stands before it."""
    try:
        decode_json(capture)
    except ProtocolError:
        for line in capture.splitlines():
            if line.strip():
                yield _from_json(line), "line"
    else:
        yield capture, "file"


def _from_json(line: bytes) -> bytes:
    start = re.search(rb"[\[{]", line)
    return line[start.start() :] if start else line


def _record(index: int, data: bytes, where: str) -> Record:
    direction = _direction(where)
    try:
        value = decode_json(data.rstrip(b"\x00\r\n "))
    except ProtocolError as error:
        shown = data[:60].decode("utf-8", "replace")
        return Record(index=index, summary=f"{where}: {shown}", direction=direction, error=str(error))
    summary, fields = _described(value, data)
    return Record(index=index, summary=f"{where}: {summary}", direction=direction, fields=tuple(fields))


def _direction(where: str) -> str | None:
    if where.startswith(("GET", "POST", "PUT", "DELETE", "bluetooth")):
        return "client_to_server"
    return "server_to_client" if where[:1].isdigit() or where == "stream receive" else None


def _described(value: Any, data: bytes) -> tuple[str, list[Field]]:
    inner = value.get("data") if isinstance(value, dict) and "data" in value else value
    if isinstance(inner, dict) and any(key in inner for key in _CONFIGURATION_KEYS):
        return _configuration(inner)
    if isinstance(inner, dict) and isinstance(inner.get("name"), str) and "parameter" in inner:
        return f"command {inner['name']}", _fields(inner["parameter"])
    if inner is value and _is_stream(value):
        return _stream(data)
    return "answer", _fields(inner)


def _is_stream(value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    return bool(parts) and all(isinstance(part, dict) and len(part) == 1 for part in parts)


def _configuration(config: dict[str, Any]) -> tuple[str, list[Field]]:
    kind: type[msgspec.Struct] = GrinderConfiguration if "bellOpened" in config else Configuration
    unknown = set(unknown_fields_of(json.dumps(config).encode(), kind))
    fields = [
        Field(name=key, value=redact(value), note="not known to homewire" if key in unknown else None)
        for key, value in config.items()
    ]
    title = "grinder configuration" if kind is GrinderConfiguration else "configuration"
    return title, fields


def _stream(data: bytes) -> tuple[str, list[Field]]:
    batch = decode_stream(data)
    known = [
        Field(name=key, value=msgspec.to_builtins(value, enc_hook=str), unit=_unit(key))
        for key, value in batch.values.items()
    ]
    strange = [
        Field(name=key, value=redact(value), note="not known to homewire")
        for key, value in batch.unknown.items()
    ]
    names = ", ".join([*batch.values, *batch.unknown]) or "nothing"
    return f"stream message: {names}", known + strange


def _unit(key: str) -> str | None:
    return next((unit for ending, unit in _UNITS.items() if key.endswith(ending)), None)


def _fields(value: Any) -> list[Field]:
    shown = redact(value)
    if isinstance(shown, dict):
        return [Field(name=str(key), value=inner) for key, inner in shown.items()]
    return [Field(name="value", value=shown)]
