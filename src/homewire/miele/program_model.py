"""A programme catalogue as data: programmes, their options, and the JSON file it lives in.

The JSON keeps the form that users of asyncmiele know, `{"device_type", "programs": [{"id", "name", "options":
[{"id", "name", "default", "allowed_values"}]}]}`, and adds to it: where the catalogue comes from, ranges,
units, groups.

An appliance knows its programmes by number only. Names are ours (docs/protocols/miele-http.md, appendix C); a
number without one stays in the catalogue as "unknown 44" and is listed in `unknown_ids`, to be reported.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol, Self

import msgspec

from homewire.errors import InvalidValue, NotFound, ProtocolError
from homewire.miele.codes import DEVICE_TYPE, program_name, program_names
from homewire.miele.dop2.enums import OVEN_OPERATION_MODE

__all__ = ["CATALOGUE_DIRECTORY", "HasDeviceType", "Option", "Program", "ProgramCatalog", "name_program"]

# Where the catalogue of an appliance is kept and looked for, as in asyncmiele.
CATALOGUE_DIRECTORY: Final = Path("resources/programs")
_FROM_TABLE: Final = "known numbers of this type of appliance, not read from one"
_OVEN_MODES: Final = frozenset({12, 13, 15, 16, 31, 45, 67, 73})  # types whose ids 1-96 are operating modes
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class HasDeviceType(Protocol):
    """Anything that knows its device type, such as what `/Ident` says."""

    @property
    def device_type(self) -> int:
        """The number of the type (miele-http appendix A)."""
        ...


class Option(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may be chosen for a programme. Values are in `unit`; one unit is `1 / scale` of the wire's number.

    `id` is the option's number in attribute 1574, `parameter` the path of names by which 1577 takes it.
    """

    id: int
    name: str
    parameter: tuple[str, ...] = ()
    default: bool | float | None = None
    allowed_values: tuple[float, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    scale: float = 1
    switch: bool = False
    changeable: bool = False

    def raw(self, value: float) -> int | bool:
        """Turn a chosen value into the number on the wire; InvalidValue when the option does not take it."""
        if not self.takes(value):
            raise InvalidValue(f"{self.name} cannot be {value:g}", allowed=self.allowed)
        return bool(value) if self.switch else round(value / self.scale)

    def takes(self, value: float) -> bool:
        """Whether a value may be chosen."""
        if not math.isfinite(value):
            return False
        if self.switch:
            return value in (False, True)
        if self.allowed_values is not None:
            return value in self.allowed_values
        low, high, step = self.minimum, self.maximum, self.step
        if low is None or high is None or (low == high == 0):
            return True
        return low <= value <= high and (not step or _is_whole((value - low) / step))

    @property
    def allowed(self) -> str:
        """What may be chosen, in words."""
        if self.switch:
            return "on or off"
        if self.allowed_values is not None:
            return " ".join([", ".join(f"{each:g}" for each in self.allowed_values), self.unit]).rstrip()
        steps = f" in steps of {self.step:g}" if self.step else ""
        return f"{self.minimum:g} to {self.maximum:g} {self.unit}".rstrip() + steps if self.maximum else "any"


class Program(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A programme; `options` is empty when they were not read, because that takes selecting it."""

    id: int
    name: str
    known: bool = True
    group: str = ""
    options: tuple[Option, ...] = ()

    def option(self, wanted: int | str) -> Option:
        """Find an option by number or name; NotFound with what there is."""
        for each in self.options:
            if wanted in (each.id, each.name):
                return each
        there = ", ".join(each.name for each in self.options) or "no options; read the catalogue with options"
        raise NotFound(f"programme {self.name} has no option {wanted!r}", hint=f"It has: {there}.")

    option_by_id = option


class ProgramCatalog(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The programmes of one appliance, or of a type of appliance."""

    device_type: str
    programs: tuple[Program, ...] = ()
    source: str = ""

    @property
    def programs_by_id(self) -> dict[int, Program]:
        """The programmes by number."""
        return {program.id: program for program in self.programs}

    @property
    def programs_by_name(self) -> dict[str, Program]:
        """The programmes by name; of equal names the first."""
        return {program.name: program for program in reversed(self.programs)}

    @property
    def unknown_ids(self) -> tuple[int, ...]:
        """The numbers that nobody has named yet: please report them."""
        return tuple(program.id for program in self.programs if not program.known)

    def find(self, wanted: int | str) -> Program:
        """Find a programme by number or name in any spelling; NotFound with the nearest."""
        text = _plain(str(wanted))
        for program in self.programs:
            if wanted == program.id or text in (_plain(program.name), str(program.id)):
                return program
        near = [program.name for program in self.programs if text in _plain(program.name)]
        near = near[:5] or difflib.get_close_matches(str(wanted), [each.name for each in self.programs], n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "List them with: homewire miele programs"
        raise NotFound(f"there is no programme {wanted!r}", hint=hint)

    def get_all_programs(self) -> list[dict[str, Any]]:
        """Return every programme as plain JSON types."""
        programs: list[dict[str, Any]] = self.to_dict()["programs"]
        return programs

    def to_dict(self) -> dict[str, Any]:
        """Return the catalogue as plain JSON types."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain | {"programs": plain.get("programs", [])}

    def to_json(self) -> bytes:
        """Return the catalogue as the text of its file."""
        return msgspec.json.format(msgspec.json.encode(self.to_dict()), indent=2) + b"\n"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the form of `to_dict`; ProtocolError when it is another."""
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise ProtocolError(f"programme catalogue: {error}") from error

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a catalogue from its file; NotFound when there is none, ProtocolError when it is none."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            raise NotFound(f"there is no programme catalogue {path}") from None
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ProtocolError(f"programme catalogue {path}: {error}") from error

    @classmethod
    def for_device(
        cls,
        device_ident: int | str | HasDeviceType,
        custom_catalog: Mapping[str, Any] | None = None,
        *,
        directory: Path = CATALOGUE_DIRECTORY,
    ) -> Self:
        """Load the catalogue of a device type: a given one, the exported file, or else all numbers we know.

        The type is given by number, by name ("WashingMachine", "washing_machine") or by anything that has a
        `device_type`. NotFound for a type that does not exist.
        """
        if custom_catalog is not None:
            return cls.from_dict(custom_catalog)
        number = device_type_of(device_ident)
        path = directory / f"{DEVICE_TYPE.slug(number)}.json"
        return cls.from_file(path) if path.is_file() else cls.known(number)

    @classmethod
    def known(cls, device_type: int) -> Self:
        """Make a catalogue of every number that is known for a type, offered by an appliance or not."""
        names = {number: name for number, name in program_names(device_type).items() if number}
        programs = tuple(Program(id=number, name=names[number]) for number in sorted(names))
        return cls(device_type=DEVICE_TYPE.slug(device_type), programs=programs, source=_FROM_TABLE)


def device_type_of(device: int | str | HasDeviceType) -> int:
    """Find the number of a device type; NotFound for a name that does not exist."""
    if isinstance(device, int):
        return device
    if not isinstance(device, str):
        return device.device_type
    try:
        return DEVICE_TYPE.number(_CAMEL.sub("_", device))
    except KeyError:
        types = ", ".join(map(DEVICE_TYPE.slug, DEVICE_TYPE))
        raise NotFound(f"there is no device type {device!r}", hint=f"Device types: {types}.") from None


def name_program(device_type: int, number: int, group: str = "") -> Program:
    """Make a programme of a number; an unnamed number is named "unknown 44" and marked."""
    name = program_name(device_type, number)
    if name is None and device_type in _OVEN_MODES:
        name = OVEN_OPERATION_MODE.get(number)
    return Program(id=number, name=name or f"unknown {number}", known=name is not None, group=group)


def _is_whole(steps: float) -> bool:
    """Whether a number of steps is whole, as far as floats can tell: 0.3 - 0.1 is not quite 2 times 0.1."""
    return math.isclose(steps, round(steps), abs_tol=1e-6)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", _CAMEL.sub(" ", name).lower()).strip()
