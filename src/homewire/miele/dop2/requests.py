"""The writes: frames that make an appliance do something (docs/protocols/miele-dop2.md, section 5).

Only frames are made here; nothing is sent. A write answers 204 and echoes nothing, so whether it took effect
is seen in the state afterwards. Selecting and starting a program heats: the caller applies the safety rules
of miele-http.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from homewire.errors import InvalidValue
from homewire.miele.codetable import CodeTable
from homewire.miele.dop2.enums import ACKNOWLEDGE, MODULE_REQUEST, SELECTION_TYPE, USER_REQUEST
from homewire.miele.dop2.model import Field, Frame
from homewire.miele.dop2.schema import Structure
from homewire.miele.dop2.tables_module import DateAndTime, ModuleRequest
from homewire.miele.dop2.tables_notifications import AcknowledgeNotification
from homewire.miele.dop2.tables_programs import ProgramSelection, SettingValue
from homewire.miele.dop2.tables_state import CombinedState, UserRequest

__all__ = [
    "acknowledge",
    "change_setting",
    "module_request",
    "power",
    "select_program",
    "set_clock",
    "user_request",
]

_POWER_ON: Final = 4  # section 5: appliance state "normal"
_POWER_OFF: Final = 1  # section 5: appliance state "off"
_MODULE_UNIT: Final = 14
_MODULE_INDEX: Final = 1  # section 5: module attributes are written with indices 1/1
_PARAMETRIZED: Final = 2  # section 9.4: the selection type that takes parameters
_UNUSABLE_SETTING: Final = 128  # section 10: validity while asleep
_I16: Final = range(-0x8000, 0x8000)


def _number(table: CodeTable, wanted: int | str) -> int:
    """Find a number by name; a number, known or not, stays what it is."""
    if not isinstance(wanted, str):
        return wanted
    try:
        return table.number(wanted)
    except KeyError:
        allowed = ", ".join(map(table.slug, table))
        raise InvalidValue(f"no {table.name} is called {wanted!r}", allowed=allowed) from None


def power(on: bool) -> Frame:
    """Switch the appliance on or off through its combined state, as the vendor's app does (2/1586)."""
    return CombinedState.build(appliance_state=_POWER_ON if on else _POWER_OFF)


def user_request(request: int | str, *parameters: int) -> Frame:
    """Ask for an action by number or name, such as "light_on" (2/1583); up to two parameters."""
    values = dict(zip(("parameter_0", "parameter_1"), parameters, strict=False))
    return UserRequest.build(request=_number(USER_REQUEST, request), **values)


def module_request(request: int | str) -> Frame:
    """Ask the communication module for an action by number or name, such as "reset" (14/130)."""
    number = _number(MODULE_REQUEST, request)
    return ModuleRequest.build(unit=_MODULE_UNIT, idx1=_MODULE_INDEX, idx2=_MODULE_INDEX, request=number)


def set_clock(utc_s: int, offset_s: int = 0) -> Frame:
    """Set the clock: seconds since 1970 UTC, offset of local time in seconds (14/122)."""
    return DateAndTime.build(
        unit=_MODULE_UNIT, idx1=_MODULE_INDEX, idx2=_MODULE_INDEX, utc=utc_s, offset=offset_s
    )


def select_program(
    program_id: int,
    *,
    selection: int | str = "initial_default",
    parameter: int = 0,
    laundry: Structure | Mapping[str, Any] | None = None,
    oven: Structure | Mapping[str, Any] | None = None,
) -> Frame:
    """Select a program (2/1577; section 9.4); parameters of one kind make the selection parametrized."""
    if laundry is not None and oven is not None:
        raise InvalidValue("a program is selected with one kind of parameters", allowed="laundry or oven")
    given = {"laundry_parameters": laundry, "oven_parameters": oven}
    parameters: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return ProgramSelection.build(
        program_id=program_id,
        parameter=parameter,
        selection_type=_PARAMETRIZED if parameters else _number(SELECTION_TYPE, selection),
        **parameters,
    )


def change_setting(current: SettingValue, value: int) -> Frame:
    """Change a setting that was just read: all its fields, field 4 replaced (2/105; section 5).

    InvalidValue when the appliance delivered no usable value, or the new one is outside its range or steps.
    """
    _check_setting(current, value)
    slot = SettingValue.names["current"]
    fields = tuple(
        Field(field.number, field.type, value) if field.number == slot.number else field
        for field in current.fields
    )
    key = int(current.setting_id or 0)
    return Frame(unit=current.frame.unit, attribute=SettingValue.number, idx1=key, fields=fields)


def _check_setting(current: SettingValue, value: int) -> None:
    minimum, maximum, step = current.minimum, current.maximum, current.step or 1
    if current.setting_id is None or current.current is None or current.validity == _UNUSABLE_SETTING:
        raise InvalidValue(
            "the appliance delivered no value for this setting", allowed="a setting that is awake"
        )
    low = _I16.start if minimum is None else minimum
    high = _I16.stop - 1 if maximum is None else maximum
    if not low <= value <= high or (value - low) % step:
        steps = f" in steps of {step}" if step > 1 else ""
        raise InvalidValue(f"{current.setting_id.label} cannot be {value}", allowed=f"{low} to {high}{steps}")


def acknowledge(
    button: int | str = "ok", *, info: int = 0, message: int = 0, error: int = 0, query: int = 0
) -> Frame:
    """Answer a shown notification: its id, the others 0, a button it offers (2/138; section 12)."""
    return AcknowledgeNotification.build(
        info_id=info,
        message_id=message,
        error_code=error,
        query_id=query,
        button=_number(ACKNOWLEDGE, button),
    )
