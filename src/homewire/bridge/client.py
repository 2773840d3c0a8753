"""Talking to a running bridge on this computer, through its Unix socket that only its owner can open.

`connect` returns a client with a mirror of all appliances that the event stream keeps current: the same
features, values and availability that the appliances themselves would show, and commands that go the same
way. Whoever uses it opens no second connection to any machine.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import datetime as dt
import logging
import os
import stat
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from homewire import errors
from homewire.appliance import Availability, Change, ChangeListener, Identity, Occurrence, Origin, Problem
from homewire.commands import Stage
from homewire.errors import CommandRejected, ConnectionLost, HomewireError, InvalidValue, ProtocolError
from homewire.features import Feature, FeatureKind, Value
from homewire.link.backoff import Backoff

__all__ = ["BridgeClient", "Mirror", "connect"]

_log = logging.getLogger(__name__)

_BASE = "http://localhost/api/v1"
_SNAPSHOT_WITHIN_S = 10.0
_LONGEST_WAIT_S = 120.0
_LONGEST_PAUSE_S = 10.0
"""A bridge that is started again is on this computer; asking costs next to nothing."""

_CAUGHT_UP_WITHIN_S = 2.0
"""What a confirmed command changed follows within milliseconds; a stream that stands must not hold it up."""

_ENDED_REMEMBERED = 256
"""Ends of commands that the events told before the answer came."""


class Mirror:
    """An appliance as the bridge shows it."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        self.identity = msgspec.convert(shown["identity"], Identity)
        self.features: dict[str, Feature] = {one["key"]: _feature(one) for one in shown["features"]}
        self.state: dict[str, Value] = {
            key: _value(self.features[key], value) for key, value in shown["state"].items()
        }
        self.availability = msgspec.convert(shown["availability"], Availability)
        self.problems = msgspec.convert(shown["problems"], tuple[Problem, ...])
        self.connection: str | None = shown["connection"]
        updated_at = shown["updated_at"]
        self.updated_at = None if updated_at is None else dt.datetime.fromisoformat(updated_at)


class BridgeClient:
    """A running bridge's appliances and connections; `serve` keeps them current."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.appliances: dict[str, Mirror] = {}
        self.connections: dict[str, dict[str, Any]] = {}
        self._listeners: list[ChangeListener] = []
        self._commands: dict[str, Callable[[str], object]] = {}
        self._ready = asyncio.Event()
        self.lost: HomewireError | None = None
        self._ended: collections.deque[str] = collections.deque(maxlen=_ENDED_REMEMBERED)
        self._told = asyncio.Event()
        self._served = False

    def subscribe(self, listener: ChangeListener) -> Callable[[], None]:
        """Call the listener with every change; return what ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    async def get(self, path: str) -> Any:
        """Return what the API answers at a path below /api/v1; raise the error that it tells."""
        return await self._ask("GET", path)

    async def refresh(self, appliance_id: str) -> None:
        """Have the appliance read again."""
        await self._ask("POST", f"/appliances/{quote(appliance_id, safe=':')}/refresh")

    async def command(
        self,
        appliance_id: str,
        key: str,
        value: Value,
        *,
        dangerous: bool = False,
        timeout_s: float | None = None,
        on_stage: Callable[[str], object] | None = None,
    ) -> Mapping[str, Any]:
        """Give a command and return its story once it is confirmed; raise why it was not."""
        plain = value.isoformat() if isinstance(value, dt.datetime | dt.date | dt.time) else value
        order = {"key": key, "value": plain, "dangerous": dangerous}
        path = f"/appliances/{quote(appliance_id, safe=':')}/commands"
        given = await self._ask("POST", path, order)
        if on_stage is not None:
            self._commands[given["id"]] = on_stage
        try:
            story = await self._finished(given, timeout_s)
            await self._caught_up(given["id"])
        finally:
            self._commands.pop(given["id"], None)
        return story

    async def keep_serving(self) -> None:
        """Follow the bridge's events, again and again; while it is away its appliances are shown offline."""
        backoff = Backoff(ceiling_s=_LONGEST_PAUSE_S)
        while True:
            await self.serve()
            if not isinstance(self.lost, ConnectionLost):
                return
            self._away(self.lost)
            if self._served:
                backoff.reset()
            await asyncio.sleep(backoff.next_delay_s())

    async def serve(self) -> None:
        """Follow the bridge's events until it goes away; `lost` tells why, nothing is raised."""
        self._served = False
        try:
            self.lost = await self._follow()
        except aiohttp.ClientError as error:
            self.lost = ConnectionLost(f"the bridge cannot be reached: {error}")
        except Exception as error:
            _log.debug("An event of the bridge was not understood", exc_info=True)
            self.lost = ProtocolError(
                f"the bridge tells something that is not understood: {error!r}",
                hint="Is it of the same version as this command? Restart it after an upgrade.",
            )
        self._ready.set()
        self._told.set()

    async def _follow(self) -> HomewireError:
        async with self._session.ws_connect(f"{_BASE}/events", max_msg_size=0) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(msgspec.json.decode(message.data))
        return ConnectionLost("the bridge was stopped")

    async def ready(self) -> None:
        """Wait for the first snapshot; raise ConnectionLost when it does not come."""
        try:
            async with asyncio.timeout(_SNAPSHOT_WITHIN_S):
                await self._ready.wait()
        except TimeoutError as error:
            raise ConnectionLost("the bridge does not answer") from error
        if self.lost is not None:
            raise self.lost

    async def _finished(self, given: Mapping[str, Any], timeout_s: float | None) -> Mapping[str, Any]:
        """Wait for the end of a command, however long the appliance may take."""
        left_s = timeout_s
        while True:
            wait_s = _LONGEST_WAIT_S if left_s is None else min(left_s, _LONGEST_WAIT_S)
            told = await self._ask("GET", f"/commands/{given['id']}?wait={wait_s:g}")
            if told["error"] is not None:
                raise _error(told["error"])
            if told["stage"] == "confirmed":
                shown: Mapping[str, Any] = told
                return shown
            if left_s is not None:
                left_s -= wait_s
                if left_s <= 0:
                    raise errors.CommandTimeout(
                        f"{given['key']} was not confirmed within {timeout_s:g} s",
                        hint="It may still take effect: look with `homewire status`.",
                    )

    async def _caught_up(self, command_id: str) -> None:
        """Wait until the events told the command's end; what it changed they told before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CAUGHT_UP_WITHIN_S):
                while command_id not in self._ended and self.lost is None:
                    self._told.clear()
                    await self._told.wait()

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        try:
            async with self._session.request(method, f"{_BASE}{path}", json=body) as answer:
                data = await answer.read()
                status = answer.status
        except aiohttp.ClientError as error:
            raise ConnectionLost(f"the bridge cannot be reached: {error}") from error
        shown = _decoded(data) if data else None
        if status >= 400:  # noqa: PLR2004 - where HTTP's errors begin
            raise _error(shown if isinstance(shown, dict) else {"code": "error", "message": str(shown)})
        return shown

    def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "snapshot":
                self.connections = {one["name"]: one for one in message["connections"]}
                self._take_all({one["id"]: Mirror(one) for one in message["appliances"]})
            case "change":
                self._changed(message)
            case "appliance":
                self._replace(Mirror(message["appliance"]))
            case "appliance_removed":
                self.appliances.pop(message["appliance"], None)
            case "connection":
                self.connections[message["connection"]["name"]] = message["connection"]
            case "connection_removed":
                self.connections.pop(message["connection"], None)
            case "command":
                told = message["command"]
                self._commands.get(told["id"], _ignore)(told["stage"])
                if Stage(told["stage"]).final:
                    self._ended.append(told["id"])
                    self._told.set()

    def _changed(self, message: Mapping[str, Any]) -> None:
        mirror = self.appliances.get(message["appliance"])
        if mirror is None:
            return
        change = _change(message, mirror)
        mirror.state.update(change.values)
        mirror.availability = change.availability or mirror.availability
        mirror.updated_at = change.at
        self._tell(change)

    def _take_all(self, mirrors: dict[str, Mirror]) -> None:
        """Take a snapshot: the first, or what has become of everything since the events broke off."""
        self._served, self.lost = True, None
        for gone in self.appliances.keys() - mirrors.keys():
            del self.appliances[gone]
        for mirror in mirrors.values():
            self._replace(mirror)
        self._ready.set()

    def _replace(self, mirror: Mirror) -> None:
        key = mirror.identity.id
        former, self.appliances[key] = self.appliances.get(key), mirror
        if former is not None:
            self._tell(_difference(former, mirror))

    def _away(self, error: ConnectionLost) -> None:
        now = dt.datetime.now(dt.UTC)
        away = Availability(online=False, reason=error.message, since=now)
        for key, mirror in self.appliances.items():
            if mirror.availability.online:
                mirror.availability = away
                self._tell(Change(appliance=key, at=now, origin=Origin.POLL, availability=away))

    def _tell(self, change: Change) -> None:
        if change.values or change.occurrences or change.availability or change.declared:
            for listener in tuple(self._listeners):
                listener(change)


@contextlib.asynccontextmanager
async def connect(path: Path, *, keep_trying: bool = False) -> AsyncIterator[BridgeClient]:
    """Talk to the bridge that listens at a Unix socket; raise ConnectionFailed when there is none.

    When the bridge goes away meanwhile, the body is cancelled and ConnectionLost raised in its place:
    whoever shows values must not go on showing old ones. With `keep_trying` the bridge is waited for instead,
    and its appliances are offline meanwhile.
    """
    check_owner(path)
    async with aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(str(path)), timeout=aiohttp.ClientTimeout(total=None)
    ) as session:
        client = BridgeClient(session)
        following = asyncio.create_task(
            client.keep_serving() if keep_trying else client.serve(), name="bridge events"
        )
        try:
            async with _leash(client, following):
                await client.ready()
                yield client
        finally:
            following.cancel()
            await asyncio.wait((following,))


@contextlib.asynccontextmanager
async def _leash(client: BridgeClient, following: asyncio.Task[None]) -> AsyncIterator[None]:
    """Cancel the body when the task ends, and raise why."""
    try:
        async with asyncio.timeout(None) as leash:

            def pull(_: asyncio.Task[None]) -> None:
                leash.reschedule(asyncio.get_running_loop().time())

            following.add_done_callback(pull)
            try:
                yield
            finally:
                following.remove_done_callback(pull)
    except TimeoutError:
        if leash.expired() and client.lost is not None:
            raise client.lost from None
        raise


def is_running(path: Path | None) -> bool:
    """Tell whether a bridge may be listening there: a socket of ours exists and somebody accepts."""
    import socket  # noqa: PLC0415 - only for this question

    if path is None or not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def check_owner(path: Path) -> None:
    """Refuse a socket that somebody else made: it could be anybody's."""
    try:
        status = path.stat()
    except OSError as error:
        raise errors.ConnectionFailed(f"there is no bridge at {path}") from error
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid not in (os.getuid(), 0):
        raise errors.ConnectionFailed(
            f"{path} belongs to another user", hint="Run this as the user who runs the bridge."
        )


def _feature(shown: Mapping[str, Any]) -> Feature:
    """Return the feature of a view; what belongs to other kinds is null there."""
    known = {key: value for key, value in shown.items() if value is not None}
    try:
        feature: Feature = msgspec.convert(known, FeatureKind)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"the bridge shows a feature that is not understood: {error}") from error
    return feature


def _value(feature: Feature | None, value: Any) -> Value:
    """Return a value with its moments and times of day as such."""
    if not isinstance(value, str) or feature is None or feature.kind not in ("sensor", "time"):
        plain: Value = value
        return plain
    if feature.kind == "time":
        return dt.time.fromisoformat(value)
    if feature.device_class == "timestamp":
        return dt.datetime.fromisoformat(value)
    return dt.date.fromisoformat(value) if feature.device_class == "date" else value


def _change(message: Mapping[str, Any], mirror: Mirror) -> Change:
    availability = message["availability"]
    return Change(
        appliance=message["appliance"],
        at=dt.datetime.fromisoformat(message["at"]),
        origin=Origin(message["origin"]),
        values={key: _value(mirror.features.get(key), v) for key, v in message["values"].items()},
        occurrences=tuple(_occurrence(one) for one in message["occurrences"]),
        availability=None if availability is None else msgspec.convert(availability, Availability),
    )


def _occurrence(shown: Mapping[str, Any]) -> Occurrence:
    at = dt.datetime.fromisoformat(shown["at"])
    return Occurrence(key=shown["key"], type=shown["type"], at=at, data=shown["data"])


def _difference(former: Mirror, mirror: Mirror) -> Change:
    """Return what is different in a mirror that takes the place of another."""
    values = {key: value for key, value in mirror.state.items() if former.state.get(key) != value}
    return Change(
        appliance=mirror.identity.id,
        at=mirror.updated_at or dt.datetime.now(dt.UTC),
        origin=Origin.POLL,
        values=values,
        availability=None if mirror.availability == former.availability else mirror.availability,
        declared=(mirror.identity, mirror.features) != (former.identity, former.features),
    )


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return data.decode("utf-8", "replace")


def _error(details: Mapping[str, Any]) -> HomewireError:
    """Return the error of the family that a problem or a command tells."""
    context = {key: details.get(key) for key in ("appliance", "path", "hint")}
    message = str(details.get("message", details.get("detail", "the bridge refused")))
    kind = _BY_CODE.get(str(details.get("code")), HomewireError)
    if issubclass(kind, InvalidValue):
        return InvalidValue(message, allowed=str(details.get("allowed", "")), **context)
    if issubclass(kind, CommandRejected):
        return kind(message, reason_code=details.get("reason_code"), **context)
    return kind(message, **context)


def _family(root: type[HomewireError]) -> Sequence[type[HomewireError]]:
    return [root, *(one for child in root.__subclasses__() for one in _family(child))]


_BY_CODE = {kind.code: kind for kind in reversed(_family(HomewireError))}


def _ignore(_stage: str) -> None:
    """Take a stage that nobody asked for."""
