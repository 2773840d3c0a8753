"""Every example of asyncmiele's description, run against a simulated kitchen.

The text between the quotes is the description's own; `_adapted` exchanges imports, addresses and credentials,
and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.miele.conftest import own_number

from homewire.errors import RemoteControlDisabled
from homewire.miele.client import MieleClient
from homewire.miele.config import settings
from homewire.miele.programs import ProgramCatalog
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions, Status

pytestmark = pytest.mark.real_time

ROUTE = "000123456789"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "miele"

SET_UP = """
import asyncio
from asyncmiele import easy_setup

async def register_device():
    # IP address of your Miele device
    device_ip = "192.168.1.123"

    # Register with the device
    device_id, group_id, group_key = await easy_setup(device_ip)

    print(f"Successfully registered with device {device_id}")
    print(f"GroupID: {group_id}")
    print(f"GroupKey: {group_key}")
    # Store these credentials securely for future use

asyncio.run(register_device())
"""

CONFIG = """
# config.py
MIELE_CONFIG = {
    "host": "192.168.1.123",
    "device_id": "1234567890",
    "group_id": "0123456789abcdef",
    "group_key": "0123456789abcdef..." # Long hex string
}
"""

STORED = """
import asyncio
from asyncmiele import MieleClient
from config import MIELE_CONFIG

async def connect_to_device():
    client = MieleClient(
        host=MIELE_CONFIG["host"],
        group_id=bytes.fromhex(MIELE_CONFIG["group_id"]),
        group_key=bytes.fromhex(MIELE_CONFIG["group_key"])
    )

    # Now you can use the client to interact with your device
    device = await client.get_device(MIELE_CONFIG["device_id"])
    print(f"Connected to {device.name}")

asyncio.run(connect_to_device())
"""

INFO = """
import asyncio
from asyncmiele import MieleClient

async def get_device_info():
    # Create client with your stored credentials
    client = MieleClient(
        host="192.168.1.123",
        group_id=bytes.fromhex("your_group_id"),
        group_key=bytes.fromhex("your_group_key")
    )

    # Get all devices
    devices = await client.get_devices()

    for device_id, device in devices.items():
        print(f"Device ID: {device_id}")
        print(f"Name: {device.name}")
        print(f"Status: {device.state.status}")

        if device.state.program_phase:
            print(f"Program: {device.state.program_type}")
            print(f"Phase: {device.state.program_phase}")

        if device.state.remaining_time:
            print(f"Remaining time: {device.state.remaining_time} seconds")

    # Get updates for a specific device
    device = await client.get_device("your_device_id")
    state = await client.get_device_state("your_device_id")

asyncio.run(get_device_info())
"""

ERRORS = """
import asyncio
from asyncmiele import MieleClient
from asyncmiele.exceptions.network import ConnectionError, TimeoutError
from asyncmiele.exceptions.api import DeviceNotFoundError

async def handle_errors():
    try:
        client = MieleClient(
            host="192.168.1.123",
            group_id=bytes.fromhex("your_group_id"),
            group_key=bytes.fromhex("your_group_key")
        )

        device = await client.get_device("non_existent_id")

    except ConnectionError as e:
        print(f"Connection failed: {e}")
    except TimeoutError as e:
        print(f"Request timed out: {e}")
    except DeviceNotFoundError as e:
        print(f"Device not found: {e}")

asyncio.run(handle_errors())
"""

WAKE = """
await client.wake_up("000123456789")  # device route / ID
"""

ALLOW = """
from asyncmiele.config import settings
settings.enable_remote_start = True        # global once-per-process
"""

START = """
await client.remote_start("000123456789", allow_remote_start=True)
"""

CHECKED_START = """
if await client.can_remote_start("000123456789"):
    await client.remote_start("000123456789", allow_remote_start=True)
else:
    print("Device not ready for remote start")
"""

DUMP = """\
python scripts/dump_program_catalog.py \\
       --host 192.168.6.126 \\
       --device-id 000123456789 \\
       --group-id aabbccddeeff00112233445566778899 \\
       --group-key 0123456789abcdeffedcba9876543210"""


@pytest.fixture
async def running() -> Any:
    async with MieleSimulator(MieleSimulatorOptions(scene="running", name="Laundry")) as simulator:
        yield simulator


@pytest.fixture
def remote_start_restored() -> Iterator[None]:
    yield
    settings.enable_remote_start = False


def _adapted(example: str, simulator: MieleSimulator) -> str:
    """Exchange imports, addresses and credentials."""
    options = simulator.options
    exchanged = {
        "asyncmiele.exceptions.network": "homewire.miele.exceptions",
        "asyncmiele.exceptions.api": "homewire.miele.exceptions",
        "asyncmiele": "homewire.miele",
        "192.168.1.123": simulator.host,
        "your_group_id": options.group_id,
        "your_group_key": options.group_key,
        "your_device_id": options.fab_number,
        '"1234567890"': f'"{options.fab_number}"',
        '"0123456789abcdef..."': f'"{options.group_key}"',
        '"0123456789abcdef"': f'"{options.group_id}"',
    }
    for old, new in exchanged.items():
        example = example.replace(old, new)
    return example


async def _run(example: str, simulator: MieleSimulator) -> str:
    """Run an example with a loop of its own, as its reader would; return what it prints."""
    code = compile(_adapted(example, simulator), "<seed>", "exec")
    return await asyncio.to_thread(_printed, code)


def _printed(code: Any) -> str:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(code, {"__name__": "__main__"})  # noqa: S102 - the example itself
    return output.getvalue()


async def _await(snippet: str, client: MieleClient) -> str:
    """Run a snippet that stands inside a coroutine."""
    body = "".join(f"    {line}\n" for line in snippet.strip().splitlines())
    scope: dict[str, Any] = {"client": client}
    exec(f"async def example():\n{body}", scope)  # noqa: S102 - the example itself
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        await scope["example"]()
    return output.getvalue()


def _client(simulator: MieleSimulator) -> MieleClient:
    options = simulator.options
    return MieleClient.from_hex(simulator.host, options.group_id, options.group_key)


@pytest.mark.parametrize("kind", ["washing-machine", "oven-xkm3100w"])
async def test_device_setup(kind: str) -> None:
    async with MieleSimulator(MieleSimulatorOptions(type=kind, paired=False)) as simulator:
        printed = await _run(SET_UP, simulator)
        keys = simulator.module.credentials
        assert keys is not None
        assert printed.splitlines() == [
            f"Successfully registered with device {ROUTE}",
            f"GroupID: {keys.id_text}",
            f"GroupKey: {keys.key_text}",
        ]


async def test_connecting_with_stored_credentials(
    running: MieleSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ModuleType("config")
    exec(_adapted(CONFIG, running), config.__dict__)  # noqa: S102 - the example itself
    monkeypatch.setitem(sys.modules, "config", config)
    assert await _run(STORED, running) == "Connected to Laundry\n"


async def test_connecting_to_devices(running: MieleSimulator) -> None:
    assert (await _run(INFO, running)).splitlines() == [
        f"Device ID: {ROUTE}",
        "Name: Laundry",
        f"Status: {Status.RUNNING}",
        "Program: 1",
        "Phase: 260",
        "Remaining time: 7140 seconds",
    ]


async def test_error_handling(running: MieleSimulator) -> None:
    assert (await _run(ERRORS, running)).startswith("Device not found: ")
    await running.drop_wifi()
    assert (await _run(ERRORS, running)).startswith("Connection failed: ")


async def test_waking_up_a_device() -> None:
    async with (
        MieleSimulator(MieleSimulatorOptions(scene="asleep")) as simulator,
        _client(simulator) as client,
    ):
        await _await(WAKE, client)
        assert not simulator.appliance.asleep


async def test_remote_start_is_refused_without_consent() -> None:
    async with MieleSimulator() as simulator, _client(simulator) as client:
        with pytest.raises(RemoteControlDisabled):
            await client.remote_start(ROUTE)
        assert simulator.appliance.status == Status.WAITING


@pytest.mark.usefixtures("remote_start_restored")
async def test_remote_start_with_the_switch_of_the_process() -> None:
    async with MieleSimulator() as simulator, _client(simulator) as client:
        exec(_adapted(ALLOW, simulator), {})  # noqa: S102 - the example itself
        await client.remote_start(ROUTE)
        assert simulator.appliance.status == Status.RUNNING


@pytest.mark.parametrize("snippet", [START, CHECKED_START])
async def test_remote_start_with_the_flag_of_the_call(snippet: str) -> None:
    async with MieleSimulator() as simulator, _client(simulator) as client:
        assert await _await(snippet, client) == ""
        assert simulator.appliance.status == Status.RUNNING


async def test_a_device_that_is_not_ready_is_not_started() -> None:
    async with (
        MieleSimulator(MieleSimulatorOptions(scene="ready")) as simulator,
        _client(simulator) as client,
    ):
        assert await _await(CHECKED_START, client) == "Device not ready for remote start\n"


async def test_dumping_a_programme_catalogue(tmp_path: Path) -> None:
    async with MieleSimulator(MieleSimulatorOptions(scene="asleep")) as simulator:
        options = simulator.options
        command = (
            DUMP.replace("python scripts", f"{sys.executable} {EXAMPLES}")
            .replace("192.168.6.126", simulator.host)
            .replace("aabbccddeeff00112233445566778899", options.group_id)
            .replace("0123456789abcdeffedcba9876543210", options.group_key)
        )
        words = [*command.replace("\\\n", " ").split(), "--wake"]
        await asyncio.to_thread(subprocess.run, words, cwd=tmp_path, check=True, capture_output=True)
        catalog = ProgramCatalog.for_device("WashingMachine", directory=tmp_path / "resources" / "programs")
        assert [program.name for program in catalog.programs][:2] == ["cottons", "minimum_iron"]
        assert (tmp_path / "resources" / "programs" / "washing_machine.json").exists()


async def test_the_set_up_script() -> None:
    async with MieleSimulator(MieleSimulatorOptions(paired=False)) as simulator:
        words = [sys.executable, str(EXAMPLES / "setup.py"), "--host", simulator.host]
        done = await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True, text=True)
        assert f"device_id = {ROUTE}" in done.stdout
        assert simulator.module.paired


async def test_the_discovery_script() -> None:
    options = MieleSimulatorOptions(paired=False, announce=True, fab_number=own_number())
    async with MieleSimulator(options) as simulator:
        words = [
            sys.executable,
            str(EXAMPLES / "discover_network.py"),
            "--seconds",
            "4",
            "--interface",
            "127.0.0.1",
        ]
        done = await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True, text=True)
        assert simulator.host in done.stdout
        assert "waits to be paired" in done.stdout


async def test_the_selection_script() -> None:
    async with MieleSimulator(MieleSimulatorOptions(scene="ready")) as simulator:
        options = simulator.options
        words = [sys.executable, str(EXAMPLES / "select_program.py"), "--host", simulator.host]
        words += [
            "--device-id",
            ROUTE,
            "--group-id",
            options.group_id,
            "--group-key",
            options.group_key,
            "shirts",
        ]
        done = await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True, text=True)
        assert done.stdout == ""
        assert simulator.appliance.programme is not None
        assert simulator.appliance.programme.number == 23
