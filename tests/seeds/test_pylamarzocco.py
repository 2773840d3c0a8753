"""The examples of pylamarzocco's description, word for word; imports, addresses and credentials are given.

The description's Bluetooth example lacks a comma, without which no Python reads it; it is put in here. Its
`discover_devices()` is not awaited, and neither is `create(…)`: both work that way, too.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest

from homewire.lamarzocco.gateway import (
    LaMarzoccoBluetoothClient,
    LaMarzoccoCloudClient,
    LaMarzoccoGrinder,
    LaMarzoccoLocalClient,
    LaMarzoccoMachine,
)
from homewire.lamarzocco.gateway.simulator import GatewaySimulator

pytestmark = pytest.mark.real_time

CLOUD = """\
cloud_client = await LaMarzoccoCloudClient.create(username, password)
"""

LOCAL = """\
local_client = LaMarzoccoLocalClient(ip, local_token)
"""

BLUETOOTH = """\
    if bluetooth_devices := LaMarzoccoBluetoothClient.discover_devices():
        print("Found bluetooth device:", bluetooth_devices[0])

    bluetooth_client = LaMarzoccoBluetoothClient(
        username,
        serial_number,
        local_token
        bluetooth_devices[0],
    )
"""

MACHINE = """\
machine = Machine.create(model, serial_number, name, cloud_client, local_client, bluetooth_client)
"""

GRINDER = """\
grinder = LaMarzoccoGrinder.create(model, serial_number, name, cloud_client, local_client, bluetooth_client)
"""

WEBSOCKET = """\
await machine.websocket_connect(callback)
"""


class Elsewhere(threading.Thread):
    """A simulator on a loop of its own: the examples block theirs."""

    def __init__(self) -> None:
        super().__init__(name="simulator")
        self.ready = threading.Event()
        self.simulator: GatewaySimulator
        self.loop: asyncio.AbstractEventLoop
        self._end: asyncio.Event

    def run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        self.loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        options = GatewaySimulator.Options(models=("Micra", "Pico"))
        async with GatewaySimulator(options) as self.simulator:
            self.ready.set()
            await self._end.wait()

    def do(self, action: Any) -> None:
        """Do something in the simulator's own thread."""
        self.loop.call_soon_threadsafe(action)

    def end(self) -> None:
        self.do(self._end.set)
        self.join()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    thread = Elsewhere()
    thread.start()
    thread.ready.wait()
    monkeypatch.setenv("HOMEWIRE_BLUETOOTH", thread.simulator.settings()["bluetooth"])
    yield thread
    thread.end()


def _given(elsewhere: Elsewhere, serial: str) -> dict[str, Any]:
    """Return imports, addresses and credentials."""
    simulator = elsewhere.simulator
    machine = simulator.machines[serial]

    class Cloud(LaMarzoccoCloudClient):
        def __init__(self, username: str, password: str) -> None:
            super().__init__(username, password, cms_url=simulator.cloud.url, gateway_url=simulator.cloud.url)

    return {
        "LaMarzoccoCloudClient": Cloud,
        "LaMarzoccoLocalClient": LaMarzoccoLocalClient,
        "LaMarzoccoBluetoothClient": LaMarzoccoBluetoothClient,
        "LaMarzoccoGrinder": LaMarzoccoGrinder,
        "Machine": LaMarzoccoMachine,
        "username": simulator.options.username,
        "password": simulator.options.password,
        "ip": ":".join(map(str, simulator.locals[serial].address)),
        "local_token": machine.key,
        "serial_number": serial,
        "model": machine.model.gateway_name,
        "name": "kitchen",
        "bluetooth_client": None,
    }


async def _run(example: str, names: dict[str, Any]) -> None:
    """Run a piece of the description as the interactive Python with top-level await does."""
    code = compile(inspect.cleandoc(example), "<description>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = types.FunctionType(code, names)()
    if inspect.isawaitable(result):
        await result


def test_only_the_comma_is_missing() -> None:
    with pytest.raises(SyntaxError):
        compile(inspect.cleandoc(BLUETOOTH), "<description>", "exec")
    compile(inspect.cleandoc(_with_comma(BLUETOOTH)), "<description>", "exec")


def _with_comma(example: str) -> str:
    return example.replace("local_token\n", "local_token,\n")


async def test_machine(elsewhere: Elsewhere, capsys: pytest.CaptureFixture[str]) -> None:
    simulated = elsewhere.simulator.machine
    names = _given(elsewhere, simulated.serial)
    await _run(CLOUD, names)
    await _run(LOCAL, names)
    await _run(_with_comma(BLUETOOTH), names)
    assert f"MICRA_{simulated.serial}" in capsys.readouterr().out
    await _run(MACHINE, names)
    machine = names["machine"]
    await machine.get_config()
    assert await machine.set_power(True) == "bluetooth"
    assert machine.config.turned_on
    changed = asyncio.Event()
    names["callback"] = lambda: changed.set() if machine.config.brew_active else None
    watching = asyncio.create_task(_run(WEBSOCKET, names))
    elsewhere.do(simulated.brew)
    await asyncio.wait_for(changed.wait(), 20)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await machine.close()


async def test_grinder(elsewhere: Elsewhere) -> None:
    serial = next(each for each in elsewhere.simulator.machines if each.startswith("GR"))
    names = _given(elsewhere, serial)
    for example in (CLOUD, LOCAL, GRINDER):
        await _run(example, names)
    grinder = await names["grinder"]
    assert grinder.config.doses
    await grinder.close()
