"""The life of a command: queued, sent, accepted, confirmed; or rejected, timed out, superseded, failed.

A command is done when the appliance confirmed it, by its own acknowledgement or by showing the value again.
Until then the wished-for value is not the state. Commands are never retried blindly. Commands to one
appliance keep their order: a `Lane` lets one run at a time, and a newer command for the same feature takes
the place of one that still waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import enum
import fnmatch
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, TypeAlias

from homewire.clock import Clock
from homewire.errors import (
    CommandRejected,
    CommandSuperseded,
    CommandTimeout,
    HomewireError,
    InvalidValue,
    RemoteControlDisabled,
)
from homewire.features import Value

__all__ = ["Allowance", "Command", "CommandListener", "Lane", "Stage"]

_log = logging.getLogger(__name__)


class Stage(enum.StrEnum):
    """Where a command stands."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"
    SUPERSEDED = "superseded"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing comes after it."""
        return self not in (Stage.QUEUED, Stage.SENT, Stage.ACCEPTED)


_ORDER = {Stage.QUEUED: 0, Stage.SENT: 1, Stage.ACCEPTED: 2}


class Command:
    """One wish of a user, from the moment it was validated to its end.

    `path` names the way it took (an appliance may have several), `error` why it did not succeed, `times`
    when each stage was reached (UTC).
    """

    def __init__(self, appliance: str, key: str, value: Value, *, clock: Clock) -> None:
        self.id = secrets.token_hex(8)
        self.appliance = appliance
        self.key = key
        self.value = value
        self.path: str | None = None
        self.error: BaseException | None = None
        self.stage = Stage.QUEUED
        self._clock = clock
        self._began = clock.monotonic()
        self._ended: float | None = None
        self.times: dict[Stage, dt.datetime] = {Stage.QUEUED: clock.now()}
        self._observers: list[CommandListener] = []

    def __repr__(self) -> str:
        return f"<Command {self.id} {self.appliance} {self.key} {self.stage}>"

    @property
    def latency_s(self) -> float:
        """Seconds from the wish to its end, or to now."""
        return (self._clock.monotonic() if self._ended is None else self._ended) - self._began

    def observe(self, listener: CommandListener) -> None:
        """Call the listener at every further stage."""
        self._observers.append(listener)

    def begin(self, listeners: Iterable[CommandListener]) -> None:
        """Tell the listeners of the command, now and at every further stage."""
        fresh = tuple(listeners)
        self._observers.extend(fresh)
        self._tell(fresh)

    def sent(self, path: str | None = None) -> None:
        """Note that the bytes are on their way, and by which path."""
        self.path = path or self.path
        self._advance(Stage.SENT)

    def accepted(self) -> None:
        """Note that the appliance or its cloud took the command."""
        self._advance(Stage.ACCEPTED)

    def confirmed(self) -> None:
        """Note that the appliance shows what was wished for."""
        self._advance(Stage.CONFIRMED)

    def failed(self, error: BaseException) -> None:
        """Note why the command came to nothing."""
        if not self.stage.final:
            self.error = error
        self._advance(_stage_of(error))

    def describe(self) -> dict[str, Any]:
        """Return the command in plain JSON types."""
        value = self.value.isoformat() if isinstance(self.value, dt.date | dt.time) else self.value
        error = self.error.details() if isinstance(self.error, HomewireError) else None
        return {
            "id": self.id,
            "appliance": self.appliance,
            "key": self.key,
            "value": value,
            "stage": self.stage.value,
            "path": self.path,
            "latency_s": round(self.latency_s, 3),
            "times": {stage.value: at.isoformat() for stage, at in self.times.items()},
            "error": error or (None if self.error is None else {"code": "error", "message": str(self.error)}),
        }

    def _advance(self, stage: Stage) -> None:
        if self.stage.final or (not stage.final and _ORDER[stage] <= _ORDER[self.stage]):
            return
        self.stage = stage
        self.times[stage] = self._clock.now()
        if stage.final:
            self._ended = self._clock.monotonic()
        self._tell(self._observers)

    def _tell(self, observers: Iterable[CommandListener]) -> None:
        for observer in tuple(observers):
            try:
                observer(self)
            except Exception:
                _log.exception("An observer of command %s failed", self.id)


CommandListener: TypeAlias = Callable[[Command], object]


def _stage_of(error: BaseException) -> Stage:
    if isinstance(error, CommandSuperseded):
        return Stage.SUPERSEDED
    if isinstance(error, CommandTimeout):
        return Stage.TIMED_OUT
    if isinstance(error, CommandRejected | InvalidValue | RemoteControlDisabled):
        return Stage.REJECTED
    return Stage.FAILED


class Lane:
    """One command at a time, in order; a newer one for the same feature supersedes one that still waits."""

    def __init__(self) -> None:
        self._running = False
        self._waiting: dict[Command, asyncio.Future[None]] = {}

    @property
    def waiting(self) -> int:
        """How many commands wait for their turn."""
        return sum(not turn.done() for turn in self._waiting.values())

    @contextlib.asynccontextmanager
    async def turn(self, command: Command) -> AsyncIterator[None]:
        """Wait for the command's turn and hold the lane.

        Raise CommandSuperseded when a newer one takes its place.
        """
        self.supersede(command.key)
        if self._running:
            await self._wait(command)
        self._running = True
        try:
            yield
        finally:
            self._pass_on()

    def supersede(self, key: str) -> None:
        """Let go of what still waits for a feature: something newer has come."""
        for waiting, turn in self._waiting.items():
            if waiting.key == key and not turn.done():
                turn.set_exception(
                    CommandSuperseded(
                        "a newer command for the same feature took its place", appliance=waiting.appliance
                    )
                )

    async def _wait(self, command: Command) -> None:
        turn = self._waiting[command] = asyncio.get_running_loop().create_future()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on()  # the turn was given in the very moment of the cancellation
            raise
        finally:
            self._waiting.pop(command, None)

    def _pass_on(self) -> None:
        self._running = False
        for turn in self._waiting.values():
            if not turn.done():
                self._running = True
                turn.set_result(None)
                return


class Allowance:
    """Which dangerous features the owner enabled: patterns of `feature` or `appliance/feature`.

    The appliance is its id or its name; `*` and `?` match as in file names. The empty allowance permits
    nothing.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self.patterns = tuple(patterns)

    def __repr__(self) -> str:
        return f"Allowance({list(self.patterns)!r})"

    def permits(self, key: str, *names: str) -> bool:
        """Tell whether the feature is enabled for an appliance that goes by these names."""
        subjects = [key, *(f"{name}/{key}" for name in names)]
        return any(fnmatch.fnmatchcase(s, pattern) for pattern in self.patterns for s in subjects)
