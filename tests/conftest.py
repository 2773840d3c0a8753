"""Every test runs on virtual time unless it is marked `real_time` (foreign processes do not travel along)."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import aiosqlite
import hypothesis
import pytest

from homewire.discovery import MDNS
from homewire.simulation.time_travel import TimeTravelLoop

# Timings never decide a test: a busy machine draws and runs examples as slowly as it likes.
hypothesis.settings.register_profile(
    "homewire", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("homewire")

# No test, and no program that one starts, looks or listens for appliances of the network that it runs in.
# Those about mDNS name 127.0.0.1: with `interfaces`, or in this variable.
os.environ[MDNS] = "off"

pytest_plugins = ["homewire.simulation.pytest_plugin"]


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C and hands that on; the programs under test must hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_time") or item.get_closest_marker("interop"):
        return {"real": asyncio.new_event_loop}
    return {"travel": TimeTravelLoop}


def _while_time_stands_still(work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(work)
    async def working(*args: Any, **kwargs: Any) -> Any:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, TimeTravelLoop):
            return await work(*args, **kwargs)
        with loop.stand_still():
            return await work(*args, **kwargs)

    return working


# SQLite works in threads of its own; a slow disk must not let hours of virtual time pass.
for _name in ("_connect", "_execute", "close"):
    setattr(aiosqlite.Connection, _name, _while_time_stands_still(getattr(aiosqlite.Connection, _name)))


@pytest.fixture(autouse=True)
def _logging_stays() -> Iterator[None]:
    """Undo what a program under test configured: the command line owns the logger of its process."""
    logger = logging.getLogger("homewire")
    before = (logger.handlers[:], logger.level, logger.propagate)
    yield
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])
