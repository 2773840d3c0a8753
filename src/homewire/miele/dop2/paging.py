"""Leaves with several instances, one per request (docs/protocols/miele-dop2.md, section 4).

The reply's idx1 is the key of the instance it holds, idx2 the key of the next one; equal keys end the list.
Not every appliance keeps to it: unit 9 says "0, next 1" on every leaf. So a `Pager` follows the keys, but
stops at the first inconsistency: a key that comes again, another instance than asked for, or too many pages.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from homewire.errors import HomewireError, ProtocolError
from homewire.miele.dop2.codec import decode
from homewire.miele.dop2.model import Frame
from homewire.miele.dop2.ports import LeafReader, is_busy, is_refusal

__all__ = ["MAXIMUM_PAGES", "Pager", "checked", "read_instance", "read_pages"]

# The longest recorded list has 70 entries (2/114), the longest in a table 128; a loop must end somewhere.
MAXIMUM_PAGES: Final = 512
_ADDRESS_AT: Final = 2  # section 2: unit and attribute follow the length


def checked(data: bytes, unit: int, attribute: int) -> Frame:
    """Decode a reply and make sure that it is the leaf that was asked for; ProtocolError if it is another."""
    frame = decode(data)
    if (frame.unit, frame.attribute) != (unit, attribute):
        raise ProtocolError(
            f"asked for leaf {unit}/{attribute}, got {frame.unit}/{frame.attribute}", offset=_ADDRESS_AT
        )
    return frame


class Pager:
    """Decides which instance to ask for next; no I/O."""

    def __init__(self, limit: int = MAXIMUM_PAGES) -> None:
        self._limit = limit
        self._asked = 0
        self._seen: set[int] = set()

    def next_key(self, frame: Frame) -> int | None:
        """Take a reply, return the key to ask for next; None at the end or at any inconsistency."""
        repeats = frame.idx1 in self._seen
        stranger = bool(self._seen) and frame.idx1 != self._asked
        self._seen.add(frame.idx1)
        if repeats or stranger or not frame.has_next or frame.idx2 in self._seen:
            return None
        if len(self._seen) >= self._limit:
            return None
        self._asked = frame.idx2
        return frame.idx2

    def belongs(self, frame: Frame) -> bool:
        """Whether a later reply is the instance that was asked for and new; the first always is."""
        return not self._seen or (frame.idx1 == self._asked and frame.idx1 not in self._seen)


async def read_instance(port: LeafReader, unit: int, attribute: int, key: int = 0) -> Frame:
    """Read one instance of a leaf, the first for key 0."""
    return checked(await port.read_leaf(unit, attribute, key, 0), unit, attribute)


async def read_pages(
    port: LeafReader, unit: int, attribute: int, *, limit: int = MAXIMUM_PAGES
) -> AsyncIterator[Frame]:
    """Read every instance of a leaf.

    The first read raises what it raises; a later one that the appliance refuses ends the list, because some
    firmware announces instances that it does not have.
    """
    pager = Pager(limit)
    frame = await read_instance(port, unit, attribute)
    key = pager.next_key(frame)
    yield frame
    while key is not None:
        try:
            frame = await read_instance(port, unit, attribute, key)
        except HomewireError as error:
            if is_refusal(error) or is_busy(error):
                return
            raise
        if not pager.belongs(frame):
            return
        key = pager.next_key(frame)
        yield frame
