from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from homewire.clock import Clock
from homewire.lamarzocco.direct.machine import DirectMachine
from homewire.lamarzocco.direct.simulator import DirectSimulator, SimulatorOptions

MakeSimulator = Callable[..., Awaitable[DirectSimulator]]
MakeMachine = Callable[..., DirectMachine]


@pytest.fixture
async def simulate() -> AsyncIterator[MakeSimulator]:
    """Return a function that starts a simulated machine; all are stopped after the test."""
    running: list[DirectSimulator] = []

    async def start(*, clock: Clock | None = None, **options: Any) -> DirectSimulator:
        simulator = DirectSimulator(SimulatorOptions(**({"reply_delay_s": 0.0} | options)), clock=clock)
        await simulator.start()
        running.append(simulator)
        return simulator

    yield start
    for simulator in running:
        await simulator.stop()


@pytest.fixture
async def client_of() -> AsyncIterator[MakeMachine]:
    """Return a function that makes a client of a simulated machine; all are closed after the test."""
    made: list[DirectMachine] = []

    def make(simulator: DirectSimulator, **options: Any) -> DirectMachine:
        place: dict[str, Any] = {"port": simulator.port, "key": simulator.options.key.reveal()} | options
        machine = DirectMachine("127.0.0.1", **place)
        made.append(machine)
        return machine

    yield make
    for machine in made:
        await machine.close()
