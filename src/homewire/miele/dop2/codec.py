"""Bytes to frames and back: the total codec of DOP2 (docs/protocols/miele-dop2.md, sections 2 and 3).

`decode` accepts every well-formed leaf and refuses everything else with one ProtocolError that names the
offset; it never returns half a tree. Each announced count is checked against the bytes that are left before
anything is built, nesting is limited, and every byte is looked at once, so time and memory stay proportional
to the input. `encode(decode(data)) == data` holds for every accepted input.

The loop is written for speed: a scalar field costs one call of a precompiled unpacker that skips the type
byte, and running past the end is noticed by that unpacker instead of by a comparison per field.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from homewire.errors import InvalidValue, ProtocolError
from homewire.miele.dop2.model import MAXIMUM_NESTING, Field, Fields, Frame, Type, Value, WireNaN

__all__ = ["decode", "encode", "field_bytes"]

BLOCK_BYTES: Final = 16  # section 2: leaves are padded to the cipher's block
PADDING: Final = b" "  # section 2: 0x20
_PREFIX_BYTES: Final = 2  # the length field does not count itself
_HEADER_BYTES: Final = 8  # unit, attribute, idx1, idx2
_FIELDS_AT: Final = 12
_FIELD_BYTES_MINIMUM: Final = 4  # number u16, type u8, and no value is shorter than one byte
_ELEMENT_BYTES_MINIMUM: Final = 2  # an element of struct[] is at least its field count
_LENGTH_MAXIMUM: Final = 0xFFFF

_COUNT = struct.Struct(">H")
_HEADER = struct.Struct(">4H")
_FIELD_HEAD = struct.Struct(">HB")
_COUNTED_HEAD = struct.Struct(">HBH")
_NUMBER_AND_COUNT = struct.Struct(">HxH")

# Section 3: the format letter of each scalar; an array is a u16 count and that many of them.
_LETTERS: Final = {
    Type.BOOL: "B",
    Type.U8: "B",
    Type.I8: "b",
    Type.E8: "B",
    Type.U16: "H",
    Type.I16: "h",
    Type.E16: "H",
    Type.U32: "I",
    Type.I32: "i",
    Type.E32: "I",
    Type.U64: "Q",
    Type.I64: "q",
    Type.E64: "Q",
    Type.F32: "f",
    Type.F64: "d",
}
_ARRAY_OFFSET: Final = Type.BOOL_ARRAY - Type.BOOL
_ARRAY_LETTERS: Final = {Type(code + _ARRAY_OFFSET): letter for code, letter in _LETTERS.items()}
_FLOATS: Final = frozenset({Type.F32, Type.F64, Type.F32_ARRAY, Type.F64_ARRAY})
_Unpack: TypeAlias = Callable[[bytes, int], tuple[Any, ...]]
_Read: TypeAlias = Callable[[bytes, int, int], tuple[int, Value, int]]
_Write: TypeAlias = Callable[[int, Any, list[bytes], int], None]
_Finish: TypeAlias = Callable[[Any, bytes, int], Value]


def decode(data: bytes | bytearray | memoryview) -> Frame:
    """Decode one leaf, the decrypted body of a reply or a write; ProtocolError names the offset."""
    data = bytes(data)  # no copy when it is bytes already
    end = _checked_end(data)
    padding = len(data) - end
    unit, attribute, idx1, idx2 = _HEADER.unpack_from(data, _PREFIX_BYTES)
    body = data[:end] if padding else data
    fields, at = _decode_root(body)
    slack = end - at
    if slack and body.count(PADDING, at) != slack:
        raise ProtocolError(
            "bytes inside the leaf that belong to no field", offset=_first_not_blank(body, at)
        )
    return Frame(
        unit=unit, attribute=attribute, idx1=idx1, idx2=idx2, fields=fields, slack=slack, padding=padding
    )


def encode(frame: Frame) -> bytes:
    """Encode one leaf, padded with 0x20 to a multiple of 16 unless the frame says otherwise.

    InvalidValue when a value does not fit its type or the whole does not fit a leaf.
    """
    parts: list[bytes] = []
    if frame.fields is not None:
        _encode_fields(frame.fields, parts, 1)
    body = b"".join(parts) + PADDING * frame.slack
    length = _HEADER_BYTES + len(body)
    if length > _LENGTH_MAXIMUM:
        raise InvalidValue(f"a leaf of {length} bytes is too long", allowed=f"{_LENGTH_MAXIMUM} bytes")
    try:
        header = _COUNT.pack(length) + _HEADER.pack(frame.unit, frame.attribute, frame.idx1, frame.idx2)
    except struct.error as error:
        raise InvalidValue("the address of a leaf does not fit", allowed="numbers from 0 to 65535") from error
    padding = -(_PREFIX_BYTES + length) % BLOCK_BYTES if frame.padding is None else frame.padding
    return header + body + PADDING * padding


def field_bytes(field: Field) -> bytes:
    """Encode one field as it stands inside a leaf; InvalidValue when the value does not fit."""
    parts: list[bytes] = []
    _encode_field(field, parts, 1)
    return b"".join(parts)


def _checked_end(data: bytes) -> int:
    """Return the offset after the declared length; check the header is there and only blanks follow."""
    if len(data) < _PREFIX_BYTES:
        raise ProtocolError(
            f"a leaf of {len(data)} bytes is truncated: not even its length is there", offset=0
        )
    length = _COUNT.unpack_from(data)[0]
    if length < _HEADER_BYTES:
        raise ProtocolError(f"declared length {length} is shorter than the header of 8 bytes", offset=0)
    end = _PREFIX_BYTES + int(length)
    if end > len(data):
        raise ProtocolError(
            f"declared length {length} exceeds the {len(data) - 2} bytes that follow", offset=0
        )
    if data.count(PADDING, end) != len(data) - end:
        raise ProtocolError("padding after the leaf is not 0x20", offset=_first_not_blank(data, end))
    return end


def _first_not_blank(data: bytes, at: int) -> int:
    return len(data) - len(data[at:].lstrip(PADDING))


def _decode_root(body: bytes) -> tuple[Fields | None, int]:
    at = _PREFIX_BYTES + _HEADER_BYTES
    if len(body) == at:  # a header without a field count: "no data"
        return None, at
    if len(body) < _FIELDS_AT:
        raise ProtocolError("truncated field count", offset=at)
    return _decode_fields(body, at, 1)


def _decode_fields(data: bytes, at: int, depth: int) -> tuple[Fields, int]:
    """Read a field count and the fields; return them and the offset behind."""
    start = at
    try:
        count = data[at] << 8 | data[at + 1]
        at += 2
        if count * _FIELD_BYTES_MINIMUM > len(data) - at:
            raise ProtocolError(f"{count} fields announced, {len(data) - at} bytes left", offset=start)
        fields: list[Field] = []
        append = fields.append
        for _ in range(count):
            code = data[at + 2]
            scalar = _SCALARS[code]
            if scalar is not None:
                unpack, size, kind = scalar
                number, value = unpack(data, at)
                append(Field(number, kind, value))
                at += size
            else:
                number, value, behind = _READERS[code](data, at, depth)
                append(Field(number, _TYPES[code], value))
                at = behind
    except (IndexError, struct.error) as error:
        raise ProtocolError("truncated inside a field", offset=at) from error
    return tuple(fields), at


def _unpack_bool(data: bytes, at: int) -> tuple[int, bool]:
    number, byte = _unpack_byte(data, at)
    if byte > 1:
        raise ProtocolError(f"a bool is 00 or 01, not {byte:02x}", offset=at + 3)
    return number, byte == 1


_unpack_byte: Final = struct.Struct(">HxB").unpack_from


def _float_unpacker(letter: str) -> _Unpack:
    unpack_from = struct.Struct(">Hx" + letter).unpack_from
    size = struct.calcsize(letter)

    def unpack(data: bytes, at: int) -> tuple[int, float]:
        number, value = unpack_from(data, at)
        return number, WireNaN(data[at + 3 : at + 3 + size]) if math.isnan(value) else value

    return unpack


def _scalar(kind: Type) -> tuple[_Unpack, int, Type]:
    letter = _LETTERS[kind]
    size = 3 + struct.calcsize(letter)
    if kind is Type.BOOL:
        return _unpack_bool, size, kind
    if kind in _FLOATS:
        return _float_unpacker(letter), size, kind
    return struct.Struct(">Hx" + letter).unpack_from, size, kind


def _read_bytes(data: bytes, at: int, _depth: int) -> tuple[int, Value, int]:
    number, size = _NUMBER_AND_COUNT.unpack_from(data, at)
    start = at + 5
    behind = start + size
    if behind > len(data):
        raise ProtocolError(f"{size} bytes announced, {len(data) - start} left", offset=at + 3)
    return number, data[start:behind], behind


def _array_reader(letter: str, finish: _Finish | None) -> _Read:
    size = struct.calcsize(letter)

    def read(data: bytes, at: int, _depth: int) -> tuple[int, Value, int]:
        number, count = _NUMBER_AND_COUNT.unpack_from(data, at)
        start = at + 5
        behind = start + count * size
        if behind > len(data):
            raise ProtocolError(f"{count} elements announced, {len(data) - start} bytes left", offset=at + 3)
        values: Value = struct.unpack_from(f">{count}{letter}", data, start)
        return number, finish(values, data, start) if finish else values, behind

    return read


def _finish_bools(values: Any, _data: bytes, start: int) -> tuple[bool, ...]:
    wrong = next((index for index, byte in enumerate(values) if byte > 1), None)
    if wrong is not None:
        raise ProtocolError(f"a bool is 00 or 01, not {values[wrong]:02x}", offset=start + wrong)
    return tuple(map(bool, values))


def _float_finisher(size: int) -> _Finish:
    def finish(values: Any, data: bytes, start: int) -> tuple[float, ...]:
        return tuple(
            WireNaN(data[start + index * size : start + (index + 1) * size]) if math.isnan(value) else value
            for index, value in enumerate(values)
        )

    return finish


def _array(kind: Type) -> _Read:
    letter = _ARRAY_LETTERS[kind]
    if kind is Type.BOOL_ARRAY:
        return _array_reader(letter, _finish_bools)
    return _array_reader(letter, _float_finisher(struct.calcsize(letter)) if kind in _FLOATS else None)


def _read_struct(data: bytes, at: int, depth: int) -> tuple[int, Value, int]:
    _check_depth(depth, at)
    number, _ = _FIELD_HEAD.unpack_from(data, at)
    fields, behind = _decode_fields(data, at + 3, depth + 1)
    return number, fields, behind


def _read_struct_array(data: bytes, at: int, depth: int) -> tuple[int, Value, int]:
    _check_depth(depth, at)
    number, count = _NUMBER_AND_COUNT.unpack_from(data, at)
    behind = at + 5
    if count * _ELEMENT_BYTES_MINIMUM > len(data) - behind:
        raise ProtocolError(f"{count} elements announced, {len(data) - behind} bytes left", offset=at + 3)
    elements: list[Fields] = []
    for _ in range(count):
        element, behind = _decode_fields(data, behind, depth + 1)
        elements.append(element)
    return number, tuple(elements), behind


def _check_depth(depth: int, at: int) -> None:
    if depth >= MAXIMUM_NESTING:
        raise ProtocolError(f"structures nested deeper than {MAXIMUM_NESTING}", offset=at)


def _refuse_type(data: bytes, at: int, _depth: int) -> tuple[int, Value, int]:
    raise ProtocolError(f"unknown type {data[at + 2]:#04x}; nothing after it can be read", offset=at + 2)


def _reader(kind: Type) -> _Read:
    special = {
        Type.STRUCT: _read_struct,
        Type.STRUCT_ARRAY: _read_struct_array,
        Type.U8_ARRAY: _read_bytes,
        Type.STRING: _read_bytes,
    }
    return special.get(kind) or _array(kind)


_SCALARS: Final = tuple(_scalar(Type(code)) if code in _LETTERS else None for code in range(256))
_COMPOUND: Final = frozenset(Type) - frozenset(_LETTERS)
_READERS: Final = tuple(_reader(Type(code)) if code in _COMPOUND else _refuse_type for code in range(256))
_TYPES: Final = tuple(Type(code) if code in frozenset(Type) else Type.BOOL for code in range(256))


def _encode_fields(fields: Fields, parts: list[bytes], depth: int) -> None:
    if depth > MAXIMUM_NESTING:
        raise InvalidValue("structures nested deeper than allowed", allowed=f"{MAXIMUM_NESTING} levels")
    if len(fields) > _LENGTH_MAXIMUM:
        raise InvalidValue(f"a structure of {len(fields)} fields", allowed=f"at most {_LENGTH_MAXIMUM}")
    parts.append(_COUNT.pack(len(fields)))
    for field in fields:
        _encode_field(field, parts, depth)


def _encode_field(field: Field, parts: list[bytes], depth: int) -> None:
    try:
        _WRITERS[field.type](field.number, field.value, parts, depth)
    except (struct.error, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise InvalidValue(
            f"field {field.number} cannot hold {field.value!r:.60}", allowed=field.type.label
        ) from error


def _number_writer(kind: Type) -> _Write:
    code, pack = int(kind), struct.Struct(">HB" + _LETTERS[kind]).pack

    def write(number: int, value: Any, parts: list[bytes], _depth: int) -> None:
        parts.append(pack(number, code, value))

    return write


def _write_bool(number: int, value: Any, parts: list[bytes], _depth: int) -> None:
    parts.append(_FIELD_HEAD.pack(number, Type.BOOL) + _pack_bool(value))


def _pack_bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise TypeError("a bool is True or False")
    return b"\x01" if value else b"\x00"


def _float_writer(kind: Type) -> _Write:
    def write(number: int, value: Any, parts: list[bytes], _depth: int) -> None:
        parts.append(_FIELD_HEAD.pack(number, kind) + _pack_float(_LETTERS[kind], value))

    return write


def _pack_float(letter: str, value: Any) -> bytes:
    return value.wire if isinstance(value, WireNaN) else struct.pack(">" + letter, value)


def _write_struct(number: int, value: Any, parts: list[bytes], depth: int) -> None:
    parts.append(_FIELD_HEAD.pack(number, Type.STRUCT))
    _encode_fields(value, parts, depth + 1)


def _write_struct_array(number: int, value: Any, parts: list[bytes], depth: int) -> None:
    parts.append(_COUNTED_HEAD.pack(number, Type.STRUCT_ARRAY, len(value)))
    for element in value:
        _encode_fields(element, parts, depth + 1)


def _array_writer(kind: Type) -> _Write:
    """Make a writer of arrays; bytes count as an array of u8, whatever else is packed element by element."""
    letter = _ARRAY_LETTERS.get(kind, "")

    def write(number: int, value: Any, parts: list[bytes], _depth: int) -> None:
        parts.append(_COUNTED_HEAD.pack(number, kind, len(value)))
        if kind in _BYTES:
            parts.append(memoryview(value).tobytes())
        elif kind is Type.BOOL_ARRAY:
            parts.extend(map(_pack_bool, value))
        elif kind in _FLOATS:
            parts.extend(_pack_float(letter, each) for each in value)
        else:
            parts.append(struct.pack(f">{len(value)}{letter}", *value))

    return write


def _writer(kind: Type) -> _Write:
    special = {Type.BOOL: _write_bool, Type.STRUCT: _write_struct, Type.STRUCT_ARRAY: _write_struct_array}
    if kind in special:
        return special[kind]
    if kind not in _LETTERS:
        return _array_writer(kind)
    return _float_writer(kind) if kind in _FLOATS else _number_writer(kind)


_BYTES: Final = frozenset({Type.U8_ARRAY, Type.STRING})
_WRITERS: Final = {kind: _writer(kind) for kind in Type}
