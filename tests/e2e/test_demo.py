"""The demo as the README starts it: real simulators, a real bridge, and the session that its screen shows."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator

import pytest

from homewire.appliance import ChangeStream, Occurrence
from homewire.cli.demo import demo_bridge
from homewire.cli.output import Output

pytestmark = pytest.mark.real_time


async def test_a_demo_does_not_stop_with_its_first_shot() -> None:
    output = Output(io.StringIO(), io.StringIO())
    async with demo_bridge(("lamarzocco-direct",), 100.0, output, 0) as (session, _):
        with contextlib.closing(session.changes()) as changes:
            happened = [one async for one in occurrences(2, changes)]
    assert {one.key for one in happened} == {"shot"}
    assert all(one.data for one in happened)


async def occurrences(count: int, changes: ChangeStream) -> AsyncIterator[Occurrence]:
    """Yield the first events."""
    async for change in changes:
        for one in change.occurrences:
            yield one
            count -= 1
        if count <= 0:
            return
