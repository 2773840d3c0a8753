"""What this package needs from whoever carries leaves: a client, a recording, a simulated appliance.

A port is bound to one appliance. It raises the library's errors, and their kind decides what happens next:
NotFound and NotSupported mean that this firmware does not have the leaf, CommandRejected that it does not
answer now (asleep, busy, switched off), RequestTimeout that nothing came, ConnectionFailed, CommandTimeout
and AuthenticationFailed that nothing else will work either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from homewire.errors import CommandRejected, HomewireError, NotFound, NotSupported
from homewire.miele.refusals import RequestTimeout

__all__ = ["LeafReader", "LeafWriter", "TreeReader", "is_busy", "is_refusal", "is_silence"]


class LeafReader(Protocol):
    """Reads leaves of one appliance."""

    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        """Read one leaf, decrypted, with or without its padding."""
        ...


class LeafWriter(LeafReader, Protocol):
    """Reads and writes leaves of one appliance."""

    async def write_leaf(self, unit: int, attribute: int, body: bytes, idx1: int = 0, idx2: int = 0) -> None:
        """Write one leaf; nothing comes back but success."""
        ...


class TreeReader(LeafReader, Protocol):
    """Reads leaves and knows, or can ask, which there are (section 1)."""

    async def list_units(self) -> Sequence[int]:
        """List the units of the appliance; some firmware refuses although it has leaves."""
        ...

    async def list_attributes(self, unit: int) -> Sequence[int]:
        """List the attributes of a unit."""
        ...


def is_refusal(error: HomewireError) -> bool:
    """Whether an error means that this firmware does not have the leaf."""
    return isinstance(error, NotFound | NotSupported)


def is_busy(error: HomewireError) -> bool:
    """Whether an error means that the appliance does not answer this now: asleep, busy, switched off."""
    return isinstance(error, CommandRejected)


def is_silence(error: HomewireError) -> bool:
    """Whether nothing came: the link is lost, or this leaf is one of those that are never answered."""
    return isinstance(error, RequestTimeout)
