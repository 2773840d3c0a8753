"""Which table answers for which stretch of time: single changes where they are kept, rollups where not.

For a wished-for width the coarsest rollup that divides it is the cheapest right answer. Where that is not
made yet or no longer kept, the finest thing that is there answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["LEVELS", "RAW", "SECOND", "Source", "sources"]

SECOND = 1_000_000
RAW = 0
LEVELS = (300, 3600)
"""Widths of the rollups in seconds: five minutes draw a day well, an hour draws a year."""

_FOR_EVER = 2**62


class Source(NamedTuple):
    """A stretch of time (microseconds, end excluded) and the level that answers for it."""

    level: int
    start: int
    end: int


def sources(start: int, end: int, width_s: int, marks: Mapping[str, int]) -> list[Source]:
    """Return who answers for each part of the range; parts for which nothing is kept are left out."""
    spans = _spans(marks)
    edges = sorted({start, end, *(e for span in spans.values() for e in span if start < e < end)})
    chosen: list[Source] = []
    for left, right in itertools.pairwise(edges):
        level = _choose(left, width_s, spans)
        if level is None:
            continue
        if chosen and chosen[-1].level == level and chosen[-1].end == left:
            chosen[-1] = chosen[-1]._replace(end=right)
        else:
            chosen.append(Source(level, left, right))
    return chosen


def _spans(marks: Mapping[str, int]) -> dict[int, tuple[int, int]]:
    """Return from when until when each level can answer."""
    rolled = {level: (marks.get(f"pruned:{level}", 0), marks.get(f"rolled:{level}", 0)) for level in LEVELS}
    return {RAW: (marks.get("pruned:0", 0), _FOR_EVER)} | rolled


def _choose(at: int, width_s: int, spans: Mapping[int, tuple[int, int]]) -> int | None:
    there = [level for level, (since, until) in spans.items() if since <= at < until]
    fitting = [level for level in there if level == RAW or width_s % level == 0]
    return max(fitting, default=min(there, default=None))
