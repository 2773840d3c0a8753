"""The boards of a simulated appliance: its units, their software, parts and labels.

Which units exist is told by miele-dop2.md, section 6: a front panel (1), a main board (2), the communication
module (14) and the update (15) are in every appliance. Only of the oven are known a second address of the
main board (3), a proximity sensor (8), the panel's operating system with its files (9) and a board for the
temperature (12); of these the coffee system, whose panel is of the same generation, has unit 9 here too.
Numbers of software are those that section 6 names; dates, labels and revisions are invented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from homewire.miele.dop2.tables_identity import SoftwareId
from homewire.miele.simulator.appliance import SimulatedAppliance
from homewire.miele.simulator.blank import Leaves, always
from homewire.miele.simulator.profiles import MODULE_SOFTWARE, Profile

__all__ = ["Boards"]

_COFFEE, _OVEN = 17, 12

_SOFTWARE_SLOTS: Final = 10
_TEMPERATURE_SOFTWARE_SLOTS: Final = 3
"""So many entries has attribute 17, unused ones zero (section 7)."""

_TEMPERATURE: Final = 12
_BOARD_SLOTS, _PACKAGE_SLOTS, _PART_SLOTS = 22, 8, 6
"""So many lines has the inventory (attribute 153)."""

_UNUSED_UNIT, _UNUSED_ADDRESS = 0xFF, 0xFFFF
_UNIT_SLOTS: Final = 5
"""Attribute 20."""

_BUILT: Final = ("Mar  4 2024", "10:20:30")
_MADE: Final = bytes((12, 6, 20, 24))
"""Production date: day, month, century, year (attribute 173)."""

_REVISION: Final = 100
_PANEL_SOFTWARE, _SYSTEM_SOFTWARE, _SENSOR_SOFTWARE, _CONTROL_SOFTWARE = 6166, 6153, 4860, 5640
"""Software of panel, operating system, proximity sensor and temperature control (section 6)."""


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """One board: the unit it answers as, its name in the inventory, the numbers of its software."""

    unit: int
    name: str
    software: tuple[int, ...]


def boards_of(profile: Profile) -> tuple[Board, ...]:
    """List the boards of a model, panel first."""
    main = "EPW" if profile.is_laundry else "ELP"
    panel = Board(unit=1, name="EPZ", software=(_PANEL_SOFTWARE,))
    boards = [panel, Board(unit=2, name=main, software=profile.software)]
    if profile.device_type == _OVEN:
        boards += [
            Board(unit=3, name=main, software=profile.software),
            Board(unit=8, name="Proximity", software=(_SENSOR_SOFTWARE,)),
            Board(unit=_TEMPERATURE, name="TCTRL", software=(_CONTROL_SOFTWARE,)),
        ]
    if profile.device_type in (_OVEN, _COFFEE):
        boards.append(Board(unit=9, name="MieleOS1", software=(_PANEL_SOFTWARE, _SYSTEM_SOFTWARE)))
    return (*boards, Board(unit=14, name="XKM", software=(MODULE_SOFTWARE,)))


class Boards:
    """Values of the leaves that tell what an appliance is made of."""

    def __init__(self, appliance: SimulatedAppliance) -> None:
        self._appliance = appliance
        self._boards = {board.unit: board for board in boards_of(appliance.profile)}

    def leaves(self) -> Leaves:
        """Return the leaves by unit and attribute."""
        leaves: Leaves = {(unit, 17): always(**_software(board)) for unit, board in self._boards.items()}
        leaves |= {
            (2, 20): self._unit_map,
            (2, 153): self._inventory,
            (2, 173): always(**_part(self._boards[2], date=_MADE)),
            (2, 174): self._bar_code(2),
            (14, 21): always(field_1=4096, field_2=4),
        }
        if self._appliance.profile.is_laundry:
            return leaves | {(2, 6194): self._build}
        return (
            leaves
            | {(1, 173): always(**_part(self._boards[1], date=_MADE)), (1, 174): self._bar_code(1)}
            | (
                self._proximity() if 8 in self._boards else {}  # noqa: PLR2004 - its unit
            )
        )

    def _proximity(self) -> Leaves:
        """Read the sensor; what its four numbers say nobody knows (section 8)."""
        return {
            (8, 174): self._bar_code(8),
            (8, 204): always(field_1=0),
            (8, 205): always(field_1=1),
            (8, 206): always(field_1=25_000),
            (8, 207): always(field_1=27_000),
        }

    def _bar_code(self, unit: int) -> Callable[[], Mapping[str, Any]]:
        """Label a board by the appliance's number; the sensor's label names the main board (recorded)."""
        board = self._boards[2] if unit == 8 else self._boards[unit]  # noqa: PLR2004 - its unit
        code = f"V{int(self._appliance.fab_number) % 10_000_000:07d}"
        return always(**_part(board, bar_code=code.encode()))

    def _unit_map(self) -> dict[str, Any]:
        """Name the units of the inner bus: itself, panel and main board, the temperature's board."""
        known = [(0, _UNUSED_ADDRESS), (1, 2), (2, 1)]
        known += [(_TEMPERATURE, _TEMPERATURE)] if _TEMPERATURE in self._boards else []
        known += [(_UNUSED_UNIT, _UNUSED_ADDRESS)] * (_UNIT_SLOTS - len(known))
        return {
            "unit_numbers": bytes(number for number, _ in known),
            "unit_addresses": [address for _, address in known],
        }

    def _inventory(self) -> dict[str, Any]:
        boards = [board for unit, board in self._boards.items() if unit != 3]  # noqa: PLR2004 - again unit 2
        lines = [
            {"name": board.name, "id": board.software[-1], "revision": _REVISION + board.unit}
            for board in boards
        ]
        part = {
            "name": f"ZSG-{self._boards[2].name}",
            "material_number": int(self._appliance.profile.mat_number),
        }
        inventory = {
            "boards": _filled(lines, _BOARD_SLOTS),
            "board_count": len(lines),
            "part_numbers": _filled([part], _PART_SLOTS),
            "part_number_count": 1,
        }
        if self._appliance.profile.is_laundry:
            return inventory
        package = {"name": "AUTO", "id": 2, "revision": 1}
        return inventory | {"data_packages": _filled([package], _PACKAGE_SLOTS), "data_package_count": 1}

    def _build(self) -> dict[str, Any]:
        date, time = _BUILT
        return {"date": date, "time": time, "id": self._boards[2].software[0], "version": _REVISION}


def _software(board: Board) -> dict[str, Any]:
    """List the software of a board; the module sends numbers only (attribute 17)."""
    date, time = _BUILT
    slots = _TEMPERATURE_SOFTWARE_SLOTS if board.unit == _TEMPERATURE else _SOFTWARE_SLOTS
    known: list[Any] = [{"id": number, "build_date": date, "build_time": time} for number in board.software]
    entries = _filled(known, slots)
    if board.unit == 14:  # noqa: PLR2004 - the module
        entries = [SoftwareId(SoftwareId.fields_of({"id": each.get("id", 0)})) for each in entries]
    return {"valid_count": len(known), "software_ids": entries}


def _part(board: Board, **told: bytes) -> dict[str, Any]:
    return {"part_name": board.name, **told}


def _filled(lines: list[Any], slots: int) -> list[Any]:
    return [*lines, *({} for _ in range(slots - len(lines)))]
