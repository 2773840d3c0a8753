"""Commands that clients of the bridge give: carried out in the background, remembered for a while, drained.

A client gets the command at once and follows it, or waits for its end. A repeated idempotency key gives the
first command again. When the bridge stops, what is running is allowed to finish; what comes later is refused.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from homewire.appliance import Appliance
from homewire.bridge.errors import Busy, KeyReused, ShuttingDown
from homewire.clock import Clock
from homewire.commands import Command
from homewire.errors import HomewireError, NotFound
from homewire.features import Value

__all__ = ["CommandBook"]

_log = logging.getLogger(__name__)

_REMEMBERED = 1000
"""Commands kept for those who ask later."""

_MOST_RUNNING = 1000
"""Commands under way at once; beyond that somebody floods the bridge."""

_KEYS_VALID_S = 600.0
"""How long an idempotency key gives the same command again."""


class _Given(NamedTuple):
    """The command that an idempotency key stands for, when it was given, and what was asked for."""

    at: float
    wish: tuple[str, Value]
    command: Command


class CommandBook:
    """The commands under way and the latest ones that ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._commands: collections.OrderedDict[str, Command] = collections.OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._keys: collections.OrderedDict[tuple[str, str], _Given] = collections.OrderedDict()
        self._draining = False

    @property
    def running(self) -> int:
        """How many are under way, queued ones included."""
        return len(self._running)

    def submit(
        self,
        appliance: Appliance,
        key: str,
        value: Value,
        *,
        dangerous: bool = False,
        idempotency_key: str | None = None,
    ) -> Command:
        """Start a command and return it at once.

        Raise NotFound, InvalidValue or RemoteControlDisabled before anything is sent, ShuttingDown, Busy, or
        KeyReused.
        """
        wish = (key, value)
        if idempotency_key is not None and (earlier := self._earlier(appliance, idempotency_key, wish)):
            return earlier
        if self._draining:
            raise ShuttingDown("the bridge is stopping", hint="Try again when it runs.")
        if len(self._running) >= _MOST_RUNNING:
            raise Busy("too many commands are under way", hint="Wait for some of them to end.")
        command = appliance.prepare(key, value, dangerous=dangerous)
        if idempotency_key is not None:
            self._keys[appliance.identity.id, idempotency_key] = _Given(
                self._clock.monotonic(), wish, command
            )
        self._remember(command)
        self._running[command.id] = asyncio.create_task(
            self._carry_out(appliance, command), name=f"command {command.id}"
        )
        return command

    def find(self, command_id: str) -> Command:
        """Return a remembered command; raise NotFound."""
        try:
            return self._commands[command_id]
        except KeyError:
            raise NotFound(
                f"there is no command {command_id!r}", hint=f"The latest {_REMEMBERED} are remembered."
            ) from None

    def latest(self, appliance_id: str | None = None, limit: int = 100) -> list[Command]:
        """Return the latest commands, newest first."""
        wanted = (c for c in reversed(self._commands.values()) if appliance_id in (None, c.appliance))
        return [command for command, _ in zip(wanted, range(limit), strict=False)]

    async def finished(self, command: Command, within_s: float | None = None) -> bool:
        """Wait until the command ended; return whether it did within the time."""
        task = self._running.get(command.id)
        if task is None:
            return command.stage.final
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(within_s):
                await asyncio.wait((task,))
        return command.stage.final

    async def drain(self, within_s: float) -> None:
        """Take no more commands; let those under way finish, and end the rest after the time."""
        self._draining = True
        tasks = list(self._running.values())
        if not tasks:
            return
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(within_s):
                await asyncio.wait(tasks)
        self._give_up()
        await _end(task for task in tasks if not task.done())

    def _give_up(self) -> None:
        """End the commands under way with an error that says so."""
        for command_id in self._running:
            command = self._commands[command_id]
            hint = "It may still take effect: look at the appliance before you try again."
            command.failed(ShuttingDown(f"the bridge stopped before {command.key} was confirmed", hint=hint))

    def by_appliance(self) -> Mapping[str, int]:
        """Return how many commands are under way per appliance."""
        return collections.Counter(self._commands[one].appliance for one in self._running)

    def _earlier(self, appliance: Appliance, idempotency_key: str, wish: tuple[str, Value]) -> Command | None:
        now = self._clock.monotonic()
        while self._keys and now - next(iter(self._keys.values())).at > _KEYS_VALID_S:
            self._keys.popitem(last=False)
        found = self._keys.get((appliance.identity.id, idempotency_key))
        if found is None:
            return None
        if found.wish != wish:
            raise KeyReused(
                f"the idempotency key was used for another command ({found.command.key})",
                appliance=appliance.identity.name,
                hint="Make a new key for every new command.",
            )
        return found.command

    def _remember(self, command: Command) -> None:
        self._commands[command.id] = command
        for old in list(self._commands)[: max(0, len(self._commands) - _REMEMBERED - len(self._running))]:
            if old not in self._running:
                del self._commands[old]

    async def _carry_out(self, appliance: Appliance, command: Command) -> None:
        try:
            await appliance.execute(command)
        except HomewireError as error:
            _log.info("Command %s of %s failed: %s", command.key, appliance.identity.id, error)
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("Command %s of %s failed unexpectedly", command.key, appliance.identity.id)
        finally:
            self._running.pop(command.id, None)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    ending = list(tasks)
    for task in ending:
        task.cancel()
    if ending:
        _log.warning("%d commands were still under way and were given up", len(ending))
        await asyncio.wait(ending)
