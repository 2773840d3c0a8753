"""An appliance that comes back is online at once, whatever the back-off says: over mDNS on loopback."""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from homewire.bridge.service import Bridge
from homewire.cli.opening import _announcements, open_session
from homewire.cli.output import Output
from homewire.cli.run import running_demo
from homewire.cli.session import LocalSession
from homewire.cli.source import Source
from homewire.config import ConnectionEntry, parse
from homewire.discovery import MDNS
from homewire.lamarzocco.direct.simulator import DirectSimulator
from homewire.lamarzocco.gateway.simulator import GatewaySimulator
from homewire.link import Backoff, supervisor
from homewire.link.waking import AnnouncementWatch
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions
from homewire.simulation import Simulator

pytestmark = pytest.mark.real_time

HOUR = 3600.0
WITHIN_S = 60.0
"""On an idle computer it takes a second, most of it the simulator's asking whether its name is free."""


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listen on loopback, and let a lost link wait for an hour."""
    monkeypatch.setenv(MDNS, "127.0.0.1")
    monkeypatch.setattr(supervisor, "Backoff", lambda: Backoff(HOUR, HOUR, floor_s=HOUR))


def bridge_of(
    tmp_path: Path, kind: str, values: dict[str, Any], settings: str = ""
) -> tuple[Bridge, ConnectionEntry]:
    entry = ConnectionEntry(kind=kind, name="Machine", values=values)
    text = f'[bridge]\nsocket = ""\n{settings}\n[http]\nport = 0\n[history]\nenabled = false\n'
    return Bridge(parse(text, str(tmp_path / "homewire.toml")), entries=[entry]), entry


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not is_so():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def lost(bridge: Bridge, simulator: Simulator) -> None:
    """Stop the machine and wait until its link waits for its hour."""
    link = bridge.registry.link("Machine")
    await until(lambda: link.report().state == "online")
    await simulator.stop()
    assert link.supervisor is not None
    link.supervisor.settings_changed(link.entry.settings())  # rather than until three readings failed
    await until(lambda: link.report().state == "waiting")


async def back(bridge: Bridge) -> None:
    link = bridge.registry.link("Machine")
    await until(lambda: link.report().state == "online")
    assert link.report().appliances
    assert all(one.availability.online for one in bridge.registry.appliances.values())


def miele(**options: Any) -> MieleSimulator:
    """A dishwasher of nobody else: mDNS is shared by all tests that run on this computer."""
    number = f"000{secrets.randbelow(10**9):09}"
    return MieleSimulator(
        MieleSimulatorOptions(type="dishwasher", announce=True, fab_number=number, **options)
    )


async def test_a_dishwasher_that_starts_again_is_online_at_once(tmp_path: Path) -> None:
    simulator = miele()
    await simulator.start()
    bridge, _ = bridge_of(tmp_path, "miele", dict(simulator.settings()))
    async with bridge:
        await lost(bridge, simulator)
        await simulator.start()
        try:
            await back(bridge)
            told = bridge.health().announcements
        finally:
            await simulator.stop()
    assert told is not None
    assert (told.listening, told.reason, told.matched > 0) == (True, "at 127.0.0.1", True)


async def test_a_machine_of_the_first_generation_is_online_at_once(tmp_path: Path) -> None:
    simulator = DirectSimulator(DirectSimulator.Options(announce=True))
    simulator.machine.memory["machine_serial"] = f"GS{secrets.randbelow(10**6):06}"
    await simulator.start()
    values = dict(simulator.settings())
    bridge, _ = bridge_of(tmp_path, "lamarzocco-direct", values)
    again = DirectSimulator(DirectSimulator.Options(announce=True, port=values["port"]))
    async with bridge:
        await lost(bridge, simulator)
        await again.start()
        try:
            await back(bridge)
        finally:
            await again.stop()


async def test_a_machine_behind_a_gateway_is_online_at_once(tmp_path: Path) -> None:
    simulator = GatewaySimulator(GatewaySimulator.Options(bluetooth=False, announce=True))
    await simulator.start()
    machine = simulator.machine
    host, port = simulator.locals[machine.serial].address
    device = {"serial": machine.serial, "token": machine.key, "model": "Micra", "host": f"{host}:{port}"}
    bridge, _ = bridge_of(tmp_path, "lamarzocco-gateway", {"devices": [device]})
    again = GatewaySimulator(GatewaySimulator.Options(bluetooth=False, announce=True, local_port=port))
    async with bridge:
        await lost(bridge, simulator)
        await again.start()
        try:
            await back(bridge)
        finally:
            await again.stop()


async def test_a_session_of_the_command_line_hears_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = miele()
    await simulator.start()
    values = dict(simulator.settings())
    monkeypatch.setenv("KEY", values["group_key"])
    words = f"miele,host={values['host']},group_id={values['group_id']},group_key=env:KEY"
    source = Source(connection=(words,), config=tmp_path / "none.toml")
    output = Output(io.StringIO(), io.StringIO())
    async with open_session(source, output, keep_trying=True) as session:
        assert isinstance(session, LocalSession)
        [supervisor] = session._supervisors.values()
        await simulator.stop()
        supervisor.settings_changed(supervisor.connection.settings)
        await until(lambda: supervisor.status.state == "waiting")
        await simulator.start()
        try:
            await until(lambda: session.links[0].online)
        finally:
            await simulator.stop()
    assert "announcements" not in {task.get_name() for task in asyncio.all_tasks()}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[bridge]\nannouncements = false", "switched off in the configuration"),
        ("[bridge]\nannouncements = true", "no connection has appliances that announce themselves"),
        ("[bridge]\nanouncements = false", "no connection has appliances that announce themselves"),
        (None, "no connection has appliances that announce themselves"),
    ],
)
async def test_what_is_off_for_the_bridge_is_off_for_sessions(
    tmp_path: Path, text: str | None, reason: str
) -> None:
    file = tmp_path / "homewire.toml"
    if text is not None:
        file.write_text(text)
    assert _announcements(Source(config=file)).report().reason == reason


async def test_it_can_be_switched_off(tmp_path: Path) -> None:
    simulator = miele()
    await simulator.start()
    bridge, _ = bridge_of(tmp_path, "miele", dict(simulator.settings()), settings="announcements = false")
    async with bridge:
        await until(lambda: bridge.registry.link("Machine").report().state == "online")
        assert bridge.http is not None
        address = f"{bridge.http.address}/api/v1/health"
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            told = (await answer.json())["announcements"]
    await simulator.stop()
    assert told == {
        "listening": False,
        "reason": "switched off in the configuration",
        "heard": 0,
        "matched": 0,
    }


async def test_the_demo_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MDNS)
    begun: list[AnnouncementWatch] = []
    monkeypatch.setattr(AnnouncementWatch, "_run", begun.append)
    values = {"host": "127.0.0.1:9", "group_id": "1" * 16, "group_key": "2" * 128}
    entry = ConnectionEntry(kind="miele", name="Machine", values=values)
    async with running_demo([entry], 0, {"bridge": {"announcements": True}}):
        pass
    assert begun == []
