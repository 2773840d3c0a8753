"""The cloud client against the simulated cloud: sign-in, reading, every command, and how failures look."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from homewire.clock import Clock
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandTimeout,
    ConnectionFailed,
    NotFound,
    ProtocolError,
)
from homewire.lamarzocco.gateway.client import LaMarzoccoCloudClient
from homewire.lamarzocco.gateway.models import (
    BoilerType,
    Configuration,
    FirmwareType,
    GrinderConfiguration,
    PhysicalKey,
    PrebrewMode,
    ScheduleDay,
    SmartStandbyMode,
    WakeUpSleepEntry,
    WeeklySchedule,
)
from homewire.lamarzocco.gateway.simulator import CommandOutcome

Start = Callable[..., Awaitable[Any]]


async def test_signs_in_once_for_parallel_calls(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, serial = clients.cloud(), clients.simulator.machine.serial
    await asyncio.gather(*(cloud.get_config(serial) for _ in range(5)), cloud.get_customer_fleet())
    assert clients.simulator.cloud.tokens.sign_ins == 1


async def test_create_signs_in_and_a_wrong_password_is_an_authentication_failure(simulate: Start) -> None:
    clients = await simulate("Micra")
    own = clients.simulator
    urls = {"cms_url": own.cloud.url, "gateway_url": own.cloud.url}
    client = await LaMarzoccoCloudClient.create(own.options.username, own.options.password, **urls)
    await client.close()
    assert own.cloud.tokens.sign_ins == 1
    with pytest.raises(AuthenticationFailed, match="Invalid username and password combination") as caught:
        await LaMarzoccoCloudClient.create(own.options.username, "wrong", **urls)
    assert "Home app" in str(caught.value)


async def test_a_refused_password_is_not_tried_again_at_once(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud = clients.cloud(password="wrong")
    for _ in range(3):
        with pytest.raises(AuthenticationFailed):
            await cloud.get_customer_fleet()
    assert list(clients.simulator.cloud.calls) == ["POST /oauth/v2/token"]
    await Clock().sleep(61)
    with pytest.raises(AuthenticationFailed):
        await cloud.get_customer_fleet()
    assert len(clients.simulator.cloud.calls) == 2


async def test_a_password_with_special_characters_is_form_encoded(simulate: Start) -> None:
    clients = await simulate("Micra", password="a+b&c%d é")
    assert await clients.cloud().get_customer_fleet()


async def test_refreshes_before_the_token_ends_and_signs_in_after(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, tokens = clients.cloud(), clients.simulator.cloud.tokens
    await cloud.async_get_access_token()
    await Clock().sleep(3600 - 200)
    await cloud.async_get_access_token()
    assert (tokens.sign_ins, tokens.refreshes) == (1, 1)
    await Clock().sleep(3700)
    await cloud.async_get_access_token()
    assert (tokens.sign_ins, tokens.refreshes) == (2, 1)


async def test_a_refused_refresh_ends_in_a_sign_in(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, tokens = clients.cloud(), clients.simulator.cloud.tokens
    await cloud.async_get_access_token()
    tokens.revoke_refresh()
    await Clock().sleep(3600 - 200)
    await cloud.async_get_access_token()
    assert (tokens.sign_ins, tokens.refreshes) == (2, 0)


async def test_a_refresh_that_fails_for_a_moment_keeps_the_token(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, tokens, levers = clients.cloud(), clients.simulator.cloud.tokens, clients.simulator.cloud.levers
    token = await cloud.async_get_access_token()
    await Clock().sleep(3600 - 200)
    levers.calls_left = 0
    assert await cloud.async_get_access_token() == token
    levers.calls_left, levers.silent = None, True
    assert await cloud.async_get_access_token() == token
    levers.silent = False
    assert await cloud.async_get_access_token() != token
    assert (tokens.sign_ins, tokens.refreshes) == (1, 1)


async def test_a_revoked_token_is_replaced_once(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, serial = clients.cloud(), clients.simulator.machine.serial
    await cloud.get_config(serial)
    clients.simulator.cloud.tokens.revoke_access()
    assert await cloud.get_config(serial)
    assert clients.simulator.cloud.tokens.sign_ins == 2
    await cloud.async_logout()
    assert clients.simulator.cloud.calls[-1] == "POST /oauth/v2/logout"


async def test_a_locked_account_and_a_broken_token_answer(simulate: Start) -> None:
    clients = await simulate("Micra")
    clients.simulator.cloud.levers.lock_account = True
    with pytest.raises(AuthenticationFailed, match="locked"):
        await clients.cloud().get_customer_fleet()
    clients.simulator.cloud.levers.lock_account = False
    clients.simulator.cloud.levers.body = b'{"access_token": 7}'
    with pytest.raises(ProtocolError, match="token answer"):
        await clients.cloud().get_customer_fleet()


async def test_reads_fleet_status_firmware_and_statistics(simulate: Start) -> None:
    clients = await simulate("Linea Mini", "Pico")
    cloud, (mini, pico) = clients.cloud(), clients.simulator.machines.values()
    fleet = await cloud.get_customer_fleet()
    assert {serial: info.model for serial, info in fleet.items()} == {
        mini.serial: "Linea Mini",
        pico.serial: "Pico",
    }
    assert fleet[mini.serial].communication_key.reveal() == mini.key
    assert mini.key not in repr(fleet)
    config = await cloud.get_configuration(mini.serial)
    assert isinstance(config, Configuration)
    assert config.scale is not None
    grinder = await cloud.get_configuration(pico.serial, GrinderConfiguration)
    assert grinder.bell_opened is False
    assert (await cloud.get_status(mini.serial))["MACHINE_STATUS"] == "StandBy"
    firmware = await cloud.get_firmware(mini.serial)
    assert firmware[FirmwareType.MACHINE].version == "1.12"
    counters = await cloud.get_statistics(mini.serial)
    assert [each.coffee_type for each in counters] == [0, 1, 2, 3, 4, -1]
    today = Clock().now()
    daily = await cloud.get_daily_statistics(
        mini.serial, today - dt.timedelta(days=7), today, 1, "Europe/Rome"
    )
    assert len(daily) == 7
    assert sum(day.count for day in daily) == sum(
        mini.history[(today - dt.timedelta(days=days)).date()]["doseA"] for days in range(1, 8)
    )


async def test_reads_the_form_of_gateway_v2(simulate: Start) -> None:
    clients = await simulate("Micra", gateway="v2.2-rc0")
    config = await clients.cloud().get_configuration(clients.simulator.machine.serial)
    assert config.machine_mode == "StandBy"
    assert config.boilers[0].current is None
    assert config.weekly_scheduling_config is not None


ENTRY = WakeUpSleepEntry(
    id="aBcDeF1", days=("monday",), steam=True, enabled=True, time_on="6:30", time_off="20:0"
)
SCHEDULE = WeeklySchedule(enabled=True, monday=ScheduleDay(enabled=True, h_on=6, m_on=30, h_off=20, m_off=5))
Check = Callable[[dict[str, Any]], bool]
COMMANDS: list[tuple[str, str, Callable[[LaMarzoccoCloudClient, str], Awaitable[bool]], Check]] = [
    ("GS3 AV", "v3.7", lambda c, s: c.set_power(s, True), lambda x: x["machineMode"] == "BrewingMode"),
    ("GS3 AV", "v3.7", lambda c, s: c.set_steam(s, False), lambda x: x["boilers"][0]["isEnabled"] is False),
    (
        "GS3 AV",
        "v3.7",
        lambda c, s: c.set_temp(s, BoilerType.STEAM, 127),
        lambda x: x["boilers"][0]["target"] == 127,
    ),
    (
        "GS3 AV",
        "v3.7",
        lambda c, s: c.set_temp(s, BoilerType.COFFEE, 123.9),
        lambda x: x["boilers"][1]["target"] == 123.9000015258789,
    ),
    (
        "Micra",
        "v3.7",
        lambda c, s: c.set_prebrew_mode(s, PrebrewMode.PREBREW),
        lambda x: x["preinfusionSettings"]["mode"] == "Enabled",
    ),
    (
        "Micra",
        "v3.7",
        lambda c, s: c.configure_pre_brew_infusion_time(s, 2.5, 3.5, "Continuous"),
        lambda x: x["preinfusionSettings"]["Group1"][0]["preWetHoldTime"] == 3.5,
    ),
    (
        "GS3 AV",
        "v5.0.9",
        lambda c, s: c.configure_pre_brew_infusion_time(s, 0, 4, PhysicalKey.D),
        lambda x: (
            [e["preWetHoldTime"] for e in x["preinfusionSettings"]["Group1"] if e["doseType"] == "DoseD"]
            == [3, 4]
        ),
    ),
    ("Micra", "v3.7", lambda c, s: c.enable_plumbin(s, True), lambda x: x["isPlumbedIn"] is True),
    (
        "GS3 AV",
        "v3.7",
        lambda c, s: c.set_dose(s, PhysicalKey.B, 99),
        lambda x: x["groupCapabilities"][0]["doses"][1]["stopTarget"] == 99,
    ),
    (
        "GS3 MP",
        "v3.7",
        lambda c, s: c.set_dose_hot_water(s, 9),
        lambda x: x["teaDoses"]["DoseA"]["stopTarget"] == 9,
    ),
    (
        "Linea Mini",
        "v3.7",
        lambda c, s: c.set_scale_dose(s, PhysicalKey.A, 36),
        lambda x: x["groupCapabilities"][0]["doses"][0]["stopTarget"] == 36,
    ),
    (
        "Linea Mini R",
        "v3.7",
        lambda c, s: c.set_recipes(s, "Recipe1", {"A": 30, "B": 40}),
        lambda x: [d["target"] for d in x["recipes"][0]["recipe_doses"]] == [30, 40],
    ),
    (
        "Linea Mini",
        "v3.7",
        lambda c, s: c.set_active_recipe(s, "B"),
        lambda x: x["recipeAssignment"][0]["recipe_dose"] == "B",
    ),
    (
        "Micra",
        "v3.7",
        lambda c, s: c.set_wake_up_sleep(s, ENTRY),
        lambda x: x["wakeUpSleepEntries"][-1]["timeOff"] == "20:0",
    ),
    (
        "Micra",
        "v3.7",
        lambda c, s: c.delete_wake_up_sleep(s, "T6aLl42"),
        lambda x: x["wakeUpSleepEntries"] == [],
    ),
    (
        "Micra",
        "v3.7",
        lambda c, s: c.set_smart_standby(s, True, 30, SmartStandbyMode.POWER_ON),
        lambda x: x["smartStandBy"] == {"mode": "PowerOn", "minutes": 30, "enabled": True},
    ),
    (
        "Micra",
        "v3.1",
        lambda c, s: c.set_schedule(s, SCHEDULE),
        lambda x: (
            x["weeklySchedulingConfig"]["monday"]
            == {"enabled": True, "h_on": 6, "h_off": 20, "m_on": 30, "m_off": 5}
        ),
    ),
]


@pytest.mark.parametrize(("model", "gateway", "command", "changed"), COMMANDS)
async def test_every_command_is_confirmed_and_takes_effect(
    simulate: Start, model: str, gateway: str, command: Any, changed: Check
) -> None:
    clients = await simulate(model, gateway=gateway)
    machine = clients.simulator.machine
    assert not changed(machine.configuration())
    assert await command(clients.cloud(), machine.serial) is True
    assert changed(machine.configuration())
    if gateway == "v3.1":
        assert machine.configuration()["weeklySchedulingConfig"]["sunday"]["h_on"] == 0, "24 is sent as 00:00"


async def test_backflush_needs_a_machine_that_is_on(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, machine = clients.cloud(), clients.simulator.machine
    await cloud.start_backflush(machine.serial)
    assert machine.configuration()["isBackFlushEnabled"] is False
    machine.set_mode("BrewingMode")
    await cloud.start_backflush(machine.serial)
    assert machine.configuration()["isBackFlushEnabled"] is True
    await Clock().sleep(20)
    assert machine.config["isBackFlushEnabled"] is False


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (CommandOutcome.PENDING, CommandTimeout),
        (CommandOutcome.FAILED, CommandRejected),
        (CommandOutcome.REFUSED, CommandRejected),
        (CommandOutcome.NO_RECORD, CommandRejected),
        (CommandOutcome.NO_ID, CommandRejected),
    ],
)
async def test_a_command_that_comes_to_nothing_says_so(
    simulate: Start, outcome: CommandOutcome, error: type[Exception]
) -> None:
    clients = await simulate("Micra")
    clients.simulator.cloud.levers.command_outcome = outcome
    with pytest.raises(error):
        await clients.cloud().set_power(clients.simulator.machine.serial, True)
    writes = [call for call in clients.simulator.cloud.calls if call.startswith("POST /v1/home")]
    assert len(writes) == 1, "a command is never repeated"


async def test_a_slow_machine_is_not_a_failure(simulate: Start) -> None:
    clients = await simulate("Micra")
    clients.simulator.cloud.levers.command_delay_s = 12.0
    assert await clients.cloud().set_power(clients.simulator.machine.serial, True)


async def test_an_unusable_command_record(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, serial = clients.cloud(), clients.simulator.machine.serial
    await cloud.async_get_access_token()
    clients.simulator.cloud.levers.body = b'{"data": {"commandId": "x", "status": 7}}'
    with pytest.raises(ProtocolError, match="command record"):
        await cloud.set_power(serial, True)


async def test_firmware_updates_are_followed_to_the_end(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, serial = clients.cloud(), clients.simulator.machine.serial
    seen = [record.version async for record in cloud.follow_update(serial, FirmwareType.MACHINE)]
    assert seen[0] == "1.12"
    assert seen[-1] == "1.13"
    assert await cloud.update_firmware(serial, FirmwareType.GATEWAY) is True
    await Clock().sleep(60)
    clients.simulator.machine.firmware["gateway_firmware"]["targetVersion"] = "v9"
    clients.simulator.machine.update_firmware = lambda _component: None
    with pytest.raises(CommandTimeout, match="firmware"):
        await cloud.update_firmware(serial, FirmwareType.GATEWAY)


async def test_an_update_outlasts_a_gateway_that_restarts(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, machine = clients.cloud(), clients.simulator.machine
    updating = asyncio.ensure_future(cloud.update_firmware(machine.serial, FirmwareType.MACHINE))
    await Clock().sleep(10)
    clients.simulator.cloud.levers.failing_reads = ("/firmware/",)
    await Clock().sleep(40)
    clients.simulator.cloud.levers.failing_reads = ()
    assert await updating is True


async def test_an_answer_without_the_component_is_no_installed_update(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud, machine = clients.cloud(), clients.simulator.machine
    await cloud.async_get_access_token()
    updating = asyncio.ensure_future(cloud.update_firmware(machine.serial, FirmwareType.MACHINE))
    await Clock().sleep(10)
    kept, machine.firmware = machine.firmware, {}
    await Clock().sleep(10)
    assert not updating.done()
    machine.firmware = kept
    await Clock().sleep(60)
    assert await updating is True


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthenticationFailed),
        (403, ConnectionFailed),
        (404, NotFound),
        (500, ConnectionFailed),
        (504, ConnectionFailed),
    ],
)
async def test_http_failures(simulate: Start, status: int, error: type[Exception]) -> None:
    clients = await simulate("Micra")
    clients.simulator.cloud.levers.status = status
    with pytest.raises(error):
        await clients.cloud().get_config(clients.simulator.machine.serial)


async def test_rate_limits_tell_when_to_come_back(simulate: Start) -> None:
    clients = await simulate("Micra")
    clients.simulator.cloud.levers.calls_left = 1
    with pytest.raises(ConnectionFailed, match="try again in 30 s"):
        await clients.cloud().get_config(clients.simulator.machine.serial)


async def test_silence_ends_after_the_limit(simulate: Start) -> None:
    clients = await simulate("Micra")
    clients.simulator.cloud.levers.silent = True
    with pytest.raises(ConnectionFailed, match="did not answer within 10 s"):
        await clients.cloud().get_config("MR1")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": []}', b'{"data": 3}', b"{}"])
async def test_unusable_answers_are_protocol_errors(simulate: Start, body: bytes) -> None:
    clients = await simulate("Micra")
    cloud, serial = clients.cloud(), clients.simulator.machine.serial
    await cloud.async_get_access_token()
    clients.simulator.cloud.levers.body = body
    for read in (cloud.get_config, cloud.get_status, cloud.get_firmware):
        with pytest.raises(ProtocolError):
            await read(serial)
    with pytest.raises((ProtocolError, CommandRejected)):
        await cloud.set_power(serial, True)


async def test_odd_fleet_entries_are_noted_and_left_out(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud = clients.cloud()
    await cloud.async_get_access_token()
    good = {
        "name": None,
        "communicationKey": "k",
        "machine": {"serialNumber": "MR1", "model": {"name": "Micra"}},
    }
    clients.simulator.cloud.levers.body = msgspec.json.encode({"data": {"fleet": [good, {"x": 1}]}})
    fleet = await cloud.get_customer_fleet()
    assert [info.name for info in fleet.values()] == ["MR1"]
    assert cloud.unknowns.totals["fleet entry"] == 1


async def test_an_answer_without_end_is_cut_off(simulate: Start) -> None:
    clients = await simulate("Micra")
    cloud = clients.cloud()
    await cloud.async_get_access_token()
    clients.simulator.cloud.levers.body = b" " * (5 * 1024 * 1024)
    with pytest.raises(ProtocolError, match="longer than"):
        await cloud.get_config(clients.simulator.machine.serial)


async def test_nobody_listens() -> None:
    async with LaMarzoccoCloudClient("a", "b", cms_url="http://127.0.0.1:9") as cloud:
        with pytest.raises(ConnectionFailed, match="cannot be reached"):
            await cloud.get_customer_fleet()


async def test_a_grinder_takes_no_commands(simulate: Start) -> None:
    clients = await simulate("Pico")
    with pytest.raises(NotFound):
        await clients.cloud().set_power(clients.simulator.machine.serial, True)
