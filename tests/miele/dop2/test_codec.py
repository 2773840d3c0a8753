"""The codec is total and exact: vectors, recordings, round trips, and nothing but ProtocolError."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.harness import work
from tests.miele.dop2.notation import ALL_LEAVES, EXPECTED, RECORDINGS, VECTORS, as_tree, from_tree
from tests.miele.dop2.strategies import FRAMES

from homewire.errors import InvalidValue, ProtocolError
from homewire.miele.dop2 import Field, Frame, Type, decode, encode
from homewire.miele.dop2.model import MAXIMUM_NESTING, WireNaN

GOOD = {case["id"]: case for case in VECTORS["cases"] if "decoded" in case}
BAD = {case["id"]: case for case in VECTORS["cases"] if "error" in case}
# What our message says for each error of the vectors' list.
SAYS = {
    "truncated": "truncated",
    "bad_length": "shorter than the header",
    "length_exceeds_data": "exceeds",
    "count_exceeds_data": "announced",
    "unknown_type": "unknown type",
    "bad_bool": "a bool is 00 or 01",
    "too_deep": "nested deeper",
    "trailing_in_body": "belong to no field",
    "bad_padding": "is not 0x20",
}


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
def test_vectors_decode_and_encode(case: dict[str, Any]) -> None:
    wire, tree = bytes.fromhex(case["hex"]), dict(case["decoded"])
    frame = decode(wire)
    length = tree.pop("length")
    assert as_tree(frame) == tree
    assert int.from_bytes(wire[:2], "big") == length
    assert encode(frame) == wire
    assert encode(from_tree(tree)) == wire


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_vectors_that_must_be_refused(case: dict[str, Any]) -> None:
    wire = bytes.fromhex(case["hex"])
    with pytest.raises(ProtocolError, match=SAYS[case["error"]]) as caught:
        decode(wire)
    assert caught.value.offset is not None
    assert 0 <= caught.value.offset <= len(wire)


@pytest.mark.parametrize("leaf", ALL_LEAVES.values(), ids=ALL_LEAVES)
def test_recordings_encode_byte_for_byte(leaf: bytes) -> None:
    frame = decode(leaf)
    assert encode(frame) == leaf
    assert frame.slack == 0
    assert decode(memoryview(leaf)) == frame


@pytest.mark.parametrize("name", EXPECTED)
def test_recordings_have_the_expected_trees(name: str) -> None:
    for path, expected in EXPECTED[name]["leaves"].items():
        unit, attribute = map(int, path.split("/"))
        frame = decode(RECORDINGS[name][unit, attribute])
        tree = as_tree(frame)
        assert {key: tree[key] for key in tree if key in expected} == {
            key: expected[key] for key in tree if key in expected
        }
        assert (tree["fields"], tree["padding"]) == (expected["fields"], expected["padding"])


@given(FRAMES)
def test_frames_survive_the_wire(frame: Frame) -> None:
    wire = encode(frame)
    again = decode(wire)
    assert again == frame
    assert encode(again) == wire


@given(FRAMES, st.data())
def test_damage_is_a_protocol_error_or_another_frame(frame: Frame, data: st.DataObject) -> None:
    wire = bytearray(encode(frame))
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] = data.draw(st.integers(0, 255))
    cut = bytes(wire[: data.draw(st.integers(0, len(wire)))])
    for damaged in (bytes(wire), cut):
        assert survives(damaged)


def survives(data: bytes) -> bool:
    """Whether bytes are a frame that encodes to them again, or are refused at an offset inside them."""
    try:
        return encode(decode(data)) == data
    except ProtocolError as error:
        return error.offset is not None and 0 <= error.offset <= len(data)


@given(st.binary(max_size=300))
def test_garbage_is_a_protocol_error_or_a_frame(data: bytes) -> None:
    assert survives(data)


@pytest.mark.parametrize("leaf", ALL_LEAVES.values(), ids=ALL_LEAVES)
def test_every_truncation_is_refused(leaf: bytes) -> None:
    end = 2 + int.from_bytes(leaf[:2], "big")
    for size in range(min(end, 120)):
        with pytest.raises(ProtocolError):
            decode(leaf[:size])


def test_padding_defaults_to_the_cipher_block() -> None:
    frame = Frame(unit=2, attribute=1586, fields=(Field(1, Type.U16, 1),))
    assert encode(frame) == bytes.fromhex("000f000206320000000000010001050001") + b" " * 15
    assert len(encode(Frame(unit=2, attribute=1586, fields=(Field(1, Type.E8, 1),)))) == 16


def test_lookup_by_path_returns_the_first_or_nothing() -> None:
    inner = (Field(1, Type.U8, 7), Field(1, Type.U8, 8))
    frame = Frame(
        unit=1, attribute=2, fields=(Field(5, Type.STRUCT, inner), Field(6, Type.U16_ARRAY, (1, 2)))
    )
    assert frame.get(5, 1) == 7
    assert frame.get(5, 9) is None
    assert frame.get(6, 1) is None
    assert frame.get(6) == (1, 2)
    assert Frame(unit=1, attribute=2, fields=None).get(1) is None


def test_not_a_number_keeps_its_bits() -> None:
    signalling = bytes.fromhex("7fa00001")
    wire = encode(Frame(unit=1, attribute=2, fields=(Field(1, Type.F32, WireNaN(signalling)),)))
    assert signalling in wire
    assert encode(decode(wire)) == wire
    assert WireNaN(signalling) != WireNaN(bytes.fromhex("7fc00000"))
    assert hash(WireNaN(signalling)) == hash(WireNaN(signalling))


def deep(levels: int) -> tuple[Field, ...]:
    fields: tuple[Field, ...] = (Field(1, Type.U8, 7),)
    for _ in range(levels - 1):
        fields = (Field(1, Type.STRUCT, fields),)
    return fields


def test_what_encodes_also_decodes_down_to_the_deepest_level() -> None:
    frame = Frame(unit=1, attribute=2, fields=deep(MAXIMUM_NESTING), padding=0)
    assert decode(encode(frame)) == frame
    with pytest.raises(InvalidValue, match="nested deeper"):
        encode(Frame(unit=1, attribute=2, fields=deep(MAXIMUM_NESTING + 1)))


@pytest.mark.parametrize(
    "field",
    [
        Field(1, Type.U8, 256),
        Field(1, Type.U8, -1),
        Field(1, Type.E16, 65536),
        Field(1, Type.BOOL, 1),
        Field(1, Type.U16, b"ab"),
        Field(1, Type.U8_ARRAY, (1, 2)),
        Field(1, Type.BOOL_ARRAY, (1, True)),
        Field(1, Type.F32, 1e300),
        Field(70000, Type.U8, 1),
        Field(1, Type.STRUCT, 5),
        Field(1, Type.STRUCT_ARRAY, (5,)),
        Field(1, Type.STRING, bytes(65536)),
        Field(1, Type.STRING, bytes(65530)),
    ],
    ids=lambda field: f"{field.type.label}",
)
def test_values_that_do_not_fit_are_refused(field: Field) -> None:
    with pytest.raises(InvalidValue):
        encode(Frame(unit=2, attribute=1586, fields=(field,)))


def test_header_numbers_and_field_counts_have_limits() -> None:
    with pytest.raises(InvalidValue, match="65535"):
        encode(Frame(unit=70000, attribute=1))
    with pytest.raises(InvalidValue, match="at most 65535"):
        encode(Frame(unit=1, attribute=1, fields=(Field(1, Type.U8, 1),) * 65536))


def nested_bomb() -> bytes:
    """A full leaf of the smallest possible elements: what allocates most per byte."""
    count = (65535 - 8 - 2 - 5) // 2
    body = struct.pack(">4HHHBH", 1, 2, 0, 0, 1, 1, Type.STRUCT_ARRAY, count) + bytes(2 * count)
    return struct.pack(">H", len(body)) + body


def test_the_worst_leaf_stays_small() -> None:
    wire = nested_bomb()
    frame = decode(wire)
    elements = frame.get(1)
    assert isinstance(elements, tuple)
    assert len(elements) == (65535 - 15) // 2
    assert sys.getsizeof(elements) < 8 * len(wire)
    assert encode(frame) == wire


def leaf_of(body: bytes) -> bytes:
    return struct.pack(">5H", len(body) + 8, 1, 2, 0, 0) + body


BIG = 60000
WORST: dict[str, Callable[[int], bytes]] = {
    "scalars": lambda size: struct.pack(">H", size // 4) + bytes((0, 1, 1, 0)) * (size // 4),
    "arrays": lambda size: struct.pack(">H", size // 5) + struct.pack(">HBH", 1, 0x15, 0) * (size // 5),
    "structs": lambda size: struct.pack(">H", size // 5) + struct.pack(">HBH", 1, 0x10, 0) * (size // 5),
    "elements": lambda size: struct.pack(">HHBH", 1, 1, 0x21, size // 2) + bytes(size // 2 * 2),
    "floats": lambda size: struct.pack(">HHBH", 1, 1, 0x1E, size // 4) + b"\x7f\xa0\0\1" * (size // 4),
    "bools": lambda size: struct.pack(">HHBH", 1, 1, 0x11, size) + b"\1" * (size - 1) + b"\2",
    "columns": lambda size: (struct.pack(">HHB", 1, 1, 0x10) * 31 + b"\0\0") * (size // 160),
}


@pytest.mark.parametrize("shape", WORST)
def test_work_grows_no_faster_than_the_input(shape: str) -> None:
    small, large = (leaf_of(WORST[shape](size)) for size in (BIG // 8, BIG))
    calls = [work(survives, data) for data in (small, large)]
    assert calls[1] <= 9 * calls[0] + 100
    assert calls[1] <= 6 * len(large) + 100


def test_half_a_field_count_is_truncated() -> None:
    with pytest.raises(ProtocolError, match="truncated field count"):
        decode(bytes.fromhex("000900020632000000000001")[:11])
