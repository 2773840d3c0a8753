"""The run: all links live in one process and one virtual time.

Every evening, in calm, it is counted what the process holds; what is left at the end is counted, too.
"""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import gc
import logging
import sys
import time
import tracemalloc
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError

from homewire.clock import Clock
from homewire.kinds import installed_kinds
from homewire.simulation.time_travel import TimeTravelLoop
from tests.soak.household import CAST, Link, cancelled

DAY_S = 86400.0
_DESCRIPTORS = Path("/proc/self/fd")
_EVENING_S = 3600.0
"""Calm before the day's count."""

_AFTERGLOW_S = 120.0
"""What closing may take: goodbyes and lingering sockets."""

_MAY_GROW = {"tasks": 5, "timers": 5, "descriptors": 5, "blocks": 100_000, "traced_kib": 2048}
"""By link: keep-alive connections come and go, and what simulators remember fills up to its bound."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """What the process holds at one moment."""

    tasks: int
    timers: int
    descriptors: int
    blocks: int
    traced_kib: int

    @classmethod
    def now(cls) -> Held:
        """Count, after the garbage is out."""
        gc.collect()
        loop: Any = asyncio.get_running_loop()
        return cls(
            tasks=len(asyncio.all_tasks()),
            timers=sum(not timer.cancelled() for timer in loop._scheduled),
            descriptors=sum(1 for _ in _DESCRIPTORS.iterdir()),
            blocks=sys.getallocatedblocks(),
            traced_kib=tracemalloc.get_traced_memory()[0] // 1024,
        )


@dataclasses.dataclass(kw_only=True)
class Report:
    """What was lived through, and what ought not to have happened."""

    days: float = 0.0
    real_s: float = 0.0
    evenings: list[Held] = dataclasses.field(default_factory=list)
    findings: list[str] = dataclasses.field(default_factory=list)
    links: list[Link] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.days:g} days of {len(self.links)} links in {self.real_s:.0f} s"]
        for link in self.links:
            outcomes = ", ".join(f"{count} {code}" for code, count in link.outcomes.most_common())
            lines.append(
                f"  {link.name}: {sum(link.spells.values())} spells of weather, {link.losses} losses, "
                f"{link.returns} returns, {link.parked} parked, {sum(link.outcomes.values())} commands "
                f"({outcomes}; {link.compared} compared)"
            )
        lines += [f"  evening {number}: {held}" for number, held in enumerate(self.evenings, 1)]
        return "\n".join([*lines, f"{len(self.findings)} findings", *(f"  {one}" for one in self.findings)])


_PATH_LOST, _PATH_BACK = "%s: the local API does not work", "%s: the local API works again"
"""A link with several paths says so when one of them fails while another carries on."""


class _Log(logging.Handler):
    """Keeps what homewire says about links, and everything that sounds like trouble."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lost: collections.Counter[str] = collections.Counter()
        self.back: collections.Counter[str] = collections.Counter()
        self.trouble: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "%s is not reachable: %s" and isinstance(record.args, tuple):
            self.lost[str(record.args[0])] += 1
        elif record.msg == "%s is back" and isinstance(record.args, tuple):
            self.back[str(record.args[0])] += 1
        elif record.msg.startswith(_PATH_LOST):
            self.lost[f"a path of {record.args}".split(",")[0]] += 1
        elif record.msg.startswith(_PATH_BACK):
            self.back[f"a path of {record.args}".split(",")[0]] += 1
        elif record.levelno >= logging.WARNING and not _is_bad_request(record):
            text = logging.Formatter().format(record)
            self.trouble.append(f"the log has: {record.levelname} {record.name}: {text}")


def _is_bad_request(record: logging.LogRecord) -> bool:
    """Tell whether aiohttp's server complains about falsified bytes."""
    return record.exc_info is not None and isinstance(record.exc_info[1], HttpProcessingError)


@contextmanager
def _listening() -> Iterator[_Log]:
    log, root, ours = _Log(), logging.getLogger(), logging.getLogger("homewire")
    level = ours.level
    root.addHandler(log)
    ours.setLevel(logging.INFO)
    try:
        yield log
    finally:
        root.removeHandler(log)
        ours.setLevel(level)


async def soak(
    days: float,
    *,
    seed: int = 0,
    kinds: Collection[str] = (),
    day_s: float = DAY_S,
    tell: Callable[[str], object] = lambda _line: None,
) -> Report:
    """Live for that many days of `day_s` virtual seconds; the report names all that went wrong."""
    report, began, clock = Report(), time.monotonic(), Clock()
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: report.findings.append(f"the event loop has: {context}")
    )
    before = Held.now()
    with _listening() as log:
        report.links = _links(kinds, seed, clock)
        try:
            for link in report.links:
                await link.start()
            for day in range(1, round(days) + 1):
                await _day(report.links, clock, day_s)
                report.evenings.append(Held.now())
                report.days = day * day_s / DAY_S
                tell(f"day {day}: {report.evenings[-1]}")
        finally:
            for link in report.links:
                await link.stop()
        await clock.sleep(_AFTERGLOW_S)
    report.findings += [finding for link in report.links for finding in link.findings] + log.trouble
    report.findings += _told_wrongly(report.links, log) + _left(before, Held.now()) + _grown(report)
    report.real_s = time.monotonic() - began
    return report


def live(days: float, **options: Any) -> Report:
    """Run `soak` on virtual time."""
    with asyncio.Runner(loop_factory=lambda: TimeTravelLoop(grace_s=0.0)) as runner:
        return runner.run(soak(days, **options))


def _links(kinds: Collection[str], seed: int, clock: Clock) -> list[Link]:
    return [
        Link(kind, number, seed=seed, clock=clock)
        for kind in installed_kinds().values()
        if kind.simulator is not None and (not kinds or kind.kind in kinds)
        for number in range(len(CAST.get(kind.kind, [()])))
    ]


async def _day(links: list[Link], clock: Clock, day_s: float) -> None:
    evening_s = min(_EVENING_S, day_s / 4)
    evening = clock.monotonic() + day_s - evening_s
    users = [asyncio.create_task(link.commands()) for link in links]
    try:
        await asyncio.gather(*(link.weather(evening) for link in links))
    finally:
        for user in users:
            await cancelled(user)
    await clock.sleep(evening_s)


def _told_wrongly(links: list[Link], log: _Log) -> list[str]:
    return [
        f"{link.name}: {link.losses} losses but {log.lost[link.name]} warnings, "
        f"{link.returns} returns but {log.back[link.name]} lines"
        for link in links
        if (link.losses, link.returns) != (log.lost[link.name], log.back[link.name])
    ] + [
        f"{name}: {lost} warnings, but {log.back[name]} lines of return"
        for name, lost in log.lost.items()
        if lost != log.back[name]
    ]


def _left(before: Held, after: Held) -> list[str]:
    names = ("tasks", "timers", "descriptors")
    return [
        f"{getattr(after, name) - getattr(before, name)} {name} are left at the end"
        for name in names
        if getattr(after, name) > getattr(before, name)
    ]


def _grown(report: Report) -> list[str]:
    if len(report.evenings) < 2:
        return []
    first, last, links = report.evenings[0], report.evenings[-1], len(report.links)
    return [
        f"{name} grew from {getattr(first, name)} to {getattr(last, name)}"
        for name, slack in _MAY_GROW.items()
        if getattr(last, name) > getattr(first, name) + slack * links
    ]
