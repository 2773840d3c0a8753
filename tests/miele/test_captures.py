"""Captures made readable: recordings, hex, HAR and pcap, with and without keys."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from homewire.captures import Record
from homewire.errors import ConfigurationError, ProtocolError
from homewire.miele.captures import DecoderOptions, decode
from homewire.miele.signing import Credentials, HeadersToSign, Padding, pad, seal_response
from homewire.secrets import Secret

TESTS = Path(__file__).parents[1]
VECTORS: dict[str, Any] = json.loads((TESTS / "vectors" / "miele-crypto.json").read_text("utf-8"))
KEYS = DecoderOptions(group_id="123456789ABCDEFE", group_key=Secret("123456789ABCDEFE" * 8))


def vector(table: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(vector for vector in VECTORS[table] if vector["id"] == name)
    return found


def _fields(record: Record) -> dict[str, Any]:
    return {field.name: field.value for field in record.fields}


def test_a_recording_is_explained_leaf_by_leaf() -> None:
    records = list(
        decode((TESTS / "captures" / "miele" / "oven-dop2.json").read_bytes(), options=DecoderOptions())
    )
    assert len(records) == 105
    assert not [record.error for record in records if record.error]
    state = next(record for record in records if record.summary.startswith("2/1586"))
    assert "appliance_state" in _fields(state)


def test_a_hex_dump_is_one_leaf() -> None:
    text = b"0016 0002 0632 0000 0000 0003 0001 0401 0002 0400 0003 0400 2020 2020 2020 2020"
    (record,) = decode(text)
    assert record.summary.startswith("2/1586 combined state")
    assert _fields(record)["appliance_state"] == 1


def test_a_damaged_leaf_is_a_record_with_its_error() -> None:
    (record,) = decode(b'{"2":{"1586":"0016"}}')
    assert record.summary == "2/1586"
    assert record.error is not None
    with pytest.raises(ProtocolError):
        list(decode(b'{"2":"x"}'))


def har_of(request: dict[str, Any], response: dict[str, Any]) -> bytes:
    def headers(vector: dict[str, Any], signature: str, name: str) -> list[dict[str, str]]:
        pairs = {
            name: signature,
            "Content-Type": vector.get("content_type") or "",
            "Accept": vector.get("accept") or "",
            "Date": vector["date"],
        }
        return [{"name": key, "value": value} for key, value in pairs.items() if value]

    def body(vector: dict[str, Any]) -> dict[str, str]:
        raw = bytes.fromhex(vector["ciphertext_hex"])
        return {"text": base64.b64encode(raw).decode(), "encoding": "base64"}

    entry = {
        "request": {
            "method": request["method"],
            "url": f"http://{request['host']}{request['path']}",
            "headers": headers(request, request["authorization"], "Authorization"),
            "postData": body(request),
        },
        "response": {
            "status": response["status"],
            "headers": headers(response, response["x_signature"], "X-Signature"),
            "content": body(response),
        },
    }
    return json.dumps({"log": {"entries": [entry]}}).encode()


def wake_answer() -> dict[str, Any]:
    """Seal the answer that belongs to the recorded request."""
    headers = HeadersToSign(content_type="application/json", date="Thu, 01 Jan 1970 02:09:22 GMT")
    keys = Credentials.from_hex("123456789ABCDEFE", "123456789ABCDEFE" * 8)
    sealed = seal_response(keys, 200, headers, pad(b'[{"Success":{"DeviceAction":0}}]', Padding.BINARY))
    return {
        "status": 200,
        "content_type": headers.content_type,
        "date": headers.date,
        "x_signature": sealed.signature_header,
        "ciphertext_hex": sealed.body.hex(),
    }


def test_a_har_file_is_decrypted_with_the_keys() -> None:
    capture = har_of(vector("requests", "put-wake-mielerest"), wake_answer())
    asked, answered = decode(capture, options=KEYS)
    assert asked.direction == "to appliance"
    assert _fields(asked) == {"DeviceAction": 2}
    assert answered.error is None
    assert "Success" in str(_fields(answered))


def test_without_keys_the_bodies_stay_closed() -> None:
    capture = har_of(vector("requests", "put-wake-mielerest"), wake_answer())
    asked, _ = decode(capture)
    assert _fields(asked)["body"] == "64 encrypted bytes"


def test_wrong_keys_are_an_error_per_message() -> None:
    capture = har_of(vector("requests", "put-wake-mielerest"), wake_answer())
    stranger = DecoderOptions(group_id="11" * 8, group_key=Secret("22" * 64))
    assert all(record.error for record in decode(capture, options=stranger))
    with pytest.raises(ConfigurationError, match="both"):
        list(decode(capture, options=DecoderOptions(group_id="11" * 8)))


def _packet(sequence: int, source: int, target: int, payload: bytes) -> bytes:
    tcp = struct.pack("!HHIIBBHHH", source, target, sequence, 0, 5 << 4, 0x18, 65535, 0, 0) + payload
    addresses = bytes((10, 0, 0, source % 250, 10, 0, 0, target % 250))
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + addresses
    frame = b"\0" * 12 + b"\x08\0" + ip + tcp
    return struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame


def _pcap(*packets: bytes) -> bytes:
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(packets)


def test_a_packet_capture_is_cut_into_messages() -> None:
    request, response = vector("requests", "put-wake-mielerest"), wake_answer()
    body, answer = bytes.fromhex(request["ciphertext_hex"]), bytes.fromhex(response["ciphertext_hex"])
    asked = (
        f"PUT {request['path']} HTTP/1.1\r\nHost: {request['host']}\r\nAccept: {request['accept']}\r\n"
        f"Content-Type: {request['content_type']}\r\nDate: {request['date']}\r\n"
        f"Authorization: {request['authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    answered = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {response['content_type']}\r\nDate: {response['date']}\r\n"
        f"X-Signature: {response['x_signature']}\r\nContent-Length: {len(answer)}\r\n\r\n"
    ).encode() + answer
    capture = _pcap(
        _packet(1, 50000, 80, asked[:100]),
        _packet(101, 50000, 80, asked[100:]),
        _packet(1, 80, 50000, answered),
        _packet(1 + len(answered), 80, 50000, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        _packet(1, 81, 50001, b"x" * 40000),
        _packet(40001, 81, 50001, b"x" * 40000),
    )
    first, second, third = decode(capture, options=KEYS)
    assert _fields(first) == {"DeviceAction": 2}
    assert second.summary == f"PUT {request['path']} -> 200"
    assert third.summary == "? ? -> 404"
