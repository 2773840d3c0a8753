"""Explanations show every field with its bytes, known or not."""

from __future__ import annotations

import pytest
from tests.miele.dop2.notation import ALL_LEAVES, RECORDINGS

from homewire.errors import ProtocolError
from homewire.miele.dop2 import Field, Frame, Type, encode
from homewire.miele.dop2.explain import explain
from homewire.miele.dop2.tables_process import LaundryProcess
from homewire.miele.dop2.tables_programs import ProgramList
from homewire.miele.dop2.tables_state import DeviceState
from homewire.miele.dop2.values import Annotated, Ranged


@pytest.mark.parametrize("leaf", ALL_LEAVES.values(), ids=ALL_LEAVES)
def test_every_line_points_at_its_bytes(leaf: bytes) -> None:
    explanation = explain(leaf)
    assert explanation.size == 2 + int.from_bytes(leaf[:2], "big")
    for line in explanation.lines:
        assert leaf[line.offset : line.offset + len(line.raw)] == line.raw
        assert line.name
        assert line.path


def test_the_state_of_the_oven_in_words() -> None:
    explanation = explain(RECORDINGS["oven"][2, 256])
    lines = {line.name: line for line in explanation.lines}
    assert explanation.summary == "2/256 device state (232 bytes, index 0)"
    assert lines["status"].meaning == "on (nothing selected)"
    assert lines["status"].certainty == "A"
    assert (lines["remaining_time"].value, lines["remaining_time"].unit) == (0, "s")
    assert lines["remote_enable.mobile_start"].path == "2.4"
    assert lines["target_temperature"].value == [None]
    assert "on (nothing selected)" in str(explanation)
    assert str(explanation).splitlines()[0] == explanation.summary


def test_lists_and_sentinels() -> None:
    lines = {line.name: line for line in explain(RECORDINGS["oven"][1, 1585]).lines}
    assert lines["supported_user_requests"].meaning == "switch_off, light_on, wifi_off"
    failures = {line.name: line for line in explain(RECORDINGS["oven"][2, 148]).lines}
    assert failures["failures[2].code"].value == 20
    memory = {line.name: line for line in explain(RECORDINGS["oven"][2, 117]).lines}
    assert (memory["last_seen"].value, memory["last_seen"].meaning) == (None, "nothing there")
    assert explain(RECORDINGS["oven"][2, 117]).summary.endswith("index 5, next 6)")


def test_live_values_are_one_line() -> None:
    frame = LaundryProcess.build(
        water_total=Annotated(value=953, mask=9),
        heating_target_temperature=Ranged(current=60, minimum=20, maximum=90, step=5, interpretation=2),
        remaining_minutes=Annotated(value=7, mask=0),
    )
    lines = {line.name: line for line in explain(frame).lines}
    assert (lines["water_total"].value, lines["water_total"].unit) == (95.3, "L")
    assert lines["water_total"].type == "~u16"
    assert lines["water_total"].meaning == "valid, changeable"
    assert lines["heating_target_temperature"].meaning == "valid, 20 to 90 step 5, celsius"
    assert lines["remaining_minutes"].value is None


def test_unknown_leaves_are_shown_field_by_field() -> None:
    inner = (Field(3, Type.STRING, b"abc\0"), Field(4, Type.U16_ARRAY, (1, 2)))
    fields = (
        Field(1, Type.STRUCT, inner),
        Field(2, Type.STRUCT_ARRAY, ((Field(1, Type.U8, 9),), ())),
        Field(7, Type.I16, -32768),
        Field(8, Type.U8, 3),
    )
    frame = Frame(unit=7, attribute=4711, idx1=1, idx2=2, fields=fields)
    explanation = explain(frame)
    assert explanation.summary == "7/4711 unknown attribute (57 bytes, index 1, next 2)"
    assert [(line.path, line.name, line.value) for line in explanation.lines] == [
        ("1.3", "field_1.field_3", "61626300"),
        ("1.4", "field_1.field_4", [1, 2]),
        ("2[0].1", "field_2[0].field_1", 9),
        ("7", "field_7", None),
        ("8", "field_8", 3),
    ]
    wire = encode(frame)
    assert wire[:2] == (57 - 2).to_bytes(2, "big")
    assert all(wire[line.offset :].startswith(line.raw) for line in explanation.lines)


def test_a_known_field_of_another_shape_is_shown_as_it_is() -> None:
    frame = Frame(unit=2, attribute=256, fields=(Field(1, Type.STRUCT, (Field(1, Type.U8, 1),)),))
    (line,) = explain(frame).lines
    assert (line.name, line.value) == ("status.field_1", 1)


def test_as_a_record_of_a_capture() -> None:
    record = explain(RECORDINGS["oven"][2, 119]).as_record(3, "in")
    assert (record.index, record.direction) == (3, "in")
    assert record.fields[0].name == "total"
    assert (record.fields[0].value, record.fields[0].unit) == (445, "min")
    assert record.fields[0].raw == "000108000001bd"


def test_garbage_is_not_explained() -> None:
    with pytest.raises(ProtocolError):
        explain(b"\0\1")


def test_a_bare_header_has_no_lines() -> None:
    assert explain(Frame(unit=1, attribute=17, fields=None)).lines == ()


def test_programmes_are_named_for_a_type_of_appliance() -> None:
    state = DeviceState.build(program_id=13, program_phase=3073, status=5)
    lines = {line.name: line.meaning for line in explain(state, 12).lines}
    assert lines == {"status": "running", "program_id": "fan_plus", "program_phase": "heating_up"}
    listed = ProgramList.build(valid_count=2, program_ids=(1, 3, 0))
    assert explain(listed, 1).lines[1].meaning == "cottons, minimum_iron, no_program"
    assert explain(state).lines[1].meaning == ""
    assert explain(state, 18).lines[1].meaning == ""
