"""The one way in which commands reach appliances.

A `Session` shows appliances and their links, tells about changes, writes and presses. `LocalSession` opens
the connections itself. Another session may ask a running bridge for the same, so that no machine that serves
a single client is bothered twice: it fills in the same methods, and `homewire.cli.opening` chooses it.
"""

from __future__ import annotations

import abc
import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeAlias

import msgspec

from homewire.appliance import (
    Appliance,
    Availability,
    Change,
    ChangeListener,
    ChangeStream,
    Identity,
    Problem,
)
from homewire.commands import Command
from homewire.errors import CommandTimeout, HomewireError
from homewire.features import Feature, Value
from homewire.link.connection import Connection
from homewire.link.supervisor import LinkState, Supervisor
from homewire.link.waking import AnnouncementWatch

__all__ = ["ApplianceView", "Link", "LocalSession", "Session", "StageListener"]

StageListener: TypeAlias = Callable[[str], object]
"""Called with each stage that a command reaches: sent, accepted …."""

_UNREAD = 10_000
"""Batches kept for a slow terminal before the oldest are dropped (and the loss is told)."""


class ApplianceView(Protocol):
    """What commands read of an appliance; `homewire.Appliance` is one."""

    @property
    def identity(self) -> Identity:
        """Who it is."""

    @property
    def features(self) -> Mapping[str, Feature]:
        """What it can do, by key."""

    @property
    def state(self) -> Mapping[str, Value]:
        """Its current values by key."""

    @property
    def availability(self) -> Availability:
        """Whether it can be reached."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What its owner should see to."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One connection as its owner knows it, how it is, and the ids of the appliances behind it."""

    name: str
    kind: str
    online: bool
    reason: str
    appliances: tuple[str, ...] = ()
    error: HomewireError | None = None


class Session(abc.ABC):
    """Appliances within reach; an asynchronous context manager."""

    @property
    @abc.abstractmethod
    def appliances(self) -> Mapping[str, ApplianceView]:
        """The appliances by id."""

    @property
    @abc.abstractmethod
    def links(self) -> Sequence[Link]:
        """The connections and how they are."""

    @abc.abstractmethod
    def subscribe(self, listener: ChangeListener) -> Callable[[], None]:
        """Call the listener with every change of every appliance; return what ends the subscription."""

    @abc.abstractmethod
    async def refresh(self, appliance: str) -> None:
        """Read the appliance again."""

    @abc.abstractmethod
    async def write(
        self,
        appliance: str,
        key: str,
        value: Value,
        *,
        dangerous: bool = False,
        timeout_s: float | None = None,
        on_stage: StageListener | None = None,
    ) -> Mapping[str, Any]:
        """Set a feature and return the command's story once it is confirmed; raise why it was not."""

    @abc.abstractmethod
    async def press(
        self,
        appliance: str,
        key: str,
        *,
        dangerous: bool = False,
        timeout_s: float | None = None,
        on_stage: StageListener | None = None,
    ) -> Mapping[str, Any]:
        """Press a feature and return the command's story once it is confirmed; raise why it was not."""

    def changes(self, limit: int = _UNREAD) -> ChangeStream:
        """Return the changes of all appliances from now on."""
        return ChangeStream(self.subscribe, limit)

    @property
    def failures(self) -> tuple[HomewireError, ...]:
        """What keeps connections from being open."""
        return tuple(link.error for link in self.links if link.error is not None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        return None


class LocalSession(Session):
    """Opens connections itself, all at the same time, and closes them at the end.

    `unusable` are connections that cannot even be tried, their configuration being wrong.
    With `keep_trying`, a link that is lost or did not open comes back by itself; without, it stays as it is.
    `watch` has lost links tried when their appliances announce themselves.
    """

    def __init__(
        self,
        connections: Sequence[Connection[Any]],
        *,
        unusable: Sequence[Link] = (),
        keep_trying: bool = False,
        watch: AnnouncementWatch | None = None,
    ) -> None:
        self._connections = tuple(connections)
        self._watch = watch
        self._unusable = tuple(unusable)
        self._keep_trying = keep_trying
        self._supervisors: dict[Connection[Any], Supervisor] = {}
        self._errors: dict[Connection[Any], HomewireError] = {}
        self._listeners: list[ChangeListener] = []
        self._unsubscribe: dict[str, Callable[[], None]] = {}

    @property
    def appliances(self) -> Mapping[str, Appliance]:
        """The appliances by id, in the order of their connections."""
        return {key: one for connection in self._connections for key, one in connection.appliances.items()}

    @property
    def links(self) -> Sequence[Link]:
        """The connections and how they are."""
        return (*(self._link(connection) for connection in self._connections), *self._unusable)

    async def __aenter__(self) -> Self:
        try:
            if self._watch is not None:
                self._watch.start()
            await asyncio.gather(*(self._open(connection) for connection in self._connections))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        supervisors = tuple(self._supervisors.values())
        if self._watch is not None:
            await self._watch.stop()
        await asyncio.gather(*(supervisor.stop() for supervisor in supervisors))
        for unsubscribe in self._unsubscribe.values():
            unsubscribe()

    def subscribe(self, listener: ChangeListener) -> Callable[[], None]:
        """Call the listener with every change of every appliance."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    async def refresh(self, appliance: str) -> None:
        """Read the appliance again."""
        await self.appliances[appliance].refresh()

    async def write(
        self,
        appliance: str,
        key: str,
        value: Value,
        *,
        dangerous: bool = False,
        timeout_s: float | None = None,
        on_stage: StageListener | None = None,
    ) -> Mapping[str, Any]:
        """Set a feature; wait until it is confirmed."""
        target = self.appliances[appliance]
        command = target.prepare(key, value, dangerous=dangerous)
        return await _carried_out(target, command, timeout_s, on_stage)

    async def press(
        self,
        appliance: str,
        key: str,
        *,
        dangerous: bool = False,
        timeout_s: float | None = None,
        on_stage: StageListener | None = None,
    ) -> Mapping[str, Any]:
        """Press a feature; wait until it is confirmed."""
        return await self.write(
            appliance, key, None, dangerous=dangerous, timeout_s=timeout_s, on_stage=on_stage
        )

    async def _open(self, connection: Connection[Any]) -> None:
        self._supervisors[connection] = supervisor = Supervisor(connection)
        connection.subscribe_appliances(self._appliance_changed)
        if self._watch is not None:
            self._watch.follow(supervisor)
        supervisor.start()
        try:
            await supervisor.opened()
        except HomewireError as error:
            error.appliance = error.appliance or connection.name
            self._errors[connection] = error
            if not self._keep_trying:
                await supervisor.stop()
        for appliance in connection.appliances.values():
            self._follow(appliance)

    def _appliance_changed(self, appliance: Appliance, added: bool) -> None:
        if added:
            self._follow(appliance)
        else:
            self._unsubscribe.pop(appliance.identity.id, lambda: None)()

    def _follow(self, appliance: Appliance) -> None:
        if appliance.identity.id not in self._unsubscribe:
            self._unsubscribe[appliance.identity.id] = appliance.subscribe(self._tell)

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)

    def _link(self, connection: Connection[Any]) -> Link:
        status = self._supervisors[connection].status
        online = status.state is LinkState.ONLINE
        error = None if online else status.error or self._errors.get(connection)
        return Link(
            name=connection.name,
            kind=connection.kind,
            online=online,
            reason=error.message if error else status.reason,
            appliances=tuple(connection.appliances),
            error=error,
        )


async def _carried_out(
    target: Appliance, command: Command, timeout_s: float | None, on_stage: StageListener | None
) -> Mapping[str, Any]:
    if on_stage is not None:
        tell = on_stage
        command.observe(lambda command: tell(command.stage.value))
    try:
        async with target.clock.timeout(timeout_s) as limit:
            await target.execute(command)
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise CommandTimeout(
            f"{command.key} was not confirmed within {timeout_s:g} s",
            appliance=target.identity.name,
            hint="It may still take effect: look with `homewire status`, or wait longer with --timeout.",
        ) from error
    return command.describe()
