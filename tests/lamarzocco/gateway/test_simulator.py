"""The simulator by itself: what older clients send, what nobody's client here asks for, and its own life."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from homewire.clock import Clock
from homewire.errors import ConfigurationError
from homewire.lamarzocco.gateway.models import BoilerType
from homewire.lamarzocco.gateway.simulator import GatewaySimulator
from homewire.lamarzocco.gateway.simulator.accounts import CLIENT

Start = Callable[..., Awaitable[Any]]


@contextlib.asynccontextmanager
async def signed_in(simulator: GatewaySimulator) -> Any:
    """Sign in the way lmcloud 0.4 does: client pair as Basic authorization and as headers (section 4.1)."""
    own = simulator.options
    form = {"grant_type": "password", "username": own.username, "password": own.password}
    headers = {"client_id": CLIENT[0], "client_secret": CLIENT[1]}
    async with aiohttp.ClientSession(simulator.cloud.url) as session:
        headers["Authorization"] = aiohttp.encode_basic_auth(*CLIENT)
        async with session.post("/oauth/v2/token", data=form, headers=headers) as answer:
            token = await answer.json()
            assert answer.content_type == "application/json"
        assert token["expires_in"] == 3600
        assert token["token_type"] == "bearer"
        session.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield session


GRANTS: list[tuple[dict[str, str], str]] = [
    ({"grant_type": "magic"}, "invalid_request"),
    ({}, "invalid_request"),
    ({"grant_type": "refresh_token", "refresh_token": "never seen"}, "invalid_grant"),
    ({"grant_type": "password", "client_id": "someone"}, "invalid_client"),
]


@pytest.mark.parametrize(("form", "error"), GRANTS)
async def test_refused_grants_are_400(simulate: Start, form: dict[str, str], error: str) -> None:
    simulator = (await simulate()).simulator
    whole = {"client_id": CLIENT[0], "client_secret": CLIENT[1]} | form
    async with (
        aiohttp.ClientSession(simulator.cloud.url) as session,
        session.post("/oauth/v2/token", data=whole) as answer,
    ):
        assert answer.status == 400
        assert (await answer.json())["error"] == error


async def test_expired_tokens(simulate: Start) -> None:
    simulator = (await simulate()).simulator
    async with signed_in(simulator) as session:
        await Clock().sleep(3601)
        async with session.get("/api/customer") as answer:
            assert answer.status == 401
            assert "expired" in (await answer.json())["error_description"]
        simulator.cloud.tokens._refresh["old"] = 0.0
        form = {"grant_type": "refresh_token", "refresh_token": "old", "client_id": CLIENT[0]}
        async with session.post("/oauth/v2/token", data=form | {"client_secret": CLIENT[1]}) as answer:
            assert "Refresh token has expired" in await answer.text()


async def test_form_bodies_are_taken_as_one_php_client_sends_them(simulate: Start) -> None:
    simulator = (await simulate("GS3 AV")).simulator
    machine = simulator.machine
    base = f"/v1/home/machines/{machine.serial}"
    forms = {
        "enable-boiler": {"identifier": "SteamBoiler", "state": "disabled"},
        "target-boiler": {"identifier": "CoffeeBoiler1", "value": "93.5"},
        "enable-plumbin": {"enable": "true"},
        "status": {"status": "ON"},
        "dose": {"dose_index": "DoseA", "dose_type": "PulsesType", "group": "Group1", "value": "77"},
    }
    async with signed_in(simulator) as session:
        for path, form in forms.items():
            async with session.post(f"{base}/{path}", data=form) as answer:
                assert (await answer.json())["data"]["commandId"]
        await asyncio.sleep(2)
    assert machine.is_on
    assert machine.boiler("SteamBoiler")["isEnabled"] is False
    assert machine.boiler("CoffeeBoiler1")["target"] == 93.5
    assert machine.config["isPlumbedIn"] is True
    assert machine.config["groupCapabilities"][0]["doses"][0]["stopTarget"] == 77


async def _completed(session: Any, serial: str, method: str, path: str, body: Any) -> dict[str, Any]:
    async with session.request(method, f"/v1/home/machines/{serial}/{path}", json=body) as answer:
        command = (await answer.json())["data"]["commandId"]
    url = f"/v1/home/aws-proxy/{serial}/commands/{command}"
    async with session.get(url) as answer:
        assert (await answer.json())["data"]["status"] == "PENDING"
    await asyncio.sleep(2)
    async with session.get(url) as answer:
        record: dict[str, Any] = (await answer.json())["data"]
    assert record["status"] == "COMPLETED"
    return record


async def test_a_command_record_has_every_documented_field(simulate: Start) -> None:
    simulator = (await simulate()).simulator
    serial = simulator.machine.serial
    async with signed_in(simulator) as session:
        record = await _completed(session, serial, "POST", "clock", {"date": "Mon Aug 21 2023"})
        assert set(record) == {
            "commandId", "thingId", "topic", "ackTopic", "resTopic", "commandPayload", "createdAt",
            "updatedAt", "status", "responsePayload",
        }  # fmt: skip
        assert record["responsePayload"]["status"] == "success"
        await _completed(session, serial, "POST", "machine_uses", None)


BAD_WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "status", {"status": "Party"}),
    ("POST", "status", {}),
    ("POST", "enable-boiler", {"identifier": "Kettle", "state": True}),
    ("POST", "enable-preinfusion", {"mode": "TypeA"}),
    ("POST", "setting-preinfusion", {"button": "DoseZ", "holdTimeMs": 1, "wetTimeMs": 1}),
    ("POST", "dose", {"dose_index": "DoseZ", "value": 1}),
    (
        "PUT",
        "wake-up-sleep/short",
        {"days": [], "enable": True, "steam": True, "timeOn": "1:0", "timeOff": "2:0"},
    ),
    ("POST", "smart-standby", {"enabled": "perhaps", "minutes": 10, "mode": "PowerOn"}),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD_WRITES)
async def test_nonsense_completes_without_success(
    simulate: Start, method: str, path: str, body: dict[str, Any]
) -> None:
    simulator = (await simulate("GS3 AV")).simulator
    before = simulator.machine.configuration() | {"clock": ""}
    async with signed_in(simulator) as session:
        record = await _completed(session, simulator.machine.serial, method, path, body)
    assert record["responsePayload"]["status"].startswith("error")
    assert simulator.machine.configuration() | {"clock": ""} == before


async def test_older_and_unknown_routes(simulate: Start) -> None:
    simulator = (await simulate()).simulator
    base = f"/v1/home/machines/{simulator.machine.serial}"
    async with signed_in(simulator) as session:
        async with session.get(f"{base}/firmwarev2/") as answer:
            assert (await answer.json())["data"]["machine_firmware"]["latestVersion"] == "1.13"
        for path in (f"{base}/firmware/kettle/update", f"{base}/nothing"):
            async with session.post(path, json={}) as answer:
                assert answer.status == 404
        async with session.get(f"{base}/statistics/daily?startDate=never") as answer:
            assert answer.status == 400
        for body in ("{", "[]"):
            headers = {"Content-Type": "application/json"}
            async with session.post(f"{base}/status", data=body, headers=headers) as answer:
                assert answer.status == 400


async def test_a_machine_off_the_network_leaves_commands_pending(simulate: Start) -> None:
    simulator = (await simulate()).simulator
    simulator.machine.online = False
    serial = simulator.machine.serial
    async with signed_in(simulator) as session:
        async with session.post(
            f"/v1/home/machines/{serial}/status", json={"status": "BrewingMode"}
        ) as answer:
            command = (await answer.json())["data"]["commandId"]
        await asyncio.sleep(60)
        async with session.get(f"/v1/home/aws-proxy/{serial}/commands/{command}") as answer:
            assert (await answer.json())["data"]["status"] == "PENDING"


async def test_heating_cooling_and_the_minis_silent_steam_boiler(simulate: Start) -> None:
    simulator = (await simulate("Linea Mini")).simulator
    machine = simulator.machine
    machine.set_mode("BrewingMode")
    await asyncio.sleep(60)
    warm = machine.configuration()["boilers"]
    assert warm[0]["current"] == 0
    assert 40 < warm[1]["current"] < 60
    machine.set_boiler_target("SteamBoiler", 130)
    assert machine.boiler("SteamBoiler")["target"] == 0
    machine.set_boiler_enabled("SteamBoiler", True)
    await asyncio.sleep(400)
    hot = machine.configuration()["boilers"]
    assert hot[0]["current"] == pytest.approx(128, abs=0.5)
    assert hot[1]["current"] == pytest.approx(93, abs=0.5)
    machine.set_mode("StandBy")
    await asyncio.sleep(3600)
    assert 25 < machine.configuration()["boilers"][1]["current"] < 40


async def test_flushes_are_short_shots(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    machine = simulator.machine
    said: list[Any] = []
    machine.subscribe(said.append)
    before = dict(machine.counters)
    machine.brew()
    await asyncio.sleep(3)
    machine.stop_brewing()
    machine.stop_brewing()
    assert machine.counters == before | {-1: before[-1] + 1}
    flush = next(batch for batch in said if "FlushSnapshotGroup1" in batch[0])
    snapshot = json.loads(flush[0]["FlushSnapshotGroup1"])
    assert snapshot["flushInfo"]["stopReason"] == "Manual"
    assert snapshot["groupConfiguration"]["capabilities"]["boilerTemperatureAtStart"] > 0


async def test_the_demo_brews_by_itself_and_is_the_same_every_time() -> None:
    (simulator,) = GatewaySimulator.demo(Clock(10))
    assert isinstance(simulator, GatewaySimulator)
    async with simulator:
        before = sum(machine.counters[0] for machine in simulator.machines.values())
        assert "Linea Mini" in simulator.describe()
        assert "virtual:" in simulator.describe()
        await asyncio.sleep(90)
        totals = [machine.statistics()["tot_doses"] for machine in simulator.machines.values()]
        assert sum(totals) > before
        assert [machine.name for machine in simulator.machines.values()] == [
            "Studio",
            "Office",
            "Lounge",
            "Grinder",
        ]
    first, second = (GatewaySimulator(GatewaySimulator.Options(seed=7)).machine.counters for _ in range(2))
    assert first == second


def test_firmware_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no gateway firmware 'newest'"):
        GatewaySimulator(GatewaySimulator.Options(gateway="newest"))


def test_unknown_models_are_named() -> None:
    with pytest.raises(ConfigurationError, match="Strada"):
        GatewaySimulator(GatewaySimulator.Options(models=("Strada",)))


async def test_addresses_are_known_once_it_runs(simulate: Start) -> None:
    simulator = GatewaySimulator(GatewaySimulator.Options(bluetooth=False))
    with pytest.raises(RuntimeError):
        _ = simulator.cloud.url
    with pytest.raises(RuntimeError):
        _ = simulator.locals[simulator.machine.serial].address
    await simulator.stop()
    five = (await simulate(gateway="v5.0.9")).simulator
    assert five.locals == {}
    assert "local API none" in five.describe()


@pytest.mark.parametrize("way", ["cloud", "air", "machine"])
async def test_a_change_by_one_path_shows_on_the_others(simulate: Start, way: str) -> None:
    clients = await simulate("GS3 AV", bluetooth=True)
    machine = clients.simulator.machine
    cloud, local, air = clients.cloud(), clients.local(), clients.air()
    stream = local.stream()
    await anext(stream)
    match way:
        case "cloud":
            await cloud.set_temp(machine.serial, BoilerType.COFFEE, 94.5)
        case "air":
            await air.set_temp(BoilerType.COFFEE, 94.5)
        case "machine":
            machine.set_boiler_target("CoffeeBoiler1", 94.5)
    async for batch in stream:
        if "BoilersTargetTemperature" in batch.values:
            break
    await stream.aclose()
    assert batch.values["BoilersTargetTemperature"]["CoffeeBoiler1"] == 94.5
    for config in (await cloud.get_config(machine.serial), await local.get_config()):
        assert config["boilerTargetTemperature"]["CoffeeBoiler1"] == 94.5
