from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lamarzocco.direct.vectors import VECTORS

from homewire.errors import ConfigurationError, ProtocolError
from homewire.lamarzocco.direct.codec import (
    MAX_FRAME_BYTES,
    CheckMismatch,
    Codec,
    FrameCipher,
    LengthMismatch,
    Message,
    ReadReply,
    ReadRequest,
    Refusal,
    Rejected,
    Stream,
    Undecipherable,
    WriteReply,
    WriteRequest,
    message_text,
    parse_key,
    parse_message,
)

KEY = parse_key(VECTORS[0]["key"])

_KINDS = {
    "read_request": "ReadRequest",
    "write_request": "WriteRequest",
    "read_reply": "ReadReply",
    "write_reply": "WriteReply",
    "error_reply": "Refusal",
    "stream": "Stream",
}
_BROKEN = {"check_byte_mismatch": CheckMismatch, "length_mismatch": LengthMismatch}


def _name(vector: dict[str, Any]) -> str:
    return str(vector["name"])


VALID = [v for v in VECTORS if v["decoded"]["kind"] != "invalid"]
INVALID = [v for v in VECTORS if v["decoded"]["kind"] == "invalid"]


@pytest.mark.parametrize("vector", VECTORS, ids=_name)
def test_vector_frame_and_plaintext_become_each_other(vector: dict[str, Any]) -> None:
    cipher = FrameCipher(parse_key(vector["key"]))
    assert cipher.seal(vector["plaintext"].encode()).decode() == vector["frame"]
    assert cipher.unseal(vector["frame"].encode()[1:-1]).decode() == vector["plaintext"]


@pytest.mark.parametrize("vector", VALID, ids=_name)
def test_vector_message_is_parsed_and_built(vector: dict[str, Any]) -> None:
    codec, decoded = Codec(parse_key(vector["key"])), vector["decoded"]
    [message] = codec.receive(vector["frame"].encode())
    # what the vectors call a write reply that is not ok is a refusal here
    assert not isinstance(message, Rejected)
    assert type(message).__name__ == ("Refusal" if decoded.get("ok") is False else _KINDS[decoded["kind"]])
    assert f"0x{message.address:04X}" == decoded["address"]
    length = len(message.data) if isinstance(message, ReadReply | WriteRequest | Stream) else message.length
    assert length == decoded["length"]
    assert message.to_text()[0] == decoded["type"]
    assert codec.encode(message).decode() == vector["frame"]
    if "data_hex" in decoded:
        assert isinstance(message, WriteRequest)
        assert message.data.hex().upper() == decoded["data_hex"]
    if "status_text" in decoded:
        assert message.to_text().endswith(decoded["status_text"])


@pytest.mark.parametrize("vector", INVALID, ids=_name)
def test_vector_that_must_be_dropped(vector: dict[str, Any]) -> None:
    [event] = Codec(parse_key(vector["key"])).receive(vector["frame"].encode())
    assert isinstance(event, Rejected)
    assert type(event.error) is _BROKEN[vector["decoded"]["error"]]
    if isinstance(event.error, CheckMismatch):
        assert f"{event.error.expected:02X}" == vector["decoded"]["expected_check"]


def test_plaintexts_of_the_page() -> None:
    assert parse_message(b"W00000001OK72") == WriteReply(0x0000, 1)
    assert parse_message(b"R4000KOB0") == Refusal("R", 0x4000)
    assert parse_message(b"W0007000203B6BB") == WriteRequest(0x0007, b"\x03\xb6")
    assert message_text(Refusal("W", 0x0007, 2)) == b"W00070002KO7A"
    assert parse_message(b"W00070002KO7A") == Refusal("W", 0x0007, 2)


@pytest.mark.parametrize(
    ("text", "offset", "why"),
    [
        (b"", 0, "does not begin"),
        (b"Q0000001FE9", 0, "does not begin"),
        (b"R0000\xc3\x28E9", 5, "no text"),
        (b"R40", 3, "too early"),
        (b"R40000a23DB", 6, "upper-case"),
        (b"R4000002300DBX", 13, "upper-case"),
        (b"R40000023ADB", 12, "half a byte"),
        (b"R40000000OK70", 9, "only a write"),
        (b"Z4000KOB8", 0, "not an answer"),
        (b"W00000000D7", 9, "no data"),
        (b"Z60000000E0", 9, "no data"),
    ],
)
def test_grammar_errors_name_the_offset(text: bytes, offset: int, why: str) -> None:
    with pytest.raises(ProtocolError, match=why) as caught:
        parse_message(text)
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"", "0 bytes"), (b"AAAA", "3 bytes"), (b"A!==", "not base64"), (b"AAA", "not base64")],
)
def test_frames_that_hold_no_cipher_text(body: bytes, why: str) -> None:
    [event] = Codec(KEY).receive(b"@" + body + b"%")
    assert isinstance(event, Rejected)
    assert why in str(event.error)


def test_a_wrong_key_is_told_from_damage() -> None:
    [event] = Codec(parse_key("k" * 32)).receive(VECTORS[0]["frame"].encode())
    assert isinstance(event, Rejected)
    assert isinstance(event.error, Undecipherable)


@pytest.mark.parametrize("key", ["", "a" * 31, "a" * 33, "a" * 31 + "€"])
def test_keys_that_cannot_be(key: str) -> None:
    with pytest.raises(ConfigurationError, match="communication key"):
        parse_key(key)


def test_a_key_is_one_byte_per_character() -> None:
    assert parse_key("ÿ" * 32) == b"\xff" * 32


MESSAGES = st.one_of(
    st.builds(ReadRequest, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    st.builds(WriteRequest, st.integers(0, 0xFFFF), st.binary(min_size=1, max_size=100)),
    st.builds(ReadReply, st.integers(0, 0xFFFF), st.binary(min_size=1, max_size=100)),
    st.builds(WriteReply, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    st.builds(Refusal, st.sampled_from("RW"), st.integers(0, 0xFFFF)),
    st.builds(
        Refusal,
        st.sampled_from("RW"),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFF),
        st.sampled_from(("KO", "NO", "XA")),
    ),
    st.builds(Stream, st.integers(0, 0xFFFF), st.binary(min_size=1, max_size=100)),
)


@given(MESSAGES)
def test_every_message_survives_the_wire(message: Message) -> None:
    assert Codec(KEY).receive(Codec(KEY).encode(message)) == [message]


def test_frames_cut_short_and_too_long_are_told_apart() -> None:
    events = Codec(KEY).receive(b"@AAAA@" + b"A" * (MAX_FRAME_BYTES + 1) + b"@AA")
    assert [str(e.error)[:20] for e in events if isinstance(e, Rejected)] == [
        "the frame was cut sh",
        "the frame is longer ",
    ]


def _shown(events: list[Message | Rejected]) -> list[Any]:
    return [(str(e.error), e.frame) if isinstance(e, Rejected) else e for e in events]


STREAMS = st.lists(
    st.one_of(
        MESSAGES.map(Codec(KEY).encode),
        st.binary(max_size=40),
        st.sampled_from([b"@", b"%", b"@AAAA", b"\r\n", b"@" + b"A" * (MAX_FRAME_BYTES + 7), b"@%"]),
    ),
    max_size=8,
).map(b"".join)


@given(STREAMS, st.integers(0, 2**32))
def test_any_split_gives_the_same_events(stream: bytes, seed: int) -> None:
    whole, pieces, rng = Codec(KEY), Codec(KEY), random.Random(seed)
    expected, found, start = whole.receive(stream), [], 0
    while start < len(stream):
        size = rng.choice((1, 2, 7, 50, 5000))
        found += pieces.receive(stream[start : start + size])
        start += size
    assert _shown(found) == _shown(expected)
    assert pieces.discarded_bytes == whole.discarded_bytes


def test_a_simulator_may_send_anything() -> None:
    [event] = Codec(KEY).fresh().receive(Codec(KEY).seal(b"R4000KOB1"))
    assert isinstance(event, Rejected)
    assert isinstance(event.error, CheckMismatch)


def test_a_cut_frame_costs_only_itself() -> None:
    codec = Codec(KEY)
    good = codec.encode(ReadRequest(0x4000, 35))
    events = codec.receive(b"\r\n" + good[:20] + good + b"noise" + good)
    assert [type(e) for e in events] == [Rejected, ReadRequest, ReadRequest]
    assert codec.discarded_bytes == 7


def test_an_endless_frame_takes_no_endless_memory() -> None:
    codec = Codec(KEY)
    events = codec.receive(b"@")
    for _ in range(1000):
        events += codec.receive(b"A" * 100)
    assert [type(e) for e in events] == [Rejected]
    assert len(codec._pending) <= MAX_FRAME_BYTES + 1
    assert codec.receive(b"%" + codec.encode(ReadRequest(1, 1))) == [ReadRequest(1, 1)]
