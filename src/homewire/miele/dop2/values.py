"""The values that typed DOP2 objects give out: codes with their words, live values with their mask and unit.

Nearly all live values come in one of two small structures (docs/protocols/miele-dop2.md, section 3,
"Annotated and generic values"): an annotated value is mask, value, interpretation; a generic one is mask,
minimum, maximum, current, step, interpretation. The mask says whether there is a value at all (bit 3) and
whether it may be changed now (bit 0). The interpretation names the unit; it is often 0 even where a unit is
obvious, so a declaration may name one too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

import msgspec

from homewire.miele.dop2.enums import INTERPRETATION

if TYPE_CHECKING:
    from homewire.miele.codetable import CodeTable

__all__ = ["Annotated", "Code", "Quantity", "Ranged", "unit_of"]

_MASK_VALID: Final = 0x08  # section 3: bit 3 "valid"
_MASK_CHANGEABLE: Final = 0x01  # section 3: bit 0 "changeable"

# Appendix B: the unit of an interpretation and by what the number must be divided; Home Assistant's spelling.
_UNITS: Final[dict[int, tuple[str, int]]] = {
    1: ("%", 1),
    2: ("°C", 1),
    3: ("°C", 100),
    4: ("°F", 100),
    5: ("s", 1),
    6: ("min", 1),
    8: ("g", 1),
    35: ("mm", 1),
    37: ("rpm", 1),
    44: ("L", 1),
    45: ("kWh", 1),
    46: ("W", 1),
    48: ("°F", 1),
    49: ("rpm", 0),  # the number counts tens
    91: ("m", 1),
    96: ("W", 1),
    103: ("g", 10),
    108: ("mL", 1),
    120: ("lb", 1),
    121: ("Wh", 1),
    127: ("lb", 100),
    129: ("°dH", 1),
    130: ("mL/min", 1),
    137: ("L", 1),
    138: ("L", 10),
    139: ("mL", 1),
    140: ("d", 1),
    142: ("rpm", 0),
    143: ("%", 10),
    144: ("°C", 10),
    146: ("%", 100),
    147: ("°F", 10),
    150: ("µS/cm", 1),
}

Quantity = bool | int | float | None


def unit_of(interpretation: int) -> str:
    """Name the unit of an interpretation code; empty when it is no physical quantity (appendix B)."""
    return _UNITS.get(interpretation, ("", 1))[0]


def _convert(raw: int, interpretation: int, divisor: int) -> Quantity:
    if isinstance(raw, bool):
        return raw
    by_code = _UNITS.get(interpretation, ("", 1))[1]
    if by_code == 0:
        return raw * 10
    whole = divisor if divisor != 1 else by_code
    return raw if whole == 1 else raw / whole


class Code(int):
    """A number of an enumeration that knows its word; equal to the plain number, unknown numbers included."""

    table: CodeTable | None

    def __new__(cls, number: int, table: CodeTable | None = None) -> Self:
        """Attach a table to a number; without one only the number is known."""
        self = super().__new__(cls, number)
        self.table = table
        return self

    @property
    def known(self) -> bool:
        """Whether anybody has named this number."""
        return self.table is not None and self in self.table

    @property
    def label(self) -> str:
        """The word, "unknown 187" for an unnamed number, the plain number where no words exist."""
        return str(int(self)) if self.table is None else self.table.label(int(self))

    def __repr__(self) -> str:
        return f"<{int(self)}: {self.label}>"


class Annotated(msgspec.Struct, frozen=True, kw_only=True):
    """A live value `~T`: mask, value, interpretation."""

    value: int
    mask: int = _MASK_VALID
    interpretation: int = 0
    divisor: int = 1
    declared_unit: str = ""

    @property
    def valid(self) -> bool:
        """Whether the appliance vouches for the value."""
        return bool(self.mask & _MASK_VALID)

    @property
    def changeable(self) -> bool:
        """Whether the value may be changed now."""
        return bool(self.mask & _MASK_CHANGEABLE)

    @property
    def quantity(self) -> Quantity:
        """The value in `unit`, None unless valid."""
        return _convert(self.value, self.interpretation, self.divisor) if self.valid else None

    @property
    def unit(self) -> str:
        """The unit of `quantity`: as declared for the field, else as the interpretation says."""
        return self.declared_unit or unit_of(self.interpretation)

    @property
    def meaning(self) -> str:
        """The interpretation in words (appendix B)."""
        return INTERPRETATION.label(self.interpretation)


class Ranged(msgspec.Struct, frozen=True, kw_only=True):
    """A live value with its range, `generic T`: mask, minimum, maximum, current, step, interpretation."""

    current: int
    minimum: int = 0
    maximum: int = 0
    step: int = 0
    mask: int = _MASK_VALID
    interpretation: int = 0
    divisor: int = 1
    declared_unit: str = ""

    @property
    def valid(self) -> bool:
        """Whether the appliance vouches for the value."""
        return bool(self.mask & _MASK_VALID)

    @property
    def changeable(self) -> bool:
        """Whether the value may be changed now."""
        return bool(self.mask & _MASK_CHANGEABLE)

    @property
    def quantity(self) -> Quantity:
        """The current value in `unit`, None unless valid; field 4, not field 2, which is the minimum."""
        return _convert(self.current, self.interpretation, self.divisor) if self.valid else None

    @property
    def unit(self) -> str:
        """The unit of `quantity`: as declared for the field, else as the interpretation says."""
        return self.declared_unit or unit_of(self.interpretation)

    @property
    def meaning(self) -> str:
        """The interpretation in words (appendix B)."""
        return INTERPRETATION.label(self.interpretation)
