"""What networks and machines can do to the direct protocol: the matrix of faults.

For each fault: what the caller sees, that the link recovers, that nothing is left behind, and that no
command is reported done that was not.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

import homewire
from homewire.appliance import Appliance
from homewire.errors import CommandRejected, CommandTimeout, ConnectionFailed, HomewireError
from homewire.lamarzocco.direct.machine import DirectMachine
from homewire.lamarzocco.direct.simulator import DirectSimulator, SimulatorOptions
from homewire.simulation.faults import FaultProxy

StartProxy = Callable[[str, int], Awaitable[FaultProxy]]


def down(**settings: Any) -> Callable[[FaultProxy, DirectSimulator], None]:
    """Return what breaks the way from the machine to us."""

    def pull(proxy: FaultProxy, _simulator: DirectSimulator) -> None:
        for name, value in settings.items():
            setattr(proxy.down, name, value)

    return pull


def up(**settings: Any) -> Callable[[FaultProxy, DirectSimulator], None]:
    """Return what breaks the way from us to the machine."""

    def pull(proxy: FaultProxy, _simulator: DirectSimulator) -> None:
        for name, value in settings.items():
            setattr(proxy.up, name, value)

    return pull


def machine(**settings: Any) -> Callable[[FaultProxy, DirectSimulator], None]:
    """Return what makes the machine itself misbehave."""

    def pull(_proxy: FaultProxy, simulator: DirectSimulator) -> None:
        for name, value in settings.items():
            setattr(simulator.levers.misbehave, name, value)

    return pull


def reset(proxy: FaultProxy, _simulator: DirectSimulator) -> None:
    proxy.reset()


HARMLESS = {
    "delay": down(delay_s=0.5),
    "delay of requests": up(delay_s=0.5),
    "split": down(split=5),
    "split requests": up(split=3),
    "merge": down(merge=120),
    "slow": down(rate=400.0),
    "duplicate": down(duplicate=True),
    "garbage": down(garbage=b"\x00\xffnoise\r\n" * 5),
    "half a frame first": down(garbage=b"@QUJD"),
    "garbage to the machine": up(garbage=b"@%@AAAA%\x00"),
    "machine delays": machine(delay_s=0.3),
    "machine splits": machine(split=True),
    "machine merges": machine(merge_s=0.2),
    "machine is slow to apply": machine(commit_after_s=2.0),
}

BROKEN = {
    "reset now": reset,
    "reset in a frame": down(reset_after=30),
    "truncate": down(truncate_after=30),
    "truncate requests": up(truncate_after=10),
    "black hole": down(black_hole=True),
    "black hole of requests": up(black_hole=True),
    "corrupt": down(corrupt_every=9),
    "corrupt requests": up(corrupt_every=9),
    "machine is silent": machine(silent=True),
    "machine drops replies": machine(drop_replies=100),
    "machine corrupts replies": machine(corrupt_replies=100),
    "machine truncates replies": machine(truncate_replies=100),
    "machine hangs up": machine(hang_up_in_reply=True),
    "machine refuses": machine(refuse_writes="short"),
    "machine refuses at length": machine(refuse_writes="long"),
    "machine ignores": machine(ignore_writes=True),
}

NEVER_DONE = {
    "black hole of requests",
    "truncate requests",
    "machine refuses",
    "machine refuses at length",
    "machine ignores",
}
"""With these the machine cannot have carried it out; with the others the answer got lost."""


@pytest.fixture
async def simulator() -> AsyncIterator[DirectSimulator]:
    async with DirectSimulator(SimulatorOptions(reply_delay_s=0.0)) as simulator:
        yield simulator


@contextlib.asynccontextmanager
async def held(
    simulator: DirectSimulator, fault_proxy: StartProxy
) -> AsyncIterator[tuple[FaultProxy, Appliance]]:
    """Open the machine through a proxy, as a library user does."""
    proxy = await fault_proxy("127.0.0.1", simulator.port)
    settings = dict(simulator.settings()) | {"port": proxy.port}
    async with homewire.connect("lamarzocco-direct", **settings) as connection:
        [appliance] = connection.appliances.values()
        yield proxy, appliance


@pytest.mark.parametrize("fault", HARMLESS)
async def test_harmless_faults_are_not_noticed(
    simulator: DirectSimulator, fault_proxy: StartProxy, fault: str
) -> None:
    async with held(simulator, fault_proxy) as (proxy, appliance):
        HARMLESS[fault](proxy, simulator)
        await appliance.refresh()
        await appliance.write("hot_water_dose", 21)
        assert (appliance.state["hot_water_dose"], simulator.machine.memory["hot_water_dose_s"]) == (21, 21)
        await asyncio.sleep(30)
        assert appliance.availability.online
        assert proxy.connections == 1


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_broken_write_is_never_reported_done_and_the_link_recovers(
    simulator: DirectSimulator, fault_proxy: StartProxy, fault: str
) -> None:
    async with held(simulator, fault_proxy) as (proxy, appliance):
        BROKEN[fault](proxy, simulator)
        with pytest.raises((CommandRejected, CommandTimeout, ConnectionFailed)) as caught:
            await appliance.write("hot_water_dose", 21)
        assert caught.value.appliance is not None
        assert appliance.state["hot_water_dose"] == 12
        if fault in NEVER_DONE:
            assert simulator.machine.memory["hot_water_dose_s"] == 12
        proxy.heal()
        simulator.levers.misbehave.heal()
        await asyncio.sleep(300)
        assert appliance.availability.online
        await appliance.write("hot_water_dose", 22)
        assert simulator.machine.memory["hot_water_dose_s"] == 22


@pytest.mark.parametrize(
    "fault", sorted(set(BROKEN) - {"machine refuses", "machine refuses at length", "machine ignores"})
)
async def test_a_broken_reading_keeps_the_old_values_and_raises_or_recovers(
    simulator: DirectSimulator, fault_proxy: StartProxy, fault: str
) -> None:
    async with held(simulator, fault_proxy) as (proxy, appliance):
        before = dict(appliance.state)
        BROKEN[fault](proxy, simulator)
        with contextlib.suppress(HomewireError):
            await appliance.refresh()
        changed = {key for key, value in appliance.state.items() if before[key] != value}
        moving = {
            key for key in changed if "temperature" in key or key in ("front_panel", "outputs", "clock")
        }
        assert changed == moving
        proxy.heal()
        simulator.levers.misbehave.heal()
        await asyncio.sleep(300)
        assert appliance.availability.online
        await appliance.refresh()


async def test_a_machine_that_goes_away_comes_back(
    simulator: DirectSimulator, fault_proxy: StartProxy
) -> None:
    async with held(simulator, fault_proxy) as (proxy, appliance):
        await proxy.refuse()
        await asyncio.sleep(60)
        offline = appliance.availability
        await proxy.start()
        await asyncio.sleep(400)
        assert (offline.online, appliance.availability.online) == (False, True)
        assert "refuses connections" in offline.reason


async def test_a_machine_that_hangs_up_on_everybody_is_busy(
    fault_proxy: StartProxy, simulator: DirectSimulator
) -> None:
    proxy = await fault_proxy("127.0.0.1", simulator.port)
    proxy.hang_up = True
    client = DirectMachine("127.0.0.1", simulator.options.key.reveal(), port=proxy.port)
    with pytest.raises(ConnectionFailed):
        await client.refresh()
    proxy.hang_up = False
    await client.refresh()
    assert client.state.power is True
    await client.close()


@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.01, 0.05, 0.2, 1.0])
async def test_cancelling_at_any_moment_leaves_nothing(
    simulator: DirectSimulator, fault_proxy: StartProxy, after_s: float
) -> None:
    proxy = await fault_proxy("127.0.0.1", simulator.port)
    proxy.down.delay_s = 0.03
    settings = dict(simulator.settings()) | {"port": proxy.port}

    async def use() -> None:
        async with homewire.connect("lamarzocco-direct", **settings) as connection:
            [appliance] = connection.appliances.values()
            await appliance.write("power", False)
            await appliance.refresh()

    using = asyncio.create_task(use())
    await asyncio.sleep(after_s)
    using.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await using
    await asyncio.sleep(1)
    assert proxy._pipes == set()
