"""A virtual home: every installed kind's demo simulators, running together, and connections to them.

`homewire demo` shows it, `--demo` uses it in place of a configuration, and tests live in it. A kind whose
simulator does not start (an optional package is missing) is left out, and `problems` says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Any, Self

from homewire.errors import HomewireError
from homewire.kinds import Kind, installed_kinds
from homewire.link.clock import Clock
from homewire.link.connection import Connection
from homewire.simulation.simulator import Simulator

__all__ = ["VirtualHome"]

_log = logging.getLogger(__name__)


class VirtualHome:
    """The demo simulators of `kinds` (all installed ones by default); `clock` is the time they live in."""

    def __init__(self, kinds: Iterable[Kind] | None = None, *, clock: Clock | None = None) -> None:
        self._kinds = tuple(installed_kinds().values() if kinds is None else kinds)
        self._clock = clock or Clock()
        self._running: list[tuple[Kind, Simulator]] = []
        self.problems: list[str] = []

    @property
    def simulators(self) -> tuple[Simulator, ...]:
        """The running simulators."""
        return tuple(simulator for _, simulator in self._running)

    def connections(self) -> list[Connection[Any]]:
        """Return a connection, not yet opened, to every running simulator."""
        return [
            self._connection(index, kind, simulator) for index, (kind, simulator) in enumerate(self._running)
        ]

    async def start(self) -> None:
        """Start the simulators of every kind that has some."""
        for kind in self._kinds:
            if kind.simulator is not None:
                await self._start_kind(kind)

    async def stop(self) -> None:
        """Stop all of them; may be called at any time."""
        running, self._running = self._running, []
        await asyncio.gather(*(simulator.stop() for _, simulator in running))

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
        try:
            for simulator in kind.load_simulator().demo(self._clock):
                self._running.append((kind, simulator))
                await simulator.start()
        except (HomewireError, ImportError, OSError) as error:
            self.problems.append(f"{kind.kind} is not simulated: {error}")
            _log.info("%s is not simulated: %s", kind.kind, error)
            await self._leave_out(kind)

    async def _leave_out(self, kind: Kind) -> None:
        left_out = [simulator for one, simulator in self._running if one is kind]
        self._running = [(one, simulator) for one, simulator in self._running if one is not kind]
        for simulator in left_out:
            with contextlib.suppress(Exception):  # it did not even start
                await simulator.stop()

    def _connection(self, index: int, kind: Kind, simulator: Simulator) -> Connection[Any]:
        earlier = sum(one is kind for one, _ in self._running[:index])
        name = f"demo {kind.kind}" + (f" {earlier + 1}" if earlier else "")
        settings = kind.convert_settings(simulator.settings())
        return kind.load_connection()(settings, name=name)
