"""A simulated account with machines and clients of it, all closed after the test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from homewire.lamarzocco.bluetooth import Radio
from homewire.lamarzocco.gateway.client import (
    LaMarzoccoBluetoothClient,
    LaMarzoccoCloudClient,
    LaMarzoccoLocalClient,
)
from homewire.lamarzocco.gateway.machine import LaMarzoccoGrinder, LaMarzoccoMachine
from homewire.lamarzocco.gateway.simulator import GatewaySimulator

Simulate: TypeAlias = Callable[..., Awaitable[GatewaySimulator]]


class Clients:
    """Makes clients of one simulator and closes them."""

    def __init__(self, simulator: GatewaySimulator, stack: contextlib.AsyncExitStack) -> None:
        self.simulator = simulator
        self._stack = stack

    def cloud(self, **options: Any) -> LaMarzoccoCloudClient:
        own = self.simulator
        urls = {"cms_url": own.cloud.url, "gateway_url": own.cloud.url}
        password = options.pop("password", own.options.password)
        client = LaMarzoccoCloudClient(own.options.username, password, **(urls | options))
        self._stack.push_async_callback(client.close)
        return client

    def local(self, serial: str | None = None, token: str | None = None) -> LaMarzoccoLocalClient:
        serial = serial or self.simulator.machine.serial
        host, port = self.simulator.locals[serial].address
        client = LaMarzoccoLocalClient(host, token or self.simulator.machines[serial].key, port)
        self._stack.push_async_callback(client.close)
        return client

    def air(self, *, token: str | None = None, radio: Radio | None = None) -> LaMarzoccoBluetoothClient:
        machine = self.simulator.machine
        if radio is None:
            adapter = self.simulator.adapter()
            self._stack.push_async_callback(adapter.close)
            radio = Radio.of(adapter)
        address = self.simulator.bluetooths[machine.serial].peripheral.address
        client = LaMarzoccoBluetoothClient(
            self.simulator.options.username, machine.serial, token or machine.key, address, radio=radio
        )
        self._stack.push_async_callback(client.close)
        return client

    def machine(self, **clients: Any) -> LaMarzoccoMachine:
        own = self.simulator.machine
        return LaMarzoccoMachine.create(own.model.gateway_name, own.serial, own.name, **clients)

    def grinder(self, **clients: Any) -> LaMarzoccoGrinder:
        own = self.simulator.machine
        return LaMarzoccoGrinder.create(own.model.gateway_name, own.serial, own.name, **clients)


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    async with contextlib.AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def simulate(stack: contextlib.AsyncExitStack) -> Callable[..., Awaitable[Clients]]:
    """Return a function that starts a simulator of some models and returns its clients."""

    async def start(*models: str, **options: Any) -> Clients:
        chosen = GatewaySimulator.Options(models=models or ("Micra",), **({"bluetooth": False} | options))
        simulator = await stack.enter_async_context(GatewaySimulator(chosen))
        return Clients(simulator, stack)

    return start
