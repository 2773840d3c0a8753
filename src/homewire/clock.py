"""The one clock of clients, appliances and simulators.

It stands on the running event loop, so whoever moves the loop's time moves everything (the test suite does,
see `homewire.simulation.time_travel`), and it has a speed, so that a simulated machine can live through a day
in minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

__all__ = ["Clock"]


class Clock:
    """Time that runs `speed` times as fast as the event loop's; all intervals are in this clock's seconds."""

    def __init__(self, speed: float = 1.0, *, start: dt.datetime | None = None) -> None:
        if not speed > 0:
            message = f"a clock's speed is above zero, not {speed}"
            raise ValueError(message)
        self.speed = speed
        self._start = start
        self._anchor: tuple[dt.datetime, float] | None = None

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return _loop_time() * self.speed

    def now(self) -> dt.datetime:
        """Return the time of day, aware, in UTC."""
        if self.speed == 1.0 and self._start is None:
            return dt.datetime.fromtimestamp(_wall_time(), dt.UTC)
        if self._anchor is None:
            start = self._start or dt.datetime.fromtimestamp(_wall_time(), dt.UTC)
            self._anchor = (start, self.monotonic())
        start, began = self._anchor
        return start + dt.timedelta(seconds=self.monotonic() - began)

    async def sleep(self, seconds: float) -> None:
        """Wait for that many of this clock's seconds."""
        await asyncio.sleep(seconds / self.speed)

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float | None) -> AsyncIterator[asyncio.Timeout]:
        """Raise TimeoutError when the body takes longer; None waits for ever."""
        async with asyncio.timeout(None if seconds is None else seconds / self.speed) as limit:
            yield limit

    def call_later(self, seconds: float, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call back after that many seconds; the handle cancels."""
        return asyncio.get_running_loop().call_later(seconds / self.speed, callback, *args)


def _loop_time() -> float:
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()


def _wall_time() -> float:
    try:
        wall = getattr(asyncio.get_running_loop(), "wall_time", time.time)
    except RuntimeError:
        wall = time.time
    return float(wall())
