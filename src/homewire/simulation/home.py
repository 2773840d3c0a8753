"""A virtual home: every installed kind's demo simulators, running together, and connections to them.

`homewire demo` shows it, `--demo` uses it in place of a configuration, and tests live in it. A kind whose
simulator does not start (an optional package is missing) is left out, and `problems` says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Iterable, Iterator
from typing import Any, Self

from homewire.clock import Clock
from homewire.config import ConnectionEntry
from homewire.errors import HomewireError
from homewire.kinds import Kind, installed_kinds
from homewire.link.connection import Connection
from homewire.simulation.simulator import Simulator

__all__ = ["VirtualHome"]

_log = logging.getLogger(__name__)


class VirtualHome:
    """The demo simulators of `kinds` (all installed ones by default); `clock` is the time they live in."""

    def __init__(self, kinds: Iterable[Kind] | None = None, *, clock: Clock | None = None) -> None:
        self._kinds = tuple(installed_kinds().values() if kinds is None else kinds)
        self._clock = clock or Clock()
        self._running: dict[str, list[Simulator]] = {}
        self.problems: list[str] = []

    @property
    def simulators(self) -> tuple[Simulator, ...]:
        """The running simulators."""
        return tuple(simulator for running in self._running.values() for simulator in running)

    def connections(self) -> list[Connection[Any]]:
        """Return a connection, not yet opened, to every running simulator; each has a name of its own."""
        return [
            kind.load_connection()(kind.convert_settings(simulator.settings()), name=name)
            for kind, simulator, name in self._named()
        ]

    def entries(self) -> list[ConnectionEntry]:
        """Return every running simulator as an entry of homewire.toml, all dangerous features allowed."""
        return [
            ConnectionEntry(kind=kind.kind, name=name, values=simulator.settings(), allow=("*",))
            for kind, simulator, name in self._named()
        ]

    async def start(self) -> None:
        """Start the simulators of every kind that has some."""
        await asyncio.gather(*(self._start_kind(kind) for kind in self._kinds if kind.simulator is not None))

    def _named(self) -> Iterator[tuple[Kind, Simulator, str]]:
        """Yield the running simulators, each with a name of its own."""
        taken: set[str] = set()
        for kind in self._kinds:
            for simulator in self._running.get(kind.kind, ()):
                wanted = _wanted_name(kind, simulator)
                names = (f"{wanted} {number}" if number > 1 else wanted for number in itertools.count(1))
                name = next(name for name in names if name not in taken)
                taken.add(name)
                yield kind, simulator, name

    async def stop(self) -> None:
        """Stop all of them; may be called at any time."""
        simulators = self.simulators
        self._running = {}
        await asyncio.gather(*(simulator.stop() for simulator in simulators))

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def _start_kind(self, kind: Kind) -> None:
        running = self._running.setdefault(kind.kind, [])
        try:
            for simulator in kind.load_simulator().demo(self._clock):
                running.append(simulator)
                await simulator.start()
        except (HomewireError, ImportError, OSError) as error:
            self.problems.append(f"{kind.kind} is not simulated: {error}")
            _log.info("%s is not simulated: %s", kind.kind, error)
            for simulator in self._running.pop(kind.kind):
                with contextlib.suppress(Exception):  # it did not even start
                    await simulator.stop()


def _wanted_name(kind: Kind, simulator: Simulator) -> str:
    options = getattr(simulator, "options", None)
    return str(getattr(options, "name", None) or getattr(options, "model", None) or kind.kind)
