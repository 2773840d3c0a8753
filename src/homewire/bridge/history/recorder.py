"""The event path's end of the history: takes changes into a bounded buffer, without any I/O.

What is known of an appliance holds while it can be reached: when it is lost or taken away its values become
unknown, and are noted again when it is back. While the database cannot be written the buffer grows to its
limit; then the oldest rows go, and are counted.
"""

from __future__ import annotations

import collections
import dataclasses
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


@dataclasses.dataclass(slots=True, kw_only=True)
class _Attached:
    """An appliance that is listened to; `online` is what was noted last."""

    appliance: Appliance
    end: Callable[[], None]
    online: bool


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
        self._series: dict[str, dict[str, SeriesKey | None]] = {}
        self._attached: dict[str, _Attached] = {}
        self._left: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def attach(self, appliance: Appliance) -> None:
        """Remember what is known of the appliance now, and everything that changes from now on."""
        name = appliance.identity.id
        if name in self._attached:
            return
        end = appliance.subscribe(lambda change: self._take(appliance, change))
        online = appliance.availability.online
        self._attached[name] = _Attached(appliance=appliance, end=end, online=online)
        self._series.pop(name, None)
        now = appliance.clock.now()
        since = max(microseconds(appliance.updated_at or now), self._left.pop(name, 0))
        self._take_values(appliance, since, _known(appliance))
        self._take_availability(appliance, microseconds(now), online=online)

    def detach(self, appliance_id: str) -> None:
        """Stop listening to an appliance that is gone; from now on nothing is known of it."""
        if (left := self._attached.pop(appliance_id, None)) is None:
            return
        left.end()
        appliance = left.appliance
        self._left[appliance_id] = now = microseconds(appliance.clock.now())
        self._take_values(appliance, now, dict.fromkeys(_known(appliance)))
        self._take_availability(appliance, now, online=None)

    def detach_all(self) -> None:
        """Stop listening to everything."""
        for name in tuple(self._attached):
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
        if change.declared:  # its features may be others than before
            self._series.pop(change.appliance, None)
        self._take_values(appliance, at, change.values)
        for occurrence in change.occurrences:
            self._take_occurrence(appliance, occurrence)
        if change.availability is not None:
            self._take_reach(appliance, at, online=change.availability.online)
        self._shed()

    def _take_reach(self, appliance: Appliance, at: int, *, online: bool) -> None:
        """Note that an appliance was lost, with all that was known of it, or that it is back."""
        attached = self._attached[appliance.identity.id]
        if attached.online == online:
            return
        attached.online, known = online, _known(appliance)
        self._take_values(appliance, at, known if online else dict.fromkeys(known))
        self._take_availability(appliance, at, online=online)

    def _take_values(self, appliance: Appliance, at: int, values: Mapping[str, Value]) -> None:
        for key, value in values.items():
            if (series := self._series_of(appliance, key)) is not None and series.kind not in UNSTORED:
                self._rows.append(Sample(series, at, *_stored(value)))

    def _take_occurrence(self, appliance: Appliance, occurrence: Occurrence) -> None:
        if (series := self._series_of(appliance, occurrence.key)) is not None:
            data = msgspec.json.encode(dict(occurrence.data)).decode()
            self._rows.append(Happening(series, microseconds(occurrence.at), occurrence.type, data))

    def _take_availability(self, appliance: Appliance, at: int, *, online: bool | None) -> None:
        series = SeriesKey(appliance.identity.id, AVAILABLE, "binary_sensor", "Available", None)
        self._rows.append(Sample(series, at, *_stored(online)))

    def _series_of(self, appliance: Appliance, key: str) -> SeriesKey | None:
        """Return the series of a feature that wants to be remembered, else None."""
        mine = self._series.setdefault(appliance.identity.id, {})
        if key not in mine:
            mine[key] = _series(appliance.identity.id, appliance.features.get(key))
        return mine[key]

    def _shed(self) -> None:
        while len(self._rows) > self.limit:
            self._rows.popleft()
            self.dropped += 1


def _known(appliance: Appliance) -> dict[str, Value]:
    return {key: value for key, value in appliance.state.items() if value is not None}


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
