"""A simulated machine keeps its schedules and its standby."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from homewire.clock import Clock
from homewire.lamarzocco.gateway.simulator.machine import SimulatedMachine
from homewire.lamarzocco.gateway.simulator.timetable import is_standby_due, turns
from homewire.lamarzocco.models import find_model

MONDAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
ENTRY = {
    "id": "T6aLl42",
    "days": ["monday", "sunday"],
    "steam": True,
    "enabled": True,
    "timeOn": "6:30",
    "timeOff": "24:0",
}


def at(hour: int, minute: int = 0, *, day: int = 0) -> dt.datetime:
    return MONDAY + dt.timedelta(days=day, hours=hour, minutes=minute)


def switched(
    config: dict[str, Any], since: dt.datetime, until: dt.datetime
) -> list[tuple[dt.datetime, bool]]:
    return [(turn.at, turn.on) for turn in turns(config, since, until)]


def test_an_entry_switches_on_its_days_at_its_times() -> None:
    config = {"wakeUpSleepEntries": [ENTRY]}
    assert switched(config, at(6), at(7)) == [(at(6, 30), True)]
    assert switched(config, at(6, 30), at(7)) == []  # only once
    assert switched(config, at(6, day=1), at(7, day=1)) == []
    assert [turn.steam for turn in turns(config, at(6), at(7))] == [True]
    both = {"wakeUpSleepEntries": [ENTRY | {"timeOff": "6:45"}]}
    assert switched(both, at(6), at(7)) == [(at(6, 30), True), (at(6, 45), False)]


@pytest.mark.parametrize(
    "changed", [{"enabled": False}, {"timeOn": "24:0"}, {"timeOn": "25:0"}, {"timeOn": "6:99"}]
)
def test_what_is_off_unset_or_nonsense_switches_nothing(changed: dict[str, Any]) -> None:
    assert switched({"wakeUpSleepEntries": [ENTRY | changed]}, at(0), at(24)) == []


def test_what_was_missed_for_longer_than_a_day_is_not_made_up_for() -> None:
    config = {"wakeUpSleepEntries": [ENTRY]}
    assert switched(config, at(0, day=-30), at(7)) == [(at(6, 30), True)]
    assert switched(config, at(0, day=-30), at(7, day=1)) == []


def test_the_old_week_switches_too() -> None:
    day = {"enabled": True, "h_on": 7, "m_on": 15, "h_off": 24, "m_off": 0}
    week = {"weeklySchedulingConfig": {"enabled": True, "monday": day}}
    assert switched(week, at(0), at(24)) == [(at(7, 15), True)]
    assert switched(week, at(0, day=1), at(24, day=1)) == []
    assert switched({"weeklySchedulingConfig": {"enabled": False, "monday": day}}, at(0), at(24)) == []


@pytest.mark.parametrize(
    ("smart", "on_s", "brewed_s", "due"),
    [
        ({"mode": "LastBrewing", "minutes": 10, "enabled": True}, 3600, 599, False),
        ({"mode": "LastBrewing", "minutes": 10, "enabled": True}, 3600, 600, True),
        ({"mode": "LastBrewing", "minutes": 10, "enabled": True}, 599, 9000, False),
        ({"mode": "PowerOn", "minutes": 10, "enabled": True}, 600, 5, True),
        ({"mode": "PowerOn", "minutes": 10, "enabled": False}, 9000, 9000, False),
    ],
)
def test_smart_standby_counts_from_what_it_was_told(
    smart: dict[str, Any], on_s: float, brewed_s: float, due: bool
) -> None:
    assert is_standby_due({"smartStandBy": smart}, on_s=on_s, brewed_s=brewed_s) is due


def test_the_old_standby_time_of_zero_is_never() -> None:
    assert is_standby_due({"standByTime": 30}, on_s=1800, brewed_s=1800)
    assert not is_standby_due({"standByTime": 30}, on_s=1800, brewed_s=1799)
    assert not is_standby_due({"standByTime": 0}, on_s=9e9, brewed_s=9e9)


async def test_a_machine_wakes_up_by_its_entry_and_rests_after_its_standby_time() -> None:
    clock, micra = Clock(), find_model("Micra")
    assert micra is not None
    rng = random.Random(1)
    machine = SimulatedMachine(
        micra, "MR012345", gateway="v3.5-rc3", name="Micra", key="k", clock=clock, rng=rng
    )
    heard: list[Any] = []
    machine.subscribe(heard.append)
    machine.start()
    soon = clock.now() + dt.timedelta(minutes=5)
    entry = {"id": "T6aLl42", "days": [soon.strftime("%A").lower()], "steam": True, "enable": True}
    machine.set_wake_up_sleep(entry | {"timeOn": f"{soon.hour}:{soon.minute}", "timeOff": "24:0"})
    machine.set_smart_standby(True, 10, "LastBrewing")
    await clock.sleep(4 * 60 - 1)
    mode = machine.config["machineMode"]
    await clock.sleep(80)
    assert (mode, machine.config["machineMode"]) == ("StandBy", "BrewingMode")
    assert machine.boiler("SteamBoiler")["isEnabled"]
    assert [{"WakeUp": "schedule"}] in heard
    machine.brew(duration_s=30)
    await clock.sleep(9 * 60)
    mode = machine.config["machineMode"]
    await clock.sleep(2 * 60)
    assert (mode, machine.config["machineMode"]) == ("BrewingMode", "StandBy")
    assert [{"Sleep": "standby"}] in heard
    await machine.stop()
