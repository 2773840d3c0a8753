from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from tests.lamarzocco.direct.conftest import MakeSimulator

from homewire.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    InvalidValue,
    NotFound,
    ProtocolError,
)
from homewire.lamarzocco.direct.account import Account
from homewire.lamarzocco.direct.client import LMDirect
from homewire.lamarzocco.direct.simulator import AccountSimulator, DirectSimulator
from homewire.lamarzocco.direct.simulator.account import Credentials, FleetMachine

GS3 = FleetMachine(
    serial="GS012345", model="GS3 AV", name="Kitchen", key="k" * 32, counters={0: 412, 4: 903, -1: 522, 9: 1}
)
MINI = FleetMachine(serial="LM031415", model="Linea Mini", name="Bar", key="ÿ" * 32, update_available=True)


@pytest.fixture
async def cloud() -> AsyncIterator[AccountSimulator]:
    async with AccountSimulator([GS3, MINI]) as simulator:
        yield simulator


def _account(cloud: AccountSimulator, **changes: Any) -> Account:
    login = Credentials()
    values = {
        "client_id": login.client_id,
        "client_secret": login.client_secret,
        "username": login.username,
        "password": login.password,
        "account_url": cloud.url,
        "gateway_url": cloud.url,
    }
    return Account(**(values | changes))


async def test_the_account_gives_keys_counters_and_updates(cloud: AccountSimulator) -> None:
    async with _account(cloud) as account:
        fleet = await account.machines()
        assert [(one.serial, one.model, one.name) for one in fleet] == [
            ("GS012345", "GS3 AV", "Kitchen"),
            ("LM031415", "Linea Mini", "Bar"),
        ]
        assert (await account.machine("LM031415")).key.reveal() == "ÿ" * 32
        assert await account.counters("GS012345") == {0: 412, 4: 903, -1: 522, 9: 1}
        assert await account.counters("LM031415") == {}
        assert await account.update_available()
    assert cloud.requests.count("POST /oauth/v2/token") == 1
    assert "k" * 32 not in repr(fleet)


async def test_machines_are_chosen_by_serial(cloud: AccountSimulator) -> None:
    async with _account(cloud) as account:
        with pytest.raises(NotFound, match=r"not exactly one machine.*GS012345, LM031415"):
            await account.machine()
        with pytest.raises(NotFound, match="no machine XX000000"):
            await account.machine("XX000000")


async def test_an_expired_token_is_renewed_once(cloud: AccountSimulator) -> None:
    async with _account(cloud) as account:
        await account.machines()
        cloud.revoke_tokens()
        await account.machines()
    assert cloud.requests.count("POST /oauth/v2/token") == 2


@pytest.mark.parametrize(
    "wrong", [{"password": "x"}, {"username": "x"}, {"client_id": "x"}, {"client_secret": "x"}]
)
async def test_wrong_credentials_are_named(cloud: AccountSimulator, wrong: dict[str, str]) -> None:
    async with _account(cloud, **wrong) as account:
        with pytest.raises(AuthenticationFailed, match="does not take"):
            await account.machines()


async def test_a_broken_cloud_is_told_from_wrong_credentials(cloud: AccountSimulator) -> None:
    async with _account(cloud) as account:
        cloud.failing = 503
        with pytest.raises(ConnectionFailed, match="answers 503 to sign-in"):
            await account.machines()
        cloud.failing = None
        await account.machines()
        with pytest.raises(ConnectionFailed, match="answers 404"):
            await account.counters("XX000000")
        await cloud.stop()
        with pytest.raises(ConnectionFailed, match="cannot be reached"):
            await account.machines()


async def test_an_answer_of_another_shape_is_named(cloud: AccountSimulator) -> None:
    async with _account(cloud) as account:
        await account.machines()
        cloud.failing = 200
        with pytest.raises(ProtocolError, match="not what it should be"):
            await account.machines()


async def test_the_callers_session_is_used_and_left_open(cloud: AccountSimulator) -> None:
    async with aiohttp.ClientSession() as session:
        async with _account(cloud, session=session) as account:
            await account.machines()
        assert not session.closed


async def test_the_client_may_be_given_in_the_form(cloud: AccountSimulator) -> None:
    """The vendor's app puts client id and secret there (section 13.1)."""
    login = Credentials()
    form = {
        "client_id": login.client_id,
        "client_secret": login.client_secret,
        "grant_type": "password",
        "username": login.username,
        "password": login.password,
    }
    async with aiohttp.ClientSession() as session:
        for change, status in (({}, 200), ({"grant_type": "x"}, 400)):
            async with session.post(f"{cloud.url}/oauth/v2/token", data=form | change) as response:
                assert response.status == status
        headers = {"Authorization": "Basic ###"}
        async with session.post(f"{cloud.url}/oauth/v2/token", data=form, headers=headers) as response:
            assert response.status == 400


def _info(simulator: DirectSimulator, **more: Any) -> dict[str, Any]:
    assert simulator.account is not None
    login = simulator.account.credentials
    return {
        "host": "127.0.0.1",
        "port": simulator.port,
        "client_id": login.client_id,
        "client_secret": login.client_secret,
        "username": login.username,
        "password": login.password,
    } | more


def _lmdirect(simulator: DirectSimulator) -> LMDirect:
    assert simulator.account is not None
    url = simulator.account.url
    return LMDirect(_info(simulator), account_url=url, gateway_url=url)


async def test_what_is_missing_of_one_machine_does_not_hide_the_others(cloud: AccountSimulator) -> None:
    nothing: Any = None
    cloud.machines["new"] = FleetMachine(serial=nothing, model=nothing, name=nothing, key=nothing)
    cloud.machines["GS012345"].model, cloud.machines["GS012345"].name = nothing, nothing
    odd: Any = {0: 412, "tea": 3, 1: None}
    counters, cloud.machines["GS012345"].counters = cloud.machines["GS012345"].counters, odd
    try:
        async with _account(cloud) as account:
            fleet = await account.machines()
            assert [(one.serial, one.model, one.name) for one in fleet] == [
                ("GS012345", "", "GS012345"),
                ("LM031415", "Linea Mini", "Bar"),
            ]
            assert await account.counters("GS012345") == {0: 412}
    finally:
        GS3.model, GS3.name, GS3.counters = "GS3 AV", "Kitchen", counters


async def test_lmdirect_signs_in_and_anchors_its_counters(simulate: MakeSimulator) -> None:
    simulator = await simulate(account_port=0, name="Kitchen")
    machine = _lmdirect(simulator)
    await machine.request_status()
    about = (machine.machine_name, machine.model_name, machine.serial_number, machine.firmware_version)
    assert about == ("Kitchen", "GS3 AV", "GS024680", "1.40")
    status = machine.current_status
    # the account counted 40 more of each (section 11.1); the raw counters stay at hand
    assert (status["drinks_k1"], status["continuous"], status["total_flushing"]) == (452, 943, 522)
    assert machine.state.values["count_k1"] == 412
    await machine.close()


async def test_lmdirect_works_without_the_counters(simulate: MakeSimulator) -> None:
    simulator = await simulate(account_port=0)
    assert simulator.account is not None
    simulator.account.machines["GS024680"].counters = {}
    simulator.account.machines["GS024680"].update_available = True
    machine = _lmdirect(simulator)
    info = await machine.connect()
    assert info["key"] == simulator.options.key.reveal()
    await machine.request_status()
    assert machine.current_status["drinks_k1"] == 412
    assert machine.current_status["update_available"] is True
    await machine.close()


async def test_lmdirect_survives_an_account_without_gateway(simulate: MakeSimulator) -> None:
    simulator = await simulate(account_port=0)
    assert simulator.account is not None
    machine = LMDirect(_info(simulator), account_url=simulator.account.url, gateway_url="http://127.0.0.1:9")
    await machine.request_status()
    assert machine.current_status["drinks_k1"] == 412
    await machine.close()


async def test_lmdirect_needs_key_or_account() -> None:
    with pytest.raises(ConfigurationError, match="no client_id"):
        await LMDirect({"host": "127.0.0.1"}).request_status()


async def test_every_setter_of_lmdirect(simulate: MakeSimulator) -> None:
    simulator = await simulate(push="nothing")
    machine = LMDirect(
        {"host": "127.0.0.1", "port": simulator.port, "key": simulator.options.key.reveal()}, hold=True
    )
    await machine.set_preinfusion_enable(False)  # prebrewing is on, and stays on
    await machine.set_power(False)
    await machine.set_coffee_temp(94.2)
    await machine.set_steam_temp(121.5)
    await machine.set_steam_boiler_enable(False)
    await machine.set_prebrew_times(2, 1.5, 2.5)
    await machine.set_preinfusion_time(3, 4.5)
    await machine.set_dose(5, 900)
    await machine.set_dose_hot_water(9)
    await machine.set_auto_on_off_global(False)
    await machine.set_auto_on_off_enable("sun", True)
    await machine.set_auto_on_off_times("wed", 4, 5, 20, 21)
    await machine.set_start_backflush()
    await machine.set_clock()
    memory = simulator.machine.memory
    assert memory["prebrew_mode"] == 1
    assert (memory["power_on"], memory["coffee_setpoint_c"], memory["steam_setpoint_c"]) == (
        False,
        94.2,
        121.5,
    )
    assert (memory["steam_boiler_enabled"], memory["backflush_active"]) == (False, True)
    assert (memory["prebrew_on_k2_s"], memory["prebrew_off_k2_s"], memory["preinfusion_k3_s"]) == (
        1.5,
        2.5,
        4.5,
    )
    assert (memory["dose_k5_pulses"], memory["hot_water_dose_s"]) == (900, 9)
    assert (memory["schedule_enabled"], memory["sun_enabled"]) == (False, True)
    assert (memory["wed_on_minute"], memory["wed_off_hour"]) == (5, 20)
    await machine.set_preinfusion_enable(True)
    await machine.set_prebrewing_enable(False)
    assert memory["prebrew_mode"] == 2
    await machine.set_preinfusion_enable(False)
    assert memory["prebrew_mode"] == 0
    assert machine.current_status["enable_preinfusion"] is False
    for wrong in (
        machine.set_dose(6, 10),
        machine.set_auto_on_off_times("wed", 25, 0, 1, 1),
        machine.set_auto_on_off_enable("someday", True),
        machine.set_coffee_temp(150),
    ):
        with pytest.raises(InvalidValue):
            await wrong
    await machine.close()


async def test_callbacks_of_lmdirect_come_and_go(
    simulate: MakeSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    simulator = await simulate()
    machine = LMDirect({"host": "127.0.0.1", "port": simulator.port, "key": simulator.options.key.reveal()})

    def fail(**_values: object) -> None:
        raise RuntimeError("mine")

    machine.register_callback(fail)
    await machine.request_status()
    assert "A callback failed" in caplog.text
    machine.deregister_callback(fail)
    machine.deregister_callback(fail)
    await machine.close()
    simulator.levers.start_brew(1)
    await machine.request_status()
    assert machine.current_status["key_active"] == 1
    await machine.close()
