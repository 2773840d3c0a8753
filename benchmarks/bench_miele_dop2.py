"""DOP2: the whole oven recording decoded, encoded, viewed and walked.

There is no other Python decoder of DOP2 on the package index: asyncmiele hands 96 of the 105 recorded leaves
back as bytes and reads the other nine as something they are not. So the decoder to compare with is the
format's grammar in `construct`, the library one would take for it, compiled; asyncmiele's figure stands
beside it for what it does decode. All sides read the same bytes in one run, each in an interpreter of its own
on the same machine.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from tests.interop.environments import Environment, run_script
from tests.miele.dop2.notation import CAPTURES, RECORDINGS

from benchmarks.figure import Figure, best_seconds, rounds
from homewire.miele.client import MieleClient
from homewire.miele.dop2 import Field, decode, encode, interpret
from homewire.miele.dop2.walk import Walk
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions

SAME_PYTHON = (f"{sys.version_info[0]}.{sys.version_info[1]}",)
CONSTRUCT = Environment("bench-construct", ("construct==2.10.70",), SAME_PYTHON)
ASYNCMIELE = Environment("bench-asyncmiele", ("asyncmiele==0.2.6",), SAME_PYTHON)
ROUNDS = rounds(15)

TIMING = """
import gc, time

def best(function, rounds):
    gc.collect()
    gc.disable()
    shortest = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        shortest = min(shortest, time.perf_counter() - began)
    gc.enable()
    return shortest
"""

GRAMMAR = (
    TIMING
    + """
import construct as c

fields = c.LazyBound(lambda: FIELDS)
scalars = "Flag Int8ub Int8sb Int8ub Int16ub Int16sb Int16ub Int32ub Int32sb Int32ub Int64ub Int64sb Int64ub"
types = {code: getattr(c, name) for code, name in enumerate([*scalars.split(), "Float32b", "Float64b"], 1)}
types |= {code + 16: c.PrefixedArray(c.Int16ub, kind) for code, kind in types.items()}
octets = c.Prefixed(c.Int16ub, c.GreedyBytes)
types |= {16: fields, 18: octets, 32: octets, 33: c.PrefixedArray(c.Int16ub, fields)}
FIELD = c.Struct("number" / c.Int16ub, "type" / c.Int8ub, "value" / c.Switch(c.this.type, types))
FIELDS = c.PrefixedArray(c.Int16ub, FIELD)
header = [name / c.Int16ub for name in ("length", "unit", "attribute", "idx1", "idx2")]
LEAF = c.Struct(*header, "fields" / FIELDS).compile()

def count(found):
    total = 0
    for field in found:
        nested = {16: [field.value], 33: field.value}.get(field.type, [])
        total += 1 + sum(count(each) for each in nested)
    return total

def main(arguments):
    leaves = [bytes.fromhex(text) for text in arguments["leaves"]]
    seconds = best(lambda: [LEAF.parse(leaf) for leaf in leaves], arguments["rounds"])
    return {"seconds": seconds, "fields": sum(count(LEAF.parse(leaf).fields) for leaf in leaves)}
"""
)

PARSE_LEAF = (
    TIMING
    + """
import logging
logging.disable(logging.CRITICAL)
from asyncmiele.dop2.parser import parse_leaf

def main(arguments):
    leaves = [(unit, attribute, bytes.fromhex(text)) for unit, attribute, text in arguments["leaves"]]
    read = [leaf for leaf in leaves if not isinstance(parse_leaf(*leaf), bytes)]
    seconds = best(lambda: [parse_leaf(*leaf) for leaf in read], arguments["rounds"])
    return {"seconds": seconds, "read": [list(leaf[:2]) for leaf in read]}
"""
)


def count(fields: tuple[Field, ...]) -> int:
    total = 0
    for field in fields:
        total += 1
        values = field.value if isinstance(field.value, tuple) else ()
        for each in values:
            if isinstance(each, Field):
                total += count((each,))
            elif isinstance(each, tuple):
                total += count(each)
    return total


def run() -> list[Figure]:
    oven = RECORDINGS["oven"]
    leaves = list(oven.values())
    frames = [decode(leaf) for leaf in leaves]
    found = sum(count(frame.fields or ()) for frame in frames)
    arguments = {"leaves": [leaf.hex() for leaf in leaves], "rounds": ROUNDS}
    grammar = asyncio.run(run_script(CONSTRUCT, GRAMMAR, arguments))
    assert grammar["fields"] == found
    ours = best_seconds(lambda: [decode(leaf) for leaf in leaves], ROUNDS)
    return [
        Figure(
            name=f"decode the oven recording ({len(leaves)} leaves, {found} fields)",
            ours=ours * 1000,
            theirs=grammar["seconds"] * 1000,
            other="the same grammar in construct 2.10.70, compiled",
            unit="ms",
            aim="10x",
        ),
        asyncmiele_figure(oven),
        Figure(
            name="encode the oven recording",
            ours=best_seconds(lambda: [encode(frame) for frame in frames], ROUNDS) * 1000,
            unit="ms",
        ),
        Figure(
            name="view it through the tables, every named value",
            ours=best_seconds(lambda: [dict(interpret(frame).named()) for frame in frames], ROUNDS) * 1000,
            unit="ms",
        ),
        walk_figure(),
    ]


def asyncmiele_figure(oven: dict[tuple[int, int], bytes]) -> Figure:
    arguments: dict[str, Any] = {
        "leaves": [[unit, attribute, leaf.hex()] for (unit, attribute), leaf in oven.items()],
        "rounds": ROUNDS,
    }
    theirs = asyncio.run(run_script(ASYNCMIELE, PARSE_LEAF, arguments))
    read = [oven[unit, attribute] for unit, attribute in theirs["read"]]
    ours = best_seconds(lambda: [decode(leaf) for leaf in read], ROUNDS)
    fields = sum(count(decode(leaf).fields or ()) for leaf in read)
    return Figure(
        name=f"the {len(read)} leaves that asyncmiele does not hand back as bytes",
        ours=ours * 1e6,
        theirs=theirs["seconds"] * 1e6,
        other="asyncmiele 0.2.6 parse_leaf",
        unit="µs",
        note=f"ours is the whole tree, {fields} fields; theirs are guessed fixed layouts with wrong values",
    )


def walk_figure() -> Figure:
    seconds, requests = asyncio.run(walk_over_http())
    return Figure(
        name=f"walk the recorded oven over signed HTTP ({requests} requests, no pauses)",
        ours=seconds,
        unit="s",
        note="client, simulated module and its encryption share one process",
    )


async def walk_over_http() -> tuple[float, int]:
    options = MieleSimulatorOptions(type="oven", recording=str(CAPTURES / "oven-dop2.json"))
    async with MieleSimulator(options) as oven:
        keys = oven.options
        async with MieleClient.from_hex(oven.host, keys.group_id, keys.group_key) as client:
            walk = Walk(client.port(keys.fab_number), pause_s=0)
            began = time.perf_counter()
            state = await walk.run()
            assert len(state.leaves) == len(RECORDINGS["oven"])
            return time.perf_counter() - began, state.requests
