from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from homewire.appliance import Origin
from homewire.bridge.mqtt.commands import Redeliveries
from homewire.bridge.mqtt.output import MqttOutput
from homewire.bridge.mqtt.port import Inbound
from homewire.bridge.registry import Registry
from homewire.bridge.settings import MqttSettings
from homewire.errors import CommandRejected, ConnectionLost
from homewire.secrets import Secret
from homewire.simulation.certificate import ServerCertificate
from tests.bridge.brokers import Listener, Mosquitto, eventually, listening
from tests.bridge.kitchen import KitchenConnection, Machine, entry

pytestmark = [pytest.mark.real_time, pytest.mark.system]

STATE = "homewire/test-kitchen"
CONFIG = "homeassistant/device/test-kitchen/config"


def machine(name: str = "Kitchen") -> Machine:
    return KitchenConnection.made[name].machine


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(tmp_path) as running:
        yield running


@contextlib.asynccontextmanager
async def bridged(registry: Registry, broker: Mosquitto, **settings: Any) -> AsyncIterator[MqttOutput]:
    given = MqttSettings(host="127.0.0.1", port=broker.port, birth_delay_s=0.01, **settings)
    output = MqttOutput(registry, given, rng=random.Random(1))
    await output.start()
    try:
        yield output
    finally:
        await output.stop()


@pytest.fixture
async def home(registry: Registry) -> Registry:
    await registry.apply([entry("Kitchen", allow=("start",))])
    await KitchenConnection.made["Kitchen"].ready.wait()
    return registry


async def online(listener: Listener) -> None:
    await listener.until(lambda: listener.latest.get("homewire/bridge/state") == b"online")


async def test_tells_state_availability_and_goodbye(home: Registry, broker: Mosquitto) -> None:
    machine().publish({"power": True, "temperature": 93.5}, Origin.POLL)
    async with listening(broker) as listener:
        async with bridged(home, broker):
            await online(listener)
            await listener.until(lambda: STATE in listener.latest)
            assert listener.json(STATE)["temperature"] == 93.5
            assert listener.json(STATE)["target"] is None
            await listener.until(lambda: listener.latest.get(f"{STATE}/availability") == b"online")
            machine().publish({"temperature": 94.0}, Origin.PUSH)
            await listener.until(lambda: listener.json(STATE)["temperature"] == 94.0)
            machine().set_availability(False, "the cable is out")
            await listener.until(lambda: listener.latest[f"{STATE}/availability"] == b"offline")
        await listener.until(lambda: listener.latest["homewire/bridge/state"] == b"offline")


async def test_announces_every_kind_of_feature(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        config = listener.json(CONFIG)
    platforms = {key: component["platform"] for key, component in config["components"].items()}
    assert platforms == {
        "power": "switch",
        "temperature": "sensor",
        "energy": "sensor",
        "phase": "sensor",
        "started": "sensor",
        "door": "binary_sensor",
        "target": "number",
        "mode": "select",
        "start": "button",
        "rinse": "button",
        "cover": "cover",
        "lock": "lock",
        "label": "text",
        "wake_at": "text",
        "shot": "event",
        "firmware": "sensor",
        "update": "update",
    }
    assert config["origin"]["name"] == "homewire"
    assert config["device"]["identifiers"] == ["homewire_test-kitchen"]
    components = config["components"]
    assert components["energy"]["state_class"] == "total_increasing"
    assert components["phase"]["options"] == ["idle", "heating"]
    assert components["mode"]["entity_category"] == "config"
    assert components["firmware"]["enabled_by_default"] is False
    assert components["shot"]["state_topic"] == f"{STATE}/event/shot"
    assert len({component["unique_id"] for component in components.values()}) == len(components)
    assert config["availability"] == [
        {"topic": "homewire/bridge/state"},
        {"topic": f"{STATE}/availability"},
    ]


async def test_older_home_assistant_gets_one_announcement_per_entity(
    home: Registry, broker: Mosquitto
) -> None:
    async with listening(broker) as listener, bridged(home, broker, discovery_format="entity"):
        await online(listener)
        power = listener.json("homeassistant/switch/test-kitchen/power/config")
        assert power["device"]["identifiers"] == ["homewire_test-kitchen"]
        assert "platform" not in power
        assert CONFIG not in listener.latest


async def test_dangerous_buttons_that_are_not_enabled_are_not_offered(
    registry: Registry, broker: Mosquitto
) -> None:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    async with listening(broker) as listener, bridged(registry, broker):
        await online(listener)
        assert "start" not in listener.json(CONFIG)["components"]
        assert listener.json(CONFIG)["components"]["lock"]["command_topic"] == f"{STATE}/lock/set"


@pytest.mark.parametrize(
    ("topic", "payload", "written"),
    [
        ("power/set", "ON", ("power", True)),
        ("target/set", "93.5", ("target", 93.5)),
        ("mode/set", "fast", ("mode", "fast")),
        ("cover/set", "40", ("cover", 40)),
        ("lock/set", "lock", ("lock", True)),
        ("label/set", "for guests", ("label", "for guests")),
        ("rinse/set", "press", ("rinse", None)),
        ("update/set", "install", ("update", None)),
        ("set", '{"target": 94}', ("target", 94.0)),
    ],
)
async def test_plain_and_json_commands(
    home: Registry, broker: Mosquitto, topic: str, payload: str, written: tuple[str, object]
) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        await listener.client.publish(f"{STATE}/{topic}", payload, qos=1)
        await listener.until(lambda: f"{STATE}/command" in listener.latest)
        assert listener.json(f"{STATE}/command")["stage"] == "confirmed"
        assert machine().written == [written]


def asking(correlation: bytes = b"42") -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # published without types
    properties.ResponseTopic = "answers/me"
    properties.CorrelationData = correlation
    return properties


def answers(listener: Listener) -> list[Any]:
    return [json.loads(payload) for topic, payload, _ in listener.heard if topic == "answers/me"]


async def test_a_command_is_answered_by_accepted_then_confirmed(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        machine().gate.clear()
        await listener.client.publish(f"{STATE}/target/set", "95", qos=1, properties=asking())
        await listener.until(lambda: len(answers(listener)) == 1)
        machine().gate.set()
        await listener.until(lambda: len(answers(listener)) == 2)
        assert [answer["status"] for answer in answers(listener)] == ["accepted", "confirmed"]
        assert answers(listener)[1]["command"]["value"] == 95
        assert {c for topic, _, c in listener.heard if topic == "answers/me"} == {b"42"}


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("target/set", "300", "invalid_value"),
        ("targett/set", "1", "not_found"),
        ("set", "no json", "invalid_value"),
        ("set", '{"target": [1]}', "invalid_value"),
        ("lock/set", "unlock", "remote_control_disabled"),
    ],
)
async def test_what_cannot_be_right_is_answered_by_the_error(
    home: Registry, broker: Mosquitto, topic: str, payload: str, code: str
) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        await listener.client.publish(f"{STATE}/{topic}", payload, properties=asking())
        await listener.until(lambda: answers(listener))
        [answer] = answers(listener)
        assert (answer["status"], answer["error"]["code"]) == ("error", code)
        assert machine().written == []


async def test_an_appliances_no_is_told_and_the_state_shown_again(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        machine().refusal = CommandRejected("the kettle is empty", reason_code=12)
        shown = len([topic for topic, _, _ in listener.heard if topic == STATE])
        await listener.client.publish(f"{STATE}/power/set", "ON", properties=asking())
        await listener.until(lambda: len(answers(listener)) == 2)
        assert answers(listener)[1]["error"]["reason_code"] == 12
        await listener.until(lambda: len([t for t, _, _ in listener.heard if t == STATE]) > shown)


async def test_a_retained_command_is_not_carried_out(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener:
        await listener.client.publish(f"{STATE}/rinse/set", "press", qos=1, retain=True)
        async with bridged(home, broker):
            await online(listener)
            await listener.client.publish(f"{STATE}/power/set", "on", qos=1)
            await listener.until(lambda: f"{STATE}/command" in listener.latest)
        assert machine().written == [("power", True)]


async def test_occurrences_are_events(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        machine().shot(27.5)
        await listener.until(lambda: f"{STATE}/event/shot" in listener.latest)
        assert listener.json(f"{STATE}/event/shot")["event_type"] == "done"
        assert listener.json(f"{STATE}/event/shot")["seconds"] == 27.5


async def test_home_assistants_birth_brings_everything_again(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        before = len([1 for topic, _, _ in listener.heard if topic == CONFIG])
        await listener.client.publish("homeassistant/status", "online")
        await listener.until(lambda: len([1 for t, _, _ in listener.heard if t == CONFIG]) > before)


async def test_an_option_that_no_table_knows_is_announced(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        machine().publish({"phase": "unknown 187"}, Origin.PUSH)
        await listener.until(lambda: listener.json(STATE)["phase"] == "unknown 187")
        assert listener.json(CONFIG)["components"]["phase"]["options"][-1] == "unknown 187"


async def test_only_own_leftovers_are_removed(home: Registry, broker: Mosquitto) -> None:
    gone = {
        "origin": {"name": "homewire"},
        "availability": [{"topic": "homewire/bridge/state"}],
        "device": {"identifiers": ["x"]},
    }
    others = {"origin": {"name": "zigbee2mqtt"}, "availability": [{"topic": "zigbee2mqtt/bridge/state"}]}
    sibling = gone | {"availability": [{"topic": "homewire2/bridge/state"}]}
    topics = {name: f"homeassistant/device/{name}/config" for name in ("gone", "other", "sibling", "down")}
    async with listening(broker) as listener:
        client = listener.client
        await client.publish(topics["gone"], json.dumps(gone), qos=1, retain=True)
        await client.publish(topics["other"], json.dumps(others), qos=1, retain=True)
        await client.publish(topics["sibling"], json.dumps(sibling), qos=1, retain=True)
        await client.publish(topics["down"], json.dumps(gone), qos=1, retain=True)
        await client.publish("homewire/gone/info", '{"connection": "Removed"}', qos=1, retain=True)
        await client.publish("homewire/down/info", '{"connection": "Cellar"}', qos=1, retain=True)
        KitchenConnection.failure["Cellar"] = CommandRejected("still booting")
        await home.put(entry("Cellar"))
        async with bridged(home, broker) as output:
            await online(listener)
            output._announcer.all_seen()
            output._work.set()
            await listener.until(lambda: listener.latest[topics["gone"]] == b"")
            await listener.until(lambda: listener.latest.get("homewire/down/availability") == b"offline")
            assert listener.latest["homewire/gone/info"] == b""
            for name in ("other", "sibling", "down"):
                assert listener.latest[topics[name]] != b"", name


async def test_a_removed_connections_appliances_disappear(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener, bridged(home, broker) as output:
        await online(listener)
        output._announcer.all_seen()
        await home.remove("Kitchen")
        await listener.until(lambda: listener.latest.get(CONFIG) == listener.latest.get(STATE) == b"")


async def test_after_the_broker_was_killed_the_state_is_current_and_commands_are_neither_lost_nor_doubled(
    home: Registry, broker: Mosquitto
) -> None:
    async with bridged(home, broker) as output:
        async with listening(broker) as listener:
            await online(listener)
        await broker.stop()
        machine().publish({"temperature": 12.5}, Origin.PUSH)
        await eventually(lambda: not output.report()["ok"])
        await broker.start()
        async with listening(broker) as listener:
            await listener.client.publish(f"{STATE}/target/set", "95", qos=1)
            await listener.client.publish(f"{STATE}/rinse/set", "press", qos=2)
            await listener.until(lambda: len(machine().written) >= 2 and output.report()["ok"])
            await listener.until(lambda: listener.json(STATE)["temperature"] == 12.5)
            await listener.client.publish(f"{STATE}/label/set", "last", qos=1)
            await listener.until(lambda: ("label", "last") in machine().written)
        assert sorted(machine().written, key=str) == [("label", "last"), ("rinse", None), ("target", 95.0)]
        assert output.report()["losses"] == 1


async def test_a_broker_that_loses_its_memory_is_told_everything_and_takes_the_same_command_again(
    home: Registry, broker: Mosquitto
) -> None:
    async with bridged(home, broker):
        for times in (1, 2, 3):
            async with listening(broker) as listener:
                await online(listener)
                await listener.until(lambda: CONFIG in listener.latest and STATE in listener.latest)
                await listener.client.publish(f"{STATE}/rinse/set", "press", qos=1, properties=asking())
                await listener.until(lambda: len(answers(listener)) == 2)
            assert machine().written == [("rinse", None)] * times
            await broker.kill()
            await broker.start()


def repeated(payload: bytes = b"press", *, again: bool) -> Inbound:
    return Inbound(topic=f"{STATE}/rinse/set", payload=payload, qos=1, packet_id=7, repeated=again)


def test_only_what_the_broker_marks_as_repeated_can_be_a_repetition() -> None:
    """A broker that lost its session counts packets from 1 again: the same wish may get the same number."""
    redeliveries = Redeliveries()
    assert not redeliveries.is_repeated(repeated(again=False))
    redeliveries.lost()
    assert not redeliveries.is_repeated(repeated(again=False))
    redeliveries.lost()
    assert not redeliveries.is_repeated(repeated(b"ON", again=True)), "it may have been lost before"
    assert redeliveries.is_repeated(repeated(again=True))
    assert not redeliveries.is_repeated(repeated(again=True)), "each is recognised once"


async def test_commands_given_while_the_bridge_was_away_wait_for_their_appliance(
    home: Registry, broker: Mosquitto
) -> None:
    async with bridged(home, broker) as output:
        await eventually(lambda: bool(output.report()["ok"]))
    async with listening(broker) as listener:
        await listener.client.publish(f"{STATE}/target/set", "95", qos=1, properties=asking())
        await listener.client.publish("homewire/test-cellar/rinse/set", "press", qos=1, properties=asking())
        later = Registry()
        KitchenConnection.slow["Kitchen"] = asyncio.Event()
        KitchenConnection.slow["Cellar"] = asyncio.Event()
        KitchenConnection.failure["Cellar"] = ConnectionLost("no answer")
        await later.apply([entry("Kitchen"), entry("Cellar")])
        async with bridged(later, broker):
            await online(listener)
            await listener.client.publish("homewire/bridge/request/health", "{}", qos=1)
            await listener.until(lambda: "homewire/bridge/response/health" in listener.latest)
            assert not answers(listener)
            KitchenConnection.slow["Kitchen"].set()
            await listener.until(lambda: len(answers(listener)) == 2)
            assert [answer["status"] for answer in answers(listener)] == ["accepted", "confirmed"]
            KitchenConnection.slow["Cellar"].set()
            await listener.until(lambda: len(answers(listener)) == 3)
            assert answers(listener)[2]["error"]["code"] == "not_found"
        await later.stop()
    assert machine().written == [("target", 95.0)]


async def test_an_answer_that_was_due_while_the_broker_was_away_is_given_afterwards(
    home: Registry, broker: Mosquitto
) -> None:
    async with bridged(home, broker) as output:
        async with listening(broker) as listener:
            await online(listener)
            machine().gate.clear()
            await listener.client.publish(f"{STATE}/target/set", "95", qos=1, properties=asking())
            await listener.until(lambda: len(answers(listener)) == 1)
        await broker.stop()
        await eventually(lambda: not output.report()["ok"])
        machine().gate.set()
        await eventually(lambda: bool(machine().written))
        await broker.start()
        async with listening(broker) as listener:
            await listener.until(lambda: len(answers(listener)) == 1)
            assert answers(listener)[0]["status"] == "confirmed"


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (f"{STATE}/set", b'{"target":' + b"[" * 100_000),
        (f"{STATE}/power/set", b'{"value":' * 100_000),
        (f"{STATE}/set", b'{"target": NaN}'),
        (f"{STATE}/power/set", b"\xff\xfe"),
        (f"{STATE}/power/set", b"x" * 500_000),
    ],
)
async def test_garbage_is_answered_and_harms_nothing(
    home: Registry, broker: Mosquitto, topic: str, payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        await listener.client.publish(topic, payload, qos=1, properties=asking())
        await listener.until(lambda: answers(listener))
        assert answers(listener)[0]["error"]["code"] == "invalid_value"
        assert len(listener.heard[-1][1]) < 2000
        await listener.client.publish("homewire/bridge/request/retry", payload, qos=1)
        await listener.until(lambda: "homewire/bridge/response/retry" in listener.latest)
    assert not [record for record in caplog.records if record.exc_info]


async def test_what_is_too_big_for_any_command_is_not_even_received(
    home: Registry, broker: Mosquitto
) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        await listener.client.publish(f"{STATE}/power/set", b"x" * 2_000_000, properties=asking())
        await listener.client.publish(f"{STATE}/power/set", b"ON", properties=asking(b"43"))
        await listener.until(lambda: len(answers(listener)) == 2)
        assert {c for topic, _, c in listener.heard if topic == "answers/me"} == {b"43"}


async def test_a_feature_that_is_gone_is_removed_from_the_device(home: Registry, broker: Mosquitto) -> None:
    """Home Assistant forgets a component that comes with its platform alone, not one that is left out."""
    former = {
        "origin": {"name": "homewire"},
        "availability": [{"topic": "homewire/bridge/state"}],
        "components": {
            "power": {"platform": "binary_sensor", "unique_id": "homewire_test-kitchen_power"},
            "steam": {"platform": "switch", "unique_id": "homewire_test-kitchen_steam"},
        },
    }
    async with listening(broker) as listener:
        await listener.client.publish(CONFIG, json.dumps(former), qos=1, retain=True)
        async with bridged(home, broker) as output:
            await online(listener)
            await eventually(lambda: len(output._announcer._announced["test-kitchen"].components) > 17)
            before = len(listener.heard)
            output._announcer.all_seen()
            output._work.set()
            await listener.until(lambda: len(configs(listener, before)) == 2)
            removal, whole = configs(listener, before)
            assert list(removal["components"])[:2] == ["power", "steam"]  # what comes late may be dropped
            assert removal["components"]["steam"] == {"platform": "switch"}
            assert removal["components"]["power"] == {"platform": "binary_sensor"}
            assert "steam" not in whole["components"]
            assert whole["components"]["power"]["platform"] == "switch"
            machine().replace_features([one for one in machine().features.values() if one.key != "label"])
            await listener.until(lambda: len(configs(listener, before)) == 3)
            assert "label" not in configs(listener, before)[-1]["components"]  # what is to go is told later
            await listener.until(lambda: len(configs(listener, before)) == 5)
            assert configs(listener, before)[-2]["components"]["label"] == {"platform": "text"}
            assert "label" not in configs(listener, before)[-1]["components"]


def configs(listener: Listener, since: int) -> list[Any]:
    return [json.loads(payload) for topic, payload, _ in listener.heard[since:] if topic == CONFIG]


async def test_passwords_are_used_and_a_wrong_one_is_told(home: Registry, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "mosquitto_passwd", "-b", "-c", str(tmp_path / "users"), "bridge", "open sesame"
    )
    assert await process.wait() == 0
    (tmp_path / "users").chmod(0o644)
    async with Mosquitto(tmp_path, "allow_anonymous false", f"password_file {tmp_path / 'users'}") as broker:
        options = {"username": "bridge", "password": "open sesame"}
        async with listening(broker, **options) as listener:
            async with bridged(home, broker, username="bridge", password=Secret("wrong")) as output:
                await eventually(lambda: output.report()["reason"] != "not connected yet")
                assert "uthorized" in output.report()["reason"]
            async with bridged(home, broker, username="bridge", password=Secret("open sesame")):
                await online(listener)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
async def test_tls_is_verified(home: Registry, tmp_path: Path) -> None:
    certificate, stranger = ServerCertificate(["127.0.0.1"]), ServerCertificate(["127.0.0.1"])
    chain = certificate.ca_file.parent / "server.pem"
    lines = (f"certfile {chain}", f"keyfile {chain}", "allow_anonymous true")
    async with Mosquitto(tmp_path, *lines) as broker:
        async with bridged(home, broker, tls=True, ca_file=str(stranger.ca_file)) as output:
            await eventually(lambda: output.report()["reason"] != "not connected yet")
            assert "certificate verify failed" in output.report()["reason"]
        async with bridged(home, broker, tls=True, ca_file=str(certificate.ca_file)) as output:
            await eventually(lambda: bool(output.report()["ok"]))
    certificate.remove()
    stranger.remove()
    gc.collect()  # paho leaves the socket of a failed handshake to the garbage collector, which complains


async def test_the_last_will_tells_that_the_bridge_is_gone(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker, "homewire/bridge/state") as listener, bridged(home, broker) as output:
        await online(listener)
        output._broker._client._client.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # as a cable does that is pulled
        await listener.until(lambda: listener.latest["homewire/bridge/state"] == b"offline")
        await online(listener)


async def test_requests_to_the_bridge_are_answered_with_their_transaction(
    home: Registry, broker: Mosquitto
) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        await listener.client.publish("homewire/bridge/request/health", '{"transaction": "a1"}')
        topic = "homewire/bridge/response/health"
        await listener.until(lambda: topic in listener.latest)
        assert listener.json(topic)["transaction"] == "a1"
        assert listener.json(topic)["data"]["connections"][0]["state"] == "online"
        await listener.client.publish("homewire/bridge/request/dance", "{}")
        await listener.until(lambda: "homewire/bridge/response/dance" in listener.latest)
        assert listener.json("homewire/bridge/response/dance")["status"] == "error"


async def test_get_shows_the_state_again(home: Registry, broker: Mosquitto) -> None:
    async with listening(broker) as listener, bridged(home, broker):
        await online(listener)
        before = len(listener.heard)
        await listener.client.publish(f"{STATE}/get", b"")
        await listener.until(lambda: STATE in [topic for topic, _, _ in listener.heard[before:]])
