"""`homewire decode homismart`: frames from a text or from a browser's HAR file, read one by one.

A text holds one frame per line, with anything before it (a time, an arrow). Arrows and the words of usual
tools tell the direction; without them the number does, where it stands in one table only
(docs/protocols/homismart.md, section 2). The password's digest is not shown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from homewire.captures import CaptureFormat, Field, Record, detect_format, har_entries
from homewire.errors import ProtocolError
from homewire.homismart.codec import Direction, FrameError
from homewire.homismart.codec import decode as decode_frame
from homewire.homismart.codes import DeviceType
from homewire.homismart.models import (
    AddResult,
    DeleteResult,
    DeviceList,
    DevicePush,
    LoginResult,
    Redirect,
    Report,
    ServerError,
    kind_of,
    malformed_fields,
    read_cover,
    read_report,
    read_whole,
)
from homewire.homismart.prefixes import ReceivePrefix, RequestPrefix
from homewire.secrets import redact

__all__ = ["DecodeOptions", "decode"]

_PATH: Final = "/homismartmain/websocket"
"""A browser also records what the page's other services say (section 1)."""

_FRAME: Final = re.compile(r"(?:^|[\s>:<|\"'\]\)])(\d{4}(?=[\s]*[\[{]|\s*$).*)$", re.DOTALL)
_TO_SERVER: Final = re.compile(r"(?:>>|->|→|⇒|↑|\bsend\b|\bsent\b|\bclient\b|^\s*[>C]\s)", re.IGNORECASE)
_TO_CLIENT: Final = re.compile(
    r"(?:<<|<-|←|⇐|↓|\breceive[d]?\b|\brecv\b|\bserver\b|^\s*[<S]\s)", re.IGNORECASE
)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_DIRECTIONS: Final = {"send": Direction.TO_SERVER, "receive": Direction.TO_CLIENT}

Item = tuple[str, Direction | None, dt.datetime | None]


class DecodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a capture that leaves something open."""

    direction: Annotated[
        Literal["client_to_server", "server_to_client"] | None,
        msgspec.Meta(description="Who sent the frames of which neither capture nor number tells it."),
    ] = None


def decode(capture: bytes, *, options: DecodeOptions = DecodeOptions()) -> Iterator[Record]:  # noqa: B008 - immutable
    """Yield one record per frame of a text, HAR or JSON capture; raise ProtocolError for other files."""
    assumed = Direction(options.direction) if options.direction else None
    for index, (text, direction, at) in enumerate(_items(capture)):
        yield _record(index, text, direction or assumed or _guess(text), at)


def _items(capture: bytes) -> Iterator[Item]:
    match detect_format(capture):
        case CaptureFormat.HAR:
            yield from _har_items(capture)
        case CaptureFormat.JSON:
            yield from _json_items(capture)
        case CaptureFormat.TEXT | CaptureFormat.HEX:
            yield from _text_items(capture.decode())
        case _:
            raise ProtocolError(
                "this capture holds no readable frames",
                hint="The connection is encrypted: save the WebSocket messages of the vendor's page as HAR.",
            )


def _har_items(capture: bytes) -> Iterator[Item]:
    """Yield the frames of the cloud's WebSocket; of every WebSocket where none has its path."""
    talking = [entry for entry in har_entries(capture) if entry.messages]
    for entry in [one for one in talking if _PATH in one.url] or talking:
        for (kind, text), at in zip(entry.messages, entry.message_times, strict=True):
            yield text, _DIRECTIONS.get(kind), at


def _json_items(capture: bytes) -> Iterator[Item]:
    """Read a list of texts, or of objects with `text` or `data` and `direction` or `type`."""
    try:
        content = msgspec.json.decode(capture)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ProtocolError(f"this is not JSON: {error}") from error
    items = content.get("cases") if isinstance(content, dict) else content
    for item in items if isinstance(items, list) else ():
        if isinstance(item, str):
            yield item, None, None
        elif isinstance(item, dict):
            text = item.get("text", item.get("data"))
            word = str(item.get("direction", item.get("type", "")))
            yield str(text or ""), _direction_of(word), None


def _direction_of(word: str) -> Direction | None:
    if word in (Direction.TO_SERVER.value, Direction.TO_CLIENT.value):
        return Direction(word)
    return _DIRECTIONS.get(word)


def _text_items(text: str) -> Iterator[Item]:
    for line in text.splitlines():
        found = _FRAME.search(line)
        if found is None:
            if line.strip():
                yield line.strip(), None, None
            continue
        before = line[: found.start(1)]
        yield found[1].rstrip("'\" "), _arrow(before), _time(before)


def _arrow(before: str) -> Direction | None:
    to_server, to_client = _TO_SERVER.search(before), _TO_CLIENT.search(before)
    if bool(to_server) == bool(to_client):
        return None
    return Direction.TO_SERVER if to_server else Direction.TO_CLIENT


def _time(before: str) -> dt.datetime | None:
    found = _TIME.search(before)
    if found is None:
        return None
    try:
        return dt.datetime.fromisoformat(found[0]).astimezone(dt.UTC)
    except ValueError:
        return None


def _guess(text: str) -> Direction:
    """Return the direction in which the number is known; what stands in both tables is the server's."""
    prefix = text[:4]
    sent = any(prefix == known.value for known in RequestPrefix)
    received = any(prefix == known.value for known in ReceivePrefix)
    return Direction.TO_SERVER if sent and not received else Direction.TO_CLIENT


def _record(index: int, text: str, direction: Direction, at: dt.datetime | None) -> Record:
    record = Record(index=index, direction=direction.value, at=at, summary=f"{text[:4]} unreadable")
    try:
        frame = decode_frame(text, direction)
    except FrameError as error:
        return msgspec.structs.replace(record, error=str(error))
    name = f"{frame.prefix} {frame.kind.name.lower() if frame.kind else 'unknown number, please report'}"
    record = msgspec.structs.replace(record, summary=name, fields=tuple(_fields(redact(frame.body))))
    if direction is Direction.TO_SERVER:
        return record
    try:
        gist = _gist(read_report(frame))
    except FrameError as error:
        return msgspec.structs.replace(record, error=str(error))
    return msgspec.structs.replace(record, summary=f"{name}: {gist}" if gist else name)


def _gist(report: Report) -> str | None:
    """Return in a few words what the server says."""
    match report:
        case LoginResult():
            gist = _login_gist(report)
        case DeviceList():
            skipped = f", {report.skipped} unusable" if report.skipped else ""
            gist = f"{len(report.records)} objects{skipped}"
        case DevicePush():
            gist = _title(report.record)
        case AddResult():
            gist = _title(report.record) if report.record else "nothing added"
        case DeleteResult():
            gist = report.deleted or "nothing deleted"
        case Redirect():
            gist = f"to {report.host}"
        case ServerError():
            gist = report.meaning
        case _:
            return None
    return gist


def _login_gist(report: LoginResult) -> str:
    if not report.accepted:
        return "refused"
    return "accepted, terms pending" if report.terms_pending else "accepted"


def _title(record: Mapping[str, Any]) -> str:
    return f"{kind_of(record).value} {record.get('name') or record['id']}"


def _fields(body: Any) -> Iterator[Field]:
    if isinstance(body, list):
        for number, entry in enumerate(body):
            yield Field(name=f"[{number}]", value=_title(entry) if _is_device(entry) else entry)
    elif isinstance(body, dict):
        wrong = frozenset(malformed_fields(body)) if _is_device(body) else frozenset()
        for name, value in body.items():
            note = "wrong type" if name in wrong else _note(name, value)
            yield Field(name=name, value=value, note=note)
    else:
        yield Field(name="body", value=body)


def _is_device(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)


def _note(name: str, value: Any) -> str | None:
    """Return what a raw value means, where that is not plain (section 8)."""
    if name == "curtainState":
        reading = read_cover(value)
        level = "unknown" if reading.level is None else f"level {reading.level} (0 open, 100 closed)"
        return level + (", stopped" if reading.stopped else "")
    if name == "lock":
        return {"1": "unlocked", "2": "locked"}.get(value) if isinstance(value, str) else None
    if name == "type" and (code := read_whole(value)) is not None:
        return DeviceType(code).kind.value
    return None
