"""What hubs and devices report, as features, and which key of the wire object each of them is.

Source of all meanings: docs/protocols/homismart.md, section 8. Positions of covers are turned round on the
way: homewire counts 100 as open, the vendor counts 0.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

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
from homewire.homismart.codes import Kind
from homewire.homismart.models import (
    read_closed_position,
    read_cover,
    read_flag,
    read_last_on,
    read_lock,
    read_number,
    read_percent,
    read_text,
)

__all__ = ["MODELS", "catalogue", "features_of", "sources"]

Reader: TypeAlias = Callable[[Any], Value]


@functools.cache
def sources(zone: dt.tzinfo | None) -> Mapping[str, tuple[str, Reader]]:
    """Return for every feature the key of the wire object that it is read from, and how.

    `zone` is the flat's, in which the wire's local times are.
    """
    return {
        "power": ("power", read_flag),
        "last_on": ("lastOn", functools.partial(read_last_on, zone=zone)),
        "cover": ("curtainState", _position),
        "stopped": ("curtainState", _stopped),
        "cover_raw": ("curtainState", read_text),
        "closed_position": ("closedPosition", read_closed_position),
        "lock": ("lock", read_lock),
        "operation_time": ("operationTime", read_number),
        "led": ("led", read_percent),
        "name": ("name", read_text),
        "icon": ("iconId", read_text),
        "online": ("onLine", read_flag),
        "shared": ("shared", read_flag),
        "timers": ("timers", read_flag),
        "consumption": ("consumption", read_number),
    }


def _position(value: object) -> Value:
    level = read_cover(value).level
    return None if level is None else 100 - level


def _stopped(value: object) -> Value:
    return None if value is None else read_cover(value).stopped


_number: Final = functools.partial(Number, category=Category.CONFIGURATION)
_text: Final = functools.partial(Text, category=Category.CONFIGURATION, history=False)
_flag: Final = functools.partial(BinarySensor, category=Category.DIAGNOSTIC)
_sensor: Final = functools.partial(Sensor, category=Category.DIAGNOSTIC, enabled_by_default=False)

_NAME: Final = _text(
    key="name", name="Name", min_length=1, max_length=64, help="The name in the vendor's app."
)
_ICON: Final = _text(
    key="icon",
    name="Icon",
    max_length=4,
    pattern=r"\d+",
    enabled_by_default=False,
    help="The number of the icon in the vendor's app.",
)
_ONLINE: Final = _flag(
    key="online",
    name="Online",
    device_class="connectivity",
    help="What the device or hub reports about itself.",
)
_COMMON: Final = (
    _number(
        key="led",
        name="LED brightness",
        unit="%",
        minimum=0,
        maximum=100,
        help="Brightness of the indicator LED; 0 is off.",
    ),
    _NAME,
    _ICON,
    _ONLINE,
    _flag(
        key="shared",
        name="Shared",
        enabled_by_default=False,
        help="Whether another account shared it to this one.",
    ),
    _flag(
        key="timers",
        name="Timers",
        enabled_by_default=False,
        help="Whether timers are set in the vendor's app.",
    ),
    _sensor(
        key="consumption",
        name="Consumption",
        state_class="measurement",
        help="A power or energy reading; nobody has documented its unit.",
    ),
)

_LAST_ON: Final = Sensor(
    key="last_on",
    name="Last on",
    device_class="timestamp",
    history=False,
    help="When it was last switched on, in the flat's time zone.",
)
_SWITCH: Final = (Switch(key="power", name="Power", help="The relay."), _LAST_ON, *_COMMON)
_SOCKET: Final = (
    Switch(key="power", name="Power", device_class="outlet", help="The relay."),
    _LAST_ON,
    *_COMMON,
)


def _relay(text: str) -> Feature:
    return _flag(key="power", name="Power", device_class="power", help=text)


def _cover(kind: Kind) -> tuple[Feature, ...]:
    return (
        Cover(
            key="cover",
            name="Position",
            device_class=kind.value,
            help="0 is closed, 100 open; levels are rounded to 10 unless the connection says otherwise.",
        ),
        _number(
            key="closed_position",
            name="Closed position",
            minimum=0,
            maximum=10,
            help="Calibration of where closed is.",
        ),
        _flag(key="stopped", name="Stopped", help="Whether it was stopped on its way."),
        _sensor(
            key="cover_raw",
            name="Raw position",
            history=False,
            help="The position as reported: 0 open, 100 closed, 200 + x stopped at x.",
        ),
        *_COMMON,
    )


_LOCK: Final = (
    Lock(key="lock", name="Lock", help="Unlocking is refused until it is enabled for this lock."),
    _number(
        key="operation_time",
        name="Operation time",
        unit="s",
        device_class="duration",
        minimum=0,
        maximum=3600,
        help="How long the door opens.",
    ),
    _relay("The relay of the lock; some door openers may be driven by it."),
    *_COMMON,
)

MODELS: Final[Mapping[Kind, tuple[str, tuple[Feature, ...]]]] = {
    Kind.HUB: ("Main unit", (_NAME, _ICON, _ONLINE)),
    Kind.SOCKET: ("Socket", _SOCKET),
    Kind.SWITCH: ("Switch", _SWITCH),
    Kind.SHUTTER: ("Shutter", _cover(Kind.SHUTTER)),
    Kind.CURTAIN: ("Curtain", _cover(Kind.CURTAIN)),
    Kind.MULTI_GANG: ("Multi-gang switch", _SWITCH),
    Kind.DOUBLE: ("Double switch or socket", _SWITCH),
    Kind.SOCKET_ALT: ("Socket (second type)", _SOCKET),
    Kind.LOCK: ("Door lock", _LOCK),
    Kind.UNKNOWN: ("Unknown device", (_relay("The relay, if it has one."), *_COMMON)),
}
"""What each kind of object is called, and its features."""


def features_of(kind: Kind) -> tuple[Feature, ...]:
    """Return the features of a kind of device."""
    return MODELS[kind][1]


def catalogue() -> Iterator[tuple[str, tuple[Feature, ...]]]:
    """Yield every model with its features."""
    yield from MODELS.values()
