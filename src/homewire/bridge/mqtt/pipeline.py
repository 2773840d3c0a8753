"""Messages that the broker acknowledges, many under way at once: a round trip each would take minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["Pipeline"]

_UNDER_WAY = 100
"""Bounded by the receive maximum of common brokers, and by what a slow one may hold up."""


class Pipeline:
    """Starts publications in their order and lets a bounded number be under way."""

    def __init__(self, limit: int = _UNDER_WAY) -> None:
        self._limit = limit
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, publication: Coroutine[Any, Any, None]) -> None:
        """Start a publication, once there is room; raise what an earlier one failed with."""
        task = asyncio.ensure_future(publication)
        self._tasks.add(task)
        while len(self._tasks) >= self._limit:
            await self._some(asyncio.FIRST_COMPLETED)

    async def settle(self) -> None:
        """Wait for everything that is under way; raise what failed."""
        while self._tasks:
            await self._some(asyncio.ALL_COMPLETED)

    async def drop(self) -> None:
        """Give up what is under way: the link is gone."""
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _some(self, when: str) -> None:
        done, self._tasks = await asyncio.wait(self._tasks, return_when=when)
        for task in done:
            task.result()
