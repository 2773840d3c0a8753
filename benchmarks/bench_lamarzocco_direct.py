"""The direct protocol beside lmdirect 0.9.4: reading a poll, connecting, importing, idling.

Both sides take the same frames and the same simulated machine in one run, each in an interpreter of its own.
lmdirect is entered through its public `process_data`, given what its public cipher decrypts; that leaves out
the thread through which it sends each frame, which the second figure has: there its own reader task takes the
frames from a stream. What only computes is measured in processor time, connecting in time that passes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.interop.environments import run_script
from tests.lamarzocco.direct.lmdirect_environment import LMDIRECT, PRELUDE, arguments
from tests.lamarzocco.direct.vectors import VECTORS

from benchmarks.figure import Figure, rounds
from homewire.appliance import Origin
from homewire.lamarzocco.direct.codec import Codec, ReadReply, parse_key
from homewire.lamarzocco.direct.machine import DirectMachine
from homewire.lamarzocco.direct.simulator import DirectSimulator, SimulatorOptions

OTHER = "lmdirect 0.9.4"
ROUNDS = rounds(200)
CONNECTS = rounds(3)

# The eight replies of lmdirect's poll, in its order (lamarzocco-tcp.md, section 3.3).
POLL = (
    "gs3av-status",
    "gs3av-config",
    "gs3av-schedule",
    "gs3av-drink-counters",
    "gs3av-usage",
    "gs3av-front-display",
    "gs3av-preinfusion",
    "gs3av-factory-config",
)

THEIRS = (
    PRELUDE
    + """
import gc, logging, time
logging.disable(logging.CRITICAL)
from lmdirect.aescipher import AESCipher

def fresh(arguments):
    return lmdirect.LMDirect(dict(arguments["info"], model_name="GS3 AV", key=arguments["key"]))

async def best(function, rounds, clock):
    shortest = float("inf")
    for _ in range(rounds):
        gc.collect(0)
        began = clock()
        await function()
        shortest = min(shortest, clock() - began)
    return shortest

async def main(arguments):
    machine, cipher = fresh(arguments), AESCipher(arguments["key"])
    bodies = [frame[1:-1] for frame in arguments["frames"]]
    async def poll():
        for body in bodies:
            await machine.process_data(cipher.decrypt(body))
    result = {"poll": await best(poll, arguments["rounds"], time.process_time)}
    assert machine.current_status["dose_k2"] == 120, machine.current_status
    data = "".join(arguments["frames"]).encode()
    async def stream():
        reading = fresh(arguments)
        reading._cipher = cipher
        reading._reader = reader = asyncio.StreamReader()
        task = asyncio.ensure_future(reading.read_response_task())
        reader.feed_data(data)
        began = time.perf_counter()
        while "brew_group_offset" not in reading.current_status:
            await asyncio.sleep(0)
        took = time.perf_counter() - began
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return took
    result["stream"] = min([await stream() for _ in range(50)])
    return result
"""
)


def best_seconds(function: Callable[[], object], rounds: int, clock: Callable[[], float]) -> float:
    """Return the least time that a call takes by a clock."""
    best = float("inf")
    for _ in range(rounds):
        gc.collect(0)
        began = clock()
        function()
        best = min(best, clock() - began)
    return best


def poll_vectors() -> list[dict[str, Any]]:
    by_name = {vector["name"]: vector for vector in VECTORS}
    return [by_name[name] for name in POLL]


async def poll_seconds(vectors: list[dict[str, Any]]) -> tuple[float, float]:
    """Return processor time and time from the bytes of a poll's replies to the applied state."""
    key, data = vectors[0]["key"], "".join(vector["frame"] for vector in vectors).encode()
    machine, codec = DirectMachine("127.0.0.1", key), Codec(parse_key(key))

    def poll() -> None:
        for event in codec.receive(data):
            assert isinstance(event, ReadReply)
            machine._take(event.address, event.data, Origin.POLL)  # noqa: SLF001 - the step after the wire

    computing = best_seconds(poll, ROUNDS, time.process_time)
    passing = best_seconds(poll, ROUNDS, time.perf_counter)
    assert machine.state.dose(2) == 120
    return computing, passing


async def connect_seconds() -> tuple[tuple[float, float], dict[str, float]]:
    """Return the times from connecting to the state with and without the clock: ours, then theirs."""
    options = SimulatorOptions(reply_delay_s=0.02, account_port=0)
    async with DirectSimulator(options) as simulator:
        ours = [await _connect_once(simulator) for _ in range(CONNECTS)]
        job = arguments(simulator) | {"rounds": CONNECTS}
        theirs = await run_script(LMDIRECT, THEIR_CONNECTS, job)
    return (min(times[0] for times in ours), min(times[1] for times in ours)), theirs


async def _connect_once(simulator: DirectSimulator) -> tuple[float, float]:
    """Return the time to everything, and to everything but clock and serial number."""
    machine = DirectMachine("127.0.0.1", simulator.options.key.reveal(), port=simulator.port)
    moments: list[float] = []

    def look(_fresh: Mapping[str, Any], _origin: Origin) -> None:
        if not moments and machine.state.values.keys() >= WITHOUT_CLOCK:
            moments.append(time.perf_counter())

    machine.subscribe(look)
    began = time.perf_counter()
    await machine.refresh()
    took = time.perf_counter() - began
    assert machine.state.clock is not None
    await machine.close()
    return took, moments[0] - began


# What lmdirect is waited for, under our names.
WITHOUT_CLOCK = {
    "power_on",
    "firmware_version",
    "schedule_enabled",
    "count_k1",
    "pump_s",
    "temperature_unit",
    "display_line1",
    "preinfusion_k1_s",
    "coffee_temp_c",
    "steam_boiler_temp_c",
}


THEIR_CONNECTS = (
    PRELUDE
    + """
import time

async def once(machine):
    machine.current_status.clear()
    began = time.perf_counter()
    await machine.request_status()
    await known(machine, "power", "firmware_ver", "global_auto", "drinks_k1", "pump_on_seconds", "t_unit",
                "front_panel_display", "preinfusion_k1", "coffee_temp", "steam_temp")
    without_clock = time.perf_counter() - began
    await known(machine, "day")
    everything = time.perf_counter() - began
    await machine.close()
    return everything, without_clock

async def main(arguments):
    point(arguments["account"])
    machine = lmdirect.LMDirect(arguments["info"])
    await machine.request_status()   # signs in to the account, which is not part of connecting
    await machine.close()
    times = [await once(machine) for _ in range(arguments["rounds"])]
    return {"everything": min(t[0] for t in times), "without_clock": min(t[1] for t in times)}
"""
)

PROBE = """
import json, sys, time
before = set(sys.modules)
began = time.perf_counter()
import homewire
took = time.perf_counter() - began
heavy = ("aiohttp", "bleak", "zeroconf", "cryptography", "litestar", "sqlalchemy", "asyncio")
print(json.dumps({"ms": took * 1000, "heavy": [name for name in heavy if name in sys.modules]}))
"""


def import_milliseconds(command: list[str]) -> float:
    """Return the least time that a fresh interpreter needs for a command, beyond starting, in ms."""
    best = float("inf")
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own program
        best = min(best, time.perf_counter() - began)
    return best * 1000


def import_probe() -> dict[str, Any]:
    """Return how long `import homewire` takes in a fresh interpreter, and what heavy it brought."""
    command = [sys.executable, "-c", PROBE]
    runs = [json.loads(subprocess.check_output(command)) for _ in range(7)]  # noqa: S603 - as above
    return {"ms": min(run["ms"] for run in runs), "heavy": runs[0]["heavy"]}


async def idle_kib() -> float:
    """Return the memory of one held, idle connection with its complete state, in KiB."""
    async with DirectSimulator(SimulatorOptions(reply_delay_s=0.0, push="nothing")) as simulator:
        first = DirectMachine("127.0.0.1", simulator.options.key.reveal(), port=simulator.port, hold=True)
        await first.refresh()  # what is shared by all connections is not counted
        await first.close()
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        machine = DirectMachine("127.0.0.1", simulator.options.key.reveal(), port=simulator.port, hold=True)
        await machine.refresh()
        await asyncio.sleep(0.1)
        simulator.received.clear()
        gc.collect()
        used = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        await machine.close()
    return used / 1024


def run() -> list[Figure]:
    vectors = poll_vectors()
    job = {
        "info": {"host": "127.0.0.1"},
        "key": vectors[0]["key"],
        "frames": [vector["frame"] for vector in vectors],
        "rounds": ROUNDS,
    }
    computing, passing = asyncio.run(poll_seconds(vectors))
    theirs = asyncio.run(run_script(LMDIRECT, THEIRS, job))
    connecting, their_connecting = asyncio.run(connect_seconds())
    idle = asyncio.run(idle_kib())
    probe, homewire = import_probe(), str(Path(sys.executable).parent / "homewire")
    return [
        Figure(
            name="decrypt, decode and apply a poll's eight frames, from the stream",
            ours=passing * 1e6,
            theirs=theirs["stream"] * 1e6,
            other=OTHER,
            unit="µs",
            aim="10x",
        ),
        Figure(
            name="the same, computing alone, theirs without its reader and thread",
            ours=computing * 1e6,
            theirs=theirs["poll"] * 1e6,
            other=OTHER,
            unit="µs",
        ),
        Figure(
            name="from connecting to the complete state, 20 ms per reply",
            ours=connecting[0] * 1000,
            theirs=their_connecting["everything"] * 1000,
            other=OTHER,
            unit="ms",
            aim="5x",
            note="ten reads; theirs waits for the machine to report temperatures and clock by itself",
        ),
        Figure(
            name="the same without the clock, which it reports last",
            ours=connecting[1] * 1000,
            theirs=their_connecting["without_clock"] * 1000,
            other=OTHER,
            unit="ms",
            note="its first coffee temperature lacks the group offset",
        ),
        Figure(
            name="import homewire",
            ours=probe["ms"],
            unit="ms",
            aim="60",
            note=f"heavy modules: {', '.join(probe['heavy']) or 'none'}",
        ),
        Figure(
            name="homewire --help, whole process",
            ours=import_milliseconds([homewire, "--help"]),
            unit="ms",
            note=f"an empty Python takes {import_milliseconds([sys.executable, '-c', '']):.0f} ms",
        ),
        Figure(name="memory of an idle connection with its state", ours=idle, unit="KiB"),
    ]
