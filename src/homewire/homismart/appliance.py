"""Hubs and devices as appliances: one table says which key of the wire object is which feature.

Source of all meanings: docs/protocols/homismart.md, section 8. Positions of covers are turned round on the
way: homewire counts 100 as open, the vendor counts 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final

import msgspec

from homewire.appliance import Appliance, Identity, Origin
from homewire.clock import Clock
from homewire.commands import Allowance, Command
from homewire.features import (
    BinarySensor,
    Category,
    Cover,
    Feature,
    Lock,
    Number,
    Sensor,
    Switch,
    Text,
    Value,
)
from homewire.homismart.codes import DeviceType, Kind
from homewire.homismart.commands import Commands
from homewire.homismart.devices import HomismartDevice
from homewire.homismart.models import (
    malformed_fields,
    read_closed_position,
    read_cover,
    read_flag,
    read_last_on,
    read_lock,
    read_number,
    read_percent,
    read_text,
)
from homewire.unknowns import Unknowns

__all__ = ["HomismartAppliance", "appliance_id", "catalogue", "features_of"]

VENDOR: Final = "Homismart"

Reader = Callable[[Any, dt.tzinfo | None], Value]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A feature, the key of the wire object that it is read from, and how (value, time zone of the flat)."""

    feature: Feature
    wire: str
    read: Reader


def _position(value: Any, _zone: dt.tzinfo | None) -> Value:
    level = read_cover(value).level
    return None if level is None else 100 - level


def _plain(reader: Callable[[object], Value]) -> Reader:
    return lambda value, _zone: reader(value)


_NAME: Final = Reading(
    feature=Text(
        key="name",
        name="Name",
        category=Category.CONFIGURATION,
        min_length=1,
        max_length=64,
        history=False,
        help="The name in the vendor's app.",
    ),
    wire="name",
    read=_plain(read_text),
)
_ICON: Final = Reading(
    feature=Text(
        key="icon",
        name="Icon",
        category=Category.CONFIGURATION,
        max_length=4,
        pattern=r"\d+",
        enabled_by_default=False,
        history=False,
        help="The number of the icon in the vendor's app.",
    ),
    wire="iconId",
    read=_plain(read_text),
)
_ONLINE: Final = Reading(
    feature=BinarySensor(
        key="online",
        name="Online",
        category=Category.DIAGNOSTIC,
        device_class="connectivity",
        help="What the device or hub reports about itself.",
    ),
    wire="onLine",
    read=_plain(read_flag),
)
_LED: Final = Reading(
    feature=Number(
        key="led",
        name="LED brightness",
        category=Category.CONFIGURATION,
        unit="%",
        minimum=0,
        maximum=100,
        help="Brightness of the indicator LED; 0 is off.",
    ),
    wire="led",
    read=_plain(read_percent),
)
_SHARED: Final = Reading(
    feature=BinarySensor(
        key="shared",
        name="Shared",
        category=Category.DIAGNOSTIC,
        enabled_by_default=False,
        help="Whether another account shared it to this one.",
    ),
    wire="shared",
    read=_plain(read_flag),
)
_TIMERS: Final = Reading(
    feature=BinarySensor(
        key="timers",
        name="Timers",
        category=Category.DIAGNOSTIC,
        enabled_by_default=False,
        help="Whether timers are set in the vendor's app.",
    ),
    wire="timers",
    read=_plain(read_flag),
)
_CONSUMPTION: Final = Reading(
    feature=Sensor(
        key="consumption",
        name="Consumption",
        category=Category.DIAGNOSTIC,
        state_class="measurement",
        enabled_by_default=False,
        help="A power or energy reading; nobody has documented its unit.",
    ),
    wire="consumption",
    read=_plain(read_number),
)
_POWER: Final = Reading(
    feature=Switch(key="power", name="Power", help="The relay."), wire="power", read=_plain(read_flag)
)
_OUTLET: Final = Reading(
    feature=Switch(key="power", name="Power", device_class="outlet", help="The relay."),
    wire="power",
    read=_plain(read_flag),
)
_RELAY: Final = Reading(
    feature=BinarySensor(
        key="power",
        name="Power",
        category=Category.DIAGNOSTIC,
        device_class="power",
        help="The relay of the lock; some door openers may be driven by it.",
    ),
    wire="power",
    read=_plain(read_flag),
)
_LAST_ON: Final = Reading(
    feature=Sensor(
        key="last_on",
        name="Last on",
        device_class="timestamp",
        history=False,
        help="When it was last switched on, in the flat's time zone.",
    ),
    wire="lastOn",
    read=read_last_on,
)
_COVERS: Final = {
    kind: Reading(
        feature=Cover(
            key="cover",
            name="Position",
            device_class=kind.value,
            help="0 is closed, 100 open; levels are rounded to 10 unless the connection says otherwise.",
        ),
        wire="curtainState",
        read=_position,
    )
    for kind in (Kind.SHUTTER, Kind.CURTAIN)
}
_STOPPED: Final = Reading(
    feature=BinarySensor(
        key="stopped",
        name="Stopped",
        category=Category.DIAGNOSTIC,
        help="Whether it was stopped on its way.",
    ),
    wire="curtainState",
    read=lambda value, _zone: None if value is None else read_cover(value).stopped,
)
_COVER_RAW: Final = Reading(
    feature=Sensor(
        key="cover_raw",
        name="Raw position",
        category=Category.DIAGNOSTIC,
        enabled_by_default=False,
        history=False,
        help="The position as reported: 0 open, 100 closed, 200 + x stopped at x.",
    ),
    wire="curtainState",
    read=_plain(read_text),
)
_CLOSED_POSITION: Final = Reading(
    feature=Number(
        key="closed_position",
        name="Closed position",
        category=Category.CONFIGURATION,
        minimum=0,
        maximum=10,
        help="Calibration of where closed is.",
    ),
    wire="closedPosition",
    read=_plain(read_closed_position),
)
_LOCK: Final = Reading(
    feature=Lock(key="lock", name="Lock", help="Unlocking is refused until it is enabled for this lock."),
    wire="lock",
    read=_plain(read_lock),
)
_OPERATION_TIME: Final = Reading(
    feature=Number(
        key="operation_time",
        name="Operation time",
        category=Category.CONFIGURATION,
        unit="s",
        device_class="duration",
        minimum=0,
        maximum=3600,
        help="How long the door opens.",
    ),
    wire="operationTime",
    read=_plain(read_number),
)

_SWITCH: Final = (_POWER, _LAST_ON)
_SOCKET: Final = (_OUTLET, _LAST_ON)
_COMMON: Final = (_LED, _NAME, _ICON, _ONLINE, _SHARED, _TIMERS, _CONSUMPTION)
_COVER_EXTRAS: Final = (_CLOSED_POSITION, _STOPPED, _COVER_RAW)

_READINGS: Final[Mapping[Kind, tuple[Reading, ...]]] = {
    Kind.HUB: (_NAME, _ICON, _ONLINE),
    Kind.SOCKET: _SOCKET + _COMMON,
    Kind.SOCKET_ALT: _SOCKET + _COMMON,
    Kind.DOUBLE: _SWITCH + _COMMON,
    Kind.SWITCH: _SWITCH + _COMMON,
    Kind.MULTI_GANG: _SWITCH + _COMMON,
    Kind.SHUTTER: (_COVERS[Kind.SHUTTER], *_COVER_EXTRAS, *_COMMON),
    Kind.CURTAIN: (_COVERS[Kind.CURTAIN], *_COVER_EXTRAS, *_COMMON),
    Kind.LOCK: (_LOCK, _OPERATION_TIME, _RELAY, *_COMMON),
    Kind.UNKNOWN: (_RELAY, *_COMMON),
}

_MODELS: Final[Mapping[Kind, str]] = {
    Kind.HUB: "Main unit",
    Kind.SOCKET: "Socket",
    Kind.SWITCH: "Switch",
    Kind.SHUTTER: "Shutter",
    Kind.CURTAIN: "Curtain",
    Kind.MULTI_GANG: "Multi-gang switch",
    Kind.DOUBLE: "Double switch or socket",
    Kind.SOCKET_ALT: "Socket (second type)",
    Kind.LOCK: "Door lock",
    Kind.UNKNOWN: "Unknown device",
}


def appliance_id(device_id: str) -> str:
    """Return the appliance's id."""
    return f"homismart:{device_id}"


def features_of(kind: Kind) -> tuple[Feature, ...]:
    """Return the features of a kind of device."""
    return tuple(reading.feature for reading in _READINGS[kind])


def catalogue() -> Iterator[tuple[str, tuple[Feature, ...]]]:
    """Yield every model with its features."""
    for kind, model in _MODELS.items():
        yield model, features_of(kind)


class HomismartAppliance(Appliance):
    """One hub or device. `take` is told which keys of the wire object changed."""

    confirm_within_s: ClassVar[float | None] = 240.0
    """The client has limits of its own; a cover may travel for minutes and wait behind another command."""

    def __init__(
        self,
        device: HomismartDevice,
        *,
        zone: dt.tzinfo | None = None,
        clock: Clock | None = None,
        allow: Allowance | None = None,
        unknowns: Unknowns | None = None,
    ) -> None:
        super().__init__(
            _identity(device), features_of(device.kind), clock=clock, allow=allow, unknowns=unknowns
        )
        self.device = device
        self._zone = zone

    def take(self, device: HomismartDevice, keys: Iterable[str], origin: Origin) -> None:
        """Publish what changed; another object, or another kind, stands for the device from now on."""
        if device is not self.device:
            self.device = device
            self.replace_features(features_of(device.kind))
            keys = device.record.keys()
        changed, record = set(keys), device.record
        if changed & {"name", "version", "pid", "type"}:
            self.identity = _identity(device)
        values = {
            reading.feature.key: reading.read(record.get(reading.wire), self._zone)
            for reading in _READINGS[device.kind]
            if reading.wire in changed
        }
        if None in values.values():
            self._note_malformed(changed)
        self.publish(values, origin)

    def _note_malformed(self, changed: set[str]) -> None:
        """Count what is there but cannot be read."""
        record = self.device.record
        for key in malformed_fields({key: record.get(key) for key in changed}):
            self.unknowns.note(f"value of {key}", repr(record[key])[:40])

    def judge_availability(self) -> None:
        """Set the availability by what the device and its hub report (section 9.3)."""
        hub = self.device.hub
        if hub is not None and hub.is_online is False:
            self.set_availability(False, f"its hub {hub.name or hub.id} is off line")
        elif self.device.is_online is False:
            self.set_availability(False, "reported off line")
        else:
            self.set_availability(True, "connected")

    async def _write(self, command: Command) -> None:
        commands, device, value = self.device.commands, self.device, command.value

        def sent() -> None:
            command.sent("cloud")

        if command.key in _WRITERS:
            await _WRITERS[command.key](commands, device, value, on_sent=sent)
        elif command.key == "cover" and value == "stop":
            await commands.stop(device, on_sent=sent)
        elif command.key == "cover":
            await commands.move(device, _level(value), on_sent=sent)
        elif command.key == "lock":
            consent = True  # the base class has asked for it
            await commands.set_lock(device, value is True, dangerous=consent, on_sent=sent)
        else:
            name, icon = (str(value), None) if command.key == "name" else (None, str(value))
            await commands.modify(device, name=name, icon=icon, on_sent=sent)

    async def _refresh(self) -> None:
        await self.device.commands.list_devices()

    def _diagnostics(self) -> Mapping[str, Any]:
        return {"record": self.device.raw, "kind": self.device.kind.value}

    def _is_urgent(self, command: Command) -> bool:
        """Tell whether it may overtake: a new move ends the wait for the one that is under way."""
        return isinstance(self.features.get(command.key), Cover)


_WRITERS: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "power": Commands.switch,
    "led": Commands.set_led,
    "closed_position": Commands.set_closed_position,
    "operation_time": Commands.set_operation_time,
}
"""The features whose value goes to the device as it is."""


def _level(value: Value) -> int:
    words = {"open": 0, "close": 100}
    return words[value] if isinstance(value, str) else 100 - int(str(value))


def _identity(device: HomismartDevice) -> Identity:
    version = read_text(device.version)
    return Identity(
        id=appliance_id(device.id),
        vendor=VENDOR,
        model=_model(device),
        name=device.name or device.id,
        serial=device.id,
        firmware=version,
        via=appliance_id(device.pid) if device.pid else None,
    )


def _model(device: HomismartDevice) -> str:
    code = device.device_type_code
    if device.kind is Kind.UNKNOWN and code is not None and code != DeviceType.UNKNOWN:
        return f"Device type {code}"
    return _MODELS[device.kind]
