"""Reads captured lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import msgspec

from homewire.captures import Field, Record
from homewire.secrets import Secret


class DecoderOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the capture was made."""

    password: Annotated[Secret | None, msgspec.Meta(description="Its password.")] = None
    only: str | None = None


def decode(capture: bytes, *, options: DecoderOptions) -> Iterator[Record]:
    for index, line in enumerate(capture.splitlines()):
        try:
            message = json.loads(line)
        except ValueError as error:
            yield Record(index=index, summary="unreadable", error=str(error))
            continue
        key = next(iter(message))
        if options.only in (None, key):
            fields = tuple(Field(name=key, value=value, raw="00ff") for key, value in message.items())
            yield Record(index=index, summary=key, direction="out", fields=fields)
