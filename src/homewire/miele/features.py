"""Which features an appliance of which type has: the table from which everything else is derived.

What a type reports follows miele-http.md, sections 11 and 18; units and classes are Home Assistant's. An
appliance declares a feature because its type has it or because it was seen reporting it, so that no feature
stays empty for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from homewire.features import (
    BinarySensor,
    Button,
    Category,
    Event,
    Feature,
    Select,
    Sensor,
    Switch,
    Update,
)
from homewire.miele import codes
from homewire.miele.models import State
from homewire.miele.remote_start import DISHWASHERS, LAUNDRY, OVENS
from homewire.miele.supplies import ROOMS, SUPPLIES

__all__ = ["COOLING", "HOBS", "HOODS", "Abilities", "catalogue", "declare"]

COOLING: Final = frozenset({19, 20, 21, 22, 32, 33, 34, 68, 76, 77})
"""Refrigerators, freezers, wine cabinets: read-only, never asleep (sections 13 and 18)."""

HOBS: Final = frozenset({14, 27, 28, 29, 30, 74})
HOODS: Final = frozenset({18})
_COFFEE: Final = frozenset({17})
_DRYERS: Final = frozenset({2, 4, 6, 24, 52, 54})
_WASHERS: Final = LAUNDRY - _DRYERS | {24}
_EXTRACTORS: Final = frozenset({74})
_USES_WATER: Final = _WASHERS | DISHWASHERS

_MODELS: Final = (1, 2, 7, 12, 13, 15, 16, 17, 18, 20, 21, 24, 25, 27, 31, 32, 67, 74)
"""Device types that the generated table of the docs shows."""


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one appliance beyond its type: found out when the connection opens."""

    device_type: int
    has_dop2: bool = False
    has_dop1: bool = False
    has_light: bool = False
    supplies: frozenset[str] = frozenset()
    zones: int = 1
    plates: int = 0
    doors: int = 0
    programmes: tuple[str, ...] = ()

    @classmethod
    def seen(
        cls,
        device_type: int,
        state: State,
        *,
        has_dop2: bool,
        has_dop1: bool = False,
        programmes: Iterable[str] = (),
    ) -> Abilities:
        """Take the abilities from the first state that the appliance reports."""
        return cls(
            device_type=device_type,
            has_dop2=has_dop2,
            has_dop1=has_dop1,
            has_light=bool(state.light),
            zones=sum(celsius is not None for celsius in state.temperature),
            plates=len(state.plate_step),
            doors=sum(door != 0 for door in state.door_states),
            programmes=tuple(programmes),
        )


_STATUS: Final = tuple(codes.STATUS.slug(number) for number in codes.STATUS)
_DRYING: Final = tuple(codes.DRYING_STEP.slug(number) for number in codes.DRYING_STEP)
_REMOTE: Final = ("off", "not_now", "full")


def declare(abilities: Abilities) -> tuple[Feature, ...]:
    """Return the features of an appliance, in the order in which they are shown."""
    return tuple(_features(abilities))


def catalogue() -> Iterator[tuple[str, tuple[Feature, ...]]]:
    """Yield every household type with its features, for the docs."""
    for device_type in _MODELS:
        abilities = Abilities(
            device_type=device_type,
            has_dop2=device_type in LAUNDRY | DISHWASHERS | OVENS | _COFFEE,
            has_dop1=device_type in HOODS,
            has_light=device_type in OVENS | HOODS,
            supplies=_possible_supplies(device_type),
            zones=2 if device_type in COOLING else 1,
            plates=4 if device_type in HOBS else 0,
            doors=2 if device_type in COOLING else 0,
            programmes=tuple(codes.program_names(device_type).values())[:3],
        )
        yield codes.DEVICE_TYPE.slug(device_type), declare(abilities)


def _possible_supplies(device_type: int) -> frozenset[str]:
    """Return the supplies that a common appliance of a type tells of."""
    keys = {
        "dosing": {"dosing_1", "dosing_1_low", "dosing_2", "dosing_2_low"},
        "salt": {"salt_missing", "rinse_aid_missing"},
        "coffee": {
            "descaling_required",
            "cleaning_required",
            "drinks_until_descaling",
            "drinks_until_degreasing",
            "water_tank",
            "beans_1_empty",
        },
        "steam": {"descaling_required", "programs_until_descaling", "water_tank"},
    }
    return frozenset().union(*(keys[room] for room, types in ROOMS.items() if device_type in types))


def _features(a: Abilities) -> Iterator[Feature]:
    yield Sensor(key="status", name="Status", device_class="enum", options=_STATUS)
    if a.device_type not in HOBS | COOLING | HOODS:
        yield from _programme(a)
    yield from _temperatures(a)
    yield from _doors(a)
    yield from _type_specific(a)
    if a.has_light:
        yield Switch(key="light", name="Light")
    yield from _attention(a)
    yield from _consumption(a)
    yield from (feature for key, feature in SUPPLIES.items() if key in a.supplies)
    yield from _controls(a)
    yield from _diagnostics(a)


def _programme(a: Abilities) -> Iterator[Feature]:
    yield Sensor(key="program", name="Programme")
    yield Sensor(key="program_phase", name="Phase")
    yield Sensor(
        key="remaining_time", name="Remaining time", unit="min", device_class="duration", history=False
    )
    yield Sensor(key="elapsed_time", name="Elapsed time", unit="min", device_class="duration", history=False)
    yield Sensor(key="start_at", name="Start", device_class="timestamp", history=False)
    yield Sensor(
        key="finish_at",
        name="Finish",
        device_class="timestamp",
        history=False,
        help="Does not jitter: it moves only when the appliance's estimate moved by more than two minutes.",
    )
    yield Event(
        key="programme", name="Programme event", event_types=("started", "finished", "stopped", "failed")
    )
    if a.programmes:
        yield Select(
            key="program_select",
            name="Select programme",
            category=Category.CONFIGURATION,
            options=a.programmes,
            history=False,
            help="Selects with its default settings; the appliance has to be awake, with remote control on.",
        )


def _temperatures(a: Abilities) -> Iterator[Feature]:
    if a.device_type in OVENS:
        yield _celsius("temperature", "Temperature", measured=True)
        yield _celsius("target_temperature", "Target temperature")
        yield _celsius("core_temperature", "Core temperature", measured=True, quiet=True)
        yield _celsius("target_core_temperature", "Target core temperature", quiet=True)
    elif a.device_type in COOLING:
        for zone in range(1, max(1, a.zones) + 1):
            yield _celsius(f"temperature_{zone}", f"Temperature zone {zone}", measured=True)
            yield _celsius(f"target_temperature_{zone}", f"Target temperature zone {zone}")
    elif a.device_type in LAUNDRY:
        yield _celsius("target_temperature", "Target temperature")


def _celsius(key: str, name: str, *, measured: bool = False, quiet: bool = False) -> Sensor:
    return Sensor(
        key=key,
        name=name,
        unit="°C",
        device_class="temperature",
        state_class="measurement" if measured else None,
        precision=1,
        enabled_by_default=not quiet,
    )


def _doors(a: Abilities) -> Iterator[Feature]:
    if a.doors:
        for door in range(1, a.doors + 1):
            yield BinarySensor(key=f"door_{door}", name=f"Door {door}", device_class="door")
    elif a.device_type not in HOBS | HOODS:
        yield BinarySensor(key="door", name="Door", device_class="door")


def _type_specific(a: Abilities) -> Iterator[Feature]:
    if a.device_type in _WASHERS:
        yield Sensor(key="spin_speed", name="Spin speed", unit="rpm", state_class="measurement")
    if a.device_type in _DRYERS:
        yield Sensor(key="drying_step", name="Drying step", device_class="enum", options=_DRYING)
    if a.device_type in HOODS:
        yield from _ventilation(a)
    if a.device_type in _EXTRACTORS:
        yield Sensor(key="extractor", name="Extractor level", state_class="measurement")
    for plate in range(1, a.plates + 1):
        yield Sensor(key=f"plate_{plate}", name=f"Zone {plate}", help="Level as the panel shows it.")
        yield Sensor(
            key=f"plate_{plate}_heat", name=f"Zone {plate} residual heat", options=_HEAT, device_class="enum"
        )
        yield _plate_minutes(plate, "remaining", "Unknown while no timer runs.")
        yield _plate_minutes(plate, "elapsed", "How long the zone has been on; unknown while it is off.")


def _plate_minutes(plate: int, what: str, help_: str) -> Sensor:
    return Sensor(
        key=f"plate_{plate}_{what}",
        name=f"Zone {plate} {what} time",
        unit="min",
        device_class="duration",
        history=False,
        help=help_,
    )


_VENTILATION: Final = tuple(codes.VENTILATION_STEP.slug(number) for number in codes.VENTILATION_STEP)
_HEAT: Final = tuple(codes.PLATE_REMAINING_HEAT.slug(number) for number in codes.PLATE_REMAINING_HEAT)


def _ventilation(a: Abilities) -> Iterator[Feature]:
    if a.has_dop1:
        yield Select(key="ventilation", name="Ventilation", options=_VENTILATION)
    else:
        yield Sensor(key="ventilation", name="Ventilation", device_class="enum", options=_VENTILATION)


def _attention(a: Abilities) -> Iterator[Feature]:
    yield BinarySensor(key="fault", name="Fault", device_class="problem")
    yield BinarySensor(key="notice", name="Notice", help="The panel shows a note that wants to be read.")
    if a.has_dop2:
        yield Sensor(key="fault_text", name="Fault text", help="Which faults are present, by number.")
        yield Sensor(key="notice_text", name="Notice text", help="What the panel shows.")


def _consumption(a: Abilities) -> Iterator[Feature]:
    if not (a.has_dop2 and a.device_type in LAUNDRY | DISHWASHERS):
        return
    summed = "What homewire saw being used since it watches; only grows."
    estimated = "Estimated: of the expected energy the part of the time passed; kept until the next start."
    yield _meter("energy_cycle", "Energy of the cycle", "Wh", estimated)
    yield _meter("energy_total", "Energy", "Wh", summed)
    yield _meter("energy_expected", "Expected energy", "Wh", "For the whole running programme.")
    if a.device_type in _USES_WATER:
        yield _meter("water_cycle", "Water of the cycle", "L", "Kept until the next programme starts.")
        yield _meter("water_total", "Water", "L", summed)


def _meter(key: str, name: str, unit: str, help_: str) -> Sensor:
    return Sensor(
        key=key,
        name=name,
        unit=unit,
        device_class="energy" if unit == "Wh" else "water",
        state_class="total_increasing" if key.endswith("_total") else None,
        precision=0 if unit == "Wh" else 1,
        help=help_,
    )


def _controls(a: Abilities) -> Iterator[Feature]:
    if a.device_type in COOLING | HOBS:
        return
    if a.has_dop2:
        yield Switch(key="power", name="Power")
        yield Button(key="acknowledge", name="Acknowledge notice", help="Presses OK at what the panel shows.")
    if a.device_type not in HOODS:
        if a.device_type not in OVENS or a.has_dop2:
            yield Button(
                key="start",
                name="Start",
                dangerous=True,
                help="Starts the selected programme; resumes nothing. Prepare the appliance first.",
            )
        yield Button(key="stop", name="Stop")
        if a.device_type not in OVENS:
            yield Button(key="pause", name="Pause")
            yield Button(key="resume", name="Resume")
        yield Button(key="wake", name="Wake up", category=Category.DIAGNOSTIC)


def _diagnostics(a: Abilities) -> Iterator[Feature]:
    quiet = Category.DIAGNOSTIC
    yield Sensor(
        key="remote_control", name="Remote control", options=_REMOTE, device_class="enum", category=quiet
    )
    yield BinarySensor(key="mobile_start", name="Mobile start", category=quiet)
    yield Sensor(key="standby", name="Standby", options=_STANDBY, device_class="enum", category=quiet)
    if a.device_type not in HOBS | COOLING | HOODS:
        yield Sensor(
            key="cycles",
            name="Cycles",
            state_class="total_increasing",
            category=quiet,
            help="Programmes that ended since homewire watches.",
        )
    if a.has_dop2:
        yield Sensor(
            key="operating_time",
            name="Operating time",
            unit="h",
            device_class="duration",
            state_class="total_increasing",
            precision=1,
            category=quiet,
        )
    yield Sensor(key="module_firmware", name="Module firmware", category=quiet)
    yield Update(key="update", name="Update", installed_key="module_firmware", category=quiet)


_STANDBY: Final = ("awake", "network_idle", "deep_standby", "going_to_standby")
