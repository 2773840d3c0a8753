"""Secrets: a value that does not show itself, and the one redactor for everything that leaves the process.

A key, a password or a token is a `Secret` from the moment it is read, so that no `repr`, log line, error or
dump can show it by accident. `redact` goes over what was not wrapped: text and nested data on their way into
logs, diagnostics and bug reports.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["HIDDEN", "RedactingFilter", "Secret", "redact"]

HIDDEN = "••••••"

_WORDS = "password|passwd|secret|token|authorization|(?:api|communication|group|private)[_-]?key"
_SECRET_WORD = f"(?:{_WORDS})"
_SECRET_KEY = re.compile(_SECRET_WORD + r"|^(?:key|pin|psk|code|jwt|cookie)$", re.IGNORECASE)
_ASSIGNED = rf"(?<![\w-])(?=[\w-]*?{_SECRET_WORD})[\w-]++[\"']?\s*+[=:]\s*+"
_IN_TEXT = (
    re.compile(rf"(?i)({_ASSIGNED}\")((?:[^\"\\]|\\.)++)"),
    re.compile(rf"(?i)({_ASSIGNED}')((?:[^'\\]|\\.)++)"),
    re.compile(rf"(?i)({_ASSIGNED}(?:(?:bearer|basic)\s++)?)([^\s\"',;&]+)"),
    re.compile(r"(?i)(\b(?:bearer|basic)\s++)([A-Za-z0-9._~+/=-]{8,})"),
    re.compile(r"(://[^\s:/@]{1,200}:)([^\s@]{1,256})(?=@)"),
)
"""Each begins at the start of a word and never goes over it twice: any text is searched in linear time."""


class Secret:
    """A text that shows itself only when asked: `reveal()`. Equal secrets compare equal."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN!r})"

    def __str__(self) -> str:
        return HIDDEN

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


def redact(data: Any) -> Any:
    """Return the data with every secret hidden: by key in mappings, by pattern in text."""
    if isinstance(data, Secret):
        return HIDDEN
    if isinstance(data, str):
        return _redact_text(data)
    if isinstance(data, Mapping):
        return {key: HIDDEN if _is_secret(key, value) else redact(value) for key, value in data.items()}
    if isinstance(data, Sequence) and not isinstance(data, bytes | bytearray | memoryview):
        return [redact(item) for item in data]
    return data


def _is_secret(key: object, value: object) -> bool:
    return isinstance(key, str) and isinstance(value, str | Secret | bytes) and bool(_SECRET_KEY.search(key))


def _redact_text(text: str) -> str:
    for pattern in _IN_TEXT:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


class RedactingFilter(logging.Filter):
    """A logging filter for handlers: hides secrets in the finished message."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's message and traceback; never drop it."""
        record.msg, record.args = _redact_text(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _redact_text(record.exc_text)
        return True
