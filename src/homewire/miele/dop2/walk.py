"""Everything an appliance tells: a walk over all its leaves, gentle, resumable, learning what is not there.

The tree is listed by the appliance's own index (docs/protocols/miele-dop2.md, section 1); where that is
refused although leaves work (section 6), the attributes of our tables are tried. A walk goes leaf by leaf
with a pause between reads, because the module serves one request at a time and has a machine to run besides.

    walk = Walk(port, clock=clock)
    async for step in walk.steps():
        print(step)
    recording = walk.state.tree().as_recording()

`walk.state` is plain data that serialises to JSON at any time, in the middle of a walk too; a new `Walk` with
it goes on where the old one stopped and asks again only for the leaf that was under way. Leaves that the
firmware refuses are remembered with its version, so that the next walk of the same firmware (`Refusals`) does
not ask for them; that is why every walk begins with the module identification.

Some dishwashers never answer some leaves (miele-http.md, section 5). A silence ends the walk only if the
module does not answer anything else either; a leaf that is silent twice counts as refused.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Final, Self, TypeVar

import msgspec

from homewire.clock import Clock
from homewire.errors import HomewireError, ProtocolError
from homewire.miele.dop2.catalogue import ATTRIBUTES, interpret
from homewire.miele.dop2.codec import encode
from homewire.miele.dop2.paging import MAXIMUM_PAGES, read_pages
from homewire.miele.dop2.ports import TreeReader, is_busy, is_refusal, is_silence
from homewire.miele.dop2.tables_module import ModuleIdentification
from homewire.miele.dop2.tree import LeafTree

__all__ = ["Outcome", "Refusals", "Step", "Walk", "WalkState"]

# Between two reads: the module also serves the vendor's app and a machine; a walk of 100 leaves may take a
# minute.
PAUSE_S: Final = 0.25
_FIRMWARE_LEAF: Final = (14, ModuleIdentification.number)  # section 7: module identification
_FIRMWARE_UNKNOWN: Final = "unknown"


_T = TypeVar("_T")

# A leaf as "unit/attribute", both decimal.
Address = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,5}/[0-9]{1,5}$")]


class Outcome(enum.StrEnum):
    """How the read of a leaf ended."""

    READ = "read"
    REFUSED = "refused"  # this firmware does not have it
    BUSY = "busy"  # asleep, or not now: tried once more at the end
    MALFORMED = "malformed"  # something came, but no leaf


class Refusals(msgspec.Struct, kw_only=True):
    """Which leaves which firmware refuses, and why; keys are firmware versions and addresses."""

    by_firmware: dict[str, dict[str, str]] = {}

    def known(self, firmware: str) -> dict[str, str]:
        """Return what a firmware is known to refuse; nothing is known about an unknown firmware."""
        return {} if firmware == _FIRMWARE_UNKNOWN else self.by_firmware.get(firmware, {})

    def learn(self, state: WalkState) -> None:
        """Take over what a walk found out."""
        if state.firmware != _FIRMWARE_UNKNOWN and state.refused:
            self.by_firmware.setdefault(state.firmware, {}).update(state.refused)

    def to_json(self) -> bytes:
        """Serialise."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """Read back; ProtocolError when it is none."""
        return _read(data, cls, "refusals of firmware")


class WalkState(msgspec.Struct, kw_only=True):
    """Where a walk stands; plain data, JSON at any time. Leaves are addressed as "unit/attribute"."""

    firmware: str = _FIRMWARE_UNKNOWN
    listed: bool = False
    pending: list[Address] = []
    leaves: dict[Address, dict[str, str]] = {}  # key of the instance -> hex
    refused: dict[Address, str] = {}  # why
    busy: dict[Address, str] = {}
    malformed: dict[Address, str] = {}
    retried: bool = False
    requests: int = 0

    @property
    def done(self) -> bool:
        """Whether nothing is left to ask for."""
        return self.listed and not self.pending

    @property
    def total(self) -> int:
        """How many leaves are known to be asked for."""
        ended = len(self.leaves) + len(self.refused) + len(self.busy) + len(self.malformed)
        return len(self.pending) + ended

    def tree(self) -> LeafTree:
        """Return what was read."""
        return LeafTree.from_recording(_by_unit(self.leaves))

    def to_json(self) -> bytes:
        """Serialise."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> Self:
        """Read back a serialised state; ProtocolError when it is none."""
        return _read(data, cls, "state of a walk")


def _read(data: bytes | str, kind: type[_T], what: str) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ProtocolError(f"{what}: {error}") from error


def _by_unit(leaves: dict[str, dict[str, str]]) -> dict[str, dict[str, dict[str, str]]]:
    units: dict[str, dict[str, dict[str, str]]] = {}
    for address, instances in leaves.items():
        unit, _, attribute = address.partition("/")
        units.setdefault(unit, {})[attribute] = instances
    return units


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One leaf of a walk: how it ended, and how far the walk is."""

    unit: int
    attribute: int
    title: str
    outcome: Outcome
    instances: int
    reason: str
    done: int
    total: int

    def __str__(self) -> str:
        pages = f" ({self.instances} instances)" if self.instances > 1 else ""
        why = f": {self.reason}" if self.reason else ""
        return (
            f"[{self.done}/{self.total}] {self.unit}/{self.attribute} {self.title}{pages} {self.outcome}{why}"
        )


class Walk:
    """Reads every leaf of an appliance once.

    `refusals` are skipped when they belong to the firmware of the appliance, `units` limits the walk,
    `pause_s` is waited between two reads, `pages` = False reads only the first instance of each leaf.
    """

    def __init__(
        self,
        port: TreeReader,
        *,
        clock: Clock | None = None,
        state: WalkState | None = None,
        refusals: Refusals | None = None,
        units: Iterable[int] | None = None,
        pause_s: float = PAUSE_S,
        pages: bool = True,
    ) -> None:
        self.state = state if state is not None else WalkState()
        self.refusals = refusals if refusals is not None else Refusals()
        self._port = _Counting(port, self.state, clock if clock is not None else Clock(), pause_s)
        self._units = None if units is None else frozenset(units)
        self._page_limit = MAXIMUM_PAGES if pages else 1

    async def run(self) -> WalkState:
        """Walk to the end and return the state."""
        async for _ in self.steps():
            pass
        return self.state

    async def steps(self) -> AsyncIterator[Step]:
        """Walk leaf by leaf.

        Errors that concern the link and not a leaf (ConnectionFailed, AuthenticationFailed, CommandTimeout)
        end the iteration as they are; the state stays good for another attempt.
        """
        await self._identify()
        if not self.state.listed:
            self.state.pending = await self._list()
            self.state.listed = True
        while self.state.pending or self._retry():
            yield await self._step(self.state.pending[0])
        self.refusals.learn(self.state)

    async def _identify(self) -> None:
        """Learn the version of the firmware, if it tells."""
        if self.state.firmware != _FIRMWARE_UNKNOWN:
            return
        try:
            view = interpret(await self._port.read_leaf(*_FIRMWARE_LEAF))
        except HomewireError as error:
            if not _concerns_leaf(error):
                raise
            return
        if isinstance(view, ModuleIdentification) and view.software_version:
            self.state.firmware = f"{view.software_id or 0}-{view.software_version}"

    async def _list(self) -> list[str]:
        """List the addresses to ask for, by the appliance's index or by our tables."""
        skip = self.refusals.known(self.state.firmware)
        addresses = await self._indexed()
        self.state.refused.update({each: skip[each] for each in addresses if each in skip})
        return [each for each in addresses if each not in skip]

    async def _indexed(self) -> list[str]:
        try:
            units = await self._port.list_units()
        except HomewireError as error:
            if not _concerns_leaf(error):
                raise
            units = sorted({unit for attribute in ATTRIBUTES.values() for unit in attribute.units})
        wanted = [unit for unit in units if self._units is None or unit in self._units]
        return [f"{unit}/{attribute}" for unit in wanted for attribute in await self._attributes(unit)]

    async def _attributes(self, unit: int) -> list[int]:
        try:
            return sorted(await self._port.list_attributes(unit))
        except HomewireError as error:
            if not _concerns_leaf(error):
                raise
        return sorted(number for number, attribute in ATTRIBUTES.items() if unit in attribute.units)

    def _retry(self) -> bool:
        """Put the leaves that were busy back once; return whether there are any."""
        if self.state.retried or not self.state.busy:
            return False
        self.state.retried = True
        self.state.pending = list(self.state.busy)
        self.state.busy = {}
        return True

    async def _step(self, address: str) -> Step:
        unit, attribute = map(int, address.split("/"))
        instances: dict[str, str] = {}
        outcome, reason = Outcome.READ, ""
        try:
            async for frame in read_pages(self._port, unit, attribute, limit=self._page_limit):
                instances[str(frame.idx1)] = encode(frame).hex()
        except HomewireError as error:
            if not (_concerns_leaf(error) or (is_silence(error) and await self._is_alive())):
                raise
            outcome, reason = self._outcome(error), error.message
        self._note(address, outcome, instances, reason)
        known = ATTRIBUTES.get(attribute)
        return Step(
            unit=unit,
            attribute=attribute,
            title=known.title if known else "unknown attribute",
            outcome=outcome,
            instances=len(instances),
            reason=reason,
            done=self.state.total - len(self.state.pending),
            total=self.state.total,
        )

    async def _is_alive(self) -> bool:
        """Whether the module answers something else, if only with a refusal."""
        try:
            await self._port.list_units()
        except HomewireError as error:
            return _concerns_leaf(error)
        return True

    def _outcome(self, error: HomewireError) -> Outcome:
        if is_refusal(error) or (is_silence(error) and self.state.retried):
            return Outcome.REFUSED
        return Outcome.BUSY if is_busy(error) or is_silence(error) else Outcome.MALFORMED

    def _note(self, address: str, outcome: Outcome, instances: dict[str, str], reason: str) -> None:
        """Book the end of a leaf; only now it is no longer pending."""
        self.state.pending.remove(address)
        if outcome is Outcome.READ:
            self.state.leaves[address] = instances
            return
        books = {
            Outcome.REFUSED: self.state.refused,
            Outcome.BUSY: self.state.busy,
            Outcome.MALFORMED: self.state.malformed,
        }
        books[outcome][address] = reason


def _concerns_leaf(error: HomewireError) -> bool:
    """Whether an error says something about one leaf, so that the next may still be read."""
    return is_refusal(error) or is_busy(error) or isinstance(error, ProtocolError)


class _Counting:
    """A port that counts requests and pauses between them."""

    def __init__(self, port: TreeReader, state: WalkState, clock: Clock, pause_s: float) -> None:
        self._port = port
        self._state = state
        self._clock = clock
        self._pause_s = pause_s
        self._first = True
        self.list_units = port.list_units
        self.list_attributes = port.list_attributes

    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        if not self._first and self._pause_s:
            await self._clock.sleep(self._pause_s)
        self._first = False
        self._state.requests += 1
        return await self._port.read_leaf(unit, attribute, idx1, idx2)
