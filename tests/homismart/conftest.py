"""A simulated cloud and clients of it, all closed after the test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from homewire.homismart.client import HomismartClient
from homewire.homismart.simulator import HomismartSimulator, SimulatorOptions


@pytest.fixture
async def cloud() -> AsyncIterator[HomismartSimulator]:
    """Return a running cloud with two nodes."""
    async with HomismartSimulator(SimulatorOptions(nodes=2)) as simulator:
        yield simulator


@pytest.fixture
async def new_client(cloud: HomismartSimulator) -> AsyncIterator[Callable[..., HomismartClient]]:
    """Return a function that makes a client of the cloud, not connected yet."""
    async with contextlib.AsyncExitStack() as stack:

        def make(username: str | None = None, password: str | None = None, **more: Any) -> HomismartClient:
            assert cloud.certificate is not None
            arguments: dict[str, Any] = {"url": cloud.url, "ssl": cloud.certificate.trust()} | more
            client = HomismartClient(
                username or cloud.options.username, password or cloud.options.password, **arguments
            )
            stack.push_async_callback(client.disconnect)
            return client

        yield make


@pytest.fixture
async def client(new_client: Callable[..., HomismartClient]) -> HomismartClient:
    """Return a connected client."""
    made = new_client()
    await made.connect()
    return made
