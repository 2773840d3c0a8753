"""What is recorded comes back: every change, every occurrence, nothing else; on both databases."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from tests.bridge.history.conftest import Machine

from homewire.appliance import Occurrence, Origin
from homewire.bridge.history import History, export
from homewire.errors import InvalidValue, NotFound
from homewire.features import Sensor, Value

pytestmark = pytest.mark.real_time

T0 = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def report(machine: Machine, seconds: float, **values: Value) -> None:
    machine.publish(values, Origin.PUSH, at=at(seconds))


@pytest.fixture
def machine(history: History) -> Machine:
    machine = Machine()
    history.attach(machine)
    return machine


async def values_of(history: History, key: str) -> list[object]:
    points = await history.reader.points("test:machine", key, at(-1), at(86_400), resolution_s=0)
    return points.columns["value"]


async def test_every_change_comes_back_with_its_type(history: History, machine: Machine) -> None:
    report(machine, 0, power=True, temperature=20.5, phase="washing", door=False, target=93)
    report(machine, 1, power=False, temperature=21, phase=None, door=None)
    report(machine, 1.000001, temperature=None, target=94.5)
    assert await history.flush()
    assert await values_of(history, "power") == [True, False]
    assert await values_of(history, "temperature") == [20.5, 21, None]
    assert await values_of(history, "phase") == ["washing", None]
    assert await values_of(history, "door") == [False, None]
    assert await values_of(history, "target") == [93, 94.5]


async def test_moments_are_exact(history: History, machine: Machine) -> None:
    report(machine, 1.000001, temperature=20)
    await history.flush()
    points = await history.reader.points("test:machine", "temperature", at(0), at(2), resolution_s=0)
    assert points.columns["at"] == [pytest.approx(at(1.000001).timestamp(), abs=1e-6)]
    assert (points.series.unit, points.series.name, points.series.kind) == ("°C", "Boiler", "sensor")


async def test_what_was_known_at_the_beginning_is_recorded(history: History) -> None:
    machine = Machine()
    report(machine, 5, temperature=88)
    history.attach(machine)
    history.attach(machine)  # twice is once
    report(machine, 6, temperature=89)
    await history.flush()
    assert await values_of(history, "temperature") == [88, 89]


async def test_availability_is_a_series(history: History, machine: Machine) -> None:
    machine.set_availability(True, "connected")
    machine.set_availability(False, "unplugged")
    await history.flush()
    now = dt.datetime.now(dt.UTC)
    points = await history.reader.points(
        "test:machine",
        "$available",
        now - dt.timedelta(hours=1),
        now + dt.timedelta(seconds=1),
        resolution_s=0,
    )
    assert points.columns["value"] == [False, True, False]


async def test_features_without_history_stay_out(history: History, machine: Machine) -> None:
    report(machine, 0, noise=5, temperature=1)
    secret = Occurrence(key="secret", type="done", at=at(0))
    machine.publish({}, Origin.PUSH, at=at(0), occurrences=[secret])
    await history.flush()
    assert {info.key for info in await history.reader.series()} == {"temperature", "$available"}
    assert await history.reader.events() == []


async def test_occurrences_keep_their_data(history: History, machine: Machine) -> None:
    data: dict[str, Value] = {"seconds": 27.5, "dose": "A", "when": at(3)}
    shots = [Occurrence(key="shot", type="finished", at=at(n), data=data) for n in range(3)]
    machine.publish({}, Origin.PUSH, at=at(3), occurrences=shots)
    await history.flush()
    newest, *_ = events = await history.reader.events("test:machine", "shot")
    assert [event.at for event in events] == [at(2), at(1), at(0)]
    assert newest.data == {"seconds": 27.5, "dose": "A", "when": "2026-03-01T12:00:03Z"}
    assert await history.reader.events(start=at(1), end=at(2)) == events[1:2]
    assert await history.reader.events("test:other") == []
    assert len(await history.reader.events(limit=2)) == 2


async def test_a_range_begins_with_the_value_that_held(history: History, machine: Machine) -> None:
    report(machine, 0, temperature=90)
    report(machine, 100, temperature=95)
    await history.flush()
    points = await history.reader.points("test:machine", "temperature", at(50), at(200), resolution_s=0)
    assert points.columns["value"] == [90, 95]


async def test_buckets_weigh_values_by_time(history: History, machine: Machine) -> None:
    report(machine, 0, temperature=94)
    report(machine, 240, temperature=90)
    report(machine, 300, temperature=80)
    await history.flush()
    points = await history.reader.points("test:machine", "temperature", at(0), at(900), resolution_s=300)
    assert points.resolution_s == 300
    assert points.columns["mean"] == [pytest.approx(93.2), 80, 80]
    assert points.columns["minimum"] == [90, 80, 80]
    assert points.columns["maximum"] == [94, 80, 80]
    assert points.columns["last"] == [90, 80, 80]


async def test_the_range_decides_the_resolution(history: History, machine: Machine) -> None:
    for second in range(2000):
        report(machine, second, temperature=second % 7)
    await history.flush()
    few = await history.reader.points("test:machine", "temperature", at(0), at(1000))
    many = await history.reader.points("test:machine", "temperature", at(0), at(2000))
    assert (few.resolution_s, len(few.columns["at"])) == (0, 1000)
    assert (many.resolution_s, len(many.columns["at"])) == (5, 400)


async def test_long_answers_are_cut_and_say_so(history: History, machine: Machine) -> None:
    for second in range(10):
        report(machine, second, temperature=second)
    await history.flush()
    cut = await history.reader.points("test:machine", "temperature", at(0), at(10), resolution_s=0, limit=4)
    assert (cut.truncated, cut.columns["value"]) == (True, [0, 1, 2, 3])


async def test_impossible_questions_are_refused(history: History, machine: Machine) -> None:
    report(machine, 0, temperature=1)
    await history.flush()
    ask = history.reader.points
    with pytest.raises(NotFound, match="nothing is remembered of 'taste'"):
        await ask("test:machine", "taste", at(0), at(1))
    with pytest.raises(InvalidValue, match="ends before it begins"):
        await ask("test:machine", "temperature", at(1), at(0))
    with pytest.raises(InvalidValue, match="zone"):
        await ask("test:machine", "temperature", dt.datetime(2026, 1, 1), at(0))  # noqa: DTZ001 - the point
    with pytest.raises(InvalidValue, match="too many points"):
        await ask("test:machine", "temperature", at(0), at(1_000_000), resolution_s=1)


async def test_writing_again_changes_nothing(history: History, machine: Machine) -> None:
    report(machine, 0, temperature=1)
    batch = history.recorder.take_batch(100)
    history.recorder.put_back(batch)
    await history.flush()
    history.recorder.put_back(batch)
    await history.flush()
    assert await values_of(history, "temperature") == [1]


async def test_of_two_values_at_one_moment_the_later_stays(history: History, machine: Machine) -> None:
    report(machine, 0, temperature=1)
    report(machine, 0, temperature=2)
    await history.flush()
    assert await values_of(history, "temperature") == [2]


async def test_a_renamed_feature_keeps_its_series(history: History, machine: Machine) -> None:
    report(machine, 0, temperature=1)
    await history.flush()
    history.recorder.detach_all()
    renamed = Machine()
    renamed.replace_features(
        f if f.key != "temperature" else type(f)(key=f.key, name="Coffee boiler", unit="°F")
        for f in renamed.features.values()
    )
    history.recorder._series.clear()
    history.attach(renamed)
    report(renamed, 1, temperature=2)
    await history.flush()
    points = await history.reader.points("test:machine", "temperature", at(0), at(9), resolution_s=0)
    assert (points.series.name, points.series.unit) == ("Coffee boiler", "°F")
    assert points.columns["value"] == [1, 2]


async def test_exports_hold_every_change(history: History, machine: Machine) -> None:
    report(machine, 0, power=True, temperature=20.5, phase="=1+1")
    report(machine, 1, temperature=None)
    await history.flush()
    range_ = (at(0), at(10))
    table = b"".join(
        [chunk async for chunk in export.as_csv(history.reader, "test:machine", *range_)]
    ).decode()
    rows = {(row["at"], row["key"]): row for row in csv.DictReader(io.StringIO(table))}
    assert rows[at(0).isoformat(), "power"]["value"] == "true"
    assert rows[at(0).isoformat(), "temperature"] | {"unit": "°C", "value": "20.5"}
    assert rows[at(0).isoformat(), "phase"]["value"] == "'=1+1"
    assert rows[at(1).isoformat(), "temperature"]["value"] == ""
    objects = json.loads(b"".join([chunk async for chunk in export.as_json(history.reader, None, *range_)]))
    assert [(o["key"], o["value"]) for o in objects if o["key"] == "temperature"] == [
        ("temperature", 20.5),
        ("temperature", None),
    ]


async def test_an_empty_export_is_a_document(history: History) -> None:
    assert json.loads(b"".join([c async for c in export.as_json(history.reader, None, at(0), at(1))])) == []


async def test_an_export_is_streamed(history: History, machine: Machine) -> None:
    for second in range(3000):
        report(machine, second, temperature=second)
    await history.flush()
    chunks = [chunk async for chunk in export.as_json(history.reader, None, at(0), at(5000))]
    assert len(chunks) > 3
    assert len(json.loads(b"".join(chunks))) == 3000
    table = [chunk async for chunk in export.as_csv(history.reader, None, at(0), at(5000))]
    assert len(table) > 3
    assert b"".join(table).count(b"\r\n") == 3001


async def test_what_is_out_of_reach_is_unknown_until_it_is_back(history: History, machine: Machine) -> None:
    machine.set_availability(True, "connected")
    machine.publish({"temperature": 93, "phase": "washing"}, Origin.PUSH)
    machine.set_availability(False, "unplugged")
    machine.set_availability(False, "still unplugged")  # nothing new
    machine.set_availability(True, "connected")
    await history.flush()
    now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    for key, value in (("temperature", 93), ("phase", "washing")):
        points = await history.reader.points(
            "test:machine", key, now - dt.timedelta(hours=1), now, resolution_s=0
        )
        assert points.columns["value"] == [value, None, value]


async def test_what_was_taken_away_is_unknown(history: History, machine: Machine) -> None:
    report(machine, 0, temperature=93)
    history.detach("test:machine")
    history.attach(machine)  # its values are older than its absence
    history.detach("test:machine")
    await history.flush()
    now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    for key, held in (("temperature", 93), ("$available", False)):
        points = await history.reader.points("test:machine", key, at(-1), now, resolution_s=0)
        assert points.columns["value"][0] == held
        assert points.columns["value"][-1] is None


async def test_a_feature_that_is_declared_later_is_recorded(history: History, machine: Machine) -> None:
    late = Sensor(key="humidity", name="Humidity", unit="%")
    assert history.recorder._series_of(machine, "humidity") is None
    machine.replace_features([*machine.features.values(), late])
    report(machine, 0, humidity=40)
    await history.flush()
    assert await values_of(history, "humidity") == [40]
