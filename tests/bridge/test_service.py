from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from homewire.appliance import Origin
from homewire.bridge.client import connect, is_running
from homewire.bridge.editing import ConnectionEditor
from homewire.bridge.service import Bridge
from homewire.bridge.settings import socket_path
from homewire.cli.bridged import bridge_session, running_bridge
from homewire.cli.output import UsageError
from homewire.config import load, parse
from homewire.errors import (
    CommandRejected,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    InvalidValue,
    RemoteControlDisabled,
)
from tests.bridge.brokers import eventually
from tests.bridge.kitchen import MOMENT, KitchenConnection, Machine

pytestmark = pytest.mark.real_time

FILE = """\
[bridge]
watch_s = 0.02

[http]
port = 0

[history]
enabled = false

[[connections]]
kind = "kitchen"
name = "Kitchen"
"""


def write(file: Path, text: str) -> None:
    file.write_text(text)


def read(file: Path) -> str:
    return file.read_text()


def machine(name: str = "Kitchen") -> Machine:
    return KitchenConnection.made[name].machine


@pytest.fixture
def file(short: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short / "run"))
    path = short / "homewire.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for the name of a Unix socket (108 bytes in all)."""
    with tempfile.TemporaryDirectory(prefix="hw") as folder:
        yield Path(folder)


@pytest.fixture
async def bridge(file: Path) -> AsyncIterator[Bridge]:
    async with Bridge(load(file), path=file) as running:
        await KitchenConnection.made["Kitchen"].ready.wait()
        yield running


async def test_a_broken_connection_keeps_nobody_from_starting(file: Path) -> None:
    write(
        file,
        FILE
        + '[[connections]]\nkind = "kitchen"\nname = "Down"\n'
        + '[[connections]]\nkind = "kitchen"\nname = "Wrong"\nhots = 3\n'
        + '[[connections]]\nkind = "toaster"\nname = "Unknown"\n',
    )
    KitchenConnection.failure["Down"] = ConnectionLost("no answer")
    async with Bridge(load(file), path=file) as bridge:
        await KitchenConnection.made["Kitchen"].ready.wait()
        states = {name: link.report().state for name, link in bridge.registry.links.items()}
        assert states["Kitchen"] == "online"
        assert states["Down"] in ("opening", "waiting")
        assert states["Wrong"] == states["Unknown"] == "misconfigured"
        assert "Did you mean host?" in str(bridge.registry.links["Wrong"].error)
        health = bridge.health()
        assert (health.ok, health.appliances, health.appliances_online) == (False, 1, 1)


async def test_the_file_is_followed_without_a_restart(file: Path, bridge: Bridge) -> None:
    first = machine()
    write(file, FILE + '[[connections]]\nkind = "kitchen"\nname = "Cellar"\n')
    await eventually(lambda: "test:cellar" in bridge.registry.appliances)
    assert bridge.registry.appliances["test:kitchen"] is first, "an untouched connection is left alone"
    write(file, FILE.replace('"Kitchen"', '"Kitchen"\nmachines = 2'))
    await eventually(lambda: set(bridge.registry.appliances) == {"test:kitchen", "test:kitchen 1"})
    write(file, "this is not TOML")
    write(file, FILE.replace('"Kitchen"', '"Kitchen"\nenabled = false'))
    await eventually(lambda: not bridge.registry.appliances)
    assert bridge.registry.links["Kitchen"].report().state == "disabled"


async def test_a_connection_that_was_changed_to_a_dead_one_and_removed_leaves_no_appliance(
    file: Path, bridge: Bridge
) -> None:
    KitchenConnection.failure["Kitchen"] = ConnectionLost("no answer")
    write(file, FILE.replace('"Kitchen"', '"Kitchen"\nmachines = 2'))
    await eventually(lambda: KitchenConnection.made["Kitchen"].settings.machines == 2)
    assert set(bridge.registry.appliances) == {"test:kitchen"}, "it may come back"
    write(file, "[bridge]\nwatch_s = 0.02\n")
    await eventually(lambda: not bridge.registry.links and not bridge.registry.appliances)


async def test_a_wrong_file_changes_nothing(file: Path, bridge: Bridge) -> None:
    write(file, "[[connections")
    await bridge.reload()
    assert set(bridge.registry.appliances) == {"test:kitchen"}


async def test_connections_changed_by_the_api_are_written_to_the_file(file: Path, bridge: Bridge) -> None:
    place = socket_path(file)
    assert place is not None
    async with connect(place) as client:
        body = {"kind": "kitchen", "settings": {"password": "env:NOBODY"}}
        with pytest.raises(ConfigurationError, match="NOBODY"):
            await client._ask("PUT", "/connections/Cellar", body)
        body["settings"] = {"machines": 1}
        await client._ask("PUT", "/connections/Cellar", body)
        assert 'name = "Cellar"' in read(file)
        assert "watch_s = 0.02" in read(file)
        await client._ask("DELETE", "/connections/Cellar")
        assert "Cellar" not in read(file)
    assert set(bridge.registry.links) == {"Kitchen"}


@pytest.mark.usefixtures("bridge")
async def test_the_command_line_talks_to_the_running_bridge(file: Path) -> None:
    place = running_bridge(file)
    assert place is not None
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    async with bridge_session(place) as session:
        changes: list[Any] = []
        session.subscribe(changes.append)
        await session.refresh("test:kitchen")
        await eventually(lambda: session.appliances["test:kitchen"].state["started"] == MOMENT)
        assert dict(session.appliances["test:kitchen"].features) == dict(machine().features)
        stages: list[str] = []
        story = await session.write("test:kitchen", "target", 93.5, on_stage=stages.append)
        assert (story["stage"], story["value"]) == ("confirmed", 93.5)
        await eventually(lambda: session.appliances["test:kitchen"].state["target"] == 93.5)
        await session.press("test:kitchen", "start", dangerous=True)
        with pytest.raises(RemoteControlDisabled):
            await session.press("test:kitchen", "start")
        with pytest.raises(InvalidValue, match="Allowed: 85 to 100"):
            await session.write("test:kitchen", "target", 300)
        machine().refusal = CommandRejected("the kettle is empty", reason_code=12)
        with pytest.raises(CommandRejected, match="empty"):
            await session.write("test:kitchen", "power", True)
        [link] = session.links
        assert (link.name, link.online, link.appliances) == ("Kitchen", True, ("test:kitchen",))
    assert KitchenConnection.made["Kitchen"].opened == 1


@pytest.mark.usefixtures("bridge")
async def test_the_command_line_asks_a_bridge_for_the_named_connections_only(
    file: Path, bridge: Bridge
) -> None:
    place = running_bridge(file)
    assert place is not None
    KitchenConnection.failure["Attic"] = ConnectionLost("no answer")
    more = (f'[[connections]]\nkind = "kitchen"\nname = "{name}"\n' for name in ("Cellar", "Attic"))
    write(file, FILE + "".join(more))
    await eventually(lambda: "test:cellar" in bridge.registry.appliances)
    async with bridge_session(place) as session:
        assert set(session.appliances) == {"test:kitchen", "test:cellar"}
        await eventually(lambda: len(session.failures) == 1)
    async with bridge_session(place, ["kitchen"]) as named, bridge_session(place, only="Kitchen") as only:
        changes: list[Any] = []
        for session in (named, only):
            session.subscribe(changes.append)
            assert set(session.appliances) == {"test:kitchen"}
            assert session.failures == ()
        machine("Cellar").publish({"temperature": 1.0}, Origin.PUSH)
        machine().publish({"temperature": 2.0}, Origin.PUSH)
        await eventually(lambda: len(changes) == 2)
        assert [change.appliance for change in changes] == ["test:kitchen"] * 2
    with pytest.raises(UsageError, match="no connection 'Attik'"):
        async with bridge_session(place, ["Attik"]):
            pass


async def test_a_file_that_cannot_be_written_is_told_and_nothing_changes(short: Path, bridge: Bridge) -> None:
    write(short / "a file", "")
    editor = ConnectionEditor(bridge.registry, short / "a file" / "homewire.toml")
    with pytest.raises(ConfigurationError, match="cannot be"):
        await editor.put("Cellar", "kitchen", {}, (), enabled=True)
    assert set(bridge.registry.links) == {"Kitchen"}


async def test_a_second_bridge_for_the_same_file_does_not_start(file: Path, bridge: Bridge) -> None:
    assert bridge.http is not None
    with pytest.raises(ConnectionFailed, match="another bridge is running"):
        async with Bridge(load(file), path=file):
            pass
    assert is_running(socket_path(file))


async def test_a_socket_that_was_left_behind_is_replaced(file: Path) -> None:
    place = socket_path(file)
    assert place is not None
    place.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(place))
    assert running_bridge(file) is None
    async with Bridge(load(file), path=file):
        assert running_bridge(file) == place
    assert not place.exists()


async def test_other_addresses_demand_a_token() -> None:
    text = FILE.replace("port = 0", 'port = 0\nhost = "0.0.0.0"')
    with pytest.raises(ConfigurationError, match=r"homewire.toml:6: .*no token is set"):
        Bridge(parse(text))


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("http", "port = 99999"),
        ("http", "requests_per_second = 0"),
        ("http", "burst = 0"),
        ("http", "event_buffer = -1"),
        ("bridge", "drain_s = -1"),
        ("mqtt", 'host = "broker"\nkeepalive_s = 0'),
    ],
)
def test_a_number_that_cannot_be_is_told_with_its_line(table: str, line: str) -> None:
    with pytest.raises(ConfigurationError, match=r"homewire.toml:\d: .*(>|<)"):
        Bridge(parse(f"[{table}]\n{line}\n"))


async def test_a_taken_address_is_told_with_a_hint(bridge: Bridge) -> None:
    assert bridge.http is not None
    text = FILE.replace("port = 0", f"port = {bridge.http.port}")
    with pytest.raises(ConnectionFailed, match="Choose another port"):
        async with Bridge(parse(text, "other.toml")):
            pass


async def test_running_commands_may_finish_and_hanging_links_are_left_behind(file: Path) -> None:
    bridge = Bridge(load(file), path=file)
    await bridge.start()
    await KitchenConnection.made["Kitchen"].ready.wait()
    kettle = machine()
    kettle.gate.clear()
    command = bridge.registry.commands.submit(kettle, "target", 95)
    KitchenConnection.made["Kitchen"].hang_on_close = True
    asyncio.get_running_loop().call_later(0.05, kettle.gate.set)
    began = time.monotonic()
    await bridge.stop()
    assert time.monotonic() - began < 5
    assert command.stage == "confirmed"


async def test_a_command_that_is_given_up_says_that_the_bridge_stopped(file: Path) -> None:
    write(file, FILE.replace("[bridge]", "[bridge]\ndrain_s = 0.01"))
    async with Bridge(load(file), path=file) as bridge:
        await KitchenConnection.made["Kitchen"].ready.wait()
        machine().gate.clear()
        command = bridge.registry.commands.submit(machine(), "target", 95)
        await eventually(lambda: command.stage == "accepted")
    assert command.stage == "failed"
    assert command.describe()["error"]["code"] == "shutting_down"


async def test_systemd_is_told_readiness_and_feeds_its_watchdog(
    file: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(short / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(short / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "20000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        told: list[str] = []
        loop = asyncio.get_running_loop()
        loop.add_reader(systemd, lambda: told.append(systemd.recv(1000).decode()))
        async with Bridge(load(file), path=file):
            await eventually(lambda: told.count("WATCHDOG=1") >= 2)
        await eventually(lambda: told[-1] == "STOPPING=1")
        loop.remove_reader(systemd)
    assert told[0].startswith("READY=1")


@pytest.fixture
def program(short: Path) -> Callable[..., Any]:
    """Start `homewire run` as a process of its own, with an installed kind that the test brings along."""

    async def start(*words: str) -> asyncio.subprocess.Process:
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(short / "run"), "PYTHONUNBUFFERED": "1"}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "homewire.cli",
            "run",
            *words,
            env=environment,
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    return start


async def test_sigterm_ends_the_program_within_five_seconds(file: Path, program: Callable[..., Any]) -> None:
    write(file, "[http]\nport = 0\n[history]\nenabled = false\n")
    process = await program("--config", str(file))
    line = (await process.stderr.readline()).decode()
    assert "homewire runs at http://127.0.0.1:" in line
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    output, errors = await process.communicate()
    assert time.monotonic() - began < 5
    assert process.returncode == 143
    assert (output, errors) == (b"", b"")


async def test_a_wrong_file_ends_the_program_with_its_exit_code(
    file: Path, program: Callable[..., Any]
) -> None:
    write(file, "[http]\nprot = 0\n")
    process = await program("--config", str(file))
    _, errors = await process.communicate()
    assert process.returncode == 9
    assert "homewire.toml:2" in errors.decode()
    assert "Did you mean port?" in errors.decode()


def test_no_vendor_is_named_in_the_bridge() -> None:
    import homewire.bridge
    from homewire.kinds import installed_kinds

    root = Path(homewire.bridge.__file__).parent
    words = {part for kind in installed_kinds() for part in kind.lower().split("-")}
    vendors = (words | {"lamarzocco", "marzocco", "miele", "homismart"}) - {
        "cloud",
        "direct",
        "gateway",
        "kitchen",
    }
    for path in root.rglob("*.py"):
        text = path.read_text("utf-8").lower()
        found = [vendor for vendor in vendors if vendor in text]
        assert not found, f"{path} names {found}"
