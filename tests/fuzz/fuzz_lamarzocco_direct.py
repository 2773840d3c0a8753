"""The direct protocol: the frames of a stream, and the messages inside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from homewire.errors import ProtocolError
from homewire.lamarzocco.direct.codec import (
    Codec,
    ReadReply,
    Rejected,
    Stream,
    WriteRequest,
    check_byte,
    message_text,
    parse_key,
    parse_message,
)
from homewire.lamarzocco.direct.memory import decode, decode_stream, derive
from tests.fuzz.harness import Target

VECTORS: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "lamarzocco-tcp.json").read_text()
)
_KEY: Final = parse_key(VECTORS[0]["key"])


def frames() -> Sequence[bytes]:
    texts = [vector["frame"].encode() for vector in VECTORS]
    return texts + [b"".join(texts[index : index + 3]) for index in range(0, len(texts), 9)]


def check_stream(data: bytes) -> bool:
    """Whole input equals input in two parts; nothing but messages and rejections comes out."""
    whole, parts = Codec(_KEY), Codec(_KEY)
    events = whole.receive(data)
    middle = len(data) // 2
    again = parts.receive(data[:middle]) + parts.receive(data[middle:])
    assert [_shown(event) for event in again] == [_shown(event) for event in events]
    assert parts.discarded_bytes == whole.discarded_bytes
    for event in events:
        if isinstance(event, Rejected):
            assert event.error.offset is not None
        else:
            assert whole.encode(event).strip(b"@%")
    return any(not isinstance(event, Rejected) for event in events)


def _shown(event: Any) -> Any:
    return (str(event.error), event.frame) if isinstance(event, Rejected) else event


def plaintexts() -> Sequence[bytes]:
    return [vector["plaintext"].encode() for vector in VECTORS]


def check_message(data: bytes) -> bool:
    """What is accepted is written back as it came, and its memory means something or nothing."""
    try:
        message = parse_message(data)
    except ProtocolError as error:
        return refused_inside(error, data)
    assert message_text(message) == data
    if isinstance(message, ReadReply | WriteRequest):
        derive(decode(message.address, message.data))
    elif isinstance(message, Stream):
        derive(decode_stream(message.address, message.data))
    return True


def refused_inside(error: ProtocolError, data: bytes) -> bool:
    assert error.offset is not None
    assert 0 <= error.offset <= max(len(data), len("R00000000"))
    return False


def with_its_check_byte(data: bytes) -> bytes:
    """Put the right check byte at the end, so that what stands before it is looked at."""
    body = data[:-2]
    return body + b"%02X" % check_byte(body)


def as_one_frame(data: bytes) -> bytes:
    """Encrypt it, so that what stands inside is looked at."""
    return Codec(_KEY).seal(with_its_check_byte(data[:200]))


TARGETS = (
    Target(
        name="lamarzocco-direct-stream",
        seeds=frames,
        check=check_stream,
        repair=as_one_frame,
        inputs=80_000,
        calls_per_byte=120,
    ),
    Target(
        name="lamarzocco-direct-message",
        seeds=plaintexts,
        check=check_message,
        repair=with_its_check_byte,
        inputs=160_000,
    ),
)
