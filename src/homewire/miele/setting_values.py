"""Changing a setting: attribute 105 with all its fields and a new current value.

No client has a proven payload; miele-dop2.md, section 10, recommends to keep what was read and to
replace field 4 only.
"""

from __future__ import annotations

from typing import Final

import msgspec

from homewire.errors import InvalidValue
from homewire.miele.dop2 import Field, encode
from homewire.miele.dop2.tables_programs import SettingValue

__all__ = ["changed_setting"]

_CURRENT: Final = 4
_UNUSABLE: Final = 128
"""validity of a setting that is not delivered now (section 10)."""


def changed_setting(setting: SettingValue, value: int, appliance: str) -> bytes:
    """Return the leaf that sets a new value; raise InvalidValue outside the setting's range and step."""
    low, high, step = setting.minimum, setting.maximum, setting.step or 1
    known = low is not None and high is not None and setting.validity != _UNUSABLE
    if not known or not low <= value <= high or (value - low) % step:  # type: ignore[operator]  # known covers None
        allowed = f"{low} to {high} in steps of {step}" if known else "nothing while it is not delivered"
        raise InvalidValue(
            f"setting {setting.setting_id} does not take {value}", allowed=allowed, appliance=appliance
        )
    fields = tuple(
        Field(field.number, field.type, value) if field.number == _CURRENT else field
        for field in setting.fields
    )
    frame = msgspec.structs.replace(setting.frame, idx2=0, fields=fields, slack=0, padding=None)
    return encode(frame)
