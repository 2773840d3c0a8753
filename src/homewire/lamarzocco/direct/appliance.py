"""The machine as features: what it reports and takes, in the words that every consumer of homewire knows.

One table says for each feature which value of the memory map it shows and how it is set; it is cut to the
model at hand (docs/protocols/lamarzocco-tcp.md, section 12).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

import msgspec

from homewire.appliance import Appliance, Identity, Occurrence, Origin, Problem
from homewire.clock import Clock
from homewire.commands import Allowance, Command
from homewire.errors import NotSupported
from homewire.features import (
    BinarySensor,
    Button,
    Category,
    Event,
    Feature,
    Number,
    Select,
    Sensor,
    Switch,
    Time,
    Value,
)
from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.machine import DirectMachine
from homewire.lamarzocco.direct.memory_map import DAYS, FIELDS
from homewire.lamarzocco.direct.models import PrebrewMode

__all__ = ["DirectAppliance", "catalogue", "features_of"]

_Setter: TypeAlias = Callable[[DirectMachine, Any, Command], Awaitable[None]]

_MODES = ("off", "prebrewing", "preinfusion")
_CONFIGURATION, _DIAGNOSTIC = Category.CONFIGURATION, Category.DIAGNOSTIC


class _Row(msgspec.Struct, frozen=True):
    """A feature, the value that it shows, how to show it, how to set it.

    Without `set` a writable feature sets the field of its source.
    """

    feature: Feature
    source: str | None
    show: Callable[[Any], Value] | None = None
    set: _Setter | None = None
    models: frozenset[Model] = frozenset(Model)


def _row(feature: Feature, source: str, **extra: Any) -> _Row:
    """Return a row for a field of the memory map, with the field's models."""
    return _Row(feature, source, models=FIELDS[source].models, **extra)


def _number(key: str, name: str, source: str, **extra: Any) -> _Row:
    """Return a settable number with the unit, limits and step of its field."""
    field = FIELDS[source]
    low, high = field.limits or (0, 0)
    tenths = getattr(field.encoding, "tenths", False)
    number = Number(
        key=key,
        name=name,
        unit=field.unit,
        minimum=low,
        maximum=high,
        step=0.1 if tenths else 1,
        precision=1 if tenths else 0,
        category=_CONFIGURATION,
        help=field.note,
        **extra,
    )
    return _row(number, source)


def _count(key: str, name: str, source: str, unit: str | None = None, **extra: Any) -> _Row:
    """Return a diagnostic counter that only rises."""
    options = {"category": _DIAGNOSTIC, "help": FIELDS[source].note} | extra
    sensor = Sensor(key=key, name=name, unit=unit, state_class="total_increasing", **options)
    return _row(sensor, source)


def _duration(key: str, name: str, source: str) -> _Row:
    return _count(key, name, source, unit=FIELDS[source].unit, device_class="duration")


def _temperature(key: str, name: str, source: str, models: frozenset[Model], **extra: Any) -> _Row:
    sensor = Sensor(
        key=key,
        name=name,
        unit="°C",
        device_class="temperature",
        state_class="measurement",
        precision=1,
        **extra,
    )
    return _Row(sensor, source, models=models)


def _boilers() -> Iterable[_Row]:
    everywhere, gs3 = frozenset(Model), FIELDS["steam_setpoint_c"].models
    yield _temperature(
        "coffee_temperature", "Coffee temperature", "coffee_temp_c", everywhere, help="At the group."
    )
    yield _number(
        "coffee_target_temperature",
        "Coffee target temperature",
        "coffee_setpoint_c",
        device_class="temperature",
    )
    yield _temperature("steam_temperature", "Steam temperature", "steam_boiler_temp_c", gs3)
    yield _number(
        "steam_target_temperature", "Steam target temperature", "steam_setpoint_c", device_class="temperature"
    )
    yield _Row(Switch(key="steam_boiler", name="Steam boiler"), "steam_boiler_enabled", set=_set_steam_boiler)
    yield _temperature(
        "coffee_boiler_temperature",
        "Coffee boiler temperature",
        "coffee_boiler_temp_c",
        everywhere,
        category=_DIAGNOSTIC,
        help="The boiler's sensor, without the offset of the group.",
    )


async def _set_steam_boiler(machine: DirectMachine, value: Any, command: Command) -> None:
    await machine.set_steam_boiler(value, progress=command)


def _brewing() -> Iterable[_Row]:
    yield _Row(BinarySensor(key="brewing", name="Brewing", device_class="running"), "brewing")
    yield _Row(Sensor(key="brewing_key", name="Brewing key", help="0 while idle."), "brewing_key")
    yield _Row(
        Sensor(
            key="shot_time",
            name="Shot time",
            unit="s",
            device_class="duration",
            state_class="measurement",
            precision=1,
            help="Of the running shot, or of the last one.",
        ),
        "flow_time_s",
    )
    yield _Row(
        Sensor(
            key="shot_pulses",
            name="Shot flow-meter pulses",
            unit="pulses",
            state_class="measurement",
            help="A pulse is about 0.5 ml.",
        ),
        "flow_pulses",
        models=FIELDS["shot_pulses"].models,
    )
    yield _Row(
        Sensor(key="flow", name="Flow", options=("low", "high"), help="Of the running shot."),
        "flow_rate",
        show=lambda raw: "high" if raw else "low",
        models=FIELDS["shot_pulses"].models,
    )
    yield _Row(
        Event(key="shot", name="Shot", event_types=("finished",), help="With its key, seconds and pulses."),
        None,
    )


def _prebrewing() -> Iterable[_Row]:
    yield _row(
        Select(key="prebrew_mode", name="Prebrew mode", options=_MODES, category=_CONFIGURATION),
        "prebrew_mode",
        show=_mode_name,
        set=_set_mode,
    )
    for key in range(1, 5):
        yield _number(f"prebrew_time_key_{key}", f"Prebrew time, key {key}", f"prebrew_on_k{key}_s")
        yield _number(f"prebrew_pause_key_{key}", f"Prebrew pause, key {key}", f"prebrew_off_k{key}_s")
        yield _number(f"preinfusion_time_key_{key}", f"Preinfusion time, key {key}", f"preinfusion_k{key}_s")


def _mode_name(mode: int) -> str:
    """Return the mode's word; one that is not known shows its number."""
    return _MODES[mode] if mode < len(_MODES) else str(mode)


async def _set_mode(machine: DirectMachine, value: Any, command: Command) -> None:
    await machine.set_prebrew_mode(PrebrewMode(_MODES.index(value)), progress=command)


def _doses() -> Iterable[_Row]:
    for key in range(1, 6):
        yield _number(f"dose_key_{key}", f"Dose, key {key}", f"dose_k{key}_pulses")
    yield _number("hot_water_dose", "Hot water dose", "hot_water_dose_s", device_class="duration")


_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _schedule() -> Iterable[_Row]:
    yield _row(Switch(key="schedule", name="Weekly schedule", category=_CONFIGURATION), "schedule_enabled")
    for day, name in zip(DAYS, _DAY_NAMES, strict=True):
        switch = Switch(key=f"schedule_{day}", name=f"Schedule on {name}", category=_CONFIGURATION)
        yield _row(switch, f"{day}_enabled")
        for edge in ("on", "off"):
            time = Time(key=f"schedule_{day}_{edge}", name=f"{name} {edge} time", category=_CONFIGURATION)
            yield _Row(time, f"{day}_{edge}", set=_set_time)


async def _set_time(machine: DirectMachine, value: Any, command: Command) -> None:
    await machine.change_schedule({command.key.removeprefix("schedule_"): value}, progress=command)


def _counters() -> Iterable[_Row]:
    yield _count("drinks_total", "Coffees", "count_coffee_total", category=Category.PRIMARY)
    for key in range(1, 5):
        yield _count(f"drinks_key_{key}", f"Coffees, key {key}", f"count_k{key}")
    yield _count("drinks_continuous", "Coffees, continuous key", "count_continuous")
    yield _count("coffee_starts", "Coffee starts", "count_coffee_activations")
    yield _count("hot_water_starts", "Hot water starts", "count_hot_water_activations")
    yield _count("hot_water_doses", "Completed hot water doses", "count_hot_water_completed")
    yield _duration("coffee_element_time", "Coffee element running", "coffee_element_hours")
    yield _duration("steam_element_time", "Steam element running", "steam_element_hours")
    yield _duration("delivery_time", "Coffee or water delivered", "running_s")
    yield _duration("powered_time", "Powered", "powered_hours")
    yield _duration("pump_time", "Pump running", "pump_s")
    yield _duration("hot_water_time", "Hot water delivered", "hot_water_s")


def _health() -> Iterable[_Row]:
    yield _row(
        BinarySensor(key="water_empty", name="Water empty", device_class="problem"),
        "reservoir_ok",
        show=lambda ok: not ok,
    )
    yield _row(
        Button(key="start_backflush", name="Start backflush", dangerous=True, help="Needs a blind filter."),
        "backflush_active",
        set=_start_backflush,
    )
    yield _row(
        BinarySensor(key="backflush", name="Backflush", device_class="running", category=_DIAGNOSTIC),
        "backflush_active",
    )
    yield _row(BinarySensor(key="plumbed_in", name="Plumbed in", category=_DIAGNOSTIC), "plumbed_in")
    yield _Row(
        Sensor(key="outputs", name="Active outputs", category=_DIAGNOSTIC, history=False),
        "outputs",
        show=", ".join,
    )
    yield _panel("front_panel", "Front panel", "display_line1")
    yield _panel("front_panel_2", "Front panel, second line", "display_line2")


def _panel(key: str, name: str, source: str) -> _Row:
    sensor = Sensor(key=key, name=name, category=_DIAGNOSTIC, history=False)
    return _Row(sensor, source, models=FIELDS["display_line1"].models)


async def _start_backflush(machine: DirectMachine, _value: Any, command: Command) -> None:
    await machine.start_backflush(progress=command)


def _about() -> Iterable[_Row]:
    yield _Row(
        Sensor(
            key="clock",
            name="Clock",
            device_class="timestamp",
            category=_DIAGNOSTIC,
            history=False,
            help="The machine's own clock, taken to be in this computer's time zone.",
        ),
        "clock",
    )
    yield _Row(
        Button(key="set_clock", name="Set clock", category=_CONFIGURATION, help="To this computer's time."),
        None,
        set=_set_clock,
    )
    yield _row(
        Sensor(
            key="standby_time",
            name="Standby after",
            unit="min",
            device_class="duration",
            category=_DIAGNOSTIC,
            help="0 is never.",
        ),
        "standby_minutes",
    )
    yield _row(
        Sensor(
            key="panel_unit",
            name="Unit of the panel",
            options=("°C", "°F"),
            category=_DIAGNOSTIC,
            history=False,
        ),
        "temperature_unit",
        show=lambda raw: "°F" if raw == 1 else "°C",
    )
    offset = Sensor(key="group_offset", name="Group offset", unit="°C", precision=1, category=_DIAGNOSTIC)
    yield _Row(offset, "group_offset_c", models=FIELDS["group_offset_raw"].models)
    for key, name, source in (
        ("firmware", "Firmware", "firmware_version"),
        ("module_serial", "Serial number of the module", "module_serial"),
        ("machine_serial", "Serial number", "machine_serial"),
    ):
        yield _row(Sensor(key=key, name=name, category=_DIAGNOSTIC, history=False), source)


async def _set_clock(machine: DirectMachine, _value: Any, command: Command) -> None:
    moment = command.times[next(iter(command.times))]
    await machine.set_clock(moment.astimezone(), progress=command)


_ROWS = (
    _row(Switch(key="power", name="Power"), "power_on"),
    *_boilers(),
    *_brewing(),
    *_prebrewing(),
    *_doses(),
    *_schedule(),
    *_counters(),
    *_health(),
    *_about(),
)


def _rows(model: Model) -> tuple[_Row, ...]:
    return tuple(row for row in _ROWS if model in row.models)


def features_of(model: Model) -> tuple[Feature, ...]:
    """Return the features of a model."""
    return tuple(row.feature for row in _rows(model))


def catalogue() -> Iterable[tuple[str, tuple[Feature, ...]]]:
    """Yield every model with its features."""
    for model in Model:
        yield model.value, features_of(model)


class DirectAppliance(Appliance):
    """One machine; a model that is not known is treated as a GS3 AV (section 12)."""

    confirm_within_s: ClassVar[float | None] = 40.0
    """A connection (5 s), an acknowledgement (5 s) and three looks within 5 s, each with its own 5 s."""

    def __init__(
        self,
        machine: DirectMachine,
        identity: Identity,
        *,
        clock: Clock | None = None,
        allow: Allowance | None = None,
    ) -> None:
        rows = _rows(machine.model or Model.GS3_AV)
        super().__init__(
            identity,
            (row.feature for row in rows),
            clock=clock,
            allow=allow,
            unknowns=machine.unknowns,
        )
        self._machine = machine
        self._rows = {row.feature.key: row for row in rows}
        self._shown: dict[str, list[_Row]] = {}
        for row in rows:
            if row.source is not None and row.feature.kind != "button":
                self._shown.setdefault(row.source, []).append(row)
        self._flowing_key = 0
        machine.subscribe(self._learned)
        self._learned(machine.state.values, Origin.POLL)

    @property
    def machine(self) -> DirectMachine:
        """The vendor client behind the appliance."""
        return self._machine

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The water tank."""
        if not self.state.get("water_empty"):
            return ()
        return (
            Problem(
                key="water_empty",
                message="There is no water",
                remedy="Fill the tank or open the tap of the water line.",
            ),
        )

    async def _refresh(self) -> None:
        await self._machine.refresh()

    async def _write(self, command: Command) -> None:
        row = self._rows[command.key]
        if row.set is not None:
            await row.set(self._machine, command.value, command)
        elif row.source is not None:
            await self._machine.set_field(row.source, command.value, progress=command)
        else:
            raise NotSupported(f"{command.key} cannot be set")

    def _diagnostics(self) -> Mapping[str, Any]:
        values = self._machine.state.values
        return {
            "memory": {name: _plain(values[name]) for name in values if name in FIELDS},
            "connected": self._machine.connected,
        }

    def _learned(self, fresh: Mapping[str, Any], origin: Origin) -> None:
        """Show the values of one message, in one batch."""
        shown: dict[str, Value] = {}
        for name in fresh.keys() & self._shown.keys():
            for row in self._shown[name]:
                shown[row.feature.key] = row.show(fresh[name]) if row.show else fresh[name]
        happened = self._follow_shot(fresh, shown)
        if "clock_year" in fresh:
            clock = self._machine.state.clock
            shown["clock"] = None if clock is None else clock.astimezone()
        if shown or happened:
            self.publish(shown, origin, occurrences=happened)
        if fresh.get("firmware_version", self.identity.firmware) != self.identity.firmware:
            self.update_identity(firmware=fresh["firmware_version"])

    def _follow_shot(self, fresh: Mapping[str, Any], shown: dict[str, Value]) -> tuple[Occurrence, ...]:
        """Tell a running shot from the status and the telemetry, and its end from the telemetry alone."""
        key = fresh.get("flow_key", fresh.get("active_key"))
        if key is None:
            return ()
        if self._machine.state.backflush_active:  # it is told like a shot (section 9.5)
            key = 0
            self._flowing_key = 0
        shown["brewing"], shown["brewing_key"] = key > 0, key
        if "flow_key" not in fresh:
            return ()
        ended, self._flowing_key = self._flowing_key, key
        if key or not ended:
            return ()
        data: dict[str, Value] = {
            "key": ended,
            "seconds": fresh["flow_time_s"],
            "pulses": fresh["flow_pulses"],
        }
        return (Occurrence(key="shot", type="finished", at=self.clock.now(), data=data),)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.time) else value
