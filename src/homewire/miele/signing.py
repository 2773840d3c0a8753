"""Miele's request and response protection "MieleH256": signatures, padding, encryption.

Every message of a paired appliance is signed with HMAC-SHA256 over a canonical text (miele-http.md, section
3.1 for requests, section 4 for responses), its body padded with blanks and encrypted with AES-256-CBC. The
initialisation vector is the first half of the signature, so nothing can be decrypted without the header.
This module is pure: both ends of the wire use it, the client to seal requests and to open responses, the
simulator the other way round.

A response is data only after its signature was compared over the decrypted bytes; public clients skip that,
and a changed signature digit then flips chosen bits of what they believe (section 20).
"""

from __future__ import annotations

import datetime as dt
import email.utils
import hmac
import re
import secrets
from enum import Enum
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from homewire.errors import InvalidValue, ProtocolError

__all__ = [
    "BLOCK_BYTES",
    "GROUP_ID_BYTES",
    "GROUP_KEY_BYTES",
    "SCHEME",
    "Credentials",
    "HeadersToSign",
    "Padding",
    "Sealed",
    "SignatureError",
    "decrypt_unverified",
    "http_date",
    "open_request",
    "open_response",
    "pad",
    "parse_date",
    "parse_signature_header",
    "request_text",
    "response_text",
    "seal_request",
    "seal_response",
    "sign",
    "strip_padding",
    "verify",
]

SCHEME: Final = "MieleH256"
"""First word of ``Authorization`` and ``X-Signature`` (sections 3.1 and 4)."""

GROUP_ID_BYTES: Final = 8
"""Size of a GroupID (section 2)."""

GROUP_KEY_BYTES: Final = 64
"""Size of a GroupKey (section 2); a shorter key would work with clients that split it in half."""

BLOCK_BYTES: Final = 16
"""AES block: every body is a multiple of it (section 3.3)."""

_AES_KEY_BYTES: Final = 32
"""The cipher uses the first half of the GroupKey (section 2)."""

_JSON_MINIMUM_BYTES: Final = 64
"""Known clients fill short JSON bodies to this size (section 3.3)."""

_HEADER: Final = re.compile(rf"{SCHEME} ([0-9A-Fa-f]{{16}}):([0-9A-Fa-f]{{64}})")


class SignatureError(ProtocolError):
    """The message was not signed by a member of the household, or was changed on its way."""


class Padding(Enum):
    """How a body is brought to whole AES blocks before it is signed (section 3.3)."""

    JSON = "json"
    """Blanks before the final brace, to 64 bytes at least, else to the next block."""
    TRAILING = "trailing"
    """Blanks after the end, to 64 bytes at least: subscriptions and pushes."""
    BINARY = "binary"
    """Blanks after the end, to the next block: DOP2 leaves and an appliance's answers."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The household's GroupID and GroupKey: whoever has them controls every appliance of the household."""

    group_id: bytes
    group_key: bytes

    def __post_init__(self) -> None:
        """Refuse wrong lengths: an empty key that an appliance accepts locks its owner out (section 6)."""
        _check_length("GroupID", self.group_id, GROUP_ID_BYTES)
        _check_length("GroupKey", self.group_key, GROUP_KEY_BYTES)
        if not any(self.group_id) or not any(self.group_key):
            raise InvalidValue("GroupID and GroupKey are not set", allowed="anything but zeros")

    @classmethod
    def from_hex(cls, group_id: str, group_key: str) -> Self:
        """Read the text form, 16 and 128 hexadecimal digits in any case."""
        return cls(group_id=_from_hex("GroupID", group_id), group_key=_from_hex("GroupKey", group_key))

    @classmethod
    def generate(cls) -> Self:
        """Draw new household keys from the operating system's cryptographic source."""
        return cls(
            group_id=secrets.token_bytes(GROUP_ID_BYTES), group_key=secrets.token_bytes(GROUP_KEY_BYTES)
        )

    @property
    def id_text(self) -> str:
        """The GroupID as sent: upper case, the only form that every module accepts (section 2)."""
        return self.group_id.hex().upper()

    @property
    def key_text(self) -> str:
        """The GroupKey as sent while pairing: 128 upper-case hexadecimal digits. A secret."""
        return self.group_key.hex().upper()

    def __repr__(self) -> str:
        return f"Credentials(group_id={self.id_text!r}, group_key=<hidden>)"


class HeadersToSign(msgspec.Struct, frozen=True, kw_only=True):
    """The header values that the canonical text covers; a missing header counts as an empty line."""

    content_type: str = ""
    accept: str = ""
    date: str = ""


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A message ready for the wire: the signature header's value and the encrypted body."""

    signature_header: str
    body: bytes


def _check_length(name: str, value: bytes, expected: int) -> None:
    if len(value) != expected:
        raise InvalidValue(
            f"{name} has {len(value)} bytes instead of {expected}",
            allowed=f"{2 * expected} hexadecimal digits",
        )


def _from_hex(name: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise InvalidValue(f"{name} is not hexadecimal", allowed="the digits 0-9 and A-F") from None


def http_date(moment: dt.datetime) -> str:
    """Write a moment as the Date header that is signed, with English names (section 3.2)."""
    return email.utils.format_datetime(moment.astimezone(dt.UTC), usegmt=True)


def parse_date(text: str) -> dt.datetime | None:
    """Read a Date header; None when there is none, or it is no date."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def request_text(method: str, host: str, path: str, headers: HeadersToSign, body: bytes) -> bytes:
    """Return the bytes that a request's signature covers (section 3.1); ``body`` is the padded plaintext."""
    lines = (method, host + path, headers.content_type, headers.accept, headers.date, "")
    return "\n".join(lines).encode("utf-8", "surrogateescape") + body


def response_text(status: int, headers: HeadersToSign, body: bytes) -> bytes:
    """Return the bytes that a response's signature covers (section 4); the path is not among them."""
    lines = (str(status), headers.content_type, headers.date, "")
    return "\n".join(lines).encode("utf-8", "surrogateescape") + body


def sign(group_key: bytes, text: bytes) -> bytes:
    """Return the 32-byte HMAC-SHA256 under the whole GroupKey (section 2)."""
    return hmac.digest(group_key, text, "sha256")


def pad(body: bytes, padding: Padding) -> bytes:
    """Fill ``body`` with blanks to whole blocks of bytes; an empty body stays empty (section 3.3)."""
    if not body:
        return body
    minimum = 0 if padding is Padding.BINARY else _JSON_MINIMUM_BYTES
    missing = max(minimum, -(-len(body) // BLOCK_BYTES) * BLOCK_BYTES) - len(body)
    if padding is Padding.JSON and body.endswith(b"}"):
        return body[:-1] + b" " * missing + b"}"
    return body + b" " * missing


def strip_padding(body: bytes) -> bytes:
    """Remove trailing blanks of a JSON text; a binary body may end in 0x20 itself (section 20)."""
    return body.rstrip(b" ")


def parse_signature_header(value: str) -> tuple[bytes, bytes]:
    """Split ``MieleH256 <GroupID>:<signature>``, digits in any case, into its bytes (section 3.1)."""
    match = _HEADER.fullmatch(value)
    if match is None:
        raise SignatureError(f"signature header has not the form '{SCHEME} <GroupID>:<64 digits>'", offset=0)
    return bytes.fromhex(match[1]), bytes.fromhex(match[2])


def seal_request(
    credentials: Credentials, method: str, host: str, path: str, headers: HeadersToSign, body: bytes = b""
) -> Sealed:
    """Sign and encrypt a request; ``body`` is padded, ``host`` and ``path`` are exactly as sent."""
    return _seal(credentials, request_text(method, host, path, headers, body), body)


def seal_response(credentials: Credentials, status: int, headers: HeadersToSign, body: bytes) -> Sealed:
    """Sign and encrypt a response the way an appliance does; ``body`` is padded already."""
    return _seal(credentials, response_text(status, headers, body), body)


def open_request(
    credentials: Credentials,
    signature: bytes,
    request: tuple[str, str, str],
    headers: HeadersToSign,
    body: bytes,
) -> bytes:
    """Decrypt and verify a received ``(method, host, path)``; return its padded plaintext."""
    plain = decrypt_unverified(credentials, signature, body)
    verify(credentials, signature, request_text(*request, headers, plain), "request")
    return plain


def open_response(
    credentials: Credentials, header: str | None, status: int, headers: HeadersToSign, body: bytes
) -> bytes:
    """Decrypt and verify a response; return its padded plaintext if it is the household's word."""
    if header is None:
        raise SignatureError("the response is not signed", offset=0, hint=_UNSIGNED)
    group_id, signature = parse_signature_header(header)
    if group_id != credentials.group_id:
        raise SignatureError(
            "the response is signed by another household", offset=0, hint="Pair the appliance again."
        )
    plain = decrypt_unverified(credentials, signature, body)
    verify(credentials, signature, response_text(status, headers, plain), "response")
    return plain


_UNSIGNED: Final = "The appliance is not paired, or something else answers at this address."


def _seal(credentials: Credentials, text: bytes, body: bytes) -> Sealed:
    signature = sign(credentials.group_key, text)
    header = f"{SCHEME} {credentials.id_text}:{signature.hex().upper()}"
    return Sealed(signature_header=header, body=_encrypt(credentials, signature, body))


def verify(credentials: Credentials, signature: bytes, text: bytes, what: str) -> None:
    """Compare a signature in constant time; raise SignatureError."""
    if not hmac.compare_digest(signature, sign(credentials.group_key, text)):
        raise SignatureError(f"the {what}'s signature does not match its content", offset=0)


def _encrypt(credentials: Credentials, signature: bytes, body: bytes) -> bytes:
    if not body:
        return body
    encryptor = _cipher(credentials, signature).encryptor()
    return encryptor.update(body) + encryptor.finalize()


def decrypt_unverified(credentials: Credentials, signature: bytes, body: bytes) -> bytes:
    """Decrypt a body without believing it yet: the caller has to verify the text that it belongs to."""
    if len(body) % BLOCK_BYTES:
        raise SignatureError(
            f"body of {len(body)} bytes is not whole blocks of {BLOCK_BYTES}", offset=len(body)
        )
    if not body:
        return body
    decryptor = _cipher(credentials, signature).decryptor()
    return decryptor.update(body) + decryptor.finalize()


def _cipher(credentials: Credentials, signature: bytes) -> Cipher[modes.CBC]:
    key = credentials.group_key[:_AES_KEY_BYTES]
    return Cipher(algorithms.AES(key), modes.CBC(signature[:BLOCK_BYTES]))
