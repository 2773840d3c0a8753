"""Frames of the Homismart cloud: four decimal digits, then JSON, in both directions.

One WebSocket text message is one frame (docs/protocols/homismart.md, section 2). `decode` is total: it
returns a `Frame` or raises `FrameError`, which names the problem and the offset. A number that no table knows
is not an error but a frame whose `kind` is None; what the body says is read by `homewire.homismart.models`.
"""

from __future__ import annotations

import enum
import re
from typing import Any, Final

import msgspec

from homewire.errors import ProtocolError
from homewire.homismart.prefixes import ReceivePrefix, RequestPrefix

__all__ = ["MAX_FRAME_BYTES", "Direction", "Frame", "FrameError", "Problem", "decode", "encode"]

MAX_FRAME_BYTES: Final = 32 * 1024 * 1024
"""The longest frame that is read. Section 22 asks for 8 MiB at least; this holds 100,000 devices."""

_PREFIX_LENGTH: Final = 4
_BYTE: Final = re.compile(r"byte (\d+)")
_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


class Direction(enum.Enum):
    """Who sent a frame. Seven numbers mean different things in the two directions (section 2)."""

    TO_SERVER = "client_to_server"
    TO_CLIENT = "server_to_client"


class Problem(enum.StrEnum):
    """What is wrong with a frame, in the words of the vector file."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    BINARY_FRAME = "binary_frame"
    UNKNOWN_PREFIX = "unknown_prefix"
    BAD_JSON = "bad_json"
    WRONG_TYPE = "wrong_type"
    MISSING_ID = "missing_id"
    MISSING_KEYS = "missing_keys"
    OUT_OF_RANGE = "out_of_range"


class FrameError(ProtocolError):
    """A frame that cannot be read; `problem` says why and `prefix` what it was, when that could be told."""

    def __init__(
        self, problem: Problem, reason: str, *, offset: int | None = None, prefix: str | None = None
    ) -> None:
        super().__init__(reason, offset=offset)
        self.problem = problem
        self.prefix = prefix


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame: its number and its parsed body. A frame without a body has an empty object (section 2).

    `kind` is the known meaning of the number in this direction, or None. `unnested` is True when the body is
    surely no more than an object, or a list of objects, of plain values: a list of thousands of devices then
    needs no look into each value.
    """

    prefix: str
    body: Any
    kind: RequestPrefix | ReceivePrefix | None
    unnested: bool = False


_KINDS: Final[dict[Direction, dict[str, RequestPrefix] | dict[str, ReceivePrefix]]] = {
    Direction.TO_SERVER: {prefix.value: prefix for prefix in RequestPrefix},
    Direction.TO_CLIENT: {prefix.value: prefix for prefix in ReceivePrefix},
}


def decode(text: str | bytes, direction: Direction) -> Frame:
    """Return the frame in one WebSocket message; bytes are a binary message and never valid.

    Raise FrameError with the problem, the reason and the offset.
    """
    if not isinstance(text, str):
        raise FrameError(Problem.BINARY_FRAME, "a binary message, but frames are text", offset=0)
    prefix = _prefix(text)
    kind = _KINDS[direction].get(prefix)
    if len(text) == _PREFIX_LENGTH:
        return Frame(prefix=prefix, body={}, kind=kind, unnested=True)
    body = _body(text, prefix)
    containers = text.count("{") + text.count("[")
    unnested = containers <= (len(body) + 1 if isinstance(body, list) else 1)
    return Frame(prefix=prefix, body=body, kind=kind, unnested=unnested)


def encode(prefix: RequestPrefix | ReceivePrefix, body: Any = None) -> str:
    """Return the frame as text: compact JSON as the vendor's page writes it, no body for None."""
    if body is None:
        return prefix.value
    return prefix.value + _ENCODER.encode(body).decode()


def _prefix(text: str) -> str:
    if len(text) < _PREFIX_LENGTH:
        raise FrameError(Problem.TOO_SHORT, f"{len(text)} characters are too few for a prefix", offset=0)
    if len(text) > MAX_FRAME_BYTES:
        raise FrameError(Problem.TOO_LONG, f"{len(text)} characters are more than a frame may have", offset=0)
    prefix = text[:_PREFIX_LENGTH]
    if not (prefix.isascii() and prefix.isdigit()):
        raise FrameError(Problem.UNKNOWN_PREFIX, f"{prefix!r} is not a four-digit prefix", offset=0)
    return prefix


def _body(text: str, prefix: str) -> Any:
    try:
        return _DECODER.decode(text[_PREFIX_LENGTH:])
    except (msgspec.DecodeError, UnicodeError) as error:
        place = _BYTE.search(str(error))
        offset = _PREFIX_LENGTH + (int(place[1]) if place else 0)
        raise FrameError(
            Problem.BAD_JSON, f"the body is not JSON: {error}", offset=offset, prefix=prefix
        ) from None
    except RecursionError:
        raise FrameError(
            Problem.WRONG_TYPE, "the body is nested too deeply", offset=_PREFIX_LENGTH, prefix=prefix
        ) from None
