"""The bridge: from a change to the MQTT message, processor and memory for 1,000 appliances, API throughput.

A thousand appliances with ten sensors each live in this process together with the whole event path: registry,
MQTT (a real mosquitto on loopback), history (SQLite), event stream, HTTP. Another process subscribes and
compares the moment that every value carries with the moment of arrival (one monotonic clock for both).
There is nothing to compare with; the aim is the design's.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import msgspec
from tests.bridge.brokers import Mosquitto

from benchmarks.figure import Figure, rounds
from homewire.appliance import Appliance, Identity, Origin
from homewire.bridge.health import resident_bytes
from homewire.bridge.service import Bridge, collect_rarely, leave_alone_what_stays
from homewire.config import ConnectionEntry, parse
from homewire.features import Sensor
from homewire.kinds import Kind, installed_kinds
from homewire.link.connection import Connection

APPLIANCES = 1000
SENSORS = 10
SECONDS = float(rounds(10))
TICK_S = 0.01
SETTLE_S = 6.0
"""By then the bridge has looked through what the broker kept, and has its own announcements back."""

REQUESTS = 100 * rounds(20)

SUBSCRIBER = """
import json, sys, time
import paho.mqtt.client as mqtt

latencies = []

def on_message(client, userdata, message):
    now = time.monotonic()
    if not message.retain and message.payload:
        moment = json.loads(message.payload).get("moment")
        if moment is not None:
            latencies.append(now - moment)

def on_subscribe(*_):
    print("ready", flush=True)

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_message, client.on_subscribe = on_message, on_subscribe
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
client.subscribe("homewire/+")
sys.stdin.read()
client.loop_stop()
print(json.dumps(latencies))
"""


class FleetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to set."""


class Fleet(Connection[FleetSettings]):
    """A thousand appliances that change when they are told to."""

    kind = "fleet"
    Settings = FleetSettings
    made: Fleet

    async def open(self) -> None:
        """Bring all appliances."""
        Fleet.made = self
        keys = [Sensor(key="moment", name="Moment", history=True)]
        keys += [Sensor(key=f"value_{n}", name=f"Value {n}", unit="°C") for n in range(1, SENSORS)]
        for number in range(APPLIANCES):
            identity = Identity(id=f"fleet:{number}", vendor="Fleet", model="One", name=f"Number {number}")
            self._add(Appliance(identity, keys, clock=self.clock, unknowns=self.unknowns))

    async def serve(self) -> None:
        """Live for ever."""
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        """Leave nothing behind."""


@contextlib.contextmanager
def fleet_kind() -> Iterator[None]:
    """Install the fleet beside the real kinds."""
    from homewire import kinds  # noqa: PLC0415 - changed for the moment

    known = {
        **installed_kinds(),
        "fleet": Kind(kind="fleet", summary="", connection="benchmarks.bench_bridge:Fleet"),
    }
    original, kinds.installed_kinds = kinds.installed_kinds, lambda: known  # type: ignore[assignment]  # a cached function
    try:
        yield
    finally:
        kinds.installed_kinds = original


@contextlib.asynccontextmanager
async def bridge_of(folder: Path, port: int) -> AsyncIterator[tuple[Bridge, float]]:
    text = f"""
[bridge]
socket = ""
[http]
port = 0
requests_per_second = 1e9
burst = 1000000
[mqtt]
host = "127.0.0.1"
port = {port}
[history]
url = "sqlite:///{folder}/history.sqlite"
"""
    began = time.perf_counter()
    entries = [ConnectionEntry(kind="fleet", name="Fleet", values={})]
    async with Bridge(parse(text), entries=entries) as bridge:
        while not bridge.reports()["mqtt"]["ok"]:  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.01)
        started_s = time.perf_counter() - began
        await warm_up(bridge)
        leave_alone_what_stays()
        yield bridge, started_s


async def warm_up(bridge: Bridge) -> None:
    """Let every sensor have a value, and the history know every series: that happens once in a life."""
    for number in range(APPLIANCES * SENSORS):
        publish(number)
    while bridge.reports()["history"]["written"] < 2 * APPLIANCES * SENSORS:  # noqa: ASYNC110 - a thread decides
        await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLE_S)


def publish(number: int) -> None:
    """Change one sensor; its value is the moment, so that whoever hears of it knows how old it is."""
    appliances = Fleet.made.appliances
    appliance = appliances[f"fleet:{number % APPLIANCES}"]
    key = f"value_{1 + number // APPLIANCES % (SENSORS - 1)}"
    appliance.publish({"moment": time.monotonic(), key: float(number)}, Origin.PUSH)


async def load(rate: int, seconds: float) -> tuple[float, int]:
    """Publish messages at a rate; return the processor time per second that everything took, and how many."""
    loop = asyncio.get_running_loop()
    began, used, done = loop.time(), time.process_time(), 0
    while (passed := loop.time() - began) < seconds:
        due = int(passed * rate)
        while done < due:
            publish(done)
            done += 1
        await asyncio.sleep(TICK_S)
    return (time.process_time() - used) / seconds, done


async def heard(port: int, rate: int) -> tuple[list[float], float, int]:
    """Run the load while another process listens; return latencies (s), processor share, messages."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SUBSCRIBER,
        str(port),
        stdin=asyncio.subprocess.PIPE,  # its end tells the listener to stop, also when this process dies
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    await asyncio.sleep(0.5)
    share, count = await load(rate, SECONDS)
    await asyncio.sleep(1.0)
    output, _ = await process.communicate(b"")
    return json.loads(output), share, count


async def requests_per_second(address: str) -> tuple[float, float]:
    """Return how many states a client gets per second, ten at a time, and the median time of one (s)."""
    times: list[float] = []
    async with aiohttp.ClientSession() as session:

        async def worker(first: int) -> None:
            for number in range(first, REQUESTS, 10):
                began = time.perf_counter()
                async with session.get(
                    f"{address}/api/v1/appliances/fleet:{number % APPLIANCES}/state"
                ) as got:
                    await got.read()
                times.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(worker(first) for first in range(10)))
        return REQUESTS / (time.perf_counter() - began), statistics.median(times)


async def measure() -> list[Figure]:
    before = resident_bytes() or 0
    with tempfile.TemporaryDirectory() as folder, fleet_kind():
        async with Mosquitto(Path(folder)) as broker:  # noqa: SIM117 - the second needs the first
            async with bridge_of(Path(folder), broker.port) as (bridge, started_s):
                memory = ((resident_bytes() or 0) - before) / APPLIANCES
                latencies, share, count = await heard(broker.port, 2000)
                latencies.sort()
                all_latencies, full_share, full_count = await heard(broker.port, 10_000)
                all_latencies.sort()
                assert bridge.http is not None
                rate, median_s = await requests_per_second(bridge.http.address)
                dropped = bridge.reports()["history"]["dropped"]
    p99, full_p99 = latencies[int(len(latencies) * 0.99)], all_latencies[int(len(all_latencies) * 0.99)]
    return [
        Figure(name="start with 1,000 appliances, all announced", ours=started_s, unit="s"),
        Figure(name="memory per appliance", ours=memory / 1024, unit="KiB"),
        Figure(
            name="2,000 messages a second, 99th percentile to the subscriber",
            ours=p99 * 1000,
            unit="ms",
            aim="under 20 ms",
            note=f"median {latencies[len(latencies) // 2] * 1000:.2f} ms; {len(latencies)} of {count} heard",
        ),
        Figure(
            name="2,000 messages a second, share of a core",
            ours=share * 100,
            unit="%",
            aim="50 %",
            note="MQTT, history, events",
        ),
        Figure(
            name="10,000 messages a second wished for, share of a core",
            ours=full_share * 100,
            unit="%",
            note=f"{full_count / SECONDS:,.0f} a second taken, {len(all_latencies) / SECONDS:,.0f} heard "
            f"(the newest values win), 99th percentile {full_p99 * 1000:.0f} ms, history lost {dropped}",
        ),
        Figure(
            name="API, states per second",
            ours=rate,
            unit="requests/s",
            higher_is_better=True,
            note=f"median {median_s * 1000:.1f} ms with ten at a time, client in the same process",
        ),
    ]


def run() -> list[Figure]:
    """Measure, with the collector set as `homewire run` sets it."""
    before = gc.get_threshold()
    collect_rarely()
    try:
        return asyncio.run(measure())
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
