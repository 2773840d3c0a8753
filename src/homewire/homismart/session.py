"""What is known about the account: hubs and devices, merged from lists and pushes, and who listens.

Nothing here does I/O. `take` applies one report (docs/protocols/homismart.md, section 9) and tells listeners
what changed, with the keys; a push that changes nothing makes no noise. `register_event_listener` offers the
same under the event names of homismart-client.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
import inspect
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from homewire.errors import AuthenticationFailed, ConnectionLost, HomewireError
from homewire.homismart.codec import Direction, Frame, FrameError, decode, encode
from homewire.homismart.codes import KINDS
from homewire.homismart.commands import Commands
from homewire.homismart.confirmation import error_of
from homewire.homismart.devices import DEVICE_CLASSES, Account, HomismartDevice, HomismartHub
from homewire.homismart.models import (
    AddResult,
    DeleteResult,
    DeviceList,
    DevicePush,
    Other,
    Report,
    ServerError,
    is_hub,
    kind_of,
    read_report,
    shallow,
)
from homewire.homismart.prefixes import ReceivePrefix
from homewire.unknowns import Unknowns

__all__ = ["EVENTS", "ChangeKind", "DeviceChange", "HomismartSession", "details_of"]

_log = logging.getLogger(__name__)

EVENTS: Final = (
    "new_device_added",
    "device_updated",
    "device_deleted",
    "new_hub_added",
    "hub_updated",
    "hub_deleted",
    "session_authenticated",
    "session_error",
    "connection_lost",
)
"""The events of `register_event_listener`: those of homismart-client, and `connection_lost`."""

_MOST_OBJECTS: Final = 200_000
"""Pushes of invented ids must not fill the memory; a frame of the largest size lists fewer devices."""

_CLASS_OF_TYPE: Final[Mapping[int, type[HomismartDevice]]] = {
    code: DEVICE_CLASSES[kind] for code, kind in KINDS.items()
}


class ChangeKind(enum.Enum):
    """What happened to a device, with the events that tell it for devices and for hubs.

    REPLACED: its type became another kind, and a new object stands for it; homismart-client calls that new.
    """

    ADDED = ("new_device_added", "new_hub_added")
    UPDATED = ("device_updated", "hub_updated")
    REPLACED = ("new_device_added", "hub_updated", "replaced")
    REMOVED = ("device_deleted", "hub_deleted")

    def __init__(self, device_event: str, hub_event: str, _distinct: str = "") -> None:
        self.device_event = device_event
        self.hub_event = hub_event


class DeviceChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one device or hub, with the keys of the wire object that differ."""

    kind: ChangeKind
    device: HomismartDevice
    keys: frozenset[str]


ChangeListener: TypeAlias = Callable[[DeviceChange], object]
EventListener: TypeAlias = Callable[[Any], object]


class HomismartSession(Account):
    """The objects of one account, kept current. They stay, with their last state, while the link is down."""

    def __init__(
        self,
        commands: Commands | None = None,
        *,
        time_zone: dt.tzinfo | None = None,
        unknowns: Unknowns | None = None,
    ) -> None:
        super().__init__(commands, time_zone=time_zone)
        self.unknowns = unknowns or Unknowns()
        self._events: dict[str, list[EventListener]] = {}
        self._listeners: list[ChangeListener] = []
        self._running: set[asyncio.Future[Any]] = set()

    def register_event_listener(self, event_name: str, callback: EventListener) -> None:
        """Call back at every event of that name (`EVENTS`), with its argument.

        A coroutine function is run as a task of its own; an exception is logged and harms nobody else.
        """
        if event_name not in EVENTS:
            message = f"there is no event {event_name!r}; there are {', '.join(EVENTS)}"
            raise ValueError(message)
        self._events.setdefault(event_name, []).append(callback)

    def unregister_event_listener(self, event_name: str, callback: EventListener) -> None:
        """End what `register_event_listener` began; unknown callbacks are ignored."""
        callbacks = self._events.get(event_name, [])
        if callback in callbacks:
            callbacks.remove(callback)

    def subscribe(self, listener: ChangeListener) -> Callable[[], None]:
        """Call the listener with every change and its keys; return what ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def dispatch_message(self, prefix_str: str, data: Any) -> None:
        """Take one message from the server, already split into number and parsed body."""
        frame = decode(prefix_str, Direction.TO_CLIENT)
        try:
            self.take(read_report(Frame(prefix=frame.prefix, body=data, kind=frame.kind)))
        except FrameError as error:
            self.note_malformed(error)

    def take(self, report: Report) -> None:
        """Apply one report to the known objects and tell what changed."""
        match report:
            case DevicePush():
                self._merge(report.record, report.unnested)
            case DeviceList():
                self._take_list(report)
            case AddResult() if report.record is not None:
                self._merge(report.record, False)
            case DeleteResult() if report.deleted is not None:
                self._forget(report.deleted)
            case ServerError():
                self.emit("session_error", _describe(report))
            case Other():
                self._note_other(report)
            case _:
                pass  # logins and redirects are the link's business, refusals their caller's

    def note_malformed(self, error: FrameError) -> None:
        """Count a frame that could not be read; it changes nothing."""
        self.unknowns.note("frame", f"{error.prefix or '????'} {error.problem.value}")
        _log.debug("Ignored a frame: %s", error)

    def emit(self, event_name: str, argument: Any) -> None:
        """Tell the listeners of an event."""
        callbacks = self._events.get(event_name)
        if not callbacks:
            return
        for callback in tuple(callbacks):
            try:
                outcome = callback(argument)
                if outcome is not None and inspect.isawaitable(outcome):
                    self._follow(outcome)
            except Exception:
                _log.exception("A listener of %s failed", event_name)

    async def close(self) -> None:
        """Cancel the coroutine listeners that still run."""
        for task in tuple(self._running):
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    def _follow(self, outcome: Any) -> None:
        task = asyncio.ensure_future(outcome)
        self._running.add(task)
        task.add_done_callback(self._followed)

    def _followed(self, task: asyncio.Future[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("A listener failed", exc_info=error)

    def _take_list(self, report: DeviceList) -> None:
        """Merge what is listed and forget what is not: a list is complete (section 9.1)."""
        if report.skipped:
            self.unknowns.note("list entry", "without a usable id")
        known, create, unnested = self._objects, self._create, report.unnested
        for record in report.records:  # what `_merge` does, without a call for each of thousands
            device = known.get(record["id"])
            if device is None:
                create(record if unnested else shallow(record))
            elif not record.items() <= device.record.items():
                self._update(device, record if unnested else shallow(record))
        listed = {record["id"] for record in report.records}
        if len(listed) != len(self._objects):
            self._forget_all_but(listed)

    def _forget_all_but(self, listed: set[str]) -> None:
        missing = [device_id for device_id in self._objects if device_id not in listed]
        for device_id in sorted(missing, key=is_hub):  # devices first, as homismart-client does
            self._forget(device_id)

    def _merge(self, record: dict[str, Any], unnested: bool) -> None:
        """Take one object as reported: nothing happens when nothing differs."""
        device = self._objects.get(record["id"])
        if device is None:
            self._create(record if unnested else shallow(record))
        elif not record.items() <= device.record.items():
            self._update(device, record if unnested else shallow(record))

    def _update(self, device: HomismartDevice, record: dict[str, Any]) -> None:
        keys = device.update_state(record)
        if "type" in keys and not isinstance(device, DEVICE_CLASSES[kind_of(device.record)]):
            self._replace(device, keys)
        elif keys:
            self._tell(ChangeKind.UPDATED, device, keys)

    def _create(self, record: dict[str, Any]) -> None:
        if len(self._objects) >= _MOST_OBJECTS:
            self.unknowns.note("device", "beyond the limit")
            return
        device_id = record["id"]
        if record.get("deviceId") == device_id:
            record["deviceId"] = device_id  # one text instead of two: a building has many devices
        device = self._objects[device_id] = _class_of(record)(self, record)
        self._tell(ChangeKind.ADDED, device, record)

    def _replace(self, old: HomismartDevice, keys: frozenset[str]) -> None:
        """Stand a new object for a device whose kind changed; both share the state (section 9.2)."""
        device = DEVICE_CLASSES[kind_of(old.record)](self, old.record)
        self._objects[device.id] = device
        self._tell(ChangeKind.REPLACED, device, keys)

    def _forget(self, device_id: str) -> None:
        device = self._objects.pop(device_id, None)
        if device is not None:
            self._tell(ChangeKind.REMOVED, device, frozenset())

    def _tell(self, kind: ChangeKind, device: HomismartDevice, keys: Iterable[str]) -> None:
        if self._listeners:
            change = DeviceChange(kind=kind, device=device, keys=frozenset(keys))
            for listener in tuple(self._listeners):
                try:
                    listener(change)
                except Exception:
                    _log.exception("A subscriber of the Homismart session failed")
        if self._events:
            self.emit(kind.hub_event if isinstance(device, HomismartHub) else kind.device_event, device)

    def _note_other(self, report: Other) -> None:
        if report.kind is None:
            self.unknowns.note("prefix", report.prefix)
        elif report.kind is not ReceivePrefix.TERMS_RESULT:
            _log.debug("Nothing is documented about %s: %.200s", report.kind.name, encode(report.kind))


def _class_of(record: Mapping[str, Any]) -> type[HomismartDevice]:
    """Return the class of a device; the usual case first, as lists are long."""
    code = record.get("type")
    usual = _CLASS_OF_TYPE.get(code) if code.__class__ is int else None
    if usual is None or is_hub(record["id"]):
        return DEVICE_CLASSES[kind_of(record)]
    return usual


def details_of(error: HomewireError) -> dict[str, Any]:
    """Return a loss or a refused login as listeners of session_error expect it.

    The types and keys are homismart-client's; those of `HomewireError.details` are there as well.
    """
    kind = "connection_operational_error"
    if isinstance(error, AuthenticationFailed):
        kind = "authentication_failed"
    elif isinstance(error, ConnectionLost):
        kind = "connection_closed_by_server"
    same = {"exception": error, "exception_object": error, "exception_class": type(error).__name__}
    return {**error.details(), "type": kind, **same}


def _describe(error: ServerError) -> dict[str, Any]:
    """Return a `9999` as listeners of session_error expect it: homismart-client's keys, and more."""
    code = None if error.code is None else int(error.code)
    return {
        "type": "server_command_error",
        "data": {"code": code, "info": error.info},
        "exception": error_of(error),
        "code": code,
        "error_code": error.code,
        "message": error.meaning,
        "info": error.info,
    }
