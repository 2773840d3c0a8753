"""Energy and water, without the two lies: zero for "unknown", and spikes when a counter restarts.

Live counters of the running programme are in attribute 6195 (laundry): they answer only while the appliance
is awake and drop to 0 the moment the programme ends (miele-dop2.md, section 11). `CycleAccounting` keeps
the highest value of a cycle and adds finished cycles to a total that only grows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from homewire.errors import NotFound, ProtocolError
from homewire.miele.dop2.catalogue import interpret
from homewire.miele.dop2.paging import checked
from homewire.miele.refusals import NotNow
from homewire.miele.transport import RequestTimeout

if TYPE_CHECKING:
    from homewire.miele.resources import ResourceClient

__all__ = ["ConsumptionStats", "CycleAccounting", "LeafHealth", "read_consumption"]

_MAIN_UNIT: Final = 2
_HOURS, _CONTEXT, _PROCESS = 119, 1585, 6195
_GIVE_UP_AFTER: Final = 3
_INSERTED: Final = 1
"""Bit 0 of a dosing container's flags."""


class ConsumptionStats(msgspec.Struct, frozen=True, kw_only=True):
    """What an appliance tells about its use: Wh, litres, minutes; None is "not told".

    The `raw` numbers carry names from reverse engineering only; nobody has confirmed their units.
    """

    energy_expected_wh: float | None = None
    water_cycle_l: float | None = None
    energy_last_raw: float | None = None
    water_last_raw: float | None = None
    energy_total_raw: float | None = None
    water_total_raw: float | None = None
    operating_minutes: int | None = None
    dosing_levels: tuple[float | None, ...] = ()


class CycleAccounting:
    """A total that never falls, from a counter that restarts with every cycle."""

    def __init__(self, total: float = 0.0) -> None:
        self._finished = total
        self._cycle: float | None = None

    @property
    def cycle(self) -> float | None:
        """The running or last cycle; None before anything was read."""
        return self._cycle

    @property
    def total(self) -> float | None:
        """Everything counted so far; None before anything was read."""
        return None if self._cycle is None else self._finished + self._cycle

    def start(self) -> None:
        """Begin a new cycle; what the old one had is kept in the total."""
        if self._cycle is not None:
            self._finished += self._cycle
            self._cycle = 0.0

    def read(self, value: float | None, *, running: bool) -> None:
        """Take a reading; nothing, or the zero of an appliance at rest, changes nothing."""
        if value is None or (not running and not value):
            return
        self._cycle = max(self._cycle or 0.0, value)


class LeafHealth:
    """Which leaves an appliance's firmware does not deliver: they are not asked for again.

    404 says so at once; refusals and time-outs of an appliance that is awake say so when they repeat
    (miele-http.md, section 5: a few leaves of some dishwashers always time out).
    """

    def __init__(self) -> None:
        self._failures: dict[int, int] = {}

    def offers(self, attribute: int) -> bool:
        """Whether a leaf is still worth asking for."""
        return self._failures.get(attribute, 0) < _GIVE_UP_AFTER

    def delivered(self, attribute: int) -> None:
        """Note that a leaf came."""
        self._failures.pop(attribute, None)

    def failed(self, attribute: int, *, for_good: bool) -> None:
        """Note that a leaf did not come."""
        self._failures[attribute] = _GIVE_UP_AFTER if for_good else self._failures.get(attribute, 0) + 1


async def read_consumption(
    client: ResourceClient, device_id: str, health: LeafHealth | None = None
) -> ConsumptionStats:
    """Read every source that the appliance has; a leaf that it refuses leaves its values unknown."""
    known = health or LeafHealth()
    hours = await _view(client, device_id, _HOURS, known)
    context = await _view(client, device_id, _CONTEXT, known)
    process = await _view(client, device_id, _PROCESS, known)
    device = getattr(context, "laundry_device", None)
    return ConsumptionStats(
        energy_expected_wh=_quantity(process, "heating_energy") or None,  # 0 at rest means "nothing runs"
        water_cycle_l=_quantity(process, "water_total") or None,
        energy_last_raw=_quantity(device, "energy_last_program"),
        water_last_raw=_quantity(device, "water_last_program"),
        energy_total_raw=_quantity(device, "energy_total"),
        water_total_raw=_quantity(device, "water_total"),
        operating_minutes=getattr(hours, "total", None),
        dosing_levels=tuple(_level(each) for each in getattr(device, "dosing_containers", None) or ()),
    )


def _level(container: Any) -> float | None:
    """Return a container's fill level in per cent; None while none is inserted (miele-dop2.md, section 8)."""
    inserted = bool((container.flags or 0) & _INSERTED)
    return _quantity(container, "fill_level") if inserted else None


async def _view(client: ResourceClient, device_id: str, attribute: int, health: LeafHealth) -> Any:
    if not health.offers(attribute):
        return None
    try:
        leaf = await client.read_dop2_leaf(device_id, _MAIN_UNIT, attribute)
        view = interpret(checked(leaf, _MAIN_UNIT, attribute))
    except NotFound:
        health.failed(attribute, for_good=True)
    except (NotNow, ProtocolError, RequestTimeout):
        health.failed(attribute, for_good=False)
    else:
        health.delivered(attribute)
        return view
    return None


def _quantity(view: Any, name: str) -> float | None:
    value = getattr(view, name, None)
    quantity = getattr(value, "quantity", None)
    return None if quantity is None else float(quantity)
