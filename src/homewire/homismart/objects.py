"""The state of hubs and devices: the wire object itself, and what its keys say.

A state is the mapping that came over the wire, `record`, with unknown keys kept; reports are merged into it
key by key (docs/protocols/homismart.md, sections 8 and 9.2). Unknown is None. What an object can be told to
do is in `devices`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from homewire.homismart.codes import DeviceType, Kind
from homewire.homismart.models import (
    kind_of,
    malformed_fields,
    read_flag,
    read_number,
    read_percent,
    read_text,
    read_whole,
)

__all__ = ["HomismartObject"]

_SHARING_KEYS: Final = ("permission", "allowedTime")
_ABSENT: Final = object()
_NOTHING: Final[frozenset[str]] = frozenset()


class HomismartObject:
    """One hub or device as last reported; what the classes of `devices` have in common to read."""

    __slots__ = ("__weakref__", "id", "record")

    id: str
    record: dict[str, Any]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.name!r}>"

    @property
    def title(self) -> str:
        """What a person calls it: its name, else its id."""
        return self.name or self.id

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
    def is_online(self) -> bool | None:
        """Whether it reports itself reachable."""
        return read_flag(self.record.get("onLine"))

    @property
    def is_reachable(self) -> bool | None:
        """Whether it can be reached, as far as it tells itself."""
        return self.is_online

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

    def _end_sharing(self, new_data: Mapping[str, Any]) -> frozenset[str]:
        ended = frozenset(key for key in _SHARING_KEYS if key in self.record and key not in new_data)
        for key in ended:
            del self.record[key]
        return ended
