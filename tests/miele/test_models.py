"""JSON of all kinds of appliances, complete, partial and damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homewire.errors import ProtocolError
from homewire.miele.models import (
    DeviceEntry,
    Ident,
    State,
    WriteResult,
    decode_device_list,
    decode_json,
    decode_names,
    decode_object,
    decode_write_results,
    format_json,
)

# miele-http.md, section 18: recorded states.
IDLE_OVEN = {
    "Status": 12,
    "InternalState": 0,
    "ProgramType": 1,
    "ProgramID": 0,
    "ProgramPhase": 0,
    "RemainingTime": [0, 0],
    "StartTime": [0, 0],
    "TargetTemperature": [-32768, -32768, -32768],
    "Temperature": [-32768, -32768, -32768],
    "RemoteEnable": [15, 0, 0],
    "Light": 2,
    "StandbyState": 1,
    "ElapsedTime": [0, 0],
}
WAITING_OVEN = {
    "Status": 4,
    "ProgramType": 1,
    "ProgramID": 24,
    "RemainingTime": [0, 6],
    "StartTime": [0, 25],
    "TargetTemperature": [4000, -32768, -32768],
    "Temperature": [3648, -32768, -32768],
    "RemoteEnable": [15, 0, 1],
    "Light": 2,
    "StandbyState": 1,
    "SyncState": 2,
}
HOB = {"Status": 1, "InternalState": 1, "PlateStep": [0, 0, 0, 0], "RemoteEnable": [7, 0, 0]}
# Section 10: recorded identification.
IDENT = {
    "DeviceType": 12,
    "SubType": 0,
    "AppSupport": 661,
    "FctSupport": 3,
    "XKMSupport": 7,
    "ProtocolVersion": 4,
    "DeviceIdentLabel": {"Version": "E", "FabIndex": "00", "TechType": "H7264BP", "SWIDs": [5581, 20487]},
    "XKMIdentLabel": {"TechType": "EK057S", "ReleaseVersion": "09.14"},
}


def test_the_recorded_states_read_as_documented() -> None:
    idle = State.from_json(IDLE_OVEN)
    assert (idle.status, idle.temperature, idle.remaining_time) == (12, (None, None, None), 0)
    assert not idle.has_program
    waiting = State.from_json(WAITING_OVEN)
    assert (waiting.remaining_time, waiting.start_time) == (360, 1500)
    assert waiting.target_temperature == (40.0, None, None)
    assert waiting.temperature[0] == 36.48
    assert waiting.has_program
    hob = State.from_json(HOB)
    assert hob.plate_step == (0, 0, 0, 0)
    assert hob.light is None
    assert all(state.malformed == () and not state.unknown for state in (idle, waiting, hob))


def test_the_recorded_identification_reads_as_documented() -> None:
    ident = Ident.from_json(IDENT)
    assert (ident.device_type, ident.tech_type, ident.module_type) == (12, "H7264BP", "EK057S")
    assert (ident.module_version, ident.protocol_version, ident.device_name) == ("09.14", 4, "")


def test_other_spellings_of_the_same_values() -> None:
    state = State.from_json(
        {
            "RemainingTime": 75,
            "Temperature": 2150,
            "SignalDoor": 1,
            "DoorStates": [[1, 0], [2, 0]],
            "ProgramID": 65535,
        }
    )
    assert (state.remaining_time, state.temperature, state.signal_door) == (4500, (21.5,), True)
    assert state.door_states == (1, 2)
    assert not state.has_program
    assert State.from_json({"ExtendedState": "0D00"}).extended_state == b"\r\0"


def test_damaged_fields_do_not_hide_the_others() -> None:
    state = State.from_json(
        {
            "Status": 5,
            "RemainingTime": [1],
            "StartTime": [-1, 3],
            "ElapsedTime": -2,
            "Temperature": ["hot"],
            "DoorStates": [None, []],
            "PlateStep": 3,
            "Light": True,
            "ExtendedState": "xyz",
            "Novelty": 7,
        }
    )
    assert state.status == 5
    assert state.unknown == {"Novelty": 7}
    assert set(state.malformed) == {
        "RemainingTime",
        "StartTime",
        "ElapsedTime",
        "Temperature",
        "DoorStates",
        "PlateStep",
        "Light",
        "ExtendedState",
    }


def test_the_device_list() -> None:
    body = b'{"000177753917":{"href":"000177753917/","Group":"AB","Pairing":false},"x":1}  '
    assert decode_device_list(body) == (
        DeviceEntry(route="000177753917", group="AB", pairing=False),
        DeviceEntry(route="x"),
    )


def test_an_index_may_have_any_of_three_forms() -> None:
    assert decode_names(b'{"14":{"href":"14/"},"9":{}}') == ("14", "9")
    assert decode_names(b'["14","9/"]') == ("14", "9")
    assert decode_names(b"[14, 9]") == ("14", "9")
    with pytest.raises(ProtocolError):
        decode_names(b"14")


def test_answers_to_writes() -> None:
    assert decode_write_results(b"") == ()
    assert decode_write_results(b'[{"Success":{"ProcessAction":0}}]') == (
        WriteResult(field="ProcessAction", accepted=True, code=0),
    )
    assert decode_write_results(b'{"Error":{"Light":7}}') == (
        WriteResult(field="Light", accepted=False, code=7),
    )
    assert decode_write_results(b'[1,{"Success":2}]') == ()
    assert not decode_write_results(b'[{"Success":{"Light":3}}]')[0].accepted


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'"\xff"', b"\x00", b"1" * 10_000, b"[" * 100_000, b'{"a":' * 50_000, b"1e999", b"{}x"],
)
def test_what_is_no_json_is_one_error(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_json(body)


def test_a_list_is_no_object() -> None:
    with pytest.raises(ProtocolError, match="object expected, got list"):
        decode_object(b"[]")


def test_json_is_written_like_an_appliance() -> None:
    assert format_json({"a": 1, "b": {"c": "ü"}}) == '{\n\t"a":1,\n\t"b":{\n\t\t"c":"ü"\n\t}\n}\n'.encode()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*IDLE_OVEN, *IDENT, "DoorStates", "ExtendedState"]), JSON))
def test_any_json_object_reads_as_state_and_ident(data: dict[str, Any]) -> None:
    state = State.from_json(data)
    assert state.raw == data
    assert set(state.malformed) <= data.keys()
    assert Ident.from_json(data).raw == data
    assert decode_object(json.dumps(data).encode()).keys() == data.keys()
