"""The options of a selected programme, and selecting it with other values (miele-dop2.md, section 9).

Attribute 1574 says what may be chosen for the programme that is selected, 1577 selects it with chosen values.
Options of washers come as value lists, small lists and annotated bools, those of ovens as values with a
range; bit 0 of each mask tells whether it may be changed now. The parameters of 1577 follow the numbers of
1574, for laundry shifted by two from 13 on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from homewire.errors import InvalidValue
from homewire.miele.dop2.model import Frame
from homewire.miele.dop2.requests import select_program
from homewire.miele.dop2.schema import Structure
from homewire.miele.dop2.structures_laundry import (
    ChoiceOption,
    ExtrasOption,
    LaundryOptions,
    LaundryParameters,
    SmallList,
    StartTimeOption,
    ValueList,
)
from homewire.miele.dop2.structures_oven import OvenOptions, OvenParameters, SmallChoice
from homewire.miele.dop2.tables_programs import ProgramSelectionContext
from homewire.miele.dop2.values import Annotated, Ranged, unit_of
from homewire.miele.program_model import Option, Program

__all__ = ["options_of", "selection_of"]

_LAUNDRY: Final = "laundry_parameters"  # the names of attribute 1577's parameter structures
_OVEN: Final = "oven_parameters"
_CHANGEABLE: Final = 0x01  # section 3: bit 0 of a mask
_SHIFTED: Final = (15, 16, 17)  # section 9.4: parameter 13 is option 15, 14 is 16, 15 is 17
_SHIFT: Final = 2
_WITHOUT_PARAMETER: Final = (13, 14)
_SPIN_SPEED: Final = 5  # section 8, laundry options: spin speed in units of 10 rpm
_TEMPERATURE: Final = 3
_FIXED_UNITS: Final = {_SPIN_SPEED: ("rpm", 10.0), _TEMPERATURE: ("°C", 1.0)}
_EXTRA_ID: Final = 100  # extras have numbers of their own inside option 16: 1600 + n


def options_of(context: ProgramSelectionContext) -> tuple[Option, ...]:
    """Read the options of the selected programme; empty when the appliance sends none."""
    if context.laundry_options is not None:
        return tuple(_laundry(context.laundry_options))
    if context.oven_options is not None:
        return tuple(_oven(context.oven_options))
    return ()


def selection_of(program: Program, chosen: Mapping[int | str, float] | None = None) -> Frame:
    """Make the write that selects a programme, with chosen option values or as the appliance's default.

    NotFound for an option that the programme does not have, InvalidValue for a value that it does not take.
    """
    parameters: dict[str, Any] = {}
    for wanted, value in (chosen or {}).items():
        option = program.option(wanted)
        if not (option.parameter and option.changeable):
            raise InvalidValue(
                f"{option.name} may not be changed for {program.name}", allowed="other options"
            )
        *groups, name = option.parameter
        level = parameters
        for group in groups:
            level = level.setdefault(group, {})
        level[name] = option.raw(value)
    return select_program(program.id, laundry=parameters.get(_LAUNDRY), oven=parameters.get(_OVEN))


def _laundry(options: LaundryOptions) -> Iterator[Option]:
    for slot in options.slots.values():
        value = slot.__get__(options, type(options))
        if isinstance(value, ExtrasOption):
            yield from _extras(slot.number, value)
        elif value is not None:
            found = _option(slot.number, slot.name, value, _laundry_parameter(slot.number))
            if found is not None:
                yield found


def _laundry_parameter(number: int) -> tuple[str, ...]:
    """Return the path of the parameter that sets an option; empty for 13 and 14, which have none."""
    shifted = number - _SHIFT if number in _SHIFTED else number
    if number in _WITHOUT_PARAMETER:
        return ()
    slot = LaundryParameters.slots.get(shifted)
    return (_LAUNDRY, slot.name) if slot else ()


def _extras(number: int, extras: ExtrasOption) -> Iterator[Option]:
    for slot in extras.slots.values():
        value = slot.__get__(extras, type(extras))
        if isinstance(value, Annotated) and value.mask:
            path = (*_laundry_parameter(number), slot.name)
            yield _switch(number * _EXTRA_ID + slot.number, slot.name, value, path)


def _oven(options: OvenOptions) -> Iterator[Option]:
    for slot in options.slots.values():
        value = slot.__get__(options, type(options))
        parameter = OvenParameters.slots.get(slot.number)
        found = _option(slot.number, slot.name, value, (_OVEN, parameter.name) if parameter else ())
        if found is not None:
            yield found


def _option(number: int, name: str, value: Any, path: tuple[str, ...]) -> Option | None:
    """Read one option of any shape; None when it is not available for this programme."""
    if isinstance(value, Ranged):
        return _range(number, name, value, path) if value.mask else None
    if isinstance(value, Annotated):
        return _switch(number, name, value, path) if value.mask else None
    if isinstance(value, ValueList | SmallList):
        return _list(number, name, value, path) if value.mask else None
    if isinstance(value, ChoiceOption | SmallChoice | StartTimeOption):
        return _plain(number, name, value, path) if value.mask else None
    return None


def _switch(number: int, name: str, value: Annotated, path: tuple[str, ...]) -> Option:
    return Option(
        id=number,
        name=name,
        parameter=path,
        default=value.value,
        switch=isinstance(value.value, bool),
        unit=value.unit,
        changeable=value.changeable,
    )


def _range(number: int, name: str, value: Ranged, path: tuple[str, ...]) -> Option:
    scale = _scale(value)
    return Option(
        id=number,
        name=name,
        parameter=path,
        default=_tidy(value.current * scale),
        minimum=_tidy(value.minimum * scale),
        maximum=_tidy(value.maximum * scale),
        step=_tidy(value.step * scale),
        unit=value.unit,
        scale=scale,
        changeable=value.changeable,
    )


def _tidy(value: float) -> float:
    """Write whole numbers as such, as files and people expect them."""
    return int(value) if value == int(value) else value


def _scale(value: Ranged) -> float:
    """Return how many units one count of the wire is."""
    probe = Ranged(current=100, interpretation=value.interpretation, divisor=value.divisor).quantity
    return float(probe or 100) / 100


def _list(number: int, name: str, value: ValueList | SmallList, path: tuple[str, ...]) -> Option:
    unit, scale = _FIXED_UNITS.get(number, (unit_of(value.interpretation or 0), 1.0))
    values = (value.values or b"")[: value.count or 0]
    return Option(
        id=number,
        name=name,
        parameter=path,
        default=_tidy((value.current or 0) * scale),
        allowed_values=tuple(_tidy(each * scale) for each in values),
        unit=unit,
        scale=scale,
        changeable=_changeable(value),
    )


def _plain(number: int, name: str, value: Structure, path: tuple[str, ...]) -> Option:
    current = getattr(value, "current", None)
    return Option(id=number, name=name, parameter=path, default=current, changeable=_changeable(value))


def _changeable(value: Structure) -> bool:
    return bool((getattr(value, "mask", None) or 0) & _CHANGEABLE)
