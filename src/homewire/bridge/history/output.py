"""The history as the bridge sees it: attach appliances, start, stop, ask.

Whatever happens to the database never reaches the event path: a write that fails is tried again with growing
pauses, the buffer keeps what it can, and `problem` says in words what is wrong and what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from homewire.appliance import Appliance, Problem
from homewire.bridge.history.database import make_engine, migrate
from homewire.bridge.history.queries import Reader
from homewire.bridge.history.recorder import Recorder, microseconds
from homewire.bridge.history.retention import Retention
from homewire.bridge.history.settings import HistorySettings
from homewire.bridge.history.store import Store
from homewire.clock import Clock
from homewire.errors import ConnectionFailed, HomewireError
from homewire.secrets import redact

__all__ = ["Appliances", "History"]

_log = logging.getLogger(__name__)

_BATCH_ROWS = 10_000
"""One transaction; some 100 ms of work, so that a crash in the middle costs little."""

_LONGEST_PAUSE_S = 30.0
_RETENTION_EVERY_S = 3600.0
_MARK_EVERY_S = 60.0
"""How often it is noted that nothing happened: so much of a value that holds on can a crash make unknown."""

_LAST_WRITE_S = 1.0
"""What the last write may take of the time in which the bridge says goodbye."""


class Appliances(Protocol):
    """What the history needs of the bridge's registry."""

    @property
    def appliances(self) -> Mapping[str, Appliance]:
        """The appliances by id."""

    def subscribe_appliances(self, listener: Callable[[Appliance, bool], object]) -> Callable[[], None]:
        """Call the listener with each appliance added (True) or removed (False)."""


class History:
    """Records appliances from `start` to `stop`; `reader` answers questions in between.

    It records all of `registry`, or what is attached by hand.
    """

    def __init__(
        self,
        settings: HistorySettings | None = None,
        *,
        registry: Appliances | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._registry = registry
        self._unsubscribe: Callable[[], None] | None = None
        self.settings = settings or HistorySettings()
        self.clock = clock or Clock()
        self.recorder = Recorder(self.settings.buffer)
        self.written = 0
        self.problem: Problem | None = None
        self._engine = make_engine(self.settings)
        self._store = Store(self._engine)
        self._retention = Retention(self._engine, self._store, self.settings, self.clock)
        self._reader = Reader(self._engine, self.clock)
        self._open = False
        self._mark_due = float("-inf")
        self._writing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    def attach(self, appliance: Appliance) -> None:
        """Record an appliance from now on."""
        self.recorder.attach(appliance)

    def detach(self, appliance_id: str) -> None:
        """Stop recording an appliance; what is known of it stays."""
        self.recorder.detach(appliance_id)

    @property
    def reader(self) -> Reader:
        """The reading side; raise ConnectionFailed while the database cannot be opened."""
        if not self._open:
            why = self.problem.message if self.problem else "it is being opened"
            raise ConnectionFailed(f"the history cannot be read now: {why}", hint="Try again in a moment.")
        return self._reader

    async def start(self) -> None:
        """Open the database and begin to record; trouble shows in `problem` and is never raised."""
        if self._registry is not None:
            self._unsubscribe = self._registry.subscribe_appliances(self._follow)
            for appliance in self._registry.appliances.values():
                self.attach(appliance)
        await self.flush()
        self._tasks = [
            asyncio.create_task(self._keep_writing(), name="history writer"),
            asyncio.create_task(self._keep_small(), name="history retention"),
        ]

    async def stop(self) -> None:
        """Stop recording and write what is left."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.recorder.detach_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        with contextlib.suppress(TimeoutError):
            async with self.clock.timeout(_LAST_WRITE_S):
                await self.flush()
        if len(self.recorder):
            _log.error("The history lost %d changes that could not be written", len(self.recorder))
        await self._engine.dispose()
        self._open = False

    async def flush(self) -> bool:
        """Write everything that is buffered; tell whether that worked."""
        async with self._writing:
            try:
                await self._ensure_open()
                while len(self.recorder) or self.clock.monotonic() >= self._mark_due:
                    await self._write_batch()
            except Exception as error:
                self._failed(error)
                return False
        self._recovered()
        return True

    async def tidy(self) -> None:
        """Roll up and prune now."""
        await self._retention.run()

    def report(self) -> dict[str, Any]:
        """Tell how it is, for the health report."""
        return {
            "ok": self.problem is None,
            "problem": self.problem.message if self.problem else None,
            "buffered": len(self.recorder),
            "written": self.written,
            "dropped": self.recorder.dropped,
        }

    def _follow(self, appliance: Appliance, added: bool) -> None:
        """Record a new appliance, or one that took the place of another with the same id."""
        self.detach(appliance.identity.id)
        if added:
            self.attach(appliance)

    async def _ensure_open(self) -> None:
        if not self._open:
            await migrate(self._engine)
            await self._store.end_gap(microseconds(self.clock.now()))
            self._open = True

    async def _write_batch(self) -> None:
        batch = self.recorder.take_batch(_BATCH_ROWS)
        try:
            await self._store.write(batch, microseconds(self.clock.now()))
        except BaseException:
            self.recorder.put_back(batch)
            raise
        self.written += len(batch)
        self._mark_due = self.clock.monotonic() + _MARK_EVERY_S

    async def _keep_writing(self) -> None:
        pause = self.settings.flush_s
        while True:
            await self.clock.sleep(pause)
            fine = await self.flush()
            pause = self.settings.flush_s if fine else min(2 * pause, _LONGEST_PAUSE_S)

    async def _keep_small(self) -> None:
        while True:
            await self.clock.sleep(_RETENTION_EVERY_S)
            try:
                await self.tidy()
            except Exception as error:
                _log.warning("The history could not be tidied up: %s", _words(error))

    def _failed(self, error: Exception) -> None:
        words = _words(error)
        if self.problem is None:
            _log.warning("The history cannot be written: %s. Control is not affected.", words)
        self.problem = Problem(
            key="history", message=f"The history cannot be written: {words}", remedy=_remedy(error)
        )

    def _recovered(self) -> None:
        if self.problem is not None:
            _log.info("The history is being written again")
        self.problem = None


def _words(error: Exception) -> str:
    """Return the database's own words, without statements and without secrets."""
    cause = getattr(error, "orig", None) or error
    return str(redact(str(cause).strip() or type(cause).__name__))


def _remedy(error: Exception) -> str:
    words = str(error).lower()
    if "full" in words or "no space" in words:
        return "Free some space on the disk, or keep fewer days in [history]. Recording goes on by itself."
    if "locked" in words:
        return "Another program holds the database; close it. Recording goes on by itself."
    if isinstance(error, HomewireError) and error.hint:
        return error.hint
    return "Look at [history] in homewire.toml and at the database. Recording goes on by itself."
