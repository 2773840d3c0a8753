"""When a simulated machine switches itself on and off: wake-up and sleep entries, the old week, standby.

Read from the configuration as the machine itself holds it (`lamarzocco-gateway.md`, sections 8 and 8.5), by
the machine's own clock. An unset time is hour 24.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

__all__ = ["Turn", "is_standby_due", "turns"]

Config: TypeAlias = Mapping[str, Any]

_HOURS, _MINUTES = 24, 60
_LONGEST = dt.timedelta(days=1)
"""What was missed longer ago, while nobody let the machine live, is not made up for."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A moment at which the machine is switched; `steam` is what a wake-up does to the steam boiler."""

    at: dt.datetime
    on: bool
    steam: bool | None = None


def turns(config: Config, since: dt.datetime, until: dt.datetime) -> list[Turn]:
    """Return what the schedules switch after `since` up to and with `until`, in order."""
    since = max(since, until - _LONGEST)
    days = {(since + dt.timedelta(days=number)).date() for number in range(3)}
    found = (turn for day in days for turn in (*_entries(config, day, until), *_week(config, day, until)))
    return sorted((turn for turn in found if since < turn.at <= until), key=lambda turn: (turn.at, turn.on))


def is_standby_due(config: Config, *, on_s: float, brewed_s: float) -> bool:
    """Tell whether a machine that is on since `on_s` seconds, and brewed `brewed_s` ago, has to rest."""
    smart = config.get("smartStandBy")
    if smart is not None:
        idle_s = on_s if smart["mode"] == "PowerOn" else min(on_s, brewed_s)
        return bool(smart["enabled"]) and idle_s >= smart["minutes"] * 60
    minutes = config.get("standByTime", 0)
    return bool(minutes > 0 and min(on_s, brewed_s) >= minutes * 60)


def _entries(config: Config, day: dt.date, like: dt.datetime) -> Iterator[Turn]:
    for entry in config.get("wakeUpSleepEntries", ()):
        if entry["enabled"] and _name(day) in entry["days"]:
            (on_hour, _, on_minute), (off_hour, _, off_minute) = (
                entry[key].partition(":") for key in ("timeOn", "timeOff")
            )
            steam = bool(entry["steam"])
            yield from _turns(
                day, like, (int(on_hour), int(on_minute)), (int(off_hour), int(off_minute)), steam
            )


def _week(config: Config, day: dt.date, like: dt.datetime) -> Iterator[Turn]:
    week = config.get("weeklySchedulingConfig", {"enabled": False})
    own = week.get(_name(day))
    if week["enabled"] and own is not None and own["enabled"]:
        on, off = (own["h_on"], own["m_on"]), (own["h_off"], own["m_off"])
        yield from _turns(day, like, on, off, None)


def _turns(
    day: dt.date, like: dt.datetime, on: tuple[int, int], off: tuple[int, int], steam: bool | None
) -> Iterator[Turn]:
    for (hour, minute), is_on in ((on, True), (off, False)):
        if 0 <= hour < _HOURS and 0 <= minute < _MINUTES:
            at = dt.datetime.combine(day, dt.time(hour, minute), tzinfo=like.tzinfo)
            yield Turn(at=at, on=is_on, steam=steam if is_on else None)


def _name(day: dt.date) -> str:
    return _DAYS[day.weekday()]


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
