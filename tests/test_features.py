from __future__ import annotations

import datetime as dt
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homewire.errors import InvalidValue
from homewire.features import (
    BinarySensor,
    Button,
    Category,
    Cover,
    Feature,
    FeatureKind,
    Lock,
    Number,
    Select,
    Sensor,
    Switch,
    Text,
    Time,
    Update,
    Value,
    describe,
)

NUMBER = Number(key="target", name="Target", unit="°C", minimum=87, maximum=100, step=0.1, precision=1)


@pytest.mark.parametrize(
    ("feature", "given_value", "taken"),
    [
        (Switch(key="k", name="K"), "On", True),
        (Switch(key="k", name="K"), False, False),
        (NUMBER, 93.2, 93.2),
        (NUMBER, "93.2", 93.2),
        (NUMBER, 87, 87.0),
        (Number(key="k", name="K", minimum=1, maximum=9), 3.0, 3),
        (Number(key="k", name="K", minimum=0.5, maximum=9.5), 1.5, 1.5),
        (Select(key="k", name="K", options=("Off", "Prebrew")), "prebrew", "Prebrew"),
        (Button(key="k", name="K"), "press", None),
        (Cover(key="k", name="K"), "OPEN", "open"),
        (Cover(key="k", name="K"), 40, 40),
        (Cover(key="k", name="K"), "40.0", 40),
        (Lock(key="k", name="K"), "lock", True),
        (Lock(key="k", name="K"), False, False),
        (Text(key="k", name="K", pattern="[a-z]+"), "abc", "abc"),
        (Time(key="k", name="K"), "6:30", dt.time(6, 30)),
        (Time(key="k", name="K"), dt.time(6, 30), dt.time(6, 30)),
        (Update(key="k", name="K", writable=True), "install", None),
    ],
)
def test_takes_what_is_allowed(feature: Feature, given_value: Value, taken: Value) -> None:
    checked = feature.validate(given_value)
    assert checked == taken
    assert type(checked) is type(taken)


@pytest.mark.parametrize(
    ("feature", "refused", "allowed"),
    [
        (Switch(key="k", name="K"), "maybe", "on, off"),
        (NUMBER, 100.1, "87 to 100 °C in steps of 0.1"),
        (NUMBER, 93.25, "87 to 100 °C in steps of 0.1"),
        (NUMBER, 10**400, "87 to 100 °C in steps of 0.1"),
        (NUMBER, math.nan, "87 to 100"),
        (NUMBER, math.inf, "87 to 100"),
        (NUMBER, True, "87 to 100"),
        (NUMBER, "warm", "87 to 100"),
        (NUMBER, None, "87 to 100"),
        (Select(key="k", name="K", options=("a", "b")), "c", "a, b"),
        (Select(key="k", name="K", options=()), "c", "nothing at present"),
        (Button(key="k", name="K"), "hold", "press"),
        (Cover(key="k", name="K"), 101, "0 to 100 %"),
        (Cover(key="k", name="K"), True, "open, close, stop"),
        (Cover(key="k", name="K", positionable=False), 50, "open, close, stop"),
        (Lock(key="k", name="K"), "ajar", "lock, unlock"),
        (Text(key="k", name="K", max_length=3), "abcd", "0 to 3 characters"),
        (Text(key="k", name="K", pattern="[a-z]+"), "A1", "that match [a-z]+"),
        (Text(key="k", name="K"), 5, "0 to 255 characters"),
        (Time(key="k", name="K"), "25:00", "06:30"),
        (Time(key="k", name="K"), 5, "06:30"),
        (Sensor(key="k", name="K"), 5, "only be read"),
        (Sensor(key="k", name="K", writable=True), 5, "only be read"),
        (BinarySensor(key="k", name="K"), True, "on, off"),
        (Update(key="k", name="K"), "install", "only be read"),
        (Update(key="k", name="K", writable=True), "later", "install"),
    ],
)
def test_refusal_names_what_is_allowed(feature: Feature, refused: Value, allowed: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        feature.validate(refused)
    assert allowed in str(caught.value)
    assert feature.key in str(caught.value)


@given(st.floats(allow_nan=True, allow_infinity=True) | st.text() | st.integers() | st.none())
def test_number_never_takes_anything_outside(value: float | str | None) -> None:
    try:
        taken = NUMBER.validate(value)
    except InvalidValue:
        return
    assert isinstance(taken, float)
    assert 87 <= taken <= 100
    assert math.isclose(taken * 10, round(taken * 10), abs_tol=1e-4)


def test_a_refusal_does_not_repeat_a_value_without_end() -> None:
    with pytest.raises(InvalidValue) as refused:
        Switch(key="power", name="Power").validate("x" * 1_000_000)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("feature", "value", "shown"),
    [
        (NUMBER, 93.0, "93.0 °C"),
        (NUMBER, None, "unknown"),
        (Sensor(key="k", name="K"), 0.1 + 0.2, "0.3"),
        (BinarySensor(key="k", name="K"), True, "on"),
        (Lock(key="k", name="K"), True, "locked"),
        (Lock(key="k", name="K"), False, "unlocked"),
        (Lock(key="k", name="K"), None, "unknown"),
        (Time(key="k", name="K"), dt.time(6, 30), "06:30"),
        (Text(key="k", name="K"), "abc", "abc"),
    ],
)
def test_shows_values_to_people(feature: Feature, value: Value, shown: str) -> None:
    assert feature.format(value) == shown


def test_shows_moments_in_local_time() -> None:
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    shown = Sensor(key="k", name="K", device_class="timestamp").format(moment)
    assert dt.datetime.fromisoformat(shown) == moment


def test_makes_values_plain() -> None:
    feature = Time(key="k", name="K")
    assert feature.to_json(dt.time(6, 30)) == "06:30:00"
    assert feature.to_json(None) is None
    assert NUMBER.to_json(93.5) == 93.5


def test_only_unlocking_is_dangerous() -> None:
    lock = Lock(key="k", name="K")
    assert lock.is_dangerous(False)
    assert not lock.is_dangerous(True)
    assert Button(key="k", name="K", dangerous=True).is_dangerous(None)
    assert not Switch(key="k", name="K").is_dangerous(True)


def test_declaration_survives_json() -> None:
    number = Number(key="k", name="K", minimum=1, maximum=2, category=Category.CONFIGURATION)
    again = msgspec.json.decode(msgspec.json.encode(number), type=FeatureKind)
    assert again == number
    assert describe(number)["kind"] == "number"


def test_pressable_and_momentary() -> None:
    assert Button(key="k", name="K").pressable
    assert Update(key="k", name="K", writable=True).pressable
    assert not Update(key="k", name="K").pressable
    assert not NUMBER.pressable
