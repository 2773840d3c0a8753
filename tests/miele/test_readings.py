"""What becomes of a state: names, staleness, unknown numbers, times that stand still."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from homewire.features import Category
from homewire.miele.features import Abilities, catalogue, declare
from homewire.miele.models import State
from homewire.miele.readings import STALE, StableTime, estimates, state_values
from homewire.unknowns import Unknowns

HOB: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "captures" / "miele" / "hob-extractor-extended-state.json").read_text(
        "utf-8"
    )
)
NOW = dt.datetime(2025, 8, 16, 12, 0, tzinfo=dt.UTC)


def _values(fields: dict[str, Any], device_type: int = 1) -> dict[str, Any]:
    return dict(state_values(State.from_json(fields), device_type, Unknowns()))


def test_a_running_washer() -> None:
    values = _values(
        {
            "Status": 5,
            "ProgramID": 133,
            "ProgramPhase": 260,
            "RemainingTime": [1, 12],
            "ElapsedTime": [0, 30],
            "TargetTemperature": [4000],
            "SpinningSpeed": 1600,
            "RemoteEnable": [15, 0, 1],
            "SignalDoor": False,
            "StandbyState": 0,
        }
    )
    assert values["program"] == "cottons_eco"
    assert values["program_phase"] == "main_wash"
    assert (values["remaining_time"], values["elapsed_time"]) == (72, 30)
    assert (values["target_temperature"], values["spin_speed"]) == (40.0, 1600)
    assert (values["remote_control"], values["mobile_start"], values["standby"]) == ("full", True, "awake")
    assert values["power"] is True


@pytest.mark.parametrize("status", sorted(STALE))
def test_the_last_programme_of_an_idle_appliance_is_not_shown(status: int) -> None:
    values = _values(
        {"Status": status, "ProgramID": 133, "RemainingTime": [1, 12], "TargetTemperature": [4000]}
    )
    assert values["program"] is None
    assert values["remaining_time"] is None
    assert values["target_temperature"] is None


def test_unknown_numbers_are_shown_and_noted() -> None:
    unknowns = Unknowns()
    state = State.from_json(
        {
            "Status": 99,
            "ProgramID": 187,
            "ProgramPhase": 9999,
            "DryingStep": 42,
            "Novelty": 1,
            "RemainingTime": "soon",
        }
    )
    values = state_values(state, 1, unknowns)
    assert values["status"] == "unknown_99"
    assert values["program"] == "unknown 187"
    assert values["program_phase"] == "unknown 9999"
    assert values["drying_step"] == "unknown_42"
    noted = {(each["kind"], each["value"]) for each in unknowns.report()}
    assert ("programme", "187 of device type 1") in noted
    assert ("state field", "Novelty=1") in noted
    assert ("state value", "RemainingTime='soon'") in noted


def test_nothing_is_unknown_rather_than_zero() -> None:
    values = _values({}, 12)
    assert {key for key, value in values.items() if value is not None} == set()


def test_an_oven_has_a_core_probe() -> None:
    values = _values(
        {"Status": 5, "Temperature": [18000, 5250, -32768], "TargetTemperature": [18000, 6500, -32768]}, 12
    )
    assert (values["temperature"], values["core_temperature"]) == (180.0, 52.5)
    assert (values["target_temperature"], values["target_core_temperature"]) == (180.0, 65.0)


def test_a_refrigerator_keeps_its_targets() -> None:
    values = _values(
        {"Status": 1, "Temperature": [460, -1740, -32768], "TargetTemperature": [400, -1800, -32768]}, 21
    )
    assert (values["temperature_2"], values["target_temperature_2"]) == (-17.4, -18.0)
    assert "temperature_3" not in values


@pytest.mark.parametrize("case", HOB["states"], ids=lambda case: str(case["label"]))
def test_the_recorded_extractor(case: dict[str, Any]) -> None:
    values = _values(
        {"ExtendedState": case["extended_state"], "PlateStep": [13, 117], "PlateRemainingHeat": [3, 0]}, 74
    )
    assert values["extractor"] == case["extractor_level"]
    assert (values["plate_1"], values["plate_2"]) == ("7", "boost")
    assert (values["plate_1_heat"], values["plate_2_heat"]) == ("high", "none")


def test_doors_of_a_refrigerator() -> None:
    values = _values({"DoorStates": [[1, 0], [2, 0], [0, 0]]}, 21)
    assert (values["door_1"], values["door_2"]) == (True, False)
    assert "door_3" not in values


def test_estimates_of_start_and_finish() -> None:
    waiting = State.from_json({"Status": 4, "StartTime": [2, 0], "RemainingTime": [1, 0]})
    assert estimates(waiting, NOW) == (NOW + dt.timedelta(hours=2), NOW + dt.timedelta(hours=3))
    running = State.from_json({"Status": 5, "ElapsedTime": [0, 30], "RemainingTime": [1, 0]})
    assert estimates(running, NOW) == (NOW - dt.timedelta(minutes=30), NOW + dt.timedelta(hours=1))
    assert estimates(State.from_json({"Status": 5}), NOW) == (None, None)
    assert estimates(State.from_json({"Status": 4, "StartTime": [2, 0]}), NOW)[1] is None
    assert estimates(State.from_json({"Status": 6, "RemainingTime": [1, 0]}), NOW) == (None, None)


def test_a_moment_stands_still_until_it_really_moves() -> None:
    finish = StableTime()
    assert finish.settle(NOW) == NOW
    for seconds in (59, -60, 119):
        assert finish.settle(NOW + dt.timedelta(seconds=seconds)) == NOW
    later = NOW + dt.timedelta(minutes=5)
    assert finish.settle(later) == later
    assert finish.settle(None) is None


def test_every_type_has_features_with_stable_keys() -> None:
    found = dict(catalogue())
    assert {
        "washing_machine",
        "dishwasher",
        "oven",
        "hood",
        "fridge_freezer_combi",
        "coffee_system",
    } <= found.keys()
    for features in found.values():
        keys = [feature.key for feature in features]
        assert len(keys) == len(set(keys))
        assert all(feature.dangerous == (feature.key == "start") for feature in features)
        assert next(f for f in features if f.key == "remote_control").category is Category.DIAGNOSTIC


def test_abilities_are_taken_from_what_an_appliance_reports() -> None:
    state = State.from_json(
        {"Light": 2, "Temperature": [460, -1740, -32768], "PlateStep": [0, 0], "DoorStates": [[2, 0]]}
    )
    seen = Abilities.seen(21, state, has_dop2=False, programmes=("eco",))
    assert (seen.has_light, seen.zones, seen.plates, seen.doors, seen.programmes) == (True, 2, 2, 1, ("eco",))
    assert "light" in {feature.key for feature in declare(seen)}
