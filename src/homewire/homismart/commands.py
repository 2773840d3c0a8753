"""Everything that can be asked of the account, as coroutines that end when the cloud confirmed.

Wishes are checked here before any byte leaves; requests are built when their turn comes, from the newest
state (docs/protocols/homismart.md, section 10). A cached state never suppresses a command.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from homewire.clock import Clock
from homewire.commands import Allowance
from homewire.errors import CommandRejected, InvalidValue, NotSupported, RemoteControlDisabled
from homewire.homismart import requests
from homewire.homismart.codes import DeviceType, Group, Kind
from homewire.homismart.confirmation import Answer, Wish
from homewire.homismart.models import (
    STOP,
    AddResult,
    DeleteResult,
    DeviceList,
    Other,
    Report,
    read_cover,
    read_flag,
    read_lock,
    read_text,
    read_whole,
)
from homewire.homismart.objects import HomismartObject
from homewire.homismart.outbox import Order, Outbox
from homewire.homismart.prefixes import ANSWERS, ReceivePrefix, RequestPrefix
from homewire.homismart.requests import Request

__all__ = ["Commands"]

COVER_STEP: Final = 10
"""Real covers need levels that are multiples of 10, one integration found (section 8.5)."""

LIST_S: Final = 30.0
"""How long a device list may take: the list of a large building has several megabytes."""

MOVE_SILENCE_S: Final = 60.0
"""How long a cover may travel without a word: whether it reports on its way is not known (section 8.5)."""

OnSent = Callable[[], object]


class Commands:
    """The requests of the protocol for one account.

    `zone` is the one that `lastOn` is written in, None for this computer's; `allow` names the locks that may
    be unlocked; `cover_step` is what levels are rounded to. Every method raises CommandRejected,
    CommandTimeout, CommandSuperseded, NotSupported, AuthenticationFailed or ConnectionFailed when the cloud
    did not confirm, and InvalidValue before anything is sent.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        clock: Clock,
        zone: dt.tzinfo | None = None,
        allow: Allowance | None = None,
        cover_step: int = COVER_STEP,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._zone = zone
        self._allow = allow or Allowance()
        self._cover_step = cover_step
        self._wished_power: dict[str, dict[object, bool]] = {}

    async def switch(self, device: HomismartObject, on: bool, *, on_sent: OnSent | None = None) -> None:
        """Switch a relay."""
        if not device.kind.switchable:
            raise _cannot(device, "be switched")
        wishes, this = self._wished_power.setdefault(device.id, {}), object()
        wishes[this] = on
        try:
            await self._control(
                device,
                "power",
                lambda: requests.power(device.record, on, self._local_time()),
                ("power", lambda value: read_flag(value) is on),
                on_sent=on_sent,
            )
        finally:
            del wishes[this]
            if not wishes:
                self._wished_power.pop(device.id, None)

    async def toggle(self, device: HomismartObject) -> None:
        """Switch a relay to the other state: other than the newest wish, else than the report."""
        wishes = self._wished_power.get(device.id)
        newest = next(reversed(wishes.values())) if wishes else device.is_on
        await self.switch(device, not newest)

    async def move(self, device: HomismartObject, level: int, *, on_sent: OnSent | None = None) -> None:
        """Move a cover to a level, 0 open to 100 closed; return when it reports to be there."""
        _require_cover(device)
        wanted = self._rounded(_checked(device, "level", level, 0, 100))
        await self._control(
            device,
            "cover",
            lambda: requests.cover(device.record, wanted, self._local_time()),
            ("curtainState", _Arrival(device, wanted)),
            interrupts=True,
            silence_s=MOVE_SILENCE_S,
            on_sent=on_sent,
        )

    async def stop(self, device: HomismartObject, *, on_sent: OnSent | None = None) -> None:
        """Stop a cover; return when it reports to stand."""
        _require_cover(device)
        await self._control(
            device,
            "cover",
            lambda: requests.stop(device.record, self._local_time()),
            ("curtainState", _stands),
            interrupts=True,
            urgent=True,
            on_sent=on_sent,
        )

    async def set_closed_position(
        self, device: HomismartObject, position: int, *, on_sent: OnSent | None = None
    ) -> None:
        """Calibrate where a cover's closed is, 0 to 10."""
        _require_cover(device)
        wanted = _checked(device, "closed position", position, 0, 10)
        await self._control(
            device,
            "closed position",
            lambda: requests.closed_position(device.id, wanted),
            ("closedPosition", lambda value: read_whole(value) == wanted),
            on_sent=on_sent,
        )

    async def set_led(self, device: HomismartObject, percent: int, *, on_sent: OnSent | None = None) -> None:
        """Set the brightness of an indicator LED, 0 to 100 percent."""
        wanted = _checked(device, "LED brightness", percent, 0, 100)
        await self._control(
            device,
            "led",
            lambda: requests.led(device.id, wanted),
            ("led", lambda value: read_whole(value) == wanted),
            on_sent=on_sent,
        )

    async def set_lock(
        self,
        device: HomismartObject,
        locked: bool,
        *,
        dangerous: bool = False,
        on_sent: OnSent | None = None,
    ) -> None:
        """Lock a door, or unlock it when that is allowed for it."""
        if device.kind is not Kind.LOCK:
            raise _cannot(device, "be locked")
        if not locked and not (dangerous or self._may_unlock(device)):
            raise _unlocking_disabled(device)
        await self._control(
            device,
            "lock",
            lambda: requests.modify(device.record, lock=locked),
            ("lock", lambda value: read_lock(value) is locked),
            on_sent=on_sent,
        )

    async def modify(
        self,
        device: HomismartObject,
        *,
        name: str | None = None,
        icon: str | None = None,
        assume_locked: bool | None = None,
        on_sent: OnSent | None = None,
    ) -> None:
        """Change name or icon of a hub or device."""
        key, wire, wanted = ("name", "name", name) if name is not None else ("icon", "iconId", icon)
        if not isinstance(wanted, str):
            raise InvalidValue(f"{wanted!r} is no text", allowed="a text", appliance=device.title)
        self._require_lock_code(device, assume_locked)
        await self._control(
            device,
            key,
            lambda: requests.modify(
                device.record, name=name, icon=icon, lock=self._lock_to_send(device, assume_locked)
            ),
            (wire, lambda value: read_text(value) == wanted),
            on_sent=on_sent,
        )

    async def set_operation_time(
        self, device: HomismartObject, seconds: int, *, on_sent: OnSent | None = None
    ) -> None:
        """Set how long a door opens, in seconds as far as is known (section 8.6)."""
        if device.kind is not Kind.LOCK:
            raise _cannot(device, "be given an operation time")
        wanted = _checked(device, "operation time", seconds, 0, 3600)
        await self._control(
            device,
            "operation time",
            lambda: requests.operation_time(device.record, wanted, self._local_time()),
            ("operationTime", lambda value: read_whole(value) == wanted),
            on_sent=on_sent,
        )

    async def delete(self, device: HomismartObject) -> None:
        """Remove a device or hub from the account."""

        def answer(report: Report) -> bool | None:
            if not isinstance(report, DeleteResult):
                return None
            if report.deleted is None:
                raise CommandRejected("the cloud did not delete it", appliance=device.title)
            return True if report.deleted == device.id else None

        await self._outbox.perform(
            Order(
                build=lambda: requests.delete(device.id),
                key="delete",
                device_id=device.id,
                subject=device.title,
                answer=answer,
            )
        )

    async def add_device(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add a device or hub; return its object.

        What the request must contain is not known (section 10.7): the sibling platform sends password or
        serial, parent id, name, place and type.
        """

        def answer(report: Report) -> dict[str, Any] | None:
            if not isinstance(report, AddResult):
                return None
            if report.record is None:
                raise CommandRejected("the cloud did not add the device")
            return report.record

        order = Order(build=lambda: (RequestPrefix.ADD_DEVICE, body), key="add", answer=answer)
        added: dict[str, Any] = await self._outbox.perform(order)
        return added

    async def control_all(
        self, devices: Collection[HomismartObject], group: Group | int, on: bool, *, dangerous: bool = False
    ) -> None:
        """Switch a whole group; return when every reachable one of these devices that is in it reported.

        For covers on is taken to open them; that is not documented (section 10.6). Nor is whether
        "everything" reaches locks, so switching it on needs the consent to unlock each of them.
        """
        if group == DeviceType.DOOR_LOCK or (group == Group.ALL and on):
            for device in devices:
                if device.kind is Kind.LOCK and not (dangerous or self._may_unlock(device)):
                    raise _unlocking_disabled(device)
        wishes = {d.id: _group_wish(d, on) for d in devices if _in_group(d, group)}
        await self._outbox.perform(
            Order(
                build=lambda: requests.control_all(group, on),
                key="group",
                subject=f"group {group}",
                wishes=wishes,
                silence_s=MOVE_SILENCE_S,
            )
        )

    async def list_devices(self) -> DeviceList:
        """Ask for all hubs and devices; return the list."""
        order = Order(
            build=lambda: (RequestPrefix.LIST_DEVICES, {}),
            key="list",
            silence_s=LIST_S,
            answer=lambda report: report if isinstance(report, DeviceList) else None,
        )
        listed: DeviceList = await self._outbox.perform(order)
        return listed

    async def accept_terms(self) -> None:
        """Accept the terms and conditions: a legal act of the account's owner (section 6)."""
        await self.ask(RequestPrefix.TERMS_ACCEPT, {})

    async def ask(self, prefix: RequestPrefix, body: Mapping[str, Any] | None = None) -> Any:
        """Send any request and return the body of the reply that belongs to it (section 14).

        A request without a known reply returns None as soon as it is sent.
        """
        reply = ANSWERS.get(prefix)
        answer = _reply(reply) if reply is not None else None
        return await self._outbox.perform(Order(build=lambda: (prefix, body), key=prefix.name, answer=answer))

    async def timers_of(self, device: HomismartObject) -> Any:
        """Return a device's timers as the server sends them."""
        return await self.ask(*requests.timers_of(device.id))

    async def delete_timers_of(self, device: HomismartObject) -> Any:
        """Delete all timers of a device."""
        return await self.ask(*requests.delete_timers_of(device.id))

    async def _control(
        self,
        device: HomismartObject,
        key: str,
        build: Callable[[], Request],
        wish: Wish,
        *,
        interrupts: bool = False,
        urgent: bool = False,
        silence_s: float = 0.0,
        on_sent: OnSent | None = None,
    ) -> None:
        await self._outbox.perform(
            Order(
                build=build,
                key=key,
                device_id=device.id,
                subject=device.title,
                wishes={device.id: wish},
                interrupts=interrupts,
                urgent=urgent,
                silence_s=silence_s,
                on_sent=on_sent,
            )
        )

    def _local_time(self) -> dt.datetime:
        return self._clock.now().astimezone(self._zone)

    def _rounded(self, level: int) -> int:
        if level in (0, 100):  # open and closed, whatever the step
            return level
        step = self._cover_step
        rounded = min(100, (level + step // 2) // step * step)
        return 100 if rounded == STOP else rounded  # 99 would stop it

    def _may_unlock(self, device: HomismartObject) -> bool:
        return self._allow.permits("lock", f"homismart:{device.id}", device.id, device.title)

    def _require_lock_code(self, device: HomismartObject, assume_locked: bool | None) -> None:
        if not _may_be_a_lock(device) or assume_locked is not None:
            return
        if read_lock(device.record.get("lock")) is None:
            raise RemoteControlDisabled(
                "whether it is locked is unknown, and the lock code travels with this change",
                appliance=device.title,
                hint="Say what it is: assume_locked=True, or False if the door may be unlocked by this.",
            )

    def _lock_to_send(self, device: HomismartObject, assume_locked: bool | None) -> bool | None:
        known = read_lock(device.record.get("lock")) if _may_be_a_lock(device) else None
        return assume_locked if known is None else known


def _reply(prefix: ReceivePrefix) -> Answer:
    """Return what recognises a reply by its number; `{}` and no body are the same (section 2)."""

    def answer(report: Report) -> Any:
        match report:
            case Other() if report.kind is prefix:
                return {} if report.body is None else report.body
            case DeviceList() | AddResult() | DeleteResult() if type(report) is _TYPED.get(prefix):
                return report.body
        return None

    return answer


_TYPED: Final[Mapping[ReceivePrefix, type[DeviceList | AddResult | DeleteResult]]] = {
    ReceivePrefix.DEVICE_LIST: DeviceList,
    ReceivePrefix.ADD_RESULT: AddResult,
    ReceivePrefix.DELETE_RESULT: DeleteResult,
}
"""Replies whose layout is known, and which therefore do not come as they are."""


class _Arrival:
    """Whether a cover has arrived; raises CommandRejected when somebody else stopped it on its way.

    It counts as on its way once it reported a place without standing there: the first report may be old.
    """

    def __init__(self, device: HomismartObject, level: int) -> None:
        self._device = device
        self._level = level
        self._under_way = False

    def __call__(self, value: object) -> bool:
        reading = read_cover(value)
        if reading.level == self._level:
            return True
        if self._under_way and reading.stopped:
            raise CommandRejected("it was stopped on its way", appliance=self._device.title)
        self._under_way = not reading.stopped
        return False


def _stands(value: object) -> bool:
    """Tell whether a cover reports to stand: at a place, or without position feedback (section 8.5)."""
    reading = read_cover(value)
    return reading.stopped or read_whole(value) == STOP


def _in_group(device: HomismartObject, group: int) -> bool:
    kind = device.kind
    if not device.is_reachable or not (kind.switchable or kind.cover):
        return False
    if group == Group.ALL:
        return True
    return kind.cover if group == Group.COVERS else device.device_type_code == group


def _group_wish(device: HomismartObject, on: bool) -> Wish:
    if device.kind.cover:
        level = 0 if on else 100
        return "curtainState", lambda value: read_cover(value).level == level
    return "power", lambda value: read_flag(value) is on


def _may_be_a_lock(device: HomismartObject) -> bool:
    return device.kind in (Kind.LOCK, Kind.UNKNOWN)


def _require_cover(device: HomismartObject) -> None:
    if not device.kind.cover:
        raise _cannot(device, "be moved")


def _cannot(device: HomismartObject, what: str) -> NotSupported:
    return NotSupported(f"a {device.kind.value} cannot {what}", appliance=device.title)


def _checked(device: HomismartObject, what: str, value: object, low: int, high: int) -> int:
    """Return a whole number within the limits; booleans and fractions are refused."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidValue(
            f"the {what} cannot be {value!r}", allowed=f"{low} to {high}", appliance=device.title
        )
    return value


def _unlocking_disabled(device: HomismartObject) -> RemoteControlDisabled:
    return RemoteControlDisabled(
        "unlocking is dangerous and not enabled for this lock",
        appliance=device.title,
        hint=f'Enable it with allow = ["homismart:{device.id}/lock"] in its connection, '
        "or consent to this one call with dangerous=True.",
    )
