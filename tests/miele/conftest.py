"""A kitchen on loopback: simulators and clients that are closed after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from homewire.miele.client import MieleClient
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions

ROUTE = "000123456789"

Simulate = Callable[..., Awaitable[MieleSimulator]]
ClientFor = Callable[..., MieleClient]


@pytest.fixture
async def simulate() -> AsyncIterator[Simulate]:
    started: list[MieleSimulator] = []

    async def start(kind: str = "washing-machine", **options: Any) -> MieleSimulator:
        simulator = MieleSimulator(MieleSimulatorOptions(type=kind, **options))
        await simulator.start()
        started.append(simulator)
        return simulator

    yield start
    for simulator in started:
        await simulator.stop()


@pytest.fixture
async def client_for() -> AsyncIterator[ClientFor]:
    clients: list[MieleClient] = []

    def make(simulator: MieleSimulator, **options: Any) -> MieleClient:
        keys = simulator.options
        client = MieleClient.from_hex(simulator.host, keys.group_id, keys.group_key, **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()
