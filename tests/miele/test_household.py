"""The simulated kitchen has people in it: a day with every appliance, and a recording of somebody else's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.miele.conftest import ROUTE, ClientFor, Simulate
from tests.miele.test_connection import only, settings_of

from homewire.clock import Clock
from homewire.errors import CommandRejected
from homewire.miele.connection import MieleConnection
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions, SimulatedAppliance, Status
from homewire.miele.simulator.household import Household
from homewire.miele.simulator.levers import Levers
from homewire.miele.simulator.profiles import PROFILES
from homewire.miele.simulator.stock import Stock

CAPTURES = Path(__file__).parents[1] / "captures" / "miele"
OVEN, WASHER_DRYER = CAPTURES / "oven-dop2.json", CAPTURES / "washer-dryer-dop2.json"
HOUR_S = 3600.0


def _levers(kind: str) -> Levers:
    return Levers(appliance=SimulatedAppliance(PROFILES[kind], ROUTE, clock=Clock()))


@contextlib.contextmanager
def _inhabited(kind: str) -> Iterator[Levers]:
    levers = _levers(kind)
    household = Household(levers.appliance, levers, clock=Clock(), rng=random.Random(0))
    living = asyncio.get_running_loop().create_task(household.live())
    yield levers
    assert not living.done()
    living.cancel()


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("washing-machine", "ProgramPhase"),
        ("tumble-dryer", "ProgramPhase"),
        ("dishwasher", "ProgramPhase"),
        ("oven", "ProgramPhase"),
        ("oven-xkm3100w", "ProgramPhase"),
        ("hob", "PlateStep"),
        ("coffee-system", "ProgramID"),
        ("hood", "VentilationStep"),
    ],
)
async def test_every_appliance_is_used_within_a_day(kind: str, field: str) -> None:
    with _inhabited(kind) as levers:
        seen, programmes = set(), set()
        for _ in range(24 * 12):
            await asyncio.sleep(300)
            state = levers.appliance.state()
            seen.add(json.dumps(state[field]))
            programmes.add(state["ProgramID"])
        assert len(seen) > 1
        assert 323 not in programmes, "nobody's everyday is a pyrolysis"


async def test_a_person_does_not_disturb_what_somebody_else_started() -> None:
    with _inhabited("oven") as levers:
        levers.appliance.select(323, start_in_s=40 * HOUR_S)
        await asyncio.sleep(36 * HOUR_S)
        assert levers.appliance.state()["Status"] == Status.WAITING


async def test_the_option_lets_somebody_move_in() -> None:
    async with MieleSimulator(MieleSimulatorOptions(type="fridge-freezer", life=True)) as simulator:
        doors = []
        for _ in range(100 * 12):
            await asyncio.sleep(5)
            doors.append(simulator.appliance.state()["SignalDoor"])
        assert 2 <= sum(doors) < len(doors) / 10, "opened now and then, for some seconds"


async def test_an_open_door_keeps_a_timer_waiting_and_a_closed_one_starts_it() -> None:
    levers = _levers("washing-machine")
    levers.appliance.select(122, start_in_s=60)
    levers.open_door()
    await asyncio.sleep(600)
    assert levers.appliance.state()["Status"] == Status.WAITING
    levers.close_doors()
    await asyncio.sleep(5)
    assert levers.appliance.state()["Status"] == Status.RUNNING
    assert levers.appliance.elapsed_s == pytest.approx(5, abs=1)


@pytest.mark.parametrize(("kind", "then"), [("dishwasher", Status.RUNNING), ("tumble-dryer", Status.PAUSED)])
async def test_an_opened_door_interrupts(kind: str, then: int) -> None:
    levers = _levers(kind)
    levers.appliance.select(PROFILES[kind].programmes[0].number)
    levers.appliance.start()
    levers.open_door()
    assert levers.appliance.state()["Status"] == Status.PAUSED
    levers.close_doors()
    assert levers.appliance.state()["Status"] == then


async def test_a_cooking_zone_has_a_timer_and_stays_hot() -> None:
    levers = _levers("hob")
    levers.heat_plate(1, 13, timer_s=600)
    await asyncio.sleep(125)
    state = levers.appliance.state()
    assert (state["Status"], state["InternalState"]) == (Status.RUNNING, 1)
    assert (state["PlateRemainingMinutes"][1], state["PlateElapsedMinutes"][1]) == (8, 2)
    await asyncio.sleep(500)
    heats = []
    for _ in range(4):
        state = levers.appliance.state()
        heats.append(state["PlateRemainingHeat"][1])
        await asyncio.sleep(600)
    assert (state["Status"], state["PlateStep"][1]) == (Status.ON, 0)
    assert heats == [3, 2, 1, 0]


def test_supplies_run_out_and_are_refilled() -> None:
    stock = Stock(PROFILES["coffee-system"])
    for _ in range(200):
        stock.use()
    assert list(stock.notices) == [25400, 25013, 25202]
    stock.refill()
    assert not stock.notices
    assert not Stock(PROFILES["washing-machine"]).notices


async def test_the_water_in_the_drum_gets_warm(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate(scene="running")
    client = client_for(simulator)
    await asyncio.sleep(1800)
    sensors = await client.get_parsed_dop2_leaf(ROUTE, 2, 6193)
    assert dict(sensors.named())["temperature_1"].quantity == 40


async def test_a_recording_tells_what_it_is_of(simulate: Simulate) -> None:
    simulator = await simulate("", recording=str(OVEN))
    async with MieleConnection(settings_of(simulator)) as connection:
        oven = only(connection)
        assert (oven.identity.model, oven.ident.device_type, oven.ident.module_type) == (
            "H7560BP",
            12,
            "EK057S",
        )
        assert (oven.state["status"], oven.state["light"], oven.state["door"]) == (
            "on_nothing_selected",
            False,
            False,
        )
        assert oven.state["operating_time"] == 7.4
        selectable = oven.features["program_select"].options  # type: ignore[attr-defined]  # a select
        assert "fan_plus" in selectable
        assert not [name for name in selectable if name.startswith("unknown")]
        with pytest.raises(CommandRejected):
            await oven.press("acknowledge")
    assert "H7560BP" in simulator.describe()


async def test_a_recording_of_one_leaf_is_played_on_the_nearest_type(simulate: Simulate) -> None:
    simulator = await simulate("", recording=str(WASHER_DRYER))
    async with MieleConnection(settings_of(simulator)) as connection:
        washer = only(connection)
        assert washer.ident.device_type == 1
        assert (washer.state["dosing_1"], washer.state["dosing_2"]) == (100, 100)
