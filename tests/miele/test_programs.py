"""Catalogues: both generations read, options chosen, names kept honest, files exported and found again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.miele.dop2.notation import CAPTURES, EXPECTED

from homewire.errors import CommandRejected, InvalidValue, NotFound, NotSupported, ProtocolError
from homewire.miele.codes import DEVICE_TYPE
from homewire.miele.dop2 import Frame, decode, encode
from homewire.miele.dop2.structures_laundry import LaundryOptions
from homewire.miele.dop2.tables_identity import DeviceIdentification
from homewire.miele.dop2.tables_programs import (
    ProgramList,
    ProgramRange,
    ProgramSelection,
    ProgramSelectionContext,
)
from homewire.miele.dop2.tables_state import CombinedState
from homewire.miele.dop2.tree import LeafTree
from homewire.miele.dop2.values import Annotated, Ranged
from homewire.miele.programs import (
    Option,
    Program,
    ProgramCatalog,
    dump_program_catalog,
    options_of,
    program_ids,
    read_catalog,
    read_device_type,
    read_options,
    selection_of,
)

WASHER = 1
OVEN = 12
# Section 9.3: the options of cottons on a washer.
COTTONS: dict[str, Any] = {
    "temperature": {
        "mask": 9,
        "current": 40,
        "field_3": 0,
        "count": 5,
        "values": bytes((0, 30, 40, 50, 60)).ljust(20, b"\0"),
        "flags": bytes(20),
        "interpretation": 2,
    },
    "spin_speed": {"mask": 9, "current": 160, "count": 2, "values": bytes((0, 160)).ljust(20, b"\0")},
    "choice_6": {"mask": 9, "current": 2, "count": 3, "values": bytes((1, 2, 3, 0, 0)), "interpretation": 0},
    "choice_2": {"mask": 8, "current": 1},
    "choice_7": {"mask": 0, "current": 0},
    "field_12": Annotated(value=False, mask=8),
    "field_14": Ranged(current=2, minimum=0, maximum=5, step=1, mask=9),
    "extras": {"extra_1": Annotated(value=False, mask=9), "extra_2": Annotated(value=True, mask=0)},
    "field_17": Ranged(current=0, maximum=10, step=2, mask=9),
}


class Machine:
    """A laundry appliance whose options follow the selection."""

    def __init__(self, programs: Mapping[int, dict[str, Any]], process_state: int = 1) -> None:
        self.programs = programs
        self.tree = LeafTree()
        self.tree.put(DeviceIdentification.build(device_type=WASHER))
        self.tree.put(CombinedState.build(appliance_state=4, operation_state=5, process_state=process_state))
        ids = tuple(programs)
        self.tree.put(ProgramList.build(valid_count=len(ids), program_ids=(*ids, 0, 0)))
        self.selected: list[int] = []
        self.show(0)

    def show(self, program: int) -> None:
        options: dict[str, Any] = {"laundry_options": self.programs[program]} if program else {}
        self.tree.put(ProgramSelectionContext.build(unit=2, **options))
        self.tree.put(ProgramSelection.build(program_id=program, selection_type=0))

    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        return await self.tree.read_leaf(unit, attribute, idx1, idx2)

    async def write_leaf(self, unit: int, attribute: int, body: bytes, idx1: int = 0, idx2: int = 0) -> None:
        del idx1, idx2
        assert (unit, attribute) == (2, ProgramSelection.number)
        selection = ProgramSelection(decode(body))
        self.selected.append(int(selection.program_id or 0))
        self.show(self.selected[-1])


def recorded_oven() -> LeafTree:
    return LeafTree.from_recording((CAPTURES / "oven-dop2.json").read_text())


async def test_the_oven_offers_what_was_recorded() -> None:
    catalog = await read_catalog(recorded_oven())
    assert (catalog.device_type, catalog.source) == ("oven", "1/1599 and 1/107")
    leaves = EXPECTED["oven"]["leaves"]
    groups = leaves["1/1599"]["derived"]["groups"] + leaves["1/107"]["derived"]["groups"]
    offered = [number for group in groups for number in group["program_ids"]]
    assert [program.id for program in catalog.programs] == offered
    assert catalog.programs_by_id[13].name == "fan_plus"
    assert catalog.programs_by_id[323].group == "care and special"
    assert catalog.programs_by_id[16001].group == "group 512"
    automatic = [number for number in catalog.unknown_ids if 355 <= number <= 2016]
    assert len(automatic) == 121 - 113  # section 9.1
    assert all(catalog.programs_by_id[number].name == f"unknown {number}" for number in catalog.unknown_ids)


async def test_the_oven_has_no_options_while_nothing_is_selected() -> None:
    assert await read_options(recorded_oven()) == ()


def test_bits_of_a_range() -> None:
    fields = ProgramRange.fields_of({"first": 10, "last": 43, "group_flag": 1, "bitmap": (1 | 1 << 31, 7, 0)})
    assert program_ids(ProgramRange(fields)) == (10, 41, 42, 43)  # 44 has its bit, but is beyond the last
    assert program_ids(ProgramRange(())) == ()


async def test_the_washer_lists_its_programmes() -> None:
    catalog = await read_catalog(Machine({1: COTTONS, 44: {}}))
    assert next((each.id, each.name, each.known) for each in catalog.programs) == (1, "cottons", True)
    assert catalog.source == "2/1584"
    assert catalog.find(44).options == ()


async def test_a_list_of_several_pages() -> None:
    tree = LeafTree()
    pages = [
        (0, {"valid_count": 2, "program_ids": (1, 3, 0)}),
        (1, {"valid_count": 1, "program_ids": (4, 0)}),
    ]
    tree.put_pages(ProgramList, 2, pages)
    catalog = await read_catalog(tree, "washing_machine")
    assert [program.id for program in catalog.programs] == [1, 3, 4]


async def test_an_appliance_without_a_catalogue_gets_the_known_numbers() -> None:
    catalog = await read_catalog(LeafTree(), "Dishwasher")
    assert catalog.source.startswith("known numbers")
    assert 0 not in catalog.programs_by_id
    assert catalog.programs_by_id[3].name == "eco"


class Asleep:
    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        raise CommandRejected(f"{unit}/{attribute} {idx1} {idx2}: asleep", reason_code=500)


@pytest.mark.parametrize("unit", [1, 2])
async def test_a_sleeping_appliance_is_not_an_empty_one(unit: int) -> None:
    with pytest.raises(CommandRejected, match="asleep"):
        await read_catalog(Asleep(), OVEN)
    with pytest.raises(CommandRejected, match="asleep"):
        await read_options(Asleep())
    assert unit


class HalfAsleep(LeafTree):
    """Has no ranges, and sleeps when asked for its list."""

    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        if attribute == ProgramList.number:
            raise CommandRejected("asleep", reason_code=500)
        return await super().read_leaf(unit, attribute, idx1, idx2)


async def test_a_list_that_sleeps_is_not_an_empty_list() -> None:
    with pytest.raises(CommandRejected):
        await read_catalog(HalfAsleep(), WASHER)


async def test_an_appliance_that_does_not_tell_its_type() -> None:
    tree = LeafTree()
    tree.put(DeviceIdentification.build())
    with pytest.raises(NotSupported):
        await read_device_type(tree)


async def test_options_are_read_by_selecting_and_the_selection_is_restored() -> None:
    machine = Machine({1: COTTONS, 3: {}})
    machine.show(3)
    catalog = await read_catalog(machine, selecting=machine)
    assert machine.selected == [1, 3, 3]
    options = {option.name: option for option in catalog.find("cottons").options}
    assert list(options["temperature"].allowed_values or ()) == [0, 30, 40, 50, 60]
    assert (options["temperature"].default, options["temperature"].unit) == (40, "°C")
    assert list(options["spin_speed"].allowed_values or ()) == [0, 1600]
    assert options["spin_speed"].unit == "rpm"
    assert list(options["choice_6"].allowed_values or ()) == [1, 2, 3]
    assert options["extra_1"].switch
    assert "extra_2" not in options
    assert not options["choice_2"].changeable
    assert catalog.find(3).options == ()


async def test_without_a_selection_it_is_deselected_at_the_end() -> None:
    machine = Machine({1: COTTONS})
    await read_catalog(machine, selecting=machine)
    assert machine.selected == [1, 0]


async def test_nothing_is_selected_while_something_runs() -> None:
    machine = Machine({1: COTTONS}, process_state=4)
    with pytest.raises(CommandRejected, match="program_running"):
        await read_catalog(machine, selecting=machine)
    assert machine.selected == []


def washing() -> Program:
    frame = ProgramSelectionContext.build(unit=2, laundry_options=COTTONS)
    context = ProgramSelectionContext(decode(encode(frame)))
    return Program(id=1, name="cottons", options=options_of(context))


def test_selecting_with_options_writes_the_parameters() -> None:
    chosen: dict[int | str, float] = {"temperature": 60, "spin_speed": 1600, "extra_1": True, 17: 4}
    view = ProgramSelection(decode(encode(selection_of(washing(), chosen))))
    assert (view.program_id, view.selection_type) == (1, 2)
    parameters = view.laundry_parameters
    assert parameters is not None
    assert (parameters.temperature, parameters.spin_speed, parameters.option_17) == (60, 160, 4)
    assert parameters.extras is not None
    assert dict(parameters.extras.named()) == {"extra_1": True}
    assert view.oven_parameters is None


def test_selecting_without_options_takes_the_default() -> None:
    assert ProgramSelection(selection_of(washing())).selection_type == 1


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("temperature", 45, "0, 30, 40, 50, 60 °C"),
        ("extra_1", 2, "on or off"),
        ("field_17", 3, "0 to 10 in steps of 2"),
        ("field_17", 12, "0 to 10"),
        ("field_12", True, "other options"),
        ("field_14", 2, "other options"),
    ],
)
def test_values_that_an_option_does_not_take(option: str, value: float, allowed: str) -> None:
    with pytest.raises(InvalidValue, match=allowed):
        selection_of(washing(), {option: value})


def test_an_option_that_is_not_there() -> None:
    with pytest.raises(NotFound, match=r"has no option 'starch'.*It has: choice_2, temperature"):
        washing().option("starch")
    with pytest.raises(NotFound, match="read the catalogue with options"):
        Program(id=1, name="cottons").option_by_id(3)


def test_options_of_an_oven() -> None:
    options = {
        "temperature": Ranged(current=16000, minimum=3000, maximum=25000, step=500, interpretation=3, mask=9),
        "field_20": Annotated(value=True, mask=9),
        "field_15": {"mask": 9, "current": 3, "interpretation": 0},
        "field_29": {"mask": 0, "current": 3},
        "moisture": Ranged(current=0, mask=0),
    }
    frame = ProgramSelectionContext.build(unit=1, oven_options=options)
    found = {option.name: option for option in options_of(ProgramSelectionContext(frame))}
    assert list(found) == ["temperature", "field_15", "field_20"]
    assert (found["temperature"].default, found["temperature"].minimum, found["temperature"].step) == (
        160,
        30,
        5,
    )
    program = Program(id=13, name="fan_plus", options=tuple(found.values()))
    view = ProgramSelection(selection_of(program, {"temperature": 180, "field_20": False, "field_15": 4}))
    assert view.oven_parameters is not None
    assert (view.oven_parameters.temperature, view.oven_parameters.field_20) == (18000, False)
    with pytest.raises(InvalidValue, match="30 to 250 °C in steps of 5"):
        selection_of(program, {"temperature": 300})


def test_an_option_without_range_takes_any_number() -> None:
    option = Option(id=1, name="free", parameter=("oven_parameters", "level"))
    assert option.raw(7) == 7
    assert option.allowed == "any"


def test_parts_of_options_that_are_missing() -> None:
    context = ProgramSelectionContext(
        ProgramSelectionContext.build(
            unit=2, laundry_options={"temperature": {"mask": 9}, "start_time": {"mask": 1}}
        )
    )
    start, temperature = options_of(context)
    assert (start.name, start.changeable) == ("start_time", True)
    assert temperature.allowed_values == ()
    assert LaundryOptions.names.keys() >= {"start_time", "temperature"}


# Catalogues as files


async def test_a_dumped_catalogue_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    machine = Machine({1: COTTONS, 44: {}})
    path = await dump_program_catalog(machine, selecting=machine)
    assert path == Path("resources/programs/washing_machine.json")
    plain = json.loads(path.read_text())
    assert plain["device_type"] == "washing_machine"
    first = plain["programs"][0]
    assert (first["id"], first["name"]) == (1, "cottons")
    assert {"id": 3, "name": "temperature", "default": 40}.items() <= first["options"][1].items()
    again = ProgramCatalog.for_device("WashingMachine")
    assert again.to_dict() == plain
    assert selection_of(again.find(1), {"temperature": 30}).get(6, 3) == 30
    assert [each.name for each in path.parent.iterdir()] == ["washing_machine.json"]


async def test_a_catalogue_goes_where_it_is_told(tmp_path: Path) -> None:
    out = tmp_path / "mine" / "oven.json"
    assert await dump_program_catalog(recorded_oven(), out=out) == out
    assert ProgramCatalog.from_file(out).unknown_ids


class Ident:
    device_type = OVEN


@pytest.mark.parametrize("device", [OVEN, "oven", "Oven", Ident()])
def test_a_catalogue_for_any_way_to_name_a_device(device: Any, tmp_path: Path) -> None:
    catalog = ProgramCatalog.for_device(device, directory=tmp_path)
    assert catalog.device_type == "oven"
    assert catalog.programs_by_name["fan_plus"].id == 13
    assert catalog.unknown_ids == ()


def test_a_device_type_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="washing_machine"):
        ProgramCatalog.for_device("toaster", directory=tmp_path)


def test_a_catalogue_in_the_form_that_users_know() -> None:
    option = {"id": 10, "name": "Temperature", "default": 40, "allowed_values": [20, 30, 40, 60, 90]}
    data = {"device_type": "washing_machine", "programs": [{"id": 1, "name": "Cottons", "options": [option]}]}
    catalog = ProgramCatalog.for_device("washing_machine", custom_catalog=data)
    assert catalog.get_all_programs()[0]["name"] == "Cottons"
    assert catalog.programs_by_name["Cottons"].option_by_id(10).allowed_values == (20, 30, 40, 60, 90)
    assert ProgramCatalog.from_dict({"device_type": "x"}).get_all_programs() == []


def test_what_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="programme catalogue"):
        ProgramCatalog.from_dict({"programs": []})
    path = tmp_path / "oven.json"
    with pytest.raises(NotFound):
        ProgramCatalog.from_file(path)
    path.write_text("[]")
    with pytest.raises(ProtocolError, match=r"oven\.json"):
        ProgramCatalog.for_device(OVEN, directory=tmp_path)


def test_finding_a_programme_by_number_or_name() -> None:
    catalog = ProgramCatalog.known(OVEN)
    assert catalog.find(13) is catalog.find("13") is catalog.find("Fan Plus") is catalog.find("fan_plus")
    with pytest.raises(NotFound, match="Did you mean fan_plus"):
        catalog.find("fan p")
    with pytest.raises(NotFound, match="homewire miele programs"):
        catalog.find("bread of the moon")


def test_every_type_with_names_has_a_catalogue() -> None:
    for device_type in DEVICE_TYPE:
        catalog = ProgramCatalog.known(device_type)
        assert ProgramCatalog.from_dict(json.loads(catalog.to_json())) == catalog


def test_a_context_without_options() -> None:
    assert options_of(ProgramSelectionContext(Frame(unit=2, attribute=1574))) == ()


@pytest.mark.parametrize("value", [0.1, 0.3, 0.7, 2.0])
def test_steps_of_a_tenth_are_taken(value: float) -> None:
    weight = Option(id=1, name="weight", minimum=0.1, maximum=2.0, step=0.1, scale=0.1)
    assert weight.raw(value) == round(value * 10)


@pytest.mark.parametrize("value", [0.15, 2.1, float("nan"), float("inf")])
def test_what_is_between_the_steps_or_no_number_is_not(value: float) -> None:
    for option in (
        Option(id=1, name="weight", minimum=0.1, maximum=2.0, step=0.1, scale=0.1),
        Option(id=2, name="start", allowed_values=(1.0, 2.0)),
    ):
        with pytest.raises(InvalidValue):
            option.raw(value)


def test_an_option_without_a_range_takes_any_number_but_no_nonsense() -> None:
    anything = Option(id=3, name="any")
    assert anything.takes(2.1)
    assert not anything.takes(float("nan"))
