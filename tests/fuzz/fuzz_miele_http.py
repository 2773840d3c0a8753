"""Fuzzing of Miele's HTTP bodies: sealed answers, the JSON inside, and captured messages.

A damaged answer is refused by its signature; a member of the household may still send nonsense, and a
capture may hold anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from homewire.errors import ProtocolError
from homewire.miele.captures import cut_messages
from homewire.miele.models import (
    Ident,
    State,
    decode_device_list,
    decode_json,
    decode_names,
    decode_write_results,
    format_json,
)
from homewire.miele.readings import state_values
from homewire.miele.signing import (
    Credentials,
    HeadersToSign,
    Padding,
    open_response,
    pad,
    seal_response,
    strip_padding,
)
from homewire.unknowns import Unknowns
from tests.fuzz.harness import Target

KEYS: Final = Credentials(group_id=bytes(range(1, 9)), group_key=bytes(range(64)))
HEADERS: Final = HeadersToSign(
    content_type="application/vnd.miele.v1+json", date="Sat, 16 Aug 2025 02:37:30 GMT"
)
SIGNATURE_BYTES: Final = len("MieleH256 ") + 16 + 1 + 64

BODIES: Final = (
    {"Status": 5, "ProgramID": 1, "ProgramPhase": 260, "RemainingTime": [1, 12], "RemoteEnable": [15, 0, 1]},
    {"Status": 4, "Temperature": [3648, -32768, -32768], "TargetTemperature": [4000, -32768], "Light": 2},
    {
        "DoorStates": [[1, 0], [2, 0]],
        "PlateStep": [0, 13, 117],
        "ExtendedState": "0D00" * 33,
        "Novelty": {"a": []},
    },
    {"DeviceType": 12, "DeviceIdentLabel": {"TechType": "H7264BP", "SWIDs": [5581]}, "XKMIdentLabel": {}},
    {"000177753917": {"href": "000177753917/", "Group": "AB", "Pairing": False}},
    [{"Success": {"ProcessAction": 0}}],
)


def plain_seeds() -> Sequence[bytes]:
    return [pad(format_json(body), Padding.BINARY) for body in BODIES]


def take_plain(data: bytes) -> bool:
    try:
        value = decode_json(data)
    except ProtocolError:
        return False
    if isinstance(value, dict):
        state = State.from_json(value)
        for device_type in (1, 12, 21, 74):
            state_values(state, device_type, Unknowns())
        assert set(state.malformed) <= value.keys()
        Ident.from_json(value)
        decode_device_list(data)
    if isinstance(value, dict | list):
        decode_names(data)
    decode_write_results(data)
    return True


def sealed_seeds() -> Sequence[bytes]:
    return [_sealed(plain) for plain in plain_seeds()]


def _sealed(plain: bytes) -> bytes:
    sealed = seal_response(KEYS, 200, HEADERS, plain)
    return sealed.signature_header.encode() + sealed.body


def take_sealed(data: bytes) -> bool:
    header, body = data[:SIGNATURE_BYTES].decode("latin-1"), data[SIGNATURE_BYTES:]
    try:
        plain = open_response(KEYS, header, 200, HEADERS, body)
    except ProtocolError:
        return False
    assert _sealed(plain).lower() == data.lower(), "only what a member sealed opens"
    strip_padding(plain)
    return True


def message_seeds() -> Sequence[bytes]:
    body = sealed_seeds()[0][SIGNATURE_BYTES:]
    request = b"GET /Devices/000177753917/State HTTP/1.1\r\nHost: 192.168.1.50\r\nDate: now\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nX-Signature: MieleH256 x\r\nContent-Length: %d\r\n\r\n" % len(body)
    return [request, answer + body, request + request, answer + body + b"HTTP/1.1 404 Not Found\r\n\r\n"]


def take_messages(data: bytes) -> bool:
    buffer = bytearray(data)
    messages = list(cut_messages(buffer, []))
    assert len(buffer) <= len(data)
    return bool(messages)


TARGETS = (
    Target(name="miele-http-plain", seeds=plain_seeds, check=take_plain, inputs=150_000),
    Target(
        name="miele-http-sealed",
        seeds=sealed_seeds,
        check=take_sealed,
        repair=lambda data: _sealed(pad(data[SIGNATURE_BYTES:], Padding.BINARY)),
        inputs=150_000,
    ),
    Target(name="miele-http-capture", seeds=message_seeds, check=take_messages, inputs=60_000),
)
