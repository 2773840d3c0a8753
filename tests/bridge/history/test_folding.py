"""Folding against a slow and obvious model, and by known cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homewire.bridge.history.folding import Bucket, Fold
from homewire.bridge.history.sources import SECOND, Source, sources

CHANGES = st.lists(st.tuples(st.integers(0, 99), st.none() | st.integers(-5, 5).map(float)), max_size=30).map(
    lambda changes: sorted(dict(changes).items())
)


def fold(changes: list[tuple[int, float | None]], width: int, end: int = 100) -> list[Bucket]:
    folding = Fold(width=width, start=0, carried=None)
    for at, value in changes:
        folding.add(at, value)
    return folding.finish(end)


def held(changes: list[tuple[int, float | None]]) -> list[float | None]:
    """Return the value in each unit of time."""
    values: list[float | None] = [None] * 100
    for at, value in changes:
        values[at:] = [value] * (100 - at)
    return values


@given(CHANGES, st.sampled_from([1, 5, 10, 30, 100]))
def test_buckets_say_what_held(changes: list[tuple[int, float | None]], width: int) -> None:
    values = held(changes)
    for bucket in fold(changes, width):
        known = [value for value in values[bucket.at : bucket.at + width] if value is not None]
        assert bucket.known == len(known)
        if known:
            assert bucket.mean == pytest.approx(sum(known) / len(known))
            assert (bucket.minimum, bucket.maximum) == (min(known), max(known))
        assert bucket.last == values[min(bucket.at + width, 100) - 1]


@given(CHANGES)
def test_folding_in_two_steps_is_folding_in_one(changes: list[tuple[int, float | None]]) -> None:
    outer = Fold(width=20, start=0, carried=None)
    for bucket in fold(changes, 5):
        if bucket.sampled:
            outer.add_bucket(bucket, 5)
    for twice, once in zip(outer.finish(100), fold(changes, 20), strict=True):
        assert (twice.at, twice.known, twice.minimum, twice.maximum, twice.last) == (
            once.at,
            once.known,
            once.minimum,
            once.maximum,
            once.last,
        )
        assert twice.mean == pytest.approx(once.mean)


def test_a_gap_is_no_zero() -> None:
    buckets = fold([(0, 4.0), (10, None), (30, 6.0)], 10, 40)
    assert [bucket.mean for bucket in buckets] == [4, None, None, 6]


def test_a_peak_between_two_readings_is_an_extreme() -> None:
    (bucket,) = fold([(0, 1.0), (5, 9.0), (5, 1.0)], 10, 10)
    assert (bucket.maximum, bucket.mean) == (9, 1)


HOUR = 3600 * SECOND
MARKS = {
    "pruned:0": 100 * HOUR,
    "rolled:300": 120 * HOUR,
    "pruned:300": 50 * HOUR,
    "rolled:3600": 119 * HOUR,
    "pruned:3600": 10 * HOUR,
}


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (3600, [Source(3600, 10, 119), Source(300, 119, 120), Source(0, 120, 130)]),
        (900, [Source(3600, 10, 50), Source(300, 50, 120), Source(0, 120, 130)]),
        (60, [Source(3600, 10, 50), Source(300, 50, 100), Source(0, 100, 130)]),
    ],
)
def test_the_cheapest_right_table_answers(width: int, expected: list[Source]) -> None:
    found = sources(0, 130 * HOUR, width, MARKS)
    assert [(s.level, s.start / HOUR, s.end / HOUR) for s in found] == expected


def test_without_rollups_every_change_answers() -> None:
    assert sources(5, 9, 3600, {}) == [Source(0, 5, 9)]
