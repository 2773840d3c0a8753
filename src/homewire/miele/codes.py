"""What the numbers of `/State` and `/Ident` mean: status, device types, actions, phases and programmes.

Source: docs/protocols/miele-http.md, appendices A (here), B (`codes_phases`) and C (`codes_programs`); each
table names its part. Phases and programme numbers mean different things on different appliances, so they are
looked up with the device type: `phase_name(12, 3073)`, `program_name(1, 133)`. Numbers known from a single
source only are consulted last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from homewire.miele import codes_phases as phases
from homewire.miele import codes_programs as programs
from homewire.miele.codetable import CodeTable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DEVICE_ACTION",
    "DEVICE_TYPE",
    "DOOR_STATE",
    "DRYING_STEP",
    "LIGHT",
    "PLATE_REMAINING_HEAT",
    "PLATE_STEP",
    "PROCESS_ACTION",
    "PROGRAM_TYPE",
    "PROGRAM_TYPE_ALTERNATIVE",
    "REMOTE_ENABLE",
    "STANDBY_STATE",
    "STATUS",
    "SYNC_STATE",
    "VENTILATION_STEP",
    "phase_name",
    "phase_names",
    "program_name",
    "program_names",
]

STATUS = CodeTable(
    "status",
    """
    0 reserved; 1 off; 2 on (nothing selected); 3 programmed; 4 waiting to start; 5 running; 6 paused; 7
    program ended; 8 failure; 9 program interrupted; 10 idle; 11 rinse hold; 12 service; 13 superfreezing;
    14 supercooling; 15 superheating; 144 default; 145 locked; 146 supercooling and superfreezing; 147
    autonomous cleaning; 255 not connected
    """,
)  # appendix A, Status

PROGRAM_TYPE = CodeTable(
    "program_type",
    """
    0 normal program; 1 own program (appliance data: also the plain built-in programs); 2 automatic
    program; 3 cleaning or care program; 4 maintenance program
    """,
)  # appendix A, ProgramType, first reading

PROGRAM_TYPE_ALTERNATIVE = CodeTable(
    "program_type_alternative",
    """
    1 built-in function; 2 user defined; 3 automatic; 4 cleaning; 5 customer service; 6 helper
    """,
)  # appendix A, ProgramType, second reading

DRYING_STEP = CodeTable(
    "drying_step",
    """
    0 extra dry; 1 normal plus; 2 normal; 3 slightly dry; 4 hand iron 1; 5 hand iron 2; 6 machine iron; 7
    smoothing (one source: hygiene dry)
    """,
)  # appendix A, DryingStep

REMOTE_ENABLE = CodeTable(
    "remote_enable",
    """
    0 off; 7 enabled but not possible now; 15 full remote control
    """,
)  # appendix A, RemoteEnable[0]

LIGHT = CodeTable(
    "light",
    """
    0 no light or not supported; 1 on; 2 off
    """,
)  # appendix A, Light

STANDBY_STATE = CodeTable(
    "standby_state",
    """
    0 not in standby; 1 network idle (reachable, sleeping); 2 deep standby; 3 going to standby
    """,
)  # appendix A, StandbyState

SYNC_STATE = CodeTable(
    "sync_state",
    """
    0 unknown; 1 synchronised; 2 not synchronised
    """,
)  # appendix A, SyncState

PROCESS_ACTION = CodeTable(
    "process_action",
    """
    0 none; 1 start, also resume; 2 stop; 3 pause; 4 start superfreezing; 5 stop superfreezing; 6 start
    supercooling; 7 stop supercooling; 8 gas off; 9 gas on
    """,
)  # appendix A, ProcessAction

DEVICE_ACTION = CodeTable(
    "device_action",
    """
    0 none; 1 power on / start remote (labels differ, never observed); 2 wake up; 3 go to standby
    """,
)  # appendix A, DeviceAction

DOOR_STATE = CodeTable(
    "door_state",
    """
    0 no such door; 1 open; 2 closed
    """,
)  # appendix A, DoorStates[n][0]

VENTILATION_STEP = CodeTable(
    "ventilation_step",
    """
    0 off; 1 level 1; 2 level 2; 3 level 3; 4 booster; 5 interval
    """,
)  # appendix A, VentilationStep

PLATE_REMAINING_HEAT = CodeTable(
    "plate_remaining_heat",
    """
    0 none; 1 low; 2 medium; 3 high
    """,
)  # appendix A, PlateRemainingHeat

PLATE_STEP = CodeTable(
    "plate_step",
    """
    0 off; 1 1; 2 1.5; 3 2; 4 2.5; 5 3; 6 3.5; 7 4; 8 4.5; 9 5; 10 5.5; 11 6; 12 6.5; 13 7; 14 7.5; 15 8;
    16 8.5; 17 9; 18 9.5; 19 10; 20 10.5; 21 11; 22 11.5; 23 12; 100 residual_heat_low; 101
    residual_heat_low; 102 residual_heat_medium; 103 residual_heat_high; 104 residual_heat_low; 105
    residual_heat_low; 106 residual_heat_medium; 107 residual_heat_high; 110 keep_warm; 220 keep_warm; 117
    boost; 118 boost; 218 boost; 217 boost_plus
    """,
)  # section 6, PlateStep

DEVICE_TYPE = CodeTable(
    "device_type",
    """
    0 none; 1 washing_machine; 2 tumble_dryer; 3 washing_machine_semi_professional; 4
    tumble_dryer_semi_professional; 5 washing_machine_professional; 6 tumble_dryer_professional; 7
    dishwasher; 8 dishwasher_semi_professional; 9 dishwasher_professional; 10 cooker; 11 cooker_microwave;
    12 oven; 13 oven_microwave; 14 hob_highlight; 15 steam_oven; 16 microwave; 17 coffee_system; 18 hood;
    19 fridge; 20 freezer; 21 fridge_freezer_combi; 22 chest_freezer; 23 robot_vacuum_cleaner; 24
    washer_dryer; 25 warming_drawer; 26 beverage_maker; 27 hob_induction; 28 hob_gas; 29
    hob_highlight_induction_combi; 30 hob_highlight_gas_combi; 31 steam_oven_combi; 32 wine_cabinet; 33
    wine_conditioning_unit; 34 wine_storage_conditioning_unit; 35 water_dispenser; 36 ice_maker; 37
    ice_crusher; 38 cellar_compartment; 39 oven_double; 40 steam_oven_double; 41 steam_oven_double_combi;
    42 microwave_double; 43 oven_microwave_double_combi; 44 washer_disinfector; 45
    steam_oven_microwave_combi; 46 remote_control; 47 voice_control; 48 vacuum_drawer; 51
    washing_machine_semi_professional_deprecated; 52 tumble_dryer_semi_professional_deprecated; 53
    washing_machine_professional_deprecated; 54 tumble_dryer_professional_deprecated; 60
    washer_disinfector_laboratory; 61 washer_disinfector_medical; 62 endo_thermal_disinfector; 63
    table_top_sterilizer; 64 steam_large_sterilizer; 65 container_trolley_washer; 66
    steam_large_disinfector; 67 dialog_oven; 68 wine_cabinet_freezer; 71 vertical_farm; 72 vacuum_cleaner;
    73 steam_oven_second_generation; 74 hob_with_extractor; 75 vacuum_cleaner_cleaning_station; 76
    vario_cool; 77 cooling; 78 grill_unit; 79 laundry_care_cabinet; 80 steelco_clean_disinfection_machine;
    81 c2_c_sterilizer; 82 c2_c_reserved2; 83 c2_c_reserved3; 84 c2_c_reserved4; 85 c2_c_reserved5; 86
    steelco_reserved1; 87 steelco_reserved2; 88 steelco_reserved3; 89 steelco_reserved4; 90
    steelco_reserved5; 91 max; 255 invalid; 2147483647 app_or_gateway_peer (JSON and mDNS only)
    """,
)  # appendix A, DeviceType

# Which table speaks for which device type (table_for_device_type of the recordings' code tables; appendices B
# and C). Steam ovens of the types 15, 31 and 73 send the oven's numbers below 2000 and, plausibly, the steam
# oven's from there on.
_PHASES: Mapping[int, tuple[CodeTable, ...]] = {
    1: (phases.PHASE_WASHING_MACHINE,),
    2: (phases.PHASE_TUMBLE_DRYER, phases.PHASE_TUMBLE_DRYER_SINGLE_SOURCE),
    3: (phases.PHASE_WASHING_MACHINE,),
    4: (phases.PHASE_TUMBLE_DRYER, phases.PHASE_TUMBLE_DRYER_SINGLE_SOURCE),
    5: (phases.PHASE_WASHING_MACHINE,),
    6: (phases.PHASE_TUMBLE_DRYER, phases.PHASE_TUMBLE_DRYER_SINGLE_SOURCE),
    7: (phases.PHASE_DISHWASHER,),
    8: (phases.PHASE_DISHWASHER,),
    9: (phases.PHASE_DISHWASHER,),
    12: (phases.PHASE_OVEN, phases.PHASE_OVEN_SINGLE_SOURCE),
    13: (phases.PHASE_OVEN_MICROWAVE,),
    15: (phases.PHASE_STEAM_OVEN,),
    16: (phases.PHASE_MICROWAVE,),
    17: (phases.PHASE_COFFEE_SYSTEM,),
    23: (phases.PHASE_ROBOT_VACUUM,),
    24: (phases.PHASE_WASHER_DRYER, phases.PHASE_TUMBLE_DRYER_SINGLE_SOURCE),
    25: (phases.PHASE_WARMING_DRAWER,),
    31: (phases.PHASE_STEAM_OVEN_COMBI, phases.PHASE_OVEN_SINGLE_SOURCE),
    45: (phases.PHASE_STEAM_OVEN_MICROWAVE,),
    67: (phases.PHASE_OVEN, phases.PHASE_OVEN_SINGLE_SOURCE),
    73: (phases.PHASE_STEAM_OVEN,),
}
_PROGRAMS: Mapping[int, tuple[CodeTable, ...]] = {
    1: (programs.PROGRAM_WASHING_MACHINE, programs.PROGRAM_WASHING_MACHINE_SINGLE_SOURCE),
    2: (programs.PROGRAM_TUMBLE_DRYER,),
    3: (programs.PROGRAM_WASHING_MACHINE, programs.PROGRAM_WASHING_MACHINE_SINGLE_SOURCE),
    4: (programs.PROGRAM_TUMBLE_DRYER,),
    5: (programs.PROGRAM_WASHING_MACHINE, programs.PROGRAM_WASHING_MACHINE_SINGLE_SOURCE),
    6: (programs.PROGRAM_TUMBLE_DRYER,),
    7: (programs.PROGRAM_DISHWASHER,),
    8: (programs.PROGRAM_DISHWASHER,),
    9: (programs.PROGRAM_DISHWASHER,),
    12: (programs.PROGRAM_OVEN,),
    13: (programs.PROGRAM_OVEN,),
    15: (programs.PROGRAM_OVEN, programs.PROGRAM_STEAM_OVEN),
    16: (programs.PROGRAM_OVEN,),
    17: (programs.PROGRAM_COFFEE_SYSTEM,),
    23: (programs.PROGRAM_ROBOT_VACUUM,),
    24: (programs.PROGRAM_WASHING_MACHINE, programs.PROGRAM_WASHING_MACHINE_SINGLE_SOURCE),
    25: (programs.PROGRAM_WARMING_DRAWER,),
    31: (programs.PROGRAM_OVEN, programs.PROGRAM_STEAM_OVEN),
    45: (programs.PROGRAM_STEAM_OVEN,),
    67: (programs.PROGRAM_OVEN,),
    73: (programs.PROGRAM_OVEN, programs.PROGRAM_STEAM_OVEN),
}


def _find(tables: tuple[CodeTable, ...], number: int) -> str | None:
    return next((table[number] for table in tables if number in table), None)


def phase_name(device_type: int, phase: int) -> str | None:
    """Name a programme phase of an appliance of this type; None when nobody has named it (appendix B)."""
    return _find((*_PHASES.get(device_type, ()), phases.PHASE_ANY_SINGLE_SOURCE), phase)


def program_name(device_type: int, program: int) -> str | None:
    """Name a programme of an appliance of this type; None when nobody has named it (appendix C)."""
    return _find(_PROGRAMS.get(device_type, ()), program)


def phase_names(device_type: int) -> Mapping[int, str]:
    """List every phase known for a device type; empty when the type has no table."""
    return _merged(_PHASES.get(device_type, ()))


def program_names(device_type: int) -> Mapping[int, str]:
    """List every programme known for a device type; empty when the type has no table."""
    return _merged(_PROGRAMS.get(device_type, ()))


def _merged(tables: tuple[CodeTable, ...]) -> dict[int, str]:
    return {number: table[number] for table in reversed(tables) for number in table}
