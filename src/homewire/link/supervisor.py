"""The policy that keeps a link alive: open, serve, classify what went wrong, back off, open again.

A connection connects once; the supervisor decides about everything after that. Delays grow exponentially with
full jitter up to a ceiling and begin anew only after the link was stable for a while. Rejected credentials
park the link until the settings change, because vendors lock accounts. An appliance that announces itself is
tried at once, but anybody on the network can say so: the delays go on growing, and it is throttled. One
warning is logged when a link is lost and one line when it is back, nothing in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import enum
import logging
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from homewire.appliance import Availability
from homewire.clock import Clock
from homewire.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionLost,
    HomewireError,
    NotSupported,
)
from homewire.link.backoff import Backoff, Throttle
from homewire.link.connection import Connection

__all__ = ["LinkState", "LinkStatus", "Supervisor"]

_log = logging.getLogger(__name__)

_STABLE_S = 60.0
"""A link that lived this long was good: the next loss is a new one and starts at the shortest delay."""

_OPEN_WITHIN_S = 60.0
"""No connection of a home takes longer to open, sign-in and first reading included.

A hung one must not hang the supervisor.
"""

_CLOSE_WITHIN_S = 5.0
"""Closing says goodbye to a peer that may be gone."""


class LinkState(enum.StrEnum):
    """Where a supervised link stands."""

    IDLE = "idle"
    OPENING = "opening"
    ONLINE = "online"
    WAITING = "waiting"
    PARKED = "parked"
    CLOSED = "closed"


class LinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot: the state, why, since when (UTC), when the next attempt is due, what happened so far."""

    state: LinkState
    reason: str
    since: dt.datetime
    next_attempt: dt.datetime | None = None
    attempts: int = 0
    reconnects: int = 0
    error: HomewireError | None = None


StatusListener: TypeAlias = Callable[[LinkStatus], object]


class Supervisor:
    """Keeps one connection open. `start()` returns at once; `status` and `subscribe()` tell how it goes."""

    def __init__(
        self,
        connection: Connection[Any],
        *,
        clock: Clock | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.connection = connection
        self._clock = clock or connection.clock
        self._backoff = backoff or Backoff()
        self._throttle = Throttle()
        self._later: asyncio.TimerHandle | None = None
        self._heard = False
        self._wakeup = asyncio.Event()
        self._changed = asyncio.Event()
        self._first_result = asyncio.Event()
        self._first_error: HomewireError | None = None
        self._task: asyncio.Task[None] | None = None
        self._listeners: list[StatusListener] = []
        self._warned = False
        self._losses = 0
        self._marked: dict[str, Availability] = {}
        self.status = LinkStatus(state=LinkState.IDLE, reason="not started", since=self._clock.now())

    def start(self) -> None:
        """Begin to keep the connection open."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"homewire link {self.connection.name}")

    async def stop(self) -> None:
        """Close the connection and end; nothing is left behind."""
        task, self._task = self._task, None
        try:
            if task is not None:
                await _cancelled(task)
        finally:  # also when stopping is cancelled itself
            await self._close()
            self._show(LinkState.CLOSED, "closed")
            self._forget_announcements()

    def wake(self) -> None:
        """Try again at once: the owner asks for it."""
        self._wakeup.set()

    @property
    def trying(self) -> bool:
        """Whether the link is down and opened again and again, so that `announced` does something."""
        return self.status.state in (LinkState.OPENING, LinkState.WAITING)

    def announced(self) -> None:
        """Try a lost link at once, because its appliance says that it is there; too often, and it is later.

        The second chance matters: appliances announce themselves before they serve, and more than once.
        During an attempt it counts if that fails.
        """
        if self.status.state is LinkState.OPENING:
            self._heard = True
        elif self.status.state is LinkState.WAITING and self._later is None:
            wait_s = self._throttle.wait_s(self._clock.monotonic())
            if wait_s > 0:
                self._later = self._clock.call_later(wait_s, self._try_announced)
            else:
                self._try_announced()

    def _try_announced(self) -> None:
        self._later = None
        if self.status.state is LinkState.WAITING:
            self._throttle.take(self._clock.monotonic())
            self._wakeup.set()

    def _forget_announcements(self) -> None:
        self._heard = False
        later, self._later = self._later, None
        if later is not None:
            later.cancel()

    def settings_changed(self, settings: msgspec.Struct) -> None:
        """Take new settings; a parked link tries again with them, an open one is opened anew."""
        self.connection.settings = settings
        self._changed.set()
        self._wakeup.set()

    @property
    def tried(self) -> bool:
        """Whether the first opening ended, well or not."""
        return self._first_result.is_set()

    async def opened(self) -> None:
        """Wait for the first opening; raise what went wrong with it."""
        await self._first_result.wait()
        if self._first_error is not None:
            raise self._first_error

    def subscribe(self, listener: StatusListener) -> Callable[[], None]:
        """Call the listener at every change of the status; return what ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def _run(self) -> None:
        while True:
            error = await self._live_once()
            if isinstance(error, AuthenticationFailed | ConfigurationError | NotSupported):
                await self._park(error)
            elif error is not None:
                await self._wait(error)

    async def _live_once(self) -> HomewireError | None:
        """Open and serve until the link ends; return why, or None when it is to be opened again at once."""
        self._changed.clear()
        self._wakeup.clear()
        self._heard = False
        self._show(LinkState.OPENING, "connecting")
        opened_at: float | None = None
        try:
            await self._open()
            opened_at = self._clock.monotonic()
            return await self._serve()
        except HomewireError as error:
            return error
        except asyncio.CancelledError:
            if _is_being_cancelled():
                raise
            return self._failure("cancelled its own work", None)
        except Exception as error:
            _log.exception(
                "The connection %s failed in a way that homewire does not expect", self.connection.name
            )
            return self._failure(f"internal error: {error!r}", "Please report this with the log.")
        finally:
            if opened_at is not None and self._clock.monotonic() - opened_at >= _STABLE_S:
                self._backoff.reset()
                self._throttle.reset()
            await self._close()

    async def _open(self) -> None:
        try:
            async with self._clock.timeout(_OPEN_WITHIN_S):
                await self.connection.open()
        except TimeoutError as error:
            hint = "Check that it is switched on and connected to the network."
            raise self._failure("did not open in time", hint) from error
        self._online()

    async def _serve(self) -> HomewireError | None:
        """Serve until the link ends or the settings change."""
        serving = asyncio.ensure_future(self.connection.serve())
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((serving, changed), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
                return self._failure("ended the connection", None)
            return None
        finally:
            await _cancelled(serving)
            await _cancelled(changed)

    async def _park(self, error: HomewireError) -> None:
        self._lost(LinkState.PARKED, error, None)
        await self._changed.wait()  # set already when the settings changed during the attempt

    async def _wait(self, error: HomewireError) -> None:
        delay_s = self._backoff.next_delay_s()
        self._lost(LinkState.WAITING, error, self._clock.now() + dt.timedelta(seconds=delay_s))
        if self._heard:
            self._heard = False
            self.announced()
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(delay_s):
                await self._wakeup.wait()

    async def _close(self) -> None:
        try:
            async with self._clock.timeout(_CLOSE_WITHIN_S):
                await self.connection.close()
        except TimeoutError:
            _log.warning("%s did not close in time and was left", self.connection.name)
        except Exception:
            _log.exception("%s failed while closing", self.connection.name)

    def _online(self) -> None:
        self._wakeup.clear()  # what woke it is done with; the next loss is another story
        self._forget_announcements()
        if self._warned:
            _log.info("%s is back", self.connection.name)
            self._warned = False
        self._show(LinkState.ONLINE, "connected")
        for appliance in self.connection.appliances.values():
            if appliance.availability is self._marked.get(
                appliance.identity.id, appliance.initial_availability
            ):
                appliance.set_availability(True, "connected")

    def _lost(self, state: LinkState, error: HomewireError, next_attempt: dt.datetime | None) -> None:
        if not self._warned:
            _log.warning("%s is not reachable: %s", self.connection.name, error)
            self._warned = True
        self._losses += 1
        self._show(state, str(error), next_attempt=next_attempt, error=error)
        for appliance in self.connection.appliances.values():
            appliance.set_availability(False, error.message)
            self._marked[appliance.identity.id] = appliance.availability

    def _show(
        self,
        state: LinkState,
        reason: str,
        *,
        next_attempt: dt.datetime | None = None,
        error: HomewireError | None = None,
    ) -> None:
        self.status = LinkStatus(
            state=state,
            reason=reason,
            since=self._clock.now(),
            next_attempt=next_attempt,
            attempts=self._backoff.attempts,
            reconnects=self._losses,
            error=error,
        )
        if state not in (LinkState.IDLE, LinkState.OPENING) and not self._first_result.is_set():
            closed = state is LinkState.CLOSED
            self._first_error = self._failure("was closed before it was open", None) if closed else error
            self._first_result.set()
        for listener in tuple(self._listeners):
            try:
                listener(self.status)
            except Exception:
                _log.exception("A subscriber of %s failed", self.connection.name)

    def _failure(self, message: str, hint: str | None) -> HomewireError:
        return ConnectionLost(message, appliance=self.connection.name, hint=hint)


def _is_being_cancelled() -> bool:
    """Tell whether somebody asked the running task to end, rather than something inside it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """Cancel a task and wait until it is gone; what it ended with does not matter any more."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
