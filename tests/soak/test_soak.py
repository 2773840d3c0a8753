"""A few hours of the soak for every installed kind; `make soak` lives through days."""

from __future__ import annotations

import pytest

from homewire.kinds import installed_kinds
from tests.soak.soak import live

_HOURS = {"lamarzocco-direct": 1.5, "miele": 4}
"""A held machine reports every second, an oven is told of every five; the others are asked."""


@pytest.mark.parametrize("kind", [name for name, kind in installed_kinds().items() if kind.simulator])
def test_bad_weather_leaves_nothing_behind(kind: str) -> None:
    report = live(2, seed=1, kinds=[kind], day_s=3600.0 * _HOURS.get(kind, 6))
    print(report)  # noqa: T201 - pytest shows it when something was found
    assert report.findings == []
    assert all(link.spells for link in report.links)
