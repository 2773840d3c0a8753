"""Frames, cipher and messages of the direct protocol: bytes in, typed messages out, and back.

A frame is `@` base64 `%` around one message, encrypted with AES-256-CBC under an all-zero vector and padded
with zero bytes. The message is upper-case hex text: a type letter, a 16-bit address, a 16-bit length, data,
and a check byte. Sections 4 to 7 of docs/protocols/lamarzocco-tcp.md.

`Codec` does both directions of one connection. A frame that cannot be trusted becomes a `Rejected` event and
costs nothing but itself; whatever bytes arrive, nothing else happens.
"""

from __future__ import annotations

import binascii
import functools
import re
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from homewire.errors import ConfigurationError, ProtocolError

__all__ = [
    "KEY_LENGTH",
    "MAX_FRAME_BYTES",
    "CheckMismatch",
    "Codec",
    "LengthMismatch",
    "Message",
    "ReadReply",
    "ReadRequest",
    "Refusal",
    "Rejected",
    "Stream",
    "Undecipherable",
    "WriteReply",
    "WriteRequest",
    "parse_key",
    "parse_message",
]

KEY_LENGTH = 32
"""Characters of a communication key, one byte each (section 5)."""

MAX_FRAME_BYTES = 4096
"""The longest known frame has 218 characters; the page caps a parser here (section 4)."""

_BLOCK = 16
"""AES block, bytes."""


class ReadRequest(msgspec.Struct, frozen=True):
    """Asks for `length` bytes of memory at `address`."""

    address: int
    length: int

    def to_text(self) -> str:
        """Return the message without its check byte."""
        return f"R{self.address:04X}{self.length:04X}"


class WriteRequest(msgspec.Struct, frozen=True):
    """Stores `data` in the machine's memory at `address`."""

    address: int
    data: bytes

    def to_text(self) -> str:
        """Return the message without its check byte."""
        return f"W{self.address:04X}{len(self.data):04X}{self.data.hex().upper()}"


class ReadReply(msgspec.Struct, frozen=True):
    """Memory at `address`; an unsolicited report has the same form (section 7)."""

    address: int
    data: bytes

    def to_text(self) -> str:
        """Return the message without its check byte."""
        return f"R{self.address:04X}{len(self.data):04X}{self.data.hex().upper()}"


class WriteReply(msgspec.Struct, frozen=True):
    """`OK`: the write of `length` bytes at `address` was taken, which does not mean applied (section 7)."""

    address: int
    length: int

    def to_text(self) -> str:
        """Return the message without its check byte."""
        return f"W{self.address:04X}{self.length:04X}OK"


class Refusal(msgspec.Struct, frozen=True):
    """A read ("R") or write ("W") was refused: `KO`, usually without length.

    Any other two letters than OK in its place are a failure too (section 7).
    """

    request: str
    address: int
    length: int | None = None
    text: str = "KO"

    def to_text(self) -> str:
        """Return the message without its check byte."""
        length = "" if self.length is None else f"{self.length:04X}"
        return f"{self.request}{self.address:04X}{length}{self.text}"


class Stream(msgspec.Struct, frozen=True):
    """Telemetry while water flows, about eleven times a second (section 9.11)."""

    address: int
    data: bytes

    def to_text(self) -> str:
        """Return the message without its check byte."""
        return f"Z{self.address:04X}{len(self.data):04X}{self.data.hex().upper()}"


Message: TypeAlias = ReadRequest | WriteRequest | ReadReply | WriteReply | Refusal | Stream


class CheckMismatch(ProtocolError):
    """The check byte is not the sum of the characters before it; `expected` is the sum."""

    def __init__(self, expected: int, found: int, offset: int) -> None:
        super().__init__(f"the check byte is {found:02X} where {expected:02X} is right", offset=offset)
        self.expected = expected


class LengthMismatch(ProtocolError):
    """The message carries another number of bytes than it announces."""


class Undecipherable(ProtocolError):
    """The frame decrypts to something that is no text: the key is wrong, or the bytes are damaged."""


class Rejected(msgspec.Struct, frozen=True):
    """A frame that cannot be trusted, and why."""

    error: ProtocolError
    frame: bytes


# Section 6. The fields of a message.
_MESSAGE = re.compile(rb"([RWZ])([0-9A-F]{4})(?:([0-9A-F]{4})((?:[0-9A-F]{2})*|[A-Z]{2})|KO)([0-9A-F]{2})")
_SHORTEST = len("R4000KOB0")
_HEX_DIGITS = frozenset(b"0123456789ABCDEF")


def parse_key(text: str) -> bytes:
    """Return a communication key as bytes, one per character; raise ConfigurationError (section 5)."""
    if len(text) != KEY_LENGTH:
        raise _key_error(f"the communication key has {len(text)} characters, not {KEY_LENGTH}")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise _key_error(f"character {error.start + 1} of the communication key is above U+00FF") from error


def _key_error(message: str) -> ConfigurationError:
    hint = "Copy it exactly as the account shows it (communicationKey), without quotes."
    return ConfigurationError(message, key="key", hint=hint)


def check_byte(text: bytes) -> int:
    """Return the sum of the character codes modulo 256 (section 6)."""
    return sum(text) & 0xFF


def message_text(message: Message) -> bytes:
    """Return the complete plaintext of a message, check byte included."""
    text = message.to_text().encode()
    return b"%b%02X" % (text, check_byte(text))


def parse_message(text: bytes) -> Message:
    """Return the message of a plaintext.

    Raise ProtocolError with the offset of the character that breaks the grammar (section 6).
    """
    if len(text) > _LONGEST_WITHOUT_DATA and text.isupper() and (message := _with_data(text)) is not None:
        return message
    match = _MESSAGE.fullmatch(text)
    if match is None:
        raise _grammar_error(text)
    letter, address, length, body, check = match.groups()
    expected = check_byte(text[:-2])
    if int(check, 16) != expected:
        raise CheckMismatch(expected, int(check, 16), len(text) - 2)
    if body is None:
        return _answer(letter.decode(), int(address, 16), None, b"KO")
    if _is_answer(body):
        return _answer(letter.decode(), int(address, 16), int(length, 16), body)
    return _without_data(letter, int(address, 16), int(length, 16), body)


def _with_data(text: bytes) -> Message | None:
    """Return a message that is nothing but hex after its letter, which nearly all are; None for any other.

    This way takes a third of the time of the other, which has the words and all complaints.
    """
    maker = _CARRIERS.get(text[0])
    try:
        raw = binascii.unhexlify(text[1:])
    except binascii.Error:
        return None
    length = len(raw) - _ENVELOPE_BYTES
    if maker is None or raw[2] << 8 | raw[3] != length or raw[-1] != sum(text[:-2]) & 0xFF:
        return None
    return maker(raw[0] << 8 | raw[1], raw[4:-1])


def _is_answer(body: bytes) -> bool:
    """Tell words such as OK and KO from data."""
    return len(body) == 2 and not _HEX_DIGITS.issuperset(body)  # noqa: PLR2004 - the words have two letters


def _answer(letter: str, address: int, length: int | None, body: bytes) -> WriteReply | Refusal:
    if letter == "Z":
        raise ProtocolError("a stream carries data, not an answer", offset=0)
    if body != b"OK" or length is None:
        return Refusal(letter, address, length, body.decode())
    if letter == "W":
        return WriteReply(address, length)
    raise ProtocolError("only a write is acknowledged with OK", offset=_DATA_OFFSET)


_CARRIERS: dict[int, Callable[[int, bytes], Message]] = {
    ord("R"): ReadReply,
    ord("W"): WriteRequest,
    ord("Z"): Stream,
}
_LONGEST_WITHOUT_DATA = len("W00000001OK72") - 2
_ENVELOPE_BYTES = 5
"""Address, length and check byte."""

_DATA_OFFSET = len("R00000000")


def _without_data(letter: bytes, address: int, length: int, body: bytes) -> ReadRequest:
    """Return a read request, the only one without data; what has the right data was taken before."""
    if letter == b"R" and not body:
        return ReadRequest(address, length)
    if not body:
        raise LengthMismatch("the message carries no data", offset=_DATA_OFFSET)
    raise LengthMismatch(
        f"the message announces {length} bytes and carries {len(body) // 2}", offset=_DATA_OFFSET
    )


def _grammar_error(text: bytes) -> ProtocolError:
    """Say what is wrong with a plaintext that does not fit the grammar, and where."""
    if any(byte > 0x7E for byte in text):  # noqa: PLR2004 - the last printable character of ASCII
        offset = next(i for i, byte in enumerate(text) if byte > 0x7E)  # noqa: PLR2004 - as above
        return Undecipherable("the frame decrypts to no text", offset=offset)
    if text[:1] not in (b"R", b"W", b"Z"):
        return Undecipherable("the message does not begin with R, W or Z", offset=0)
    if len(text) < _SHORTEST:
        return ProtocolError("the message ends too early", offset=len(text))
    for offset, byte in enumerate(text[1:], 1):
        if byte not in _HEX_DIGITS:
            return ProtocolError("the message has something else than an upper-case hex digit", offset=offset)
    return ProtocolError("the message has half a byte", offset=len(text))


class FrameCipher:
    """Encrypts plaintexts into frames and back, for one communication key.

    Every frame starts from the same zero vector (section 5). Decrypting therefore is plain block decryption,
    each block mixed with the one before it: one cipher object serves all frames, where a new one for each
    would cost several times the decryption itself.
    """

    def __init__(self, key: bytes) -> None:
        # Single blocks only: the chaining is done here, on top (see the class docstring).
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        self._encrypt_blocks = cipher.encryptor().update
        self._decrypt_blocks = cipher.decryptor().update
        self.seal = functools.lru_cache(maxsize=128)(self._seal)

    def _seal(self, plaintext: bytes) -> bytes:
        """Return the frame of a plaintext. Equal messages give equal frames, so they are remembered."""
        padded = plaintext + bytes(-len(plaintext) % _BLOCK)
        sealed, previous = bytearray(), bytes(_BLOCK)
        for start in range(0, len(padded), _BLOCK):
            previous = self._encrypt_blocks(_xor(padded[start : start + _BLOCK], previous))
            sealed += previous
        return b"@" + binascii.b2a_base64(sealed, newline=False) + b"%"

    def unseal(self, body: bytes) -> bytes:
        """Return the plaintext of what stands between the delimiters; raise ProtocolError."""
        try:
            sealed = binascii.a2b_base64(body, strict_mode=True)
        except binascii.Error as error:
            raise ProtocolError(f"the frame is not base64: {error}", offset=0) from error
        if not sealed or len(sealed) % _BLOCK:
            raise ProtocolError(
                f"the frame has {len(sealed)} bytes, which is no whole number of cipher blocks", offset=0
            )
        opened = _xor(self._decrypt_blocks(sealed), bytes(_BLOCK) + sealed[:-_BLOCK])
        return opened.partition(b"\0")[0]


def _xor(left: bytes, right: bytes) -> bytes:
    mixed = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return mixed.to_bytes(len(left), "big")


class Codec:
    """Both directions of one connection, without any I/O.

    `discarded_bytes` counts what arrived outside of frames.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = FrameCipher(key)
        self._pending = b""
        self.discarded_bytes = 0

    def fresh(self) -> Codec:
        """Return a codec of the same key for another stream."""
        return Codec(self._key)

    def encode(self, message: Message) -> bytes:
        """Return the frame of a message."""
        return self._cipher.seal(message_text(message))

    def seal(self, plaintext: bytes) -> bytes:
        """Return the frame of any plaintext, a wrong one included: simulators misbehave on purpose."""
        return self._cipher.seal(plaintext)

    def receive(self, chunk: bytes) -> list[Message | Rejected]:
        """Take the next bytes of the stream and return what they complete."""
        events: list[Message | Rejected] = []
        *complete, rest = (self._pending + chunk).split(b"%")
        for piece in complete:
            body = self._body(piece, events)
            if body is not None:
                events.append(self.open(body))
        body = self._body(rest, events)
        self._pending = b"" if body is None else b"@" + body
        return events

    def open(self, body: bytes) -> Message | Rejected:
        """Return the message of what stands between the delimiters of one frame, or why there is none."""
        try:
            return parse_message(self._cipher.unseal(body))
        except ProtocolError as error:
            return Rejected(error, body)

    def _body(self, piece: bytes, events: list[Message | Rejected]) -> bytes | None:
        """Return what follows the last `@` of a piece without `%`; None when there is none.

        The base64 alphabet has no `@`, so an earlier one began a frame that was cut short.
        """
        stray, *bodies = piece.split(b"@")
        self.discarded_bytes += len(stray)
        if not bodies:
            return None
        for body in bodies[:-1]:
            if self._fits(body, events):
                events.append(Rejected(ProtocolError("the frame was cut short", offset=len(body)), body))
        return bodies[-1] if self._fits(bodies[-1], events) else None

    def _fits(self, body: bytes, events: list[Message | Rejected]) -> bool:
        if len(body) <= MAX_FRAME_BYTES:
            return True
        self.discarded_bytes += len(body) - MAX_FRAME_BYTES
        error = ProtocolError(f"the frame is longer than {MAX_FRAME_BYTES} bytes", offset=MAX_FRAME_BYTES)
        events.append(Rejected(error, body[:MAX_FRAME_BYTES]))
        return False
