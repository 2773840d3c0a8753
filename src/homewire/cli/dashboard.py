"""The live view: a card per appliance and the latest events, for `watch` and `demo`.

The cards fill columns as wide as the terminal allows. A value is bright for a moment after it changed, and a
measured one draws its recent course.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from homewire.appliance import Change
from homewire.cli.session import ApplianceView, Session
from homewire.cli.targets import liveliest, prominent
from homewire.cli.views import change_lines, value_text
from homewire.features import Feature

__all__ = ["Dashboard", "newsworthy", "pause_s"]

_CARD_WIDTH = 44
_NARROW_CARD_WIDTH = 40
"""Two columns on a terminal of 80."""

_CARD_ROWS = range(3, 15)
"""Readings shown on a card, few where the screen is low; `homewire status` shows the others."""

_CARD_FRAME = 2

_FRESH_S = 1.5
"""How long a changed value stays bright."""

_FRAME_S = 0.2
_DRAWING_SHARE = 0.2
"""The part of the time that drawing may take: links, and a demo's appliances, live in the same process."""

_EVENTS = 6
_SPARK = "▁▂▃▄▅▆▇█"
_SPARK_POINTS = 12
_SPARK_EVERY_S = 0.5
_SPARK_SPAN = 0.02
"""A course that moves by less than this part of its value stays in the middle: noise is no news."""


class Dashboard:
    """A rich renderable of the appliances with these ids (None: all there are)."""

    def __init__(self, session: Session, wanted: list[str] | None = None) -> None:
        self._session = session
        self._wanted = wanted
        self._changed: dict[tuple[str, str], float] = {}
        self._courses: dict[tuple[str, str], collections.deque[tuple[float, float]]] = {}
        self._events: collections.deque[Text] = collections.deque(maxlen=_EVENTS)
        self._seen = 0
        self._first = 0
        self._progress = asyncio.Event()

    @contextlib.contextmanager
    def following(self) -> Iterator[None]:
        """Follow the session's changes meanwhile."""
        unsubscribe = self._session.subscribe(self._take)
        try:
            yield
        finally:
            unsubscribe()

    async def seen(self, count: int | None) -> None:
        """Return after so many changes; never for None."""
        while count is None or self._seen < count:
            self._progress.clear()
            await self._progress.wait()

    def scroll(self, cards: int) -> None:
        """Begin so many cards further down, or up when negative."""
        self._first = max(0, min(self._first + cards, len(self.appliances()) - 1))

    def appliances(self) -> list[ApplianceView]:
        """Return what is shown, the liveliest first; a hub without readings is not, while online."""
        appliances = self._session.appliances
        if self._wanted is not None:
            return [appliances[key] for key in self._wanted if key in appliances]
        return liveliest(one for one in appliances.values() if _has_news(one))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the cards out in columns and put the events below."""
        height = options.height or console.size.height
        events = min(_EVENTS, max(height // 6, 1))
        room = max(height - events - _CARD_FRAME - 1, _CARD_ROWS[0] + _CARD_FRAME)
        rows = max(_CARD_ROWS[0], min(_CARD_ROWS[-1], room // 2 - _CARD_FRAME))  # two below each other fit
        appliances = self.appliances()
        cards = [self._card(appliance, rows) for appliance in appliances[self._first :]]
        table, shown = _columns(cards, options.max_width, room)
        yield table
        yield self._footer(events, "" if shown == len(appliances) else f"{shown} of {len(appliances)} shown")

    def _card(self, appliance: ApplianceView, most: int) -> tuple[Panel, int]:
        """Return the appliance's card with that many readings at most, and its height in lines."""
        who, how = appliance.identity, appliance.availability
        shown = prominent(appliance)
        rows = shown[: most if how.online else most - 1]  # the reason why not takes a line
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        grid.add_column(max_width=_CARD_WIDTH // 2, no_wrap=True, overflow="ellipsis", justify="right")
        courses = {one.key: self._course((who.id, one.key)) for one in rows}
        if any(courses.values()):
            grid.add_column(width=_SPARK_POINTS, no_wrap=True)
        for feature in rows:
            grid.add_row(*self._row(appliance, feature), Text(courses[feature.key], "cyan"))
        more = len(shown) - len(rows)
        subtitle = Text(f"{more} more" if more else who.model, "dim")
        color = "green" if how.online else "red"
        body = grid if how.online else Group(Text(how.reason, "red", no_wrap=True), grid)
        panel = Panel(
            body, title=Text(who.name, "bold"), subtitle=subtitle, border_style=color, padding=(0, 1)
        )
        return panel, len(rows) + _CARD_FRAME + (not how.online)

    def _row(self, appliance: ApplianceView, feature: Feature) -> tuple[Text, Text]:
        place = (appliance.identity.id, feature.key)
        value = value_text(feature, appliance.state[feature.key])
        fresh = _now() - self._changed.get(place, -_FRESH_S) < _FRESH_S
        if fresh:
            value.stylize("bold yellow")
        return Text(feature.name, "" if fresh else "dim"), value

    def _course(self, place: tuple[str, str]) -> str:
        points = [value for _, value in self._courses.get(place, ())]
        if len(points) < 2:  # noqa: PLR2004 - one point is no course
            return ""
        low, high = min(points), max(points)
        span = max(high - low, abs(high) * _SPARK_SPAN, 1e-9)
        base = min(low, (low + high - span) / 2)
        steps = len(_SPARK) - 1
        return "".join(_SPARK[round((value - base) / span * steps)] for value in points)

    def _footer(self, height: int, note: str) -> Any:
        lines = list(self._events)[-height:] or [Text("Waiting for the first change …", "dim")]
        lines += [Text("")] * (height - len(lines))
        title, subtitle = Text("Latest", "dim"), Text(note, "dim") if note else None
        return Panel(Group(*lines), title=title, subtitle=subtitle, border_style="dim", padding=(0, 1))

    def _take(self, change: Change) -> None:
        if self._wanted is not None and change.appliance not in self._wanted:
            return
        appliance = self._session.appliances.get(change.appliance)
        now = _now()
        for key, value in change.values.items():
            self._changed[change.appliance, key] = now
            if appliance is not None and _is_measured(appliance.features.get(key)):
                self._note_course((change.appliance, key), now, value)
        self._events.extend(newsworthy(appliance, change))
        self._seen += 1
        self._progress.set()

    def _note_course(self, place: tuple[str, str], now: float, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        course = self._courses.setdefault(place, collections.deque(maxlen=_SPARK_POINTS))
        if not course or now - course[-1][0] >= _SPARK_EVERY_S:
            course.append((now, float(value)))


def _columns(cards: list[tuple[Panel, int]], width: int, height: int) -> tuple[Table, int]:
    """Put each card into the shortest column until one does not fit; return how many did."""
    fitting = max(width // _CARD_WIDTH, min(width // _NARROW_CARD_WIDTH, 2), 1)
    number = max(1, min(fitting, len(cards)))
    columns: list[list[Panel]] = [[] for _ in range(number)]
    heights = [0] * number
    for panel, lines in cards:
        shortest = heights.index(min(heights))
        if heights[shortest] + lines > height:
            break
        columns[shortest].append(panel)
        heights[shortest] += lines
    table = Table.grid(expand=True)
    for _ in columns:
        table.add_column(ratio=1)
    table.add_row(*(Group(*column) for column in columns))
    return table, sum(map(len, columns))


def _has_news(appliance: ApplianceView) -> bool:
    return bool(prominent(appliance)) or not appliance.availability.online


def _is_measured(feature: Feature | None) -> bool:
    return feature is not None and feature.state_class == "measurement"


def _is_news(feature: Feature | None) -> bool:
    if feature is None:
        return True
    return not (_is_measured(feature) or feature.device_class in ("timestamp", "duration"))


def pause_s(took_s: float) -> float:
    """Return how long to rest after drawing a frame took so long."""
    return max(_FRAME_S, took_s / _DRAWING_SHARE - took_s)


def newsworthy(appliance: ApplianceView | None, change: Change) -> Iterator[Text]:
    """Yield lines for what is not just a measured value that moved."""
    features = appliance.features if appliance is not None else {}
    values = {key: value for key, value in change.values.items() if _is_news(features.get(key))}
    if values or change.occurrences or change.availability is not None:
        yield from change_lines(appliance, msgspec.structs.replace(change, values=values))


def _now() -> float:
    return asyncio.get_running_loop().time()
