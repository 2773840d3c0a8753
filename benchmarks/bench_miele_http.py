"""Miele over HTTP: signed reads beside asyncmiele, a whole DOP2 walk, and what polling a house costs.

The simulated kitchen runs in a process of its own and serves both sides alike; each client has an interpreter
of its own. Requests are counted by the simulator.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.interop.environments import Environment, run_script

from benchmarks.figure import Figure, rounds
from homewire.miele.client import MieleClient
from homewire.miele.connection import MieleConnection, MieleSettings
from homewire.miele.dop2.walk import Walk
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions
from homewire.secrets import Secret

SAME_PYTHON = (f"{sys.version_info[0]}.{sys.version_info[1]}",)
ASYNCMIELE = Environment(
    "asyncmiele", ("asyncmiele==0.2.6", "aiohttp==3.14.5", "pydantic==2.14.3"), SAME_PYTHON
)
READS = 60
BATCHES = 2
TURNS = 6
HOUSE = 50
ROUNDS = rounds(6)
GROUP_ID, GROUP_KEY, ROUTE = "123456789ABCDEFE", "123456789ABCDEFE" * 8, "000123456789"
RECORDING = Path(__file__).parents[1] / "tests" / "captures" / "miele" / "oven-dop2.json"

SERVER = """
import asyncio, json, sys
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions

async def main():
    number, recording = int(sys.argv[1]), sys.argv[2] or None
    kitchen = [MieleSimulator(MieleSimulatorOptions(type="oven", recording=recording)) for _ in range(number)]
    for simulator in kitchen:
        await simulator.start()
    print(json.dumps([simulator.port for simulator in kitchen]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""

READ = """
import time
from asyncmiele import MieleClient

async def main(arguments):
    keys = arguments["group_id"], arguments["group_key"]
    async with MieleClient.from_hex(arguments["host"], *keys) as client:
        device, reads = arguments["device"], arguments["reads"]
        await client.get_device_state(device)
        wall = cpu = float("inf")
        for _ in range(arguments["batches"]):
            began, used = time.perf_counter(), time.process_time()
            for _ in range(reads):
                await client.get_device_state(device)
            wall = min(wall, (time.perf_counter() - began) / reads)
            cpu = min(cpu, (time.process_time() - used) / reads)
        return wall, cpu
"""

AT_ONCE = """
import asyncio
from asyncmiele import MieleClient

async def main(arguments):
    keys = arguments["group_id"], arguments["group_key"]
    async with MieleClient.from_hex(arguments["host"], *keys) as client:
        reads = [client.get_device_state(arguments["device"]) for _ in range(10)]
        answers = await asyncio.gather(*reads, return_exceptions=True)
        return sum(not isinstance(answer, Exception) for answer in answers)
"""


@contextlib.contextmanager
def kitchen(number: int, recording: str = "") -> Iterator[list[int]]:
    """Run simulators in another process; give their ports."""
    command = [sys.executable, "-c", SERVER, str(number), recording]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own script
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


def run() -> list[Figure]:
    return [*signed_reads(), readers_at_once(), walk(), *house()]


def _arguments(port: int) -> dict[str, Any]:
    host = f"127.0.0.1:{port}"
    keys = {"group_id": GROUP_ID, "group_key": GROUP_KEY}
    return {"host": host, **keys, "device": ROUTE, "reads": READS, "batches": BATCHES}


def signed_reads() -> list[Figure]:
    """Let both sides take turns, so that a busy machine disturbs them alike; keep the best of each."""
    ours, theirs = [], []
    with kitchen(1) as (port,):
        for _ in range(TURNS):
            theirs.append(asyncio.run(run_script(ASYNCMIELE, READ, _arguments(port))))
            ours.append(asyncio.run(_read_often(port)))
    about = f"signed read of /State end to end, best mean of {READS}"
    other, aim = "asyncmiele 0.2.6", "no slower"
    note = "ours verifies the answer's signature, theirs does not"
    (our_wall, our_cpu), (their_wall, their_cpu) = (
        [min(figures) * 1000 for figures in zip(*side, strict=True)] for side in (ours, theirs)
    )
    return [
        Figure(name=about, ours=our_wall, theirs=their_wall, other=other, unit="ms", aim=aim, note=note),
        Figure(name=f"{about}: CPU", ours=our_cpu, theirs=their_cpu, other=other, unit="ms"),
    ]


async def _read_often(port: int) -> tuple[float, float]:
    wall = cpu = float("inf")
    async with MieleClient.from_hex(f"127.0.0.1:{port}", GROUP_ID, GROUP_KEY) as client:
        await client.get_device_state(ROUTE)
        for _ in range(BATCHES):
            began, used = time.perf_counter(), time.process_time()
            for _ in range(READS):
                await client.get_device_state(ROUTE)
            wall = min(wall, (time.perf_counter() - began) / READS)
            cpu = min(cpu, (time.process_time() - used) / READS)
    return wall, cpu


def readers_at_once() -> Figure:
    return asyncio.run(_count_requests())


async def _count_requests() -> Figure:
    """Let ten parts of a program want the same state of one module that takes 20 ms to answer."""
    async with MieleSimulator(MieleSimulatorOptions(type="oven", latency_s=0.02)) as simulator:
        answered = await run_script(ASYNCMIELE, AT_ONCE, _arguments(simulator.port))
        theirs = len(simulator.server.log)
        simulator.server.log.clear()
        async with MieleClient.from_hex(simulator.host, GROUP_ID, GROUP_KEY) as client:
            await asyncio.gather(*(client.get_device_state(ROUTE) for _ in range(10)))
        ours = len(simulator.server.log)
    return Figure(
        name="ten readers of the same state at the same time",
        ours=ours,
        theirs=theirs,
        other="asyncmiele 0.2.6",
        unit="requests",
        aim="fewer",
        note=f"all ten of ours were answered, {answered} of theirs",
    )


def walk() -> Figure:
    with kitchen(1, str(RECORDING)) as (port,):
        requests, seconds, leaves = asyncio.run(_walk(port))
    return Figure(
        name=f"walk of the recorded oven over signed HTTP, {leaves} leaves in {requests} requests",
        ours=seconds,
        unit="s",
        note="without the pauses that a real module is given",
    )


async def _walk(port: int) -> tuple[int, float, int]:
    async with MieleClient.from_hex(f"127.0.0.1:{port}", GROUP_ID, GROUP_KEY) as client:
        began = time.perf_counter()
        state = await Walk(client.port(ROUTE), pause_s=0).run()
        return client.transport.requests, time.perf_counter() - began, len(state.tree())


def house() -> list[Figure]:
    with kitchen(HOUSE) as ports:
        cpu, wall = asyncio.run(_poll_house(ports))
    per_poll = cpu / (HOUSE * ROUNDS)
    return [
        Figure(
            name=f"CPU per poll and appliance, {HOUSE} appliances polled {ROUNDS} times at once",
            ours=per_poll * 1000,
            unit="ms",
            note=f"{wall:.2f} s wall time",
        ),
        Figure(
            name=f"CPU of polling {HOUSE} appliances once a minute, as while idle",
            ours=100 * per_poll * HOUSE / 60,
            unit="% of a core",
        ),
        Figure(
            name=f"CPU of polling {HOUSE} appliances every ten seconds, as while all run without push",
            ours=100 * per_poll * HOUSE / 10,
            unit="% of a core",
        ),
    ]


async def _poll_house(ports: list[int]) -> tuple[float, float]:
    connections = [MieleConnection(_settings(port)) for port in ports]
    await asyncio.gather(*(connection.open() for connection in connections))
    appliances = [each for connection in connections for each in connection.appliances.values()]
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(ROUNDS):
        await asyncio.gather(*(appliance.read_state() for appliance in appliances))  # type: ignore[attr-defined]  # Miele's
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    await asyncio.gather(*(connection.close() for connection in connections))
    return cpu, wall


def _settings(port: int) -> MieleSettings:
    return MieleSettings(host=f"127.0.0.1:{port}", group_id=GROUP_ID, group_key=Secret(GROUP_KEY), push=False)
