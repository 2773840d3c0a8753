"""The released homismart-client 0.2.1 drives the simulated cloud: devices, redirects, drops, errors.

What the client concludes is asserted from its answers, what it sent from the simulator's journal. It dials
the simulator through its subdomain argument and trusts it through SSL_CERT_FILE (section 20 of the page).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.interop.environments import Environment, run_script

from homewire.homismart.codec import Direction
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.simulator import (
    HomismartSimulator,
    RedirectRule,
    RedirectWhen,
    Refusal,
    SimulatorOptions,
)
from homewire.homismart.simulator.flat import HUB_ID

pytestmark = pytest.mark.interop

CLIENT = Environment(
    "homismart-client", ("homismart-client==0.2.1", "websockets==17.4", "python-dotenv==1.2.4")
)

PRELUDE = """
import asyncio
import logging

from homismart_client import HomismartClient
from homismart_client.devices import CurtainDevice, HomismartHub, LockDevice, SwitchableDevice

logging.disable(logging.CRITICAL)
events = []
EVENTS = (
    "session_authenticated", "session_error", "new_device_added", "device_updated", "device_deleted",
    "new_hub_added", "hub_updated", "hub_deleted",
)


def client_of(arguments, password=None):
    client = HomismartClient(
        arguments["username"], password or arguments["password"], subdomain=arguments["subdomain"]
    )
    for name in EVENTS:
        client.session.register_event_listener(
            name,
            lambda argument, name=name: events.append((name, getattr(argument, "id", None) or str(argument))),
        )
    return client


async def until(condition, within=15.0):
    for _ in range(int(within / 0.02)):
        if condition():
            return True
        await asyncio.sleep(0.02)
    return False
"""


@pytest.fixture
async def cloud() -> AsyncIterator[HomismartSimulator]:
    """Return a cloud on the real clock whose covers arrive at once, with short report delays."""
    async with HomismartSimulator(SimulatorOptions(nodes=2, motion=False)) as simulator:
        simulator.levers.push_delay_s = 0.05
        yield simulator


async def run(cloud: HomismartSimulator, script: str, **more: Any) -> Any:
    assert cloud.certificate is not None
    arguments = {
        "username": cloud.options.username,
        "password": cloud.options.password,
        "subdomain": f"localhost:{cloud.port}/homismartmain/websocket?",
        **more,
    }
    variables = {"SSL_CERT_FILE": str(cloud.certificate.ca_file), "NO_PROXY": "localhost,127.0.0.1"}
    return await run_script(CLIENT, PRELUDE + script, arguments, variables=variables)


def bodies(cloud: HomismartSimulator, prefix: RequestPrefix) -> list[Any]:
    return [frame.body for frame in cloud.received() if frame.kind is prefix]


EVERY_KIND = """
async def main(arguments):
    client = client_of(arguments)
    await client.connect()
    session = client.session
    await until(lambda: len(session.get_all_devices()) == 9 and len(session.get_all_hubs()) == 2)
    kinds = {d.id: type(d).__name__ for d in session.get_all_devices()}
    done = {}
    for device in session.get_all_devices():
        if isinstance(device, SwitchableDevice):
            was = device.is_on
            await device.toggle()
            done[device.id] = await until(lambda: device.is_on is not was)
        elif isinstance(device, CurtainDevice):
            steps = []
            for action, level in ((device.close_fully, 100), (device.open_fully, 0)):
                await action()
                steps.append(await until(lambda: device.current_level == level))
            await device.set_level(30)
            steps.append(await until(lambda: device.current_level == 30))
            await device.stop()
            await until(lambda: str(device.raw.get("curtainState")) == "230")
            steps.append(device.current_level)
            await device.set_closed_position_calibration(7)
            steps.append(await until(lambda: device.closed_position_calibration == 7))
            done[device.id] = steps
        elif isinstance(device, LockDevice):
            await device.unlock_device()
            opened = await until(lambda: device.is_locked is False)
            await device.lock_device()
            done[device.id] = [opened, await until(lambda: device.is_locked is True)]
        await device.set_led_state(33)
        await device.set_name(f"Renamed {device.id}")
        renamed = await until(lambda: device.name == f"Renamed {device.id}")
        await device.set_icon("4")  # not before: it sends its cached name along (pitfall 12 of the page)
        shown = await until(lambda: (device.led_state, device.icon_id) == (33, "4"))
        done[device.id + " common"] = renamed and shown
    hub = session.get_hub_by_id(arguments["hub"])
    await hub.set_name("House")
    done["hub"] = await until(lambda: hub.name == "House")
    gone = session.get_device_by_id("01517A0000A001")
    await gone.delete()
    done["deleted"] = await until(lambda: session.get_device_by_id("01517A0000A001") is None)
    await client.disconnect()
    return {"kinds": kinds, "done": done, "events": events}
"""


async def test_every_kind_of_device(cloud: HomismartSimulator) -> None:
    found = await run(cloud, EVERY_KIND, hub=HUB_ID)
    assert sorted(found["kinds"].values()) == [
        "CurtainDevice",
        "CurtainDevice",
        "LockDevice",
        *["SwitchableDevice"] * 6,
    ]
    covers = [True, True, True, 30, True]
    assert found["done"].pop("04510000000401") == covers
    assert found["done"].pop("05510000000501") == covers
    assert found["done"].pop("09510000000901") == [True, True]
    assert set(found["done"].values()) == {True}
    names = [name for name, _ in found["events"]]
    assert names[0] == "session_authenticated"
    assert names.count("new_device_added") == 9
    assert names.count("new_hub_added") == 2
    assert names.count("device_deleted") == 1
    assert "session_error" not in names
    check_cloud_side(cloud)


def check_cloud_side(cloud: HomismartSimulator) -> None:
    """Assert what the cloud believes now, and how the released client said it."""
    objects = cloud.account.objects
    assert objects[HUB_ID]["name"] == "House"
    assert "01517A0000A001" not in objects
    assert objects["02510000000162"]["power"] is True
    assert objects["02510000000163"]["power"] is False
    assert objects["05510000000501"]["curtainState"] == "230"
    assert objects["05510000000501"]["closedPosition"] == 7
    assert objects["09510000000901"]["lock"] == "2"
    assert all(o["led"] == 33 for o in objects.values() if "led" in o)
    assert len(bodies(cloud, RequestPrefix.DEVICE_CONTROL)) == 6 + 2 * 4
    assert len(bodies(cloud, RequestPrefix.LED_SET)) == 9
    assert bodies(cloud, RequestPrefix.LOGIN)[0]["username"] == cloud.options.username
    first = next(entry for entry in cloud.journal if entry.text.startswith("0004"))
    assert first.direction is Direction.TO_SERVER


SURFACE = """
import enum

from homismart_client import DeviceType, ErrorCode, ReceivePrefix, RequestPrefix
from homismart_client.devices import HomismartDevice
from homismart_client.session import HomismartSession


async def main(arguments):
    classes = (
        HomismartClient, HomismartSession, HomismartDevice, SwitchableDevice, CurtainDevice, LockDevice,
        HomismartHub, DeviceType, ErrorCode, RequestPrefix, ReceivePrefix,
    )
    return {
        one.__name__: list(one.__members__)
        if issubclass(one, enum.Enum)
        else [name for name in dir(one) if not name.startswith("_")]
        for one in classes
    }
"""


async def test_every_public_name_is_ours_too(cloud: HomismartSimulator) -> None:
    from homewire import homismart
    from homewire.homismart import devices

    for kind, names in (await run(cloud, SURFACE)).items():
        ours = getattr(homismart, kind, None) or getattr(devices, kind)
        there = {*dir(ours), *getattr(ours, "__members__", ())}
        if kind == "HomismartClient":
            there |= vars(ours("a", "b")).keys()
        assert sorted({*names} - there) == [], kind


SIGN_IN = """
async def main(arguments):
    client = client_of(arguments, arguments.get("wrong"))
    try:
        await client.connect(timeout=arguments.get("timeout", 10.0))
    except Exception as error:
        return {"error": type(error).__name__, "events": events}
    ready = await until(lambda: len(client.session.get_all_devices()) == 9)
    result = {"ready": ready, "logged_in": client.is_logged_in, "events": events}
    await client.disconnect()
    return result
"""


async def test_terms_are_accepted_in_its_order(cloud: HomismartSimulator) -> None:
    cloud.account.terms_pending = True
    found = await run(cloud, SIGN_IN)
    assert found["ready"] is True
    assert [frame.prefix for frame in cloud.received()][:3] == ["0002", "0004", "0222"]
    assert cloud.accounts[cloud.options.username].terms_pending is False


@pytest.mark.parametrize("when", [RedirectWhen.ON_UPGRADE, RedirectWhen.ON_LOGIN])
async def test_it_follows_a_redirect(cloud: HomismartSimulator, when: RedirectWhen) -> None:
    target = f"127.0.0.2:{cloud.port}/homismartmain/websocket?"
    cloud.levers.redirects.append(RedirectRule(when=when, to=target, only_at="127.0.0.1"))
    found = await run(cloud, SIGN_IN)
    assert found["ready"] is True
    assert cloud.upgrades == 2
    assert len(bodies(cloud, RequestPrefix.LIST_DEVICES)) == 1


MOVED = """
async def main(arguments):
    client = client_of(arguments)
    await client.connect()
    ready = await until(lambda: len(client.session.get_all_devices()) == 9)
    again = await until(lambda: [name for name, _ in events].count("session_authenticated") == 2, 30.0)
    shutter = client.session.get_device_by_id("04510000000401")
    await shutter.close_fully()
    closed = await until(lambda: shutter.current_level == 100, 30.0)
    levels = [text for name, text in events if name == "device_updated" and text == shutter.id]
    await client.disconnect()
    return {"ready": ready, "again": again, "closed": closed, "reports": len(levels)}
"""


async def test_it_is_moved_after_the_login_and_watches_a_shutter_travel(cloud: HomismartSimulator) -> None:
    target = f"127.0.0.2:{cloud.port}/homismartmain/websocket?"
    cloud.levers.redirects.append(
        RedirectRule(when=RedirectWhen.AFTER_LOGIN, to=target, only_at="127.0.0.1", after_s=1.0)
    )
    cloud.account.motion, cloud.account.step_s = True, 0.1
    found = await run(cloud, MOVED)
    assert found["reports"] >= 10
    assert found == {"ready": True, "again": True, "closed": True, "reports": found["reports"]}
    assert len(bodies(cloud, RequestPrefix.LOGIN)) == 2
    assert cloud.account.objects["04510000000401"]["curtainState"] == "100"


@pytest.mark.parametrize("refusal", [Refusal.RESULT_FALSE, Refusal.ERROR])
async def test_a_refused_login_is_an_error_event_and_a_timeout(
    cloud: HomismartSimulator, refusal: Refusal
) -> None:
    cloud.levers.refusal = refusal
    found = await run(cloud, SIGN_IN, wrong="wrong", timeout=2.0)
    assert found["error"] == "TimeoutError"
    assert "session_error" in [name for name, _ in found["events"]]


CONVERSATION = """
async def main(arguments):
    client = client_of(arguments)
    await client.connect()
    await until(lambda: len(client.session.get_all_devices()) == 9)
    light = client.session.get_device_by_id("02510000000162")
    print("ready", flush=True)
    await light.set_led_state(1)
    steps = {}
    steps["pushed"] = await until(lambda: light.is_on)
    steps["added"] = await until(lambda: client.session.get_device_by_id("02519999000777") is not None)
    steps["error"] = await until(lambda: any(name == "session_error" for name, _ in events))
    steps["back"] = await until(lambda: light.led_state == 77, 30.0)
    steps["in"] = client.is_logged_in
    await client.disconnect()
    return steps
"""


async def test_pushes_errors_bad_frames_and_a_drop(cloud: HomismartSimulator) -> None:
    running = asyncio.ensure_future(run(cloud, CONVERSATION))
    await seen(cloud, RequestPrefix.LED_SET, running)
    cloud.press_wall_button("02510000000162")
    for frame in ("0009{", "1234{}", "00", "0005null", b"\x00\xff", '0009{"id":7}', '0049{"mac":"x"}'):
        cloud.broadcast(frame)
    cloud.broadcast('0009{"id":"02519999000777","name":"New","type":2,"power":false}')
    cloud.broadcast('9999{"code":94,"info":"no"}')
    await asyncio.sleep(0.5)
    cloud.account.objects["02510000000162"]["led"] = 77
    cloud.drop_all()
    steps = await running
    assert steps == {"pushed": True, "added": True, "error": True, "back": True, "in": True}
    assert len(bodies(cloud, RequestPrefix.LOGIN)) == 2
    assert len(bodies(cloud, RequestPrefix.LIST_DEVICES)) == 2


async def seen(cloud: HomismartSimulator, prefix: RequestPrefix, running: asyncio.Future[Any]) -> None:
    """Wait until the foreign client sent that request, or ended before."""
    while not bodies(cloud, prefix) and not running.done():  # noqa: ASYNC110 - it is another process
        await asyncio.sleep(0.02)


REFUSED = """
async def main(arguments):
    client = client_of(arguments)
    await client.connect()
    await until(lambda: len(client.session.get_all_devices()) == 9)
    for device in client.session.get_all_devices()[:2]:
        await device.turn_on()
    await until(lambda: len([1 for name, _ in events if name == "session_error"]) == 2)
    states = [device.is_on for device in client.session.get_all_devices()[:2]]
    await client.disconnect()
    return {"states": states, "errors": [text for name, text in events if name == "session_error"]}
"""


async def test_refused_commands_are_error_events(cloud: HomismartSimulator) -> None:
    cloud.levers.errors.extend([40, 72])
    found = await run(cloud, REFUSED)
    assert found["states"] == [False, False]
    assert len(found["errors"]) == 2
    assert "40" in found["errors"][0]


async def test_two_clients_theirs_and_ours_share_an_account(cloud: HomismartSimulator) -> None:
    from homewire.homismart.client import HomismartClient

    assert cloud.certificate is not None
    ours = HomismartClient(
        cloud.options.username, cloud.options.password, url=cloud.url, ssl=cloud.certificate.trust()
    )
    await ours.connect()
    theirs = asyncio.ensure_future(run(cloud, CONVERSATION))
    await seen(cloud, RequestPrefix.LED_SET, theirs)
    light = ours.session.get_device_by_id("02510000000162")
    assert light is not None
    await ours.commands.switch(light, True)
    assert light.led_state == 1
    await ours.add_device({"id": "02519999000777", "name": "New", "type": 2})
    cloud.account.change("02519999000777", power=True)
    cloud.broadcast('9999{"code":94,"info":"no"}')
    await ours.commands.set_led(light, 77)
    assert await theirs == {"pushed": True, "added": True, "error": True, "back": True, "in": True}
    await ours.disconnect()
