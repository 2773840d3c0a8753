"""A number-to-meaning table that keeps numbers nobody has explained yet.

Miele appliances speak in numbers: status 5, phase 260, programme 13. The tables in `codes`, `codes_phases`,
`codes_programs` and `dop2.enums` are facts carried over from appendices of the pages miele-http.md and
miele-dop2.md, written as "number label; number label" like there, and parsed when one is looked at for the
first time. An unknown number is data, not an error: `label` says "unknown 187" and the caller goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

__all__ = ["CodeTable"]

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


class CodeTable(Mapping[int, str]):
    """The known numbers of one enumeration and their labels, in the order of the protocol page."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text

    @cached_property
    def _labels(self) -> dict[int, str]:
        entries = (" ".join(entry.split()).partition(" ") for entry in self._text.split(";"))
        return {int(number): label for number, _, label in entries}

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {self.slug(number): number for number in reversed(self._labels)}

    def __getitem__(self, number: int) -> str:
        return self._labels[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def __repr__(self) -> str:
        return f"CodeTable({self.name!r})"

    def label(self, number: int) -> str:
        """Name a number in words; an unknown one becomes "unknown 187"."""
        return self._labels.get(number) or f"unknown {number}"

    def slug(self, number: int) -> str:
        """Name a number as an identifier, such as "rinse_hold"; an unknown one becomes "unknown_187"."""
        return _NOT_A_WORD.sub("_", self.label(number).lower()).strip("_")

    def number(self, label: str) -> int:
        """Find the number of a label or slug in any spelling; of equal labels the first; KeyError if none."""
        return self._numbers[_NOT_A_WORD.sub("_", label.lower()).strip("_")]
