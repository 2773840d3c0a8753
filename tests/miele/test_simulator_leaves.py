"""The live tree of each simulated appliance holds what is documented of its type, in the recorded shape."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar, cast

import pytest
from tests.miele.conftest import ROUTE, ClientFor, Simulate
from tests.miele.dop2.notation import CAPTURES, RECORDINGS, TESTS

from homewire.clock import Clock
from homewire.errors import CommandRejected
from homewire.miele.dop2 import (
    ATTRIBUTES,
    Attribute,
    Field,
    Frame,
    Structure,
    Type,
    decode,
    encode,
    interpret,
)
from homewire.miele.dop2.catalogue import unexplained
from homewire.miele.dop2.tables_files import FileTransfer, LastUpdate, UpdateControl, UpdateKey
from homewire.miele.dop2.tables_identity import Inventory, ObjectTableEntry, SoftwareIds, UnitMap
from homewire.miele.dop2.tables_module import DateAndTime, ModuleRequest, SupervisionEntry
from homewire.miele.dop2.tables_process import OvenProcess
from homewire.miele.dop2.tables_programs import ProgramGroups, ProgramSelection
from homewire.miele.dop2.tables_state import (
    DeviceContext,
    OvenProgramInformation,
    OvenProgramStep,
    UserRequest,
)
from homewire.miele.dop2.walk import Walk
from homewire.miele.simulator import SimulatedAppliance
from homewire.miele.simulator.leaves import LiveTree
from homewire.miele.simulator.levers import Levers
from homewire.miele.simulator.profiles import PROFILES

T = TypeVar("T", bound=Attribute)
Place = tuple[int, int]

PAGE = TESTS.parent / "docs/protocols/miele-dop2.md"
LAYOUTS = json.loads((CAPTURES / "dop2-layouts.json").read_text())["attributes"]
LAUNDRY = ("washing-machine", "tumble-dryer", "dishwasher")
KINDS = [kind for kind, profile in PROFILES.items() if profile.has_dop2]


def documented(column: int) -> set[Place]:
    """Read a column of the page's table of recorded attributes (section 6): 0 the oven's, 1 the washer's."""
    table = (
        PAGE.read_text().partition("Which attributes exist where (recorded)")[2].partition("Availability")[0]
    )
    rows = re.findall(r"^\| (\d+) \| (.*) \| (.*) \|$", table, re.MULTILINE)
    return {(int(row[0]), int(number)) for row in rows for number in re.findall(r"\d+", row[1 + column])}


BOARDS_OF_THE_OVEN = {
    *((3, number) for number in (17, 19)),
    *((8, number) for number in (17, 19, 174, 204, 205, 206, 207)),
    *((12, number) for number in (17, 19)),
}
"""A second address of the main board, a proximity sensor, a temperature board: of the oven alone."""

PROGRAMMES_OF_THE_OVEN = {(2, 198), (2, 213), (2, 214), (2, 257)}
"""Called "oven" by the page: process data and the steps of a programme."""

SYSTEM_OF_THE_PANEL = {(9, number) for number in (17, 19, 171, 172, 295, 296, 297, 333, 336)}
"""The operating system of a large panel: the oven's, and the coffee system's of the same generation."""

REFUSED = {
    "fridge-freezer": BOARDS_OF_THE_OVEN | PROGRAMMES_OF_THE_OVEN | SYSTEM_OF_THE_PANEL,
    "hob": BOARDS_OF_THE_OVEN | PROGRAMMES_OF_THE_OVEN | SYSTEM_OF_THE_PANEL,
    "coffee-system": BOARDS_OF_THE_OVEN | PROGRAMMES_OF_THE_OVEN,
}
NEVER_SEEN = {"216"}
"""Documented by name only; no recording has it."""


def tree_of(kind: str) -> tuple[SimulatedAppliance, LiveTree]:
    appliance = SimulatedAppliance(PROFILES[kind], ROUTE, clock=Clock())
    return appliance, LiveTree(appliance)


def places(tree: LiveTree) -> set[Place]:
    return {(unit, attribute) for unit in tree.units() for attribute in tree.attributes(unit)}


def read(tree: LiveTree, kind: type[T], unit: int) -> T:
    view = interpret(tree.read(unit, kind.number, 0) or b"")
    assert isinstance(view, kind)
    return view


def write(tree: LiveTree, unit: int, frame: Frame) -> int:
    return tree.write(unit, frame.attribute, 0, encode(frame))


async def test_every_documented_leaf_exists() -> None:
    for kind in KINDS:
        refused = documented(column=kind in LAUNDRY) - places(tree_of(kind)[1])
        assert refused == REFUSED.get(kind, set()), kind


async def test_every_layout_is_lived_by_some_appliance() -> None:
    trees = {place for kind in KINDS for place in places(tree_of(kind)[1])}
    every = [1, 2, 3, 8, 9, 12, 14, 15]
    for number, layout in LAYOUTS.items():
        units = every if layout["units"] == "all" else [int(unit) for unit in layout["units"].split(",")]
        missing = {(unit, int(number)) for unit in units} - trees
        assert not missing or number in NEVER_SEEN, missing


def leaves(tree: LiveTree) -> Iterator[tuple[Place, Attribute]]:
    for unit, attribute in sorted(places(tree)):
        yield (unit, attribute), interpret(tree.read(unit, attribute, 0) or b"")


def parts(view: Structure) -> Iterator[Structure]:
    yield view
    for _, value in view.named():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Structure):
                yield from parts(each)


async def test_leaves_are_typed_as_their_layouts() -> None:
    for kind in KINDS:
        for (unit, attribute), view in leaves(tree_of(kind)[1]):
            assert type(view) is ATTRIBUTES[attribute]
            assert unit in view.units
            assert encode(decode(encode(view.frame))) == encode(view.frame)
            for part in parts(view):
                assert part.unknown == ()
                assert all(part.slots[field.number].kind is field.type for field in part.fields)


UNLIKE_LAUNDRY = ("oven", "coffee", "absent on the washer", "see 410", "data_package_count")
UNLIKE_OVENS = ("laundry", "wash")
"""What names a field of the other family in the layouts: 410 and data packages are ovens' too."""


async def test_every_documented_field_is_sent_but_those_of_another_family() -> None:
    for kind in KINDS:
        words = (
            UNLIKE_LAUNDRY if kind in LAUNDRY else UNLIKE_OVENS if kind == "oven" else (*UNLIKE_OVENS, "oven")
        )
        for (unit, attribute), view in leaves(tree_of(kind)[1]):
            sent = {field.number for field in view.frame.fields or ()}
            for number, _, name, remark, _ in LAYOUTS.get(str(attribute), {"fields": []})["fields"]:
                foreign = any(word in f"{name} {remark}" for word in words)
                assert number in sent or foreign, (kind, unit, attribute, number)


async def test_nothing_of_a_live_tree_is_unexplained_but_stale_memory() -> None:
    for kind in KINDS:
        found = {
            what
            for place, view in leaves(tree_of(kind)[1])
            for what in unexplained(view)
            if place != (9, 336)
        }
        assert found == set(), kind


def shape(fields: tuple[Field, ...]) -> dict[int, Any]:
    return {field.number: (field.type.label, inner(field)) for field in fields}


def inner(field: Field) -> Any:
    if field.type is Type.STRUCT:
        return shape(cast("tuple[Field, ...]", field.value))
    if field.type is Type.STRUCT_ARRAY:
        return [shape(each) for each in cast("tuple[tuple[Field, ...], ...]", field.value)]
    return len(field.value) if field.type is Type.U8_ARRAY and isinstance(field.value, bytes) else None


async def test_the_oven_has_the_recorded_shape() -> None:
    """Compare field by field, structures in structures, numbers of elements.

    1/1574 alone differs: nobody has declared the seventh field that two of its values have (section 8).
    """
    tree = tree_of("oven")[1]
    recorded = {place: shape(decode(leaf).fields or ()) for place, leaf in RECORDINGS["oven"].items()}
    live = {place: shape(view.frame.fields or ()) for place, view in leaves(tree)}
    assert {place for place in recorded if live[place] != recorded[place]} == {(1, 1574)}
    options, expected = live[1, 1574][4][1], recorded[1, 1574][4][1]
    assert {number for number in expected if options[number] != expected[number]} == {30, 31}


async def test_the_washers_context_has_the_recorded_shape() -> None:
    tree = tree_of("washing-machine")[1]
    live = shape(read(tree, DeviceContext, 2).frame.fields or ())
    recorded = shape(decode(RECORDINGS["washer-dryer"][2, 1585]).fields or ())
    assert {number: live.get(number) for number in recorded} == recorded


async def test_indices_are_those_of_the_recording() -> None:
    tree = tree_of("oven")[1]
    for (unit, attribute), leaf in RECORDINGS["oven"].items():
        paged = attribute in (19, 105, 110, 117, 257, 379, 1593)
        if not paged:
            live, frame = decode(tree.read(unit, attribute, 0) or b""), decode(leaf)
            assert (live.idx1, live.idx2) == (frame.idx1, frame.idx2), (unit, attribute)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_walk_reads_the_whole_tree(simulate: Simulate, client_for: ClientFor, kind: str) -> None:
    simulator = await simulate(kind)
    state = await Walk(client_for(simulator).port(ROUTE), pause_s=0).run()
    assert (state.refused, state.busy, state.malformed) == ({}, {}, {})
    assert {tuple(map(int, each.split("/"))) for each in state.leaves} == places(
        cast("LiveTree", simulator.leaves)
    )


async def test_software_is_the_same_in_dop2_and_ident() -> None:
    for kind in KINDS:
        appliance, tree = tree_of(kind)
        ids = read(tree, SoftwareIds, 2).software_ids or ()
        assert [one.id for one in ids if one.id] == appliance.ident()["DeviceIdentLabel"]["SWIDs"]
        module = read(tree, SoftwareIds, 14).software_ids or ()
        assert module[0].id in appliance.ident()["XKMIdentLabel"]["SWIDs"]
        assert {len(one.fields) for one in module} == {1}, "the module sends numbers only"


async def test_the_units_of_the_oven() -> None:
    tree = tree_of("oven")[1]
    assert set(tree.units()) == {1, 2, 3, 8, 9, 12, 14, 15}
    names = {
        unit: [one.id for one in read(tree, SoftwareIds, unit).software_ids or () if one.id]
        for unit in (8, 9, 12)
    }
    assert names == {8: [4860], 9: [6166, 6153], 12: [5640]}
    assert len(read(tree, SoftwareIds, 12).software_ids or ()) == 3
    assert read(tree, UnitMap, 2).unit_numbers == b"\x00\x01\x02\x0c\xff"
    boards = {board.name for board in read(tree, Inventory, 2).boards or ()} - {""}
    assert boards == {"EPZ", "ELP", "Proximity", "TCTRL", "MieleOS1", "XKM"}


async def test_an_update_is_followed(simulate: Simulate, client_for: ClientFor) -> None:
    oven = await simulate("oven")
    client, tree = client_for(oven), cast("LiveTree", oven.leaves)
    before = read(tree, UpdateControl, 15)
    assert (before.state, before.file, before.flash_accessible) == (1, "", True)
    oven.levers.update(40)
    during = read(tree, UpdateControl, 15)
    assert (during.state, during.progress, during.flash_accessible) == (7, 40, False)
    assert (await client.get_resource("/Update/"))["UpdateInProgress"] is True
    oven.levers.update(None)
    assert read(tree, UpdateControl, 15).state == 1
    assert read(tree, LastUpdate, 15).file == during.file
    assert PROFILES["oven"].mat_number in (during.file or "")


async def test_the_key_of_updates_is_none_that_was_recorded() -> None:
    keys = {read(tree_of(kind)[1], UpdateKey, 15).rsa_modulus for kind in KINDS}
    assert [len(key or b"") for key in keys] == [256], "all have the same"
    assert interpret(RECORDINGS["oven"][15, 287]).fields[0].value not in keys


async def test_an_idle_transfer_of_the_panel_delivers_stale_memory() -> None:
    tree = tree_of("oven")[1]
    assert any(read(tree, FileTransfer, 9).data or b"")
    assert not any(read(tree, FileTransfer, 15).data or b"")


async def test_process_data_follow_the_oven() -> None:
    oven, tree = tree_of("oven")
    cold = read(tree, OvenProcess, 2)
    assert read(tree, OvenProgramStep, 2).step_number == 0
    oven.select(13, start_in_s=600.0)
    assert read(tree, OvenProgramInformation, 2).start_delay is True
    oven.start()
    await asyncio.sleep(1800)
    hot = read(tree, OvenProcess, 2)
    assert cold.cavity_temperature is not None
    assert hot.cavity_temperature is not None
    assert cold.cavity_temperature.quantity == 22
    assert hot.cavity_temperature.quantity == pytest.approx(160, abs=1)
    assert hot.electronics_temperature is not None
    assert 30 < (hot.electronics_temperature.quantity or 0) < 50
    step, information = read(tree, OvenProgramStep, 2), read(tree, OvenProgramInformation, 2)
    assert (step.operation_mode, step.temperature, step.duration) == (13, 16000, 3300)
    assert (information.step_count, information.current_step, information.start_delay) == (1, 1, False)


async def test_the_household_sees_what_the_appliance_does() -> None:
    washer, tree = tree_of("washing-machine")
    washer.select(1)
    washer.start()
    await asyncio.sleep(60)
    seen = read(tree, SupervisionEntry, 14)
    assert (seen.program_id, seen.program_phase, seen.device_type) == (1, 260, 1)
    assert seen.remaining_time == int(washer.remaining_s)
    Levers(appliance=washer).open_door()
    assert read(tree, SupervisionEntry, 14).signal_door is True


async def test_program_groups_carry_their_flags() -> None:
    tree = tree_of("oven")[1]
    groups = read(tree, ProgramGroups, 1)
    flags = sum(group.group_flag or 0 for group in (*(groups.ranges or ()), *(groups.wide_ranges or ())))
    device = read(tree, DeviceContext, 1).oven_device
    assert device is not None
    assert device.supported_program_groups == flags == 883


async def test_the_clock_of_the_module_can_be_set() -> None:
    appliance, tree = tree_of("oven")
    wanted = appliance.epoch + 86_400
    assert write(tree, 14, DateAndTime.build(unit=14, utc=wanted, offset=7200)) == 204
    await asyncio.sleep(60)
    for unit in (2, 14):
        now = read(tree, DateAndTime, unit)
        assert now.utc == pytest.approx(wanted + 60, abs=2)
        assert now.offset == 7200
    assert write(tree, 2, DateAndTime.build(unit=2, utc=1, offset=0)) == 403, "writable on unit 14"


async def test_the_module_takes_a_restart_and_nothing_that_cuts_it_off() -> None:
    tree = tree_of("oven")[1]
    assert write(tree, 14, ModuleRequest.build(request=1)) == 204
    assert read(tree, ModuleRequest, 14).request == 0, "reads back 0"
    assert write(tree, 14, ModuleRequest.build(request=2)) == 500


async def test_requests_read_back_as_written() -> None:
    tree = tree_of("oven")[1]
    selection = ProgramSelection.build(program_id=24, parameter=3, selection_type=1)
    assert write(tree, 2, selection) == 204
    chosen = read(tree, ProgramSelection, 2)
    assert (chosen.program_id, chosen.parameter, chosen.selection_type) == (24, 3, 1)
    assert write(tree, 2, UserRequest.build(request=13, parameter_0=5, parameter_1=6)) == 204
    assert tuple(value for _, value in read(tree, UserRequest, 2).named()) == (13, 5, 6)


async def test_what_is_not_writable_refuses() -> None:
    for kind in KINDS:
        tree = tree_of(kind)[1]
        for (unit, attribute), view in leaves(tree):
            if not view.writable:
                assert tree.write(unit, attribute, 0, encode(view.frame)) == 403, (unit, attribute)


def writable(tree: LiveTree) -> Iterator[Place]:
    for unit in tree.units():
        for number, attribute in enumerate(tree.attributes(unit)):
            entry = interpret(tree.read(unit, ObjectTableEntry.number, number) or b"")
            assert isinstance(entry, ObjectTableEntry)
            assert entry.object_id == attribute
            if entry.write_rights == entry.read_rights:
                yield unit, attribute


async def test_the_object_table_tells_what_can_be_written() -> None:
    documented_writes = {(2, 105), (2, 138), (2, 1577), (2, 1583), (2, 1586), (14, 122), (14, 130)}
    for kind in KINDS:
        expected = documented_writes if PROFILES[kind].writable else set()
        assert set(writable(tree_of(kind)[1])) == expected, kind


async def test_a_refused_write_is_told(simulate: Simulate, client_for: ClientFor) -> None:
    client = client_for(await simulate("oven"))
    await client.get_devices()
    with pytest.raises(CommandRejected):
        await client.write_attribute(ROUTE, UpdateControl.number, unit=15, state=2)
