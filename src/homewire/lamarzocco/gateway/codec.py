"""Bytes of the gateway generation to typed payloads and back; pure.

Configurations arrive bare from the machine and in an envelope from the cloud, with camel-case keys or, up to
gateway v2, in capitals with booleans as text (`lamarzocco-gateway.md`, section 8.7). WebSocket messages are
one object or an array of objects of one key each, some of whose values are JSON inside JSON text (section
10).

The fast way decodes straight into the typed structs. When a field does not fit, the slow way takes the
payload field by field: what fits is kept and the rest is named, so that a surprise in one place never hides
the others. Only what is not JSON of the expected outline at all is a ProtocolError.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import msgspec

from homewire.errors import ProtocolError
from homewire.lamarzocco.gateway.models import (
    Boiler,
    Configuration,
    GrinderConfiguration,
    GroupCapabilities,
    MachineStatistics,
    PreinfusionSettings,
    Snapshot,
    SystemInfo,
)

__all__ = [
    "BLUETOOTH_END",
    "PLAIN_TYPES",
    "STREAM_KEYS",
    "Batch",
    "UnreadableValue",
    "decode_configuration",
    "decode_envelope",
    "decode_json",
    "decode_records",
    "decode_stream",
    "encode_json",
    "has_envelope",
    "read_stream_value",
    "stream_objects",
    "unknown_fields",
    "unknown_fields_of",
]

ConfigurationT = TypeVar("ConfigurationT", Configuration, GrinderConfiguration)
StructT = TypeVar("StructT", bound=msgspec.Struct)
Notice: TypeAlias = Callable[[str, object], object]
"""Told the kind and value of what was not understood."""

BLUETOOTH_END = b"\x00"
"""What ends a Bluetooth command (section 11.2)."""

_BYTE = re.compile(r"byte (\d+)")


def _malformed(what: str, error: Exception) -> ProtocolError:
    found = _BYTE.search(str(error))
    offset = getattr(error, "start", None) if found is None else int(found[1])
    return ProtocolError(f"{what} is not the JSON that is expected: {error}", offset=offset)


_JSON_ERRORS = (msgspec.DecodeError, UnicodeError, RecursionError, ValueError, OverflowError)
_generic = msgspec.json.Decoder()


def decode_json(data: bytes | str, what: str = "the answer") -> Any:
    """Return any JSON value; raise ProtocolError with the offset."""
    try:
        return _generic.decode(data)
    except _JSON_ERRORS as error:
        raise _malformed(what, error) from error


def encode_json(value: Any) -> bytes:
    """Return a value as JSON, structs in the wire's names."""
    return msgspec.json.encode(value)


def decode_envelope(data: bytes, what: str = "the answer") -> Any:
    """Return `data` of the cloud's envelope (section 6); raise ProtocolError without one."""
    answer = decode_json(data, what)
    if not isinstance(answer, dict) or "data" not in answer:
        raise ProtocolError(f"{what} has no data envelope", offset=0)
    return answer["data"]


class _Envelope(msgspec.Struct, frozen=True):
    data: msgspec.Raw = msgspec.Raw()


_envelope = msgspec.json.Decoder(_Envelope)
_fast: Mapping[type[Any], msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Configuration, GrinderConfiguration)
}


def has_envelope(data: bytes) -> bool:
    """Tell whether an answer is wrapped in `data` and `status`; gateway v2's configuration is not."""
    try:
        return len(_envelope.decode(data).data) > 0
    except _JSON_ERRORS:
        return False


def decode_configuration(
    data: bytes,
    kind: type[ConfigurationT],
    *,
    enveloped: bool = False,
    notice: Notice | None = None,
) -> ConfigurationT:
    """Return a configuration in any of its three forms.

    `notice` hears of fields that do not have the documented form. Raise ProtocolError when it is no JSON
    object.
    """
    body: Any = data
    try:
        if enveloped:
            body = _envelope.decode(data).data
        config: ConfigurationT = _fast[kind].decode(body)
    except _JSON_ERRORS:
        return _slow_configuration(data, kind, enveloped, notice)
    if config.machine_mode is None:
        return _slow_configuration(data, kind, enveloped, notice)
    return config


def _slow_configuration(
    data: bytes, kind: type[ConfigurationT], enveloped: bool, notice: Notice | None
) -> ConfigurationT:
    what = "the configuration"
    fields = decode_envelope(data, what) if enveloped else decode_json(data, what)
    if not isinstance(fields, dict):
        raise ProtocolError(f"{what} is no object", offset=0)
    return _piecewise(_normalised(fields, kind), kind, notice)


def _normalised(fields: dict[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Undo the capitals and the booleans as text of gateway v2 (section 8.7)."""
    if "MACHINEMODE" not in fields:
        return fields
    names = {encoded.upper(): encoded for _name, encoded, _piece in _pieces(kind)}
    return {names.get(key, key): _booleans(value) for key, value in fields.items()}


def _booleans(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _booleans(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_booleans(inner) for inner in value]
    return {"True": True, "False": False}.get(value, value) if isinstance(value, str) else value


def _piecewise(fields: Mapping[str, Any], kind: type[StructT], notice: Notice | None) -> StructT:
    """Convert field by field; leave out and report what does not fit."""
    taken: dict[str, Any] = {}
    for name, encoded, piece in _pieces(kind):
        if encoded not in fields:
            continue
        try:
            taken[name] = msgspec.convert({"value": fields[encoded]}, piece).value
        except (msgspec.ValidationError, RecursionError, OverflowError) as error:
            if notice:
                notice("field", f"{encoded}: {error}")
    return _construct(kind, taken)


@functools.cache
def _pieces(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, Any], ...]:
    """Return every field's two names and a struct that holds it alone: msgspec keeps structs' types ready."""
    return tuple(
        (field.name, field.encode_name, msgspec.defstruct("Piece", [("value", _plain_type(field.type))]))
        for field in msgspec.structs.fields(kind)
    )


def _plain_type(declared: Any) -> Any:
    """Raw fields cannot be made from decoded values: take whatever they hold."""
    return tuple[Any, ...] | None if "Raw" in str(declared) else declared


def _construct(kind: type[StructT], taken: Mapping[str, Any]) -> StructT:
    return kind(**{name: value for name, value in taken.items() if value is not None})


def decode_records(data: bytes, kind: type[StructT], *, notice: Notice | None = None) -> list[StructT]:
    """Return the enveloped array of objects, without those that do not fit; raise ProtocolError."""
    items = decode_envelope(data)
    if not isinstance(items, list):
        raise ProtocolError("the answer is no array", offset=0)
    records = []
    for item in items:
        try:
            records.append(msgspec.convert(item, kind))
        except (msgspec.ValidationError, RecursionError, OverflowError) as error:
            if notice:
                notice("record", str(error))
    return records


@functools.cache
def _known(kind: Any) -> Mapping[str, Any] | None:
    """Return the encoded names and types of a struct, None for anything else."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return None
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


def unknown_fields(value: Any, kind: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every key of a raw payload that the typed form has no place for."""
    fields = next((known for part in _parts(kind) if (known := _known(part)) is not None), None)
    if isinstance(value, list):
        for inner in value:
            yield from unknown_fields(inner, kind, f"{path}[]")
        return
    if not isinstance(value, dict) or fields is None:
        return
    for key, inner in value.items():
        place = f"{path}.{key}" if path else key
        if key in fields:
            yield from _unknown_inside(inner, fields[key], place)
        else:
            yield place


def _unknown_inside(inner: Any, kind: Any, place: str) -> Iterator[str]:
    if str(getattr(kind, "__origin__", "")).endswith("'dict'>") or "dict[" in str(kind):
        for key, value in inner.items() if isinstance(inner, dict) else ():
            yield from unknown_fields(value, kind, f"{place}.{key}")
        return
    yield from unknown_fields(inner, kind, place)


def _parts(kind: Any) -> Iterator[Any]:
    """Yield a type and everything it is made of: members of unions, items of arrays, values of objects."""
    yield kind
    for argument in getattr(kind, "__args__", ()):
        yield from _parts(argument)


def unknown_fields_of(data: bytes, kind: type[msgspec.Struct], *, enveloped: bool = False) -> list[str]:
    """Return the unknown fields of an encoded configuration, each path once; raise ProtocolError."""
    fields = decode_envelope(data) if enveloped else decode_json(data)
    if isinstance(fields, dict):
        fields = _normalised(fields, kind)
    return sorted(set(unknown_fields(fields, kind)))


# --- WebSocket messages, section 10


_stream: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[dict[str, Any]] | dict[str, Any])


class UnreadableValue(Exception):
    """A stream value that is kept as it came."""


class Batch(msgspec.Struct, frozen=True, gc=False):
    """One WebSocket message: the understood keys with typed values, and the others as they came."""

    values: dict[str, Any]
    unknown: dict[str, Any]


def _number(value: Any) -> float:
    if type(value) is float or type(value) is int:
        return value
    raise TypeError


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    raise TypeError


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    raise TypeError


def _anything(value: Any) -> Any:
    return value


def _nested(kind: Any) -> Callable[[Any], Any]:
    """JSON inside JSON text; some firmware sends the object itself."""
    decoder = msgspec.json.Decoder(kind)

    def decode(value: Any) -> Any:
        return decoder.decode(value) if type(value) is str else msgspec.convert(value, kind)

    return decode


def _configuration(value: Any) -> Configuration:
    if type(value) is str:
        return decode_configuration(value.encode(), Configuration)
    return msgspec.convert(value, Configuration)


_targets = _nested(dict[str, float] | list[dict[str, str | float]])


def _target_temperatures(value: Any) -> dict[str, float]:
    """Return targets by boiler; the oldest firmware sent an array of `id` and `value`."""
    found = _targets(value)
    if isinstance(found, dict):
        return found
    return {str(item["id"]): float(item["value"]) for item in found if "id" in item and "value" in item}


STREAM_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "MachineConfiguration": _configuration,
    "SystemInfo": _nested(SystemInfo),
    "KeepAlive": _anything,
    "SteamBoilerUpdateTemperature": _number,
    "CoffeeBoiler1UpdateTemperature": _number,
    "SteamBoilerUpdateSetPoint": _number,
    "CoffeeBoiler1UpdateSetPoint": _number,
    "SteamBoilerEnabled": _boolean,
    "BoilersTargetTemperature": _target_temperatures,
    "Boilers": _nested(tuple[Boiler, ...]),
    "MachineMode": _text,
    "WakeUp": _text,
    "Sleep": _text,
    "TankStatus": _text,
    "PreinfusionSettings": _nested(PreinfusionSettings),
    "GroupCapabilities": _nested(tuple[GroupCapabilities, ...]),
    "MachineStatistics": _nested(MachineStatistics),
    "BrewingStartedGroup1StopType": _text,
    "BrewingStartedGroup1DoseIndex": _text,
    "BrewingStartedGroup1VolumeTarget": _number,
    "BrewingUpdateGroup1Time": _number,
    "BrewingUpdateGroup1Ev": _boolean,
    "BrewingUpdateGroup1Volume": _number,
    "BrewingStoppedGroup1StopType": _text,
    "BrewingStoppedGroup1DoseIndex": _text,
    "BrewingStoppedGroup1Time": _number,
    "BrewingStoppedGroup1Volume": _number,
    "BrewingStoppedGroup1StopReason": _text,
    "BrewingSnapshotGroup1": _nested(Snapshot),
    "FlushSnapshotGroup1": _nested(Snapshot),
    "FlushStoppedGroup1DoseIndex": _text,
    "FlushStoppedGroup1Time": _number,
    "FlushStoppedGroup1Volume": _number,
}
"""Every key of section 10.1 with what reads its value."""

_VALUE_ERRORS = (
    TypeError,
    KeyError,
    ProtocolError,
    msgspec.DecodeError,
    UnicodeError,
    RecursionError,
    ValueError,
)
PLAIN_TYPES: Mapping[str, frozenset[type]] = {
    key: {_number: frozenset({int, float}), _boolean: frozenset({bool}), _text: frozenset({str})}[read]
    for key, read in STREAM_KEYS.items()
    if read in (_number, _boolean, _text)
}
"""The keys whose values need no reading, with their JSON types: most messages hold nothing else."""


def decode_stream(data: bytes | str) -> Batch:
    """Return one message; raise ProtocolError when it is neither an object nor an array of objects."""
    values: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for entry in stream_objects(data):
        for key, value in entry.items():
            try:
                values[key] = read_stream_value(key, value)
            except UnreadableValue:
                unknown[key] = value
    return Batch(values, unknown)


def stream_objects(data: bytes | str) -> Sequence[dict[str, Any]]:
    """Return a message's objects as they came; raise ProtocolError when it has another outline."""
    try:
        message = _stream.decode(data)
    except _JSON_ERRORS as error:
        raise _malformed("the WebSocket message", error) from error
    return message if type(message) is list else (message,)


def read_stream_value(key: str, value: Any) -> Any:
    """Return a value with its type; raise UnreadableValue for an unknown key or another form."""
    try:
        return STREAM_KEYS[key](value)
    except _VALUE_ERRORS as error:
        raise UnreadableValue(key) from error
