"""What the broker has been told about appliances: announcements that are due, and leftovers to remove.

Home Assistant (2025.4) takes the components of a device in their order and drops the rest of a message at the
first one that it is still busy with since the message before. Hence an appliance is not announced again at
once, what is to go is told some time after what is new, and it comes first in its message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from homewire.appliance import Appliance, Change
from homewire.bridge.mqtt.discovery import device_config, encode, entity_configs
from homewire.bridge.mqtt.port import Inbound
from homewire.bridge.mqtt.stale import Announced, components_in, is_ours, is_stale, read_config
from homewire.bridge.mqtt.topics import Topics, slug
from homewire.bridge.registry import Registry
from homewire.bridge.settings import MqttSettings
from homewire.bridge.views import view_feature
from homewire.features import Sensor

__all__ = ["Announcer"]

_encode = msgspec.json.Encoder().encode

_MOST_FURTHER_OPTIONS = 100

_SETTLE_S = 1.0
"""What an appliance declares anew is announced this long after: not in the middle of what was told before."""


class Announcer:
    """Decides which announcements to publish and which retained topics to clear."""

    def __init__(
        self, registry: Registry, settings: MqttSettings, topics: Topics, wake: Callable[[], None]
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._topics = topics
        self._wake = wake
        self._due: dict[str, None] = {}
        self._soon: dict[str, None] = {}
        self._settling: asyncio.TimerHandle | None = None
        self._look_later = False
        self._announced: dict[str, Announced] = {}
        self._names: dict[str, str] = {}
        self._further: dict[str, dict[str, list[str]]] = {}
        self._complete = False
        self._look = False
        self.availability: dict[str, bool] = {}

    def name(self, appliance_id: str) -> str:
        """Return the appliance's level in topics."""
        name = self._names.get(appliance_id)
        if name is None:
            name = self._names[appliance_id] = slug(appliance_id)
        return name

    def find(self, name: str) -> Appliance | None:
        """Return the appliance of that name in topics."""
        for key, appliance in self._registry.appliances_now.items():
            if self.name(key) == name:
                return appliance
        return None

    def filters(self) -> list[str]:
        """Return the retained topics to look at once after connecting."""
        prefix = self._settings.discovery_prefix
        if not self._settings.discovery:
            return [self._topics.infos]
        return [self._topics.infos, f"{prefix}/device/+/config", f"{prefix}/+/+/+/config"]

    def forget(self) -> None:
        """Begin anew with a broker of which nothing is known."""
        self._announced.clear()
        self.availability.clear()
        self._complete = False

    def all_seen(self) -> None:
        """Note that every retained announcement has come: leftovers can be told."""
        self._complete = self._look = True

    def look_again(self) -> None:
        """Note that a connection came or went: what was left alone may be a leftover now."""
        self._look = self._complete

    def announce(self, appliance_id: str) -> None:
        """Announce an appliance at the next occasion."""
        self._due[appliance_id] = None

    def announce_soon(self, appliance_id: str) -> None:
        """Announce an appliance a moment from now, together with what else changes until then."""
        self._soon[appliance_id] = None
        self._wait()

    def stop(self) -> None:
        """Announce nothing any more."""
        if self._settling is not None:
            self._settling.cancel()

    def announce_all(self) -> None:
        """Announce every appliance; hubs before what hangs on them."""
        appliances = self._registry.appliances
        for key in sorted(appliances, key=lambda key: appliances[key].identity.via is not None):
            self._due[key] = None

    def removed(self, appliance_id: str) -> None:
        """Note that an appliance is gone; whether for good, `take` decides."""
        self._due.pop(appliance_id, None)
        self._soon.pop(appliance_id, None)
        self._look = self._complete
        self.availability.pop(self.name(appliance_id), None)

    def note_options(self, change: Change) -> None:
        """Announce an appliance again when a sensor shows an option that its table does not have."""
        appliance = self._registry.appliances_now.get(change.appliance)
        if appliance is None:
            return
        for key, value in change.values.items():
            feature = appliance.features.get(key)
            if isinstance(feature, Sensor) and feature.options and isinstance(value, str):
                self._note_option(change.appliance, feature, value)

    def seen(self, message: Inbound) -> bool:
        """Take a retained announcement that the broker has; return whether it was one."""
        if message.topic.startswith(f"{self._settings.discovery_prefix}/"):
            config = read_config(message.payload)
            if is_ours(config, self._topics.bridge_state):
                self._note_config(message.topic, config)
            return True
        request = self._topics.read(message.topic)
        if request is None or request.verb != "info":
            return False
        if message.payload:
            found = self._announced.setdefault(request.appliance, Announced())
            found.connection = _connection_in(message.payload)
        return True

    def take(self) -> Iterator[tuple[str, bytes]]:
        """Yield the retained messages that are due: announcements, and empty ones that clear leftovers."""
        while self._due:
            key = next(iter(self._due))
            del self._due[key]
            appliance = self._registry.appliances_now.get(key)
            if appliance is not None:
                yield from self._announcement(appliance)
        if self._look:
            self._look = False
            yield from self._leftovers()

    def _announcement(self, appliance: Appliance) -> Iterator[tuple[str, bytes]]:
        name = self.name(appliance.identity.id)
        found = self._announced.setdefault(name, Announced())
        link = self._registry.link_of(appliance.identity.id)
        found.connection = link.name if link else None
        yield self._topics.info(name), self._info(appliance, found.connection)
        if self._settings.discovery:
            configs = self._configs(appliance)
            yield from ((topic, encode(config)) for topic, config in configs.items())
            for topic in sorted(found.configs - configs.keys()):
                yield topic, b""
            found.configs = set(configs)
            found.current = set().union(*map(components_in, configs.values()))
            found.components |= found.current
            if self._complete:
                self._look_later = True
                self._wait()

    def _configs(self, appliance: Appliance) -> dict[str, dict[str, Any]]:
        name = self.name(appliance.identity.id)
        via = appliance.identity.via
        parent = via if via in self._registry.appliances_now else None
        further = self._further.get(appliance.identity.id, {})
        if self._settings.discovery_format == "entity":
            return entity_configs(appliance, self._topics, parent=parent, options=further)
        config = device_config(appliance, self._topics, parent=parent, options=further)
        return {self._topics.device_config(name): config}

    def _info(self, appliance: Appliance, connection: str | None) -> bytes:
        features = [view_feature(appliance, feature) for feature in appliance.features.values()]
        return _encode({"identity": appliance.identity, "connection": connection, "features": features})

    def _leftovers(self) -> Iterator[tuple[str, bytes]]:
        present = {self.name(key): one for key, one in self._registry.appliances_now.items()}
        for name, announced in list(self._announced.items()):
            if name in present:
                yield from self._gone_components(present[name], announced)
            elif is_stale(announced, name, present, self._registry):
                del self._announced[name]
                yield from self._clearing(name, announced)
            else:
                yield self._topics.availability(name), b"offline"

    def _gone_components(self, appliance: Appliance, announced: Announced) -> Iterator[tuple[str, bytes]]:
        """Remove what the appliance does not have any more: its platform alone, then the device without it.

        Only while it is online: one that is still being read does not show all its features.
        """
        gone = announced.components - announced.current
        if not gone or not announced.current or not appliance.availability.online:
            return
        for topic, config in self._configs(appliance).items():
            for removed in _by_key(gone):
                removals = {key: {"platform": platform} for key, platform in removed.items()}
                kept = {key: one for key, one in config["components"].items() if key not in removals}
                yield topic, encode(config | {"components": removals | kept})
            yield topic, encode(config)
        announced.components = set(announced.current)

    def _clearing(self, name: str, announced: Announced) -> Iterator[tuple[str, bytes]]:
        topics = self._topics
        own = (topics.info(name), topics.state(name), topics.availability(name))
        for topic in (*sorted(announced.configs), *own):
            yield topic, b""

    def _note_config(self, topic: str, config: dict[str, Any]) -> None:
        level = topic[len(self._settings.discovery_prefix) + 1 :].split("/")[1]
        found = self._announced.setdefault(level, Announced())
        found.configs.add(topic)
        found.components |= components_in(config)

    def _note_option(self, appliance_id: str, feature: Sensor, value: str) -> None:
        further = self._further.setdefault(appliance_id, {}).setdefault(feature.key, [])
        if value in feature.options or value in further or len(further) >= _MOST_FURTHER_OPTIONS:
            return
        further.append(value)
        self.announce(appliance_id)  # before the value, which is refused else
        self.announce_soon(appliance_id)  # and for one that was busy

    def _wait(self) -> None:
        if self._settling is None:
            self._settling = self._registry.clock.call_later(_SETTLE_S, self._settled)

    def _settled(self) -> None:
        """Go on: with what was declared anew, or, when there is nothing of that, with what is to go."""
        self._settling = None
        if self._soon:
            self._due |= self._soon
            self._soon.clear()
        else:
            self._look, self._look_later = self._look or self._look_later, False
        self._wake()


def _by_key(components: Iterable[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """Yield the components as mappings: one that had several platforms needs several messages."""
    left = set(components)
    while left:
        found = dict(sorted(left))
        yield found
        left -= found.items()


def _connection_in(payload: bytes) -> str | None:
    connection = read_config(payload).get("connection")
    return connection if isinstance(connection, str) else None
