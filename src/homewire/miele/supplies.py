"""What an appliance uses up, and whether somebody has to refill it: detergent, salt, water, beans, descaling.

Source: the device context (miele-dop2.md, sections 7 and 8: 1585, fields 6 and 8). An appliance of any type
sends all fields, and zero where it has nothing to say, so a value counts only where something vouches for it:
the mask of a live value, the flags of a container, a number that says "none", or the type of the appliance.
Features are declared for what an appliance was seen telling.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from homewire.features import BinarySensor, Feature, Sensor, Value

__all__ = ["ROOMS", "SUPPLIES", "supplies"]

_INSERTED, _EMPTY, _SUPPORTED, _LOW = 1, 2, 4, 16
"""Flags of a dosing container (section 8)."""

_MOST_CONTAINERS: Final = 6
_BEANS_EMPTY, _BEANS_FULL = 1, 2
"""State of a bean container; 0 is unknown (section 8)."""

_COFFEE: Final = frozenset({17})
_STEAM: Final = frozenset({15, 31, 40, 41, 45, 73})
_WATER: Final = _COFFEE | _STEAM

ROOMS: Final[Mapping[str, frozenset[int]]] = MappingProxyType(
    {
        "dosing": frozenset({1, 3, 5, 24, 51, 53}),
        "salt": frozenset({7, 8, 9}),
        "coffee": _COFFEE,
        "steam": _STEAM,
    }
)
"""Which device types can have which supplies, for the docs: appliances themselves tell what they have."""


def _declared() -> Iterator[Feature]:
    for n in range(1, _MOST_CONTAINERS + 1):
        yield Sensor(
            key=f"dosing_{n}",
            name=f"Dosing container {n}",
            unit="%",
            state_class="measurement",
            help="Fill level of an automatic dosing container (TwinDos with UltraPhase, for one); "
            "unknown while none is inserted.",
        )
        yield _wanting(f"dosing_{n}_low", f"Dosing container {n} low", "Low or empty.")
    yield _wanting("salt_missing", "Salt missing")
    yield _wanting("rinse_aid_missing", "Rinse aid missing")
    yield _wanting("descaling_required", "Descaling required")
    yield _wanting("cleaning_required", "Cleaning required")
    yield _countdown("drinks_until_descaling", "Drinks until descaling")
    yield _countdown("drinks_until_degreasing", "Drinks until degreasing")
    yield _countdown("programs_until_descaling", "Programmes until descaling")
    yield Sensor(
        key="water_tank",
        name="Water tank",
        state_class="measurement",
        help="Level as the appliance counts it; nobody has named its unit.",
    )
    for n in range(1, 4):
        yield _wanting(f"beans_{n}_empty", f"Bean container {n} empty")


def _wanting(key: str, name: str, help_: str = "") -> BinarySensor:
    return BinarySensor(key=key, name=name, device_class="problem", help=help_)


def _countdown(key: str, name: str) -> Sensor:
    return Sensor(key=key, name=name)


SUPPLIES: Final[Mapping[str, Feature]] = MappingProxyType({each.key: each for each in _declared()})
"""Every feature of this kind by key, in the order in which they are shown."""


def supplies(context: Any, device_type: int) -> dict[str, Value]:
    """Return what a device context tells of supplies, by feature key; None for a container that is not there.

    A key is missing where the appliance has no such thing.
    """
    values = dict(_laundry(getattr(context, "laundry_device", None)))
    if device_type in _WATER:
        values |= _water(getattr(context, "oven_device", None), is_coffee=device_type in _COFFEE)
    return values


def _laundry(device: Any) -> Iterator[tuple[str, Value]]:
    containers = getattr(device, "dosing_containers", None) or ()
    for n, container in enumerate(containers[:_MOST_CONTAINERS], start=1):
        flags = container.flags or 0
        if flags & (_INSERTED | _SUPPORTED):
            inserted = bool(flags & _INSERTED)
            yield f"dosing_{n}", _quantity(container, "fill_level") if inserted else None
            yield f"dosing_{n}_low", bool(flags & (_EMPTY | _LOW)) if inserted else None
    for key in ("salt_missing", "rinse_aid_missing"):
        missing = _quantity(device, key)
        if missing is not None:
            yield key, bool(missing)


def _water(device: Any, *, is_coffee: bool) -> dict[str, Value]:
    if device is None:
        return {}
    values: dict[str, Value] = {"descaling_required": device.descaling_required}
    if is_coffee:
        values |= {
            "cleaning_required": device.cleaning_required,
            "drinks_until_descaling": _left(device.drinks_until_descaling, device.descaling_required),
            "drinks_until_degreasing": _left(device.drinks_until_degreasing, device.cleaning_required),
            **dict(_beans(device.bean_containers)),
        }
    else:
        values["programs_until_descaling"] = _left(device.programs_until_descaling, device.descaling_required)
    values["water_tank"] = device.water_tank_level
    return {key: value for key, value in values.items() if value is not None}


def _left(count: int | None, required: bool | None) -> int | None:
    """Return how many are left; a zero that the appliance does not complain about means "not told"."""
    return count if count or required else None


def _beans(containers: Any) -> Iterator[tuple[str, bool]]:
    for n in range(1, 4):
        state = getattr(containers, f"container_{n}", None)
        if state in (_BEANS_EMPTY, _BEANS_FULL):
            yield f"beans_{n}_empty", state == _BEANS_EMPTY


def _quantity(view: Any, name: str) -> Any:
    return getattr(getattr(view, name, None), "quantity", None)
