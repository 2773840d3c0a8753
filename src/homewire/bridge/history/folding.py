"""From values that hold until the next one to buckets of equal width: pure arithmetic.

A mean is weighted by time: a boiler that was at 94 °C for four minutes and at 90 °C for one counts as 93.2
°C, however often it reported. A bucket in which nothing was known has no mean; it is a gap, not a zero. All
times are microseconds.
"""

from __future__ import annotations

import dataclasses

__all__ = ["Bucket", "Fold"]


@dataclasses.dataclass(slots=True, kw_only=True)
class Bucket:
    """What a series did between `at` and the next bucket; `known` microseconds of it had a value."""

    at: int
    known: int = 0
    mean: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    last: float | None = None
    sampled: bool = False

    def hold(self, value: float, duration: int) -> None:
        """Count a value that held for a while."""
        self.merge(value, value, value, duration)

    def merge(self, mean: float, minimum: float, maximum: float, duration: int) -> None:
        """Count a stretch of which mean and extremes are known."""
        known = self.known + duration
        if self.mean is None or not known:
            self.mean = mean
        else:
            self.mean += (mean - self.mean) * duration / known
        self.known = known
        self.minimum = minimum if self.minimum is None else min(self.minimum, minimum)
        self.maximum = maximum if self.maximum is None else max(self.maximum, maximum)


class Fold:
    """Folds one series into buckets of `width` from `start` on; `carried` is the value at the start."""

    def __init__(self, *, width: int, start: int, carried: float | None) -> None:
        self._width = width
        self._time = start
        self._value = carried
        self._bucket = Bucket(at=start - start % width)
        self.buckets: list[Bucket] = []

    def add(self, at: int, value: float | None) -> None:
        """Take the next sample; samples come in order."""
        self._advance(at)
        self._value = value
        self._bucket.sampled = True
        if value is not None:
            self._bucket.hold(value, 0)

    def add_bucket(self, bucket: Bucket, width: int) -> None:
        """Take a finer bucket that was folded before; what it does not know is unknown."""
        self._advance(bucket.at)
        end = bucket.at + width
        if bucket.mean is not None and bucket.minimum is not None and bucket.maximum is not None:
            self._bucket.merge(bucket.mean, bucket.minimum, bucket.maximum, bucket.known)
        self._bucket.sampled = True
        self._value = bucket.last
        self._time = min(end, self._bucket.at + self._width)
        self._close_full()

    def finish(self, end: int) -> list[Bucket]:
        """Let the last value hold until the end and return all buckets."""
        self._advance(end)
        if self._time > self._bucket.at or self._bucket.sampled:
            self._close()
        return self.buckets

    def _advance(self, to: int) -> None:
        while self._time < to:
            until = min(to, self._bucket.at + self._width)
            if self._value is not None:
                self._bucket.hold(self._value, until - self._time)
            self._time = until
            self._close_full()

    def _close_full(self) -> None:
        if self._time >= self._bucket.at + self._width:
            self._close()

    def _close(self) -> None:
        self._bucket.last = self._value
        self.buckets.append(self._bucket)
        self._bucket = Bucket(at=self._bucket.at + self._width)
