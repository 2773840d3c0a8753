"""One physical thing: who it is, what it can do, what it reports, and whether it can be reached.

A vendor package subclasses `Appliance`, declares features and fills in `_write` and `_refresh`; everything
that all appliances share lives here: values checked before any byte leaves, dangerous features refused until
enabled, one lane of commands, changes delivered as one batch per message.
"""

from __future__ import annotations

import asyncio
import collections
import datetime as dt
import enum
import logging
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeAlias

import msgspec

from homewire.clock import Clock
from homewire.commands import Allowance, Command, CommandListener, Lane
from homewire.errors import CommandTimeout, HomewireError, InvalidValue, NotFound, RemoteControlDisabled
from homewire.features import Cover, Feature, Value
from homewire.secrets import redact
from homewire.unknowns import Unknowns

__all__ = [
    "Appliance",
    "Availability",
    "Change",
    "ChangeStream",
    "Identity",
    "Occurrence",
    "Origin",
    "Problem",
]

_log = logging.getLogger(__name__)

_SLOW_LISTENER_S = 0.1
"""A listener that holds the event loop longer than this is named in the log: everything else waits for it."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who an appliance is.

    `id` is `vendor:serial`, never changes and is unique; `via` is the id of its hub.
    """

    id: str
    vendor: str
    model: str
    name: str
    serial: str | None = None
    firmware: str | None = None
    via: str | None = None


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an appliance can be reached, why not in a person's words, and since when (UTC)."""

    online: bool
    reason: str
    since: dt.datetime


class Origin(enum.StrEnum):
    """What brought a change: the appliance by itself, our question, or our command."""

    PUSH = "push"
    POLL = "poll"
    COMMAND = "command"


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an `Event` feature: its type and its own data, at a moment (UTC)."""

    key: str
    type: str
    at: dt.datetime
    data: Mapping[str, Value] = {}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the owner should see to: a stable key, what is wrong, and the remedy."""

    key: str
    message: str
    remedy: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One batch of changes, all from one message: only values that differ from before.

    `availability` is set when it changed; `declared` says that the identity or the features are not what
    they were; `dropped` counts the batches that a slow reader of `changes()` lost before this one.
    """

    appliance: str
    at: dt.datetime
    origin: Origin
    values: Mapping[str, Value] = {}
    occurrences: tuple[Occurrence, ...] = ()
    availability: Availability | None = None
    declared: bool = False
    dropped: int = 0


ChangeListener: TypeAlias = Callable[[Change], object]


class ChangeStream:
    """The changes of an appliance as an asynchronous iterator with a bounded queue.

    The oldest go first when it is full.
    """

    def __init__(self, subscribe: Callable[[ChangeListener], Callable[[], None]], limit: int) -> None:
        self._queue: collections.deque[Change] = collections.deque()
        self._limit = limit
        self._dropped = 0
        self._ready = asyncio.Event()
        self._closed = False
        self._unsubscribe = subscribe(_weak(self._put))
        weakref.finalize(self, self._unsubscribe)  # `async for` that breaks off closes nothing

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        """Return the next change, told how many were dropped before it."""
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        change, lost = self._queue.popleft(), self._dropped
        self._dropped = 0
        return msgspec.structs.replace(change, dropped=lost) if lost else change

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; a waiting reader ends after what is queued."""
        self._unsubscribe()
        self._closed = True
        self._ready.set()

    def _put(self, change: Change) -> None:
        if len(self._queue) >= self._limit:
            self._queue.popleft()
            self._dropped += 1
        self._queue.append(change)
        self._ready.set()


class Appliance:
    """One appliance with its features and their current values.

    `clock` gives all times; `allow` names the dangerous features that the owner enabled; `unknowns`
    collects what was not understood.
    """

    confirm_within_s: ClassVar[float | None] = 60.0
    """The longest that any command may take to be confirmed; a vendor sets what its appliances need."""

    def __init__(
        self,
        identity: Identity,
        features: Iterable[Feature],
        *,
        clock: Clock | None = None,
        allow: Allowance | None = None,
        unknowns: Unknowns | None = None,
    ) -> None:
        self.identity = identity
        self.clock = clock or Clock()
        self.allow = allow or Allowance()
        self.unknowns = unknowns or Unknowns()
        self._features: dict[str, Feature] = {feature.key: feature for feature in features}
        self._state: dict[str, Value] = dict.fromkeys(
            key
            for key, feature in self._features.items()
            if not (feature.momentary or feature.kind == "button")
        )
        self.initial_availability = Availability(
            online=False, reason="not connected yet", since=self.clock.now()
        )
        self._availability = self.initial_availability
        self._lane = Lane()
        self._listeners: list[ChangeListener] = []
        self._command_listeners: list[CommandListener] = []
        self._slow: set[int] = set()
        self.updated_at: dt.datetime | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.identity.id} {self.identity.name!r}>"

    @property
    def features(self) -> Mapping[str, Feature]:
        """The features by key, in the order in which they are shown."""
        return MappingProxyType(self._features)

    @property
    def state(self) -> Mapping[str, Value]:
        """The current values by key; None is unknown. Read-only and live."""
        return MappingProxyType(self._state)

    @property
    def availability(self) -> Availability:
        """Whether the appliance can be reached, and why not."""
        return self._availability

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the owner should see to."""
        return ()

    @property
    def queued_commands(self) -> int:
        """How many commands wait behind the running one."""
        return self._lane.waiting

    def feature(self, key: str) -> Feature:
        """Return the feature; raise NotFound with the nearest names."""
        try:
            return self._features[key]
        except KeyError:
            raise self._no_feature(key) from None

    async def refresh(self) -> None:
        """Read everything again from the appliance."""
        await self._refresh()

    async def write(self, key: str, value: Value, *, dangerous: bool = False) -> Command:
        """Set a feature and return once the appliance confirmed it.

        `dangerous` gives the owner's consent for this one call. Raises InvalidValue,
        RemoteControlDisabled, CommandRejected, CommandTimeout, ConnectionFailed or NotSupported; then
        the appliance's own state is shown unchanged.
        """
        return await self.execute(self.prepare(key, value, dangerous=dangerous))

    async def press(self, key: str, *, dangerous: bool = False) -> Command:
        """Press a button and return once the appliance confirmed it; errors as for `write`."""
        return await self.execute(self.prepare(key, None, dangerous=dangerous))

    def prepare(self, key: str, value: Value, *, dangerous: bool = False) -> Command:
        """Check a command without sending anything; raise InvalidValue or RemoteControlDisabled."""
        feature = self.feature(key)
        try:
            checked = feature.validate(value)
        except InvalidValue as error:
            error.appliance = self.identity.name
            raise
        if feature.is_dangerous(checked) and not (dangerous or self._permitted(key)):
            raise self._forbidden(feature)
        return Command(self.identity.id, key, checked, clock=self.clock)

    async def execute(self, command: Command) -> Command:
        """Carry out a prepared command to its end; return it confirmed or raise why not."""
        command.begin(self._command_listeners)
        try:
            if self._is_urgent(command):
                self._lane.supersede(command.key)  # a stopped cover does not move on to what waited
                await self._run(command)
            else:
                async with self._lane.turn(command):
                    await self._run(command)
        except BaseException as error:
            command.failed(error)
            raise
        command.confirmed()
        return command

    def subscribe(self, listener: ChangeListener) -> Callable[[], None]:
        """Call the listener with every batch of changes; return what ends the subscription.

        The listener is called in the event loop and must not block; one that raises is logged and
        harms nobody else.
        """
        self._listeners.append(listener)
        return lambda: _discard(self._listeners, listener)

    def subscribe_commands(self, listener: CommandListener) -> Callable[[], None]:
        """Call the listener with every command of this appliance, at its start and at each stage."""
        self._command_listeners.append(listener)
        return lambda: _discard(self._command_listeners, listener)

    def changes(self, limit: int = 256) -> ChangeStream:
        """Return the changes from now on as an iterator that keeps at most `limit` unread batches."""
        return ChangeStream(self.subscribe, limit)

    def diagnostics(self) -> dict[str, Any]:
        """Return everything that helps with a bug report, in plain JSON types, without secrets."""
        shown = {key: self._features[key].to_json(value) for key, value in self._state.items()}
        report = {
            "identity": msgspec.to_builtins(self.identity),
            "availability": msgspec.to_builtins(self._availability),
            "problems": msgspec.to_builtins(self.problems),
            "state": shown,
            "updated_at": self.updated_at.isoformat() if self.updated_at else None,
            "queued_commands": self.queued_commands,
            "unknown_inputs": self.unknowns.report(),
            "vendor": self._diagnostics(),
        }
        redacted: dict[str, Any] = redact(report)
        return redacted

    def publish(
        self,
        values: Mapping[str, Value],
        origin: Origin,
        *,
        at: dt.datetime | None = None,
        occurrences: Iterable[Occurrence] = (),
    ) -> None:
        """Take the values of one message into the state and tell subscribers what differs, in one batch."""
        state = self._state
        changed = {key: value for key, value in values.items() if _differs(state[key], value)}
        self.updated_at = at or self.clock.now()
        happened = tuple(occurrences)
        if not changed and not happened:
            return
        state.update(changed)
        self._notify(
            Change(
                appliance=self.identity.id,
                at=self.updated_at,
                origin=origin,
                values=changed,
                occurrences=happened,
            )
        )

    def set_availability(self, online: bool, reason: str) -> None:
        """Note whether the appliance can be reached, and why."""
        before = self._availability
        if (before.online, before.reason) == (online, reason):
            return
        now = self.clock.now()
        since = before.since if before.online == online else now
        self._availability = Availability(online=online, reason=reason, since=since)
        self._notify(
            Change(appliance=self.identity.id, at=now, origin=Origin.PUSH, availability=self._availability)
        )

    def update_identity(self, **fields: str | None) -> None:
        """Take over what only became known later, such as the firmware version."""
        before, self.identity = self.identity, msgspec.structs.replace(self.identity, **fields)
        if self.identity != before:
            self._notify_declared()

    def replace_features(self, features: Iterable[Feature]) -> None:
        """Take a new declaration of features, such as the programmes that an appliance offers.

        Values are kept by key.
        """
        before, self._features = self._features, {feature.key: feature for feature in features}
        self._state = {
            key: self._state.get(key)
            for key, feature in self._features.items()
            if not (feature.momentary or feature.kind == "button")
        }
        if self._features != before:
            self._notify_declared()

    @property
    def resources(self) -> Mapping[str, str]:
        """What can be read beyond features, by name, each with one sentence of help.

        A name may end in a pattern such as `{unit}/{attribute}`.
        """
        return {}

    async def read_resource(self, name: str) -> Any:
        """Read one of the resources from the appliance now, in plain JSON types; raise NotFound."""
        known = ", ".join(self.resources) or "none"
        raise NotFound(
            f"there is no resource {name!r}", appliance=self.identity.name, hint=f"It has: {known}."
        )

    async def _write(self, command: Command) -> None:
        """Perform the command; return once it is confirmed, raise why not.

        Call `command.sent()` and `command.accepted()` on the way.
        """
        raise self._forbidden_write(command.key)

    async def _refresh(self) -> None:
        """Read everything again and `publish` it."""

    def _diagnostics(self) -> Mapping[str, Any]:
        """Return what only this vendor knows, for bug reports."""
        return {}

    def _is_urgent(self, command: Command) -> bool:
        """Tell whether it may overtake a running one: stopping a cover must not wait until it arrived."""
        return isinstance(self._features.get(command.key), Cover) and command.value == "stop"

    async def _run(self, command: Command) -> None:
        try:
            async with self.clock.timeout(self.confirm_within_s):
                await self._write(command)
        except TimeoutError as error:
            raise CommandTimeout(
                f"{command.key} was sent, but not confirmed in time",
                appliance=self.identity.name,
                path=command.path,
                hint="The value shown is the appliance's own; check it and try again.",
            ) from error
        except HomewireError as error:
            error.appliance = error.appliance or self.identity.name
            raise

    def _permitted(self, key: str) -> bool:
        return self.allow.permits(key, self.identity.id, self.identity.name)

    def _forbidden(self, feature: Feature) -> RemoteControlDisabled:
        return RemoteControlDisabled(
            f"{feature.name} ({feature.key}) is dangerous and not enabled",
            appliance=self.identity.name,
            hint=f'Enable it with allow = ["{self.identity.id}/{feature.key}"] in its connection, '
            "or consent to this one call (--dangerous on the command line, dangerous=True in code).",
        )

    def _forbidden_write(self, key: str) -> InvalidValue:
        return InvalidValue(
            f"{key} cannot be set", allowed="nothing, it can only be read", appliance=self.identity.name
        )

    def _no_feature(self, key: str) -> NotFound:
        import difflib  # noqa: PLC0415 - costs more than it is worth until somebody mistypes

        near = difflib.get_close_matches(key, self._features, n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`homewire status` lists its features."
        return NotFound(f"there is no feature {key!r}", appliance=self.identity.name, hint=hint)

    def _notify_declared(self) -> None:
        now = self.clock.now()
        self._notify(Change(appliance=self.identity.id, at=now, origin=Origin.PUSH, declared=True))

    def _notify(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            began = time.perf_counter()
            try:
                listener(change)
            except Exception:
                _log.exception("A subscriber of %s failed", self.identity.id)
            if time.perf_counter() - began > _SLOW_LISTENER_S and id(listener) not in self._slow:
                self._slow.add(id(listener))
                _log.warning(
                    "A subscriber of %s is slow and holds everything else up: %r", self.identity.id, listener
                )


def _weak(method: ChangeListener) -> ChangeListener:
    """Return a listener that does not keep the method's object alive."""
    reference = weakref.WeakMethod(method)

    def listener(change: Change) -> None:
        if (alive := reference()) is not None:
            alive(change)

    return listener


def _differs(old: Value, new: Value) -> bool:
    return old != new or type(old) is not type(new)


def _discard(listeners: list[Any], listener: object) -> None:
    if listener in listeners:
        listeners.remove(listener)
