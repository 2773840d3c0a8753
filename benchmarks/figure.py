"""A measured figure, ours and theirs, and how time is taken."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Figure", "best_seconds", "rounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of a benchmark; `theirs` is None when there is nothing to compare with."""

    name: str
    ours: float
    unit: str
    theirs: float | None = None
    other: str = ""
    note: str = ""
    aim: str = ""
    higher_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better ours is."""
        if self.theirs is None or not self.ours or not self.theirs:
            return None
        return self.ours / self.theirs if self.higher_is_better else self.theirs / self.ours

    def __str__(self) -> str:
        line = f"{self.name}: {self.ours:,.4g} {self.unit}"
        if self.theirs is not None:
            line += f", {self.other}: {self.theirs:,.4g} {self.unit}"
        if self.ratio is not None:
            line += f" -> {self.ratio:.1f}x"
        extra = "; ".join(part for part in (self.aim and f"aim {self.aim}", self.note) if part)
        return f"{line} ({extra})" if extra else line


def rounds(full: int) -> int:
    """Return how often to repeat a measurement; once in the short form, which only proves that it runs."""
    return 1 if os.environ.get("HOMEWIRE_BENCH") == "short" else full


def best_seconds(function: Callable[[], object], repeat: int = 15) -> float:
    """Return the shortest time a call takes: the one the machine disturbed least."""
    best = float("inf")
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeat):
            began = time.perf_counter()
            function()
            best = min(best, time.perf_counter() - began)
    finally:
        gc.enable()
    return best
