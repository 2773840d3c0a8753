"""The account as a connection and its devices as appliances, opened as a user of the library opens them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest

import homewire
from homewire.appliance import Change, Origin
from homewire.clock import Clock
from homewire.commands import Command, Stage
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandSuperseded,
    CommandTimeout,
    ConfigurationError,
    InvalidValue,
    NotFound,
    RemoteControlDisabled,
)
from homewire.homismart.appliance import HomismartAppliance
from homewire.homismart.client import TermsNotAccepted
from homewire.homismart.connection import HomismartConnection, HomismartSettings, checks
from homewire.homismart.features import catalogue
from homewire.homismart.simulator import HomismartSimulator
from homewire.homismart.simulator.flat import HUB_ID, device, hub
from homewire.kinds import find_kind
from homewire.link.supervisor import Supervisor

LIGHT = "homismart:02510000000162"
CURTAIN = "homismart:05510000000501"
DOOR = "homismart:09510000000901"


def settings_of(cloud: HomismartSimulator, **more: Any) -> Any:
    return find_kind("homismart").convert_settings({**cloud.settings(), **more})


@pytest.fixture
async def home(cloud: HomismartSimulator) -> AsyncIterator[HomismartConnection]:
    async with homewire.connect("homismart", **cloud.settings()) as connection:
        assert isinstance(connection, HomismartConnection)
        yield connection


async def test_every_hub_and_device_is_an_appliance(home: HomismartConnection) -> None:
    assert len(home.appliances) == 11
    light = home.appliances[LIGHT]
    assert light.identity.vendor == "Homismart"
    assert light.identity.model == "Switch"
    assert light.identity.name == "Office light"
    assert light.identity.via == f"homismart:{HUB_ID}"
    assert light.identity.firmware == "1"
    assert light.availability.online
    assert light.state["power"] is False
    assert light.state["led"] == 0
    assert light.state["last_on"] == dt.datetime(2025, 12, 31, 21, 15).astimezone()
    assert home.appliances[CURTAIN].state["cover"] == 0
    assert home.appliances[DOOR].state["lock"] is True
    assert home.appliances[f"homismart:{HUB_ID}"].features.keys() == {"name", "icon", "online"}


async def test_pushes_are_changes_with_only_what_differs(
    cloud: HomismartSimulator, home: HomismartConnection
) -> None:
    light, changes = home.appliances[LIGHT], list[Change]()
    light.subscribe(changes.append)
    cloud.press_wall_button("02510000000162")
    await asyncio.sleep(1)
    assert len(changes) == 1
    assert changes[0].values.keys() == {"power", "last_on"}
    assert changes[0].origin is Origin.PUSH


async def test_features_are_written_and_confirmed(
    cloud: HomismartSimulator, home: HomismartConnection
) -> None:
    light, curtain, door = (home.appliances[i] for i in (LIGHT, CURTAIN, DOOR))
    stages: list[Stage] = []
    light.subscribe_commands(lambda command: stages.append(command.stage))
    command = await light.write("power", True)
    assert command.stage is Stage.CONFIRMED
    assert command.path == "cloud"
    assert stages == [Stage.QUEUED, Stage.SENT, Stage.CONFIRMED]
    assert light.state["power"] is True
    await light.write("led", 30)
    await light.write("name", "Study")
    await light.write("icon", "12")
    assert light.identity.name == light.state["name"] == "Study"
    assert light.state["icon"] == "12"
    await curtain.write("cover", 70)
    assert curtain.state["cover"] == 70
    assert cloud.account.objects["05510000000501"]["curtainState"] == "30"
    await curtain.write("cover", "open")
    await curtain.write("cover", "close")
    await curtain.write("closed_position", 4)
    assert curtain.state["closed_position"] == 4
    await door.write("lock", "lock")
    await door.write("operation_time", 12)
    assert door.state["operation_time"] == 12
    with pytest.raises(InvalidValue):
        await door.write("operation_time", 1.5)


async def test_a_cover_can_be_stopped_and_redirected_on_its_way(home: HomismartConnection) -> None:
    curtain = home.appliances[CURTAIN]
    opening = asyncio.ensure_future(curtain.write("cover", "open"))
    await asyncio.sleep(3.5)
    await curtain.write("cover", "stop")
    assert curtain.state["stopped"] is True
    assert curtain.state["cover"] == 30
    with pytest.raises(CommandSuperseded):
        await opening
    opening = asyncio.ensure_future(curtain.write("cover", "open"))
    await asyncio.sleep(2.5)
    await curtain.write("cover", 0)
    with pytest.raises(CommandSuperseded):
        await opening
    assert curtain.state["cover"] == 0


async def test_unlocking_is_dangerous(cloud: HomismartSimulator, home: HomismartConnection) -> None:
    door = home.appliances[DOOR]
    with pytest.raises(RemoteControlDisabled):
        await door.write("lock", "unlock")
    await door.write("lock", "unlock", dangerous=True)
    assert door.state["lock"] is False
    allow = [f"{DOOR}/lock"]
    async with homewire.connect("homismart", allow=allow, **cloud.settings()) as allowed:
        await allowed.appliances[DOOR].write("lock", "lock")
        await allowed.appliances[DOOR].write("lock", "unlock")
    assert door.state["lock"] is False


async def test_what_fails_says_whose_failure_it_is(
    cloud: HomismartSimulator, home: HomismartConnection
) -> None:
    light = home.appliances[LIGHT]
    cloud.levers.errors.append(40)
    with pytest.raises(CommandRejected, match="Office light: the cloud refused: no response") as rejected:
        await light.write("power", True)
    assert rejected.value.reason_code == 40
    cloud.levers.silent_after_login = True
    with pytest.raises(CommandTimeout):
        await light.write("power", True)
    assert light.state["power"] is False


async def test_availability_follows_device_and_hub(
    cloud: HomismartSimulator, home: HomismartConnection
) -> None:
    light = home.appliances[LIGHT]
    cloud.account.change("02510000000162", onLine=False)
    await asyncio.sleep(1)
    assert not light.availability.online
    assert light.availability.reason == "reported off line"
    assert light.state["online"] is False
    cloud.account.change("02510000000162", onLine=True)
    cloud.account.change(HUB_ID, onLine=False)
    await asyncio.sleep(1)
    assert "Main unit is off line" in light.availability.reason
    assert not home.appliances[f"homismart:{HUB_ID}"].availability.online
    cloud.account.change(HUB_ID, onLine=True)
    await asyncio.sleep(1)
    assert light.availability.online


async def test_a_lost_link_marks_everything_and_comes_back(
    cloud: HomismartSimulator, home: HomismartConnection
) -> None:
    light = home.appliances[LIGHT]
    cloud.set_online("01517A0000A001", False)
    cloud.levers.upgrade_status = 503
    cloud.drop_all()
    await asyncio.sleep(1)
    assert light.availability.reason not in ("connected", "reported off line")
    cloud.account.objects["02510000000162"]["power"] = True
    cloud.account.objects.pop("08510000000801")
    cloud.levers.upgrade_status = None
    await asyncio.sleep(30)
    assert light.availability.online
    assert light.state["power"] is True
    assert not home.appliances["homismart:01517A0000A001"].availability.online
    assert "homismart:08510000000801" not in home.appliances


async def test_devices_come_and_go(cloud: HomismartSimulator, home: HomismartConnection) -> None:
    told: list[tuple[str, bool]] = []
    home.subscribe_appliances(lambda appliance, added: told.append((appliance.identity.name, added)))
    cloud.account.objects["02519999000777"] = device("02519999000777", "New lamp", 2)
    cloud.account.change("02519999000777", power=True)
    await asyncio.sleep(1)
    assert told == [("New lamp", True)]
    lamp = home.appliances["homismart:02519999000777"]
    assert lamp.availability.online
    assert lamp.state["power"] is True
    del cloud.account.objects["02519999000777"]
    await lamp.refresh()
    assert told == [("New lamp", True), ("New lamp", False)]


async def test_a_new_name_is_a_new_declaration(cloud: HomismartSimulator, home: HomismartConnection) -> None:
    light, changes = home.appliances[LIGHT], list[Change]()
    light.subscribe(changes.append)
    cloud.account.change("02510000000162", name="Study", version=2)
    await asyncio.sleep(1)
    assert (light.identity.name, light.identity.firmware) == ("Study", "2")
    assert [change.declared for change in changes] == [True, False]
    assert changes[1].values == {"name": "Study"}


async def test_lists_without_a_documented_layout_are_resources(
    cloud: HomismartSimulator, home: HomismartConnection
) -> None:
    light, hub = home.appliances[LIGHT], home.appliances[f"homismart:{HUB_ID}"]
    assert [*light.resources] == ["timers"]
    assert await light.read_resource("timers") == []
    assert [await hub.read_resource(name) for name in hub.resources] == [[]] * 4
    prefixes = [frame.prefix for frame in cloud.received()][-5:]
    assert prefixes == ["0028", "0044", "0112", "0142", "0230"]
    with pytest.raises(NotFound, match="It has: timers"):
        await light.read_resource("scenarios")


async def test_a_device_may_change_its_kind(cloud: HomismartSimulator, home: HomismartConnection) -> None:
    light = home.appliances[LIGHT]
    cloud.account.change("02510000000162", type=5, curtainState="20")
    await asyncio.sleep(1)
    assert home.appliances[LIGHT] is light
    assert light.identity.model == "Curtain"
    assert light.state["cover"] == 80
    assert "power" not in light.features
    cloud.account.change("02510000000162", type=42)
    await asyncio.sleep(1)
    assert light.identity.model == "Device type 42"


async def test_what_is_not_understood_is_counted_and_shown(
    cloud: HomismartSimulator, home: HomismartConnection
) -> None:
    cloud.broadcast("1234{}")
    cloud.broadcast("0009{")
    cloud.broadcast('0009{"id":"02510000000162","power":"false"}')
    cloud.broadcast('0005[7,{"id":"x"}]')
    cloud.broadcast('0049{"mac":"x"}')
    await asyncio.sleep(1)
    shown = {(entry["kind"], entry["value"]) for entry in home.unknowns.report()}
    assert shown == {
        ("prefix", "1234"),
        ("frame", "0009 bad_json"),
        ("value of power", "'false'"),
        ("list entry", "without a usable id"),
    }


async def test_diagnostics_show_everything_but_secrets(
    cloud: HomismartSimulator, home: HomismartConnection
) -> None:
    light = home.appliances[LIGHT]
    assert light.diagnostics()["vendor"]["record"]["deviceId"] == "02510000000162"
    assert home.diagnostics()["logged_in"] is True
    everything = repr(light.diagnostics()) + repr(home.diagnostics()) + repr(home.settings)
    assert cloud.account.digest not in everything
    assert cloud.options.password not in everything


async def test_wrong_settings_are_told_by_name(cloud: HomismartSimulator) -> None:
    for key, value in (("time_zone", "Mars/Base"), ("ca_file", "/nowhere.pem")):
        connection = HomismartConnection(settings_of(cloud, **{key: value}))
        with pytest.raises(ConfigurationError) as caught:
            await connection.open()
        assert caught.value.key == key
        await connection.close()
    for setting, values in {"cover_step": (0, 101, 1.5), "command_timeout_s": (0, -1)}.items():
        for number in values:
            with pytest.raises(ConfigurationError, match=setting):
                settings_of(cloud, **{setting: number})
    for url in ("nonsense", "http://127.0.0.1/", "wss://", "wss://[::1", "wss://a:99999/", "wss://a\n/"):
        connection = HomismartConnection(settings_of(cloud, url=url))
        with pytest.raises(ConfigurationError, match="no WebSocket address") as caught:
            await connection.open()
        assert caught.value.key == "url"
    with pytest.raises(AuthenticationFailed):
        async with homewire.connect("homismart", **{**cloud.settings(), "password": "wrong"}):
            pass


async def test_new_settings_are_used_at_the_next_opening(cloud: HomismartSimulator) -> None:
    cloud.account.terms_pending = True
    connection = HomismartConnection(settings_of(cloud, time_zone="Asia/Jerusalem"))
    supervisor = Supervisor(connection)
    supervisor.start()
    with pytest.raises(TermsNotAccepted):
        await supervisor.opened()
    supervisor.settings_changed(settings_of(cloud, time_zone="Asia/Jerusalem", accept_terms=True))
    await asyncio.sleep(5)
    assert connection.client.is_logged_in
    last_on = connection.appliances[LIGHT].state["last_on"]
    assert last_on == dt.datetime(2025, 12, 31, 19, 15, tzinfo=dt.UTC)
    supervisor.settings_changed(settings_of(cloud, cover_step=1))
    await asyncio.sleep(5)
    assert connection.client.is_logged_in
    assert len(connection.appliances) == 11
    cloud.add_account("else@example.com", "other", [hub()])
    supervisor.settings_changed(settings_of(cloud, username="else@example.com", password="other"))
    await asyncio.sleep(5)
    assert [*connection.appliances] == [f"homismart:{HUB_ID}"]
    await supervisor.stop()


async def test_doctor_tells_what_is_wrong(cloud: HomismartSimulator) -> None:
    found = [check async for check in checks(settings_of(cloud), Clock())]
    assert [check.ok for check in found] == [True, True, True]
    assert found[0].found == "dana@example.com signed in at 127.0.0.1"
    assert found[1].found == "2 hubs, 9 devices"
    cloud.set_online("02510000000162", False)
    cloud.account.objects["02510000000163"]["led"] = "bright"
    found = [check async for check in checks(settings_of(cloud), Clock())]
    assert "Office light" in found[1].found
    assert [check.ok for check in found] == [True, False, False]
    found = [check async for check in checks(settings_of(cloud, password="wrong"), Clock())]
    assert [check.ok for check in found] == [False]
    assert found[0].remedy == "Check user name and password in the vendor's own app."
    assert found[0].remedy not in found[0].found


def test_the_catalogue_lists_every_model() -> None:
    models = dict(catalogue())
    assert len(models) == 10
    assert [feature.key for feature in models["Door lock"]][:2] == ["lock", "operation_time"]


def test_settings_hide_the_password() -> None:
    settings = find_kind("homismart").convert_settings({"username": "a@b.c", "password": "hush"})
    assert isinstance(settings, HomismartSettings)
    assert "hush" not in repr(settings)


async def test_commands_of_an_unknown_feature_never_reach_the_vendor(home: HomismartConnection) -> None:
    light = home.appliances[LIGHT]
    assert isinstance(light, HomismartAppliance)
    with pytest.raises(InvalidValue, match="cannot be set"):
        await light.write("consumption", 5)
    assert Command("x", "power", True, clock=Clock()).stage is Stage.QUEUED
