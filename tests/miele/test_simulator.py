"""The simulated kitchen lives: programmes, temperatures, sleep, and every documented refusal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.miele.conftest import ROUTE, ClientFor, Simulate

from homewire.clock import Clock
from homewire.errors import CommandRejected, ConfigurationError, InvalidValue, NotFound, NotSupported
from homewire.miele.dop2 import decode, encode
from homewire.miele.dop2.requests import power, select_program, user_request
from homewire.miele.refusals import NotNow
from homewire.miele.signing import Padding
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions, SimulatedAppliance, Status
from homewire.miele.simulator.appliance import Status as Numbers
from homewire.miele.simulator.dop1 import Dop1
from homewire.miele.simulator.profiles import PROFILES
from homewire.miele.transport import Transport

RECORDING = Path(__file__).parents[1] / "captures" / "miele" / "oven-dop2.json"
STATE = f"/Devices/{ROUTE}/State"


def _appliance(kind: str = "washing-machine") -> SimulatedAppliance:
    return SimulatedAppliance(PROFILES[kind], ROUTE, clock=Clock())


async def test_a_programme_runs_through_its_phases() -> None:
    washer = _appliance()
    assert washer.select(1)
    assert washer.start()
    phases = []
    while washer.status == Numbers.RUNNING:
        phases.append(washer.state()["ProgramPhase"])
        await asyncio.sleep(60)
        washer.advance()
    assert [number for n, number in enumerate(phases) if number not in phases[:n]] == [260, 261, 266, 267]
    assert washer.status == Numbers.ENDED
    assert washer.total_wh == pytest.approx(184_750)
    assert washer.total_decilitres == pytest.approx(96_620)
    await asyncio.sleep(700)
    washer.advance()
    assert washer.status == Numbers.OFF


async def test_a_start_timer_runs_and_waits_for_the_door() -> None:
    washer = _appliance()
    washer.select(122, start_in_s=600)
    assert washer.state()["StartTime"] == [0, 10]
    await asyncio.sleep(660)
    assert washer.state()["Status"] == Numbers.RUNNING
    assert washer.elapsed_s == pytest.approx(60, abs=1)
    waiting = _appliance()
    waiting.select(122, start_in_s=60)
    waiting.door_open = True
    await asyncio.sleep(120)
    assert waiting.state()["Status"] == Numbers.WAITING


async def test_an_oven_heats_up_and_cools_down() -> None:
    oven = _appliance("oven")
    oven.select(13)
    oven.start()
    await asyncio.sleep(240)
    assert 100 < oven.state()["Temperature"][0] / 100 < 130
    await asyncio.sleep(1800)
    assert oven.state()["Temperature"][0] == pytest.approx(16000, abs=50)
    oven.stop()
    await asyncio.sleep(3600)
    assert 3000 < oven.state()["Temperature"][0] < 4000, "an hour later it is lukewarm"


async def test_an_open_refrigerator_warms_up() -> None:
    async with MieleSimulator(MieleSimulatorOptions(type="fridge-freezer")) as simulator:
        simulator.levers.open_door(1)
        await asyncio.sleep(120)
        assert -1500 < simulator.appliance.state()["Temperature"][1] < -1000
        assert simulator.appliance.state()["DoorStates"] == [[2, 0], [1, 0]]
        simulator.levers.close_doors()
        await asyncio.sleep(3600)
        assert simulator.appliance.state()["Temperature"][1] == pytest.approx(-1800, abs=60)


async def test_inactivity_leads_to_sleep_and_waking_switches_nothing_on(
    simulate: Simulate, client_for: ClientFor
) -> None:
    simulator = await simulate(scene="off")
    client = client_for(simulator)
    await asyncio.sleep(901)
    assert (await client.get_device_state(ROUTE)).standby_state == 1
    with pytest.raises(NotNow):
        await client.read_dop2_leaf(ROUTE, 2, 1586)
    await client.wake_up(ROUTE)
    assert (await client.get_device_state(ROUTE)).standby_state == 0
    assert simulator.appliance.status == Status.OFF


def test_what_cannot_be_done_is_refused() -> None:
    async def check() -> None:
        washer = _appliance()
        assert not washer.select(9999)
        assert not washer.start()
        assert not washer.pause()
        assert not washer.stop()
        assert not washer.power(True)
        assert washer.select(1)
        assert washer.start()
        assert not washer.select(3)
        assert washer.pause()
        assert washer.phase is not None
        assert washer.stop()
        hob = _appliance("hob")
        hob.fall_asleep()
        assert not hob.asleep

    asyncio.run(check())


@pytest.mark.parametrize(
    ("kind", "fields", "error"),
    [
        ("fridge-freezer", {"ProcessAction": 4}, "refuses the write"),
        ("hob", {"DeviceAction": 2}, "changes nothing"),
        ("oven", {"ProcessAction": 1}, "refuses this now"),
        ("oven", {"Light": 7}, "changes nothing"),
        ("oven", {"DeviceAction": 1}, "changes nothing"),
        ("washing-machine", {"ProcessAction": 9}, "changes nothing"),
        ("washing-machine", {"Colour": 1}, "changes nothing"),
    ],
)
async def test_writes_are_refused_as_documented(
    simulate: Simulate, client_for: ClientFor, kind: str, fields: dict[str, int], error: str
) -> None:
    client = client_for(await simulate(kind))
    await client.get_devices()
    with pytest.raises(CommandRejected, match=error):
        await client.write_state(ROUTE, fields)


async def test_remote_control_off_refuses_actions(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    await client.get_devices()
    simulator.levers.remote_control(level=0, mobile_start=False)
    with pytest.raises(CommandRejected, match="refuses the write"):
        await client.write_state(ROUTE, {"ProcessAction": 1})
    for frame in (user_request("start"), select_program(1)):
        with pytest.raises(CommandRejected, match="refuses the write"):
            await client.write_dop2_leaf(ROUTE, frame.unit, frame.attribute, encode(frame))


async def test_leaves_are_written_as_documented(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven", scene="ready")
    client = client_for(simulator)
    await client.get_devices()

    async def write(frame: object) -> None:
        await client.write_dop2_leaf(ROUTE, 2, frame.attribute, encode(frame))  # type: ignore[attr-defined,arg-type]  # a frame

    await write(select_program(24))
    await write(user_request("start"))
    assert simulator.appliance.status == Status.RUNNING
    with pytest.raises(NotNow):
        await write(select_program(13))
    await write(user_request(55))
    await write(select_program(13))
    await write(select_program(0, selection="deselect"))
    assert simulator.appliance.status == Status.ON
    await write(power(False))
    with pytest.raises(NotNow):
        await write(select_program(13))
    await write(user_request(16))
    await write(user_request(14))
    with pytest.raises(NotNow):
        await write(user_request(16))
    with pytest.raises(CommandRejected):
        await client.write_dop2_leaf(ROUTE, 2, 1586, b"\0\x02\0\x02")
    with pytest.raises(CommandRejected):
        await client.write_attribute(ROUTE, 1586, appliance_state=9)
    with pytest.raises(CommandRejected, match="refuses the write"):
        await client.write_attribute(ROUTE, 256, status=1)
    with pytest.raises(NotFound):
        await client.write_dop2_leaf(ROUTE, 2, 9999, encode(power(True)))
    with pytest.raises(CommandRejected):
        await client.write_attribute(ROUTE, 105, idx1=1, setting_id=12164, current=3)
    simulator.appliance.fall_asleep()
    with pytest.raises(NotNow):
        await write(power(True))


async def test_paged_leaves_name_the_next_one(simulate: Simulate, client_for: ClientFor) -> None:
    client = client_for(await simulate())
    key, keys = 0, []
    while key not in keys:
        frame = decode(await client.read_dop2_leaf(ROUTE, 2, 105, key))
        keys.append(frame.idx1)
        if frame.idx1 == frame.idx2:
            break
        key = frame.idx2
    assert keys == [12163, 12164, 10003]
    objects = [decode(await client.read_dop2_leaf(ROUTE, 2, 19, n)).get(1) for n in range(3)]
    assert objects == [19, 17, 20]
    with pytest.raises(NotFound):
        await client.read_dop2_leaf(ROUTE, 2, 105, 777)
    with pytest.raises(NotFound):
        await client.list_dop2_attributes(ROUTE, 77)


async def test_a_recording_is_served_as_it_is(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate("oven", recording=str(RECORDING))
    client = client_for(simulator)
    assert len(await client.list_dop2_units(ROUTE)) == 8
    state = await client.walk_dop2_tree(ROUTE, pages=False)
    assert len(state.tree()) == 105
    await client.write_dop2_leaf(ROUTE, 2, 1586, encode(power(True)))
    with pytest.raises(NotFound):
        await client.write_dop2_leaf(ROUTE, 2, 9999, encode(power(True)))
    with pytest.raises(CommandRejected):
        await client.write_dop2_leaf(ROUTE, 2, 1586, b"nonsense")


def test_a_bad_recording_or_type_is_a_configuration_error(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"2": []}')
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text('{"device_type": "oven", "programs": [{"id": 1, "name": "defrost"}]}')
    for options in (
        MieleSimulatorOptions(recording=str(bad)),
        MieleSimulatorOptions(recording=str(catalogue)),
        MieleSimulatorOptions(recording=str(tmp_path / "none.json")),
        MieleSimulatorOptions(type="toaster"),
        MieleSimulatorOptions(scene="burning"),
    ):
        with pytest.raises(ConfigurationError):
            MieleSimulator(options)


async def test_the_http_surface_refuses_what_it_does_not_know(
    simulate: Simulate, client_for: ClientFor
) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    await client.get_devices()
    send = client.transport.send
    for path in (
        "/Devices/1/State",
        "/Nowhere",
        f"/Devices/{ROUTE}/DOP2/x",
        f"/Devices/{ROUTE}/State/Colour",
        f"/Devices/{ROUTE}/SuperVision/1",
        "/Subscriptions/9/",
        f"/Devices/{ROUTE}/DOP2/1/2/3",
    ):
        with pytest.raises(NotFound):
            await client.transport.get(path)
    for path, body in ((STATE, b"[1]"), (f"/Devices/{ROUTE}/SuperVision/1", b"[1]")):
        with pytest.raises(CommandRejected):
            await send("PUT", path, body)
    for body in (b"[1]", b'{"Resource":"/Devices/1/","Callback":"http://x"}'):
        with pytest.raises(CommandRejected):
            await send("POST", "/Subscriptions", body, Padding.TRAILING)
    with pytest.raises(NotSupported):
        await send("DELETE", f"/Devices/{ROUTE}/SuperVision/1")
    with pytest.raises(NotSupported):
        await client.transport.get("/Security/Commissioning/")
    with pytest.raises(NotFound):
        await send("POST", f"/Devices/{ROUTE}/DOP/", b'{"Request":"8E010100"}')
    assert await client.get_resource("/Subscriptions/") == {}


async def test_a_second_request_at_the_same_time_is_refused(simulate: Simulate) -> None:
    simulator = await simulate(latency_s=2.0)
    first, second = (Transport(simulator.host, simulator.credentials) for _ in range(2))
    await asyncio.gather(first.get(STATE), second.get(STATE))
    assert sorted(status for _, _, status in simulator.server.log) == [200, 200, 503]


async def test_the_connection_ends_after_every_answer(simulate: Simulate) -> None:
    simulator = await simulate()
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    writer.write(b"GET /Devices/ HTTP/1.1\r\nHost: oven\r\n\r\n")
    async with asyncio.timeout(1):
        head = await reader.read()  # until the end
    assert b"Connection: close" in head
    writer.close()


async def test_the_demo_is_a_whole_kitchen() -> None:
    kitchen = MieleSimulator.demo(Clock())
    assert len(kitchen) == 6
    for simulator in kitchen:
        assert isinstance(simulator, MieleSimulator)
        async with simulator:
            assert simulator.profile.tech_type in simulator.describe()
    unpaired = MieleSimulator(MieleSimulatorOptions(paired=False))
    assert "waits for pairing" in unpaired.describe()


def test_dop1_refuses_what_makes_no_sense() -> None:
    hood = Dop1(_appliance("hood"))
    for request in (
        "",
        "8E01",
        "12340100",
        "8E010300",
        "8E010200FF",
        "8E01020000FF0900",
        "8E060200000A",
        "1400020001",
    ):
        assert hood.answer(bytes.fromhex(request)) is None
    assert hood.answer(bytes.fromhex("8E010100")) == bytes.fromhex("8E01010000FF0000")
    assert hood.answer(bytes.fromhex("14000100")) is not None


async def test_the_network_can_go_and_come_back(simulate: Simulate, client_for: ClientFor) -> None:
    simulator = await simulate()
    client = client_for(simulator)
    await simulator.drop_wifi()
    await simulator.return_wifi()
    await simulator.return_wifi()
    assert (await client.get_device_state(ROUTE)).status == 4
    with pytest.raises(InvalidValue):
        await client.get_device("\x7f")
