"""Fuzzing of DOP2: a leaf is refused with a ProtocolError inside it, or encodes again to the same bytes."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

import msgspec

from homewire.errors import ProtocolError
from homewire.miele.dop2 import decode, encode, interpret
from homewire.miele.dop2.explain import explain
from homewire.miele.dop2.tree import LeafTree
from tests.fuzz.harness import Target
from tests.miele.dop2.notation import ALL_LEAVES, VECTORS

_SHORT_BYTES: Final = 600  # longer real leaves only repeat themselves
_EXPLAINED: Final = 0x0F  # one accepted leaf in sixteen is also viewed and explained


def seeds() -> Sequence[bytes]:
    vectors = [bytes.fromhex(case["hex"]) for case in VECTORS["cases"] if "decoded" in case]
    return vectors + [leaf for leaf in ALL_LEAVES.values() if len(leaf) <= _SHORT_BYTES]


def check(data: bytes) -> bool:
    try:
        frame = decode(data)
    except ProtocolError as error:
        return refused_inside(error, data)
    assert encode(frame) == data
    if zlib.crc32(data) & _EXPLAINED == 0:
        list(interpret(frame).named())
        str(explain(frame))
    return True


def recordings() -> Sequence[bytes]:
    leaves = [leaf.hex() for leaf in ALL_LEAVES.values() if len(leaf) <= _SHORT_BYTES][:6]
    frames = [(decode(bytes.fromhex(leaf)), leaf) for leaf in leaves]
    plain = {str(frame.unit): {str(frame.attribute): leaf} for frame, leaf in frames}
    paged = {str(frame.unit): {str(frame.attribute): {str(frame.idx1): leaf}} for frame, leaf in frames}
    return [msgspec.json.encode(each) for each in (plain, paged, {"note": "mine", **plain})]


def take_recording(data: bytes) -> bool:
    try:
        tree = LeafTree.from_recording(data)
    except ProtocolError:
        return False
    assert LeafTree.from_recording(tree.as_recording()).as_recording() == tree.as_recording()
    return True


def refused_inside(error: ProtocolError, data: bytes) -> bool:
    assert error.offset is not None
    assert 0 <= error.offset <= len(data)
    return False


def with_its_length(data: bytes) -> bytes:
    """Declare the length that is there, so that what follows is looked at."""
    return min(len(data[2:]), 0xFFFF).to_bytes(2, "big") + data[2:]


TARGETS = (
    Target(name="miele-dop2", seeds=seeds, check=check, repair=with_its_length, inputs=500_000),
    Target(name="miele-dop2-recording", seeds=recordings, check=take_recording, inputs=40_000),
)
