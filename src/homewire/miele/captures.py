"""Captures of Miele traffic made readable: pcap, HAR, recordings and hex, decrypted where keys are given.

A pcap or HAR file holds signed HTTP: with the household's keys every body is verified and decrypted,
without them only requests and statuses are shown. A recording (JSON) or a hex dump holds DOP2 leaves as
they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec

from homewire.captures import (
    CaptureFormat,
    Field,
    HarEntry,
    Record,
    detect_format,
    har_entries,
    hex_payload,
    tcp_payloads,
)
from homewire.errors import ConfigurationError, HomewireError, ProtocolError
from homewire.miele.dop2.explain import explain
from homewire.miele.models import decode_json
from homewire.miele.signing import (
    Credentials,
    HeadersToSign,
    open_request,
    open_response,
    parse_signature_header,
)
from homewire.secrets import Secret

__all__ = ["DecoderOptions", "Message", "cut_messages", "decode"]

_LEAF_PATH: Final = re.compile(r"/DOP2/\d+/\d+")
_HTTP_PORT: Final = 80
_MOST_HEADER_BYTES: Final = 1 << 16


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP message of a capture: a request (`status` 0) or the answer to one."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def summary(self) -> str:
        """The line that a person reads."""
        return f"{self.method} {self.path}" + (f" -> {self.status}" if self.status else "")


class DecoderOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The household's keys, to read the bodies of captured traffic; recordings of leaves need none."""

    group_id: Annotated[str, msgspec.Meta(description="GroupID, 16 hexadecimal digits.")] = ""
    group_key: Annotated[Secret | None, msgspec.Meta(description="GroupKey, 128 hexadecimal digits.")] = None


def decode(capture: bytes, *, options: DecoderOptions | None = None) -> Iterator[Record]:
    """Yield one record per message of a capture, or per leaf of a recording."""
    keys = _keys(options or DecoderOptions())
    kind = detect_format(capture)
    if kind is CaptureFormat.HAR:
        yield from _records(_har_messages(capture), keys)
    elif kind is CaptureFormat.PCAP:
        yield from _records(_tcp_messages(capture), keys)
    else:
        for index, (name, leaf) in enumerate(_leaves(capture, kind)):
            yield _leaf_record(index, name, leaf)


def _keys(options: DecoderOptions) -> Credentials | None:
    if not options.group_id and not options.group_key:
        return None
    if not options.group_id or not options.group_key:
        raise ConfigurationError("decrypting needs both group_id and group_key", key="group_key")
    return Credentials.from_hex(options.group_id, options.group_key.reveal())


def _leaves(capture: bytes, kind: CaptureFormat) -> Iterator[tuple[str, bytes]]:
    if kind is CaptureFormat.JSON:
        yield from _recorded(capture)
    elif kind is CaptureFormat.BINARY:
        yield "leaf", capture
    else:
        yield "leaf", hex_payload(capture.decode("ascii", "replace"))


def _recorded(capture: bytes) -> Iterator[tuple[str, bytes]]:
    """Read `{unit: {attribute: hex}}`; an attribute with several pages has `{index: hex}` instead."""
    try:
        units = msgspec.json.decode(capture, type=dict[str, dict[str, str | dict[str, str]]])
        for unit, attributes in units.items():
            for attribute, pages in attributes.items():
                for text in pages.values() if isinstance(pages, dict) else [pages]:
                    yield f"{unit}/{attribute}", bytes.fromhex(text)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ProtocolError(f"this is no recording of DOP2 leaves: {error}") from error


def _leaf_record(index: int, name: str, leaf: bytes) -> Record:
    try:
        return explain(leaf).as_record(index)
    except ProtocolError as error:
        return Record(index=index, summary=name, error=str(error))


def _records(messages: Iterator[Message], keys: Credentials | None) -> Iterator[Record]:
    for index, message in enumerate(messages):
        direction = "from appliance" if message.status else "to appliance"
        try:
            fields = tuple(_message_fields(message, keys))
        except HomewireError as error:
            yield Record(index=index, summary=message.summary, direction=direction, error=str(error))
        else:
            yield Record(index=index, summary=message.summary, direction=direction, fields=fields)


def _message_fields(message: Message, keys: Credentials | None) -> Iterator[Field]:
    if not message.body:
        return
    signed = "x-signature" in message.headers or "MieleH256" in message.headers.get("authorization", "")
    if signed and keys is None:
        yield Field(
            name="body", value=f"{len(message.body)} encrypted bytes", note="give the keys to read it"
        )
        return
    plain = _opened(message, keys) if signed and keys is not None else message.body
    if _LEAF_PATH.search(message.path):
        yield from (line.as_field() for line in explain(plain).lines)
        return
    content = decode_json(plain)
    if not isinstance(content, dict):
        yield Field(name="body", value=content)
        return
    for name, value in content.items():
        yield Field(name=name, value=value)


def _opened(message: Message, keys: Credentials) -> bytes:
    headers = message.headers
    signed = HeadersToSign(
        content_type=headers.get("content-type", ""),
        accept=headers.get("accept", ""),
        date=headers.get("date", ""),
    )
    if message.status:
        return open_response(keys, headers.get("x-signature"), message.status, signed, message.body)
    _, signature = parse_signature_header(headers.get("authorization", ""))
    line = (message.method, headers.get("host", ""), message.path)
    return open_request(keys, signature, line, signed, message.body)


def _har_messages(capture: bytes) -> Iterator[Message]:
    for entry in har_entries(capture):
        yield from _har_pair(entry)


def _har_pair(entry: HarEntry) -> Iterator[Message]:
    path = "/" + entry.url.split("://", 1)[-1].partition("/")[2]
    request = {"host": entry.url.split("://", 1)[-1].partition("/")[0]} | dict(entry.request_headers)
    yield Message(method=entry.method, path=path, status=0, headers=request, body=entry.request_body)
    yield Message(
        method=entry.method,
        path=path,
        status=entry.status,
        headers=entry.response_headers,
        body=entry.response_body,
    )


def _tcp_messages(capture: bytes) -> Iterator[Message]:
    """Put the segments of each connection's directions together and cut them into HTTP messages."""
    buffers: dict[Any, bytearray] = {}
    asked: dict[Any, list[tuple[str, str]]] = {}
    for payload in tcp_payloads(capture):
        flow = payload.flow
        buffer = buffers.setdefault(flow, bytearray())
        buffer += payload.data
        reverse = (flow.target, flow.target_port, flow.source, flow.source_port)
        own = (flow.source, flow.source_port, flow.target, flow.target_port)
        for message in cut_messages(buffer, asked.setdefault(reverse, [])):
            if not message.status:
                asked.setdefault(own, []).append((message.method, message.path))
            yield message


def cut_messages(buffer: bytearray, asked: list[tuple[str, str]]) -> Iterator[Message]:
    """Take whole HTTP messages off the buffer; `asked` are the requests that answers in it belong to."""
    while (message := _cut(buffer, asked)) is not None:
        yield message


def _cut(buffer: bytearray, asked: list[tuple[str, str]]) -> Message | None:
    """Take one whole message off the buffer; None when it is not all there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > _MOST_HEADER_BYTES:
            buffer.clear()
        return None
    first, *lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = headers.get("content-length", "0")
    size = int(length) if length.isdecimal() else 0
    if len(buffer) < end + 4 + size:
        return None
    body = bytes(buffer[end + 4 : end + 4 + size])
    del buffer[: end + 4 + size]
    return _message(first, headers, body, asked)


def _message(first: str, headers: Mapping[str, str], body: bytes, asked: list[tuple[str, str]]) -> Message:
    words = first.split(" ")
    if first.startswith("HTTP/") and len(words) > 1 and words[1].isdecimal():
        method, path = asked.pop(0) if asked else ("?", "?")
        return Message(method=method, path=path, status=int(words[1]), headers=headers, body=body)
    path = words[1] if len(words) > 1 else "?"
    return Message(method=words[0], path=path, status=0, headers=headers, body=body)
