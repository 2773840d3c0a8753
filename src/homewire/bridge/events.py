"""The stream of events: one ring for all clients, each of which has nothing but a place in it.

Every event has a number; a cursor is the stream's name and a number, so that a client can come back and go on
where it was. An event is encoded once, and only when somebody reads it. A client that reads more slowly than
things happen loses its place in the ring and is given a snapshot instead: it costs neither memory nor a
disconnection. In a storm waiting clients are woken fifty times a second, not at each event.
"""

from __future__ import annotations

import asyncio
import collections
import secrets
from collections.abc import AsyncGenerator, Callable, Collection
from typing import Any

import msgspec

import homewire
from homewire.appliance import Appliance, Change
from homewire.bridge.links import Link
from homewire.bridge.registry import Registry, Unsubscribe
from homewire.bridge.views import view_appliance, view_change
from homewire.commands import Command

__all__ = ["Event", "EventLog"]

_PACE_S = 0.02
"""Pause between two wake-ups of waiting clients; less than a person notices."""

_BATCH = 100
"""Events handed out before other tasks get a turn."""

_encode = msgspec.json.Encoder().encode


class Event:
    """One numbered event; its JSON text is made when first asked for."""

    __slots__ = ("_body", "_text", "appliance", "cursor", "seq", "type")

    def __init__(
        self,
        type_: str,
        cursor: str | None,
        seq: int,
        appliance: str | None,
        body: Callable[[], dict[str, Any]],
    ) -> None:
        self.type = type_
        self.cursor = cursor
        self.seq = seq
        self.appliance = appliance
        self._body: Callable[[], dict[str, Any]] | None = body
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The JSON text."""
        if self._text is None and self._body is not None:
            message = {"type": self.type, "cursor": self.cursor} | self._body()
            self._text, self._body = _encode(message).decode(), None
        return self._text or ""


class EventLog:
    """The latest `limit` events of the registry, and everybody who follows them."""

    def __init__(self, registry: Registry, limit: int = 20_000) -> None:
        self.stream = secrets.token_hex(4)
        self.seq = 0
        self.followers = 0
        self._registry = registry
        self._events: collections.deque[Event] = collections.deque(maxlen=limit)
        self._news = asyncio.Event()
        self._wakeup: asyncio.TimerHandle | None = None
        self._woken_at = float("-inf")
        self._snapshot: Event | None = None
        self._closed = False
        self._ends: tuple[Unsubscribe, ...] = ()

    def start(self) -> None:
        """Begin to number what happens."""
        registry = self._registry
        self._ends = (
            registry.subscribe_changes(self._changed),
            registry.subscribe_appliances(self._appliance),
            registry.subscribe_links(self._link),
            registry.subscribe_commands(self._command),
        )

    def stop(self) -> None:
        """End every follower."""
        for end in self._ends:
            end()
        self._closed = True
        if self._wakeup is not None:
            self._wakeup.cancel()
        self._news.set()

    async def follow(
        self, resume: str | None = None, appliances: Collection[str] = ()
    ) -> AsyncGenerator[Event, None]:
        """Yield hello, a snapshot unless resumed, then every event; never ends before `stop`."""
        wanted = frozenset(appliances)
        place = self._place(resume)
        yield self._hello(None if place is None else resume)
        self.followers += 1
        try:
            while not self._closed:
                if place is None or place < self._oldest - 1:
                    snapshot = self._snapshot_for(wanted)
                    place = snapshot.seq
                    yield snapshot
                for event in self._after(place):
                    place = event.seq
                    if not wanted or event.appliance is None or event.appliance in wanted:
                        yield event
                await self._more(place)
        finally:
            self.followers -= 1

    @property
    def _oldest(self) -> int:
        return self._events[0].seq if self._events else self.seq + 1

    def _place(self, cursor: str | None) -> int | None:
        """Return the number of a cursor of this stream that is still in the ring."""
        stream, _, number = (cursor or "").rpartition("-")
        if stream != self.stream or not (number.isascii() and number.isdigit() and len(number) < 20):  # noqa: PLR2004 - 64 bits
            return None
        place = int(number)
        return place if self._oldest - 1 <= place <= self.seq else None

    def _after(self, place: int) -> list[Event]:
        """Return the next events after a place, at most a batch."""
        first = place + 1 - self._oldest
        if first >= len(self._events) or first < 0:
            return []
        behind = len(self._events) - first
        if behind <= _BATCH:
            return [self._events[index - behind] for index in range(behind)]
        return [self._events[first + index] for index in range(_BATCH)]

    async def _more(self, place: int) -> None:
        """Return when there is something after the place; let others have their turn in any case."""
        if self.seq > place or self._closed:
            await asyncio.sleep(0)
        else:
            await self._news.wait()

    def _hello(self, resumed: str | None) -> Event:
        """Return the greeting; its cursor is where the client is: what follows has not been sent yet."""
        body = {"version": homewire.__version__, "resumed": resumed is not None}
        return Event("hello", resumed, self.seq, None, lambda: body)

    def _snapshot_for(self, wanted: frozenset[str]) -> Event:
        if not wanted and self._snapshot is not None and self._snapshot.seq == self.seq:
            return self._snapshot
        snapshot = Event("snapshot", self._cursor(), self.seq, None, lambda: self._everything(wanted))
        _ = snapshot.text  # made now: it shows this moment
        if not wanted:
            self._snapshot = snapshot
        return snapshot

    def _everything(self, wanted: frozenset[str]) -> dict[str, Any]:
        registry = self._registry
        shown = [
            view_appliance(registry, one)
            for key, one in registry.appliances.items()
            if not wanted or key in wanted
        ]
        return {"appliances": shown, "connections": [link.report() for link in registry.links.values()]}

    def _cursor(self) -> str:
        return f"{self.stream}-{self.seq}"

    def _append(self, type_: str, appliance: str | None, body: Callable[[], dict[str, Any]]) -> Event:
        self.seq += 1
        event = Event(type_, self._cursor(), self.seq, appliance, body)
        self._events.append(event)
        if self.followers and self._wakeup is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time(), self._woken_at + _PACE_S)
            self._wakeup = loop.call_at(due, self._wake)
        return event

    def _wake(self) -> None:
        self._wakeup = None
        self._woken_at = asyncio.get_running_loop().time()
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _changed(self, change: Change) -> None:
        if change.declared:
            self._declared(change.appliance)
        else:
            self._append("change", change.appliance, lambda: view_change(change))

    def _appliance(self, appliance: Appliance, added: bool) -> None:
        key = appliance.identity.id
        if added:
            self._declared(key)
        else:
            self._append("appliance_removed", key, lambda: {"appliance": key})

    def _declared(self, key: str) -> None:
        view = view_appliance(self._registry, self._registry.appliance(key))
        self._append("appliance", key, lambda: {"appliance": view})

    def _link(self, link: Link, there: bool) -> None:
        if not there:
            self._append("connection_removed", None, lambda: {"connection": link.name})
            return
        report = link.report()
        self._append("connection", None, lambda: {"connection": report})

    def _command(self, command: Command) -> None:
        described = command.describe()
        self._append("command", command.appliance, lambda: {"command": described})
