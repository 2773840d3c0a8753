"""The registry: every connection of the configuration, every appliance behind them, and who listens.

Connections start side by side; a broken one keeps nobody waiting. They are added, changed and removed while
the bridge runs. A changed connection hands its appliances over to its successor by id, so that outputs do not
forget an appliance because its password changed; only what the successor does not have any more is removed.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeAlias, TypeVar

from homewire.appliance import Appliance, Change
from homewire.bridge.commanding import CommandBook
from homewire.bridge.links import Link, same_entry
from homewire.clock import Clock
from homewire.commands import Command, Stage
from homewire.config import ConnectionEntry
from homewire.errors import NotFound
from homewire.link.connection import Connection
from homewire.link.supervisor import LinkState
from homewire.link.waking import AnnouncementWatch

__all__ = ["Listeners", "Registry", "Unsubscribe"]

_log = logging.getLogger(__name__)

Unsubscribe: TypeAlias = Callable[[], None]
T = TypeVar("T")


class Listeners(Generic[T]):
    """Callables that are told things in order; one that raises is logged and harms nobody else."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._listeners: tuple[Callable[[T], object], ...] = ()

    def add(self, listener: Callable[[T], object]) -> Unsubscribe:
        """Begin to tell the listener; return what ends that."""
        self._listeners = (*self._listeners, listener)
        return lambda: self._discard(listener)

    def tell(self, news: T) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            try:
                listener(news)
            except Exception:
                _log.exception("A listener to %s failed", self._what)

    def _discard(self, listener: Callable[[T], object]) -> None:
        self._listeners = tuple(one for one in self._listeners if one is not listener)


class _Known:
    """An appliance with its link and what ends our subscriptions to it."""

    __slots__ = ("appliance", "link", "unsubscribe")

    def __init__(self, appliance: Appliance, link: Link, unsubscribe: tuple[Unsubscribe, ...]) -> None:
        self.appliance = appliance
        self.link = link
        self.unsubscribe = unsubscribe

    def forget(self) -> None:
        for end in self.unsubscribe:
            end()


class Registry:
    """The links and appliances of the bridge, by name and by id; `watch` follows all links."""

    def __init__(self, *, clock: Clock | None = None, watch: AnnouncementWatch | None = None) -> None:
        self.clock = clock or Clock()
        self.started_at = self.clock.now()
        self._began = self.clock.monotonic()
        self.commands = CommandBook(self.clock)
        self.watch = watch
        self._links: dict[str, Link] = {}
        self._known: dict[str, _Known] = {}
        self._appliances: dict[str, Appliance] = {}
        self._changes: Listeners[Change] = Listeners("changes")
        self._appliance_news: Listeners[tuple[Appliance, bool]] = Listeners("appliances")
        self._link_news: Listeners[tuple[Link, bool]] = Listeners("links")
        self._command_news: Listeners[Command] = Listeners("commands")
        self._applying = asyncio.Lock()

    # ---------------------------------------------------------------- what there is

    @property
    def uptime_s(self) -> float:
        """Seconds since the start; a clock that is set does not change them."""
        return self.clock.monotonic() - self._began

    @property
    def links(self) -> Mapping[str, Link]:
        """The connections by name, in the order of the file."""
        return MappingProxyType(self._links)

    @property
    def appliances(self) -> Mapping[str, Appliance]:
        """The appliances by id. A copy."""
        return dict(self._appliances)

    @property
    def appliances_now(self) -> Mapping[str, Appliance]:
        """The appliances by id; live, so do not await while going over it."""
        return MappingProxyType(self._appliances)

    def appliance(self, appliance_id: str) -> Appliance:
        """Return the appliance; raise NotFound with the nearest ids."""
        known = self._known.get(appliance_id)
        if known is None:
            near = difflib.get_close_matches(appliance_id, self._known, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else None
            raise NotFound(f"there is no appliance {appliance_id!r}", hint=hint)
        return known.appliance

    def link(self, name: str) -> Link:
        """Return the connection of that name; raise NotFound with the nearest names."""
        link = self._links.get(name)
        if link is None:
            near = difflib.get_close_matches(name, self._links, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else None
            raise NotFound(f"there is no connection {name!r}", hint=hint)
        return link

    def link_of(self, appliance_id: str) -> Link | None:
        """Return the connection through which an appliance is reached."""
        known = self._known.get(appliance_id)
        return known.link if known else None

    # ---------------------------------------------------------------- who listens

    def subscribe_changes(self, listener: Callable[[Change], object]) -> Unsubscribe:
        """Call the listener with every batch of changes of every appliance; it must not block."""
        return self._changes.add(listener)

    def subscribe_appliances(self, listener: Callable[[Appliance, bool], object]) -> Unsubscribe:
        """Call the listener with each appliance added (True) or removed (False) from now on.

        An appliance that is added under a known id replaces the former one.
        """
        return self._appliance_news.add(lambda news: listener(*news))

    def subscribe_links(self, listener: Callable[[Link, bool], object]) -> Unsubscribe:
        """Call the listener with each link that was added or changed (True) or removed (False)."""
        return self._link_news.add(lambda news: listener(*news))

    def subscribe_commands(self, listener: Callable[[Command], object]) -> Unsubscribe:
        """Call the listener with every command at its start and at each stage, whoever gave it."""
        return self._command_news.add(listener)

    # ---------------------------------------------------------------- what changes

    async def apply(self, entries: Iterable[ConnectionEntry]) -> None:
        """Make the connections be what the entries say; untouched ones are not disturbed."""
        async with self._applying:
            wanted = {entry.name: entry for entry in entries}
            gone = [name for name in self._links if name not in wanted]
            await asyncio.gather(*(self._remove(name) for name in gone))
            changed = [entry for entry in wanted.values() if self._is_news(entry)]
            await asyncio.gather(*(self._put(entry) for entry in changed))
            self._links = {name: self._links[name] for name in wanted}

    async def put(self, entry: ConnectionEntry) -> None:
        """Add a connection or replace the one of that name."""
        async with self._applying:
            await self._put(entry)

    async def remove(self, name: str) -> None:
        """Close and forget a connection and its appliances; raise NotFound."""
        self.link(name)
        async with self._applying:
            await self._remove(name)

    async def stop(self, *, drain_s: float = 2.0, close_s: float = 1.5) -> None:
        """Let running commands finish, then close every connection, in the given times (seconds)."""
        await self.commands.drain(drain_s)
        await self.close(close_s)

    async def close(self, within_s: float = 1.5) -> None:
        """Close every connection; one that hangs is left behind."""
        stopping = [asyncio.ensure_future(link.stop()) for link in self._links.values()]
        if not stopping:
            return
        _, late = await asyncio.wait(stopping, timeout=within_s)
        for task in late:
            task.cancel()
        if late:
            _log.warning("%d connections did not close in time and were left", len(late))
            await asyncio.wait(late, timeout=0.2)

    # ---------------------------------------------------------------- inside

    def _is_news(self, entry: ConnectionEntry) -> bool:
        link = self._links.get(entry.name)
        return link is None or not same_entry(link.entry, entry)

    async def _put(self, entry: ConnectionEntry) -> None:
        former = self._links.get(entry.name)
        if former is not None:
            await former.stop()
        link = self._links[entry.name] = Link(entry, self.clock, self._link_changed, self.watch)
        connection = link.prepare()
        if connection is None:
            self._orphan(entry.name)
            if link.error:
                _log.error("The connection %s cannot be started: %s", entry.name, link.error)
        else:
            self._follow(link, connection)
        link.start()
        self._link_changed(link)

    async def _remove(self, name: str) -> None:
        link = self._links.pop(name)
        await link.stop()
        self._orphan(name)
        self._link_news.tell((link, False))

    def _follow(self, link: Link, connection: Connection[Any]) -> None:
        def told(appliance: Appliance, added: bool) -> None:
            if added:
                self._appliance_came(link, appliance)
            elif self.link_of(appliance.identity.id) is link:
                self._appliance_gone(appliance.identity.id)

        connection.subscribe_appliances(told)
        for appliance in connection.appliances.values():
            told(appliance, True)

    def _appliance_came(self, link: Link, appliance: Appliance) -> None:
        key = appliance.identity.id
        known = self._known.get(key)
        if known is not None and self._links.get(known.link.name) is known.link and known.link is not link:
            _log.warning(
                "%s is reached through %s already; %s is not used for it", key, known.link.name, link.name
            )
            return
        if known is not None:
            known.forget()
        ends = (
            appliance.subscribe(self._changes.tell),
            appliance.subscribe_commands(lambda command: self._command_at(link, command)),
        )
        self._known[key] = _Known(appliance, link, ends)
        self._appliances[key] = appliance
        self._appliance_news.tell((appliance, True))

    def _appliance_gone(self, appliance_id: str) -> None:
        known = self._known.pop(appliance_id)
        del self._appliances[appliance_id]
        known.forget()
        self._appliance_news.tell((known.appliance, False))

    def _orphan(self, name: str) -> None:
        """Forget the appliances of a link that will not come back as it is."""
        for key in [key for key, known in self._known.items() if known.link.name == name]:
            self._appliance_gone(key)

    def _link_changed(self, link: Link) -> None:
        if self._links.get(link.name) is not link:
            return
        if link.supervisor is not None and link.supervisor.status.state is LinkState.ONLINE:
            self._forget_leftovers(link)
        self._link_news.tell((link, True))

    def _forget_leftovers(self, link: Link) -> None:
        """Remove what the former connection of this name had and the one that is open now does not."""
        for key in [k for k, known in self._known.items() if known.link.name == link.name]:
            if self._known[key].link is not link:
                self._appliance_gone(key)

    def _command_at(self, link: Link, command: Command) -> None:
        if command.stage is Stage.CONFIRMED:
            link.note_latency(command.latency_s)
        self._command_news.tell(command)
