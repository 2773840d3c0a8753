"""The code tables are the recorded facts, nothing lost on the way; unknown numbers stay readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from homewire.miele import codes, codes_phases, codes_programs

if TYPE_CHECKING:
    from homewire.miele.codetable import CodeTable

FACTS = json.loads((Path(__file__).parents[1] / "captures/miele/code-tables.json").read_text())
SIMPLE = {
    "remote_enable_0": codes.REMOTE_ENABLE,
    "fan_level (VentilationStep)": codes.VENTILATION_STEP,
    "hob_remaining_heat": codes.PLATE_REMAINING_HEAT,
    "hob_plate_step_display": codes.PLATE_STEP,
}


def numbered(table: dict[str, str]) -> dict[int, str]:
    return {int(number): label for number, label in table.items()}


@pytest.mark.parametrize("name", FACTS["simple"])
def test_simple_tables(name: str) -> None:
    table = SIMPLE.get(name) or getattr(codes, name.upper())
    assert dict(table) == numbered(FACTS["simple"][name])


@pytest.mark.parametrize("name", FACTS["program_phase"])
def test_phase_tables(name: str) -> None:
    facts = numbered(FACTS["program_phase"][name])
    assert dict(getattr(codes_phases, f"PHASE_{name.upper()}")) == facts
    for device_type in FACTS["table_for_device_type"]["program_phase"][name]:
        assert {number: codes.phase_name(device_type, number) for number in facts} == facts
        assert facts.items() <= codes.phase_names(device_type).items()


@pytest.mark.parametrize("name", FACTS["program_id"])
def test_program_tables(name: str) -> None:
    facts = numbered(FACTS["program_id"][name])
    assert dict(getattr(codes_programs, f"PROGRAM_{name.upper()}")) == facts
    types = [each for each in FACTS["table_for_device_type"]["program_id"][name] if isinstance(each, int)]
    for device_type in types:
        assert {number: codes.program_name(device_type, number) for number in facts} == facts
        assert facts.items() <= codes.program_names(device_type).items()


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("oven", codes_phases.PHASE_OVEN_SINGLE_SOURCE),
        ("tumble_dryer", codes_phases.PHASE_TUMBLE_DRYER_SINGLE_SOURCE),
        ("any", codes_phases.PHASE_ANY_SINGLE_SOURCE),
    ],
)
def test_phases_from_one_source(name: str, table: CodeTable) -> None:
    assert dict(table) == numbered(FACTS["program_phase_extra_single_source"][name])


def test_programs_from_one_source() -> None:
    facts = numbered(FACTS["program_id_extra_single_source"]["washing_machine"])
    assert dict(codes_programs.PROGRAM_WASHING_MACHINE_SINGLE_SOURCE) == facts


def test_names_depend_on_the_appliance() -> None:
    assert codes.program_name(12, 1) == "defrost"
    assert codes.program_name(1, 1) == "cottons"
    assert codes.program_name(31, 13) == codes.program_name(12, 13)
    assert codes.phase_name(12, 3076) == "pyrolysis"
    assert codes.phase_name(12, 31000) is None
    assert codes.program_name(18, 1) is None
    assert codes.program_names(18) == {}


def test_unknown_numbers_are_kept() -> None:
    assert codes.STATUS.label(187) == "unknown 187"
    assert codes.STATUS.slug(187) == "unknown_187"
    assert codes.STATUS.slug(2) == "on_nothing_selected"
    assert 187 not in codes.STATUS


def test_labels_find_their_number_in_any_spelling() -> None:
    assert codes.STATUS.number("Program Ended") == 7
    assert codes.PLATE_STEP.number("keep_warm") == 110
    with pytest.raises(KeyError):
        codes.STATUS.number("dancing")
    assert repr(codes.STATUS) == "CodeTable('status')"
