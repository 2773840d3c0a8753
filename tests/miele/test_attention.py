"""Notices and faults in words, and the button that answers them."""

from __future__ import annotations

import asyncio

import pytest
from tests.miele.conftest import ROUTE, Simulate
from tests.miele.test_connection import only, settings_of

from homewire.commands import Stage
from homewire.errors import CommandRejected, CommandTimeout
from homewire.miele.connection import MieleConnection
from homewire.miele.simulator import MieleSimulator

CLOSE_DOOR, PREHEAT, LACK_OF_WATER = 3, 146, 25400


async def _serving(connection: MieleConnection) -> asyncio.Task[None]:
    return asyncio.create_task(connection.serve())


async def test_a_notice_is_told_in_words_while_it_is_shown(simulate: Simulate) -> None:
    simulator = await simulate("oven", scene="ready")
    async with MieleConnection(settings_of(simulator)) as connection:
        oven, serving = only(connection), await _serving(connection)
        assert not oven.state["notice"]
        simulator.levers.notify(PREHEAT)
        simulator.levers.notify(CLOSE_DOOR)
        await asyncio.sleep(10)
        assert oven.state["notice_text"] == "preheat oven; please close door"
        simulator.appliance.informations.clear()
        await asyncio.sleep(10)
        assert oven.state["notice_text"] == "none"
        serving.cancel()


async def test_a_fault_is_named_by_its_numbers(simulate: Simulate) -> None:
    simulator = await simulate(scene="ready")
    simulator.levers.fail(code=20)
    simulator.levers.fail(code=99)
    async with MieleConnection(settings_of(simulator)) as connection:
        washer = only(connection)
        assert washer.state["fault_text"] == "error 20; error 99"
        assert any("error 20" in problem.message for problem in washer.problems)
        simulator.levers.fail(failing=False, code=20)
        await washer.refresh()
        assert washer.state["fault_text"] == "error 99"


async def test_nothing_is_asked_while_no_signal_is_set(simulate: Simulate) -> None:
    simulator = await simulate(scene="ready")
    async with MieleConnection(settings_of(simulator)) as connection:
        await only(connection).refresh()
    assert not [path for _, path, _ in simulator.server.log if "/131?" in path or "/148?" in path]


async def test_a_sleeping_appliance_is_asked_once_it_wakes(simulate: Simulate) -> None:
    simulator = await simulate("oven", scene="asleep")
    simulator.appliance.informations.append(PREHEAT)
    async with MieleConnection(settings_of(simulator)) as connection:
        oven, serving = only(connection), await _serving(connection)
        assert (oven.state["notice"], oven.state["notice_text"]) == (True, None)
        simulator.appliance.wake()
        await asyncio.sleep(10)
        assert oven.state["notice_text"] == "preheat oven"
        serving.cancel()


@pytest.mark.parametrize("scene", ["ready", "asleep"])
async def test_acknowledging_presses_ok(simulate: Simulate, scene: str) -> None:
    simulator = await simulate("oven", scene=scene)
    simulator.appliance.informations += [PREHEAT, CLOSE_DOOR]
    async with MieleConnection(settings_of(simulator)) as connection:
        oven = only(connection)
        assert (await oven.press("acknowledge")).stage is Stage.CONFIRMED
        assert simulator.appliance.informations == [CLOSE_DOOR]
        assert oven.state["notice_text"] == "please close door"
        await oven.press("acknowledge")
        assert oven.state["notice"] is False
        with pytest.raises(CommandRejected, match="no notice"):
            await oven.press("acknowledge")


async def test_a_notice_whose_reason_persists_is_no_success(simulate: Simulate) -> None:
    simulator: MieleSimulator = await simulate("coffee-system", scene="ready")
    simulator.appliance.stock.water = 0
    async with MieleConnection(settings_of(simulator)) as connection:
        coffee = only(connection)
        assert coffee.state["notice_text"] == "lack of water"
        with pytest.raises(CommandTimeout, match="still shown"):
            await coffee.press("acknowledge")
        simulator.levers.refill()
        await coffee.refresh()
        assert coffee.state["notice"] is False


async def test_firmware_without_the_leaf_leaves_the_words_unknown(simulate: Simulate) -> None:
    simulator = await simulate(scene="ready")
    simulator.levers.refused_leaves = {(2, 131): 404, (2, 148): 500}
    simulator.levers.notify(CLOSE_DOOR)
    async with MieleConnection(settings_of(simulator)) as connection:
        washer = only(connection)
        await washer.refresh()
        assert (washer.state["notice"], washer.state["notice_text"]) == (True, None)
        assert sum("/131?" in path for _, path, _ in simulator.server.log) == 1
    assert ROUTE in simulator.describe()
