"""What network, module and appliance can do to a Miele client, and that it says why, and recovers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from homewire.errors import CommandRejected, ConnectionFailed, HomewireError, ProtocolError
from homewire.link.supervisor import LinkState, Supervisor
from homewire.miele.client import MieleClient
from homewire.miele.connection import MieleConnection, MieleSettings
from homewire.miele.dop2.walk import Walk, WalkState
from homewire.miele.refusals import NotNow
from homewire.miele.simulator import Forgery, MieleSimulator, MieleSimulatorOptions
from homewire.secrets import Secret
from homewire.simulation.faults import FaultProxy

ROUTE = "000123456789"
StartProxy = Callable[[str, int], Awaitable[FaultProxy]]


@pytest.fixture
async def oven() -> AsyncIterator[MieleSimulator]:
    async with MieleSimulator(MieleSimulatorOptions(type="oven")) as simulator:
        yield simulator


def _client(simulator: MieleSimulator, port: int | None = None) -> MieleClient:
    options = simulator.options
    return MieleClient.from_hex(f"127.0.0.1:{port or simulator.port}", options.group_id, options.group_key)


def _settings(simulator: MieleSimulator, port: int | None = None, *, push: bool = False) -> MieleSettings:
    options = simulator.options
    return MieleSettings(
        host=f"127.0.0.1:{port or simulator.port}",
        group_id=options.group_id,
        group_key=Secret(options.group_key),
        push=push,
        listen_address="127.0.0.1",
    )


def _split_both(proxy: FaultProxy) -> None:
    proxy.up.split = proxy.down.split = 7


FAULTS: dict[str, Callable[[FaultProxy], object]] = {
    "hang up": lambda proxy: setattr(proxy, "hang_up", True),
    "reset in the headers": lambda proxy: setattr(proxy.down, "reset_after", 60),
    "reset in the body": lambda proxy: setattr(proxy.down, "reset_after", 400),
    "reset in the request": lambda proxy: setattr(proxy.up, "reset_after", 100),
    "cut in the headers": lambda proxy: setattr(proxy.down, "truncate_after", 60),
    "cut in the body": lambda proxy: setattr(proxy.down, "truncate_after", 400),
    "black hole down": lambda proxy: setattr(proxy.down, "black_hole", True),
    "black hole up": lambda proxy: setattr(proxy.up, "black_hole", True),
    "delay": lambda proxy: setattr(proxy.down, "delay_s", 5.0),
    "long delay": lambda proxy: setattr(proxy.down, "delay_s", 50.0),
    "split": lambda proxy: setattr(proxy.down, "split", 5),
    "split both": _split_both,
    "merge": lambda proxy: setattr(proxy.down, "merge", 150),
    "corrupt": lambda proxy: setattr(proxy.down, "corrupt_every", 97),
    "corrupt up": lambda proxy: setattr(proxy.up, "corrupt_every", 97),
    "garbage": lambda proxy: setattr(proxy.down, "garbage", b"\x00\xff garbage \r\n\r\n"),
    "garbage up": lambda proxy: setattr(proxy.up, "garbage", b"\x00\xff garbage \r\n\r\n"),
    "duplicate": lambda proxy: setattr(proxy.down, "duplicate", True),
    "slow": lambda proxy: setattr(proxy.down, "rate", 400.0),
    "very slow": lambda proxy: setattr(proxy.down, "rate", 20.0),
}
HARMLESS = {"delay", "split", "split both", "slow"}


@pytest.mark.parametrize("fault", FAULTS)
async def test_reading_through_a_bad_network(
    oven: MieleSimulator, fault_proxy: StartProxy, fault: str
) -> None:
    proxy = await fault_proxy("127.0.0.1", oven.port)
    client = _client(oven, proxy.port)
    FAULTS[fault](proxy)
    outcome: HomewireError | None = None
    began = asyncio.get_running_loop().time()
    try:
        state = await client.get_device_state(ROUTE)
        assert state.status == 4, "what arrives is true or not there"
    except HomewireError as error:
        outcome = error
    assert asyncio.get_running_loop().time() - began < 40
    assert (outcome is None) or fault not in HARMLESS
    proxy.heal()
    proxy.reset()
    assert (await client.get_device_state(ROUTE)).status == 4


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_write_through_a_bad_network_happens_at_most_once(
    oven: MieleSimulator, fault_proxy: StartProxy, fault: str
) -> None:
    proxy = await fault_proxy("127.0.0.1", oven.port)
    client = _client(oven, proxy.port)
    await client.get_device_state(ROUTE)
    oven.server.log.clear()
    proxy.reset()
    FAULTS[fault](proxy)
    try:
        await client.write_state(ROUTE, {"Light": 1})
        assert oven.appliance.light == 1
    except HomewireError:
        pass
    await asyncio.sleep(60)
    assert [(method, status) for method, _, status in oven.server.log if status == 200].count(
        ("PUT", 200)
    ) <= 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_supervised_link_turns_bad_and_comes_back(
    oven: MieleSimulator, fault_proxy: StartProxy, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.INFO, "homewire.link.supervisor")
    proxy = await fault_proxy("127.0.0.1", oven.port)
    connection = MieleConnection(_settings(oven, proxy.port), name="oven")
    supervisor = Supervisor(connection)
    supervisor.start()
    await supervisor.opened()
    (appliance,) = connection.appliances.values()
    FAULTS[fault](proxy)
    proxy.reset()
    await asyncio.sleep(420)
    assert len([record for record in caplog.records if "not reachable" in record.message]) <= 1
    if supervisor.status.state is not LinkState.ONLINE:
        assert not appliance.availability.online
        assert fault not in HARMLESS
    proxy.heal()
    proxy.reset()
    if supervisor.status.state is LinkState.PARKED:
        supervisor.settings_changed(connection.settings)
    await asyncio.sleep(420)
    assert supervisor.status.state is LinkState.ONLINE
    assert appliance.availability.online
    assert appliance.state["status"] is not None
    await supervisor.stop()


@pytest.mark.parametrize("forgery", [f for f in Forgery if f is not Forgery.NO_JSON])
async def test_a_forged_state_never_becomes_a_value(oven: MieleSimulator, forgery: Forgery) -> None:
    async with MieleConnection(_settings(oven)) as connection:
        (appliance,) = connection.appliances.values()
        serving = asyncio.create_task(connection.serve())
        await asyncio.sleep(61)
        shown = dict(appliance.state)
        oven.levers.forgeries = [forgery]
        await asyncio.sleep(61)
        assert not oven.levers.forgeries
        assert {key: appliance.state[key] for key in ("status", "door", "light")} == {
            key: shown[key] for key in ("status", "door", "light")
        }
        assert not serving.done(), "one bad answer is no lost link"
        serving.cancel()


async def test_a_replayed_answer_does_not_bring_old_values_back(oven: MieleSimulator) -> None:
    client = _client(oven)
    assert (await client.get_device_state(ROUTE)).light == 2
    await asyncio.sleep(2)
    await client.set_light(ROUTE, True)
    oven.levers.forgeries = [Forgery.REPLAYED]
    with pytest.raises(ProtocolError, match="replayed"):
        await client.get_device_state(ROUTE)
    assert (await client.get_device_state(ROUTE)).light == 1


async def test_truncated_leaves_leave_the_link_alone(oven: MieleSimulator) -> None:
    async with MieleConnection(_settings(oven)) as connection:
        (appliance,) = connection.appliances.values()
        oven.levers.truncate_leaf = [14] * 3
        await appliance.refresh()
        assert appliance.state["status"] == "waiting_to_start"


async def test_falling_asleep_between_two_reads(oven: MieleSimulator) -> None:
    client = _client(oven)
    assert await client.read_dop2_leaf(ROUTE, 2, 256)
    oven.levers.sleep_after = 0
    with pytest.raises(NotNow):
        await client.read_dop2_leaf(ROUTE, 2, 256)
    oven.levers.sleep_after = 1
    assert await client.read_dop2_awake(ROUTE, 2, 256)


async def test_falling_asleep_during_a_walk(oven: MieleSimulator) -> None:
    client = _client(oven)
    oven.levers.sleep_after = 7
    state = await client.walk_dop2_tree(ROUTE)
    assert state.done
    assert not state.refused


async def test_a_wifi_drop_during_a_walk_is_resumed_where_it_stopped(oven: MieleSimulator) -> None:
    client = _client(oven)
    state = WalkState()
    port = client.port(ROUTE)

    async def _walk_until_it_breaks() -> None:
        steps = 0
        async for _ in Walk(port, clock=client.clock, state=state).steps():
            steps += 1
            if steps == 10:
                await oven.drop_wifi()

    with pytest.raises(ConnectionFailed):
        await _walk_until_it_breaks()
    left = len(state.pending)
    assert 0 < left < state.total
    saved = WalkState.from_json(state.to_json())
    await oven.return_wifi()
    oven.server.log.clear()
    await Walk(port, clock=client.clock, state=saved).run()
    assert saved.done
    whole = await client.walk_dop2_tree(ROUTE)
    assert set(saved.tree()) == set(whole.tree())


async def test_a_blocked_listener_port_still_follows_the_appliance(oven: MieleSimulator) -> None:
    oven.levers.push_blocked = True
    oven.appliance.start()
    async with MieleConnection(_settings(oven, push=True)) as connection:
        (appliance,) = connection.appliances.values()
        serving = asyncio.create_task(connection.serve())
        oven.levers.open_door()
        await asyncio.sleep(11)
        assert appliance.state["door"] is True
        serving.cancel()


async def test_a_flood_of_busy_answers_is_waited_out(oven: MieleSimulator) -> None:
    client = _client(oven)
    oven.levers.busy = 4
    began = asyncio.get_running_loop().time()
    assert (await client.get_device_state(ROUTE)).status == 4
    assert asyncio.get_running_loop().time() - began >= 30


async def test_a_refused_command_leaves_the_state_as_it_is(oven: MieleSimulator) -> None:
    async with MieleConnection(_settings(oven)) as connection:
        (appliance,) = connection.appliances.values()
        oven.levers.remote_control(level=0)
        with pytest.raises(CommandRejected):
            await appliance.press("start", dangerous=True)
        assert appliance.state["status"] == "waiting_to_start"
        assert appliance.state["remote_control"] == "off"
