"""How a known leaf is declared: slots with a number, a type, a name, a unit, a note and how sure we are.

    class HoursOfOperation(Attribute, number=119, units=(2,), title="hours of operation"):
        total = u32(1, "min", sure="A")

A declaration is three things at once: the typed view of a decoded leaf (`view.total`), the builder of a leaf
(`HoursOfOperation.build(total=445)`) and the row of the reference page (`docs/miele-dop2-reference.md`).

Reading never fails: a field that is missing or has another shape than declared reads as None, an integer of
another width reads as the number it is, and fields without a declaration stay visible under `unknown`. A slot
named `field_19` is one whose meaning nobody knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Self, TypedDict, TypeVar, Unpack, overload

from homewire.miele.dop2.model import Field, Fields, Frame, Type, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from homewire.miele.codetable import CodeTable

__all__ = ["ATTRIBUTES", "Attribute", "Slot", "Structure"]

T_co = TypeVar("T_co", covariant=True)

# Every declared attribute by its number; the same attribute has the same layout on every unit that has it.
ATTRIBUTES: Final[dict[int, type[Attribute]]] = {}


class About(TypedDict, total=False):
    """What a slot may say about itself, apart from number and type."""

    unit: str
    note: str
    sure: str  # certainty A to D, as the protocol page grades it
    table: CodeTable | None
    structure: type[Structure]
    nothing: int | None  # the number by which the field says that there is no value


class Slot(Generic[T_co]):
    """One declared field of a structure; on an instance it is the field's value, None when there is none."""

    name: str

    def __init__(
        self,
        number: int,
        kind: Type,
        *,
        label: str,
        read: Callable[[Value], T_co | None],
        write: Callable[[Any], Value],
        **about: Unpack[About],
    ) -> None:
        self.number = number
        self.kind = kind
        self.label = label
        self.read = read
        self.write = write
        self.unit = about.get("unit", "")
        self.note = about.get("note", "")
        self.sure = about.get("sure", "B")
        self.table = about.get("table")
        self.structure = about.get("structure")
        self.nothing = about.get("nothing")

    def __set_name__(self, owner: type[Structure], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type[Structure]) -> Self: ...
    @overload
    def __get__(self, instance: Structure, owner: type[Structure]) -> T_co | None: ...
    def __get__(self, instance: Structure | None, owner: type[Structure]) -> Self | T_co | None:
        if instance is None:
            return self
        field = instance.field(self.number)
        return None if field is None else self.value_of(field)

    def __repr__(self) -> str:
        return f"<slot {self.number} {self.label} {self.name}>"

    def value_of(self, field: Field) -> T_co | None:
        """Read a field as declared; None when its shape does not fit or it says "nothing there"."""
        if not compatible(self.kind, field.type):
            return None
        return self.read(field.value)

    def field_of(self, value: Any) -> Field:
        """Make the field that carries a value, as declared."""
        return Field(self.number, self.kind, self.write(value))

    @property
    def is_named(self) -> bool:
        """Whether the meaning of this field is known."""
        return not self.name.startswith("field_")


_INTEGERS: Final = frozenset(range(Type.U8, Type.F32))
_INTEGER_ARRAYS: Final = frozenset(range(Type.I8_ARRAY, Type.F32_ARRAY))
_TEXTS: Final = frozenset({Type.U8_ARRAY, Type.STRING})


def compatible(declared: Type, seen: Type) -> bool:
    """Whether the seen type can be read as the declared one: integers and texts among themselves."""
    if declared is seen:
        return True
    return any(declared in family and seen in family for family in (_INTEGERS, _INTEGER_ARRAYS, _TEXTS))


class Structure:
    """A typed view of the fields of a structure."""

    __slots__ = ("_by_number", "fields")

    slots: ClassVar[Mapping[int, Slot[Any]]] = {}  # by field number
    names: ClassVar[Mapping[str, Slot[Any]]] = {}  # by name, in the order on the wire

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        by_number: dict[int, Field] = {}
        for field in fields:
            by_number.setdefault(field.number, field)
        self._by_number = by_number

    def __init_subclass__(cls) -> None:
        slots = dict(cls.slots)
        slots.update((each.number, each) for each in vars(cls).values() if isinstance(each, Slot))
        cls.slots = slots
        cls.names = {each.name: each for each in slots.values()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and type(self) is type(other) and self.fields == other.fields

    def __hash__(self) -> int:
        return hash((type(self), self.fields))

    def __repr__(self) -> str:
        known = ", ".join(f"{name}={value!r}" for name, value in self.named() if value is not None)
        return f"{type(self).__name__}({known})"

    def field(self, number: int) -> Field | None:
        """Return the field with this number, the first of equal ones."""
        return self._by_number.get(number)

    def named(self) -> Iterator[tuple[str, Any]]:
        """Iterate over name and value of every declared field that is there."""
        for field in self.fields:
            slot = self.slots.get(field.number)
            if slot is not None:
                yield slot.name, slot.value_of(field)

    @property
    def unknown(self) -> Fields:
        """The fields that no table declares, or that have another shape than declared."""
        return tuple(field for field in self.fields if not self._declares(field))

    def _declares(self, field: Field) -> bool:
        slot = self.slots.get(field.number)
        return slot is not None and compatible(slot.kind, field.type)

    @classmethod
    def fields_of(cls, values: Mapping[str, Any]) -> Fields:
        """Make fields from values by name, in declared order; KeyError for a name nobody declared."""
        unknown = values.keys() - cls.names.keys()
        if unknown:
            raise KeyError(*sorted(unknown))
        return tuple(slot.field_of(values[name]) for name, slot in cls.names.items() if name in values)


class Attribute(Structure):
    """A typed view of a whole leaf."""

    __slots__ = ("frame",)

    number: ClassVar[int] = 0
    units: ClassVar[tuple[int, ...]] = ()
    title: ClassVar[str] = "unknown attribute"
    writable: ClassVar[bool] = False

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame.fields or ())
        self.frame = frame

    def __init_subclass__(
        cls, *, number: int, units: tuple[int, ...] = (), title: str, writable: bool = False
    ) -> None:
        super().__init_subclass__()
        cls.number, cls.units, cls.title, cls.writable = number, units, title, writable
        ATTRIBUTES[number] = cls

    @classmethod
    def build(cls, *, unit: int | None = None, idx1: int = 0, idx2: int = 0, **values: Any) -> Frame:
        """Make a frame of this attribute from values by name; the unit defaults to the first that has it."""
        where = unit if unit is not None else cls.units[0]
        return Frame(unit=where, attribute=cls.number, idx1=idx1, idx2=idx2, fields=cls.fields_of(values))
