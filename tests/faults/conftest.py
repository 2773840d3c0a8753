"""What every fault matrix proves besides: that nothing is left running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

_GOODBYES_S = 90.0
"""Closing may wait for a peer that is gone."""


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """Prove that no test leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(_GOODBYES_S)
    after = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert [task for task in after if not task.done()] == []
