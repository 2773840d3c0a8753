"""Mutates real messages and feeds them to decoders; counts, times and reports."""

from __future__ import annotations

import importlib
import pkgutil
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import tests.fuzz

__all__ = ["Finding", "Report", "Target", "all_targets", "fuzz", "work"]

_LONGEST: Final = 4096
_EDGES: Final = (0x00, 0x01, 0x20, 0x7F, 0x80, 0xFE, 0xFF)
_CHECK_WORK_EVERY: Final = 499  # counting every call is slow; one input in so many is watched


class Finding(AssertionError):
    """An input with which a decoder did what it must not do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A decoder under test: real messages to start from, and a check.

    `check` returns True for accepted, False for properly refused input. `repair` sets right what would only
    keep damaged input out, such as a length or a checksum; every second input goes through it. `inputs` is
    how many a run of the test suite takes. `calls_per_byte` is the most work that an input may cause, in
    Python and C calls per byte, beside a constant `calls`.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]]
    check: Callable[[bytes], bool]
    repair: Callable[[bytes], bytes] | None = None
    inputs: int = 100_000
    calls_per_byte: float = 60
    calls: int = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did."""

    name: str
    inputs: int
    accepted: int
    seconds: float

    def __str__(self) -> str:
        rate = self.inputs / self.seconds if self.seconds else 0
        return (
            f"{self.name}: {self.inputs} inputs, {self.accepted} accepted, "
            f"{self.inputs - self.accepted} refused, nothing else, {self.seconds:.1f} s ({rate:,.0f}/s)"
        )


def all_targets() -> Iterator[Target]:
    """Import every `fuzz_*.py` beside this module and yield its targets."""
    for module in sorted(pkgutil.iter_modules(tests.fuzz.__path__), key=lambda each: each.name):
        if module.name.startswith("fuzz_"):
            yield from importlib.import_module(f"tests.fuzz.{module.name}").TARGETS


def fuzz(target: Target, inputs: int, seed: int = 0) -> Report:
    """Feed that many mutated messages to a target; Finding with the input when it misbehaves."""
    rng = random.Random(f"{target.name} {seed}")
    seeds = [bytes(each) for each in target.seeds()]
    accepted = 0
    began = time.perf_counter()
    for index in range(inputs):
        data = mutate(rng, seeds)
        if target.repair is not None and index & 1:
            data = target.repair(data)
        accepted += _checked(target, data, watch=index % _CHECK_WORK_EVERY == 0)
    return Report(name=target.name, inputs=inputs, accepted=accepted, seconds=time.perf_counter() - began)


def _checked(target: Target, data: bytes, *, watch: bool) -> bool:
    try:
        accepted = target.check(data)
    except Exception as error:
        raise Finding(f"{target.name}: {error!r} for {data.hex()}") from error
    if watch:
        limit = target.calls + target.calls_per_byte * len(data)
        calls = work(target.check, data)
        if calls > limit:
            raise Finding(f"{target.name}: {calls} calls for {len(data)} bytes: {data.hex()}")
    return accepted


def work(function: Callable[[bytes], object], data: bytes) -> int:
    """Count the Python and C calls that a function makes: work without a stop-watch."""
    count = 0

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        function(data)
    finally:
        sys.setprofile(before)
    return count


def mutate(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Make one input: a seed with one to six small accidents, mostly few."""
    data = bytearray(seeds[int(rng.random() * len(seeds))])
    for _ in range(1 + int(rng.random() ** 2 * 6)):
        _ACCIDENTS[int(rng.random() * len(_ACCIDENTS))](rng, data, seeds)
    return bytes(data[:_LONGEST])


def _at(rng: random.Random, data: bytearray) -> int:
    return int(rng.random() * len(data))


def _flip(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        data[_at(rng, data)] ^= 1 << int(rng.random() * 8)


def _edge(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        data[_at(rng, data)] = _EDGES[int(rng.random() * len(_EDGES))]


def _any_byte(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if data:
        data[_at(rng, data)] = int(rng.random() * 256)


def _cut(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    if rng.random() < 0.3:
        del data[_at(rng, data) :]


def _drop(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    at = _at(rng, data)
    del data[at : at + 1 + int(rng.random() * 8)]


def _insert(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    at = _at(rng, data)
    data[at:at] = rng.randbytes(1 + int(rng.random() * 4))


def _repeat(rng: random.Random, data: bytearray, _seeds: Sequence[bytes]) -> None:
    at = _at(rng, data)
    data[at:at] = data[at : at + 1 + int(rng.random() * 32)]


def _splice(rng: random.Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = seeds[int(rng.random() * len(seeds))]
    at = _at(rng, data)
    data[at:] = other[int(rng.random() * len(other)) :]


_Accident = Callable[[random.Random, bytearray, Sequence[bytes]], None]
_ACCIDENTS: Final[tuple[_Accident, ...]] = (
    _flip,
    _flip,
    _edge,
    _edge,
    _any_byte,
    _any_byte,
    _cut,
    _drop,
    _insert,
    _repeat,
    _splice,
)
