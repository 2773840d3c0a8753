"""What the commands know about appliances, as plain data for `--json` and as tables for people.

One function per kind of thing and form: whoever prints an appliance prints it here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from homewire.appliance import Change
from homewire.cli.session import ApplianceView, Link
from homewire.features import Category, Feature, Value, describe

__all__ = [
    "appliance_document",
    "appliance_table",
    "change_document",
    "change_lines",
    "link_document",
    "links_table",
    "readings",
    "status_table",
    "value_text",
]

_UNITLESS = (None, "")


def readings(appliance: ApplianceView) -> list[Feature]:
    """Return the features that have a value, in their order."""
    return [feature for key, feature in appliance.features.items() if key in appliance.state]


def appliance_document(appliance: ApplianceView, *, full: bool) -> dict[str, Any]:
    """Return an appliance in plain JSON types; `full` adds every feature with its value."""
    document: dict[str, Any] = msgspec.to_builtins(appliance.identity)
    document["availability"] = msgspec.to_builtins(appliance.availability)
    document["problems"] = msgspec.to_builtins(appliance.problems)
    if full:
        document["values"] = {
            feature.key: feature.to_json(appliance.state[feature.key]) for feature in readings(appliance)
        }
        document["features"] = {key: _declaration(one) for key, one in appliance.features.items()}
    return document


def _declaration(feature: Feature) -> dict[str, Any]:
    """Return what the feature is, with what a reader of JSON cannot know to be the default."""
    told = {"writable": feature.writable, "dangerous": feature.dangerous, "category": feature.category.value}
    return describe(feature) | told


def link_document(link: Link) -> dict[str, Any]:
    """Return a connection in plain JSON types."""
    document = {
        "name": link.name,
        "kind": link.kind,
        "online": link.online,
        "reason": link.reason,
        "appliances": list(link.appliances),
    }
    return document | ({"error": link.error.details()} if link.error else {})


def change_document(appliance: ApplianceView | None, change: Change) -> dict[str, Any]:
    """Return a batch of changes in plain JSON types, without what is empty."""
    features = appliance.features if appliance is not None else {}
    document: dict[str, Any] = {
        "at": change.at.isoformat(),
        "appliance": change.appliance,
        "name": appliance.identity.name if appliance is not None else change.appliance,
        "origin": change.origin.value,
        "values": {key: _plain(features.get(key), value) for key, value in change.values.items()},
    }
    if change.occurrences:
        document["occurrences"] = msgspec.to_builtins(change.occurrences)
    if change.availability is not None:
        document["availability"] = msgspec.to_builtins(change.availability)
    if change.dropped:
        document["dropped"] = change.dropped
    return document


def _plain(feature: Feature | None, value: Value) -> Any:
    return feature.to_json(value) if feature is not None else msgspec.to_builtins(value)


def change_lines(appliance: ApplianceView | None, change: Change) -> Iterable[Text]:
    """Yield one line per change for people: time, appliance, feature, value."""
    features = appliance.features if appliance is not None else {}
    name = appliance.identity.name if appliance is not None else change.appliance
    if change.dropped:
        yield Text(f"({change.dropped} earlier changes were too fast to show)", "dim")
    if change.availability is not None:
        word = "online" if change.availability.online else "offline"
        reason = "" if change.availability.online else f": {change.availability.reason}"
        style = "green" if change.availability.online else "red"
        yield _line(change.at, name, "", Text(word + reason, style))
    for key, value in change.values.items():
        feature = features.get(key)
        label = feature.name if feature else key
        yield _line(change.at, name, label, value_text(feature, value) if feature else Text(str(value)))
    for happened in change.occurrences:
        feature = features.get(happened.key)
        label = feature.name if feature else happened.key
        data = ", ".join(f"{key} {_short(value)}" for key, value in happened.data.items())
        yield _line(
            happened.at, name, label, Text(happened.type + (f" ({data})" if data else ""), "bold magenta")
        )


def _line(at: dt.datetime, name: str, label: str, value: Text) -> Text:
    line = Text(no_wrap=True)
    line.append(f"{at.astimezone():%H:%M:%S} ", "dim")
    line.append(name, "bold cyan")
    line.append(f"  {label}  " if label else "  ")
    return line.append_text(value)


def _short(value: Value) -> str:
    if isinstance(value, dt.datetime):
        return _moment(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def value_text(feature: Feature, value: Value) -> Text:
    """Return a value with its unit, in the colour that tells its state."""
    return Text(_words(feature, value), _style(feature, value))


_TWO_WORDS = {
    "door": ("closed", "open"),
    "garage_door": ("closed", "open"),
    "opening": ("closed", "open"),
    "window": ("closed", "open"),
    "problem": ("no", "yes"),
    "safety": ("no", "yes"),
    "connectivity": ("disconnected", "connected"),
}
"""What off and on mean for a binary sensor of a device class, in Home Assistant's words."""


def _words(feature: Feature, value: Value) -> str:
    words = _TWO_WORDS.get(feature.device_class or "")
    if words is not None and isinstance(value, bool) and not feature.writable:
        return words[value]
    if isinstance(value, dt.datetime):
        return _moment(value)
    return feature.format(value)


def _moment(value: dt.datetime) -> str:
    """Return a moment in local time, without the date when it is today."""
    local = value.astimezone()
    today = local.date() == dt.datetime.now(dt.UTC).astimezone().date()
    return f"{local:%H:%M:%S}" if today else f"{local:%Y-%m-%d %H:%M}"


def _style(feature: Feature, value: Value) -> str:
    if value is None:
        return "dim"
    if value is True:
        return "bold red" if feature.device_class in ("problem", "safety") else "bold green"
    return ""


def links_table(links: Sequence[Link]) -> Table:
    """Return the connections as a table."""
    table = _table("Connection", "Kind", "State", "Appliances")
    for link in links:
        state = Text("online", "green") if link.online else Text(link.reason, "red")
        table.add_row(Text(link.name, "bold"), link.kind, state, str(len(link.appliances)))
    return table


def appliance_table(appliances: Iterable[ApplianceView]) -> Table:
    """Return the appliances as a table, one in each row."""
    table = _table("Appliance", "Vendor", "Model", "Firmware", "State", "Id")
    for one in appliances:
        who, how = one.identity, one.availability
        state = Text("online", "green") if how.online else Text(how.reason, "red")
        table.add_row(
            Text(who.name, "bold cyan"), who.vendor, who.model, who.firmware or "", state, Text(who.id, "dim")
        )
    return table


def status_table(appliance: ApplianceView, *, everything: bool) -> Table:
    """Return the readings of an appliance as a table, by category; diagnostics only with `everything`."""
    who, how = appliance.identity, appliance.availability
    table = _table("Feature", "Value", "Can be set to", "Key")
    title = Text.assemble((who.name, "bold cyan"), "  ", (f"{who.vendor} {who.model}", "dim"))
    if not how.online:
        title.append(f"  {how.reason}", "red")
    table.title, table.title_justify = title, "left"
    shown = [feature for feature in appliance.features.values() if everything or _is_shown(feature)]
    for category in Category:
        for feature in (one for one in shown if one.category is category and not one.momentary):
            table.add_row(*_status_row(feature, appliance.state))
        table.add_section()
    hidden = len(appliance.features) - len(shown)
    if hidden:
        table.caption, table.caption_justify = f"{hidden} more with --all", "left"
    return table


def _is_shown(feature: Feature) -> bool:
    return feature.enabled_by_default and feature.category is not Category.DIAGNOSTIC


def _status_row(feature: Feature, state: Mapping[str, Value]) -> tuple[Text | str, ...]:
    known = feature.key in state
    value = value_text(feature, state[feature.key]) if known else Text("")
    allowed = feature.allowed if feature.writable else ""
    mark = Text(" dangerous", "red") if feature.writable and feature.dangerous else Text("")
    return feature.name, value, Text(allowed).append_text(mark), Text(feature.key, "dim")


def _table(*columns: str) -> Table:
    from rich import box  # noqa: PLC0415 - only tables need it

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
