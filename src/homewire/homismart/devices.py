"""Hubs and devices as objects: what they report, and methods for what they can be told to do.

Class and method names are those of homismart-client, so that code written for it reads on. What differs: a
method returns when the device confirmed (or raises), a cached state never suppresses a command, and unknown
is None. The state is the wire object itself, `record`, with unknown keys kept; see
docs/protocols/homismart.md, section 8.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from homewire.errors import ConnectionFailed
from homewire.homismart.codes import DeviceType, Kind
from homewire.homismart.models import (
    CoverReading,
    kind_of,
    malformed_fields,
    read_closed_position,
    read_cover,
    read_flag,
    read_last_on,
    read_lock,
    read_number,
    read_percent,
    read_text,
    read_whole,
)

if TYPE_CHECKING:
    from homewire.homismart.commands import Commands
    from homewire.homismart.session import HomismartSession

__all__ = [
    "DEVICE_CLASSES",
    "CurtainDevice",
    "HomismartDevice",
    "HomismartHub",
    "LockDevice",
    "SwitchableDevice",
]

_SHARING_KEYS: Final = ("permission", "allowedTime")
_ABSENT: Final = object()
_NOTHING: Final[frozenset[str]] = frozenset()


class HomismartDevice:
    """One object of the account; devices of an unknown type are plain instances of this class."""

    __slots__ = ("__weakref__", "_session", "id", "record")

    def __init__(self, session: HomismartSession, initial_data: dict[str, Any]) -> None:
        self._session = session
        self.id: str = initial_data["id"]
        self.record = initial_data

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.name!r}>"

    @property
    def raw(self) -> dict[str, Any]:
        """A copy of the object as last received, unknown keys included."""
        return dict(self.record)

    @property
    def name(self) -> str | None:
        """The display name."""
        return read_text(self.record.get("name"))

    @property
    def kind(self) -> Kind:
        """What it is."""
        return kind_of(self.record)

    @property
    def device_type_code(self) -> int | None:
        """The type number as reported."""
        return read_whole(self.record.get("type"))

    @property
    def device_type_enum(self) -> DeviceType | None:
        """The type; an unknown number is a member without a name."""
        code = self.device_type_code
        return None if code is None else DeviceType(code)

    @property
    def pid(self) -> str | None:
        """The id of its hub; the hub may belong to another account."""
        return read_text(self.record.get("pid")) or None

    @property
    def hub(self) -> HomismartHub | None:
        """Its hub, when that is known."""
        return self._session.get_hub_by_id(self.pid) if self.pid else None

    @property
    def is_online(self) -> bool | None:
        """Whether it reports itself reachable."""
        return read_flag(self.record.get("onLine"))

    @property
    def is_reachable(self) -> bool | None:
        """Whether it can be reached: a hub that is off line takes its devices with it (section 9.3)."""
        hub = self.hub
        return False if hub is not None and hub.is_online is False else self.is_online

    @property
    def is_on(self) -> bool | None:
        """Whether its relay is on; without meaning on covers (section 8.2)."""
        return read_flag(self.record.get("power"))

    @property
    def led_state(self) -> int | None:
        """The brightness of its indicator LED in percent."""
        return read_percent(self.record.get("led"))

    @property
    def icon_id(self) -> str | None:
        """The icon that the user chose."""
        return read_text(self.record.get("iconId"))

    @property
    def shared(self) -> bool | None:
        """Whether another account shared it to this one."""
        return read_flag(self.record.get("shared"))

    @property
    def malformed_fields(self) -> list[str]:
        """The known keys of `record` whose value is of a wrong type; they read as unknown."""
        return malformed_fields(self.record)

    @property
    def permission(self) -> Any:
        """The rights on a shared device; their layout is not known."""
        return self.record.get("permission")

    @property
    def allowed_time(self) -> Any:
        """The permitted hours of a shared device; their layout is not known."""
        return self.record.get("allowedTime")

    @property
    def has_timers(self) -> bool | None:
        """Whether timers are set for it."""
        return read_flag(self.record.get("timers"))

    @property
    def version(self) -> Any:
        """The firmware version, a number or a text."""
        return self.record.get("version")

    @property
    def consumption(self) -> float | None:
        """A power or energy reading; its unit is not known."""
        return read_number(self.record.get("consumption"))

    @property
    def update_time(self) -> dt.datetime | None:
        """When it was last updated (UTC)."""
        milliseconds = read_whole(self.record.get("updateTime"))
        try:
            return None if milliseconds is None else dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def update_state(self, new_data: Mapping[str, Any]) -> frozenset[str]:
        """Merge what was reported key by key; return the keys that differ (sections 8.8, 9.2)."""
        known = self.record
        if new_data.items() <= known.items():
            return _NOTHING
        changed = frozenset(key for key, value in new_data.items() if known.get(key, _ABSENT) != value)
        known.update(new_data)
        if new_data.get("shared") is False:
            changed |= self._end_sharing(new_data)
        return changed

    async def set_name(self, name: str, *, assume_locked: bool | None = None) -> None:
        """Rename it.

        For a lock whose state is unknown, `assume_locked` must say what it is: the lock code travels with
        every rename (section 10.2).
        """
        await self.commands.modify(self, name=name, assume_locked=assume_locked)

    async def set_icon(self, icon_id: str, *, assume_locked: bool | None = None) -> None:
        """Choose its icon; `assume_locked` as for `set_name`."""
        await self.commands.modify(self, icon=icon_id, assume_locked=assume_locked)

    async def set_led_state(self, led_percentage: int) -> None:
        """Set the brightness of its indicator LED, 0 to 100 percent."""
        await self.commands.set_led(self, led_percentage)

    async def delete(self) -> None:
        """Remove it from the account."""
        await self.commands.delete(self)

    async def query_timers(self) -> Any:
        """Return its timers as the server sends them; their layout is not known (section 14)."""
        return await self.commands.timers_of(self)

    async def delete_all_timers(self) -> Any:
        """Delete all its timers; return the server's answer."""
        return await self.commands.delete_timers_of(self)

    @property
    def commands(self) -> Commands:
        """What can be asked of the account; raise ConnectionFailed for a session without a link."""
        if self._session.commands is None:
            raise ConnectionFailed("this session has no connection", appliance=self.name or self.id)
        return self._session.commands

    def _end_sharing(self, new_data: Mapping[str, Any]) -> frozenset[str]:
        ended = frozenset(key for key in _SHARING_KEYS if key in self.record and key not in new_data)
        for key in ended:
            del self.record[key]
        return ended


class HomismartHub(HomismartDevice):
    """A main unit: the box behind which the devices are."""

    __slots__ = ()

    @property
    def mac_address(self) -> str | None:
        """Its MAC address, which its id contains (section 8.1)."""
        digits = self.id[2:]
        if len(digits) != 12:  # noqa: PLR2004 - the length of a MAC address in hex
            return None
        return ":".join(digits[i : i + 2] for i in range(0, 12, 2))

    @property
    def devices(self) -> list[HomismartDevice]:
        """The known devices behind it."""
        return [device for device in self._session.get_all_devices() if device.pid == self.id]


class SwitchableDevice(HomismartDevice):
    """A switch or a socket, single or double."""

    __slots__ = ()

    @property
    def last_on(self) -> dt.datetime | None:
        """When it was last switched on; the wire's local time is read in this computer's zone."""
        return read_last_on(self.record.get("lastOn"))

    async def turn_on(self) -> None:
        """Switch it on."""
        await self.commands.switch(self, True)

    async def turn_off(self) -> None:
        """Switch it off."""
        await self.commands.switch(self, False)

    async def toggle(self) -> None:
        """Switch it to the other state; an unknown state counts as off."""
        await self.commands.toggle(self)


class CurtainDevice(HomismartDevice):
    """A curtain or a shutter. Levels are the vendor's: 0 is open, 100 is closed."""

    __slots__ = ()

    @property
    def reading(self) -> CoverReading:
        """Everything that the reported state says, the raw value included (section 8.5)."""
        return read_cover(self.record.get("curtainState"))

    @property
    def current_level(self) -> int | None:
        """The level, 0 open to 100 closed; None is unknown."""
        return self.reading.level

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped on its way."""
        return self.reading.stopped

    @property
    def closed_position_calibration(self) -> int | None:
        """The calibration of where closed is, 0 to 10."""
        return read_closed_position(self.record.get("closedPosition"))

    async def open_fully(self) -> None:
        """Open it; return when it is open."""
        await self.commands.move(self, 0)

    async def close_fully(self) -> None:
        """Close it; return when it is closed."""
        await self.commands.move(self, 100)

    async def set_level(self, level_percentage: int) -> None:
        """Move it to a level, rounded to the client's `cover_step`; return when it is there."""
        await self.commands.move(self, level_percentage)

    async def stop(self) -> None:
        """Stop it where it is; ends the wait for the move."""
        await self.commands.stop(self)

    async def set_closed_position_calibration(self, position: int) -> None:
        """Calibrate where closed is, 0 to 10."""
        await self.commands.set_closed_position(self, position)

    open = open_fully
    close = close_fully


class LockDevice(HomismartDevice):
    """A door lock."""

    __slots__ = ()

    @property
    def is_locked(self) -> bool | None:
        """Whether it is locked; None is unknown."""
        return read_lock(self.record.get("lock"))

    @property
    def operation_time(self) -> float | None:
        """How long the door opens, in seconds as far as is known (section 8.6)."""
        return read_number(self.record.get("operationTime"))

    async def lock_device(self) -> None:
        """Lock it."""
        await self.commands.set_lock(self, True)

    async def unlock_device(self, *, dangerous: bool = False) -> None:
        """Unlock it: refused unless the client allows it for this lock, or `dangerous` says so here."""
        await self.commands.set_lock(self, False, dangerous=dangerous)

    async def set_operation_time(self, seconds: int) -> None:
        """Set how long the door opens."""
        await self.commands.set_operation_time(self, seconds)

    lock = lock_device
    unlock = unlock_device


DEVICE_CLASSES: Final[Mapping[Kind, type[HomismartDevice]]] = {
    Kind.HUB: HomismartHub,
    Kind.SHUTTER: CurtainDevice,
    Kind.CURTAIN: CurtainDevice,
    Kind.LOCK: LockDevice,
    Kind.UNKNOWN: HomismartDevice,
} | {kind: SwitchableDevice for kind in Kind if kind.switchable}
"""The class of each kind."""
