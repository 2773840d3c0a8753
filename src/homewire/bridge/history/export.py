"""Exports: CSV for spreadsheets, JSON lines for programs.

Streamed, so that years of changes need no memory.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import AsyncIterator

import msgspec

from homewire.bridge.history.queries import Plain, Reader, SeriesInfo

__all__ = ["as_csv", "as_json"]

COLUMNS = ("at", "appliance", "key", "value", "unit")

_CHUNK_BYTES = 32 * 1024


async def as_csv(
    reader: Reader, appliance: str | None, start: dt.datetime, end: dt.datetime
) -> AsyncIterator[bytes]:
    """Yield a CSV document (RFC 4180) with one change per line; unknown is empty."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    async for info, at, value in reader.export(appliance, start, end):
        writer.writerow([at.isoformat(), info.appliance, info.key, _cell(value), info.unit or ""])
        if buffer.tell() > _CHUNK_BYTES:
            yield _drain(buffer)
    yield _drain(buffer)


async def as_json(
    reader: Reader, appliance: str | None, start: dt.datetime, end: dt.datetime
) -> AsyncIterator[bytes]:
    """Yield one JSON array with an object per change, a line each."""
    chunk, separator = bytearray(b"["), b"\n"
    async for info, at, value in reader.export(appliance, start, end):
        chunk += separator + msgspec.json.encode(_object(info, at, value))
        separator = b",\n"
        if len(chunk) > _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk) + b"\n]\n"


def _object(info: SeriesInfo, at: dt.datetime, value: Plain) -> dict[str, Plain]:
    return dict(zip(COLUMNS, (at.isoformat(), info.appliance, info.key, value, info.unit), strict=True))


def _cell(value: Plain) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in _FORMULA else text


_FORMULA = tuple("=+-@\t\r")
"""A text that begins like this would run as a formula in a spreadsheet; an apostrophe keeps it a text."""


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
