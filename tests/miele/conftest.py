"""A kitchen on loopback: simulators and clients that are closed after the test."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from homewire.miele.client import MieleClient
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions

ROUTE = "000123456789"


def own_number() -> str:
    """Return a fabrication number of nobody else: mDNS is shared by all tests that run on this computer."""
    return f"000{secrets.randbelow(10**9):09}"


Simulate = Callable[..., Awaitable[MieleSimulator]]
ClientFor = Callable[..., MieleClient]
Answering = Callable[..., Awaitable[str]]


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
async def answering() -> AsyncIterator[Answering]:
    """Return a function that starts a server which gives every request the same bytes, and its address."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes, *, endless: bool = False) -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, EOFError):  # whoever speaks no HTTP, such as TLS, goes again
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                while endless:
                    writer.write(b" " * 65536)
                    await writer.drain()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


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
