"""Leaves by address: a recording, the result of a walk, or what a simulated appliance serves.

The JSON form of a recording is `{unit: {attribute: hex}}`; an attribute with several instances has `{idx1:
hex}` instead of the hex. Hex is the decrypted body with its padding (tests/captures/miele/README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Self

import msgspec

from homewire.errors import NotFound, ProtocolError
from homewire.miele.dop2.codec import decode, encode
from homewire.miele.dop2.model import Frame
from homewire.miele.dop2.schema import Attribute

__all__ = ["LeafTree"]

_Source = bytes | Callable[[], bytes]
_U16: Final = range(0x10000)
_LONGEST_NUMBER: Final = 5  # digits of 65535; int() refuses thousands of them with an error of its own


class LeafTree:
    """The leaves of an appliance, in memory; answers like one (`TreeReader`).

    A leaf is kept as bytes, or as a function that makes it when it is read, for values that live.
    """

    def __init__(self) -> None:
        self._leaves: dict[int, dict[int, dict[int, _Source]]] = {}

    def put(self, leaf: bytes | Frame, *, key: int | None = None) -> None:
        """Store one instance of a leaf under its own address, or under another key of it."""
        frame = leaf if isinstance(leaf, Frame) else decode(leaf)
        data = encode(leaf) if isinstance(leaf, Frame) else bytes(leaf)
        self._instances(frame.unit, frame.attribute)[frame.idx1 if key is None else key] = data

    def put_live(self, unit: int, attribute: int, make: Callable[[], Frame], *, key: int = 0) -> None:
        """Store a leaf that is made each time it is read."""
        self._instances(unit, attribute)[key] = lambda: encode(make())

    def put_pages(
        self, attribute: type[Attribute], unit: int, pages: Iterable[tuple[int, Mapping[str, Any]]]
    ) -> None:
        """Store a list of instances, each with its key, chained as section 4 wants it."""
        chain = list(pages)
        keys = [key for key, _ in chain]
        for (key, values), following in zip(chain, [*keys[1:], keys[-1]] if keys else [], strict=True):
            self.put(attribute.build(unit=unit, idx1=key, idx2=following, **values))

    def remove(self, unit: int, attribute: int) -> None:
        """Forget a leaf with all its instances; it is no error if there is none."""
        self._leaves.get(unit, {}).pop(attribute, None)

    def _instances(self, unit: int, attribute: int) -> dict[int, _Source]:
        return self._leaves.setdefault(unit, {}).setdefault(attribute, {})

    def units(self) -> tuple[int, ...]:
        """List the units."""
        return tuple(unit for unit, attributes in self._leaves.items() if attributes)

    def attributes(self, unit: int) -> tuple[int, ...]:
        """List the attributes of a unit; NotFound when there is no such unit."""
        if not self._leaves.get(unit):
            raise NotFound(f"there is no unit {unit}")
        return tuple(self._leaves[unit])

    def leaf(self, unit: int, attribute: int, idx1: int = 0) -> bytes:
        """Return one instance, the first for idx1 = 0; NotFound when there is none."""
        instances = self._leaves.get(unit, {}).get(attribute)
        if not instances:
            raise NotFound(f"there is no leaf {unit}/{attribute}")
        source = instances.get(idx1)
        if source is None and idx1 == 0:
            source = next(iter(instances.values()))
        if source is None:
            raise NotFound(f"leaf {unit}/{attribute} has no instance {idx1}")
        return source() if callable(source) else source

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Iterate over unit, attribute and key of every instance."""
        for unit, attributes in self._leaves.items():
            for attribute, instances in attributes.items():
                for key in instances:
                    yield unit, attribute, key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        """Answer like an appliance that is awake."""
        del idx2  # section 4: a request names the instance in idx1 alone
        return self.leaf(unit, attribute, idx1)

    async def list_units(self) -> Sequence[int]:
        """Answer like an appliance that is awake."""
        return self.units()

    async def list_attributes(self, unit: int) -> Sequence[int]:
        """Answer like an appliance that is awake."""
        return self.attributes(unit)

    def as_recording(self) -> dict[str, Any]:
        """Write the JSON form of a recording."""
        return {
            str(unit): {str(attribute): _written(instances) for attribute, instances in attributes.items()}
            for unit, attributes in self._leaves.items()
        }

    @classmethod
    def from_recording(cls, recording: Mapping[str, Any] | bytes | str) -> Self:
        """Read the JSON form of a recording; ProtocolError for anything that is none.

        Keys that are no numbers (notes of whoever made it) are skipped.
        """
        tree = cls()
        for unit, attributes in _numbered(_parsed(recording)):
            for attribute, entry in _numbered(attributes):
                pages = _numbered(entry) if isinstance(entry, Mapping) else [(None, entry)]
                for key, text in pages:
                    tree._load(unit, attribute, key, text)
        return tree

    def _load(self, unit: int, attribute: int, key: int | None, text: Any) -> None:
        try:
            data = bytes.fromhex(text)
        except (TypeError, ValueError) as error:
            raise ProtocolError(f"recording: leaf {unit}/{attribute} is not hex") from error
        frame = decode(data)
        if (frame.unit, frame.attribute) != (unit, attribute):
            raise ProtocolError(f"recording: {unit}/{attribute} holds leaf {frame.unit}/{frame.attribute}")
        self.put(data, key=key)


def _written(instances: Mapping[int, _Source]) -> Any:
    leaves = {key: (source() if callable(source) else source) for key, source in instances.items()}
    if len(leaves) == 1 and all(decode(leaf).idx1 == key for key, leaf in leaves.items()):
        return next(iter(leaves.values())).hex()
    return {str(key): leaf.hex() for key, leaf in leaves.items()}


def _parsed(recording: Mapping[str, Any] | bytes | str) -> Any:
    if isinstance(recording, Mapping):
        return recording
    try:
        return msgspec.json.decode(recording)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ProtocolError(f"recording: {error}") from error


def _numbered(level: Any) -> list[tuple[int, Any]]:
    """Return the entries of an object whose keys are numbers; ProtocolError when it is no object."""
    if not isinstance(level, Mapping):
        raise ProtocolError("recording: expected an object by unit and attribute")
    texts = [(key, value) for key, value in level.items() if key.isascii() and key.isdigit()]
    numbers = [(int(key), value) for key, value in texts if len(key) <= _LONGEST_NUMBER]
    if len(numbers) < len(texts) or any(number not in _U16 for number, _ in numbers):
        raise ProtocolError("recording: units, attributes and keys are numbers from 0 to 65535")
    return numbers
