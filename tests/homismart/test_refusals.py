"""Commands of the client that end otherwise than confirmed: refused, timed out, paced, replaced."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from tests.homismart.flat import CURTAIN, LIGHT, SHUTTER, found, sent

from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandSuperseded,
    CommandTimeout,
    HomewireError,
    NotSupported,
)
from homewire.homismart.client import HomismartClient
from homewire.homismart.devices import (
    SwitchableDevice,
)
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.simulator import HomismartSimulator
from homewire.homismart.simulator.flat import HUB_ID


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (17, CommandRejected),
        (26, CommandRejected),
        (5, CommandRejected),
        (500, CommandRejected),
        (96, NotSupported),
        (2, AuthenticationFailed),
        (54, AuthenticationFailed),
    ],
)
async def test_an_error_becomes_the_commands_failure(
    cloud: HomismartSimulator, client: HomismartClient, code: int, error: type[HomewireError]
) -> None:
    cloud.levers.errors.append(code)
    with pytest.raises(error, match=rf"Office light: the cloud refused: .*\(code {code}\)") as caught:
        await found(client, LIGHT).turn_on()
    if isinstance(caught.value, CommandRejected):
        assert caught.value.reason_code == code
    assert found(client, LIGHT).is_on is False
    await found(client, LIGHT).turn_on()


async def test_devices_that_refuse(cloud: HomismartSimulator, client: HomismartClient) -> None:
    light = found(client, LIGHT)
    cloud.set_online(LIGHT, False)
    with pytest.raises(CommandRejected, match="no response") as caught:
        await light.turn_on()
    assert caught.value.hint is not None
    cloud.set_online(HUB_ID, False)
    await asyncio.sleep(1)
    assert light.is_reachable is False
    with pytest.raises(CommandRejected, match="off line"):
        await light.turn_on()
    cloud.set_online(HUB_ID, True)
    cloud.account.forbidden.add(LIGHT)
    with pytest.raises(CommandRejected, match="permission denied"):
        await light.turn_on()
    cloud.account.forbidden.clear()
    cloud.account.outside_hours.add(LIGHT)
    with pytest.raises(CommandRejected, match="permitted hours"):
        await light.turn_on()


async def test_of_several_open_commands_the_refused_one_fails(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.account.forbidden.add(LIGHT)
    ids = ["01517A0000A001", LIGHT, "06510000000601"]
    cloud.levers.push_delay_s = 1.0
    results = await asyncio.gather(*(found(client, i).turn_on() for i in ids), return_exceptions=True)
    assert results[0] is None
    assert results[2] is None
    assert isinstance(results[1], CommandRejected)
    assert results[1].reason_code == 72


async def test_a_cover_on_its_way_is_not_blamed_for_a_light(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.account.forbidden.add(LIGHT)
    moving = asyncio.ensure_future(found(client, CURTAIN).open())
    await asyncio.sleep(3)
    began = asyncio.get_running_loop().time()
    with pytest.raises(CommandRejected, match=r"Office light: .*permission denied"):
        await found(client, LIGHT).turn_on()
    assert asyncio.get_running_loop().time() - began < 1
    await moving


async def test_as_many_errors_as_open_commands_fail_all(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    ids = ["01517A0000A001", LIGHT]
    cloud.account.forbidden.update(ids)
    results = await asyncio.gather(*(found(client, i).turn_on() for i in ids), return_exceptions=True)
    assert [type(result) for result in results] == [CommandRejected, CommandRejected]


async def test_an_error_that_names_its_request_is_tied_to_it(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.levers.error_names_request = True
    cloud.levers.push_delay_s = 2.0
    moving = asyncio.ensure_future(found(client, SHUTTER).set_led_state(3))
    await asyncio.sleep(0.5)
    cloud.account.forbidden.add(LIGHT)
    began = asyncio.get_running_loop().time()
    with pytest.raises(CommandRejected):
        await found(client, LIGHT).turn_on()
    assert asyncio.get_running_loop().time() - began < 1
    await moving


async def test_an_unasked_error_is_an_event(cloud: HomismartSimulator, client: HomismartClient) -> None:
    errors: list[dict[str, Any]] = []
    client.session.register_event_listener("session_error", errors.append)
    cloud.broadcast('9999{"code":7,"info":"gone"}')
    await asyncio.sleep(1)
    assert errors[0]["code"] == 7
    assert errors[0]["info"] == "gone"
    assert errors[0]["type"] == "server_command_error"  # this and what follows is homismart-client's form
    assert errors[0]["data"] == {"code": 7, "info": "gone"}
    assert isinstance(errors[0]["exception"], CommandRejected)


async def test_losses_are_told_in_the_form_of_the_replaced_library(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    errors: list[dict[str, Any]] = []
    client.session.register_event_listener("session_error", errors.append)
    cloud.drop_all()
    await asyncio.sleep(10)
    cloud.levers.upgrade_status = 503
    cloud.drop_all()
    await asyncio.sleep(10)
    cloud.levers.upgrade_status = None
    cloud.account.digest = "0" * 32
    await asyncio.sleep(60)
    closed, refused = "connection_closed_by_server", "connection_operational_error"
    assert [error["type"] for error in errors][:3] == [closed, closed, refused]
    assert errors[-1]["type"] == "authentication_failed"
    assert isinstance(errors[-1]["exception"], AuthenticationFailed)
    assert errors[0]["exception_class"] == "ConnectionLost"
    assert errors[0]["exception_object"] is errors[0]["exception"]


async def test_silence_is_a_timeout_and_a_lost_report_is_found_in_the_list(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    light = found(client, LIGHT)
    cloud.levers.lost_pushes = 1
    await light.turn_on()
    assert light.is_on is True
    assert len(sent(cloud, RequestPrefix.LIST_DEVICES)) == 2
    cloud.levers.silent_after_login = True
    began = asyncio.get_running_loop().time()
    with pytest.raises(CommandTimeout, match="nothing confirmed it"):
        await light.turn_off()
    assert 9 < asyncio.get_running_loop().time() - began < 12
    assert light.is_on is True
    assert len(sent(cloud, RequestPrefix.DEVICE_CONTROL)) == 2


async def test_a_burst_is_paced_and_only_the_newest_waiting_wish_is_sent(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    light = found(client, LIGHT)
    cloud.levers.push_delay_s = 1.0
    tasks = [asyncio.ensure_future(light.set_led_state(10))]
    await asyncio.sleep(0.5)
    tasks += [asyncio.ensure_future(light.set_led_state(level)) for level in (20, 30, 40)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        CommandSuperseded,
        CommandSuperseded,
        type(None),
    ]
    assert [body["ledDevice"] for body in sent(cloud, RequestPrefix.LED_SET)] == [10, 40]
    cloud.journal.clear()
    devices = [d for d in client.session.get_all_devices() if isinstance(d, SwitchableDevice)]
    await asyncio.gather(*(d.turn_on() for d in devices))
    times = [
        entry.at
        for entry in cloud.journal
        if entry.text.startswith("0006") and entry.direction.value[0] == "c"
    ]
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
    assert len(times) == len(devices)
    assert min(gaps) > 0.08
