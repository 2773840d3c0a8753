"""Captures as users bring them: pcap, pcapng, HAR, hex dumps and plain text, made into payloads.

A protocol's decoder turns them into `Record`s: one per message, readable field by field, an undecodable one
with its error.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from homewire.errors import ConfigurationError, ProtocolError

__all__ = [
    "CaptureFormat",
    "Field",
    "Flow",
    "HarEntry",
    "Payload",
    "Record",
    "detect_format",
    "har_entries",
    "hex_payload",
    "tcp_payloads",
]

_PCAP_MAGICS = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field of a message: its name, meaning and unit, and the raw bytes it was read from."""

    name: str
    value: Any
    unit: str | None = None
    raw: str | None = None
    note: str | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a capture: its place, its direction, what it says, or why it could not be read."""

    index: int
    summary: str
    direction: str | None = None
    at: dt.datetime | None = None
    fields: tuple[Field, ...] = ()
    error: str | None = None


class CaptureFormat(enum.StrEnum):
    """What kind of file a capture is."""

    PCAP = "pcap"
    HAR = "har"
    JSON = "json"
    HEX = "hex"
    TEXT = "text"
    BINARY = "binary"


class Flow(msgspec.Struct, frozen=True):
    """One direction of one TCP connection."""

    source: str
    source_port: int
    target: str
    target_port: int


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of one TCP segment in stream order, with their time and flow."""

    flow: Flow
    at: dt.datetime
    data: bytes


class HarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange of a HAR file; `messages` are WebSocket texts, each with "send" or "receive".

    `message_times` has the time (UTC) of each message, None where the file does not tell.
    """

    method: str
    url: str
    status: int
    request_headers: Mapping[str, str]
    response_headers: Mapping[str, str]
    request_body: bytes
    response_body: bytes
    messages: tuple[tuple[str, str], ...] = ()
    message_times: tuple[dt.datetime | None, ...] = ()
    at: str | None = None


def detect_format(data: bytes) -> CaptureFormat:
    """Tell from its content what a capture file is."""
    if data[:4] in _PCAP_MAGICS or data[:4] == _PCAPNG_MAGIC:
        return CaptureFormat.PCAP
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:
        return CaptureFormat.BINARY
    if text.startswith("{") and '"log"' in text[:4096] and '"entries"' in text:
        return CaptureFormat.HAR
    if text[:1] in ("{", "["):
        return CaptureFormat.JSON
    if text and (re.fullmatch(r"(?:(?:0x)?[0-9A-Fa-f]{2}[\s:,]*)+", text) or _dumped(text) is not None):
        return CaptureFormat.HEX
    return CaptureFormat.TEXT


def hex_payload(text: str) -> bytes:
    """Return the bytes of a hex dump, with or without separators or offsets; raise ProtocolError."""
    dumped = _dumped(text)
    try:
        return dumped if dumped is not None else bytes.fromhex(re.sub(r"0x|[\s:,]", "", text))
    except ValueError as error:
        raise ProtocolError(f"this is not hex: {error}") from error


_DUMP_LINE = re.compile(
    r"\s*(?:0x)?([0-9A-Fa-f]{4,8}):?[ \t]{1,4}((?:[0-9A-Fa-f]{2}[ \t]{0,2}){1,16})(?![0-9A-Fa-f]).*"
)
"""A line of xxd, `hexdump -C`, `tcpdump -x` or Wireshark: offset, up to 16 bytes, what they are as text."""


def _dumped(text: str) -> bytes | None:
    """Return the bytes of a dump with offsets, which tell it from plain hex; None for any other text."""
    data = bytearray()
    for line in filter(str.strip, text.splitlines()):
        if data and re.fullmatch(r"[0-9A-Fa-f]{6,8}", line.strip()) and int(line, 16) == len(data):
            continue  # od and hexdump end with the length
        match = _DUMP_LINE.fullmatch(line)
        if match is None or int(match[1], 16) != len(data):
            return None
        data += bytes.fromhex(match[2])
    return bytes(data) if data else None


def har_entries(data: bytes) -> Iterator[HarEntry]:
    """Yield the exchanges of a HAR file (as browsers and mitmproxy save it); raise ProtocolError."""
    try:
        entries = msgspec.json.decode(data)["log"]["entries"]
        for entry in entries:
            yield _har_entry(entry)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError(f"this is not a HAR file: {error!r}") from error


def _har_entry(entry: Mapping[str, Any]) -> HarEntry:
    request, response = entry["request"], entry["response"]
    messages = tuple(
        (str(m.get("type", "receive")), str(m.get("data", ""))) for m in entry.get("_webSocketMessages", ())
    )
    return HarEntry(
        method=request["method"],
        url=request["url"],
        status=int(response["status"]),
        request_headers=_headers(request),
        response_headers=_headers(response),
        request_body=_body(request.get("postData") or {}),
        response_body=_body(response.get("content") or {}),
        messages=messages,
        message_times=tuple(_moment(m.get("time")) for m in entry.get("_webSocketMessages", ())),
        at=entry.get("startedDateTime"),
    )


def _moment(seconds: object) -> dt.datetime | None:
    """Return the time of a WebSocket message, which browsers give in seconds since 1970."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _headers(side: Mapping[str, Any]) -> dict[str, str]:
    return {str(h["name"]).lower(): str(h["value"]) for h in side.get("headers", ())}


def _body(content: Mapping[str, Any]) -> bytes:
    text = str(content.get("text") or "")
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ProtocolError(f"a body of the HAR file is not base64: {error}") from error
    return text.encode("latin-1", "surrogateescape") if text.isascii() else text.encode()


def tcp_payloads(data: bytes, ports: Iterable[int] = ()) -> Iterator[Payload]:
    """Yield the TCP payloads of a pcap or pcapng file, in stream order, without retransmissions.

    `ports` limits them to connections with one of these ports. Raises ProtocolError for a damaged file.
    """
    try:
        import dpkt  # noqa: PLC0415 - only needed for packet captures
    except ImportError as error:
        hint = "Install it with: pip install 'homewire[cli]'"
        raise ConfigurationError("the Python package dpkt is not installed", hint=hint) from error
    wanted = frozenset(ports)
    expected: dict[Flow, int] = {}
    held: dict[Flow, dict[int, Payload]] = {}
    try:
        for seconds, packet in dpkt.pcap.UniversalReader(io.BytesIO(data)):
            segment = _tcp_segment(dpkt, packet, seconds)
            if segment is None:
                continue
            sequence, syn, payload = segment
            if wanted and not wanted & {payload.flow.source_port, payload.flow.target_port}:
                continue
            yield from _in_order(expected, held, sequence, syn, payload)
    except (ValueError, dpkt.Error) as error:
        raise ProtocolError(f"this packet capture is damaged: {error}") from error


def _tcp_segment(dpkt: Any, packet: bytes, seconds: float) -> tuple[int, bool, Payload] | None:
    """Return sequence number, whether it opens the stream, and payload of a TCP packet.

    None for anything else.
    """
    ip = None
    for layer in (dpkt.ethernet.Ethernet, dpkt.sll.SLL, dpkt.loopback.Loopback, dpkt.ip.IP):
        try:
            ip = _find_ip(dpkt, layer(packet))
        except (dpkt.Error, ValueError, IndexError):
            continue
        if ip is not None:
            break
    if ip is None or not isinstance(ip.data, dpkt.tcp.TCP):
        return None
    tcp = ip.data
    flow = Flow(ip.src.hex(), tcp.sport, ip.dst.hex(), tcp.dport)
    at = dt.datetime.fromtimestamp(float(seconds), dt.UTC)
    return tcp.seq, bool(tcp.flags & dpkt.tcp.TH_SYN), Payload(flow=flow, at=at, data=bytes(tcp.data))


def _find_ip(dpkt: Any, packet: Any) -> Any:
    for candidate in (packet, getattr(packet, "data", None)):
        if isinstance(candidate, dpkt.ip.IP | dpkt.ip6.IP6):
            return candidate
    return None


_SEQUENCE_SPACE = 1 << 32
_MOST_HELD = 1024
"""Segments that wait for a missing one; beyond that the missing one was not captured and is given up."""


def _in_order(
    expected: dict[Flow, int],
    held: dict[Flow, dict[int, Payload]],
    sequence: int,
    syn: bool,
    payload: Payload,
) -> Iterator[Payload]:
    flow = payload.flow
    if syn:
        expected[flow] = (sequence + 1) % _SEQUENCE_SPACE
        held.pop(flow, None)
        return
    if not payload.data:
        return
    waiting = held.setdefault(flow, {})
    waiting[sequence] = payload
    position = expected.setdefault(flow, sequence)
    if len(waiting) > _MOST_HELD:
        position = min(waiting, key=lambda start: (start - position) % _SEQUENCE_SPACE)
    while True:
        fitting = _fitting(waiting, position)
        if fitting is None:
            break
        fresh = fitting.data
        position = (position + len(fresh)) % _SEQUENCE_SPACE
        yield fitting
    expected[flow] = position


def _fitting(waiting: dict[int, Payload], position: int) -> Payload | None:
    """Take the segment that continues at the position, without what was seen before."""
    for start, payload in tuple(waiting.items()):
        seen = (position - start) % _SEQUENCE_SPACE
        if seen >= _SEQUENCE_SPACE // 2:
            continue  # begins later
        del waiting[start]
        if seen < len(payload.data):
            return msgspec.structs.replace(payload, data=payload.data[seen:])
    return None
