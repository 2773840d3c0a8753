"""What appliances look like to Home Assistant, without a broker."""

from __future__ import annotations

from homewire.bridge.mqtt.discovery import device_config, entity_configs
from homewire.bridge.mqtt.topics import Topics
from homewire.features import BinarySensor, Update
from tests.bridge.kitchen import Machine


async def test_the_progress_of_an_update_is_told_to_those_who_know_it() -> None:
    kettle, topics = Machine("Kitchen"), Topics("homewire", "homeassistant")
    others = [one for one in kettle.features.values() if one.key not in ("update", "door")]
    update = Update(key="update", name="Update", installed_key="firmware", progress_key="door", writable=True)
    kettle.replace_features([*others, BinarySensor(key="door", name="Door"), update])
    component = device_config(kettle, topics, options={})["components"]["update"]
    assert "'in_progress': value_json.get('door') is true" in component["value_template"]
    entities = entity_configs(kettle, topics, options={})
    (entity,) = (config for topic, config in entities.items() if "/update/" in topic)
    assert "in_progress" not in entity["value_template"]
