"""How the bridge shows appliances, features and changes to its clients, in plain JSON types."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from homewire.appliance import Appliance, Availability, Change, Identity, Problem
from homewire.bridge.registry import Registry
from homewire.features import Feature, Value

__all__ = [
    "ApplianceView",
    "CommandView",
    "FeatureView",
    "JsonValue",
    "view_appliance",
    "view_change",
    "view_feature",
    "view_state",
]

JsonValue = bool | int | float | str | None
"""A value in JSON: moments, dates and times of day are ISO 8601 texts; null is unknown."""


class FeatureView(msgspec.Struct, frozen=True, kw_only=True):
    """A feature with every field of every kind; those of other kinds are null.

    `permitted` says whether its owner enabled a dangerous feature.
    """

    kind: str
    key: str
    name: str
    category: str
    unit: str | None
    device_class: str | None
    state_class: str | None
    precision: int | None
    writable: bool
    pressable: bool
    dangerous: bool
    permitted: bool
    enabled_by_default: bool
    history: bool
    help: str
    options: tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    positionable: bool | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    event_types: tuple[str, ...] | None = None
    installed_key: str | None = None
    progress_key: str | None = None


class ApplianceView(msgspec.Struct, frozen=True, kw_only=True):
    """One appliance in full."""

    id: str
    identity: Identity
    connection: str | None
    availability: Availability
    features: tuple[FeatureView, ...]
    state: dict[str, JsonValue]
    problems: tuple[Problem, ...]
    updated_at: dt.datetime | None
    queued_commands: int


class CommandError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a command came to nothing."""

    code: str
    message: str
    appliance: str | None = None
    path: str | None = None
    hint: str | None = None
    allowed: str | None = None
    reason_code: str | int | None = None


class CommandView(msgspec.Struct, frozen=True, kw_only=True):
    """A command and how far it came."""

    id: str
    appliance: str
    key: str
    value: JsonValue
    stage: str
    path: str | None
    latency_s: float
    times: dict[str, dt.datetime]
    error: CommandError | None


_OWN_FIELDS = (
    "options",
    "minimum",
    "maximum",
    "step",
    "positionable",
    "min_length",
    "max_length",
    "pattern",
    "event_types",
    "installed_key",
    "progress_key",
)


def view_feature(appliance: Appliance, feature: Feature) -> FeatureView:
    """Return a feature as clients see it."""
    identity = appliance.identity
    return FeatureView(
        kind=feature.kind,
        key=feature.key,
        name=feature.name,
        category=feature.category.value,
        unit=feature.unit,
        device_class=feature.device_class,
        state_class=feature.state_class,
        precision=feature.precision,
        writable=feature.writable,
        pressable=feature.pressable,
        dangerous=feature.dangerous,
        permitted=not feature.dangerous or appliance.allow.permits(feature.key, identity.id, identity.name),
        enabled_by_default=feature.enabled_by_default,
        history=feature.history,
        help=feature.help,
        **{name: getattr(feature, name, None) for name in _OWN_FIELDS},
    )


def view_state(appliance: Appliance) -> dict[str, JsonValue]:
    """Return the current values in JSON types."""
    return {key: plain(value) for key, value in appliance.state.items()}


def view_appliance(registry: Registry, appliance: Appliance) -> ApplianceView:
    """Return an appliance as clients see it."""
    link = registry.link_of(appliance.identity.id)
    return ApplianceView(
        id=appliance.identity.id,
        identity=appliance.identity,
        connection=link.name if link else None,
        availability=appliance.availability,
        features=tuple(view_feature(appliance, feature) for feature in appliance.features.values()),
        state=view_state(appliance),
        problems=appliance.problems,
        updated_at=appliance.updated_at,
        queued_commands=appliance.queued_commands,
    )


def view_change(change: Change) -> dict[str, Any]:
    """Return a change as clients see it."""
    return {
        "appliance": change.appliance,
        "at": change.at,
        "origin": change.origin,
        "values": {key: plain(value) for key, value in change.values.items()},
        "occurrences": change.occurrences,
        "availability": change.availability,
    }


def plain(value: Value) -> JsonValue:
    """Return a value in JSON types; what is not a number becomes unknown."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float) and value - value != 0:  # nan and infinity are no JSON
        return None
    return value
