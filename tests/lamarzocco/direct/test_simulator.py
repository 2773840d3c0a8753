from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import random
import secrets
from typing import Any, Self

import pytest
from tests.lamarzocco.direct.conftest import MakeMachine, MakeSimulator

from homewire.clock import Clock
from homewire.discovery import Service
from homewire.errors import ConfigurationError
from homewire.lamarzocco.direct.codec import (
    Codec,
    Message,
    ReadReply,
    ReadRequest,
    Refusal,
    Rejected,
    Stream,
    WriteRequest,
    parse_key,
)
from homewire.lamarzocco.direct.discovery import _discovered, discover
from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.memory_map import CLOCK, FEATURES, TEMPERATURES
from homewire.lamarzocco.direct.simulator import (
    DirectSimulator,
    Misbehaviour,
    SimulatedMachine,
    SimulatorOptions,
)
from homewire.lamarzocco.direct.simulator.images import PROFILES

NOON = dt.datetime.fromisoformat("2024-05-06T12:00:00")  # a Monday


def _machine(model: Model = Model.GS3_AV) -> SimulatedMachine:
    machine = SimulatedMachine(PROFILES[model], NOON, random.Random(0))
    machine.memory["schedule_enabled"] = False
    if model is not Model.LINEA_MINI:
        machine.memory["standby_minutes"] = 0
    return machine


def _later(machine: SimulatedMachine, seconds: float) -> None:
    machine.advance(machine._now + dt.timedelta(seconds=seconds))


def test_boilers_heat_up_regulate_and_cool_down() -> None:
    machine = _machine(Model.GS3_MP)
    memory = machine.memory
    cold = memory["coffee_boiler_temp_c"]
    machine.set_power(True)
    _later(machine, 60)
    warming = memory["coffee_boiler_temp_c"]
    assert cold + 10 < warming < cold + 25
    assert memory["outputs_raw"] == 0x70
    _later(machine, 900)
    assert memory["coffee_boiler_temp_c"] == pytest.approx(memory["coffee_setpoint_c"] - 1.0, abs=0.6)
    assert memory["steam_boiler_temp_c"] == pytest.approx(memory["steam_setpoint_c"], abs=0.6)
    machine.set_power(False)
    assert (memory["operating"], memory["outputs_raw"]) == (False, 0)
    _later(machine, 4 * 3600)
    assert 22 <= memory["coffee_boiler_temp_c"] < 35


def test_the_steam_boiler_stays_cold_when_disabled() -> None:
    machine = _machine()
    machine.write(0x00E1, b"\x01")
    _later(machine, 7200)
    assert machine.memory["steam_boiler_temp_c"] < 60
    assert machine.memory["coffee_boiler_temp_c"] == pytest.approx(94.5, abs=0.6)


def test_a_dose_ends_a_shot_and_counts_it() -> None:
    machine = _machine()
    before = {
        name: machine.memory[name] for name in ("count_k2", "count_coffee_total", "count_coffee_activations")
    }
    machine.start_brew(2)
    machine.start_brew(3)  # nothing happens during a shot
    _later(machine, 10)
    assert (machine.memory["active_key"], machine.busy) == (2, True)
    assert 0 < machine.memory["shot_pulses"] < 120
    _later(machine, 40)
    after = {name: machine.memory[name] for name in before}
    assert after == {name: count + 1 for name, count in before.items()}
    assert (machine.memory["active_key"], machine.streaming) == (0, False)


def test_an_aborted_shot_only_counts_as_started() -> None:
    machine = _machine()
    machine.start_brew(2)
    _later(machine, 5)
    machine.stop_brew()
    _later(machine, 5)
    assert (machine.memory["count_k2"], machine.memory["count_coffee_activations"]) == (655, 2601)
    machine.stop_brew()
    assert machine.memory["count_k2"] == 655


@pytest.mark.parametrize(
    ("model", "counter"),
    [(Model.LINEA_MINI, "count_k1"), (Model.GS3_MP, "count_k1"), (Model.GS3_AV, "count_continuous")],
)
def test_without_a_dose_a_shot_is_complete_when_stopped(model: Model, counter: str) -> None:
    machine = _machine(model)
    machine.set_power(True)
    before = machine.memory[counter]
    machine.start_brew(5)
    _later(machine, 30)
    machine.stop_brew()
    _later(machine, 2)
    assert machine.memory[counter] == before + 1


def test_prebrewing_pumps_then_pauses() -> None:
    machine = _machine()
    machine.memory["prebrew_on_k1_s"], machine.memory["prebrew_off_k1_s"] = 3.0, 4.0
    machine.start_brew(1)
    pumping = []
    for _ in range(10):
        _later(machine, 1)
        assert machine.brew is not None
        pumping.append(machine.brew.pump_on)
    assert pumping == [True, True, False, False, False, False, True, True, True, True]


def test_preinfusion_flows_slowly_first() -> None:
    machine = _machine()
    machine.memory["prebrew_mode"] = 2
    machine.memory["preinfusion_k1_s"] = 5.0
    machine.start_brew(1)
    assert machine.brew is not None
    _later(machine, 4)
    slow = (machine.brew.high_flow, machine.flow()[13])
    _later(machine, 2)
    assert (slow, machine.flow()[13]) == ((False, 0), 1)


def test_nothing_brews_in_standby_or_without_water() -> None:
    machine = _machine()
    machine.memory["reservoir_ok"] = False
    machine.start_brew(1)
    assert machine.brew is None
    machine.memory["reservoir_ok"] = True
    machine.set_power(False)
    machine.start_brew(1)
    assert machine.brew is None


def test_standby_ends_a_shot() -> None:
    machine = _machine()
    machine.start_brew(5)
    _later(machine, 3)
    machine.write(0x0000, b"\0")
    assert not machine.busy


def test_a_backflush_runs_ten_phases() -> None:
    machine = _machine()
    machine.write(0x00E1, b"\x82")
    assert machine.memory["features_raw"] == 7
    _later(machine, 79)
    assert (machine.memory["backflush_active"], machine.streaming) == (True, True)
    _later(machine, 2)
    assert (machine.memory["features_raw"], machine.streaming) == (5, False)


def test_a_mini_waits_for_its_paddle() -> None:
    machine = _machine(Model.LINEA_MINI)
    machine.write(0x00E1, b"\x82")
    machine.start_brew(1)
    assert machine.brew is not None  # a single order shows the flag and starts nothing
    machine.stop_brew()
    machine.write(0x00E1, b"\x82")
    _later(machine, 600)
    armed = (machine.memory["backflush_active"], machine.memory["outputs_raw"])
    machine.start_brew(1)
    _later(machine, 10)
    running = (machine.streaming, machine.memory["outputs_raw"])
    assert (armed, running) == ((True, 0x40), (True, 0x5B))
    machine.write(0x00E1, b"\x02")
    assert (machine.backflush, machine.memory["backflush_active"]) == (None, False)


def test_a_power_cut_ends_a_backflush() -> None:
    machine = _machine()
    machine.write(0x00E1, b"\x82")
    machine.power_cycle()
    assert (machine.streaming, machine.memory["features_raw"]) == (False, 5)


def test_an_mp_knows_no_backflush() -> None:
    machine = _machine(Model.GS3_MP)
    machine.write(0x00E1, b"\x82")
    assert machine.memory["backflush_active"] is False


def test_the_schedule_switches_on_and_off() -> None:
    machine = _machine()
    machine.set_power(False)
    for name, value in (("schedule_enabled", True), ("mon_enabled", True)):
        machine.memory[name] = value
    times: dict[str, Any] = {"on_hour": 13, "on_minute": 5, "off_hour": 14, "off_minute": 0}
    for name, number in times.items():
        machine.memory[f"mon_{name}"] = number
    seen = []
    for _ in range(4):
        _later(machine, 40 * 60)
        seen.append(machine.is_on)
    assert seen == [False, True, False, False]
    machine.memory["mon_enabled"] = False
    _later(machine, 7 * 86400)
    assert not machine.is_on


def test_it_goes_to_standby_by_itself() -> None:
    machine = _machine()
    machine.memory["standby_minutes"] = 30
    machine.start_brew(1)
    _later(machine, 29 * 60)
    early = machine.is_on
    _later(machine, 3 * 60)
    assert (early, machine.is_on) == (True, False)


def test_hot_water_and_usage_count() -> None:
    machine = _machine()
    machine.draw_hot_water(8)
    assert (machine.memory["count_hot_water_activations"], machine.memory["hot_water_s"]) == (211, 1318)
    _later(machine, 2 * 3600)
    assert machine.memory["powered_hours"] == 8892


def test_the_clock_runs_and_can_be_set() -> None:
    machine = _machine()
    assert machine.read(0x0300, 7) == bytes((0, 0, 12, 1, 6, 5, 24))
    machine.write(0x0300, bytes((0, 30, 8, 7, 31, 12, 23)))
    _later(machine, 90)
    assert machine.read(0x0300, 7) == bytes((30, 31, 8, 7, 31, 12, 23))
    machine.write(0x0300, b"\xff" * 7)
    assert machine.local_time.year == 2023
    machine.power_cycle()
    assert machine.local_time.isoformat() == "2001-01-01T00:00:00"


def test_the_panel_shows_temperature_and_time() -> None:
    machine = _machine()
    line = machine.memory["display_line1"]
    assert line.startswith(" 94.")
    assert line.endswith("12:00p")
    machine.memory["temperature_unit"] = 1
    _later(machine, 1)
    assert "°F" in machine.memory["display_line1"]
    machine.set_power(False)
    assert machine.memory["display_line1"] == "STAND-BY   12:00"


def test_read_only_memory_is_refused() -> None:
    machine = _machine()
    assert not any(machine.takes(address, 1) for address in (0x0020, 0x4000, 0x4060, 0x6000, 0x0113))
    assert machine.takes(0x0310, 29)
    assert machine.takes(0x0320 + 12, 2)  # where lmdirect puts a Sunday's minutes
    assert machine.read(0x0111, 84) == bytes(84)
    assert machine.read(0x7000, 1) is None


class _RawClient:
    """Sees what is on the wire, when."""

    def __init__(self, simulator: DirectSimulator) -> None:
        self._simulator = simulator
        self._codec = Codec(parse_key(simulator.options.key.reveal()))
        self.seen: list[tuple[float, Message | Rejected]] = []

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._simulator.port)
        self._began = asyncio.get_running_loop().time()
        self._task = asyncio.create_task(self._receive())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._task.cancel()
        self._writer.close()
        await asyncio.gather(self._task, return_exceptions=True)

    def send(self, *requests: Message) -> None:
        self._writer.write(b"".join(map(self._codec.encode, requests)))

    async def _receive(self) -> None:
        while chunk := await self._reader.read(4096):
            at = asyncio.get_running_loop().time() - self._began
            self.seen += [(at, event) for event in self._codec.receive(chunk)]


async def test_replies_keep_order_and_pace_and_reports_their_cycle(simulate: MakeSimulator) -> None:
    simulator = await simulate(reply_delay_s=None)
    asked = [
        (0x4000, 35),
        (0, 31),
        (0x0310, 29),
        (0x20, 44),
        (0x50, 24),
        (0x60EF, 16),
        (0xE2, 4),
        (0x4060, 32),
    ]
    async with _RawClient(simulator) as client:
        client.send(*(ReadRequest(*one) for one in asked))
        await asyncio.sleep(10)
    events = [(at, (e.address, len(e.data))) for at, e in client.seen if isinstance(e, ReadReply)]
    assert [what for _, what in events[:8]] == asked
    assert events[7][0] == pytest.approx(0.75, abs=0.5)
    reports = events[8:]
    cycle = [(block.address, block.size) for block in (TEMPERATURES, FEATURES, CLOCK)]
    assert [what for _, what in reports] == (cycle * 3)[: len(reports)]
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(reports)]
    assert gaps[:3] == pytest.approx([1.0, 2.0, 1.0], abs=0.4)


async def test_older_firmware_reports_only_temperatures(simulate: MakeSimulator) -> None:
    simulator = await simulate(push="temperatures")
    async with _RawClient(simulator) as client:
        await asyncio.sleep(20)
    assert {e.address for _, e in client.seen if isinstance(e, ReadReply)} == {TEMPERATURES.address}


async def test_telemetry_flows_every_90_ms(simulate: MakeSimulator) -> None:
    simulator = await simulate(model="Linea Mini")
    async with _RawClient(simulator) as client:
        await asyncio.sleep(3)
        simulator.levers.start_brew()
        await asyncio.sleep(20)
        simulator.levers.stop_brew()
        await asyncio.sleep(5)
    frames = [(at, e) for at, e in client.seen if isinstance(e, Stream)]
    gaps = sorted(later - earlier for (earlier, _), (later, _) in itertools.pairwise(frames))
    assert gaps[len(gaps) // 2] == pytest.approx(0.09, abs=0.05)
    keys = [e.data[12] for _, e in frames]
    assert (keys[0], keys[-1]) == (1, 0)
    assert keys.count(0) > 3


@pytest.mark.parametrize("fault", ["split", "merge_s"])
async def test_segments_do_not_matter(simulate: MakeSimulator, client_of: MakeMachine, fault: str) -> None:
    simulator = await simulate()
    setattr(simulator.levers.misbehave, fault, True)
    machine = client_of(simulator)
    await machine.refresh()
    assert machine.state.power is True


async def test_too_long_reads_go_unanswered(simulate: MakeSimulator) -> None:
    simulator = await simulate(push="nothing")
    async with _RawClient(simulator) as client:
        client.send(ReadRequest(0, 129), ReadRequest(0, 31))
        await asyncio.sleep(3)
    assert [len(e.data) for _, e in client.seen if isinstance(e, ReadReply)] == [31]


async def test_a_fahrenheit_machine_keeps_celsius_on_the_wire(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate(fahrenheit=True, plumbed_in=False)
    machine = client_of(simulator)
    await machine.refresh()
    state = machine.state
    assert (state.fahrenheit, state.group_offset, state.plumbed_in) == (True, 1.0, False)
    assert state.coffee_target_temperature == 93.5
    assert state.front_panel is not None
    assert "°F" in state.front_panel


async def test_the_demo_machines_have_a_life() -> None:
    clock = Clock(speed=600)
    simulators = DirectSimulator.demo(clock)
    for simulator in simulators:
        assert isinstance(simulator, DirectSimulator)
        async with simulator:
            before = simulator.machine.memory["count_coffee_total"]
            assert simulator.machine.serial in simulator.describe()
            await clock.sleep(6 * 3600)
            assert simulator.machine.memory["count_coffee_total"] > before


async def test_a_fast_machine_lives_faster(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate(model="GS3 MP", clock=Clock(speed=60))
    machine = client_of(simulator)
    await machine.set_field("power_on", True)
    await asyncio.sleep(12)
    await machine.refresh()
    assert machine.state.coffee_temperature == pytest.approx(93.2, abs=1.5)


@pytest.mark.real_time
async def test_machines_announce_themselves_and_are_found() -> None:
    simulator = DirectSimulator(SimulatorOptions(announce=True, name="Kitchen"))
    serial = f"GS{secrets.randbelow(10**6):06}"  # nobody else's: mDNS is shared by all tests on this computer
    simulator.machine.memory["machine_serial"] = serial
    async with simulator, contextlib.aclosing(discover(10.0, interfaces=["127.0.0.1"])) as found:
        machine = await anext(one async for one in found if one.serial == serial)
    assert (machine.name, machine.model, machine.missing) == ("Kitchen", "GS3 AV", ("key",))
    assert dict(machine.settings) == {"host": "127.0.0.1", "port": simulator.port}


def test_a_later_generation_is_not_this_protocol() -> None:
    micra = Service(
        name="MR",
        host="x",
        addresses=("10.0.0.9",),
        port=8081,
        properties={"sn": "MR123456", "type": "Micra"},
    )
    assert _discovered(micra) is None


def test_faults_are_named_on_the_command_line() -> None:
    faults = Misbehaviour()
    faults.begin(
        ["silent", "drop-replies", "corrupt_replies=3", "delay_s=1.5", "refuse_writes=long", "split=no"]
    )
    assert faults == Misbehaviour(
        silent=True, drop_replies=1, corrupt_replies=3, delay_s=1.5, refuse_writes="long"
    )
    faults.begin(["refuse_writes"])
    assert faults.refuse_writes == "short"
    for word, complaint in (("delay_s", "delay_s is not NAME=NUMBER"), ("bad", "Known are: busy_reads, ")):
        with pytest.raises(ConfigurationError, match=complaint):
            faults.begin([word])


async def test_a_machine_misbehaves_from_its_beginning(simulate: MakeSimulator) -> None:
    simulator = await simulate(misbehave=("ignore_writes",))
    assert simulator.levers.misbehave.ignore_writes


async def test_what_is_no_memory_is_neither_read_nor_written(simulate: MakeSimulator) -> None:
    simulator = await simulate(push="nothing")
    codec = Codec(simulator.wire_key)
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    for address in (0x5000, 0x4000):  # nothing is there; can only be read
        writer.write(codec.encode(WriteRequest(address, b"\1")))
    assert codec.receive(await reader.read(4096)) == [Refusal("W", 0x4000)]
    simulator.levers.misbehave.echo_unknown = True
    writer.write(codec.encode(WriteRequest(0x5000, b"\1")))
    assert codec.receive(await reader.read(4096)) == [WriteRequest(0x5000, b"\1")]
    writer.close()
