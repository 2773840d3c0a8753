"""`homewire decode lamarzocco-direct`: captured frames made readable, field by field.

A capture is a pcap file (TCP port 1774), a text with frames (`@…%`), a text or hex dump of plain messages as
they run between gateway and board (`R40000023DB`), or raw bytes. In a text, whatever stands before a message
in its line may tell the direction: `>` and words such as "sent" to the machine, `<` and "received" from it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import msgspec

from homewire.captures import CaptureFormat, Field, Record, detect_format, hex_payload, tcp_payloads
from homewire.errors import ConfigurationError, ProtocolError
from homewire.lamarzocco.direct.codec import (
    Codec,
    Message,
    ReadReply,
    ReadRequest,
    Refusal,
    Rejected,
    Stream,
    WriteReply,
    WriteRequest,
    parse_key,
    parse_message,
)
from homewire.lamarzocco.direct.memory import clock_time, decode_stream, derive
from homewire.lamarzocco.direct.memory import decode as decode_memory
from homewire.lamarzocco.direct.memory_map import (
    BLOCKS,
    CLOCK,
    FEATURE_COMMAND,
    FEATURES,
    FIELDS,
    FLOW,
    TEMPERATURES,
)
from homewire.secrets import Secret

__all__ = ["DecodeOptions", "decode"]

_PASSWORD = range(0x0111, 0x0165)
"""The machine's own account is never shown (docs/protocols/lamarzocco-tcp.md, section 8)."""

_MARKS = {
    "to machine": re.compile(r">|\b(?:sent|send|out|request|tx)\b", re.IGNORECASE),
    "from machine": re.compile(r"<|\b(?:received|recv|in|reply|rx)\b", re.IGNORECASE),
}
_PLAIN = re.compile(rb"[RWZ][0-9A-F]{4}(?:[0-9A-F]{4}(?:OK|KO|[0-9A-F]*)|KO)[0-9A-F]{2}")
_FRAME = re.compile(rb"@[^@%]*%")
_WRAPPED = re.compile(rb"@[A-Za-z0-9+/=\s]*%")
"""A frame that a mail or an editor broke into lines."""

_CLOCK_PARTS = frozenset(field.name for field in CLOCK.fields)
_ORDER = {name: place for place, name in enumerate(FIELDS)}
_UNIT_OF_STREAM = {field.name: field.unit for field in FLOW.fields}


class DecodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to read a capture."""

    key: Annotated[
        Secret | None, msgspec.Meta(description="Communication key; not needed for plain messages.")
    ] = None
    port: Annotated[
        int, msgspec.Meta(ge=1, le=65535, description="TCP port of the machine, in packet captures.")
    ] = 1774


def decode(capture: bytes, *, options: DecodeOptions = DecodeOptions()) -> Iterator[Record]:  # noqa: B008 - immutable
    """Yield one record per message of a capture; raise ConfigurationError when the key is needed."""
    codec = None if options.key is None else Codec(parse_key(options.key.reveal()))
    known: dict[str, Any] = {}
    for index, (at, direction, event) in enumerate(_events(capture, codec, options.port), 1):
        if isinstance(event, Rejected):
            text = event.frame.decode("ascii", "replace")
            yield Record(index=index, at=at, direction=direction, summary=text[:80], error=str(event.error))
        else:
            yield _record(index, at, direction or _direction(event), event, known)


def _events(
    capture: bytes, codec: Codec | None, port: int
) -> Iterator[tuple[dt.datetime | None, str | None, Message | Rejected]]:
    kind = detect_format(capture)
    if kind is CaptureFormat.PCAP:
        yield from _pcap_events(capture, _needed(codec), port)
        return
    data = hex_payload(capture.decode()) if kind is CaptureFormat.HEX else capture
    data = _WRAPPED.sub(lambda match: b"".join(match[0].split()), data)
    for line in data.splitlines():
        for match in (*_FRAME.finditer(line), *_plain_messages(line)):
            before = line[: match.start()].decode("utf-8", "replace")
            yield None, _marked(before), _opened(match[0], codec)


def _plain_messages(line: bytes) -> Iterable[re.Match[bytes]]:
    return () if b"@" in line else _PLAIN.finditer(line)


def _opened(text: bytes, codec: Codec | None) -> Message | Rejected:
    if text.startswith(b"@"):
        return _needed(codec).open(text[1:-1])
    try:
        return parse_message(text)
    except ProtocolError as error:
        return Rejected(error, text)


def _pcap_events(
    capture: bytes, codec: Codec, port: int
) -> Iterator[tuple[dt.datetime | None, str | None, Message | Rejected]]:
    directions: dict[Any, Codec] = {}
    for payload in tcp_payloads(capture, (port,)):
        direction = "to machine" if payload.flow.target_port == port else "from machine"
        receiver = directions.setdefault(payload.flow, codec.fresh())
        for event in receiver.receive(payload.data):
            yield payload.at, direction, event


def _needed(codec: Codec | None) -> Codec:
    if codec is None:
        hint = "Give it as a reference, such as --key env:NAME."
        raise ConfigurationError("these frames are encrypted: the communication key is needed", hint=hint)
    return codec


def _marked(before: str) -> str | None:
    return next((direction for direction, mark in _MARKS.items() if mark.search(before)), None)


def _direction(message: Message) -> str:
    return "to machine" if isinstance(message, ReadRequest | WriteRequest) else "from machine"


def _record(
    index: int, at: dt.datetime | None, direction: str, message: Message, known: dict[str, Any]
) -> Record:
    fields = _fields(message, known)
    return Record(index=index, at=at, direction=direction, summary=_summary(message), fields=tuple(fields))


def _summary(message: Message) -> str:
    match message:
        case ReadRequest(address, length):
            return f"read {_place(address, length)}"
        case WriteRequest(address, data):
            return f"write {_place(address, len(data))}"
        case ReadReply(address, data):
            return f"memory of {_place(address, len(data))}"
        case WriteReply(address, length):
            return f"OK, write of {_place(address, length)} taken"
        case Refusal(request, address, _, text):
            word = "read" if request == "R" else "write"
            return f"{text}, {word} of {_place(address, 1)} refused"
        case Stream(address, data):
            return f"stream {_place(address, len(data))}"


def _place(address: int, length: int) -> str:
    """Name a range: a block, a part of one, or just its numbers."""
    numbers = f"{address:04X}, {length} bytes"
    for block in (TEMPERATURES, FEATURES, *BLOCKS):
        if (address, length) == (block.address, block.size):
            return f"{block.name} ({numbers})"
    for block in BLOCKS:
        if block.address <= address < block.end:
            return f"part of {block.name} ({numbers})"
    return f"unknown memory ({numbers})"


def _fields(message: Message, known: dict[str, Any]) -> Iterator[Field]:
    if isinstance(message, Stream):
        values = decode_stream(message.address, message.data)
        yield from _shown(values, message.address, message.data, known)
    elif isinstance(message, ReadReply | WriteRequest):
        yield from _memory_fields(message.address, message.data, known)


def _memory_fields(address: int, data: bytes, known: dict[str, Any]) -> Iterator[Field]:
    if address < _PASSWORD.stop and address + len(data) > _PASSWORD.start:
        yield Field(name="data", value="hidden", note="the machine's own account is never shown")
        return
    if address == FEATURE_COMMAND.address:
        yield _feature_command(data[0])
        return
    setpoints = (
        (known["coffee_setpoint_c"], known["steam_setpoint_c"]) if "coffee_setpoint_c" in known else None
    )
    values = decode_memory(address, data, setpoints)
    yield from _shown(values, address, data, known)


def _feature_command(raw: int) -> Field:
    """Show what a feature command chooses (section 9.5)."""
    chosen = {0x01: "steam boiler", 0x02: "backflush", 0x04: "plumbed in"}
    names = " and ".join(name for bit, name in chosen.items() if raw & bit) or "nothing"
    state = "on" if raw & 0x80 else "off"
    return Field(name="feature_command", value=f"{names} {state}", raw=f"{raw:02X}")


def _shown(values: dict[str, Any], address: int, data: bytes, known: dict[str, Any]) -> Iterator[Field]:
    """Yield the fields of a message, then what follows from them and those before."""
    if not values:
        yield Field(name="data", value=data.hex().upper(), note="meaning unknown, please report")
        return
    known.update(values)
    for name, value in sorted(values.items(), key=lambda item: _ORDER.get(item[0], 0)):
        yield Field(name=name, value=_plain(value), unit=_unit(name), raw=_raw(name, address, data))
    derived = derive(values, known)
    if values.keys() >= _CLOCK_PARTS:
        derived["clock"] = clock_time(values)
    for name, value in derived.items():
        yield Field(name=name, value=_plain(value), unit=_unit(name), note="derived")


def _unit(name: str) -> str | None:
    field = FIELDS.get(name)
    return (
        field.unit
        if field is not None
        else _UNIT_OF_STREAM.get(name) or ("°C" if name.endswith("_c") else None)
    )


def _raw(name: str, address: int, data: bytes) -> str | None:
    """Return the bytes of a field, where the table's address holds."""
    field = FIELDS.get(name)
    if field is None or not address <= field.address <= field.end <= address + len(data):
        return None
    start = field.address - address
    return data[start : start + field.size].hex().upper()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.time | dt.datetime) else value
