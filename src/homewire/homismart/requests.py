"""The bodies of the requests that change things (docs/protocols/homismart.md, sections 4 and 10).

Each function returns prefix and body, and looks at nothing but its arguments: the newest known device object,
the wish, the time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from homewire.homismart.codes import Group
from homewire.homismart.models import LOCKED, STOP, UNLOCKED
from homewire.homismart.prefixes import RequestPrefix

__all__ = [
    "Request",
    "closed_position",
    "control_all",
    "cover",
    "delete",
    "delete_timer",
    "delete_timers_of",
    "led",
    "login",
    "modify",
    "operation_time",
    "password_digest",
    "power",
    "stop",
    "timers_of",
]

Request: TypeAlias = tuple[RequestPrefix, Mapping[str, Any] | None]

_DEFAULT_ICON: Final = "0"


def password_digest(password: str) -> str:
    """Return what is sent for a password: MD5 in lower-case hex; as secret as the password (section 4)."""
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()


def login(username: str, digest: str) -> Request:
    """Return the login with a password digest (section 4)."""
    return RequestPrefix.LOGIN, {"username": username, "password": digest}


def power(record: Mapping[str, Any], on: bool, now: dt.datetime) -> Request:
    """Return the switching of a relay; `now` is aware and in the zone that `lastOn` is written in."""
    changed: dict[str, Any] = {"power": on}
    if on:
        changed["lastOn"] = now.strftime("%Y-%m-%d %H:%M:%S")
    return _control(record, changed, now)


def cover(record: Mapping[str, Any], level: int, now: dt.datetime) -> Request:
    """Return the move of a cover to a level, 0 open to 100 closed; 99 would be stop (section 8.5)."""
    return _control(record, {"curtainState": str(level)}, now)


def stop(record: Mapping[str, Any], now: dt.datetime) -> Request:
    """Return the stop of a moving cover."""
    return _control(record, {"curtainState": str(STOP)}, now)


def operation_time(record: Mapping[str, Any], seconds: int, now: dt.datetime) -> Request:
    """Return how long a door opens, written through `0006` as one routine of the vendor's page does (8.6)."""
    return _control(record, {"operationTime": seconds}, now)


def modify(
    record: Mapping[str, Any], *, name: str | None = None, icon: str | None = None, lock: bool | None = None
) -> Request:
    """Return a change of name, icon or lock; all four keys always travel (section 10.2).

    What is not changed is sent as last known; see `lock_code_known` in the devices for the hazard.
    """
    code = record.get("lock", UNLOCKED) if lock is None else (LOCKED if lock else UNLOCKED)
    body = {
        "devid": record["id"],
        "name": record.get("name", "") if name is None else name,
        "lock": code,
        "iconId": record.get("iconId", _DEFAULT_ICON) if icon is None else icon,
    }
    return RequestPrefix.MODIFY_DEVICE, body


def led(device_id: str, percent: int) -> Request:
    """Return the brightness of the indicator LED, 0 to 100 percent (section 10.3)."""
    return RequestPrefix.LED_SET, {"devid": device_id, "ledDevice": percent}


def closed_position(device_id: str, position: int) -> Request:
    """Return the calibration of where closed is, 0 to 10 (section 10.4)."""
    return RequestPrefix.CURTAIN_CLOSED_POSITION, {"deviceSN": device_id, "closedPosition": position}


def delete(device_id: str) -> Request:
    """Return the removal of a device or hub from the account (section 10.5)."""
    return RequestPrefix.DELETE_DEVICE, {"devid": device_id}


def control_all(group: Group | int, on: bool) -> Request:
    """Return the switching of a whole group; on opens covers (section 10.6, the simulator's choice)."""
    return RequestPrefix.CONTROL_ALL, {"action": "1" if on else "0", "type": int(group)}


def timers_of(device_id: str) -> Request:
    """Return the question for the timers of one device (section 14)."""
    return RequestPrefix.TIMER_QUERY, {"devid": device_id}


def delete_timer(timer_id: str) -> Request:
    """Return the removal of one timer (section 14)."""
    return RequestPrefix.TIMER_DELETE, {"id": timer_id}


def delete_timers_of(device_id: str) -> Request:
    """Return the removal of all timers of a device (section 14)."""
    return RequestPrefix.TIMER_DELETE_ALL, {"deviceSN": device_id}


def _control(record: Mapping[str, Any], changed: Mapping[str, Any], now: dt.datetime) -> Request:
    """Return the whole object with the wish: known keys stay in place, new ones follow (section 10.1)."""
    stamp = {"updateTime": int(now.timestamp() * 1000)}
    return RequestPrefix.DEVICE_CONTROL, {**record, **changed, **stamp}
