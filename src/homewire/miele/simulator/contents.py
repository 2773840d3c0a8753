"""What the live leaves of a simulated appliance say, by the names of miele-dop2.md, sections 7 and 8."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from homewire.miele.dop2.structures_oven import OvenParameters
from homewire.miele.simulator.appliance import SimulatedAppliance, Status
from homewire.miele.simulator.blank import Leaves, Pages, complete

__all__ = ["EMPTY_OVEN_DEVICE", "OFF", "ON", "STANDBY", "Contents"]

OFF, ON, STANDBY = 1, 4, 9
"""Numbers of appliance_state: off, normal, standby (miele-dop2.md, appendix A)."""

_GROUPS: Final = (
    (1, 96, 1),
    (97, 150, 2),
    (15000, 15031, 256),
    (259, 322, 16),
    (323, 354, 32),
    (16000, 16095, 512),
    (0, 0, 0),
    (0, 0, 0),
)
_AUTOMATIC: Final = (355, 2016, 64)
_GROUPS_PART_TWO: Final = ((161, 224, 4), (16200, 16295, 1024))
"""Program groups of attributes 1599 and 107: first id, last id, group flag (section 9.1)."""

_GROUP_FLAGS: Final = 883
"""All flags of 1599 (section 9.1)."""

_IMPULSES_PER_LITRE: Final = 199.4
"""Flow meter of a WCR860 (section 11)."""

_INFO_SLOTS: Final = 4
"""So many informations the panel of the recorded oven has room for."""

EMPTY_OVEN_DEVICE: Final[dict[str, Any]] = {"bean_containers": {}, "field_31": {}, "field_32": {}}
"""The structures that ovens send in 1585 whether or not there is anything to tell."""

_OVEN_PARAMETERS: Final = OvenParameters(complete(OvenParameters, {}, without={32}))
"""Parameter 32 was never seen in 1577 (section 8)."""

_NO_VALUE: Final = -(2**31)
"""How an i32 says that there is none (section 3)."""

_END_TONE, _KEY_TONE, _GLOBAL_TONE = 12163, 12164, 10003
"""Settings: volumes (appendix D)."""


class Contents:
    """Values of every leaf of one appliance, computed when somebody reads."""

    def __init__(self, appliance: SimulatedAppliance) -> None:
        self.appliance = appliance
        self.request: dict[str, int] = {}
        self.selection: dict[str, int] = {}
        self.settings: dict[int, list[int]] = {
            _END_TONE: [5, 0, 7, 4, 1],
            _KEY_TONE: [4, 0, 7, 4, 1],
            _GLOBAL_TONE: [2, 0, 7, 2, 1],
        }

    def leaves(self) -> Leaves:
        """Return the leaves with a single instance."""
        common: Leaves = {
            (2, 114): self._setting_list,
            (2, 119): self._hours,
            (2, 122): self._clock,
            (2, 138): self._answer,
            (2, 144): self._identification,
            (2, 145): self._label,
            (2, 148): self._failure_list,
            (2, 256): self._device_state,
            (2, 1577): self._selection,
            (2, 1583): self._user_request,
            (2, 1586): self._combined_state,
        }
        return common | (self._laundry_leaves() if self.is_laundry else self._oven_leaves())

    def paged(self) -> Pages:
        """Return the leaves with one instance per page."""
        return {(2, 105): self._setting_values, (2, 117): self._failures}

    @property
    def is_laundry(self) -> bool:
        """Whether the appliance has the laundry structures; the others have those of ovens."""
        return self.appliance.profile.is_laundry

    def _laundry_leaves(self) -> Leaves:
        return {
            (2, 131): self._shown,
            (2, 1574): self._selection_context,
            (2, 1584): self._program_list,
            (2, 1585): self._laundry_context,
            (2, 6192): self._actuators,
            (2, 6193): self._sensors,
            (2, 6195): self._process_data,
        }

    def _oven_leaves(self) -> Leaves:
        return {
            (1, 107): self._program_groups_part_two,
            (1, 131): self._shown,
            (1, 1574): self._selection_context,
            (1, 1585): self._oven_context,
            (1, 1599): self._program_groups,
        }

    def _setting_list(self) -> dict[str, Any]:
        ids = [*self.settings, *[0] * (70 - len(self.settings))]
        return {"valid_count": len(self.settings), "setting_ids": ids}

    def _setting_values(self) -> dict[int, dict[str, Any]]:
        return {number: _setting(number, values) for number, values in self.settings.items()}

    def _hours(self) -> dict[str, Any]:
        minutes = int(self.appliance.operating_s // 60)
        return {"total": minutes, "since_maintenance": minutes}

    def _clock(self) -> dict[str, Any]:
        return {"utc": self.appliance.epoch, "offset": self.appliance.utc_offset_s}

    def _device_state(self) -> dict[str, Any]:
        one, state = self.appliance, self.appliance.state()
        return {
            "status": one.status,
            "remote_enable": {
                "remote_setting": bool(one.remote),
                "remote_actual": one.remote == 15,  # noqa: PLR2004 - full (section 11)
                "smart_grid": False,
                "mobile_start": one.mobile_start,
            },
            "program_type": state["ProgramType"],
            "program_id": state["ProgramID"],
            "program_phase": state["ProgramPhase"],
            "start_time": int(one.start_in_s),
            "remaining_time": int(one.remaining_s),
            "elapsed_time": int(one.elapsed_s),
            "target_temperature": [_degrees(raw) for raw in state["TargetTemperature"]],
            "current_temperature": [*one.celsius],
            "core_target_temperature": [None],
            "core_temperature": [None],
            "signal_door": state["SignalDoor"],
            "signal_info": bool(one.shown),
            "light": one.light,
            "standby_state": one.standby,
            **self._device_state_of_family(state),
        }

    def _device_state_of_family(self, state: dict[str, Any]) -> dict[str, Any]:
        if not self.is_laundry:
            return {"field_33": {"field_1": bytes(70)}}
        return {
            "spinning_speed": state.get("SpinningSpeed", 0),
            "drying_step": state.get("DryingStep", 0),
            "field_19": _NO_VALUE,
        }

    def _combined_state(self) -> dict[str, Any]:
        one = self.appliance
        appliance_state = OFF if one.status == Status.OFF else STANDBY if one.asleep else ON
        process = {Status.PROGRAMMED: 2, Status.WAITING: 3, Status.RUNNING: 4, Status.PAUSED: 5}.get(
            one.status, 1
        )
        operation = (
            6 if one.status in (Status.RUNNING, Status.PAUSED) else 7 if one.status == Status.WAITING else 5
        )
        return {"appliance_state": appliance_state, "operation_state": operation, "process_state": process}

    def _user_request(self) -> dict[str, Any]:
        return self.request

    def _selection(self) -> dict[str, Any]:
        if self.is_laundry:
            return {"laundry_parameters": {}, **self.selection}
        return {"oven_parameters": _OVEN_PARAMETERS, "other_parameters": {}, **self.selection}

    def _selection_context(self) -> dict[str, Any]:
        """Offer the options of the selected programme (section 9.3)."""
        phase = self.appliance.programme.phases[0] if self.appliance.programme else None
        celsius = int(phase.celsius or 0) if phase else 0
        if self.is_laundry:
            choices = [0, 30, 40, 50, 60]
            values = bytes(choices).ljust(20, b"\0")
            option = {
                "mask": 9,
                "current": celsius,
                "count": len(choices),
                "values": values,
                "interpretation": 2,
            }
            return {"laundry_options": {"temperature": option}, "laundry_program": {"field_14": {}}}
        return {"oven_options": {"field_15": {}, "field_29": {}, "field_32": {}}, "oven_program": {}}

    def _program_list(self) -> dict[str, Any]:
        numbers = [programme.number for programme in self.appliance.profile.programmes]
        nothing = [0] * len(numbers)
        return {
            "valid_count": len(numbers),
            "program_ids": numbers,
            "remaining_time": nothing,
            "temperature": nothing,
        }

    def _program_groups(self) -> dict[str, Any]:
        numbers = {programme.number for programme in self.appliance.profile.programmes}
        ranges = [_group(*group, numbers, 4) for group in _GROUPS]
        return {"ranges": ranges, "wide_ranges": [_group(*_AUTOMATIC, numbers, 64)]}

    def _program_groups_part_two(self) -> dict[str, Any]:
        return {"ranges": [_group(*group, set(), 4) for group in _GROUPS_PART_TWO]}

    def _laundry_context(self) -> dict[str, Any]:
        one = self.appliance
        running = one.programme if one.consumed else None
        used = one.consumed
        return {
            "state": self._combined_state(),
            "laundry_program": {
                "program_id": one.programme.number if one.programme else 0,
                "remaining_minutes": int(one.remaining_s // 60),
                "field_14": {},
            },
            "laundry_device": {
                "field_2": {},
                "energy_last_program": int(used * running.watt_hours) if running else 0,
                "water_last_program": int(used * running.decilitres) if running else 0,
                "energy_total": int(one.total_wh + (used * running.watt_hours if running else 0)),
                "water_total": int(one.total_decilitres + (used * running.decilitres if running else 0)),
                "dosing_containers": self._containers(),
                **self._missing(),
            },
            "supported_user_requests": [1, 2, 3, 16, 19, 54, 0, 0],
            "mobile_start_active": one.mobile_start,
        }

    def _containers(self) -> list[dict[str, Any]]:
        """Describe two dosing containers of a washer, one of them inserted (section 8)."""
        stock = self.appliance.stock
        if not stock.doses:
            return []
        flags = 0b1101 | (0b10000 if stock.detergent_low else 0) | (0b10 if not stock.detergent else 0)
        dose = {"size": 14000, "initial_dose": 60, "current_dose": 60}
        nothing = {"size": 14000, "initial_dose": 0, "current_dose": 0}
        return [
            {"flags": flags, **dose, "fill_level": stock.detergent},
            {"flags": 0b0100, **nothing, "fill_level": 0},
        ]

    def _missing(self) -> dict[str, Any]:
        """Tell whether a dishwasher lacks salt or rinse aid."""
        stock = self.appliance.stock
        if not stock.is_dishwasher:
            return {}
        return {"salt_missing": not stock.salt_runs, "rinse_aid_missing": not stock.rinse_runs}

    def _oven_context(self) -> dict[str, Any]:
        one = self.appliance
        return {
            "state": self._combined_state(),
            "oven_program": {"program_phase": one.phase.number if one.phase else 0},
            "oven_device": self._oven_device(),
            "supported_user_requests": [1, 13, 14, 16, 19, 55, 0, 0],
            "mobile_start_active": one.mobile_start,
            "end_time_synchronisation": {},
        }

    def _oven_device(self) -> dict[str, Any]:
        """Tell what a coffee machine has left; of an oven nothing of this is true or false (section 8)."""
        stock = self.appliance.stock
        nothing = {"supported_program_groups": _GROUP_FLAGS, **EMPTY_OVEN_DEVICE}
        if not stock.is_coffee:
            return nothing
        return nothing | {
            "drinks_until_descaling": stock.drinks_until_descaling,
            "drinks_until_degreasing": stock.drinks_until_degreasing,
            "bean_containers": {"container_1": 2 if stock.beans else 1},
            "water_tank_level": stock.water,
            "descaling_required": not stock.drinks_until_descaling,
            "cleaning_required": not stock.drinks_until_degreasing,
        }

    def _shown(self) -> dict[str, Any]:
        """Fill the fixed slots of the panel: four informations, one message, one error, one query."""
        infos = [{"id": number, "parameters": [0], "buttons": [1, 0], "text": ""} for number in self._infos()]
        code = min(self.appliance.failures, default=0)
        return {
            "infos": infos,
            "messages": [{"id": 0, "parameters": [0], "buttons": [0]}],
            "errors": [{"code": code, "buttons": [1 if code else 0], "field_3": 0}],
            "queries": [{"id": 0, "parameters": [0], "buttons": [0, 0, 0, 0]}],
        }

    def _infos(self) -> list[int]:
        return [*self.appliance.shown, 0, 0, 0, 0][:_INFO_SLOTS]

    def _answer(self) -> dict[str, Any]:
        return {}

    def _failure_list(self) -> dict[str, Any]:
        present = self.appliance.failures
        known = [{"code": code, "present_now": code in present} for code in sorted({5, 6, 20, *present})]
        return {"failures": [*known, *({"code": 0, "present_now": False} for _ in range(35 - len(known)))]}

    def _identification(self) -> dict[str, Any]:
        profile = self.appliance.profile
        return {
            "device_type": profile.device_type,
            "protocol": profile.protocol,
            "functions": {"field_3": True},
            "applications": {
                "miele_at_home": True,
                "super_vision": profile.is_newer,
                "mobile_control": profile.writable,
                "feature_list": not profile.is_laundry,
            },
            "device_units": [{"device_type": profile.device_type}, {}],
            "field_10": (0,) * 14,
        }

    def _label(self) -> dict[str, Any]:
        one = self.appliance
        return {
            "fabrication_number": one.fab_number,
            "fabrication_index": "00",
            "technical_type": one.profile.tech_type.ljust(15),
            "material_number": one.profile.mat_number,
        }

    def _actuators(self) -> dict[str, Any]:
        phase = self.appliance.phase
        heating = phase is not None and phase.celsius is not None
        return {"heater_1": heating, "drain_pump": phase is not None and bool(phase.rpm), "valve_1": False}

    def _sensors(self) -> dict[str, Any]:
        one = self.appliance
        return {
            "water_level": int(1200 * one.consumed),
            "spin_speed": one.phase.rpm if one.phase else 0,
            "door_switch": not one.door_open,
            "door_lock": one.status == Status.RUNNING,
            "temperature_1": round(one.water_c),
        }

    def _process_data(self) -> dict[str, Any]:
        """Count energy and water of the running programme; zero as soon as it ended (section 11)."""
        one = self.appliance
        programme = one.programme if one.consumed else None
        decilitres = int(one.consumed * programme.decilitres) if programme else 0
        return {
            "remaining_minutes": int(one.remaining_s // 60),
            "program_phase": one.phase.number if one.phase else 0,
            "flow_meter_impulses": int(decilitres / 10 * _IMPULSES_PER_LITRE),
            "heating_energy": programme.watt_hours if programme else 0,
            "drum_speed": one.phase.rpm if one.phase else 0,
            "water_total": decilitres,
        }

    def _failures(self) -> dict[int, dict[str, Any]]:
        seen = int((self.appliance.clock.now() - dt.timedelta(days=40)).timestamp())
        return {
            code: {
                "failure_code": code,
                "active": code in self.appliance.failures,
                "occurrences": n,
                "last_seen": seen,
            }
            for code, n in ((5, 2), (6, 1), (20, 7))
        }


def _setting(number: int, values: list[int]) -> dict[str, Any]:
    current, minimum, maximum, default, step = values
    return {
        "setting_id": number,
        "validity": 5,
        "interpretation": 7,
        "current": current,
        "minimum": minimum,
        "maximum": maximum,
        "default": default,
        "list_reference": 0,
        "step": step,
        "extended_value": False,
        "fine_adjusted": False,
    }


def _group(first: int, last: int, flag: int, numbers: set[int], size: int) -> dict[str, Any]:
    words = [0] * size
    for number in numbers:
        if first <= number <= last:
            words[(number - first) // 32] |= 1 << ((number - first) % 32)
    return {"first": first, "last": last, "group_flag": flag, "bitmap": words}


def _degrees(raw: int) -> float | None:
    return None if raw == -32768 else raw / 100  # noqa: PLR2004 - no such zone (section 11)
