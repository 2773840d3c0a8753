"""Detergent, salt, water, beans: told only where something vouches for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from homewire.miele.dop2 import decode
from homewire.miele.dop2.tables_state import DeviceContext
from homewire.miele.features import Abilities, catalogue, declare
from homewire.miele.supplies import SUPPLIES, supplies

CAPTURES = Path(__file__).parents[1] / "captures" / "miele"


def _recorded(name: str, unit: str) -> DeviceContext:
    leaves = json.loads((CAPTURES / f"{name}-dop2.json").read_text("utf-8"))
    return DeviceContext(decode(bytes.fromhex(leaves[unit]["1585"])))


def _washer(*flags: int, **device: Any) -> DeviceContext:
    containers = [{"flags": each, "fill_level": 42} for each in flags]
    return DeviceContext(
        DeviceContext.build(unit=2, laundry_device={"dosing_containers": containers, **device})
    )


def test_the_recorded_washer_dryer_has_two_full_containers() -> None:
    assert supplies(_recorded("washer-dryer", "2"), 24) == {
        "dosing_1": 100,
        "dosing_1_low": False,
        "dosing_2": 100,
        "dosing_2_low": False,
    }


def test_the_recorded_oven_says_nothing_though_it_sends_every_field() -> None:
    assert supplies(_recorded("oven", "1"), 12) == {}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0b00000, {}),
        (0b00100, {"dosing_1": None, "dosing_1_low": None}),
        (0b01101, {"dosing_1": 42, "dosing_1_low": False}),
        (0b10101, {"dosing_1": 42, "dosing_1_low": True}),
        (0b00111, {"dosing_1": 42, "dosing_1_low": True}),
    ],
)
def test_the_flags_of_a_container_say_what_counts(flags: int, expected: dict[str, Any]) -> None:
    assert supplies(_washer(flags), 1) == expected


def test_a_dishwasher_lacks_salt_only_when_it_vouches_for_it() -> None:
    assert supplies(_washer(salt_missing=True, rinse_aid_missing=False), 7) == {
        "salt_missing": True,
        "rinse_aid_missing": False,
    }
    assert supplies(_washer(), 7) == {}
    assert supplies(None, 7) == {}


def _oven_like(**device: Any) -> DeviceContext:
    return DeviceContext(DeviceContext.build(unit=1, oven_device=device))


def test_a_coffee_machine_tells_what_is_left() -> None:
    told = supplies(
        _oven_like(
            drinks_until_descaling=12,
            drinks_until_degreasing=0,
            bean_containers={"container_1": 2, "container_2": 1, "container_3": 0},
            water_tank_level=40,
            descaling_required=False,
            cleaning_required=False,
        ),
        17,
    )
    assert told == {
        "descaling_required": False,
        "cleaning_required": False,
        "drinks_until_descaling": 12,
        "beans_1_empty": False,
        "beans_2_empty": True,
        "water_tank": 40,
    }, "a zero without a complaint is not told"
    due = supplies(_oven_like(drinks_until_descaling=0, descaling_required=True), 17)
    assert due["drinks_until_descaling"] == 0


def test_a_steam_oven_counts_programmes() -> None:
    told = supplies(
        _oven_like(programs_until_descaling=9, descaling_required=False, water_tank_level=255), 31
    )
    assert told == {"descaling_required": False, "programs_until_descaling": 9}
    assert supplies(_oven_like(programs_until_descaling=0xFFFF, water_tank_level=255), 31) == {}


def test_what_was_told_is_declared() -> None:
    keys = {
        feature.key for feature in declare(Abilities(device_type=7, supplies=frozenset({"salt_missing"})))
    }
    assert keys & SUPPLIES.keys() == {"salt_missing"}
    everything = {feature.key for _, features in catalogue() for feature in features}
    assert {"dosing_2_low", "rinse_aid_missing", "drinks_until_descaling", "water_tank"} <= everything
