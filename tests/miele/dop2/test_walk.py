"""A walk reads everything once, gently, over interruptions, and learns what is not there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.miele.dop2.notation import RECORDINGS

from homewire.clock import Clock
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConnectionLost,
    HomewireError,
    NotFound,
    NotSupported,
    ProtocolError,
)
from homewire.miele.dop2 import Field, Frame, Type, encode
from homewire.miele.dop2.catalogue import ATTRIBUTES
from homewire.miele.dop2.tables_module import ModuleIdentification
from homewire.miele.dop2.tables_programs import SettingValue
from homewire.miele.dop2.tree import LeafTree
from homewire.miele.dop2.walk import Outcome, Refusals, Walk, WalkState
from homewire.miele.refusals import RequestTimeout

Address = tuple[int, int]


class Kitchen:
    """A recorded oven that refuses, sleeps and loses its link when told to."""

    def __init__(self, tree: LeafTree) -> None:
        self.tree = tree
        self.asked: list[tuple[int, int, int]] = []
        self.trouble: dict[Address, list[HomewireError]] = {}
        self.index_trouble: HomewireError | None = None

    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        self.asked.append((unit, attribute, idx1))
        troubles = self.trouble.get((unit, attribute))
        if troubles:
            raise troubles.pop(0)
        return await self.tree.read_leaf(unit, attribute, idx1, idx2)

    async def list_units(self) -> Sequence[int]:
        if self.index_trouble:
            raise self.index_trouble
        return self.tree.units()

    async def list_attributes(self, unit: int) -> Sequence[int]:
        if self.index_trouble:
            raise self.index_trouble
        return self.tree.attributes(unit)


def oven() -> LeafTree:
    tree = LeafTree()
    for leaf in RECORDINGS["oven"].values():
        tree.put(leaf)
    return tree


def small() -> LeafTree:
    tree = LeafTree()
    tree.put(ModuleIdentification.build(software_version="09.14", software_id=6713, idx1=1, idx2=1))
    tree.put_pages(SettingValue, 2, [(key, {"setting_id": key}) for key in (30, 12, 17)])
    tree.put(Frame(unit=2, attribute=4711, fields=(Field(1, Type.U8, 7),)))
    return tree


async def test_the_whole_oven() -> None:
    kitchen = Kitchen(oven())
    walk = Walk(kitchen)
    began = Clock().monotonic()
    steps = [step async for step in walk.steps()]
    assert len(steps) == 105
    assert {step.outcome for step in steps} == {Outcome.READ}
    assert (steps[-1].done, steps[-1].total) == (105, 105)
    assert walk.state.done
    assert walk.state.firmware == "6713-09.14"
    assert walk.state.tree().as_recording() == kitchen.tree.as_recording()
    assert walk.state.requests == len(kitchen.asked)
    assert Clock().monotonic() - began >= 0.25 * (len(kitchen.asked) - 1)


async def test_every_instance_is_read_and_unknown_leaves_too() -> None:
    kitchen = Kitchen(small())
    walk = Walk(kitchen, pause_s=0)
    steps = {(step.unit, step.attribute): step async for step in walk.steps()}
    assert steps[2, 105].instances == 3
    assert str(steps[2, 105]).endswith("2/105 setting value (3 instances) read")
    assert steps[2, 4711].title == "unknown attribute"
    assert walk.state.tree().as_recording() == kitchen.tree.as_recording()


async def test_first_pages_only_and_chosen_units_only() -> None:
    walk = Walk(Kitchen(small()), pause_s=0, units=[2], pages=False)
    state = await walk.run()
    assert list(state.leaves) == ["2/105", "2/4711"]
    assert list(state.leaves["2/105"]) == ["30"]


async def test_a_walk_goes_on_where_it_lost_the_link() -> None:
    kitchen = Kitchen(oven())
    kitchen.trouble[2, 256] = [ConnectionLost("Wi-Fi is gone")]
    walk = Walk(kitchen, pause_s=0)
    with pytest.raises(ConnectionLost):
        await walk.run()
    assert not walk.state.done
    saved = walk.state.to_json()
    before = len(kitchen.asked)
    resumed = Walk(kitchen, pause_s=0, state=WalkState.from_json(saved))
    state = await resumed.run()
    assert state.done
    assert state.tree().as_recording() == kitchen.tree.as_recording()
    again = set(kitchen.asked[:before]) & set(kitchen.asked[before:])
    assert again == {(2, 256, 0), (14, 1565, 0)}


async def test_what_the_firmware_refuses_is_remembered() -> None:
    kitchen = Kitchen(small())
    kitchen.trouble[2, 4711] = [NotSupported("not in this firmware")]
    refusals = Refusals()
    state = await Walk(kitchen, pause_s=0, refusals=refusals).run()
    assert state.refused == {"2/4711": "not in this firmware"}
    assert refusals.by_firmware == {"6713-09.14": {"2/4711": "not in this firmware"}}
    kitchen.asked.clear()
    second = await Walk(kitchen, pause_s=0, refusals=refusals).run()
    assert (2, 4711, 0) not in kitchen.asked
    assert second.refused == state.refused
    assert second.total == 3


async def test_nothing_is_remembered_of_an_unknown_firmware() -> None:
    kitchen = Kitchen(small())
    kitchen.trouble[14, 1565] = [NotFound("no"), NotFound("no")]
    refusals = Refusals()
    state = await Walk(kitchen, pause_s=0, refusals=refusals).run()
    assert state.firmware == "unknown"
    assert refusals.by_firmware == {}


async def test_sleeping_leaves_are_tried_once_more_at_the_end() -> None:
    kitchen = Kitchen(small())
    asleep = CommandRejected("asleep", reason_code=500)
    kitchen.trouble[2, 105] = [asleep]
    kitchen.trouble[2, 4711] = [asleep, asleep, asleep]
    walk = Walk(kitchen, pause_s=0)
    outcomes = [(step.attribute, step.outcome) async for step in walk.steps()]
    assert outcomes.count((4711, Outcome.BUSY)) == 2
    assert outcomes[-2:] == [(105, Outcome.READ), (4711, Outcome.BUSY)]
    assert len(outcomes) == 5
    assert walk.state.busy == {"2/4711": "asleep"}
    assert walk.state.done


async def test_leaves_that_are_never_answered_do_not_end_the_walk() -> None:
    kitchen = Kitchen(small())
    silence = RequestTimeout("no answer within 10 s")
    kitchen.trouble[2, 105] = [silence]
    kitchen.trouble[2, 4711] = [silence, silence]
    refusals = Refusals()
    state = await Walk(kitchen, pause_s=0, refusals=refusals).run()
    assert state.done
    assert len(state.leaves["2/105"]) == 3
    assert state.refused == {"2/4711": "no answer within 10 s"}
    assert list(refusals.by_firmware) == ["6713-09.14"]
    kitchen.trouble[2, 4711] = [silence]
    kitchen.index_trouble = NotFound("no index, but alive")
    assert "2/4711" in (await Walk(kitchen, pause_s=0, state=_left(["2/4711"])).run()).leaves


async def test_a_silence_of_the_whole_module_ends_the_walk() -> None:
    kitchen = Kitchen(small())
    kitchen.trouble[2, 105] = [RequestTimeout("no answer")]
    kitchen.index_trouble = RequestTimeout("no answer")
    walk = Walk(kitchen, pause_s=0, state=_left(["2/105"]))
    with pytest.raises(RequestTimeout):
        await walk.run()
    assert walk.state.pending == ["2/105"]


def _left(addresses: list[str]) -> WalkState:
    return WalkState(firmware="6713-09.14", listed=True, pending=addresses)


async def test_a_malformed_leaf_does_not_end_the_walk() -> None:
    kitchen = Kitchen(small())
    kitchen.tree.put(encode(Frame(unit=2, attribute=1586)), key=0)
    kitchen.tree.put_live(2, 17, lambda: Frame(unit=9, attribute=17))
    state = await Walk(kitchen, pause_s=0).run()
    assert list(state.malformed) == ["2/17"]
    assert "got 9/17" in state.malformed["2/17"]


@pytest.mark.parametrize("error", [AuthenticationFailed("keys"), ConnectionLost("gone")])
async def test_errors_of_the_link_end_the_walk_at_any_point(error: HomewireError) -> None:
    kitchen = Kitchen(small())
    kitchen.trouble[14, 1565] = [error]
    with pytest.raises(type(error)):
        await Walk(kitchen, pause_s=0).run()
    kitchen.trouble.clear()
    kitchen.index_trouble = error
    walk = Walk(kitchen, pause_s=0)
    with pytest.raises(type(error)):
        await walk.run()
    assert not walk.state.listed


async def test_without_an_index_the_known_attributes_are_tried() -> None:
    kitchen = Kitchen(oven())
    kitchen.index_trouble = NotFound("no index")
    state = await Walk(kitchen, pause_s=0).run()
    assert set(state.leaves) == {f"{unit}/{attribute}" for unit, attribute in RECORDINGS["oven"]}
    known = {f"{unit}/{number}" for number, each in ATTRIBUTES.items() for unit in each.units}
    assert set(state.refused) == known - set(state.leaves)


class HalfIndexed(Kitchen):
    """Lists its units, but not their attributes."""

    async def list_attributes(self, unit: int) -> Sequence[int]:
        raise AuthenticationFailed("no") if unit == 3 else NotFound("no")


async def test_an_index_of_units_only() -> None:
    state = await Walk(HalfIndexed(small()), pause_s=0, units=[14]).run()
    assert list(state.leaves) == ["14/1565"]
    tree = small()
    tree.put(Frame(unit=3, attribute=17))
    with pytest.raises(AuthenticationFailed):
        await Walk(HalfIndexed(tree), pause_s=0).run()


@pytest.mark.parametrize(
    "text", ["{", '{"later": ' + "[" * 100_000, '{"pending": ["x/y"]}', '{"requests": "many"}', "[]"]
)
def test_a_broken_state_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError, match="state of a walk"):
        WalkState.from_json(text)


async def test_a_module_that_does_not_tell_its_version() -> None:
    tree = LeafTree()
    tree.put(ModuleIdentification.build(software_id=6713, idx1=1, idx2=1))
    state = await Walk(Kitchen(tree), pause_s=0).run()
    assert state.firmware == "unknown"
    assert list(state.leaves) == ["14/1565"]
