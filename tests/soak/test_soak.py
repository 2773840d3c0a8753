"""A few hours of the soak for every installed kind; `make soak` lives through days."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from homewire.kinds import installed_kinds
from homewire.simulation.time_travel import TimeTravelLoop
from tests.soak.soak import soak

_HOURS = {"lamarzocco-direct": 2}
"""A held machine reports every second; the others are asked."""


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"travel": lambda: TimeTravelLoop(grace_s=0.0)}


@pytest.mark.parametrize("kind", [name for name, kind in installed_kinds().items() if kind.simulator])
async def test_bad_weather_leaves_nothing_behind(kind: str) -> None:
    report = await soak(2, seed=1, kinds=[kind], day_s=3600.0 * _HOURS.get(kind, 6))
    print(report)  # noqa: T201 - pytest shows it when something was found
    assert report.findings == []
    assert all(link.spells for link in report.links)
