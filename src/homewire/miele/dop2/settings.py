"""The settings of an appliance with names, units and ranges (docs/protocols/miele-dop2.md, section 10).

2/114 lists the numbers, 2/105 delivers one setting per request. A setting is read whole before it is changed,
because a change writes all of its fields back (`Setting.changed`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from homewire.errors import HomewireError
from homewire.miele.dop2.model import Frame
from homewire.miele.dop2.paging import read_instance
from homewire.miele.dop2.ports import LeafReader, is_refusal
from homewire.miele.dop2.requests import change_setting
from homewire.miele.dop2.tables_programs import SettingList, SettingValue
from homewire.miele.dop2.values import Annotated, Quantity, unit_of

__all__ = ["Setting", "read_setting", "read_settings"]

_UNIT: Final = 2
_UNUSABLE: Final = 128  # section 10: validity while nothing is delivered
_ON_OFF: Final = 38  # appendix B: the interpretation of switches


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting; value and range are in `unit`, and `value` is None while the appliance sleeps."""

    id: int
    name: str
    value: Quantity
    minimum: Quantity
    maximum: Quantity
    unit: str
    is_switch: bool
    leaf: SettingValue

    def changed(self, raw: int) -> Frame:
        """Make the write that changes it to a number as on the wire; InvalidValue when it cannot be."""
        return change_setting(self.leaf, raw)


async def read_setting(port: LeafReader, number: int) -> Setting | None:
    """Read one setting; None when the appliance delivers another one, or none at all."""
    leaf = SettingValue(await read_instance(port, _UNIT, SettingValue.number, number))
    return None if leaf.setting_id != number else _setting(leaf, number)


async def read_settings(port: LeafReader) -> AsyncIterator[Setting]:
    """Read every setting that the appliance lists; those that it refuses are left out."""
    listed = SettingList(await read_instance(port, _UNIT, SettingList.number))
    for number in (listed.setting_ids or ())[: listed.valid_count or 0]:
        try:
            setting = await read_setting(port, int(number))
        except HomewireError as error:
            if not is_refusal(error):
                raise
            continue
        if setting is not None:
            yield setting


def _setting(leaf: SettingValue, number: int) -> Setting:
    interpretation = int(leaf.interpretation or 0)
    return Setting(
        id=number,
        name=leaf.setting_id.label if leaf.setting_id is not None else f"unknown {number}",
        value=None if leaf.validity == _UNUSABLE else _quantity(leaf.current, interpretation),
        minimum=_quantity(leaf.minimum, interpretation),
        maximum=_quantity(leaf.maximum, interpretation),
        unit=unit_of(interpretation),
        is_switch=interpretation == _ON_OFF,
        leaf=leaf,
    )


def _quantity(raw: int | None, interpretation: int) -> Quantity:
    if raw is None:
        return None
    return (
        bool(raw)
        if interpretation == _ON_OFF
        else Annotated(value=raw, interpretation=interpretation).quantity
    )
