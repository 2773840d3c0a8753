"""Covers of the client: moves are awaited, stopped, replaced, and silent on their way."""

from __future__ import annotations

import asyncio

import pytest
from tests.homismart.flat import CURTAIN, SHUTTER, Maker, found, sent

from homewire.errors import (
    CommandRejected,
    CommandSuperseded,
    CommandTimeout,
)
from homewire.homismart.client import HomismartClient
from homewire.homismart.devices import (
    CurtainDevice,
    SwitchableDevice,
)
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.simulator import HomismartSimulator


async def test_a_cover_is_awaited_until_it_arrived(client: HomismartClient) -> None:
    curtain: CurtainDevice = found(client, CURTAIN)
    levels: list[int | None] = []
    client.session.register_event_listener("device_updated", lambda d: levels.append(d.current_level))
    began = asyncio.get_running_loop().time()
    await curtain.set_level(42)
    took = asyncio.get_running_loop().time() - began
    assert curtain.current_level == 40
    assert levels[-5:] == [80, 70, 60, 50, 40]
    assert 5 < took < 10
    await curtain.open_fully()
    assert curtain.current_level == 0
    await curtain.close_fully()
    assert curtain.current_level == 100


async def test_stopping_ends_the_move_and_its_wait(client: HomismartClient) -> None:
    curtain = found(client, CURTAIN)
    moving = asyncio.ensure_future(curtain.open())
    await asyncio.sleep(3.5)
    await curtain.stop()
    assert curtain.is_stopped
    assert 60 <= curtain.current_level <= 80
    with pytest.raises(CommandSuperseded):
        await moving


async def test_a_cover_that_somebody_else_stops_fails_the_move(
    client: HomismartClient, new_client: Maker
) -> None:
    other = new_client()
    await other.connect()
    moving = asyncio.ensure_future(found(client, CURTAIN).open())
    await asyncio.sleep(3.5)
    await found(other, CURTAIN).stop()
    with pytest.raises(CommandRejected, match="Bedroom curtain: it was stopped on its way"):
        await moving
    await found(client, CURTAIN).open()  # the report of the earlier stop is no obstacle
    assert found(client, CURTAIN).current_level == 0


async def test_a_move_that_still_waits_for_the_pace_is_replaced_by_its_stop(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    others = [d.turn_on() for d in client.session.get_all_devices() if isinstance(d, SwitchableDevice)]
    burst = [asyncio.ensure_future(other) for other in others]
    curtain = found(client, CURTAIN)
    moving = asyncio.ensure_future(curtain.open())
    await asyncio.sleep(0)
    began = asyncio.get_running_loop().time()
    await curtain.stop()
    assert asyncio.get_running_loop().time() - began < 1
    with pytest.raises(CommandSuperseded):
        await moving
    await asyncio.gather(*burst)
    states = [b["curtainState"] for b in sent(cloud, RequestPrefix.DEVICE_CONTROL) if b["id"] == CURTAIN]
    assert states == ["99"]


async def test_a_stop_does_not_wait_for_the_report_of_something_else(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    curtain = found(client, CURTAIN)
    cloud.levers.silent_after_login = True
    dimming = asyncio.ensure_future(curtain.set_led_state(7))
    await asyncio.sleep(0.5)
    cloud.levers.silent_after_login = False
    await curtain.stop()
    assert curtain.is_stopped
    assert not dimming.done()
    with pytest.raises(CommandTimeout):
        await dimming


async def test_nothing_waits_until_a_cover_has_arrived(client: HomismartClient) -> None:
    curtain = found(client, CURTAIN)
    moving = asyncio.ensure_future(curtain.open())
    await asyncio.sleep(1.5)
    await asyncio.gather(curtain.set_led_state(7), curtain.set_name("Sunny side"))
    assert not moving.done()
    assert (curtain.led_state, curtain.name) == (7, "Sunny side")
    await moving
    assert curtain.current_level == 0


async def test_a_cover_that_is_silent_on_its_way_is_awaited(
    cloud: HomismartSimulator, client: HomismartClient
) -> None:
    cloud.account.step_s, cloud.account.reports_steps = 4.0, False
    curtain = found(client, CURTAIN)
    began = asyncio.get_running_loop().time()
    await curtain.open()
    assert 39 < asyncio.get_running_loop().time() - began < 42
    assert (
        len(sent(cloud, RequestPrefix.LIST_DEVICES)) == 3
    )  # the client's first, and two while it was silent
    cloud.levers.lost_pushes = 2
    await curtain.close()  # the list tells what the lost report would have told
    assert curtain.current_level == 100


async def test_reports_on_the_way_spare_the_list(cloud: HomismartSimulator, client: HomismartClient) -> None:
    await found(client, CURTAIN).open()
    assert len(sent(cloud, RequestPrefix.LIST_DEVICES)) == 1


async def test_a_newer_move_replaces_the_running_one(client: HomismartClient) -> None:
    shutter = found(client, SHUTTER)
    first = asyncio.ensure_future(shutter.close())
    await asyncio.sleep(2.5)
    await shutter.set_level(10)
    assert shutter.current_level == 10
    with pytest.raises(CommandSuperseded):
        await first


async def test_levels_can_be_exact_and_are_never_the_stop_code(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    client = new_client(cover_step=1)
    await client.connect()
    shutter = found(client, SHUTTER)
    await shutter.set_level(33)
    assert shutter.current_level == 33
    await shutter.set_level(99)
    assert shutter.current_level == 100
    assert [b["curtainState"] for b in sent(cloud, RequestPrefix.DEVICE_CONTROL)] == ["33", "100"]


async def test_open_and_closed_are_exact_whatever_the_step(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    client = new_client(cover_step=30)
    await client.connect()
    shutter = found(client, SHUTTER)
    await shutter.close()
    await shutter.set_level(70)
    await shutter.open()
    assert [b["curtainState"] for b in sent(cloud, RequestPrefix.DEVICE_CONTROL)] == ["100", "60", "0"]
