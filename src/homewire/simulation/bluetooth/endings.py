"""Letting work come to its end, whoever is cancelled meanwhile.

A controller answers every command that it was sent, also when nobody waits any longer. bumble keeps its books
in the coroutine that sent the command; one that is cancelled half-way leaves its answer to the next command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["to_the_end"]

_T = TypeVar("_T")


async def to_the_end(work: Coroutine[Any, Any, _T]) -> _T:
    """Return the work's result; a cancellation takes effect when the work is done."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        _ = task.cancelled() or task.exception()  # it was looked at; the cancellation counts
        raise cancelled
    return task.result()
