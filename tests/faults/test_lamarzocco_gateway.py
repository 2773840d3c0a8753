"""What networks can do to the gateway generation's three transports, and that clients survive or say why."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

import homewire
from homewire.errors import ConnectionFailed, ConnectionLost, HomewireError, NotFound, ProtocolError
from homewire.lamarzocco.bluetooth import Radio
from homewire.lamarzocco.gateway import (
    LaMarzoccoBluetoothClient,
    LaMarzoccoCloudClient,
    LaMarzoccoLocalClient,
)
from homewire.lamarzocco.gateway.simulator import GatewaySimulator
from homewire.simulation.faults import Direction, FaultProxy

StartProxy = Callable[[str, int], Awaitable[FaultProxy]]
Break = Callable[[Direction], None]


def lever(**settings: Any) -> Break:
    def pull(direction: Direction) -> None:
        for name, value in settings.items():
            setattr(direction, name, value)

    return pull


HARMLESS = {
    "delay": lever(delay_s=2.0),
    "split": lever(split=7),
    "merge": lever(merge=64),
    "slow": lever(rate=2000.0),
}
BROKEN = {
    "reset": lever(reset_after=100),
    "truncate": lever(truncate_after=200),
    "black hole": lever(black_hole=True),
    "garbage": lever(garbage=b"\x00\xff" * 40),
    "corrupt": lever(corrupt_every=3),
}


@pytest.fixture
async def simulator() -> AsyncIterator[GatewaySimulator]:
    async with GatewaySimulator(GatewaySimulator.Options(bluetooth=False)) as simulator:
        yield simulator


@contextlib.asynccontextmanager
async def cloud_through(
    proxy: FaultProxy, simulator: GatewaySimulator
) -> AsyncIterator[LaMarzoccoCloudClient]:
    url = f"http://{proxy.host}:{proxy.port}"
    own = simulator.options
    async with LaMarzoccoCloudClient(own.username, own.password, cms_url=url, gateway_url=url) as client:
        yield client


async def _cloud_proxy(simulator: GatewaySimulator, start: StartProxy) -> FaultProxy:
    host, _, port = simulator.cloud.url.removeprefix("http://").partition(":")
    return await start(host, int(port))


# --- cloud


@pytest.mark.parametrize("name", HARMLESS)
async def test_cloud_through_a_bad_but_honest_network(
    simulator: GatewaySimulator, fault_proxy: StartProxy, name: str
) -> None:
    proxy = await _cloud_proxy(simulator, fault_proxy)
    HARMLESS[name](proxy.down)
    HARMLESS[name](proxy.up) if name != "merge" else None
    async with cloud_through(proxy, simulator) as client:
        assert await client.set_power(simulator.machine.serial, True)
    assert simulator.machine.is_on


@pytest.mark.parametrize("name", BROKEN)
async def test_cloud_answers_that_break(
    simulator: GatewaySimulator, fault_proxy: StartProxy, name: str
) -> None:
    proxy = await _cloud_proxy(simulator, fault_proxy)
    async with cloud_through(proxy, simulator) as client:
        await client.get_config(simulator.machine.serial)
        proxy.reset()
        BROKEN[name](proxy.down)
        with pytest.raises((ConnectionFailed, ProtocolError)) as caught:
            await client.set_power(simulator.machine.serial, True)
        assert caught.value.message
        proxy.heal()
        proxy.reset()
        assert await client.get_config(simulator.machine.serial)
    writes = [call for call in simulator.cloud.calls if call.endswith("/status")]
    assert len(writes) <= 1, "a command whose answer was lost is not repeated"


async def test_a_refusing_cloud(simulator: GatewaySimulator, fault_proxy: StartProxy) -> None:
    proxy = await _cloud_proxy(simulator, fault_proxy)
    await proxy.refuse()
    async with cloud_through(proxy, simulator) as client:
        with pytest.raises(ConnectionFailed, match="cannot be reached"):
            await client.get_customer_fleet()


# --- local API and stream


@contextlib.asynccontextmanager
async def local_through(
    proxy: FaultProxy, simulator: GatewaySimulator
) -> AsyncIterator[LaMarzoccoLocalClient]:
    async with LaMarzoccoLocalClient(proxy.host, simulator.machine.key, proxy.port) as client:
        yield client


async def _local_proxy(simulator: GatewaySimulator, start: StartProxy) -> FaultProxy:
    return await start(*simulator.locals[simulator.machine.serial].address)


@pytest.mark.parametrize("name", HARMLESS)
async def test_local_configuration_through_a_bad_but_honest_network(
    simulator: GatewaySimulator, fault_proxy: StartProxy, name: str
) -> None:
    proxy = await _local_proxy(simulator, fault_proxy)
    HARMLESS[name](proxy.down)
    async with local_through(proxy, simulator) as client:
        assert (await client.get_config())["machineMode"] == "StandBy"


@pytest.mark.parametrize("name", BROKEN)
async def test_local_configurations_that_break(
    simulator: GatewaySimulator, fault_proxy: StartProxy, name: str
) -> None:
    proxy = await _local_proxy(simulator, fault_proxy)
    BROKEN[name](proxy.down)
    async with local_through(proxy, simulator) as client:
        with pytest.raises((ConnectionFailed, ProtocolError)):
            await client.get_config()
        proxy.heal()
        proxy.reset()
        assert await client.get_config()


@pytest.mark.parametrize("name", BROKEN)
async def test_streams_that_break_end_with_a_reason(
    simulator: GatewaySimulator, fault_proxy: StartProxy, name: str
) -> None:
    proxy = await _local_proxy(simulator, fault_proxy)
    messages: list[str | bytes] = []
    async with local_through(proxy, simulator) as client:
        watching = asyncio.create_task(client.websocket_connect(messages.append))
        await simulator.locals[simulator.machine.serial].watched.wait()
        await asyncio.sleep(1)
        before = len(messages)
        BROKEN[name](proxy.down)
        simulator.machine.set_mode("BrewingMode", "manual")
        with pytest.raises((ConnectionLost, ConnectionFailed)):
            async with asyncio.timeout(600):
                await watching
        assert before == 2


@pytest.mark.parametrize("name", HARMLESS)
async def test_streams_survive_a_bad_but_honest_network(
    simulator: GatewaySimulator, fault_proxy: StartProxy, name: str
) -> None:
    proxy = await _local_proxy(simulator, fault_proxy)
    if name != "merge":  # a merging network holds the last message back until more follows
        HARMLESS[name](proxy.down)
    heard: list[str] = []
    async with local_through(proxy, simulator) as client:
        stream = client.stream()
        for _ in range(2):
            heard.extend((await anext(stream)).values)
        simulator.machine.set_mode("BrewingMode", "manual")
        while "MachineMode" not in heard:
            heard.extend((await anext(stream)).values)
        await stream.aclose()
    assert heard[:2] == ["MachineConfiguration", "SystemInfo"]


@pytest.mark.parametrize("name", [*BROKEN, "refuse"])
async def test_a_connection_outlives_a_broken_local_path(
    simulator: GatewaySimulator, fault_proxy: StartProxy, name: str
) -> None:
    proxy = await _local_proxy(simulator, fault_proxy)
    settings = dict(simulator.settings()) | {
        "hosts": {simulator.machine.serial: f"{proxy.host}:{proxy.port}"}
    }
    async with homewire.connect("lamarzocco-gateway", **settings) as connection:
        (appliance,) = connection.appliances.values()
        await simulator.locals[simulator.machine.serial].watched.wait()
        if name == "refuse":
            await proxy.refuse()
        else:
            BROKEN[name](proxy.down)
        proxy.reset()
        await asyncio.sleep(60)
        simulator.machine.set_mode("BrewingMode", "manual")
        await asyncio.sleep(200)
        assert appliance.availability.online, "the cloud is still there"
        assert appliance.state["power"] is True
        once = name == "garbage"  # the network is well again after it
        assert appliance.state["read_from"] == ("stream" if once else "cloud")
        if name != "refuse":
            proxy.heal()
            proxy.reset()
            await asyncio.sleep(600)
            assert appliance.state["read_from"] == "stream"


# --- Bluetooth


@contextlib.asynccontextmanager
async def over_the_air() -> AsyncIterator[tuple[GatewaySimulator, LaMarzoccoBluetoothClient]]:
    async with GatewaySimulator(GatewaySimulator.Options()) as simulator:
        adapter = simulator.adapter()
        machine = simulator.machine
        peripheral = simulator.bluetooths[machine.serial].peripheral
        client = LaMarzoccoBluetoothClient(
            simulator.options.username,
            machine.serial,
            machine.key,
            peripheral.address,
            radio=Radio.of(adapter),
        )
        yield simulator, client
        await client.close()
        await adapter.close()


async def test_a_machine_out_of_range_and_back() -> None:
    async with over_the_air() as (simulator, client):
        peripheral = simulator.bluetooths[simulator.machine.serial].peripheral
        await peripheral.advertise(False)
        with pytest.raises(NotFound):
            await client.set_power(True)
        await peripheral.advertise(True)
        await client.set_power(True)
        assert simulator.machine.is_on


async def test_a_link_that_drops_between_commands() -> None:
    async with over_the_air() as (simulator, client):
        await client.set_power(True)
        await simulator.bluetooths[simulator.machine.serial].peripheral.drop()
        await asyncio.sleep(1)
        assert not client.connected
        await client.set_power(False)
        assert not simulator.machine.is_on


async def test_a_link_that_drops_while_connecting() -> None:
    async with over_the_air() as (simulator, client):
        peripheral = simulator.bluetooths[simulator.machine.serial].peripheral
        sending = asyncio.create_task(client.set_power(True))
        while not peripheral.connected:  # noqa: ASYNC110 - the peripheral has no event for it
            await asyncio.sleep(0.01)
        await peripheral.drop()
        with contextlib.suppress(HomewireError):
            await sending
        await client.set_power(True)
        assert simulator.machine.is_on


async def test_a_machine_that_is_taken_by_somebody_else() -> None:
    async with over_the_air() as (simulator, client):
        other = simulator.adapter()
        address = simulator.bluetooths[simulator.machine.serial].peripheral.address
        taken = LaMarzoccoBluetoothClient("x", "y", "z", address, radio=Radio.of(other))
        await taken.set_power(True)
        with pytest.raises(NotFound):
            await client.set_power(True)
        await asyncio.sleep(31)
        await client.set_power(True)
        assert simulator.machine.is_on
        await taken.close()
        await other.close()


async def test_cancelling_a_command_leaves_a_usable_client() -> None:
    async with over_the_air() as (simulator, client):
        sending = asyncio.create_task(client.set_power(True))
        await asyncio.sleep(0.3)
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        await client.set_power(True)
        assert simulator.machine.is_on
