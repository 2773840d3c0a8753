"""The guides say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from homewire.bridge.http.problems import _STATUS
from homewire.bridge.metrics import Metrics
from homewire.bridge.registry import Registry
from homewire.bridge.settings import BridgeSettings, HttpSettings, MqttSettings
from homewire.config import parse
from tests.bridge.kitchen import KitchenConnection, entry

DOCS = Path(__file__).parents[2] / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def test_every_error_code_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (\d{3}) \|", text("http-api.md"), re.MULTILINE)
    documented = {code: int(status) for codes, status in rows for code in re.findall(r"[a-z_]+", codes)}
    assert documented == _STATUS


@pytest.mark.parametrize("table", [BridgeSettings, HttpSettings])
def test_every_setting_is_in_the_guide(table: type[msgspec.Struct]) -> None:
    guide = text("bridge.md")
    for field in msgspec.structs.fields(table):
        assert f"`{field.encode_name}`" in guide or f" {field.encode_name}`" in guide, field.encode_name


def test_the_example_of_the_mqtt_guide_is_right(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", text("mqtt.md"), re.DOTALL)[0]
    (tmp_path / "secret").write_text("x")
    settings = parse(example.replace("/etc/homewire/mqtt-password", str(tmp_path / "secret"))).table(
        "mqtt", MqttSettings
    )
    assert settings is not None
    assert settings.base_topic == MqttSettings(host="x").base_topic
    assert settings.session_expiry_s == MqttSettings(host="x").session_expiry_s


async def test_every_metric_of_the_bridge_itself_is_documented(registry: Registry) -> None:
    metrics = Metrics(registry)
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    await KitchenConnection.made["Kitchen"].machine.write("power", True)
    page = metrics.page()[0].decode()
    own = re.findall(
        r"^# TYPE (homewire_(?:bridge|connection|appliance|command|protocol)\w*) ", page, re.MULTILINE
    )
    documented = set(re.findall(r"^\| `(homewire_\w+)`", text("metrics.md"), re.MULTILINE))
    assert {name for name in own if not name.endswith("_created")} <= documented
