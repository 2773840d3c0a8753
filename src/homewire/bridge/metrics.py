"""The page that Prometheus reads: everything is taken from memory, no appliance is asked for anything.

Names follow Prometheus' conventions: base units in the name, counters end in `_total`, moments in
`_timestamp_seconds`, ratios go from 0 to 1. The base-unit table has no volume, so litres stay litres.
docs/metrics.md is the reference; its table of features' metrics is made from `declared_metric`.
"""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

import homewire
from homewire.appliance import Appliance
from homewire.bridge.health import resident_bytes
from homewire.bridge.registry import Registry
from homewire.commands import Command
from homewire.errors import HomewireError
from homewire.features import BinarySensor, Cover, Feature, Lock, Number, Switch, Value
from homewire.link.connection import Connection
from homewire.unknowns import Unknowns

__all__ = ["Metrics", "Unit", "declared_metric", "metric_name", "unit_of"]


class Unit(NamedTuple):
    """How a unit appears in a metric: what the name ends in, and what the value is multiplied with."""

    suffix: str
    factor: float = 1.0
    offset: float = 0.0


_UNITS = {
    "°C": Unit("celsius"),
    "°F": Unit("celsius", 5 / 9, -160 / 9),
    "K": Unit("kelvin"),
    "%": Unit("ratio", 0.01),
    "s": Unit("seconds"),
    "ms": Unit("seconds", 0.001),
    "min": Unit("seconds", 60),
    "h": Unit("seconds", 3600),
    "d": Unit("seconds", 86400),
    "Wh": Unit("joules", 3600),
    "kWh": Unit("joules", 3.6e6),
    "MWh": Unit("joules", 3.6e9),
    "J": Unit("joules"),
    "W": Unit("watts"),
    "kW": Unit("watts", 1000),
    "V": Unit("volts"),
    "mV": Unit("volts", 0.001),
    "A": Unit("amperes"),
    "mA": Unit("amperes", 0.001),
    "Hz": Unit("hertz"),
    "Pa": Unit("pascals"),
    "hPa": Unit("pascals", 100),
    "bar": Unit("pascals", 1e5),
    "mbar": Unit("pascals", 100),
    "g": Unit("grams"),
    "kg": Unit("grams", 1000),
    "L": Unit("liters"),
    "mL": Unit("liters", 0.001),
    "ml": Unit("liters", 0.001),
    "l": Unit("liters"),
    "dBm": Unit("dbm"),
    "dB": Unit("decibels"),
    "B": Unit("bytes"),
    "kB": Unit("bytes", 1000),
    "m": Unit("meters"),
    "cm": Unit("meters", 0.01),
    "mm": Unit("meters", 0.001),
    "rpm": Unit("rpm"),
    "mL/s": Unit("liters_per_second", 0.001),
    "L/min": Unit("liters_per_second", 1 / 60),
}

_ABBREVIATIONS = frozenset(["s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"])
"""Words that promtool takes for abbreviated units, whatever they mean here."""

_FOREIGN_WORDS = frozenset(
    [
        "minutes",
        "hours",
        "days",
        "weeks",
        "milliseconds",
        "microseconds",
        "fahrenheit",
        "kilograms",
        "kilowatts",
        "bits",
        "bars",
        "gauge",
        "counter",
        "summary",
        "histogram",
        "percent",
        "percentage",
        "total",
        "info",
    ]
)
"""Other units than the base units, which the suffix tells, and the types of metrics."""

_Family: TypeAlias = GaugeMetricFamily | CounterMetricFamily

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_TOTALS = ("total", "total_increasing")
_OWN_PREFIXES = (
    "homewire_appliance_",
    "homewire_bridge_",
    "homewire_command",
    "homewire_connection_",
    "homewire_feature_",
    "homewire_protocol_",
)
"""What the bridge says of itself; a feature whose name begins like this goes below `homewire_feature_`."""


def unit_of(feature: Feature) -> Unit:
    """Return how the feature's unit is shown; one that is not known goes into the name as it is."""
    if feature.unit is None:
        return Unit("")
    known = _UNITS.get(feature.unit)
    return known or Unit(re.sub(r"[^a-z0-9]+", "_", feature.unit.lower()).strip("_"))


def metric_name(feature: Feature, value: Value) -> str:
    """Return the metric's name for a value of this feature, `_total` not included."""
    return _name(feature, type(value))


def declared_metric(feature: Feature) -> tuple[str, str] | None:
    """Return name and type of the metric that a feature will have; None for what declares no number."""
    if isinstance(feature, BinarySensor | Switch | Lock):
        kind: type = bool
    elif feature.device_class == "timestamp":
        kind = dt.datetime
    elif isinstance(feature, Number | Cover) or feature.unit or feature.state_class:
        kind = float
    else:
        return None
    counts = kind is float and feature.state_class in _TOTALS
    return _name(feature, kind) + ("_total" if counts else ""), "counter" if counts else "gauge"


def _name(feature: Feature, kind: type) -> str:
    base, suffix = _words(feature.key), unit_of(feature).suffix
    if issubclass(kind, dt.datetime):
        suffix = "timestamp_seconds"
    elif kind is bool:
        suffix = ""
    name = base if not suffix or base.endswith(f"_{suffix}") or base == suffix else f"{base}_{suffix}"
    name = f"homewire_{name}"
    if name.endswith(("_total", "_info")):
        name = name.rpartition("_")[0]
    return f"homewire_feature_{name[9:]}" if name.startswith(_OWN_PREFIXES) else name


def _words(key: str) -> str:
    """Return the key as Prometheus likes names: no unit that is not a base unit, no abbreviation, no type.

    Promtool takes some single letters for units (dose_b, dose_d); all are joined with the word before them,
    so that dosea, doseb and dosec are alike.
    """
    kept: list[str] = []
    for word in re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_").split("_"):
        if word in _FOREIGN_WORDS and kept:
            continue
        if kept and (word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha())):
            kept[-1] += word
        else:
            kept.append(word)
    return "_".join(kept)


class Metrics:
    """Counts commands as they end, and makes the page when it is asked for."""

    def __init__(self, registry: Registry) -> None:
        self._collectors = CollectorRegistry(auto_describe=False)
        self._commands = Counter(
            "homewire_commands",
            "Commands by appliance, path and outcome.",
            ("appliance", "path", "outcome"),
            registry=self._collectors,
        )
        self._latency = Histogram(
            "homewire_command_latency_seconds",
            "From the wish to its end, by path and outcome.",
            ("path", "outcome"),
            buckets=_BUCKETS,
            registry=self._collectors,
        )
        self._errors = Counter(
            "homewire_command_errors",
            "Commands that came to nothing, by error code.",
            ("appliance", "code"),
            registry=self._collectors,
        )
        self._collectors.register(_State(registry))
        registry.subscribe_commands(self._command)

    def page(self) -> tuple[bytes, str]:
        """Return the page and its content type."""
        return generate_latest(self._collectors), CONTENT_TYPE_LATEST

    def _command(self, command: Command) -> None:
        if not command.stage.final:
            return
        path, outcome = command.path or "none", command.stage.value
        self._commands.labels(command.appliance, path, outcome).inc()
        self._latency.labels(path, outcome).observe(command.latency_s)
        if command.error is not None:
            code = command.error.code if isinstance(command.error, HomewireError) else "error"
            self._errors.labels(command.appliance, code).inc()


class _State(Collector):
    """What is known right now, as metric families."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Return every family."""
        yield from self._bridge()
        yield from self._connections()
        yield from self._appliances()
        yield from self._features()

    def _bridge(self) -> Iterator[Metric]:
        registry = self._registry
        info = InfoMetricFamily("homewire_bridge", "The bridge.")
        info.add_metric([], {"version": homewire.__version__})
        yield info
        yield GaugeMetricFamily(
            "homewire_bridge_start_timestamp_seconds",
            "When the bridge was started.",
            value=registry.started_at.timestamp(),
        )
        yield GaugeMetricFamily(
            "homewire_bridge_commands_running",
            "Commands under way, waiting ones included.",
            value=registry.commands.running,
        )
        memory = resident_bytes()
        if memory is not None:
            yield GaugeMetricFamily(
                "homewire_bridge_resident_memory_bytes", "Memory that the bridge occupies.", value=memory
            )

    def _connections(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("homewire_connection_up", "1 while the link is open.", labels=("connection",))
        lost = CounterMetricFamily(
            "homewire_connection_losses", "How often the link was lost.", labels=("connection",)
        )
        latency = GaugeMetricFamily(
            "homewire_connection_latency_seconds",
            "Median time of the latest confirmed commands.",
            labels=("connection",),
        )
        unknown = CounterMetricFamily(
            "homewire_protocol_unknown", "Inputs that were not understood.", labels=("connection", "kind")
        )
        for link in self._registry.links.values():
            report = link.report()
            up.add_metric([link.name], report.state == "online")
            lost.add_metric([link.name], report.reconnects)
            if report.latency_s is not None:
                latency.add_metric([link.name], report.latency_s)
            for kind, count in _unknowns(link.connection).items():
                unknown.add_metric([link.name, kind], count)
        yield from (up, lost, latency, unknown)

    def _appliances(self) -> Iterator[Metric]:
        info = InfoMetricFamily("homewire_appliance", "Who an appliance is.", labels=("appliance",))
        up = GaugeMetricFamily(
            "homewire_appliance_up", "1 while the appliance can be reached.", labels=("appliance",)
        )
        updated = GaugeMetricFamily(
            "homewire_appliance_updated_timestamp_seconds",
            "When the appliance last reported anything.",
            labels=("appliance",),
        )
        problems = GaugeMetricFamily(
            "homewire_appliance_problems", "What its owner should see to.", labels=("appliance",)
        )
        for key, appliance in self._registry.appliances.items():
            info.add_metric([key], _identity(appliance))
            up.add_metric([key], appliance.availability.online)
            problems.add_metric([key], len(appliance.problems))
            if appliance.updated_at is not None:
                updated.add_metric([key], appliance.updated_at.timestamp())
        yield from (info, up, updated, problems)

    def _features(self) -> Iterator[Metric]:
        families: dict[str, _Family] = {}
        for key, appliance in self._registry.appliances.items():
            taken: set[str] = set()
            for feature, value in _numeric(appliance):
                family = _family(families, taken, feature, value)
                family.add_metric([key], _number(feature, value))
        yield from families.values()


def _family(families: dict[str, _Family], taken: set[str], feature: Feature, value: Value) -> _Family:
    """Return the family of a feature, one that its appliance has not `taken` yet.

    A name may be that of a family of another type, or of another feature of the same appliance whose key
    differs in a unit only. Prometheus would refuse the whole page for either, so the later one is numbered.
    """
    wanted = CounterMetricFamily if _is_counter(feature, value) else GaugeMetricFamily
    name = base = metric_name(feature, value)
    for number in itertools.count(2):
        family = families.get(name)
        if family is None:
            family = families[name] = wanted(name, _help(feature), labels=("appliance",))
        if type(family) is wanted and name not in taken:
            taken.add(name)
            return family
        name = f"{base}_{number}"
    raise AssertionError  # a count has no end


def _help(feature: Feature) -> str:
    return " ".join(f"{text.rstrip('.')}." for text in (feature.name, feature.help) if text)


def _is_counter(feature: Feature, value: Value) -> bool:
    return feature.state_class in _TOTALS and not isinstance(value, bool | dt.datetime)


def _numeric(appliance: Appliance) -> Iterable[tuple[Feature, Value]]:
    """Return the features that have a number, a yes or no, or a moment now; unknown ones are left out."""
    for key, value in appliance.state.items():
        if isinstance(value, bool | int | float | dt.datetime):
            yield appliance.features[key], value


def _number(feature: Feature, value: Value) -> float:
    if isinstance(value, dt.datetime):
        return value.timestamp()
    if isinstance(value, bool):
        return float(value)
    assert isinstance(value, int | float)  # noqa: S101 - `_numeric` chose it
    unit = unit_of(feature)
    return round(value * unit.factor + unit.offset, 9)


def _identity(appliance: Appliance) -> dict[str, str]:
    identity = appliance.identity
    labels = {"vendor": identity.vendor, "model": identity.model, "name": identity.name}
    optional = {"serial": identity.serial, "firmware": identity.firmware, "via": identity.via}
    return labels | {key: value for key, value in optional.items() if value}


def _unknowns(connection: object) -> collections.Counter[str]:
    """Return the counts of a connection and of those of its appliances that count for themselves."""
    counters = {id(one): one for one in _all_unknowns(connection)}
    total: collections.Counter[str] = collections.Counter()
    for one in counters.values():
        total.update(one.totals)
    return total


def _all_unknowns(connection: object) -> Iterator[Unknowns]:
    if isinstance(connection, Connection):
        yield connection.unknowns
        for appliance in connection.appliances.values():
            yield appliance.unknowns
