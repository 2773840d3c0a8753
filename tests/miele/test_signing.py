"""Every crypto vector, both directions, and what the module refuses."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homewire.errors import InvalidValue
from homewire.miele.signing import (
    Credentials,
    HeadersToSign,
    Padding,
    SignatureError,
    open_request,
    open_response,
    pad,
    parse_date,
    parse_signature_header,
    request_text,
    seal_request,
    seal_response,
    strip_padding,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "miele-crypto.json").read_text("utf-8")
)
PADDINGS = {"json64": Padding.JSON, "json_general": Padding.JSON, "binary16": Padding.BINARY}
KEYS = Credentials(group_id=bytes(range(8)), group_key=bytes(range(64)))

Vector = dict[str, Any]


def _ids(vector: Vector) -> str:
    return str(vector["id"])


def _credentials(vector: Vector) -> Credentials:
    return Credentials.from_hex(vector["group_id"], vector["group_key"])


def _headers(vector: Vector) -> HeadersToSign:
    return HeadersToSign(
        content_type=vector.get("content_type") or "", accept=vector.get("accept") or "", date=vector["date"]
    )


@pytest.mark.parametrize("vector", VECTORS["requests"], ids=_ids)
def test_requests_are_sealed_byte_for_byte(vector: Vector) -> None:
    credentials, headers = _credentials(vector), _headers(vector)
    body = bytes.fromhex(vector["signed_body_hex"])
    line = (vector["method"], vector["host"], vector["path"])
    sealed = seal_request(credentials, *line, headers, body)
    assert request_text(*line, headers, body).hex() == vector["canonical_hex"].lower()
    assert sealed.signature_header.upper() == vector["authorization"].upper()
    assert sealed.body.hex() == vector["ciphertext_hex"].lower()
    group_id, signature = parse_signature_header(vector["authorization"])
    assert (group_id, signature[:16].hex()) == (credentials.group_id, vector["iv_hex"].lower())
    assert open_request(credentials, signature, line, headers, sealed.body) == body


@pytest.mark.parametrize("vector", [v for v in VECTORS["requests"] if v["padding"] in PADDINGS], ids=_ids)
def test_bodies_are_padded_as_recorded(vector: Vector) -> None:
    body, expected = bytes.fromhex(vector["body_hex"]), bytes.fromhex(vector["signed_body_hex"])
    padded = pad(body, PADDINGS[vector["padding"]])
    assert padded == expected[: len(padded)]
    assert expected[len(padded) :].strip(b" ") == b"", "more blanks are the sender's choice"


@pytest.mark.parametrize("vector", [v for v in VECTORS["requests_to_refuse"] if v["authorization"]], ids=_ids)
def test_forged_requests_are_refused(vector: Vector) -> None:
    credentials = _credentials(vector)
    group_id, signature = parse_signature_header(vector["authorization"])
    line = (vector["method"], vector["host"], vector["path"])
    if vector["id"] == "refuse-unknown-group":
        members = Credentials(group_id=bytes(range(8)), group_key=credentials.group_key)
        assert group_id != members.group_id
        return
    with pytest.raises(SignatureError):
        open_request(credentials, signature, line, _headers(vector), bytes.fromhex(vector["ciphertext_hex"]))


@pytest.mark.parametrize("vector", [v for v in VECTORS["responses"] if v["result"] == "valid"], ids=_ids)
def test_genuine_responses_open_and_seal_again(vector: Vector) -> None:
    credentials, headers, body = (
        _credentials(vector),
        _headers(vector),
        bytes.fromhex(vector["ciphertext_hex"]),
    )
    plain = open_response(credentials, vector["x_signature"], vector["status"], headers, body)
    assert plain.hex() == vector["decrypts_to_hex"].lower()
    sealed = seal_response(credentials, vector["status"], headers, plain)
    assert sealed.signature_header.upper() == vector["x_signature"].upper()
    assert sealed.body == body


@pytest.mark.parametrize("vector", [v for v in VECTORS["responses"] if v["result"] != "valid"], ids=_ids)
def test_changed_responses_are_not_data(vector: Vector) -> None:
    body = bytes.fromhex(vector["ciphertext_hex"])
    with pytest.raises(SignatureError):
        open_response(_credentials(vector), vector["x_signature"], vector["status"], _headers(vector), body)


def test_key_material_is_split_as_documented() -> None:
    for vector in VECTORS["key_material"]:
        credentials = Credentials.from_hex("0102030405060708", vector["group_key"])
        assert credentials.key_text == vector["group_key"].upper()
        assert credentials.group_key[:32].hex().upper() == vector["aes_key"].upper()


def test_an_unsigned_answer_is_an_error() -> None:
    with pytest.raises(SignatureError, match="not signed"):
        open_response(KEYS, None, 200, HeadersToSign(), b"")


def test_an_answer_of_another_household_is_named_as_such() -> None:
    other = Credentials(group_id=b"\x09" * 8, group_key=KEYS.group_key)
    sealed = seal_response(other, 200, HeadersToSign(), b"")
    with pytest.raises(SignatureError, match="another household"):
        open_response(KEYS, sealed.signature_header, 200, HeadersToSign(), sealed.body)


@pytest.mark.parametrize(
    "text", ["", "MieleH256 ", "Basic 00:11", "MieleH256 12:34", "MieleH256 " + "0" * 16 + ":" + "g" * 64]
)
def test_malformed_signature_headers_are_protocol_errors(text: str) -> None:
    with pytest.raises(SignatureError):
        parse_signature_header(text)


@pytest.mark.parametrize(
    ("group_id", "group_key"),
    [
        ("", ""),
        ("00" * 8, "11" * 64),
        ("11" * 8, "00" * 64),
        ("11" * 8, "11" * 16),
        ("11" * 7, "11" * 64),
        ("xy", "11" * 64),
    ],
)
def test_keys_that_would_lock_the_owner_out_cannot_be_built(group_id: str, group_key: str) -> None:
    with pytest.raises(InvalidValue):
        Credentials.from_hex(group_id, group_key)


def test_new_keys_are_whole_and_different() -> None:
    first, second = Credentials.generate(), Credentials.generate()
    assert (len(first.group_id), len(first.group_key)) == (8, 64)
    assert first != second


def test_the_key_is_not_in_the_representation() -> None:
    assert KEYS.key_text not in repr(KEYS).upper()
    assert KEYS.id_text in repr(KEYS)


def test_subscriptions_are_padded_behind_the_brace() -> None:
    assert pad(b'{"a":1}', Padding.TRAILING) == b'{"a":1}' + b" " * 57
    assert pad(b"[1]", Padding.JSON) == b"[1]" + b" " * 61
    assert strip_padding(pad(b'{"a":1}', Padding.TRAILING)) == b'{"a":1}'


@given(st.binary(max_size=200), st.sampled_from(Padding))
def test_padding_adds_nothing_but_blanks(body: bytes, padding: Padding) -> None:
    padded = pad(body, padding)
    assert len(padded) % 16 == 0
    assert padded.replace(b" ", b"") == body.replace(b" ", b"")
    assert len(padded) - len(body) < (16 if padding is Padding.BINARY else 64)


@given(st.text(max_size=30), st.text(max_size=30), st.binary(max_size=100), st.integers(100, 599))
def test_what_is_sealed_opens_for_the_same_household_only(
    path: str, date: str, body: bytes, status: int
) -> None:
    headers, plain = HeadersToSign(content_type="a/b", accept="*/*", date=date), pad(body, Padding.BINARY)
    try:
        sealed = seal_request(KEYS, "PUT", "host:80", path, headers, plain)
    except UnicodeEncodeError:
        return
    _, signature = parse_signature_header(sealed.signature_header)
    assert open_request(KEYS, signature, ("PUT", "host:80", path), headers, sealed.body) == plain
    answer = seal_response(KEYS, status, headers, plain)
    assert open_response(KEYS, answer.signature_header, status, headers, answer.body) == plain
    stranger = Credentials(group_id=KEYS.group_id, group_key=bytes(reversed(KEYS.group_key)))
    with pytest.raises(SignatureError):
        open_response(stranger, answer.signature_header, status, headers, answer.body)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "Sat, 99 Nov 2026 08:00:00 GMT", "Sat, 28 Nov 99999 08:00:00 GMT"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000"])
def test_a_date_is_read_in_its_zone(zone: str) -> None:
    assert parse_date(f"Sat, 28 Nov 2026 08:00:00 {zone}") == dt.datetime(2026, 11, 28, 8, tzinfo=dt.UTC)
