"""The event path's end of the history: takes changes into a bounded buffer, without any I/O.

While the database cannot be written the buffer grows to its limit; then the oldest rows go, and are counted.
"""

from __future__ import annotations

import collections
import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from homewire.appliance import Appliance, Change, Occurrence
from homewire.bridge.history.schema import UNSTORED
from homewire.features import Feature, Value

__all__ = ["AVAILABLE", "Batch", "Happening", "Recorder", "Sample", "SeriesKey", "microseconds"]

AVAILABLE = "$available"
"""The key under which an appliance's availability is remembered; no feature has a `$` in its key."""

_ORIGIN = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class SeriesKey(NamedTuple):
    """A feature of an appliance, with what its readers should know."""

    appliance: str
    key: str
    kind: str
    name: str
    unit: str | None


class Sample(NamedTuple):
    """From this moment on (microseconds since 1970) the series has this number or text.

    Neither is unknown.
    """

    series: SeriesKey
    at: int
    number: float | None
    text: str | None


class Happening(NamedTuple):
    """An occurrence: its moment (microseconds since 1970), its type, its data as JSON."""

    series: SeriesKey
    at: int
    type: str
    data: str


Row: TypeAlias = Sample | Happening
Batch: TypeAlias = list[Row]


def microseconds(moment: dt.datetime) -> int:
    """Return microseconds since 1970 in UTC, exactly."""
    return (moment - _ORIGIN) // _MICROSECOND


class Recorder:
    """Buffers what appliances report; `limit` rows at most."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.dropped = 0
        self._rows: collections.deque[Row] = collections.deque()
        self._series: dict[tuple[str, str], SeriesKey | None] = {}
        self._subscriptions: dict[str, Callable[[], None]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def attach(self, appliance: Appliance) -> None:
        """Remember what is known of the appliance now, and everything that changes from now on."""
        name = appliance.identity.id
        if name in self._subscriptions:
            return
        self._subscriptions[name] = appliance.subscribe(lambda change: self._take(appliance, change))
        now = appliance.clock.now()
        known = {key: value for key, value in appliance.state.items() if value is not None}
        self._take_values(appliance, microseconds(appliance.updated_at or now), known)
        self._take_availability(appliance, microseconds(now), online=appliance.availability.online)

    def detach(self, appliance_id: str) -> None:
        """Stop listening to an appliance that is gone."""
        if unsubscribe := self._subscriptions.pop(appliance_id, None):
            unsubscribe()

    def detach_all(self) -> None:
        """Stop listening to everything."""
        for name in tuple(self._subscriptions):
            self.detach(name)

    def take_batch(self, size: int) -> Batch:
        """Remove and return the oldest rows, in their order."""
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    def put_back(self, batch: Batch) -> None:
        """Return a batch that could not be written to its place."""
        self._rows.extendleft(reversed(batch))
        self._shed()

    def _take(self, appliance: Appliance, change: Change) -> None:
        at = microseconds(change.at)
        self._take_values(appliance, at, change.values)
        for occurrence in change.occurrences:
            self._take_occurrence(appliance, occurrence)
        if change.availability is not None:
            self._take_availability(appliance, at, online=change.availability.online)
        self._shed()

    def _take_values(self, appliance: Appliance, at: int, values: Mapping[str, Value]) -> None:
        for key, value in values.items():
            if (series := self._series_of(appliance, key)) is not None and series.kind not in UNSTORED:
                self._rows.append(Sample(series, at, *_stored(value)))

    def _take_occurrence(self, appliance: Appliance, occurrence: Occurrence) -> None:
        if (series := self._series_of(appliance, occurrence.key)) is not None:
            data = msgspec.json.encode(dict(occurrence.data)).decode()
            self._rows.append(Happening(series, microseconds(occurrence.at), occurrence.type, data))

    def _take_availability(self, appliance: Appliance, at: int, *, online: bool) -> None:
        series = SeriesKey(appliance.identity.id, AVAILABLE, "binary_sensor", "Available", None)
        self._rows.append(Sample(series, at, float(online), None))

    def _series_of(self, appliance: Appliance, key: str) -> SeriesKey | None:
        """Return the series of a feature that wants to be remembered, else None."""
        place = (appliance.identity.id, key)
        if place not in self._series:
            self._series[place] = _series(place[0], appliance.features.get(key))
        return self._series[place]

    def _shed(self) -> None:
        while len(self._rows) > self.limit:
            self._rows.popleft()
            self.dropped += 1


def _series(appliance: str, feature: Feature | None) -> SeriesKey | None:
    if feature is None or not feature.history:
        return None
    return SeriesKey(appliance, feature.key, feature.kind, feature.name, feature.unit)


def _stored(value: Value) -> tuple[float | None, str | None]:
    """Return the number or the text under which a value is kept."""
    if value is None:
        return None, None
    if isinstance(value, bool | int | float):
        number = float(value)
        return (number if math.isfinite(number) else None), None
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return None, value.isoformat()
    return None, value
