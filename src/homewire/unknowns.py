"""What was not understood: kept, counted and shown, because unknown input is data.

A programme number, widget, prefix or field that no table knows never breaks what is known. It is noted here
once per distinct value with a count, so that it can be shown to the owner ("unknown programme 187, please
report") and counted in metrics.
"""

from __future__ import annotations

import collections
import logging
from typing import Any

__all__ = ["Unknowns"]

_log = logging.getLogger(__name__)

_MOST_VALUES = 1000
"""Distinct values kept at the most: a peer must not be able to fill the memory."""


class Unknowns:
    """Counts of unknown inputs by kind (programme, widget, prefix …) and value."""

    def __init__(self) -> None:
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self.totals: collections.Counter[str] = collections.Counter()

    def note(self, kind: str, value: object) -> bool:
        """Count one unknown input; return whether it is the first of its value."""
        self.totals[kind] += 1
        entry = (kind, str(value)[:200])
        if entry not in self._counts and len(self._counts) >= _MOST_VALUES:
            return False
        self._counts[entry] += 1
        first = self._counts[entry] == 1
        if first:
            _log.info("Unknown %s %s, please report", *entry)
        return first

    def report(self) -> list[dict[str, Any]]:
        """Return every unknown value with its kind and count."""
        return [
            {"kind": kind, "value": value, "count": n} for (kind, value), n in sorted(self._counts.items())
        ]
