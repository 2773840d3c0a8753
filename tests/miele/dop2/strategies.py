"""Frames of every shape for property tests."""

from __future__ import annotations

import math
import struct
from typing import Any

from hypothesis import strategies as st

from homewire.miele.dop2 import Field, Frame, Type
from homewire.miele.dop2.model import WireNaN


def integers(bits: int, *, signed: bool) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else st.integers(0, 2**bits - 1)


def floats(size: int) -> st.SearchStrategy[float]:
    letter = {4: ">f", 8: ">d"}[size]

    def read(wire: bytes) -> float:
        (value,) = struct.unpack(letter, wire)
        return WireNaN(wire) if math.isnan(value) else float(value)

    return st.binary(min_size=size, max_size=size).map(read)


SCALARS: dict[Type, st.SearchStrategy[Any]] = {
    Type.BOOL: st.booleans(),
    Type.F32: floats(4),
    Type.F64: floats(8),
    **{Type[f"U{bits}"]: integers(bits, signed=False) for bits in (8, 16, 32, 64)},
    **{Type[f"E{bits}"]: integers(bits, signed=False) for bits in (8, 16, 32, 64)},
    **{Type[f"I{bits}"]: integers(bits, signed=True) for bits in (8, 16, 32, 64)},
}
NUMBERS = st.integers(0, 0xFFFF)


def scalar_fields() -> st.SearchStrategy[Field]:
    one = [st.builds(Field, NUMBERS, st.just(kind), values) for kind, values in SCALARS.items()]
    arrays = [
        st.builds(
            Field, NUMBERS, st.just(Type[f"{kind.name}_ARRAY"]), st.lists(values, max_size=5).map(tuple)
        )
        for kind, values in SCALARS.items()
        if kind is not Type.U8
    ]
    texts = [
        st.builds(Field, NUMBERS, st.just(kind), st.binary(max_size=20))
        for kind in (Type.U8_ARRAY, Type.STRING)
    ]
    return st.one_of(*one, *arrays, *texts)


def nested(children: st.SearchStrategy[Field]) -> st.SearchStrategy[Field]:
    structure = st.lists(children, max_size=4).map(tuple)
    array = st.lists(structure, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Field, NUMBERS, st.just(Type.STRUCT), structure),
        st.builds(Field, NUMBERS, st.just(Type.STRUCT_ARRAY), array),
    )


FIELDS = st.recursive(scalar_fields(), nested, max_leaves=12)
FRAMES = st.builds(
    Frame,
    unit=NUMBERS,
    attribute=NUMBERS,
    idx1=NUMBERS,
    idx2=NUMBERS,
    fields=st.one_of(st.lists(FIELDS, max_size=8).map(tuple)),
    slack=st.integers(0, 3),
    padding=st.integers(0, 20),
)
