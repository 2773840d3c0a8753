"""A real Home Assistant with a real broker discovers the kitchen, shows it, and switches things.

The newest release that an installed Python can run lives in an environment of its own; it is started in its
process as its own program does, with nothing but the MQTT integration.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.bridge.brokers import Mosquitto
from tests.bridge.kitchen import MOMENT, KitchenConnection, entry
from tests.interop.environments import Environment, run_script

from homewire.appliance import Origin
from homewire.bridge.mqtt.output import MqttOutput
from homewire.bridge.registry import Registry
from homewire.bridge.settings import MqttSettings
from homewire.kinds import Kind, installed_kinds

pytestmark = [pytest.mark.interop, pytest.mark.system]

HOME_ASSISTANT = Environment(
    "home-assistant",
    ("homeassistant==2025.4.4", "paho-mqtt==2.1.0"),
    ("3.13",),
)

SCRIPT = """
import asyncio, inspect, logging, os

async def main(arguments):
    from homeassistant import bootstrap
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.runner import RuntimeConfig

    told = []

    class Listener(logging.Handler):
        def emit(self, record):
            if record.levelno >= logging.WARNING and record.name.startswith("homeassistant.components.mqtt"):
                told.append(record.getMessage())
            elif record.levelno >= logging.WARNING and "homewire" in record.getMessage():
                told.append(record.getMessage())

    folder = arguments["folder"]
    hass = await bootstrap.async_setup_hass(RuntimeConfig(config_dir=folder, skip_pip=True))
    logging.getLogger().addHandler(Listener())
    await hass.async_start()
    given = dict(
        version=1, minor_version=1, domain="mqtt", title="mqtt", source="user", unique_id=None, options={},
        data={"broker": "127.0.0.1", "port": arguments["port"], "discovery": True}, discovery_keys={},
        subentries_data=None, pref_disable_new_entities=None,
    )
    known = inspect.signature(ConfigEntry.__init__).parameters
    wanted = {key: value for key, value in given.items() if key in known}
    await hass.config_entries.async_add(ConfigEntry(**wanted))

    async def until(reached, seconds=30):
        async with asyncio.timeout(seconds):
            while not reached():
                await asyncio.sleep(0.05)

    def states():
        return {one.entity_id: (one.state, dict(one.attributes)) for one in hass.states.async_all()}

    await until(lambda: len(states()) >= arguments["entities"])
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
        "lock.kitchen_lock": "locked", "text.kitchen_label": "for guests",
    }
    await until(lambda: all(states()[key][0] == value for key, value in expected.items()))
    await until(lambda: states()["cover.kitchen_cover"][1].get("current_position") == 40)
    await hass.async_stop(force=True)
    return {"states": first, "told": told}
"""


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


@pytest.mark.usefixtures("_kitchen")
async def test_discovers_shows_and_commands_everything_without_a_warning(tmp_path: Path) -> None:
    registry = Registry()
    await registry.apply([entry("Kitchen", allow=("start",))])
    await KitchenConnection.made["Kitchen"].ready.wait()
    kettle = KitchenConnection.made["Kitchen"].machine
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
    home = tmp_path / "home"
    home.mkdir()
    _prepare(home)
    async with Mosquitto(tmp_path) as broker:
        output = MqttOutput(registry, MqttSettings(host="127.0.0.1", port=broker.port, birth_delay_s=0.1))
        await output.start()
        try:
            found: Any = await run_script(
                HOME_ASSISTANT, SCRIPT, {"folder": str(home), "port": broker.port, "entities": 15}
            )
        finally:
            await output.stop()
            await registry.stop()
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
