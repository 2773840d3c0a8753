"""Energy and water: sums that only grow, nothing invented, and leaves that are not asked for in vain."""

from __future__ import annotations

import asyncio

from tests.miele.conftest import ROUTE, ClientFor, Simulate

from homewire.miele.consumption import CycleAccounting, LeafHealth, read_consumption


def test_a_sum_survives_the_reset_at_the_end_of_a_cycle() -> None:
    water = CycleAccounting()
    assert (water.cycle, water.total) == (None, None)
    water.start()
    for reading in (None, 10.0, 30.0, 62.0):
        water.read(reading, running=True)
    water.read(0.0, running=False)
    assert (water.cycle, water.total) == (62.0, 62.0)
    water.start()
    assert (water.cycle, water.total) == (None, 62.0), "a cycle of which nothing was read has not used zero"
    water.read(12.0, running=True)
    water.read(3.0, running=True)
    assert water.total == 74.0, "a counter that falls for a moment is no new cycle"


def test_a_cycle_that_had_begun_before_is_not_counted_twice() -> None:
    water = CycleAccounting()
    water.read(50.0, running=True)
    assert (water.cycle, water.total) == (50.0, 0.0)
    water.read(62.0, running=True)
    assert (water.cycle, water.total) == (62.0, 12.0)


async def test_leaves_that_are_not_there_are_asked_for_once(
    simulate: Simulate, client_for: ClientFor
) -> None:
    simulator = await simulate()
    simulator.levers.refused_leaves = {(2, 119): 404, (2, 6195): 500}
    client, health = client_for(simulator), LeafHealth()
    for _ in range(5):
        assert (await read_consumption(client, ROUTE, 1, health)).operating_minutes is None
    asked = [path.split("?")[0].rpartition("/")[2] for _, path, _ in simulator.server.log]
    assert {number: asked.count(number) for number in ("119", "1585", "6195")} == {
        "119": 1,
        "1585": 5,
        "6195": 3,
    }


async def test_a_leaf_that_times_out_is_given_up(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client, health = client_for(simulator), LeafHealth()
    for _ in range(3):
        simulator.levers.hangs = 1
        await read_consumption(client, ROUTE, 1, health)
    assert not health.offers(2, 119)
    assert health.offers(2, 6195)


async def test_a_leaf_that_comes_back_is_trusted_again(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(scene="running")
    client, health = client_for(simulator), LeafHealth()
    await asyncio.sleep(1800)
    for status in (500, 500, None, 500, 500):
        simulator.levers.refused_leaves = {} if status is None else {(2, 6195): status}
        await read_consumption(client, ROUTE, 1, health)
    assert health.offers(2, 6195)
