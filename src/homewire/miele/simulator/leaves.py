"""The DOP2 tree of a simulated appliance: live leaves, built from the typed objects that clients read with.

Which attributes exist follows the recorded trees (miele-dop2.md, section 6); their values follow the
simulated appliance. A `RecordedTree` serves a recording as it is instead. Paging follows section 4: the reply
names the delivered instance and the next one, equal keys mean that there is no further one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from homewire.errors import ConfigurationError, NotFound, ProtocolError
from homewire.miele.dop2 import Field, Frame, Type, decode, encode
from homewire.miele.dop2 import tree as dop2_tree
from homewire.miele.dop2.model import Fields
from homewire.miele.simulator.appliance import SimulatedAppliance
from homewire.miele.simulator.blank import Leaves, Pages, build
from homewire.miele.simulator.boards import Boards
from homewire.miele.simulator.contents import Contents
from homewire.miele.simulator.files import Files
from homewire.miele.simulator.network import Network
from homewire.miele.simulator.requests import Requests
from homewire.miele.simulator.service import Service

__all__ = ["LeafTree", "LiveTree", "RecordedTree"]

Place = tuple[int, int]
"""Unit and attribute."""

_OBJECT_TABLE: Final = 19
"""Lists the attributes of a unit, one per page (miele-dop2.md, section 7)."""

_SETTING, _VALIDITY, _NOT_VALID = 105, 2, 128
"""Settings of a sleeping appliance (miele-dop2.md, section 10)."""

_SYSTEM, _MODULE = 9, 14
_SOFTWARE, _SOFTWARE_UNITS = 17, (12, 14)
_PLAIN_OF_MODULE: Final = (21, 1571)
"""What decides on the indices of a reply (miele-dop2.md, section 4; the last two are so in the recording)."""

_OF_OVENS: Final = {124: {3}, 138: {1, 4, 6}, 153: {3, 4}, 256: {22, 23}, 1574: {8}, 1577: {2}}
_OF_LAUNDRY: Final = {256: {15, 16}, 391: {16}, 1585: {16}}
"""Fields that the other family of appliances does not send (section 7)."""

_EVERYBODY, _NOBODY = 0xFB00, 0x8000
"""Rights of the object table, as the recorded oven gives them to 2/1586 and 1/17."""

_ACCEPTED, _BAD_LEAF, _NO_WRITE = 204, 400, 403


class LeafTree(Protocol):
    """What the server asks of a tree of leaves."""

    recorded: bool

    def units(self) -> Sequence[int]:
        """List the units."""

    def attributes(self, unit: int) -> Sequence[int]:
        """List the attributes of a unit."""

    def read(self, unit: int, attribute: int, idx1: int) -> bytes | None:
        """Return a leaf with its padding; None when there is none."""

    def write(self, unit: int, attribute: int, idx1: int, body: bytes) -> int:
        """Take a written leaf; return the HTTP status."""


class RecordedTree:
    """Serves a recording (`homewire.miele.dop2.tree`), a walk's own with all its pages too.

    Writes are accepted and forgotten.
    """

    recorded = True

    def __init__(self, leaves: dop2_tree.LeafTree) -> None:
        self.leaves = leaves

    @classmethod
    def load(cls, path: str) -> RecordedTree:
        """Read a recording file; raise ConfigurationError when it is none."""
        try:
            leaves = dop2_tree.LeafTree.from_recording(Path(path).read_bytes())
            if not len(leaves):
                raise ProtocolError("there is no leaf in it")
        except (OSError, ProtocolError) as error:
            raise ConfigurationError(
                f"not a recording of DOP2 leaves: {error}",
                file=path,
                hint='Expected {"unit": {"attribute": "hex"}}.',
            ) from error
        return cls(leaves)

    def units(self) -> Sequence[int]:
        """List the units in the order of the recording."""
        return self.leaves.units()

    def attributes(self, unit: int) -> Sequence[int]:
        """List the recorded attributes of a unit."""
        return self.leaves.attributes(unit)

    def read(self, unit: int, attribute: int, idx1: int) -> bytes | None:
        """Return the recorded leaf, or the instance of it."""
        try:
            return self.leaves.leaf(unit, attribute, idx1)
        except NotFound:
            return None

    def write(self, unit: int, attribute: int, idx1: int, body: bytes) -> int:
        """Accept a well-formed leaf for a recorded place."""
        if self.read(unit, attribute, idx1) is None:
            return 404
        return _ACCEPTED if _decoded(body) is not None else _BAD_LEAF


class LiveTree:
    """The tree of a simulated appliance."""

    recorded = False

    def __init__(self, appliance: SimulatedAppliance) -> None:
        self._appliance = appliance
        contents, network, service = Contents(appliance), Network(appliance), Service(appliance)
        self._values: Leaves = contents.leaves() | network.leaves() | service.leaves()
        self._values |= Boards(appliance).leaves() | Files(appliance).leaves()
        self._paged: Pages = contents.paged() | network.paged() | service.paged()
        self._without = _OF_OVENS if appliance.profile.is_laundry else _OF_LAUNDRY
        self._requests = Requests(appliance, contents)

    def units(self) -> Sequence[int]:
        """List the units, in the unordered way of a real appliance."""
        return tuple(sorted({unit for unit, _ in (*self._values, *self._paged)}, reverse=True))

    def attributes(self, unit: int) -> Sequence[int]:
        """List the attributes of a unit; none for a unit that does not exist."""
        found = sorted(attribute for each, attribute in (*self._values, *self._paged) if each == unit)
        return (_OBJECT_TABLE, *found) if found else ()

    def read(self, unit: int, attribute: int, idx1: int) -> bytes | None:
        """Build the leaf from the appliance's present state."""
        self._appliance.advance()
        if attribute == _OBJECT_TABLE:
            return self._object_entry(unit, idx1)
        if (paged := self._paged.get((unit, attribute))) is not None:
            return self._page(unit, attribute, paged(), idx1)
        if (values := self._values.get((unit, attribute))) is None:
            return None
        return self._build(unit, attribute, values(), _index(unit, attribute))

    def write(self, unit: int, attribute: int, idx1: int, body: bytes) -> int:
        """Carry out a written leaf."""
        frame = _decoded(body)
        if frame is None or frame.fields is None:
            return _BAD_LEAF
        if attribute not in self.attributes(unit):
            return 404
        self._appliance.advance()
        return self._requests.take(unit, attribute, idx1, frame)

    def _object_entry(self, unit: int, idx1: int) -> bytes | None:
        attributes = self.attributes(unit)
        if not 0 <= idx1 < len(attributes):
            return None
        values = {
            "object_id": attributes[idx1],
            "instances": 1,
            "read_rights": _EVERYBODY,
            "write_rights": _EVERYBODY if self._requests.takes(unit, attributes[idx1]) else _NOBODY,
            "subscribe_rights": _NOBODY,
        }
        following = min(idx1 + 1, len(attributes) - 1)
        return self._build(unit, _OBJECT_TABLE, values, (idx1, following))

    def _page(
        self, unit: int, attribute: int, instances: Mapping[int, Mapping[str, Any]], idx1: int
    ) -> bytes | None:
        keys = list(instances)
        if not keys or (idx1 and idx1 not in instances):
            return None
        place = keys.index(idx1) if idx1 else 0
        following = keys[min(place + 1, len(keys) - 1)]
        key = keys[place]
        return self._build(unit, attribute, instances[key], (key, following))

    def _build(self, unit: int, attribute: int, values: Mapping[str, Any], index: tuple[int, int]) -> bytes:
        return build(unit, attribute, values, index=index, without=self._without.get(attribute, ()))


def _index(unit: int, attribute: int) -> tuple[int, int]:
    """Return the indices of a leaf with one instance: 0/0 but for the oddities of section 4."""
    if unit == _SYSTEM or (attribute == _SOFTWARE and unit in _SOFTWARE_UNITS):
        return 0, 1
    return (1, 1) if unit == _MODULE and attribute not in _PLAIN_OF_MODULE else (0, 0)


def _decoded(body: bytes) -> Frame | None:
    try:
        return decode(body)
    except ProtocolError:
        return None


def asleep_leaf(leaf: bytes) -> bytes:
    """Return what a sleeping appliance says instead: zeros, and settings that are not valid (section 13)."""
    frame = decode(leaf)
    fields = _zeros(frame.fields or ())
    if frame.attribute == _SETTING:
        fields = tuple(
            Field(f.number, f.type, _NOT_VALID if f.number == _VALIDITY else f.value) for f in fields
        )
    return encode(msgspec.structs.replace(frame, fields=fields))


def _zeros(fields: Fields) -> Fields:
    return tuple(Field(field.number, field.type, _zero(field.type, field.value)) for field in fields)


def _zero(kind: Type, value: Any) -> Any:
    if kind is Type.STRUCT:
        return _zeros(value)
    if kind is Type.STRUCT_ARRAY:
        return tuple(map(_zeros, value))
    if isinstance(value, bytes):
        return bytes(len(value))
    if isinstance(value, tuple):
        return tuple(type(each)(0) for each in value)
    return type(value)(0)


def merged(trees: Iterable[Mapping[Place, bytes]]) -> dict[Place, bytes]:
    """Lay recordings over each other; later ones win."""
    return {place: leaf for tree in trees for place, leaf in tree.items()}
