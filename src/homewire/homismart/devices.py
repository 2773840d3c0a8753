"""Hubs and devices as objects: what they report, and methods for what they can be told to do.

Class and method names are those of homismart-client, so that code written for it reads on. What differs: a
method returns when the device confirmed (or raises), a cached state never suppresses a command, and unknown
is None. What all of them report is in `objects`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from homewire.errors import ConnectionFailed
from homewire.homismart.codes import Kind
from homewire.homismart.commands import Commands
from homewire.homismart.models import (
    CoverReading,
    is_hub,
    read_closed_position,
    read_cover,
    read_last_on,
    read_lock,
    read_number,
)
from homewire.homismart.objects import HomismartObject

__all__ = [
    "DEVICE_CLASSES",
    "Account",
    "CurtainDevice",
    "HomismartDevice",
    "HomismartHub",
    "LockDevice",
    "SwitchableDevice",
]


class HomismartDevice(HomismartObject):
    """One object of the account; devices of an unknown type are plain instances of this class."""

    __slots__ = ("_session",)

    def __init__(self, session: Account, initial_data: dict[str, Any]) -> None:
        self._session = session
        self.id = initial_data["id"]
        self.record = initial_data

    @property
    def hub(self) -> HomismartHub | None:
        """Its hub, when that is known."""
        return self._session.get_hub_by_id(self.pid) if self.pid else None

    @property
    def is_reachable(self) -> bool | None:
        """Whether it can be reached: a hub that is off line takes its devices with it (section 9.3)."""
        hub = self.hub
        return False if hub is not None and hub.is_online is False else self.is_online

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
            raise ConnectionFailed("this session has no connection", appliance=self.title)
        return self._session.commands


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
        """When it was last switched on; the wire's local time is read in the flat's zone."""
        return read_last_on(self.record.get("lastOn"), self._session.time_zone)

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


class Account:
    """The hubs and devices of one account by their ids, and what can be asked of it.

    Without `commands`, objects can only be read. `time_zone` is the flat's, None for this computer's.
    """

    def __init__(self, commands: Commands | None = None, *, time_zone: dt.tzinfo | None = None) -> None:
        self.commands = commands
        self.time_zone = time_zone
        self._objects: dict[str, HomismartDevice] = {}

    def get_device_by_id(self, device_id: str) -> HomismartDevice | None:
        """Return the device, or None. Hubs have their own question."""
        return None if is_hub(device_id) else self._objects.get(device_id)

    def get_hub_by_id(self, hub_id: str) -> HomismartHub | None:
        """Return the hub, or None."""
        hub = self._objects.get(hub_id)
        return hub if isinstance(hub, HomismartHub) else None

    def get_all_devices(self) -> list[HomismartDevice]:
        """Return the devices without the hubs, in the order in which they became known."""
        return [device for device in self._objects.values() if not isinstance(device, HomismartHub)]

    def get_all_hubs(self) -> list[HomismartHub]:
        """Return the hubs."""
        return [hub for hub in self._objects.values() if isinstance(hub, HomismartHub)]

    def all_objects(self) -> list[HomismartDevice]:
        """Return hubs and devices."""
        return list(self._objects.values())
