from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from tests.lamarzocco.direct.conftest import MakeMachine, MakeSimulator

from homewire.appliance import Origin
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandTimeout,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    InvalidValue,
    NotSupported,
)
from homewire.lamarzocco.direct.codec import Codec, ReadRequest, Refusal, Stream, WriteReply, WriteRequest
from homewire.lamarzocco.direct.errors import MachineBusy, Unanswered
from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.machine import DirectMachine
from homewire.lamarzocco.direct.memory_map import DAYS, FIELDS
from homewire.lamarzocco.direct.models import DaySchedule, MachineState, MachineType, PrebrewMode

_READS = 10


async def test_one_refresh_reads_everything_in_one_go(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate(reply_delay_s=2.0, push="nothing")
    machine = client_of(simulator)
    reading = asyncio.create_task(machine.refresh())
    await asyncio.sleep(1)
    assert len(simulator.received) == _READS  # all asked before the first is answered
    await reading
    state = machine.state
    assert (state.model, state.machine_type) == (Model.GS3_AV, MachineType.GS3_AV)
    assert (state.power, state.operating, state.firmware, state.serial) == (True, True, "1.40", "GS024680")
    assert state.coffee_temperature == pytest.approx(93.8, abs=0.2)
    assert state.coffee_boiler_temperature == pytest.approx(94.8, abs=0.2)
    assert (state.coffee_target_temperature, state.steam_target_temperature) == (93.5, 123.4)
    assert state.prebrew_mode is PrebrewMode.PREBREWING
    assert (state.dose(2), state.prebrew_times(2), state.preinfusion_time(4)) == (120, (1.2, 2.0), 24.9)
    assert state.schedule["tue"] == DaySchedule(enabled=True, on=dt.time(6, 30), off=dt.time(9, 15))
    assert (state.fahrenheit, state.group_offset, state.reservoir_ok, state.hot_water_dose) == (
        False,
        1.0,
        True,
        12,
    )
    assert state.front_panel is not None
    assert state.front_panel.endswith(("a", "p"))
    assert state.clock is not None
    assert "134 values" in repr(state)


def test_nothing_is_known_before_the_first_reading() -> None:
    state = MachineState({})
    assert (state.power, state.model, state.prebrew_mode, state.clock, state.fahrenheit) == (None,) * 5
    assert (state.dose(1), state.prebrew_times(1), state.preinfusion_time(1)) == (None,) * 3
    assert state.schedule == {}
    assert MachineState.power is not None


def test_unknown_machine_types_are_kept() -> None:
    state = MachineState({"machine_type": 9})
    assert state.machine_type is not None
    assert (state.machine_type.name, state.machine_type.value, state.model) == ("UNKNOWN_9", 9, None)
    with pytest.raises(ValueError, match="nine"):
        MachineType("nine")  # type: ignore[arg-type]  # what a caller may do


@pytest.mark.parametrize("model", list(Model))
async def test_every_setting_of_a_model_takes_effect(
    simulate: MakeSimulator, client_of: MakeMachine, model: Model
) -> None:
    simulator = await simulate(model=model.value, push="nothing")
    machine = client_of(simulator, hold=True)
    await machine.refresh()
    for field in FIELDS.values():
        if not field.writable or not field.readable:
            continue
        if model not in field.models:
            with pytest.raises(NotSupported, match=str(model)):
                await machine.set_field(field.name, field.limits[1] if field.limits else True)
            continue
        value: Any = field.limits[1] if field.limits else not simulator.machine.memory[field.name]
        await machine.set_field(field.name, value)
        assert simulator.machine.memory[field.name] == value, field.name
        assert machine.state.values[field.name] == value, field.name


async def test_a_setting_tells_how_far_it_is(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    machine = client_of(await simulate())
    steps: list[str] = []

    class Progress:
        def sent(self, path: str | None = None) -> None:
            steps.append(f"sent {path}")

        def accepted(self) -> None:
            steps.append("accepted")

    machine.subscribe(lambda fresh, origin: steps.append(str(origin)) if "power_on" in fresh else None)
    await machine.set_field("power_on", False, progress=Progress())
    assert steps == ["sent None", "accepted", "command"]


async def test_values_are_checked_before_anything_is_sent(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    with pytest.raises(InvalidValue, match="87 to 100 °C"):
        await machine.set_field("coffee_setpoint_c", 120)
    with pytest.raises(NotSupported, match="cannot be set"):
        await machine.set_field("count_k1", 5)
    with pytest.raises(NotSupported, match="password"):
        await machine.read(0x0100, 32)
    assert not simulator.received
    await machine.set_field("coffee_setpoint_c", 80, unchecked=True)
    assert simulator.machine.memory["coffee_setpoint_c"] == 80


async def test_the_clock_is_set(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    simulator.levers.power_cycle()
    await machine.refresh()
    assert machine.state.clock is not None
    assert machine.state.clock.year == 2001
    await machine.set_clock(dt.datetime.fromisoformat("2024-02-29T10:20:30"))
    assert simulator.machine.local_time.isoformat("T", "minutes") == "2024-02-29T10:20"


async def test_the_schedule_is_written_as_one_block(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    days = {
        day: DaySchedule(enabled=day != "sun", on=dt.time(5, index), off=dt.time(23, 59))
        for index, day in enumerate(DAYS)
    }
    await machine.set_schedule(days)
    await machine.change_schedule({"schedule_enabled": True, "sun_on": dt.time(9, 9)})
    writes = [m for m in simulator.received if isinstance(m, WriteRequest)]
    assert [(w.address, len(w.data)) for w in writes] == [(0x0310, 29)] * 2
    memory = simulator.machine.memory
    assert [memory[f"{day}_on_minute"] for day in DAYS] == [0, 1, 2, 3, 4, 5, 9]
    assert [memory[f"{day}_enabled"] for day in DAYS] == [True] * 6 + [False]
    assert machine.state.schedule["sun"].on == dt.time(9, 9)


async def test_features_are_commanded_and_seen(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    await machine.set_steam_boiler(False)
    assert (machine.state.steam_boiler_enabled, simulator.machine.memory["plumbed_in"]) == (False, True)
    await machine.start_backflush()
    assert machine.state.backflush_active is True
    await asyncio.sleep(90)
    await machine.refresh()
    assert machine.state.backflush_active is False


async def test_a_mini_is_told_of_a_backflush_again_and_again(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate(model="Linea Mini")
    machine = client_of(simulator)
    await machine.refresh()
    await machine.start_backflush()
    assert [m for m in simulator.received if isinstance(m, WriteRequest)] == [
        WriteRequest(0x00E1, b"\x82")
    ] * 6  # one alone shows the flag, but never starts the cycle
    simulator.levers.start_brew()
    assert simulator.machine.busy
    assert simulator.machine.brew is None
    await asyncio.sleep(90)
    simulator.levers.misbehave.ignore_writes = True
    with pytest.raises(CommandTimeout):
        await machine.start_backflush()


async def test_a_model_that_is_not_known_yet_is_asked_for(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    mini, lever = await simulate(model="Linea Mini"), await simulate(model="GS3 MP")
    with pytest.raises(NotSupported, match="Linea Mini"):
        await client_of(mini).set_field("dose_k1_pulses", 100)
    with pytest.raises(NotSupported, match="GS3 MP"):
        await client_of(lever).start_backflush()
    written = [m for simulator in (mini, lever) for m in simulator.received if isinstance(m, WriteRequest)]
    assert not written


@pytest.mark.parametrize(("name", "value"), [("dose_k1_pulses", 10.7), ("hot_water_dose_s", 2.5)])
async def test_a_fraction_of_a_pulse_is_refused_rather_than_cut_off(
    simulate: MakeSimulator, client_of: MakeMachine, name: str, value: float
) -> None:
    with pytest.raises(InvalidValue):
        await client_of(await simulate()).set_field(name, value)


async def test_closing_while_it_connects_leaves_nothing_open(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate()
    machine = client_of(simulator, hold=True)
    connecting = asyncio.create_task(machine.connect())
    await asyncio.sleep(0)
    await machine.close()
    with pytest.raises(ConnectionLost, match="closed while"):
        await connecting
    assert not machine.connected
    await machine.refresh()
    assert machine.connected


async def test_a_reading_that_nobody_waits_for_does_not_keep_the_machine(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    machine = client_of(await simulate(model="Linea Mini"))
    await machine.connect()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await machine.read(0x5000, 4)  # the machine never answers this
    await asyncio.sleep(60)
    assert not machine.connected


async def test_a_gs3_mp_has_no_backflush(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    machine = client_of(await simulate(model="GS3 MP"))
    await machine.refresh()
    with pytest.raises(NotSupported):
        await machine.start_backflush()


async def test_a_shared_machine_is_released_and_visited_again(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    await machine.refresh()
    await asyncio.sleep(9)
    connected = [machine.connected]
    await asyncio.sleep(2)
    connected.append(machine.connected)
    await machine.refresh()
    connected.append(machine.connected)
    assert connected == [True, False, True]
    assert simulator.clients == 2


async def test_a_held_machine_is_kept(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator, hold=True)
    await machine.connect()
    await asyncio.sleep(600)
    assert machine.connected
    assert simulator.clients == 1


async def test_a_release_waits_for_a_running_command(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate(push="nothing")
    machine = client_of(simulator, idle_release_s=2.0)
    simulator.levers.misbehave.commit_after_s = 3.0
    await machine.set_field("power_on", False)
    assert simulator.clients == 1


async def test_a_release_waits_for_replies_that_are_due(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate(push="nothing")
    machine = client_of(simulator, idle_release_s=1.0)
    simulator.levers.misbehave.delay_s = 2.0
    await machine.refresh()
    assert machine.state.power is not None
    assert simulator.clients == 1


async def test_reports_arrive_by_themselves(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine, origins = client_of(simulator, hold=True), []
    await machine.refresh()
    machine.subscribe(lambda fresh, origin: origins.append((origin, len(fresh))))
    simulator.levers.set_value("steam_boiler_enabled", False)
    await asyncio.sleep(3.5)
    assert machine.state.steam_boiler_enabled is False
    assert {origin for origin, _ in origins} == {Origin.PUSH}
    assert len(origins) == 3


async def test_a_failing_listener_harms_nobody(
    simulate: MakeSimulator, client_of: MakeMachine, caplog: pytest.LogCaptureFixture
) -> None:
    machine = client_of(await simulate())

    def fail(_fresh: object, _origin: Origin) -> None:
        raise RuntimeError("mine")

    unsubscribe = machine.subscribe(fail)
    await machine.refresh()
    unsubscribe()
    unsubscribe()
    assert machine.state.power is True
    assert "A subscriber of the machine" in caplog.text


async def test_a_shot_is_followed_as_it_flows(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator, hold=True)
    await machine.refresh()
    frames: list[dict[str, Any]] = []
    machine.subscribe(lambda fresh, _: frames.append(dict(fresh)) if "flow_key" in fresh else None)
    simulator.levers.start_brew(2)
    await asyncio.sleep(60)
    keys = [frame["flow_key"] for frame in frames]
    times = [frame["flow_time_s"] for frame in frames]
    assert keys[0] == 2
    assert keys.count(0) > 3
    assert times == sorted(times)
    assert frames[-1]["flow_pulses"] == simulator.machine.memory["dose_k2_pulses"]
    assert len(frames) > 100
    await machine.refresh()
    assert machine.state.values["count_k2"] == 656


async def test_equal_reads_share_one_request(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate(reply_delay_s=0.1)
    machine = client_of(simulator)
    found = await asyncio.gather(*(machine.read(0x0007, 2) for _ in range(5)))
    assert set(found) == {b"\x03\xa7"}
    assert list(simulator.received) == [ReadRequest(0x0007, 2)]


async def test_a_refused_write_is_rejected_at_once(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    for form in ("short", "long"):
        simulator.levers.misbehave.refuse_writes = form
        with pytest.raises(CommandRejected, match="KO") as caught:
            await machine.set_field("power_on", False)
        assert caught.value.reason_code == "KO"
    assert simulator.machine.is_on


async def test_a_write_without_effect_is_not_believed(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate(model="GS3 MP")
    machine = client_of(simulator)
    await machine.refresh()
    simulator.levers.sleep_deeply()
    with pytest.raises(CommandTimeout, match="wake it at its front button"):
        await machine.set_field("power_on", True)
    assert machine.state.power is False


async def test_a_slow_write_is_waited_for(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    simulator.levers.misbehave.commit_after_s = 3.0
    await machine.set_field("coffee_setpoint_c", 95.0)
    assert machine.state.coffee_target_temperature == 95.0


async def test_a_missing_reply_is_its_own_error(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    await machine.refresh()
    simulator.levers.misbehave.drop_replies = 1
    with pytest.raises(Unanswered, match=r"write of 1 bytes at 0000") as caught:
        await machine.set_field("power_on", False)
    assert isinstance(caught.value, CommandTimeout)


async def test_memory_that_is_not_there(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator)
    await machine.refresh()
    with pytest.raises(Unanswered):
        await machine.read(0x7000, 4)
    simulator.levers.misbehave.echo_unknown = True
    with pytest.raises(NotSupported, match="echoes"):
        await machine.read(0x7000, 4)


async def test_a_busy_board_keeps_the_old_values(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator, hold=True)
    await machine.refresh()
    simulator.levers.misbehave.busy_reads = True
    simulator.levers.start_brew(5)
    await machine.refresh()
    assert (machine.state.power, machine.state.active_key) == (True, 0)
    with pytest.raises(CommandRejected, match="busy"):
        await machine.read(0x4000, 35)


async def test_old_firmware_has_a_shorter_status(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate(old_status=True, push="temperatures")
    machine = client_of(simulator)
    await machine.refresh()
    assert (machine.state.firmware, machine.state.steam_boiler_enabled) == ("1.20", None)
    assert machine.state.front_panel is not None
    assert machine.state.front_panel.endswith(("a", "p"))
    assert machine.state.preinfusion_time(1) == 0.0
    before = len(simulator.received)
    await machine.refresh()
    assert ReadRequest(0x4000, 35) not in list(simulator.received)[before:]


async def test_a_wrong_key_is_named(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    machine = client_of(await simulate(), key="z" * 32)
    with pytest.raises(AuthenticationFailed, match="cannot be read with this key"):
        await machine.refresh()
    with pytest.raises(ConfigurationError):
        DirectMachine("127.0.0.1", "short")


async def test_nobody_there(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    await simulator.stop()
    with pytest.raises(ConnectionFailed, match="refuses connections"):
        await client_of(simulator).connect()


async def test_a_machine_that_serves_another_is_busy(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    first, second = client_of(simulator, hold=True), client_of(simulator)
    await first.refresh()
    with pytest.raises(MachineBusy, match="says nothing"):
        await second.refresh()
    await first.close()
    await second.refresh()
    assert second.state.power is True


async def test_a_machine_that_hangs_up_on_others_is_busy(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate(second_client="close")
    first, second = client_of(simulator, hold=True), client_of(simulator)
    await first.refresh()
    with pytest.raises(MachineBusy, match="without a word"):
        await second.refresh()


async def test_a_machine_that_refuses_others_is_busy_or_absent(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate(second_client="refuse")
    first, second = client_of(simulator, hold=True), client_of(simulator)
    await first.refresh()
    with pytest.raises(ConnectionFailed, match="refuses connections"):
        await second.refresh()
    await first.close()
    await asyncio.sleep(1)
    await second.refresh()
    assert second.state.power is True


async def test_a_lost_connection_is_told(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate()
    machine = client_of(simulator, hold=True)
    with pytest.raises(ConnectionLost, match="not open"):
        raise await machine.lost()
    await machine.refresh()
    waiting = asyncio.create_task(machine.lost())
    await asyncio.sleep(0.1)
    simulator.levers.misbehave.hang_up_in_reply = True
    with pytest.raises(ConnectionLost):
        await machine.read(0, 1)
    assert isinstance(await waiting, ConnectionLost)
    await machine.refresh()
    assert machine.connected


async def test_silence_ends_a_connection_that_was_alive(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate()
    machine = client_of(simulator, hold=True)
    await machine.refresh()
    simulator.levers.misbehave.silent = True
    with pytest.raises(Unanswered):
        await machine.read(0, 1)
    with pytest.raises(ConnectionLost, match="nothing for 10 s"):
        await machine.read(0, 1)
    with pytest.raises(MachineBusy):
        await machine.read(0, 1)


async def test_unknown_memory_is_kept_and_counted(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    machine = client_of(await simulate())
    machine._take(0x7000, b"\1\2", Origin.PUSH)
    assert machine.unknowns.report() == [{"kind": "memory", "value": "7000 with 2 bytes", "count": 1}]


async def test_a_cancelled_write_is_forgotten(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate(reply_delay_s=1.0)
    machine = client_of(simulator)
    task = asyncio.create_task(machine.set_field("power_on", False))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert machine._link is not None
    assert machine._link._pending == []


async def test_strange_messages_harm_nothing(simulate: MakeSimulator, client_of: MakeMachine) -> None:
    simulator = await simulate(push="nothing")
    machine = client_of(simulator)
    await machine.refresh()
    codec = Codec(simulator.wire_key)
    before = dict(machine.state.values)
    assert machine._link is not None
    for strange in (
        WriteRequest(0, b"\0"),
        ReadRequest(0x4000, 35),
        WriteReply(0, 1),
        Refusal("R", 0x4000),
        Stream(0x6100, b"\1\2"),
    ):
        machine._link.data_received(codec.encode(strange))
    machine._link.data_received(b"@AAAA%")
    assert dict(machine.state.values) == before
    assert machine._link.rejected == 1
    assert machine.unknowns.report() == [{"kind": "stream", "value": "6100 with 2 bytes", "count": 1}]


async def test_a_name_that_nobody_knows() -> None:
    machine = DirectMachine("no-such-machine.invalid", "k" * 32)
    with pytest.raises(ConnectionFailed, match=r"cannot reach no-such-machine\.invalid"):
        await machine.connect()


async def test_a_change_is_confirmed_once_the_board_has_time(
    simulate: MakeSimulator, client_of: MakeMachine
) -> None:
    simulator = await simulate(push="nothing", reply_delay_s=2.0)
    machine = client_of(simulator, hold=True)
    await machine.refresh()
    task = asyncio.create_task(machine.set_field("power_on", False))
    await asyncio.sleep(3)  # the write was taken, the value is being read back
    assert machine._link is not None
    assert [pending.key for pending in machine._link._pending] == [("R", 0, 1)]
    machine._link.data_received(Codec(simulator.wire_key).encode(Refusal("R", 0x0000)))
    await task
    assert machine.state.power is False
