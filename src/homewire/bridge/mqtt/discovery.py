"""Describing appliances to Home Assistant: one device with a component per feature.

Every kind of feature has its platform. Values are taken from the one JSON state of the appliance; a null is
shown as unknown. A dangerous button that its owner did not enable is left out, other dangerous features that
are not enabled are shown read-only; locks can always be locked.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

import homewire
from homewire.appliance import Appliance
from homewire.bridge.mqtt.topics import Topics, slug
from homewire.features import (
    BinarySensor,
    Button,
    Category,
    Cover,
    Event,
    Feature,
    Lock,
    Number,
    Select,
    Sensor,
    Switch,
    Text,
    Time,
    Update,
)

__all__ = ["ORIGIN", "components", "device_config", "entity_configs"]

ORIGIN = {"name": "homewire", "sw_version": homewire.__version__}

_READ_ONLY = frozenset({"sensor", "binary_sensor", "event"})
_TIME_PATTERN = r"^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"
_EXACTLY_ONCE = 2

Component = dict[str, Any]


def device_config(
    appliance: Appliance, topics: Topics, *, parent: str | None = None, options: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Return the device announcement with all its components.

    `parent` is the id of its hub, if that is known, too; `options` are further options that were seen.
    """
    return _shared(appliance, topics, parent) | {
        "components": components(appliance, topics, options),
        "qos": _EXACTLY_ONCE,
    }


def entity_configs(
    appliance: Appliance, topics: Topics, *, parent: str | None = None, options: Mapping[str, list[str]]
) -> dict[str, dict[str, Any]]:
    """Return one announcement per entity by topic, for Home Assistant before 2024.12."""
    shared = _shared(appliance, topics, parent) | {"qos": _EXACTLY_ONCE}
    found = {}
    for key, component in components(appliance, topics, options, progress=False).items():
        rest = {name: value for name, value in component.items() if name != "platform"}
        found[topics.entity_config(component["platform"], slug(appliance.identity.id), key)] = shared | rest
    return found


def components(
    appliance: Appliance, topics: Topics, options: Mapping[str, list[str]], *, progress: bool = True
) -> dict[str, Component]:
    """Return the component of every feature by key.

    The progress of updates can be left out: Home Assistant before 2024.11 refuses what it does not know.
    """
    found = {}
    for key, declared in appliance.features.items():
        hidden = isinstance(declared, Update) and not progress
        feature = msgspec.structs.replace(declared, progress_key=None) if hidden else declared
        component = _component(appliance, feature, topics, options.get(key, []))
        if component is not None:
            found[key] = component
    return found


def _shared(appliance: Appliance, topics: Topics, parent: str | None) -> dict[str, Any]:
    identity = appliance.identity
    name = slug(identity.id)
    device = {
        "identifiers": [f"homewire_{name}"],
        "name": identity.name,
        "manufacturer": identity.vendor,
        "model": identity.model,
        "serial_number": identity.serial,
        "sw_version": identity.firmware,
        "via_device": f"homewire_{slug(parent)}" if parent else None,
    }
    return {
        "device": {key: value for key, value in device.items() if value},
        "origin": ORIGIN,
        "availability": [{"topic": topics.bridge_state}, {"topic": topics.availability(name)}],
        "availability_mode": "all",
    }


def _component(
    appliance: Appliance, feature: Feature, topics: Topics, further: list[str]
) -> Component | None:
    identity = appliance.identity
    permitted = not feature.dangerous or appliance.allow.permits(feature.key, identity.id, identity.name)
    if isinstance(feature, Button) and not permitted:
        return None
    writable = feature.writable and (permitted or isinstance(feature, Lock))
    name = slug(identity.id)
    component = _platform(feature, writable, further, topics, name)
    platform = component["platform"]
    component |= {
        "name": feature.name,
        "unique_id": f"homewire_{name}_{feature.key}",
        "default_entity_id": f"{platform}.{_plain(identity.name) or name}_{feature.key}",
    }
    if feature.device_class and _takes_class(feature, platform):
        component["device_class"] = feature.device_class
    category = _category(feature, platform)
    if category:
        component["entity_category"] = category
    if not feature.enabled_by_default:
        component["enabled_by_default"] = False
    if platform not in ("button", "event"):
        component["state_topic"] = topics.state(name)
    if writable:
        component["command_topic"] = topics.key_set(name, feature.key)
    return component


def _platform(feature: Feature, writable: bool, further: list[str], topics: Topics, name: str) -> Component:
    """Return what is special to the kind of feature."""
    if isinstance(feature, Event):
        return {
            "platform": "event",
            "event_types": list(feature.event_types) or ["happened"],
            "state_topic": topics.event(name, feature.key),
        }
    if isinstance(feature, Cover):
        return _cover(feature, writable, topics, name)
    if isinstance(feature, Update):
        return _update(feature, writable)
    if not writable or isinstance(feature, BinarySensor | Sensor):
        return _reading(feature, further)
    return _SETTINGS[type(feature)](feature)


def _reading(feature: Feature, further: list[str]) -> Component:
    if isinstance(feature, BinarySensor | Switch):
        return {"platform": "binary_sensor", "value_template": _on_off(feature)}
    component: Component = {"platform": "sensor", "value_template": f"{{{{ {_value(feature)} }}}}"}
    options = getattr(feature, "options", ())
    if options:
        return component | {"device_class": "enum", "options": [*options, *further]}
    optional = {
        "unit_of_measurement": feature.unit,
        "state_class": feature.state_class,
        "suggested_display_precision": feature.precision,
    }
    return component | {key: value for key, value in optional.items() if value is not None}


def _switch(feature: Feature) -> Component:
    return {"platform": "switch", "value_template": _on_off(feature)}


def _number(feature: Feature) -> Component:
    assert isinstance(feature, Number)  # noqa: S101 - the table says so
    component: Component = {
        "platform": "number",
        "value_template": f"{{{{ {_value(feature)} }}}}",
        "min": feature.minimum,
        "max": feature.maximum,
        "step": feature.step,
        "mode": "box" if (feature.maximum - feature.minimum) / feature.step > 200 else "slider",  # noqa: PLR2004 - a slider has about as many pixels
    }
    return component | ({"unit_of_measurement": feature.unit} if feature.unit else {})


def _select(feature: Feature) -> Component:
    assert isinstance(feature, Select)  # noqa: S101 - the table says so
    return {
        "platform": "select",
        "value_template": f"{{{{ {_value(feature)} }}}}",
        "options": list(feature.options),
    }


def _text(feature: Feature) -> Component:
    assert isinstance(feature, Text)  # noqa: S101 - the table says so
    component: Component = {
        "platform": "text",
        "value_template": _or_empty(feature),
        "min": feature.min_length,
        "max": min(feature.max_length, 255),
    }
    return component | ({"pattern": f"^(?:{feature.pattern})$"} if feature.pattern else {})


def _time(feature: Feature) -> Component:
    return {
        "platform": "text",
        "value_template": _or_empty(feature),
        "min": 0,
        "max": 8,
        "pattern": f"^$|{_TIME_PATTERN}",
    }


def _button(_feature: Feature) -> Component:
    return {"platform": "button", "payload_press": "press"}


def _lock(feature: Feature) -> Component:
    value = _value(feature)
    return {
        "platform": "lock",
        "value_template": f"{{{{ none if {value} is none else ('LOCKED' if {value} else 'UNLOCKED') }}}}",
        "payload_lock": "lock",
        "payload_unlock": "unlock",
    }


_SETTINGS: dict[type[Feature], Callable[[Feature], Component]] = {
    Button: _button,
    Lock: _lock,
    Switch: _switch,
    Number: _number,
    Select: _select,
    Text: _text,
    Time: _time,
}


def _cover(feature: Cover, writable: bool, topics: Topics, name: str) -> Component:
    value = _value(feature)
    component: Component = {
        "platform": "cover",
        "value_template": f"{{{{ '' if {value} is none else ('closed' if {value} == 0 else 'open') }}}}",
    }
    if feature.positionable:
        component["position_topic"] = topics.state(name)
        component["position_template"] = _or_empty(feature)
    if not writable:
        return component
    component |= {"payload_open": "open", "payload_close": "close", "payload_stop": "stop"}
    if feature.positionable:
        component["set_position_topic"] = topics.key_set(name, feature.key)
    return component


def _update(feature: Update, writable: bool) -> Component:
    latest = _value(feature)
    installed = f"value_json.get({feature.installed_key!r})" if feature.installed_key else "none"
    known = f"({installed} or '')"
    report = f"'installed_version': {known}, 'latest_version': ({latest} or {known})"
    if feature.progress_key:
        report += f", 'in_progress': value_json.get({feature.progress_key!r}) is true"
    template = f"{{{{ {{{report}}} | tojson }}}}"
    component: Component = {"platform": "update", "value_template": template}
    return component | ({"payload_install": "install"} if writable else {})


def _plain(name: str) -> str:
    """Return a name as it stands in entity ids: without accents, words joined by underscores."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def _value(feature: Feature) -> str:
    """Return where the value stands; a state that comes before a new announcement may not have it."""
    return f"value_json.get({feature.key!r})"


def _on_off(feature: Feature) -> str:
    value = _value(feature)
    return f"{{{{ none if {value} is none else ('ON' if {value} else 'OFF') }}}}"


def _or_empty(feature: Feature) -> str:
    value = _value(feature)
    return f"{{{{ '' if {value} is none else {value} }}}}"


def _takes_class(feature: Feature, platform: str) -> bool:
    """Tell whether the platform knows device classes, and this one is not replaced by `enum`."""
    if platform in ("select", "text", "lock"):
        return False
    return platform != "sensor" or not getattr(feature, "options", None)


def _category(feature: Feature, platform: str) -> str | None:
    """Return Home Assistant's category; what can only be read is never configuration there."""
    if feature.category is Category.DIAGNOSTIC:
        return "diagnostic"
    if feature.category is Category.CONFIGURATION:
        return "diagnostic" if platform in _READ_ONLY else "config"
    return None


def encode(config: Mapping[str, Any]) -> bytes:
    """Return the announcement as it is published."""
    return json.dumps(config, ensure_ascii=False, separators=(",", ":")).encode()
