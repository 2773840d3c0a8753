"""A real Home Assistant with a real broker discovers everything, shows it, and switches things.

The newest release that an installed Python can run lives in an environment of its own; it is started in its
process as its own program does, with nothing but the MQTT integration. It meets the kitchen, which has one
feature of every kind, and the whole virtual home, which is what users try first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.bridge.brokers import Mosquitto, eventually
from tests.bridge.kitchen import MOMENT, KitchenConnection, entry
from tests.interop.environments import Environment, NoSuitablePython, build, run_script

from homewire.appliance import Appliance, Origin
from homewire.bridge.mqtt.discovery import components
from homewire.bridge.mqtt.output import MqttOutput
from homewire.bridge.mqtt.topics import Topics, slug
from homewire.bridge.registry import Registry
from homewire.bridge.settings import MqttSettings
from homewire.features import Number, Select, Switch
from homewire.kinds import Kind, installed_kinds
from homewire.simulation.home import VirtualHome

_log = logging.getLogger(__name__)

pytestmark = [pytest.mark.interop, pytest.mark.system]

RELEASES = {"3.13": "2025.4.4", "3.12": "2025.1.4"}
"""The newest that each Python can run, best first; device-based discovery came with 2024.12."""

START = """
import asyncio, contextlib, importlib, inspect, logging, sys

def import_platforms(names):
    # Left to itself it imports them in a thread, which compiles schemas anew while the loop is using them.
    for name in names.split():
        importlib.import_module("homeassistant.components.mqtt." + name)

@contextlib.asynccontextmanager
async def home_assistant(arguments, told):
    from homeassistant import bootstrap
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.runner import RuntimeConfig

    class Listener(logging.Handler):
        def emit(self, record):
            if record.levelno >= logging.WARNING and record.name.startswith("homeassistant.components.mqtt"):
                told.append(record.getMessage())
            elif record.levelno >= logging.WARNING and "homewire" in record.getMessage():
                told.append(record.getMessage())

    import_platforms(arguments["platforms"])
    folder = arguments["folder"]
    hass = await bootstrap.async_setup_hass(RuntimeConfig(config_dir=folder, skip_pip=True))
    listener = Listener()
    logging.getLogger().addHandler(listener)
    await hass.async_start()
    given = dict(
        version=1, minor_version=1, domain="mqtt", title="mqtt", source="user", unique_id=None, options={},
        data={"broker": "127.0.0.1", "port": arguments["port"], "discovery": True}, discovery_keys={},
        subentries_data=None, pref_disable_new_entities=None,
    )
    known = inspect.signature(ConfigEntry.__init__).parameters
    wanted = {key: value for key, value in given.items() if key in known}
    await hass.config_entries.async_add(ConfigEntry(**wanted))
    try:
        yield hass
    finally:
        logging.getLogger().removeHandler(listener)
        await hass.async_stop(force=True)

async def until(reached, seconds=30):
    async with asyncio.timeout(seconds):
        while not reached():
            await asyncio.sleep(0.05)

async def main(arguments):
    told = []
    async with home_assistant(arguments, told) as hass:
        try:
            found = await tried(hass, arguments)
        except TimeoutError:
            shown = {one.entity_id: one.state for one in hass.states.async_all()}
            print("Home Assistant shows", shown, "and told", told, file=sys.stderr, flush=True)
            raise
    return {**found, "told": told}
"""

PLATFORMS = "binary_sensor button cover lock number select sensor switch text update"

KITCHEN = """
async def tried(hass, arguments):
    def states():
        return {one.entity_id: (one.state, dict(one.attributes)) for one in hass.states.async_all()}

    await until(lambda: len(states()) == arguments["entities"])
    await until(lambda: all(state != "unavailable" for state, _ in states().values()))
    await until(lambda: states().get("sensor.kitchen_temperature", ("",))[0] == "93.5")
    first = {key: [state, {k: str(v) for k, v in more.items()}] for key, (state, more) in states().items()}

    async def call(domain, service, entity, **data):
        await hass.services.async_call(domain, service, {"entity_id": entity, **data}, blocking=True)

    await call("switch", "turn_on", "switch.kitchen_power")
    await call("number", "set_value", "number.kitchen_target", value=95.5)
    await call("select", "select_option", "select.kitchen_mode", option="fast")
    await call("cover", "set_cover_position", "cover.kitchen_cover", position=40)
    await call("lock", "lock", "lock.kitchen_lock")
    await call("button", "press", "button.kitchen_rinse")
    await call("text", "set_value", "text.kitchen_label", value="for guests")
    expected = {
        "switch.kitchen_power": "on", "number.kitchen_target": "95.5", "select.kitchen_mode": "fast",
        "lock.kitchen_lock": "locked",
    }
    await until(lambda: all(states()[key][0] == value for key, value in expected.items()))
    await until(lambda: states()["cover.kitchen_cover"][1].get("current_position") == 40)
    await until(lambda: "text.kitchen_label" not in states())
    await until(lambda: "event.kitchen_shot" in states())
    return {"states": first}
"""

VIRTUAL_HOME = """
async def tried(hass, arguments):
    from homeassistant.helpers import device_registry, entity_registry

    def entries():
        return {one.unique_id: one for one in entity_registry.async_get(hass).entities.values()}

    def state(unique_id):
        found = hass.states.get(entries()[unique_id].entity_id)
        return found.state if found else None

    expected = set(arguments["entities"])
    await until(lambda: expected <= set(entries()))
    shown = [key for key, one in entries().items() if not one.disabled]
    await until(lambda: all(state(key) not in (None, "unavailable") for key in shown))
    first = {key: state(key) for key in shown}
    for key in arguments["switches"]:
        for word in ("off", "on", "off"):
            wanted = {"entity_id": entries()[key].entity_id}
            await hass.services.async_call("switch", "turn_" + word, wanted, blocking=True)
            await until(lambda: state(key) == word)
    devices = device_registry.async_get(hass).devices
    return {
        "states": first,
        "entities": sorted(entries()),
        "hubs": {
            next(iter(one.identifiers))[1]: next(iter(devices[one.via_device_id].identifiers))[1]
            for one in devices.values() if one.via_device_id
        },
    }
"""


@pytest.fixture(autouse=True)
def _built() -> None:
    """Build the environment first, which may take minutes: nothing else of a test waits for that."""
    newest()


@pytest.fixture
def _kitchen() -> Iterator[None]:
    KitchenConnection.made.clear()
    KitchenConnection.failure.clear()
    kitchen = Kind(kind="kitchen", summary="", connection="tests.bridge.kitchen:KitchenConnection")
    with pytest.MonkeyPatch.context() as patch:
        kinds = {**installed_kinds(), "kitchen": kitchen}
        patch.setattr("homewire.kinds.installed_kinds", lambda: kinds)
        yield


def _prepare(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "configuration.yaml").write_text(f"http:\n  server_host: 127.0.0.1\n  server_port: {port}\n")


@contextlib.asynccontextmanager
async def _bridged(registry: Registry, broker: Mosquitto) -> AsyncIterator[MqttOutput]:
    output = MqttOutput(registry, MqttSettings(host="127.0.0.1", port=broker.port, birth_delay_s=0.1))
    await output.start()
    try:
        yield output
    finally:
        await output.stop()
        await registry.stop()


async def _home_assistant(script: str, folder: Path, broker: Mosquitto, **arguments: Any) -> Any:
    home = folder / "home"
    home.mkdir()
    _prepare(home)
    given = {"folder": str(home), "port": broker.port, "platforms": PLATFORMS, **arguments}
    return await run_script(newest(), START + script, given)


def newest() -> Environment:
    """Return the environment of the newest release that an installed Python can run; skip without any."""
    for python, release in RELEASES.items():
        found = Environment("home-assistant", (f"homeassistant=={release}", "paho-mqtt==2.1.0"), (python,))
        with contextlib.suppress(NoSuitablePython):
            build(found)
            return found
    pytest.skip("this Home Assistant needs Python 3.12 or newer, and none is installed")


@pytest.mark.usefixtures("_kitchen")
async def test_discovers_shows_and_commands_everything_without_a_warning(tmp_path: Path) -> None:
    registry = Registry()
    await registry.apply([entry("Kitchen", allow=("start",))])
    await KitchenConnection.made["Kitchen"].ready.wait()
    kettle = KitchenConnection.made["Kitchen"].machine
    shot = kettle.features["shot"]
    others = [one for one in kettle.features.values() if one is not shot]
    kettle.replace_features(others)
    kettle.publish(
        {
            "power": False,
            "temperature": 93.5,
            "phase": "heating",
            "started": MOMENT,
            "door": True,
            "cover": 0,
        },
        Origin.PUSH,
    )
    async with Mosquitto(tmp_path) as broker, _bridged(registry, broker) as output:

        async def take_a_feature_away() -> None:
            """A feature that goes while Home Assistant runs goes there, too.

            Also while Home Assistant is busy with a new one that comes first, of a platform it must load.
            """
            await eventually(lambda: ("label", "for guests") in kettle.written, within_s=60)
            output._announcer.all_seen()
            kettle.replace_features([shot, *(one for one in others if one.key != "label")])

        taking = asyncio.create_task(take_a_feature_away())
        try:
            found = await _home_assistant(KITCHEN, tmp_path, broker, entities=15)
        finally:
            _log.info("%s %s %s", taking, kettle.written, output.report())  # shown when it fails
            taking.cancel()
    states = {key: state for key, (state, _) in found["states"].items()}
    assert states["switch.kitchen_power"] == "off"
    assert states["binary_sensor.kitchen_door"] == "on"
    assert states["sensor.kitchen_phase"] == "heating"
    assert states["sensor.kitchen_energy"] == "unknown"
    assert states["cover.kitchen_cover"] == "closed"
    assert states["sensor.kitchen_started"] == "2026-11-21T08:00:00+00:00"
    assert found["told"] == []
    wishes = dict(kettle.written)
    assert wishes == {
        "power": True,
        "target": 95.5,
        "mode": "fast",
        "cover": 40,
        "lock": True,
        "rinse": None,
        "label": "for guests",
    }


async def test_the_whole_virtual_home_is_discovered_shown_and_switched_without_a_warning(
    tmp_path: Path,
) -> None:
    registry = Registry()
    async with VirtualHome() as home, Mosquitto(tmp_path) as broker:
        await registry.apply(home.entries())
        await eventually(lambda: all(link.opened_once for link in registry.links.values()))
        appliances = registry.appliances.values()
        expected = {entity: (one, key) for one in appliances for entity, key in _entities(one).items()}
        switches = _switches(registry)
        before = {one.identity.id: dict(one.state) for one in appliances}
        async with _bridged(registry, broker):
            found = await _home_assistant(
                VIRTUAL_HOME,
                tmp_path,
                broker,
                entities=list(expected),
                switches=list(switches.values()),
                platforms=f"{PLATFORMS} event",
            )
    assert found["told"] == []
    assert set(found["entities"]) == set(expected)
    assert set(switches) == {kind.kind for kind in installed_kinds().values() if kind.simulator}
    hubs = {_device(one.identity.id): _device(one.identity.via) for one in appliances if one.identity.via}
    assert found["hubs"] == hubs
    settled = 0
    for entity, shown in found["states"].items():
        appliance, key = expected[entity]
        value = appliance.state.get(key)
        if (
            isinstance(appliance.features[key], Number | Select)
            and value == before[appliance.identity.id][key]
        ):
            assert shown == ("unknown" if value is None else str(value)) or float(shown) == value, entity
            settled += 1
    assert settled > 50


def _entities(appliance: Appliance) -> dict[str, str]:
    """Return unique id and feature of every entity that Home Assistant is to have."""
    offered = components(appliance, Topics("homewire", "homeassistant"), {})
    return {component["unique_id"]: key for key, component in offered.items()}


def _device(appliance_id: str) -> str:
    return f"homewire_{slug(appliance_id)}"


def _switches(registry: Registry) -> dict[str, str]:
    """Return by kind of connection the unique id of a switch behind it, the main one where there is one."""
    found: dict[str, list[tuple[bool, str]]] = {}
    for link in registry.links.values():
        for appliance in link.connection.appliances.values() if link.connection else ():
            for entity, key in _entities(appliance).items():
                if isinstance(appliance.features[key], Switch) and appliance.features[key].writable:
                    found.setdefault(link.entry.kind, []).append((key != "power", entity))
    return {kind: min(offered)[1] for kind, offered in found.items()}
