"""Writes are the bytes of the protocol page, section 5, and refuse what an appliance would."""

from __future__ import annotations

from typing import Any

import pytest
from tests.miele.dop2.notation import RECORDINGS, VECTORS

from homewire.errors import InvalidValue
from homewire.miele.dop2 import Field, Frame, Type, decode, encode
from homewire.miele.dop2.requests import (
    acknowledge,
    change_setting,
    module_request,
    power,
    select_program,
    set_clock,
    user_request,
)
from homewire.miele.dop2.tables_programs import ProgramSelection, SettingValue

BYTES = {case["id"]: case["hex"] for case in VECTORS["cases"]}


def body(frame: Frame) -> str:
    return encode(frame).hex()


def vector(name: str) -> str:
    """The vector's bytes with minimal padding."""
    return encode(decode(bytes.fromhex(BYTES[name]))).hex()


def test_power_is_the_combined_state() -> None:
    assert body(power(True)) == "000e0002063200000000000100010404"
    assert body(power(False)) == "000e0002063200000000000100010401"


def test_user_requests_by_number_and_by_name() -> None:
    assert body(user_request(1, 0, 0)) == vector("write-user-request-three-fields")
    assert body(user_request("light on"))[:34] == "000f0002062f000000000001000107000d"
    assert user_request("program_stop").get(1) == 54
    assert user_request(4711).get(1) == 4711
    with pytest.raises(InvalidValue, match=r"no user_request is called 'dance'.*light_on"):
        user_request("dance")


def test_module_requests_and_clock() -> None:
    assert body(module_request(4)) == BYTES["no-padding-needed"]
    assert module_request("reset").get(1) == 1
    assert body(set_clock(1760040202, 3600)) == vector("write-set-time")


def test_selecting_a_program() -> None:
    published = decode(bytes.fromhex(BYTES["length-runs-into-padding-2"]))
    assert select_program(13).fields == published.fields
    assert body(select_program(13)).startswith("001800020629000000000003000107000d00020500000003")
    with_values = ProgramSelection(select_program(1, laundry={"temperature": 40, "spin_speed": 160}))
    assert with_values.selection_type == 2
    assert with_values.laundry_parameters is not None
    assert dict(with_values.laundry_parameters.named()) == {"temperature": 40, "spin_speed": 160}
    assert ProgramSelection(select_program(13, oven={"temperature": 160})).oven_parameters is not None
    assert select_program(13, selection="deselect").get(3) == 3
    with pytest.raises(InvalidValue, match="one kind"):
        select_program(13, oven={}, laundry={})


def test_acknowledging_a_notification() -> None:
    assert body(acknowledge(message=11018)) == vector("write-notification-acknowledge")


def setting(**changes: Any) -> SettingValue:
    """The recorded setting 1017 (camera activation, 0 to 1), with changes."""
    recorded = SettingValue(decode(RECORDINGS["oven"][2, 105]))
    values = dict(recorded.named()) | changes
    return SettingValue(SettingValue.build(idx1=1017, idx2=1011, **values))


def test_changing_a_setting_keeps_everything_else() -> None:
    before = setting()
    frame = change_setting(before, 1)
    assert (frame.unit, frame.attribute, frame.idx1, frame.idx2) == (2, 105, 1017, 0)
    after = dict(SettingValue(frame).named())
    assert after.pop("current") == 1
    assert after == {key: value for key, value in before.named() if key != "current"}
    assert len(frame.fields or ()) == 11


@pytest.mark.parametrize(
    ("changes", "value", "allowed"),
    [
        ({}, 2, "0 to 1"),
        ({"maximum": 250, "minimum": 30, "step": 5}, 42, "30 to 250 in steps of 5"),
        ({"validity": 128}, 1, "awake"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(changes: dict[str, int], value: int, allowed: str) -> None:
    with pytest.raises(InvalidValue, match=allowed):
        change_setting(setting(**changes), value)


def test_a_setting_without_range_takes_any_number() -> None:
    bare = Frame(unit=2, attribute=105, fields=(Field(1, Type.E16, 3), Field(4, Type.I16, 7)))
    assert change_setting(SettingValue(bare), -5).get(4) == -5
    with pytest.raises(InvalidValue, match="-32768 to 32767"):
        change_setting(SettingValue(bare), 40000)
    with pytest.raises(InvalidValue, match="no value"):
        change_setting(SettingValue(Frame(unit=2, attribute=105)), 1)
