"""The topic grammar (docs/mqtt.md): where everything stands, and what an incoming topic means."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

__all__ = ["Request", "Topics", "slug"]

_RESERVED = frozenset({"bridge"})


class Request(NamedTuple):
    """What an incoming topic asks for: `set` (of one key, or None for several), or `get`."""

    verb: str
    appliance: str
    key: str | None = None


def slug(appliance_id: str) -> str:
    """Return the appliance's level in topics: small letters, digits, `_` and `-`.

    An id that loses more than its colon gets a mark, so that two appliances never share a topic.
    """
    plain = re.sub(r"[^a-z0-9_-]+", "-", appliance_id.lower()).strip("-") or "appliance"
    if re.fullmatch(r"[A-Za-z0-9_-]+:[A-Za-z0-9_-]+", appliance_id) and plain not in _RESERVED:
        return plain
    return f"{plain}-{hashlib.sha256(appliance_id.encode()).hexdigest()[:6]}"


class Topics:
    """Topics below a base."""

    def __init__(self, base: str, discovery_prefix: str) -> None:
        self.base = base
        self.discovery_prefix = discovery_prefix
        self.bridge_state = f"{base}/bridge/state"
        self.bridge_info = f"{base}/bridge/info"
        self.bridge_health = f"{base}/bridge/health"
        self.bridge_request = f"{base}/bridge/request/+"
        self.birth = f"{discovery_prefix}/status"
        self.sets = f"{base}/+/set"
        self.key_sets = f"{base}/+/+/set"
        self.gets = f"{base}/+/get"
        self.infos = f"{base}/+/info"

    def state(self, name: str) -> str:
        """Return where all values of an appliance stand, as JSON."""
        return f"{self.base}/{name}"

    def availability(self, name: str) -> str:
        """Return where `online` or `offline` stands."""
        return f"{self.base}/{name}/availability"

    def info(self, name: str) -> str:
        """Return where the appliance is described."""
        return f"{self.base}/{name}/info"

    def event(self, name: str, key: str) -> str:
        """Return where occurrences of an event feature appear."""
        return f"{self.base}/{name}/event/{key}"

    def command(self, name: str) -> str:
        """Return where the outcome of every command appears."""
        return f"{self.base}/{name}/command"

    def key_set(self, name: str, key: str) -> str:
        """Return where one feature is set by a plain payload."""
        return f"{self.base}/{name}/{key}/set"

    def response(self, verb: str) -> str:
        """Return where a request to the bridge is answered."""
        return f"{self.base}/bridge/response/{verb}"

    def device_config(self, name: str) -> str:
        """Return where the whole device is announced."""
        return f"{self.discovery_prefix}/device/{name}/config"

    def entity_config(self, platform: str, name: str, key: str) -> str:
        """Return where one entity is announced."""
        return f"{self.discovery_prefix}/{platform}/{name}/{key}/config"

    def read(self, topic: str) -> Request | None:
        """Return what a topic below the base asks for, None for anything else."""
        if not topic.startswith(f"{self.base}/"):
            return None
        match topic[len(self.base) + 1 :].split("/"):
            case ["bridge", "request", verb]:
                return Request("request", "bridge", verb)
            case [name, ("set" | "get" | "info") as verb] if name != "bridge":
                return Request(verb, name)
            case [name, key, "set"] if name != "bridge":
                return Request("set", name, key)
        return None
