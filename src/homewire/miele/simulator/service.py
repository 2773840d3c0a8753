"""What an appliance tells to a service technician, and what nobody has explained.

Process data of the oven, the steps of its programme, the shared end of washing and drying, and the leaves of
units 1 and 2 whose meaning is unknown (miele-dop2.md, sections 6 and 7). What is known follows the life of
the appliance; the rest has the recorded shape and says zero. The second instances (391 to 394) are zero in
the recording too.
"""

from __future__ import annotations

from typing import Any, Final

from homewire.miele.dop2.values import Annotated, Ranged
from homewire.miele.simulator.appliance import SimulatedAppliance, Status
from homewire.miele.simulator.blank import Leaves, Pages, always
from homewire.miele.simulator.contents import EMPTY_OVEN_DEVICE

__all__ = ["Service"]

_VALID: Final = 8
_OUTPUTS, _EVENTS, _PARTNERS, _ASSIGNMENTS = 34, 20, 3, 10
"""So many entries have attributes 198, 155, 412 and 388."""

_CHANGED_SLOTS: Final = 10
_REQUEST_SLOTS: Final = 14
_SERVICE_REQUESTS: Final = (19, 13, 112)
"""What the oven's service mode takes (attribute 196)."""

_NO_END: Final = 0xFFFFFFFF
_ROOM_C, _WARMTH = 22.0, 0.12
"""The electronics above the cavity get a small part of its heat."""

_LANGUAGE, _STANDBY_DISPLAY, _HARDNESS, _TIME = 19, 22, 27, 29
"""Interpretations (appendix B)."""

_ENGLISH: Final = 1033
_VARIANT: Final = 2162
"""Of the recorded oven: 144/8 and 348/131/1 (section 7)."""

_OVEN: Final = 12


class Service:
    """Values of the leaves beyond everyday use."""

    def __init__(self, appliance: SimulatedAppliance) -> None:
        self._appliance = appliance
        self._profile = appliance.profile

    def leaves(self) -> Leaves:
        """Return the leaves with a single instance."""
        common: Leaves = {
            (2, 123): lambda: {"field_1": len(self._profile.programmes), "field_2": 1},
            (2, 155): always(events=[{}] * _EVENTS),
            (2, 163): dict,
        }
        if self._profile.is_laundry:
            return common | self._laundry()
        oven = self._oven() if self._profile.device_type == _OVEN else {}
        return common | self._panel() | self._others() | oven

    def paged(self) -> Pages:
        """Return the leaves with one instance per page."""
        if self._profile.is_laundry:
            return {}
        return {(2, 379): lambda: {number: {"entry": number} for number in (4, 5)}}

    def _laundry(self) -> Leaves:
        return {
            (2, 23): dict,
            (2, 124): always(washer={}),
            (2, 154): lambda: {"program_id": self._selected, "washer": {}},
            (2, 196): always(washer={}),
            (2, 208): dict,
            (2, 227): dict,
            (2, 302): always(**_changes(1585)),
        }

    def _panel(self) -> Leaves:
        """Serve what the front panel has beside its programmes (unit 1)."""
        requests = (*_SERVICE_REQUESTS, *(0,) * (_REQUEST_SLOTS - len(_SERVICE_REQUESTS)))
        context: dict[str, Any] = {"oven": {}, "coffee_machine": {}}
        process = {"oven": _measured(None), "field_14": (0,) * 7, "supported_requests": requests}
        return {
            (1, 154): lambda: {"program_id": self._selected, **context},
            (1, 196): always(**process),
            (1, 209): always(field_1=[{}, {}], field_2=[{}, {"field_1": 1}]),
            (1, 241): dict,
            (1, 302): always(**_changes(196, 1585)),
            (1, 342): dict,
            (1, 391): always(
                state={}, oven_program={}, oven_device=EMPTY_OVEN_DEVICE, end_time_synchronisation={}
            ),
            (1, 392): always(**_no_notifications()),
            (1, 393): always(**context),
            (1, 394): always(oven=_measured(None)),
            (1, 412): always(devices=[{}] * _PARTNERS),
        }

    def _others(self) -> Leaves:
        """Serve what the main board has of other than laundry appliances (unit 2)."""
        partner = {"end_at": _NO_END}
        return {
            (2, 124): always(oven={}),
            (2, 189): always(field_1={}),
            (2, 190): self._first_use,
            (2, 212): always(field_1=(0,) * 21),
            (2, 219): dict,
            (2, 325): dict,
            (2, 339): always(field_1=[{}] * 3),
            (2, 347): always(bits=(0xFFFFFF00, *(0,) * 11)),
            (2, 348): self._features,
            (2, 384): dict,
            (2, 388): always(field_1=[{}] * _ASSIGNMENTS),
            (2, 410): always(field_4=_NO_END, field_7=_NO_END),
            (2, 412): always(end_at=_NO_END, devices=[partner] * _PARTNERS),
            (2, 1593): always(field_2=55_555_555),
        }

    def _oven(self) -> Leaves:
        return {
            (2, 198): self._process,
            (2, 213): self._program_information,
            (2, 214): self._program_step,
            (2, 257): always(values=(0, 0)),
        }

    @property
    def _selected(self) -> int:
        return self._appliance.programme.number if self._appliance.programme else 0

    def _process(self) -> dict[str, Any]:
        """Measure the cavity and the electronics above it (attribute 198)."""
        return _measured(self._appliance.celsius[0])

    def _program_information(self) -> dict[str, Any]:
        one = self._appliance
        return {
            "step_count": int(one.programme is not None),
            "current_step": int(one.status in (Status.RUNNING, Status.PAUSED)),
            "field_4": (0,) * 4,
            "start_delay": one.status == Status.WAITING,
            "field_6": (0,),
        }

    def _program_step(self) -> dict[str, Any]:
        """Describe the one step of the chosen programme, its temperature in 1/100 degree C."""
        programme = self._appliance.programme
        if programme is None:
            return {}
        celsius = programme.phases[0].celsius or 0
        return {
            "step_number": 1,
            "operation_mode": programme.number,
            "temperature": round(celsius * 100),
            "duration": int(programme.seconds),
        }

    def _first_use(self) -> dict[str, Any]:
        nothing: dict[str, Any] = {"field_4": (0, 0), "interpretation": _TIME}
        settings = {
            "language": Ranged(current=_ENGLISH, step=1, mask=0, interpretation=_LANGUAGE),
            "display_in_standby": Ranged(
                current=1, maximum=2, step=1, mask=0, interpretation=_STANDBY_DISPLAY
            ),
            "water_hardness": Ranged(current=0, mask=0, interpretation=_HARDNESS),
            "time": Ranged(
                current=self._appliance.epoch, maximum=2**64 - 1, step=1, mask=0, interpretation=_TIME
            ),
            "field_6": nothing,
        }
        return {"settings": settings}

    def _features(self) -> dict[str, Any]:
        features: dict[str, Any] = {"device_type": self._profile.device_type}
        if self._profile.device_type != _OVEN:
            return features
        name = self._profile.tech_type
        names = {f"variant_name_{n}": name for n in range(1, 5)}
        return features | {
            "has_search": True,
            "oven": {"variant": _VARIANT, "software_id": self._profile.software[-1], **names},
        }


def _measured(celsius: float | None) -> dict[str, Any]:
    """Return process values of an oven; without a temperature nothing of them is available."""
    mask = 0 if celsius is None else _VALID
    outputs = [{"mask": mask} for _ in range(_OUTPUTS)]
    values: dict[str, Any] = {"field_15": (0,), "outputs": outputs, "field_29": (0, 0), "field_30": (0, 0)}
    if celsius is None:
        return values
    electronics = _ROOM_C + _WARMTH * max(0.0, celsius - _ROOM_C)
    return values | {
        "cavity_temperature": Annotated(value=round(celsius * 100)),
        "electronics_temperature": Annotated(value=round(electronics * 100)),
    }


def _changes(*attributes: int) -> dict[str, Any]:
    """List the attributes that changed (section 12)."""
    free = (0,) * (_CHANGED_SLOTS - len(attributes))
    return {"count": 1, "changed_attributes": (*attributes, *free)}


def _no_notifications() -> dict[str, Any]:
    """Leave the fixed slots empty: four informations, one message, one error, one query."""
    info = {"parameters": (0,), "buttons": (0, 0)}
    return {
        "infos": [info] * 4,
        "messages": [{"parameters": (0,), "buttons": (0,)}],
        "errors": [{"buttons": (0,)}],
        "queries": [{"parameters": (0,), "buttons": (0,) * 4}],
    }
