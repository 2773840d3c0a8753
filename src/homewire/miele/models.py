"""What Miele's JSON resources say, typed: device list, identification, state, answers to writes.

The appliances of twenty years share one JSON interface, and each sends the fields that it has
(miele-http.md, sections 10, 11 and 18). So nothing here is mandatory: a field that is missing, "not
available" (-32768 and its like) or of an unexpected type is None, the latter also named in ``malformed``;
fields that nobody knows are kept in ``unknown``. Only a body that is not JSON, or not the kind of JSON
value that the resource delivers, is an error.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from homewire.errors import ProtocolError
from homewire.miele.signing import strip_padding

__all__ = [
    "DeviceEntry",
    "Ident",
    "Json",
    "State",
    "WriteResult",
    "decode_device_list",
    "decode_json",
    "decode_names",
    "decode_object",
    "decode_write_results",
    "format_json",
]

Json: TypeAlias = Mapping[str, Any]
Fields: TypeAlias = tuple[tuple[str, str, Callable[[Any], Any]], ...]

_NOT_AVAILABLE: Final = frozenset({-32768, -32766})
"""Temperatures of zones that do not exist or have no value now (section 11)."""

_NO_PROGRAM: Final = frozenset({65535, -1})
"""ProgramID of "none" beside 0 (section 11)."""

_ACTIVE: Final = frozenset({5, 6})
"""Status while a programme runs or pauses (appendix A)."""


class Ident(msgspec.Struct, frozen=True, kw_only=True):
    """``/Devices/<route>/Ident``: who the appliance and its communication module are (section 10)."""

    device_type: int | None = None
    sub_type: int | None = None
    device_name: str = ""
    protocol_version: int | None = None
    app_support: int | None = None
    fct_support: int | None = None
    xkm_support: int | None = None
    fab_number: str = ""
    fab_index: str = ""
    tech_type: str = ""
    mat_number: str = ""
    module_type: str = ""
    module_fab_number: str = ""
    module_version: str = ""
    raw: Json = {}

    @classmethod
    def from_json(cls, data: Json) -> Ident:
        """Read the decoded resource; labels are nested objects."""
        values, _, _ = _pick(data, _IDENT_FIELDS)
        for label, fields in (("DeviceIdentLabel", _DEVICE_LABEL), ("XKMIdentLabel", _MODULE_LABEL)):
            nested = data.get(label)
            values |= _pick(nested, fields)[0] if isinstance(nested, dict) else {}
        return cls(**{name: value for name, value in values.items() if value is not None}, raw=data)


class State(msgspec.Struct, frozen=True, kw_only=True):
    """``/Devices/<route>/State``: what it does (section 11). Times in seconds, temperatures in °C."""

    status: int | None = None
    internal_state: int | None = None
    program_type: int | None = None
    program_id: int | None = None
    program_phase: int | None = None
    remaining_time: int | None = None
    start_time: int | None = None
    elapsed_time: int | None = None
    target_temperature: tuple[float | None, ...] = ()
    temperature: tuple[float | None, ...] = ()
    signal_info: bool | None = None
    signal_failure: bool | None = None
    signal_door: bool | None = None
    remote_enable: tuple[int, ...] = ()
    process_action: int | None = None
    device_action: int | None = None
    light: int | None = None
    standby_state: int | None = None
    sync_state: int | None = None
    spinning_speed: int | None = None
    drying_step: int | None = None
    ventilation_step: int | None = None
    plate_step: tuple[int, ...] = ()
    plate_remaining_heat: tuple[int, ...] = ()
    plate_remaining_minutes: tuple[int, ...] = ()
    plate_elapsed_minutes: tuple[int, ...] = ()
    door_states: tuple[int, ...] = ()
    extended_state: bytes | None = None
    user_request: int | None = None
    unknown: Json = {}
    malformed: tuple[str, ...] = ()
    raw: Json = {}

    @classmethod
    def from_json(cls, data: Json) -> State:
        """Read the decoded resource; unexpected values never hide the expected ones."""
        values, unknown, malformed = _pick(data, _STATE_FIELDS)
        present = {name: value for name, value in values.items() if value is not None}
        return cls(**present, unknown=unknown, malformed=malformed, raw=data)

    @property
    def has_program(self) -> bool:
        """Tell whether a programme number is named at all (0 and 65535 mean none)."""
        return bool(self.program_id) and self.program_id not in _NO_PROGRAM

    @property
    def progress(self) -> float | None:
        """The part of the running programme that is behind it, 0 to 1; None while nothing runs."""
        if self.status not in _ACTIVE or self.elapsed_time is None:
            return None
        whole = self.elapsed_time + (self.remaining_time or 0)
        return self.elapsed_time / whole if whole else None


class DeviceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One appliance behind a module, from ``/Devices/``; ``route`` is its 12-digit fabrication number."""

    route: str
    group: str = ""
    pairing: bool | None = None


class WriteResult(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the answer to a write: the field, accepted or not, and the appliance's number (0: good)."""

    field: str
    accepted: bool
    code: int


def decode_json(body: bytes) -> Any:
    """Parse a padded JSON body; whatever is not JSON raises ProtocolError."""
    text = strip_padding(body)
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ProtocolError(f"body of {len(text)} bytes is not JSON: {error}", offset=0) from None


def decode_object(body: bytes) -> dict[str, Any]:
    """Parse a body that has to be a JSON object."""
    value = decode_json(body)
    if not isinstance(value, dict):
        raise ProtocolError(f"JSON object expected, got {type(value).__name__}", offset=0)
    return value


def decode_device_list(body: bytes) -> tuple[DeviceEntry, ...]:
    """Parse ``/Devices/``: an object whose keys are routes (section 10)."""
    return tuple(_device_entry(route, value) for route, value in decode_object(body).items())


def decode_names(body: bytes) -> tuple[str, ...]:
    """Parse an index resource: an object's keys, or a list of texts or numbers (miele-dop2.md, section 1)."""
    value = decode_json(body)
    if not isinstance(value, dict | list):
        raise ProtocolError(f"index expected, got {type(value).__name__}", offset=0)
    return tuple(str(name).strip("/") for name in value)


def decode_write_results(body: bytes) -> tuple[WriteResult, ...]:
    """Parse the answer to a write, ``[{"Success":{"ProcessAction":0}}]`` or nothing (section 12)."""
    if not strip_padding(body):
        return ()
    value = decode_json(body)
    lines = value if isinstance(value, list) else [value]
    return tuple(result for line in lines if isinstance(line, dict) for result in _results(line))


def format_json(value: Json | list[Any]) -> bytes:
    """Write JSON like an appliance: tab indented, no blank after the colon, a final line feed (section 4)."""
    return json.dumps(value, indent="\t", separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _device_entry(route: str, value: Any) -> DeviceEntry:
    if not isinstance(value, dict):
        return DeviceEntry(route=route)
    return DeviceEntry(
        route=route, group=_text(value.get("Group")) or "", pairing=_flag(value.get("Pairing"))
    )


def _results(line: Json) -> list[WriteResult]:
    return [
        WriteResult(field=field, accepted=outcome == "Success" and not code, code=_whole(code) or 0)
        for outcome, fields in line.items()
        if isinstance(fields, dict)
        for field, code in fields.items()
    ]


def _pick(data: Json, fields: Fields) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
    values: dict[str, Any] = {}
    malformed = []
    for wire_name, name, read in fields:
        if (raw := data.get(wire_name)) is None:
            continue
        values[name] = read(raw)
        if values[name] is None and not _is_absent(raw):
            malformed.append(wire_name)
    known = _known(fields)
    return values, {key: value for key, value in data.items() if key not in known}, tuple(malformed)


@functools.cache
def _known(fields: Fields) -> frozenset[str]:
    return frozenset(wire_name for wire_name, _, _ in fields)


def _is_absent(raw: Any) -> bool:
    return isinstance(raw, int) and (raw in _NOT_AVAILABLE or raw in _NO_PROGRAM)


def _whole(raw: Any) -> int | None:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def _flag(raw: Any) -> bool | None:
    return bool(raw) if isinstance(raw, bool | int) else None


def _text(raw: Any) -> str | None:
    return raw if isinstance(raw, str) else None


def _seconds(raw: Any) -> int | None:
    """Read ``[hours, minutes]`` or, on some appliances, a number of minutes."""
    if (minutes := _whole(raw)) is not None:
        return minutes * 60 if minutes >= 0 else None
    parts = _wholes(raw)
    if parts is None or len(parts) != len(("hours", "minutes")) or min(parts) < 0:
        return None
    return parts[0] * 3600 + parts[1] * 60


def _wholes(raw: Any) -> tuple[int, ...] | None:
    if not isinstance(raw, list):
        return None
    numbers = tuple(number for number in map(_whole, raw) if number is not None)
    return numbers if len(numbers) == len(raw) else None


def _degrees(raw: Any) -> tuple[float | None, ...] | None:
    """Read hundredths of °C per zone; some appliances send a bare number."""
    numbers = _wholes(raw if isinstance(raw, list) else [raw])
    if numbers is None:
        return None
    return tuple(None if number in _NOT_AVAILABLE else number / 100 for number in numbers)


def _doors(raw: Any) -> tuple[int, ...] | None:
    """Read ``[[state, ?], …]``, one pair per door (section 11)."""
    if not isinstance(raw, list):
        return None
    states = tuple(_whole(door[0] if isinstance(door, list) and door else door) for door in raw)
    return tuple(state for state in states if state is not None) if None not in states else None


def _block(raw: Any) -> bytes | None:
    try:
        return bytes.fromhex(raw)
    except (TypeError, ValueError):
        return None


_IDENT_FIELDS: Final[Fields] = (
    ("DeviceType", "device_type", _whole),
    ("SubType", "sub_type", _whole),
    ("DeviceName", "device_name", _text),
    ("AppSupport", "app_support", _whole),
    ("FctSupport", "fct_support", _whole),
    ("XKMSupport", "xkm_support", _whole),
    ("ProtocolVersion", "protocol_version", _whole),
)
_DEVICE_LABEL: Final[Fields] = (
    ("FabNumber", "fab_number", _text),
    ("FabIndex", "fab_index", _text),
    ("TechType", "tech_type", _text),
    ("MatNumber", "mat_number", _text),
)
_MODULE_LABEL: Final[Fields] = (
    ("TechType", "module_type", _text),
    ("FabNumber", "module_fab_number", _text),
    ("ReleaseVersion", "module_version", _text),
)
_STATE_FIELDS: Final[Fields] = (
    ("Status", "status", _whole),
    ("InternalState", "internal_state", _whole),
    ("ProgramType", "program_type", _whole),
    ("ProgramID", "program_id", _whole),
    ("ProgramPhase", "program_phase", _whole),
    ("RemainingTime", "remaining_time", _seconds),
    ("StartTime", "start_time", _seconds),
    ("ElapsedTime", "elapsed_time", _seconds),
    ("TargetTemperature", "target_temperature", _degrees),
    ("Temperature", "temperature", _degrees),
    ("SignalInfo", "signal_info", _flag),
    ("SignalFailure", "signal_failure", _flag),
    ("SignalDoor", "signal_door", _flag),
    ("RemoteEnable", "remote_enable", _wholes),
    ("ProcessAction", "process_action", _whole),
    ("DeviceAction", "device_action", _whole),
    ("Light", "light", _whole),
    ("StandbyState", "standby_state", _whole),
    ("SyncState", "sync_state", _whole),
    ("SpinningSpeed", "spinning_speed", _whole),
    ("DryingStep", "drying_step", _whole),
    ("VentilationStep", "ventilation_step", _whole),
    ("PlateStep", "plate_step", _wholes),
    ("PlateRemainingHeat", "plate_remaining_heat", _wholes),
    ("PlateRemainingMinutes", "plate_remaining_minutes", _wholes),
    ("PlateElapsedMinutes", "plate_elapsed_minutes", _wholes),
    ("DoorStates", "door_states", _doors),
    ("ExtendedState", "extended_state", _block),
    ("UserRequest", "user_request", _whole),
)
