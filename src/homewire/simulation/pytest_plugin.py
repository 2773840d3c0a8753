"""Fixtures for everybody who tests against simulated appliances; installed with homewire.

`fault_proxy` puts a misbehaving network between a client and a simulator. A test suite that wants virtual
time returns `TimeTravelLoop` from pytest-asyncio's hook `pytest_asyncio_loop_factories` (homewire's own suite
does).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from homewire.simulation.faults import FaultProxy

__all__ = ["fault_proxy"]


@pytest.fixture
async def fault_proxy() -> AsyncIterator[Callable[[str, int], Awaitable[FaultProxy]]]:
    """Return a function that starts a FaultProxy in front of a host and port.

    All are stopped after the test.
    """
    from homewire.simulation.faults import FaultProxy  # noqa: PLC0415 - a plugin must not slow every pytest start

    proxies: list[FaultProxy] = []

    async def start(host: str, port: int) -> FaultProxy:
        proxy = FaultProxy(host, port)
        await proxy.start()
        proxies.append(proxy)
        return proxy

    yield start
    for proxy in proxies:
        await proxy.stop()
