"""Energy, water and supplies, without the two lies: zero for "unknown", and spikes when a counter restarts.

Live counters of the running programme are in attribute 6195 (laundry): they answer only while the appliance
is awake and drop to 0 the moment the programme ends (miele-dop2.md, section 11). Water is counted; energy is
told as what the whole programme is expected to need, so the part that has passed is an estimate.
`CycleAccounting` keeps the highest value of a cycle and adds what it saw growing to a total.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from homewire.errors import NotFound, ProtocolError
from homewire.features import Value
from homewire.miele.dop2.catalogue import interpret
from homewire.miele.dop2.paging import checked
from homewire.miele.refusals import NotNow
from homewire.miele.remote_start import DISHWASHERS, LAUNDRY
from homewire.miele.supplies import supplies
from homewire.miele.transport import RequestTimeout

if TYPE_CHECKING:
    from homewire.miele.resources import ResourceClient

__all__ = ["ConsumptionStats", "CycleAccounting", "LeafHealth", "front_unit", "read_consumption", "read_view"]

_PANEL_UNIT, _MAIN_UNIT = 1, 2
_HOURS, _CONTEXT, _PROCESS = 119, 1585, 6195
_GIVE_UP_AFTER: Final = 3
_DECIMALS: Final = 1
"""Water is told in tenths of a litre; sums are kept free of the dust of binary fractions."""

_WASHES: Final = LAUNDRY | DISHWASHERS


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
    supplies: Mapping[str, Value] = {}


class CycleAccounting:
    """A total that never falls, from a counter that restarts with every cycle.

    A cycle that had begun before anybody watched counts from its first reading: what it used until then may
    have been counted already, by a watch that ended.
    """

    def __init__(self) -> None:
        self._cycle: float | None = None
        self._counted: float | None = None
        self._total: float | None = None

    @property
    def cycle(self) -> float | None:
        """The running or last cycle; None before anything was read of it."""
        return self._cycle

    @property
    def total(self) -> float | None:
        """Everything that was seen growing; None before anything was read."""
        return self._total

    def start(self) -> None:
        """Begin a new cycle, whose counter starts from nothing."""
        self._cycle, self._counted = None, 0.0

    def read(self, value: float | None, *, running: bool) -> None:
        """Take a reading; nothing, or the zero of an appliance at rest, changes nothing."""
        if value is None or (not running and not value):
            return
        counted = value if self._counted is None else self._counted
        self._cycle = max(self._cycle or 0.0, value)
        self._counted = max(counted, value)
        self._total = round((self._total or 0.0) + self._counted - counted, _DECIMALS)


class LeafHealth:
    """Which leaves an appliance's firmware does not deliver: they are not asked for again.

    404 says so at once; refusals and time-outs of an appliance that is awake say so when they repeat
    (miele-http.md, section 5: a few leaves of some dishwashers always time out).
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[int, int], int] = {}

    def offers(self, unit: int, attribute: int) -> bool:
        """Whether a leaf is still worth asking for."""
        return self._failures.get((unit, attribute), 0) < _GIVE_UP_AFTER

    def delivered(self, unit: int, attribute: int) -> None:
        """Note that a leaf came."""
        self._failures.pop((unit, attribute), None)

    def failed(self, unit: int, attribute: int, *, for_good: bool) -> None:
        """Note that a leaf did not come."""
        before = self._failures.get((unit, attribute), 0)
        self._failures[unit, attribute] = _GIVE_UP_AFTER if for_good else before + 1


def front_unit(device_type: int) -> int:
    """Return the unit with the context and the notices: the panel's, but of washing appliances the main one.

    So it is in the recorded trees (miele-dop2.md, section 6).
    """
    return _MAIN_UNIT if device_type in _WASHES else _PANEL_UNIT


async def read_consumption(
    client: ResourceClient, device_id: str, device_type: int, health: LeafHealth | None = None
) -> ConsumptionStats:
    """Read every source that the appliance has; a leaf that it refuses leaves its values unknown."""
    known = health or LeafHealth()
    hours = await read_view(client, device_id, _MAIN_UNIT, _HOURS, known)
    context = await read_view(client, device_id, front_unit(device_type), _CONTEXT, known)
    washes = device_type in _WASHES
    process = await read_view(client, device_id, _MAIN_UNIT, _PROCESS, known) if washes else None
    device = getattr(context, "laundry_device", None)
    return ConsumptionStats(
        energy_expected_wh=_quantity(process, "heating_energy") or None,  # 0 at rest means "nothing runs"
        water_cycle_l=_quantity(process, "water_total") or None,
        energy_last_raw=_quantity(device, "energy_last_program"),
        water_last_raw=_quantity(device, "water_last_program"),
        energy_total_raw=_quantity(device, "energy_total"),
        water_total_raw=_quantity(device, "water_total"),
        operating_minutes=getattr(hours, "total", None),
        supplies=supplies(context, device_type),
    )


async def read_view(
    client: ResourceClient, device_id: str, unit: int, attribute: int, health: LeafHealth
) -> Any:
    """Read a leaf through its table; None when the appliance does not deliver it now, or never did."""
    if not health.offers(unit, attribute):
        return None
    try:
        leaf = await client.read_dop2_leaf(device_id, unit, attribute)
        view = interpret(checked(leaf, unit, attribute))
    except NotFound:
        health.failed(unit, attribute, for_good=True)
    except (NotNow, ProtocolError, RequestTimeout):
        health.failed(unit, attribute, for_good=False)
    else:
        health.delivered(unit, attribute)
        return view
    return None


def _quantity(view: Any, name: str) -> float | None:
    value = getattr(view, name, None)
    quantity = getattr(value, "quantity", None)
    return None if quantity is None else float(quantity)
