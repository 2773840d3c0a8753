"""Noticing that homewire.toml changed: its time, size and inode are looked at every few seconds.

Editors and configuration tools replace files in many ways, container mounts swallow notifications; looking is
the one way that always works, and it costs one system call.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from homewire.clock import Clock

__all__ = ["FileWatch"]

_log = logging.getLogger(__name__)


class FileWatch:
    """Calls `changed` after a file changed or `poke` was called, never twice at the same time."""

    def __init__(
        self, path: Path, every_s: float, changed: Callable[[], Awaitable[None]], clock: Clock
    ) -> None:
        self._path = path
        self._every_s = every_s
        self._changed = changed
        self._clock = clock
        self._poked = asyncio.Event()
        self._seen = self._look()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="configuration watch")

    async def stop(self) -> None:
        """Stop looking."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    def poke(self) -> None:
        """Read the file again at once (SIGHUP)."""
        self._poked.set()

    async def _run(self) -> None:
        while True:
            await self._pause()
            found = self._look()
            if found == self._seen and not self._poked.is_set():
                continue
            self._seen = found
            self._poked.clear()
            try:
                await self._changed()
            except Exception:
                _log.exception("Reading %s again failed", self._path)

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(self._every_s or None):
                await self._poked.wait()

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
