"""Finding our own leftovers: announcements of appliances that are not there any more.

Only what carries our origin and hangs on our own bridge's state topic is ever touched. An appliance is gone
for good when its connection is no longer configured, or is open and does not have it. One whose connection is
merely down is left alone: it would lose its name and place in Home Assistant.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from homewire.bridge.mqtt.port import read_json
from homewire.bridge.registry import Registry

__all__ = ["Announced", "components_in", "is_ours", "is_stale", "read_config"]


class Announced(msgspec.Struct, kw_only=True):
    """An appliance that is known to the broker: topics of its announcements, and its connection.

    `current` are key and platform of the components that it has, `components` of all that were announced.
    """

    configs: set[str] = msgspec.field(default_factory=set)
    current: set[tuple[str, str]] = msgspec.field(default_factory=set)
    components: set[tuple[str, str]] = msgspec.field(default_factory=set)
    connection: str | None = None


def read_config(payload: bytes) -> dict[str, Any]:
    """Return an announcement, empty for what is none."""
    try:
        config = read_json(payload)
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


def components_in(config: dict[str, Any]) -> set[tuple[str, str]]:
    """Return key and platform of each component; one that has nothing else is a removal."""
    found = _either(config, "components", "cmps")
    if not isinstance(found, dict):
        return set()
    return {
        (key, str(_either(one, "platform", "p")))
        for key, one in found.items()
        if isinstance(one, dict) and len(one) > 1
    }


def is_ours(config: dict[str, Any], bridge_state: str) -> bool:
    """Tell whether an announcement was made by this bridge."""
    origin = _either(config, "origin", "o")
    availability = _either(config, "availability", "avty")
    if not isinstance(origin, dict) or not isinstance(availability, list):
        return False
    topics = [_either(one, "topic", "t") for one in availability if isinstance(one, dict)]
    return origin.get("name") == "homewire" and bridge_state in topics


def is_stale(announced: Announced, name: str, present: Collection[str], registry: Registry) -> bool:
    """Tell whether an announced appliance is gone for good."""
    if name in present:
        return False
    if announced.connection is None:
        return all(link.opened_once or not link.entry.enabled for link in registry.links.values())
    link = registry.links.get(announced.connection)
    return link is None or not link.entry.enabled or link.opened_once


def _either(mapping: dict[str, Any], long: str, short: str) -> Any:
    return mapping.get(long, mapping.get(short))
