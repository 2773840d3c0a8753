from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import msgspec
import pytest
from tests.lamarzocco.direct.conftest import MakeSimulator

import homewire
from homewire.appliance import Change, Origin
from homewire.clock import Clock
from homewire.commands import Allowance, Stage
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    InvalidValue,
    RemoteControlDisabled,
)
from homewire.features import Number, Select, Switch, Time
from homewire.kinds import Check, find_kind
from homewire.lamarzocco import direct
from homewire.lamarzocco.direct.appliance import DirectAppliance, catalogue, features_of
from homewire.lamarzocco.direct.connection import DirectConnection, DirectSettings
from homewire.lamarzocco.direct.doctor import checks
from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.simulator import DirectSimulator
from homewire.link.supervisor import Supervisor
from homewire.secrets import Secret


def _settings(simulator: DirectSimulator, **changes: Any) -> DirectSettings:
    return DirectSettings(**{**simulator.settings(), **changes})


async def _open(simulator: DirectSimulator, **changes: Any) -> tuple[DirectConnection, DirectAppliance]:
    allow = Allowance(["start_backflush"])
    connection = DirectConnection(_settings(simulator, **changes), name="Kitchen", allow=allow)
    await connection.open()
    [appliance] = connection.appliances.values()
    assert isinstance(appliance, DirectAppliance)
    return connection, appliance


def test_the_kind_is_registered_with_all_its_parts() -> None:
    kind = find_kind("lamarzocco-direct")
    assert kind.load_connection() is DirectConnection
    assert kind.load_simulator() is DirectSimulator
    assert {model for model, _ in kind.load_catalogue()()} == {"GS3 AV", "GS3 MP", "Linea Mini"}
    for part in (kind.load_decoder(), kind.load_discovery(), kind.load_doctor()):
        assert callable(part)


def test_public_names_are_there_when_used() -> None:
    assert direct.LMDirect.__name__ == "LMDirect"
    assert {getattr(direct, name).__name__ for name in direct.__all__ if name != "KIND"}
    with pytest.raises(AttributeError, match="Nothing"):
        _ = direct.Nothing


def test_features_are_cut_to_the_model() -> None:
    keys = {Model(model): {feature.key for feature in features} for model, features in catalogue()}
    assert {"dose_key_5", "preinfusion_time_key_4", "steam_target_temperature", "flow"} <= keys[Model.GS3_AV]
    assert not {"dose_key_1", "prebrew_mode", "start_backflush"} & keys[Model.GS3_MP]
    assert {"hot_water_dose", "front_panel"} <= keys[Model.GS3_MP]
    assert {"prebrew_time_key_1", "start_backflush", "steam_boiler"} <= keys[Model.LINEA_MINI]
    assert not {"steam_temperature", "prebrew_time_key_2", "front_panel"} & keys[Model.LINEA_MINI]
    for model in Model:
        declared = features_of(model)
        assert len({feature.key for feature in declared}) == len(declared)
        assert all(feature.name for feature in declared)


@pytest.mark.parametrize("model", list(Model))
async def test_the_first_reading_knows_everything(simulate: MakeSimulator, model: Model) -> None:
    connection, appliance = await _open(await simulate(model=model.value))
    assert appliance.identity.model == model.value
    assert appliance.identity.id == f"lamarzocco:{appliance.identity.serial}"
    assert appliance.identity.name == "Kitchen"
    unknown = {key for key, value in appliance.state.items() if value is None}
    # these are told only while water flows; firmware 1.40 has no room for the second panel line in a read
    assert unknown <= {"shot_time", "shot_pulses", "flow", "front_panel_2"}
    await connection.close()


@pytest.mark.parametrize("model", list(Model))
async def test_every_writable_feature_takes_effect(simulate: MakeSimulator, model: Model) -> None:
    connection, appliance = await _open(await simulate(model=model.value, push="nothing"))
    for feature in appliance.features.values():
        if not feature.writable:
            continue
        if feature.pressable:
            command = await appliance.press(feature.key)
            assert command.stage is Stage.CONFIRMED
            continue
        value = _other_value(feature, appliance.state[feature.key])
        command = await appliance.write(feature.key, value)
        assert command.stage is Stage.CONFIRMED
        assert {Stage.SENT, Stage.ACCEPTED} <= command.times.keys()
        assert appliance.state[feature.key] == value, feature.key
    await connection.close()


def _other_value(feature: object, value: object) -> Any:
    match feature:
        case Switch():
            return not value
        case Number(minimum=low, maximum=high):
            return low if value != low else high
        case Select(options=options):
            return options[(options.index(str(value)) + 1) % len(options)]
        case Time():
            return dt.time(4, 44)
    raise AssertionError(feature)


async def test_what_is_refused_leaves_the_state(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator)
    simulator.levers.misbehave.refuse_writes = "short"
    with pytest.raises(CommandRejected, match=r"Kitchen: .*KO"):
        await appliance.write("power", False)
    with pytest.raises(InvalidValue, match="87 to 100"):
        await appliance.write("coffee_target_temperature", 40)
    assert (appliance.state["power"], appliance.state["coffee_target_temperature"]) == (True, 93.5)
    appliance.allow = Allowance()
    with pytest.raises(RemoteControlDisabled):
        await appliance.press("start_backflush")
    await connection.close()


async def test_a_shot_is_one_event_and_live_values(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator)
    changes: list[Change] = []
    appliance.subscribe(changes.append)
    simulator.levers.start_brew(3)
    await asyncio.sleep(10)
    live = (appliance.state["brewing"], appliance.state["brewing_key"], appliance.state["flow"])
    assert live == (True, 3, "high")
    await asyncio.sleep(60)
    [shot] = [occurrence for change in changes for occurrence in change.occurrences]
    assert (shot.key, shot.type, shot.data["key"], shot.data["pulses"]) == ("shot", "finished", 3, 160)
    assert shot.data["seconds"] == pytest.approx(33, abs=8)
    assert (appliance.state["brewing"], appliance.state["brewing_key"]) == (False, 0)
    await appliance.refresh()
    assert appliance.state["drinks_key_3"] == 78
    await connection.close()


async def test_a_status_in_between_does_not_lose_a_shot(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator)
    changes: list[Change] = []
    appliance.subscribe(changes.append)
    simulator.levers.start_brew(2)
    await asyncio.sleep(5)
    appliance._learned({"active_key": 0}, Origin.POLL)  # a board that is behind
    await asyncio.sleep(60)
    assert [one.data["key"] for change in changes for one in change.occurrences] == [2]
    await connection.close()


async def test_new_firmware_shows_in_the_identity(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator)
    simulator.machine.memory["firmware_version"] = "1.41"
    await appliance.refresh()
    assert appliance.identity.firmware == "1.41"
    await connection.close()


async def test_a_command_after_the_end_does_not_hold_the_machine_for_ever(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator, hold=True)
    await asyncio.sleep(60)
    assert connection.machine is not None
    assert connection.machine.connected
    await connection.close()
    await appliance.write("power", False)
    await asyncio.sleep(60)
    assert not connection.machine.connected


async def test_a_backflush_is_no_shot(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator)
    changes: list[Change] = []
    appliance.subscribe(changes.append)
    await appliance.press("start_backflush")
    await asyncio.sleep(100)
    await appliance.refresh()
    assert not [occurrence for change in changes for occurrence in change.occurrences]
    assert appliance.state["brewing"] is False
    await connection.close()


async def test_an_empty_tank_is_a_problem(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator)
    found = [[problem.key for problem in appliance.problems]]
    for lever in (simulator.levers.remove_tank, simulator.levers.refill_tank):
        lever()
        await appliance.refresh()
        found.append([problem.key for problem in appliance.problems])
    assert found == [[], ["water_empty"], []]
    await connection.close()


async def test_diagnostics_help_and_keep_the_key(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator)
    report = msgspec.json.encode([appliance.diagnostics(), dict(connection.diagnostics())]).decode()
    assert '"dose_k1_pulses":70' in report
    assert simulator.options.key.reveal() not in report
    await connection.close()


async def test_connect_holds_and_recovers(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    async with homewire.connect("lamarzocco-direct", **simulator.settings()) as connection:
        [appliance] = connection.appliances.values()
        online = [appliance.availability.online]
        simulator.levers.misbehave.hang_up_in_reply = True
        with pytest.raises(ConnectionFailed):
            await appliance.write("power", False)
        for wait_s in (0.1, 30):
            await asyncio.sleep(wait_s)
            online.append(appliance.availability.online)
        assert online == [True, False, True]
        assert list(connection.appliances.values()) == [appliance]


async def test_a_shared_machine_is_visited(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    settings = dict(simulator.settings()) | {"hold": False, "poll_interval_s": 60.0}
    async with homewire.connect("lamarzocco-direct", **settings) as connection:
        await asyncio.sleep(30)
        assert connection.diagnostics()["connected"] is False
        simulator.levers.set_value("hot_water_dose_s", 21)
        await asyncio.sleep(35)
        [appliance] = connection.appliances.values()
        assert appliance.state["hot_water_dose"] == 21
        assert simulator.clients == 2


async def test_a_held_machine_that_falls_silent_is_lost(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, _ = await _open(simulator, poll_interval_s=1000.0)
    simulator.levers.misbehave.silent = True
    with pytest.raises(ConnectionLost, match="said nothing for"):
        await connection.serve()
    await connection.close()


async def test_polls_survive_a_busy_board(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    connection, appliance = await _open(simulator, poll_interval_s=5.0)
    serving = asyncio.create_task(connection.serve())
    simulator.levers.misbehave.busy_reads = True
    simulator.levers.start_brew(5)
    await asyncio.sleep(30)
    assert not serving.done()
    assert appliance.state["brewing"] is True
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await connection.close()


async def test_another_machine_at_the_address_is_another_appliance(simulate: MakeSimulator) -> None:
    first, second = await simulate(), await simulate(model="Linea Mini")
    connection, appliance = await _open(first)
    seen: list[tuple[str, bool]] = []
    connection.subscribe_appliances(lambda one, added: seen.append((one.identity.id, added)))
    await connection.close()
    connection.settings = _settings(second)
    await connection.open()
    assert seen == [("lamarzocco:GS024680", False), ("lamarzocco:LM031415", True)]
    assert not appliance.availability.online
    await connection.close()


async def test_an_unknown_machine_is_treated_as_a_gs3_av(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    simulator.machine.memory["machine_type"] = 9
    simulator.machine.memory["firmware_version"] = "1.99"
    connection, appliance = await _open(simulator)
    assert (appliance.identity.model, appliance.identity.firmware) == ("type 9", "1.99")
    assert "dose_key_1" in appliance.features
    assert connection.unknowns.report()[0]["kind"] == "machine type"
    await connection.close()


async def test_a_machine_too_busy_to_introduce_itself(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    simulator.levers.misbehave.busy_reads = True
    simulator.levers.start_brew(5)
    with pytest.raises(ConnectionFailed, match="has not told what it is"):
        await _open(simulator)


async def test_the_key_comes_from_the_account(simulate: MakeSimulator) -> None:
    simulator = await simulate(account_port=0, name="Office")
    assert simulator.account is not None
    login = simulator.account.credentials
    settings = DirectSettings(
        host="127.0.0.1",
        port=simulator.port,
        username=login.username,
        password=Secret(login.password),
        client_id=login.client_id,
        client_secret=Secret(login.client_secret),
        account_url=simulator.account.url,
        gateway_url=simulator.account.url,
    )
    connection = DirectConnection(settings)
    await connection.open()
    [appliance] = connection.appliances.values()
    assert appliance.identity.name == "Office"
    await connection.close()
    with pytest.raises(AuthenticationFailed):
        await DirectConnection(msgspec.structs.replace(settings, password=Secret("wrong"))).open()
    with pytest.raises(ConfigurationError, match="needs the key"):
        await DirectConnection(DirectSettings(host="127.0.0.1")).open()


async def test_a_wrong_key_parks_the_link(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    supervisor = Supervisor(DirectConnection(_settings(simulator, key=Secret("z" * 32))))
    supervisor.start()
    with pytest.raises(AuthenticationFailed):
        await supervisor.opened()
    await supervisor.stop()


async def _checked(settings: DirectSettings) -> list[Check]:
    return [check async for check in checks(settings, Clock())]


async def test_the_doctor_finds_everything_fine(simulate: MakeSimulator) -> None:
    found = await _checked(_settings(await simulate()))
    assert [(check.name, check.ok) for check in found] == [
        ("name resolution", True),
        ("reachability", True),
        ("key", True),
        ("clock", True),
    ]


async def test_the_doctor_finds_what_is_wrong(simulate: MakeSimulator) -> None:
    simulator = await simulate()
    simulator.levers.power_cycle()
    assert [check.name for check in await _checked(_settings(simulator)) if not check.ok] == ["clock"]
    simulator.levers.set_value("clock_month", 77)
    wrong_key = await _checked(_settings(simulator, key=Secret("z" * 32)))
    assert (wrong_key[-1].name, wrong_key[-1].ok) == ("key", False)
    no_key = await _checked(_settings(simulator, key=Secret("short")))
    assert "5 characters" in no_key[-1].found
    simulator.levers.misbehave.silent = True
    busy = await _checked(_settings(simulator))
    assert (busy[-1].name, busy[-1].ok) == ("answer", False)
    await simulator.stop()
    gone = await _checked(_settings(simulator))
    assert (gone[-1].name, gone[-1].ok) == ("reachability", False)
    nowhere = await _checked(_settings(simulator, host="no-such-machine.invalid"))
    assert [(check.name, check.ok) for check in nowhere] == [("name resolution", False)]
