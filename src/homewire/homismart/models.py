"""What the bodies of frames say: device objects, and the replies whose layout is known.

Device objects stay the plain mappings that came over the wire, because the client sends them back whole
(docs/protocols/homismart.md, section 10.1) and because unknown keys are data. The readers here give one
field's meaning; they never raise and answer None for what cannot be read.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from homewire.errors import ConfigurationError
from homewire.homismart.codec import Frame, FrameError, Problem
from homewire.homismart.codes import KINDS, ErrorCode, Kind
from homewire.homismart.prefixes import ReceivePrefix

__all__ = [
    "AddResult",
    "CoverReading",
    "DeleteResult",
    "DeviceList",
    "DevicePush",
    "LoginResult",
    "Other",
    "Redirect",
    "Report",
    "ServerError",
    "is_hub",
    "kind_of",
    "malformed_fields",
    "read_cover",
    "read_flag",
    "read_last_on",
    "read_lock",
    "read_number",
    "read_report",
    "read_text",
    "read_whole",
    "shallow",
    "time_zone",
]

HUB_PREFIX: Final = "00"
"""An id that starts like this is a hub's (section 8.1)."""

LOCKED: Final = "2"
UNLOCKED: Final = "1"
"""The two lock codes, texts (section 8.6)."""

STOP: Final = 99
"""As a level in a request it means stop (section 8.5)."""

_STOPPED_FROM: Final = 200
_STOPPED_TO: Final = 300
"""A report of 200 + x means stopped at x (section 8.5)."""

_DEEPEST: Final = 16
"""Levels of nesting kept in one value of a device object; no documented value has more than two."""

_WHOLE: Final = re.compile(r"-?\d{1,15}")
"""Numbers come as text, too; 15 digits hold a time in milliseconds and bound the work."""

_LAST_ON: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
"""The form of `lastOn` (section 8.2)."""

Record: TypeAlias = Mapping[str, Any]


class CoverReading(msgspec.Struct, frozen=True, kw_only=True):
    """What `curtainState` says: the level (0 open, 100 closed, None unknown), and whether it stopped there.

    `vendor_level` is what the vendor's page would show for it.
    """

    raw: Any
    level: int | None
    vendor_level: int | None
    stopped: bool


class LoginResult(msgspec.Struct, frozen=True, kw_only=True):
    """`0003`: only the JSON value true is a success (section 4)."""

    accepted: bool
    terms_pending: bool
    problem: Problem | None = None


class DeviceList(msgspec.Struct, frozen=True, kw_only=True):
    """`0005`: the usable objects in their order; `skipped` counts those without an id (section 9.1).

    `unnested` is that of the frame.
    """

    records: Sequence[dict[str, Any]]
    skipped: int = 0
    unnested: bool = False

    @property
    def body(self) -> list[dict[str, Any]]:
        """The list as it came, without what was skipped."""
        return list(self.records)


class DevicePush(msgspec.Struct, frozen=True, kw_only=True):
    """`0009`: one object, perhaps only some of its keys (section 9.2). `unnested` is that of the frame."""

    record: dict[str, Any]
    unnested: bool = False


class AddResult(msgspec.Struct, frozen=True, kw_only=True):
    """`0013`: the added object, or None when nothing was added (section 10.7)."""

    record: dict[str, Any] | None

    @property
    def body(self) -> dict[str, Any]:
        """The reply as it came, as far as it is known."""
        return {"result": self.record is not None, "status": self.record}


class DeleteResult(msgspec.Struct, frozen=True, kw_only=True):
    """`0015`: the id that is gone, or None when nothing was deleted (section 10.5)."""

    deleted: str | None

    @property
    def body(self) -> dict[str, Any]:
        """The reply as it came, as far as it is known."""
        return {"result": self.deleted is not None, "status": {"id": self.deleted}}


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """`0039`: the host to use instead; the port field is not the port to dial (section 5)."""

    host: str
    port_field: str | int


class ServerError(msgspec.Struct, frozen=True, kw_only=True):
    """`9999`: a request failed. `request` is the failed number, which only the sibling platform tells."""

    code: ErrorCode | None
    info: str | None
    request: str | None = None
    problem: Problem | None = None

    @property
    def meaning(self) -> str:
        """The code and what it stands for, for a person."""
        if self.code is None:
            return "an error without a code"
        return f"{self.code.meaning} (code {int(self.code)})"


class Other(msgspec.Struct, frozen=True, kw_only=True):
    """A frame whose body has no documented layout, or whose number is in no table (`kind` None)."""

    prefix: str
    kind: ReceivePrefix | None
    body: Any


Report: TypeAlias = (
    LoginResult | DeviceList | DevicePush | AddResult | DeleteResult | Redirect | ServerError | Other
)


def read_report(frame: Frame) -> Report:
    """Return what a frame from the server says; raise FrameError when its body cannot mean that."""
    reader = _READERS.get(frame.prefix)
    if reader is not None:
        return reader(frame)
    kind = frame.kind if isinstance(frame.kind, ReceivePrefix) else None
    return Other(prefix=frame.prefix, kind=kind, body=frame.body)


def is_hub(device_id: str) -> bool:
    """Tell a hub's id from a device's (section 8.1)."""
    return device_id.startswith(HUB_PREFIX)


def kind_of(record: Record) -> Kind:
    """Return what a device object is, by its id and its type code (sections 8.1, 8.3)."""
    if is_hub(str(record.get("id", ""))):
        return Kind.HUB
    code = read_whole(record.get("type"))
    return Kind.UNKNOWN if code is None else KINDS.get(code, Kind.UNKNOWN)


def read_text(value: object) -> str | None:
    """Return a text; a whole number is read as its digits, as icon ids may be."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def read_flag(value: object) -> bool | None:
    """Return a boolean; the numbers 0 and 1 count, texts do not: "false" must not become on (section 8.4)."""
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def read_whole(value: object) -> int | None:
    """Return a whole number, given as such or as text of digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) and value.isascii() else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else None  # noqa: PLR2004 - see _WHOLE
    return value if isinstance(value, int) and abs(value) < 10**15 else None


def read_number(value: object) -> float | None:
    """Return a number of unknown unit, such as `consumption`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


def read_percent(value: object) -> int | None:
    """Return a whole number from 0 to 100, such as `led` (section 8.7)."""
    return _within(read_whole(value), 0, 100)


def read_closed_position(value: object) -> int | None:
    """Return the closed-position calibration, 0 to 10 (section 8.5)."""
    return _within(read_whole(value), 0, 10)


def read_lock(value: object) -> bool | None:
    """Return whether it is locked; only the two texts count (section 8.6)."""
    return {LOCKED: True, UNLOCKED: False}.get(value) if isinstance(value, str) else None


def read_cover(value: object) -> CoverReading:
    """Return what a `curtainState` says (section 8.5, last column; 1 is open)."""
    raw = read_whole(value)
    if raw is None:
        return CoverReading(raw=value, level=None, vendor_level=None, stopped=False)
    stopped = _STOPPED_FROM <= raw <= _STOPPED_TO
    level = _level(raw - _STOPPED_FROM if stopped else raw)
    return CoverReading(raw=value, level=level, vendor_level=_vendor_level(raw), stopped=stopped)


def read_last_on(value: object, zone: dt.tzinfo | None = None) -> dt.datetime | None:
    """Return `lastOn` as an aware moment.

    The wire carries a local time without zone (section 8.2); None reads it in this computer's own.
    """
    if not isinstance(value, str) or not _LAST_ON.fullmatch(value):
        return None
    try:
        local = dt.datetime.fromisoformat(value)
        if not 1970 <= local.year < 9000:  # noqa: PLR2004 - zones may be applied without overflow
            return None
        return local.replace(tzinfo=zone) if zone else local.astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def time_zone(name: str | None) -> dt.tzinfo | None:
    """Return the zone of a name such as Asia/Jerusalem, None for None; raise ConfigurationError."""
    if name is None:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"there is no time zone {name!r}", key="time_zone", hint="A name such as Asia/Jerusalem."
        ) from error


def malformed_fields(record: Record) -> list[str]:
    """Return the known keys whose value is of a wrong type; absent and null ones are not."""
    return [
        key
        for key, value in record.items()
        if value is not None and (reader := _FIELDS.get(key)) is not None and reader(value) is None
    ]


def shallow(record: dict[str, Any]) -> dict[str, Any]:
    """Return the object without values that are nested too deeply to be compared and sent back."""
    return {key: value for key, value in record.items() if not _too_deep(value, _DEEPEST)}


def _within(value: int | None, low: int, high: int) -> int | None:
    return value if value is not None and low <= value <= high else None


def _level(raw: int) -> int | None:
    if raw in (0, 1):
        return 0
    return raw if 2 <= raw <= 100 and raw != STOP else None  # noqa: PLR2004 - the table of section 8.5


def _vendor_level(raw: int) -> int:
    """Return what the vendor's page shows (section 8.5, second column)."""
    if raw == 1:
        return 0
    if _STOPPED_FROM <= raw <= _STOPPED_TO:
        return _vendor_level(raw - _STOPPED_FROM)
    return 100 if raw >= STOP or raw == -1 else raw


def _cover_is_number(value: object) -> int | None:
    # An empty text is how a cover without a position reports (section 8.5).
    return 0 if value == "" else read_whole(value)


def _last_on_is_time(value: object) -> object:
    return True if value == "" else read_last_on(value)  # empty: never switched on (section 8.2)


_FIELDS: Final[Mapping[str, Callable[[object], object]]] = MappingProxyType(
    {
        "name": read_text,
        "type": read_whole,
        "pid": read_text,
        "onLine": read_flag,
        "power": read_flag,
        "lastOn": _last_on_is_time,
        "updateTime": read_whole,
        "consumption": read_number,
        "led": read_percent,
        "lock": read_lock,
        "iconId": read_text,
        "curtainState": _cover_is_number,
        "closedPosition": read_closed_position,
        "operationTime": read_number,
        "shared": read_flag,
        "timers": read_flag,
    }
)
"""The documented keys of section 8.2 with one known type. `id` is checked where records come in."""


def _object(frame: Frame) -> dict[str, Any]:
    if isinstance(frame.body, dict):
        return frame.body
    raise _wrong(frame, Problem.WRONG_TYPE, f"the body is {_json_type(frame.body)}, not an object")


def _identified(frame: Frame, record: object) -> dict[str, Any]:
    """Return a device object with a usable id."""
    if not isinstance(record, dict):
        raise _wrong(frame, Problem.WRONG_TYPE, f"the device is {_json_type(record)}, not an object")
    device_id = record.get("id", "")
    if not isinstance(device_id, str):
        raise _wrong(frame, Problem.WRONG_TYPE, f"the id is {_json_type(device_id)}, not a text")
    if not device_id:
        raise _wrong(frame, Problem.MISSING_ID, "the device has no id")
    return record


def _wrong(frame: Frame, problem: Problem, reason: str) -> FrameError:
    return FrameError(problem, f"{frame.prefix}: {reason}", offset=4, prefix=frame.prefix)


def _json_type(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _login_result(frame: Frame) -> LoginResult:
    body = _object(frame)
    result = body.get("result", False)
    accepted = result is True
    terms = accepted and body.get("shouldConfirmTerms") in (1, True)
    problem = None if isinstance(result, bool) else Problem.WRONG_TYPE
    return LoginResult(accepted=accepted, terms_pending=terms, problem=problem)


def _device_list(frame: Frame) -> DeviceList:
    if not isinstance(frame.body, list):
        raise _wrong(frame, Problem.WRONG_TYPE, f"the list is {_json_type(frame.body)}, not an array")
    records = [e for e in frame.body if e.__class__ is dict and (i := e.get("id")).__class__ is str and i]
    return DeviceList(records=records, skipped=len(frame.body) - len(records), unnested=frame.unnested)


def _too_deep(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_too_deep(each, levels - 1) for each in inner)


def _device_push(frame: Frame) -> DevicePush:
    return DevicePush(record=_identified(frame, frame.body), unnested=frame.unnested)


def _succeeded(frame: Frame, body: Record) -> bool:
    result = body.get("result", False)
    if isinstance(result, bool):
        return result
    raise _wrong(frame, Problem.WRONG_TYPE, f"the result is {_json_type(result)}, not a boolean")


def _add_result(frame: Frame) -> AddResult:
    body = _object(frame)
    if not _succeeded(frame, body):
        return AddResult(record=None)
    status = body.get("status")
    if isinstance(status, dict) and not status.get("id", ""):
        return AddResult(record=None)
    return AddResult(record=_identified(frame, status))


def _delete_result(frame: Frame) -> DeleteResult:
    body = _object(frame)
    if not _succeeded(frame, body):
        return DeleteResult(deleted=None)
    if "status" not in body:
        raise _wrong(frame, Problem.MISSING_KEYS, "a deletion without status")
    return DeleteResult(deleted=_identified(frame, body["status"])["id"])


def _redirect(frame: Frame) -> Redirect:
    body = _object(frame)
    host, port = body.get("ip"), body.get("port")
    usable = isinstance(host, str) and host and isinstance(port, str | int) and not isinstance(port, bool)
    if not usable or not str(port).isdecimal():
        raise _wrong(frame, Problem.MISSING_KEYS, "a redirect needs ip and a numeric port")
    return Redirect(host=str(host), port_field=port)  # type: ignore[arg-type]  # checked two lines above


def _server_error(frame: Frame) -> ServerError:
    body, problem = frame.body, None
    if not isinstance(body, dict):
        body, problem = {}, Problem.WRONG_TYPE
    elif "code" not in body:
        problem = Problem.MISSING_KEYS
    elif not isinstance(body["code"], int):
        problem = Problem.WRONG_TYPE
    code = read_whole(body.get("code"))
    info, request = body.get("info"), read_text(body.get("cmd"))
    return ServerError(
        code=None if code is None else ErrorCode(code),
        info=info if isinstance(info, str) else None,
        request=request,
        problem=problem,
    )


_READERS: Final[Mapping[str, Callable[[Frame], Report]]] = MappingProxyType(
    {
        ReceivePrefix.LOGIN_RESULT.value: _login_result,
        ReceivePrefix.DEVICE_LIST.value: _device_list,
        ReceivePrefix.DEVICE_PUSH.value: _device_push,
        ReceivePrefix.ADD_RESULT.value: _add_result,
        ReceivePrefix.DELETE_RESULT.value: _delete_result,
        ReceivePrefix.REDIRECT.value: _redirect,
        ReceivePrefix.ERROR.value: _server_error,
    }
)
