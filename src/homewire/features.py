"""What can be read from an appliance and what can be set: the table from which everything else is derived.

A vendor package declares its features once; command line, REST, MQTT discovery, metrics, history, dashboard
and the docs read them here. Units and device classes use Home Assistant's vocabulary, because every consumer
knows it.

A feature knows its values: `validate` checks one before it is sent, `parse` reads what a person or a text
protocol wrote, `format` shows one, `to_json` makes it plain. `None` means unknown and is never shown as zero.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from typing import Any, ClassVar, TypeAlias

import msgspec

from homewire.errors import InvalidValue

__all__ = [
    "BinarySensor",
    "Button",
    "Category",
    "Cover",
    "Event",
    "Feature",
    "FeatureKind",
    "Lock",
    "Number",
    "Select",
    "Sensor",
    "Switch",
    "Text",
    "Time",
    "Update",
    "Value",
    "describe",
]

Value: TypeAlias = bool | int | float | str | dt.datetime | dt.date | dt.time | None

_ON = frozenset({"on", "true", "yes", "1", "enable", "enabled"})
_OFF = frozenset({"off", "false", "no", "0", "disable", "disabled"})

_LONGEST_REASON = 200
"""Characters of a refusal: it repeats a value of which nobody knows how long it is."""


class Category(enum.StrEnum):
    """How prominent a feature is: what people look at, what they set up once, what helps in trouble."""

    PRIMARY = "primary"
    CONFIGURATION = "configuration"
    DIAGNOSTIC = "diagnostic"


class Feature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """One thing that an appliance reports or takes.

    `key` is stable and unique within the appliance; `name` is for people and does not repeat the
    appliance. `dangerous` means: refused until the owner enabled it. `help` is one sentence for docs and
    tooltips.
    """

    key: str
    name: str
    category: Category = Category.PRIMARY
    unit: str | None = None
    device_class: str | None = None
    state_class: str | None = None
    precision: int | None = None
    writable: bool = False
    dangerous: bool = False
    enabled_by_default: bool = True
    history: bool = True
    help: str = ""

    momentary: ClassVar[bool] = False

    @property
    def pressable(self) -> bool:
        """Whether it is something to press rather than a value to set."""
        return False

    @property
    def kind(self) -> str:
        """The word for this kind of feature: sensor, switch, number …."""
        return str(self.__struct_config__.tag)

    def is_dangerous(self, value: Value) -> bool:  # noqa: ARG002 - a lock looks at it
        """Whether setting this value needs the owner's consent."""
        return self.dangerous

    @property
    def allowed(self) -> str:
        """What may be written, in words."""
        return "nothing, it can only be read"

    def validate(self, value: Value) -> Value:
        """Return the value as it will be sent; raise InvalidValue naming what is allowed."""
        if not self.writable:
            raise self.refusal("cannot be set")
        return self._checked(value)

    def parse(self, text: str) -> Value:
        """Read a value that a person or a text protocol wrote; raise InvalidValue."""
        return self.validate(text.strip())

    def format(self, value: Value) -> str:
        """Show a value to a person, with its unit."""
        if value is None:
            return "unknown"
        shown = _text(value, self.precision)
        return f"{shown} {self.unit}" if self.unit else shown

    def to_json(self, value: Value) -> bool | int | float | str | None:
        """Return the value in plain JSON types; times and dates in ISO 8601."""
        if isinstance(value, dt.datetime | dt.date | dt.time):
            return value.isoformat()
        return value

    def refusal(self, why: str) -> InvalidValue:
        """Return the error that says why a value is not taken, and what would be."""
        said = why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]} …"
        return InvalidValue(f"{self.name} ({self.key}) {said}", allowed=self.allowed)

    def _checked(self, value: Value) -> Value:
        raise self.refusal(f"does not take {value!r}")


def _text(value: Value, precision: int | None) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.{precision}f}" if precision is not None else f"{value:g}"
    if isinstance(value, dt.time):
        return value.isoformat("minutes")
    if isinstance(value, dt.datetime):
        return value.astimezone().isoformat(" ", "seconds")
    return str(value)


class _Boolean(Feature, frozen=True, kw_only=True, omit_defaults=True):
    @property
    def allowed(self) -> str:
        """The two words."""
        return "on, off"

    def _checked(self, value: Value) -> Value:
        word = str(value).lower()
        if isinstance(value, bool) or word in _ON or word in _OFF:
            return word in _ON
        raise self.refusal(f"does not take {value!r}")


class Sensor(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="sensor"):
    """A reading: a number, a text, a moment, or one of `options` (an unknown option is shown as it came)."""

    options: tuple[str, ...] = ()


class BinarySensor(_Boolean, frozen=True, kw_only=True, omit_defaults=True, tag="binary_sensor"):
    """A reading that is on or off."""


class Switch(_Boolean, frozen=True, kw_only=True, omit_defaults=True, tag="switch"):
    """Something that can be switched on and off."""

    writable: bool = True


class Number(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="number"):
    """A number within `minimum` and `maximum`, in steps of `step`, all in `unit`."""

    minimum: float
    maximum: float
    step: float = 1
    writable: bool = True

    @property
    def allowed(self) -> str:
        """The range, its unit and its step."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.minimum:g} to {self.maximum:g}{unit} in steps of {self.step:g}"

    def _checked(self, value: Value) -> Value:
        number = self._number(value)
        if not self.minimum <= number <= self.maximum:  # false for nan, too
            raise self.refusal(f"does not take {value}")
        steps = (number - self.minimum) / self.step
        if abs(steps - round(steps)) > 1e-6:  # noqa: PLR2004 - room for binary fractions such as 0.1
            raise self.refusal(f"does not take {value}")
        exact = self.minimum + round(steps) * self.step
        whole = float(self.step).is_integer() and float(self.minimum).is_integer()
        return int(exact) if whole else round(float(exact), 6)

    def _number(self, value: Value) -> float:
        try:
            return float(
                str(value) if isinstance(value, bool) or not isinstance(value, int | float) else value
            )
        except ValueError:
            raise self.refusal(f"does not take {value!r}") from None
        except OverflowError:
            raise self.refusal("does not take a number that large") from None


class Select(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="select"):
    """One of `options`."""

    options: tuple[str, ...]
    writable: bool = True

    @property
    def allowed(self) -> str:
        """The options."""
        return ", ".join(self.options) or "nothing at present"

    def _checked(self, value: Value) -> Value:
        wanted = str(value).casefold()
        for option in self.options:
            if option.casefold() == wanted:
                return option
        raise self.refusal(f"does not take {value!r}")


class Button(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="button"):
    """Something that is done by pressing; it has no value."""

    writable: bool = True
    history: bool = False

    @property
    def pressable(self) -> bool:
        """Always: that is what a button is for."""
        return True

    @property
    def allowed(self) -> str:
        """Pressing."""
        return "press"

    def _checked(self, value: Value) -> Value:
        if value is None or str(value).casefold() == "press":
            return None
        raise self.refusal(f"does not take {value!r}")


class Cover(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="cover"):
    """A curtain or shutter: its value is the position, 0 closed to 100 open, in percent."""

    unit: str | None = "%"
    writable: bool = True
    positionable: bool = True

    @property
    def allowed(self) -> str:
        """The words, and the positions where the cover knows them."""
        return "open, close, stop" + (", 0 to 100 %" if self.positionable else "")

    def _checked(self, value: Value) -> Value:
        word = str(value).casefold()
        if word in ("open", "close", "stop"):
            return word
        if self.positionable and not isinstance(value, bool) and re.fullmatch(r"\d{1,3}(\.0+)?", word):
            position = int(float(word))
            if position <= 100:  # noqa: PLR2004 - per cent
                return position
        raise self.refusal(f"does not take {value!r}")


class Lock(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="lock"):
    """A door lock: its value is True while locked. Unlocking is dangerous, locking is not."""

    writable: bool = True
    dangerous: bool = True

    @property
    def allowed(self) -> str:
        """The two words."""
        return "lock, unlock"

    def is_dangerous(self, value: Value) -> bool:
        """Unlocking needs the owner's consent, locking does not."""
        return self.dangerous and value is not True

    def format(self, value: Value) -> str:
        """Show locked or unlocked."""
        return "unknown" if value is None else ("locked" if value else "unlocked")

    def _checked(self, value: Value) -> Value:
        word = str(value).casefold()
        if word in ("lock", "locked") or value is True:
            return True
        if word in ("unlock", "unlocked") or value is False:
            return False
        raise self.refusal(f"does not take {value!r}")


class Text(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="text"):
    """A text of `min_length` to `max_length` characters; `pattern` must match all of it."""

    min_length: int = 0
    max_length: int = 255
    pattern: str | None = None
    writable: bool = True

    @property
    def allowed(self) -> str:
        """The length and the pattern."""
        shape = f" that match {self.pattern}" if self.pattern else ""
        return f"{self.min_length} to {self.max_length} characters{shape}"

    def parse(self, text: str) -> Value:
        """Take the text as it is."""
        return self.validate(text)

    def _checked(self, value: Value) -> Value:
        if not isinstance(value, str) or not self.min_length <= len(value) <= self.max_length:
            raise self.refusal(f"does not take {value!r}")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise self.refusal(f"does not take {value!r}")
        return value


class Time(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="time"):
    """A time of day on the appliance's own clock."""

    writable: bool = True

    @property
    def allowed(self) -> str:
        """The form."""
        return "a time of day such as 06:30"

    def _checked(self, value: Value) -> Value:
        if isinstance(value, dt.time):
            return value
        if isinstance(value, str) and re.fullmatch(r"\d?\d:\d\d(:\d\d)?", value):
            try:
                return dt.time.fromisoformat(value.zfill(5))
            except ValueError:
                pass
        raise self.refusal(f"does not take {value!r}")


class Event(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="event"):
    """Something that happens at a moment, such as a shot.

    Each occurrence carries one of `event_types` and its own data.
    """

    event_types: tuple[str, ...]

    momentary: ClassVar[bool] = True


class Update(Feature, frozen=True, kw_only=True, omit_defaults=True, tag="update"):
    """Firmware that can be newer: the value is the newest version on offer; pressing installs it.

    `installed_key` names the feature that shows the installed version, `progress_key` the binary sensor that
    is on while it is being installed.
    """

    installed_key: str | None = None
    progress_key: str | None = None

    @property
    def pressable(self) -> bool:
        """Whether homewire may install it."""
        return self.writable

    @property
    def allowed(self) -> str:
        """Installing."""
        return "install" if self.writable else "nothing, it can only be read"

    def _checked(self, value: Value) -> Value:
        if value is None or str(value).casefold() in ("install", "press"):
            return None
        raise self.refusal(f"does not take {value!r}")


FeatureKind: TypeAlias = (
    Sensor | BinarySensor | Switch | Number | Select | Button | Cover | Lock | Text | Time | Event | Update
)
"""Every kind of feature: what a decoder of feature tables is given."""


def describe(feature: Feature) -> dict[str, Any]:
    """Return the feature's declaration in plain JSON types, its kind included."""
    described: dict[str, Any] = msgspec.to_builtins(feature)
    return described
