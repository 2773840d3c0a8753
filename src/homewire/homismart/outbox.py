"""How requests leave: ordered per device, paced, each waiting for its confirmation.

Requests to one device run one after the other, except that none waits until a cover has arrived; a newer one
of the same sort takes the place of one that still waits, and a new move ends the wait for the earlier move.
Stopping a cover waits for nothing but other stops. Nothing is ever sent twice. A report that got lost is
looked for in a new device list (`0004`) before a request is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from homewire.clock import Clock
from homewire.errors import CommandSuperseded, CommandTimeout, HomewireError
from homewire.homismart.confirmation import Answer, Book, Expectation, Wish
from homewire.homismart.requests import Request

__all__ = ["Order", "Outbox"]

GAP_S: Final = 0.1
"""Least time between two commands (docs/protocols/homismart.md, section 17)."""

REREAD_S: Final = 3.0
"""Silence after a command before the list is asked for: a report usually comes within 0.3 s (R13)."""

REREAD_AGAIN_S: Final = 20.0
"""Time between two lists that are asked for by one command: a list may have megabytes (section 9.1)."""

TRAVEL_S: Final = 180.0
"""The longest that reports of a moving cover may put off the end of the wait: no cover travels longer."""


@dataclasses.dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One request to be sent: built from the newest state at the last moment, with what confirms it.

    `key` is the sort of request: a newer order of the same device and key supersedes a waiting one, and one
    that already runs when `interrupts`: such an order takes its time, and others of the device need not wait
    for its end. An `urgent` order waits neither until other sorts are confirmed nor
    behind what is not urgent.
    `subject` is what errors call the device. `on_sent` is called when the bytes are out; `silence_s` replaces
    the outbox's limit when that is shorter.
    """

    build: Callable[[], Request]
    key: str
    device_id: str | None = None
    subject: str | None = None
    wishes: Mapping[str, Wish] = dataclasses.field(default_factory=dict)
    answer: Answer | None = None
    interrupts: bool = False
    urgent: bool = False
    on_sent: Callable[[], object] | None = None
    silence_s: float = 0.0
    superseded: bool = False
    expectation: Expectation | None = None

    def supersede(self) -> None:
        """Let a newer order take the place of this one."""
        self.superseded = True
        if self.expectation is not None:
            self.expectation.fail(self.superseding())

    def superseding(self) -> CommandSuperseded:
        """Return the error for the caller of a superseded order."""
        return CommandSuperseded("a newer command took its place", appliance=self.subject)


class _Lane:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.orders: list[Order] = []


class _Pace:
    """Lets one order go at a time, `GAP_S` apart."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._next_at = 0.0

    async def turn(self, order: Order) -> None:
        """Wait for the order's turn; raise CommandSuperseded if it lost it meanwhile."""
        async with self._lock:
            wait_s = self._next_at - self._clock.monotonic()
            if wait_s > 0 and not order.superseded:
                await self._clock.sleep(wait_s)
            if order.superseded:
                raise order.superseding()
            self._next_at = self._clock.monotonic() + GAP_S


class Outbox:
    """Sends orders with `transmit` and waits until the `book` says how they ended; times by `clock`."""

    def __init__(
        self,
        transmit: Callable[[Request], Awaitable[None]],
        ask_list: Callable[[], Awaitable[None]],
        book: Book,
        *,
        clock: Clock,
        timeout_s: float,
    ) -> None:
        self._transmit = transmit
        self._ask_list = ask_list
        self._book = book
        self._clock = clock
        self._timeout_s = timeout_s
        self._lanes: dict[str, _Lane] = {}
        self._pace, self._urgent_pace = _Pace(clock), _Pace(clock)

    async def perform(self, order: Order) -> Any:
        """Send the order when its turn comes and return what confirmed it.

        Raise CommandRejected, CommandSuperseded, CommandTimeout, NotSupported, AuthenticationFailed or
        ConnectionLost.
        """
        lane = _Lane() if order.device_id is None else self._lanes.setdefault(order.device_id, _Lane())
        for earlier in lane.orders:
            if earlier.key == order.key and (earlier.expectation is None or order.interrupts):
                earlier.supersede()
        lane.orders.append(order)
        try:
            async with contextlib.nullcontext() if order.urgent else lane.lock:
                expectation = await self._sent(order)
                if not order.interrupts:
                    return await self._settled(order, expectation)
            return await self._settled(order, expectation)
        finally:
            if order.expectation is not None:
                self._book.close(order.expectation)
            lane.orders.remove(order)
            if not lane.orders and order.device_id is not None:
                self._lanes.pop(order.device_id, None)

    async def _sent(self, order: Order) -> Expectation:
        """Send the order when its turn comes, and return what to wait for."""
        await (self._urgent_pace if order.urgent else self._pace).turn(order)
        request = order.build()
        order.expectation = expectation = Expectation(
            request[0], wishes=order.wishes, answer=order.answer, subject=order.subject
        )
        self._book.add(expectation)
        await self._transmit(request)
        if order.on_sent is not None:
            order.on_sent()
        if not order.wishes and order.answer is None:
            expectation.settle(None)
        return expectation

    async def _settled(self, order: Order, expectation: Expectation) -> Any:
        """Wait until it is settled; the limits are on silence, as a moving cover may report on its way."""
        silence_s = max(order.silence_s, self._timeout_s)
        began = heard = self._clock.monotonic()
        steps, reread_at = 0, began + REREAD_S if expectation.waiting_for else math.inf
        while not expectation.done.done():
            now = self._clock.monotonic()
            if expectation.steps != steps:
                steps, heard = expectation.steps, now
                reread_at = max(reread_at, heard + REREAD_S)
            limit = min(heard + silence_s, began + TRAVEL_S)
            if now >= limit:
                raise self._timeout(order, expectation)
            if now >= reread_at:
                reread_at = now + REREAD_AGAIN_S
                await self._reread()
                continue
            await self._wait(expectation.done, min(limit, reread_at))
        return expectation.done.result()

    async def _wait(self, future: asyncio.Future[Any], due: float) -> None:
        left_s = max(0.0, due - self._clock.monotonic())
        await asyncio.wait((future,), timeout=left_s / self._clock.speed)

    async def _reread(self) -> None:
        with contextlib.suppress(HomewireError):  # a lost link fails the expectation by itself
            await self._ask_list()

    def _timeout(self, order: Order, expectation: Expectation) -> CommandTimeout:
        suspects = "; ".join(sorted({error.meaning for error in expectation.suspects}))
        hint = "The state shown is the device's own; check it and try again."
        if len(order.wishes) > 1:
            hint = f"No report came from {', '.join(sorted(expectation.waiting_for))}."
        if suspects:
            hint = f"Meanwhile the cloud reported, without saying for which command: {suspects}."
        return CommandTimeout(
            f"the {order.key} command was sent, but nothing confirmed it",
            appliance=order.subject,
            hint=hint,
        )
