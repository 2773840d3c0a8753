"""Which programmes an appliance has, with which options, and selecting one (miele-dop2.md, section 9).

There are two generations. Ovens, steam ovens and coffee systems publish ranges of numbers with bitmaps
(1/1599 and 1/107); washers, dryers and dishwashers a list of numbers (2/1584). Neither has names, and the
"legacy catalogue" 14/1570, 14/1571 and 14/2570 of asyncmiele is the household's supervision list, not a
catalogue (section 9.5).

The options of a programme are told only while it is selected (1574), so reading them for a whole catalogue
selects each programme in turn. That is off unless asked for, refused while anything runs, and undone at the
end.

    catalog = await read_catalog(port)
    port.write_leaf(2, 1577, encode(selection_of(catalog.find("cottons"))))
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import msgspec

from homewire.clock import Clock
from homewire.errors import CommandRejected, HomewireError, NotSupported
from homewire.miele.codes import DEVICE_TYPE
from homewire.miele.dop2.codec import encode
from homewire.miele.dop2.enums import PROCESS_STATE
from homewire.miele.dop2.model import Frame
from homewire.miele.dop2.paging import read_instance, read_pages
from homewire.miele.dop2.ports import LeafReader, LeafWriter, is_refusal
from homewire.miele.dop2.requests import select_program
from homewire.miele.dop2.tables_identity import DeviceIdentification
from homewire.miele.dop2.tables_programs import (
    ProgramGroups,
    ProgramGroupsPartTwo,
    ProgramList,
    ProgramRange,
    ProgramSelection,
    ProgramSelectionContext,
)
from homewire.miele.dop2.tables_state import CombinedState
from homewire.miele.program_model import (
    CATALOGUE_DIRECTORY,
    HasDeviceType,
    Option,
    Program,
    ProgramCatalog,
    device_type_of,
    name_program,
)
from homewire.miele.program_options import options_of, selection_of

__all__ = [
    "PROGRAM_GROUPS",
    "HasDeviceType",
    "Option",
    "Program",
    "ProgramCatalog",
    "dump_program_catalog",
    "options_of",
    "program_ids",
    "read_catalog",
    "read_device_type",
    "read_options",
    "selection_of",
]

# Section 9.1: what the group flags of the ranges stand for.
PROGRAM_GROUPS: Final = {
    1: "operating modes",
    2: "own programs",
    16: "special applications",
    32: "care and special",
    64: "automatic programs",
}
_MAIN_UNIT: Final = 2
_PANEL_UNIT: Final = 1
_WORD_BITS: Final = 32
# Section 9.4: a program may be selected in the process states "no program" and "program selected".
_SELECTABLE: Final = frozenset({1, 2})
_SETTLE_S: Final = 1.0  # the appliance needs a moment until 1574 shows what was selected; not measured


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What one source of programme numbers yielded."""

    source: str
    programs: tuple[Program, ...]


def program_ids(offered: ProgramRange) -> tuple[int, ...]:
    """Return the numbers whose bit is set: bit n of word w stands for first + 32 w + n (section 9.1)."""
    first, last = offered.first, offered.last
    if first is None or last is None:
        return ()
    bits = sum(word << _WORD_BITS * index for index, word in enumerate(offered.bitmap or ()))
    return tuple(number for number in range(first, last + 1) if bits >> (number - first) & 1)


async def read_device_type(port: LeafReader) -> int:
    """Read the type of the appliance from its identification (2/144); NotSupported when it does not tell."""
    view = DeviceIdentification(await read_instance(port, _MAIN_UNIT, DeviceIdentification.number))
    if view.device_type is None:
        raise NotSupported("the appliance does not tell its type over DOP2")
    return int(view.device_type)


async def read_catalog(
    port: LeafReader,
    device: int | str | HasDeviceType | None = None,
    *,
    selecting: LeafWriter | None = None,
    clock: Clock | None = None,
) -> ProgramCatalog:
    """Read which programmes an appliance offers.

    `device` is its type; left out, it is read. With `selecting` (a port that may write) every programme is
    selected in turn to read its options. An appliance that has no catalogue gets the known numbers of its
    type; one that is asleep raises what its port raises.
    """
    number = await read_device_type(port) if device is None else device_type_of(device)
    found = await _ranges(port, number) or await _list(port, number)
    if found is None:
        return ProgramCatalog.known(number)
    programs = found.programs
    if selecting is not None:
        programs = tuple([each async for each in _with_options(selecting, programs, clock or Clock())])
    return ProgramCatalog(device_type=DEVICE_TYPE.slug(number), programs=programs, source=found.source)


async def read_options(port: LeafReader) -> tuple[Option, ...]:
    """Read the options of the programme that is selected; empty when there are none (1574; section 9.3)."""
    for unit in (_MAIN_UNIT, _PANEL_UNIT):
        try:
            frame = await read_instance(port, unit, ProgramSelectionContext.number)
        except HomewireError as error:
            if not is_refusal(error):
                raise
            continue
        options = options_of(ProgramSelectionContext(frame))
        if options:
            return options
    return ()


async def dump_program_catalog(
    port: LeafReader,
    device: int | str | HasDeviceType | None = None,
    *,
    out: Path | None = None,
    selecting: LeafWriter | None = None,
    clock: Clock | None = None,
) -> Path:
    """Read a catalogue into the JSON file where `ProgramCatalog.for_device` finds it; return its path.

    The file appears whole or not at all.
    """
    catalog = await read_catalog(port, device, selecting=selecting, clock=clock)
    path = out if out is not None else CATALOGUE_DIRECTORY / f"{catalog.device_type}.json"
    _write_whole(path, catalog.to_json())
    return path


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)


async def _ranges(port: LeafReader, device_type: int) -> _Found | None:
    """Read the ranges of the newer ovens; None when the appliance has none."""
    programs: list[Program] = []
    for attribute in (ProgramGroups, ProgramGroupsPartTwo):
        try:
            frame = await read_instance(port, _PANEL_UNIT, attribute.number)
        except HomewireError as error:
            if not is_refusal(error):
                raise
            continue
        view = attribute(frame)
        wide = view.wide_ranges if isinstance(view, ProgramGroups) else ()
        programs += _in_ranges((*(view.ranges or ()), *(wide or ())), device_type)
    return _Found(source="1/1599 and 1/107", programs=tuple(programs)) if programs else None


def _in_ranges(ranges: tuple[ProgramRange, ...], device_type: int) -> Iterator[Program]:
    for each in ranges:
        group = PROGRAM_GROUPS.get(each.group_flag or 0, f"group {each.group_flag}")
        yield from (name_program(device_type, number, group) for number in program_ids(each))


async def _list(port: LeafReader, device_type: int) -> _Found | None:
    """Read the list of laundry appliances, page by page; None when it has none, or tells none asleep."""
    numbers: dict[int, None] = {}
    try:
        async for frame in read_pages(port, _MAIN_UNIT, ProgramList.number):
            view = ProgramList(frame)
            numbers.update(dict.fromkeys((view.program_ids or ())[: view.valid_count or 0]))
    except HomewireError as error:
        if not is_refusal(error):
            raise
        return None
    programs = tuple(name_program(device_type, number) for number in numbers)
    return _Found(source="2/1584", programs=programs) if programs else None


async def _with_options(
    port: LeafWriter, programs: tuple[Program, ...], clock: Clock
) -> AsyncIterator[Program]:
    """Select each programme in turn and add its options; in the end, restore the selection."""
    await _check_idle(port)
    before = ProgramSelection(await read_instance(port, _MAIN_UNIT, ProgramSelection.number))
    try:
        for program in programs:
            await _select(port, select_program(program.id))
            await clock.sleep(_SETTLE_S)
            yield msgspec.structs.replace(program, options=await read_options(port))
    finally:
        await _select(port, _restoring(before))


def _restoring(before: ProgramSelection) -> Frame:
    number = int(before.program_id or 0)
    return select_program(number) if number else select_program(0, selection="deselect")


async def _select(port: LeafWriter, frame: Frame) -> None:
    await port.write_leaf(frame.unit, frame.attribute, encode(frame))


async def _check_idle(port: LeafReader) -> None:
    """Make sure that nothing runs that selecting would disturb; CommandRejected when something does."""
    state = CombinedState(await read_instance(port, _MAIN_UNIT, CombinedState.number)).process_state
    if state is None or state not in _SELECTABLE:
        words = PROCESS_STATE.label(int(state or 0))
        raise CommandRejected(
            f"options can be read while nothing runs, but the process state is: {words}",
            reason_code=int(state or 0),
            hint="Wait for the end of the programme, or read the catalogue without options.",
        )
