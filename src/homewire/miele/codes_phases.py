"""Programme phases by appliance type: what `ProgramPhase` of `/State` and field 5 of DOP2 leaf 2/256 mean.

Source: docs/protocols/miele-http.md, appendix B. Most numbers have the block 256 * n of their appliance;
65535 and 0 mean that nothing runs. Look them up through `codes.phase_name`.
"""

from __future__ import annotations

from homewire.miele.codetable import CodeTable

__all__ = [
    "PHASE_ANY_SINGLE_SOURCE",
    "PHASE_COFFEE_SYSTEM",
    "PHASE_DISHWASHER",
    "PHASE_MICROWAVE",
    "PHASE_OVEN",
    "PHASE_OVEN_MICROWAVE",
    "PHASE_OVEN_SINGLE_SOURCE",
    "PHASE_ROBOT_VACUUM",
    "PHASE_STEAM_OVEN",
    "PHASE_STEAM_OVEN_COMBI",
    "PHASE_STEAM_OVEN_MICROWAVE",
    "PHASE_TUMBLE_DRYER",
    "PHASE_TUMBLE_DRYER_SINGLE_SOURCE",
    "PHASE_WARMING_DRAWER",
    "PHASE_WASHER_DRYER",
    "PHASE_WASHING_MACHINE",
]

PHASE_WASHING_MACHINE = CodeTable(
    "phase of washing machine",
    """
    0 not_running; 256 not_running; 257 pre_wash; 258 soak; 259 pre_wash; 260 main_wash; 261 rinse; 262
    rinse_hold; 263 cleaning; 264 cooling_down; 265 drain; 266 spin; 267 anti_crease; 268 finished; 269
    venting; 270 starch_stop; 271 freshen_up_and_moisten; 272 steam_smoothing; 279 hygiene; 280 drying;
    285 disinfecting; 295 steam_smoothing; 11004 main_wash; 11005 rinse; 11010 spin; 11012 finished; 11029
    anti_crease; 11044 automatic_start; 11047 flex_load_active; 65535 not_running
    """,
)  # appendix B

PHASE_TUMBLE_DRYER = CodeTable(
    "phase of tumble dryer",
    """
    0 not_running; 512 not_running; 513 program_running; 514 drying; 515 machine_iron; 516 hand_iron_2;
    517 normal; 518 normal_plus; 519 cooling_down; 520 hand_iron_1; 521 anti_crease; 522 finished; 523
    extra_dry; 524 hand_iron; 526 moisten; 527 thermo_spin; 528 timed_drying; 529 warm_air; 530
    steam_smoothing; 531 comfort_cooling; 532 rinse_out_lint; 533 rinses; 534 smoothing; 535 not_running;
    536 not_running; 537 not_running; 538 slightly_dry; 539 safety_cooling; 11012 finished; 11018 drying;
    11029 anti_crease; 11044 automatic_start; 11054 perfect_dry_active; 11055 comfort_cooling; 65535
    not_running
    """,
)  # appendix B

PHASE_WASHER_DRYER = CodeTable(
    "phase of washer dryer",
    """
    0 not_running; 256 not_running; 257 pre_wash; 258 soak; 259 pre_wash; 260 main_wash; 261 rinse; 262
    rinse_hold; 263 cleaning; 264 cooling_down; 265 drain; 266 spin; 267 anti_crease; 268 finished; 269
    venting; 270 starch_stop; 271 freshen_up_and_moisten; 272 steam_smoothing; 279 hygiene; 280 drying;
    285 disinfecting; 295 steam_smoothing; 512 not_running; 513 program_running; 514 drying; 515
    machine_iron; 516 hand_iron_2; 517 normal; 518 normal_plus; 519 cooling_down; 520 hand_iron_1; 521
    anti_crease; 522 finished; 523 extra_dry; 524 hand_iron; 526 moisten; 527 thermo_spin; 528
    timed_drying; 529 warm_air; 530 steam_smoothing; 531 comfort_cooling; 532 rinse_out_lint; 533 rinses;
    534 smoothing; 535 not_running; 536 not_running; 537 not_running; 538 slightly_dry; 539
    safety_cooling; 65535 not_running
    """,
)  # appendix B

PHASE_DISHWASHER = CodeTable(
    "phase of dishwasher",
    """
    0 not_running; 1792 not_running; 1793 reactivating; 1794 pre_dishwash; 1795 main_dishwash; 1796 rinse;
    1797 interim_rinse; 1798 final_rinse; 1799 drying; 1800 finished; 1801 pre_dishwash; 65535 not_running
    """,
)  # appendix B

PHASE_OVEN = CodeTable(
    "phase of oven",
    """
    0 not_running; 3073 heating_up; 3074 process_running; 3078 process_finished; 3080 searing; 3081
    roasting; 3084 energy_save; 3099 pre_heating; 65535 not_running
    """,
)  # appendix B

PHASE_OVEN_MICROWAVE = CodeTable(
    "phase of oven microwave",
    """
    0 not_running; 3329 heating_up_phase; 3330 process_running; 3334 process_finished; 3339 cooling_phase;
    3340 energy_save; 3863 steam_reduction; 7938 process_running; 7939 waiting_for_start; 7940
    heating_up_phase; 7942 process_finished; 65535 not_running
    """,
)  # appendix B

PHASE_MICROWAVE = CodeTable(
    "phase of microwave",
    """
    0 not_running; 3329 heating; 3330 process_running; 3334 process_finished; 3340 energy_save; 65535
    not_running
    """,
)  # appendix B

PHASE_STEAM_OVEN = CodeTable(
    "phase of steam oven",
    """
    0 not_running; 3863 steam_reduction; 7938 process_running; 7939 waiting_for_start; 7940
    heating_up_phase; 7942 process_finished; 65535 not_running
    """,
)  # appendix B

PHASE_STEAM_OVEN_COMBI = CodeTable(
    "phase of steam oven combi",
    """
    0 not_running; 3073 heating_up; 3074 process_running; 3078 process_finished; 3080 searing; 3081
    roasting; 3084 energy_save; 3099 pre_heating; 3863 steam_reduction; 7938 process_running; 7939
    waiting_for_start; 7940 heating_up_phase; 7942 process_finished; 65535 not_running
    """,
)  # appendix B

PHASE_STEAM_OVEN_MICROWAVE = CodeTable(
    "phase of steam oven microwave",
    """
    0 not_running; 3329 heating; 3330 process_running; 3334 process_finished; 3340 energy_save; 3863
    steam_reduction; 7938 process_running; 7939 waiting_for_start; 7940 heating_up_phase; 7942
    process_running; 65535 not_running
    """,
)  # appendix B

PHASE_WARMING_DRAWER = CodeTable(
    "phase of warming drawer",
    """
    0 not_running; 3073 heating_up; 3075 door_open; 3088 cooling_down; 3094 keeping_warm; 65535
    not_running
    """,
)  # appendix B

PHASE_COFFEE_SYSTEM = CodeTable(
    "phase of coffee system",
    """
    0 not_running; 3073 heating_up; 4352 not_running; 4353 espresso; 4354 hot_milk; 4355 milk_foam; 4361
    dispensing; 4369 pre_brewing; 4377 grinding; 4385 second_espresso; 4393 second_pre_brewing; 4401
    second_grinding; 4404 dispensing; 4405 rinse; 65535 not_running
    """,
)  # appendix B

PHASE_ROBOT_VACUUM = CodeTable(
    "phase of robot vacuum",
    """
    0 not_running; 5889 vacuum_cleaning; 5890 returning; 5891 vacuum_cleaning_paused; 5892
    going_to_target_area; 5903 docked; 5904 docked; 5910 remote_controlled; 65535 not_running
    """,
)  # appendix B

PHASE_OVEN_SINGLE_SOURCE = CodeTable(
    "phase of oven, one source only",
    """
    3072 cooling down; 3075 door open; 3076 pyrolysis; 3077 microwave; 3079 light; 3082 defrost; 3083
    cooling down; 3094 keep warm; 3098 descale
    """,
)  # appendix B, last paragraph

PHASE_TUMBLE_DRYER_SINGLE_SOURCE = CodeTable(
    "phase of tumble dryer, one source only",
    """
    525 hygiene drying
    """,
)  # appendix B, last paragraph

PHASE_ANY_SINGLE_SOURCE = CodeTable(
    "phase of any, one source only",
    """
    0 not used; 1 progress; 2 battery charging
    """,
)  # appendix B, last paragraph
