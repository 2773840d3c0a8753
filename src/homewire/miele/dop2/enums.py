"""The enumerations used inside DOP2: states, requests, units, notifications (numbers to words).

Source: docs/protocols/miele-dop2.md, appendices A to C and E; settings (appendix D) are in `enums_settings`.
Device types are those of the JSON interface, `homewire.miele.codes.DEVICE_TYPE`.
"""

from __future__ import annotations

from homewire.miele.codes import DEVICE_TYPE
from homewire.miele.codetable import CodeTable

__all__ = [
    "ACKNOWLEDGE",
    "APPLIANCE_STATE",
    "BEAN_CONTAINER",
    "DETERGENT",
    "DEVICE_TYPE",
    "DOOR_LOCK",
    "FILE_ACCESS",
    "FILE_OPERATION",
    "FILE_STATUS",
    "INTERPRETATION",
    "MODULE_REQUEST",
    "MODULE_STATE",
    "NOTIFICATION_INFO_SELECTION",
    "NOTIFICATION_MESSAGE",
    "OPERATION_STATE",
    "OVEN_OPERATION_MODE",
    "PANEL",
    "PROCESS_STATE",
    "PROTOCOL",
    "SELECTION_TYPE",
    "SHOW_ME_HOW",
    "UPDATE_STATE",
    "USER_REQUEST",
    "WASH_TO_DRY",
    "WIFI_SECURITY",
]

INTERPRETATION = CodeTable(
    "interpretation",
    """
    0 none; 1 percentage; 2 celsius; 3 celsius_100; 4 fahrenheit_100; 5 seconds; 6 minutes; 7 step; 8
    gram; 9 numerical; 10 date; 11 microwave_power_steps; 12 rf_power; 13 rf_energy; 14 rf_mode; 15
    browning; 16 degree_of_cooking; 17 time_format; 18 time_presentation; 19 language; 20 burst_of_steam;
    21 display_scheme; 22 display_in_standby; 23 lighting; 24 temperature_unit; 25 weight_unit; 26
    start_screen; 27 water_hardness; 28 test_state; 29 time_utc; 30 voltage_and_frequency; 31 start_point;
    32 end_point; 33 parameter_shape; 34 start_point_or_right_now; 35 water_level_mmws; 36
    water_inlet_way; 37 rpm; 38 on_off; 39 door_switch; 40 door_lock_switch; 41 wps_switch; 42
    twindos_container1_switch; 43 twindos_container2_switch; 44 water_litre; 45 energy_kwh; 46 power_watt;
    47 start_point_only_right_now; 48 fahrenheit; 49 rpm_10; 50 operation_mode; 51 name; 52
    time_background; 53 display_brightness; 54 display_contrast; 55 volume_signal_tones_level; 56
    volume_key_tone; 57 door_motor_position; 58 door_ext_opening_enabled; 59 waw_position; 60
    waw_direction; 80 cooking_shelfs3; 81 cooking_shelfs4; 82 cooking_shelfs5; 83 cooking_shelfs6; 90
    performance_mode; 91 altitude; 92 profile_change; 96 microwave_power; 97 variant; 98 sensor_group; 99
    timer_day_of_week_assignment; 100 time_utc0; 101 active_user; 102 temperature_text; 103
    weight_tenth_of_gram; 104 time_display; 105 device_height; 106 device_width; 107
    auto_dos_cartridge_type; 108 rinse_aid_capacity_ml; 109 knock2_open; 110 country_variant; 111
    networking_country; 112 country_language; 120 lbs; 121 energy_wh; 122 fan_run_on; 123
    cooking_program_id; 124 extend; 125 approach_light; 126 bursts_of_steam_type; 127 lbs100; 128
    duration_sec_or_undefined; 129 water_hardness_dh; 130 flow_ml_min; 131 time_100_ms; 132 concentration;
    133 water_source; 134 temp_calibration; 135 food_probe_selection; 136 food_probe_serial_number; 137
    liquid_quantity_liters; 138 liquid_quantity100_milliliters; 139 liquid_quantity_milliliters; 140 day;
    141 program; 142 spin_speed10_rpm_text; 143 percent10; 144 celsius_10; 145
    liquid_quantity500_milliliters; 146 percent100; 147 fahrenheit_10; 148 quantity10_liters; 149
    micro_siemens10_per_cm; 150 micro_siemens_per_cm
    """,
)

APPLIANCE_STATE = CodeTable(
    "appliance_state",
    """
    0 unknown; 1 off; 2 synchronizing; 3 initializing; 4 normal; 5 demonstration; 6 service; 7 error; 8
    check; 9 standby; 10 supervisory; 11 show_window
    """,
)

OPERATION_STATE = CodeTable(
    "operation_state",
    """
    0 unknown; 1 end_of_line; 2 service; 3 settings; 4 initial_settings; 5 select_program; 6 run_program;
    7 run_delay; 8 run_maintenance_process; 9 voltage_brownout; 10 welcome_screen; 11 locked; 12
    time_setting_screen; 15 display_off; 21 cold_rising; 22 normal_rinsing; 32 emergency_stop
    """,
)

PROCESS_STATE = CodeTable(
    "process_state",
    """
    0 unknown; 1 no_program; 2 program_selected; 3 program_started; 4 program_running; 5 program_stop
    """,
)

USER_REQUEST = CodeTable(
    "user_request",
    """
    0 nop; 1 start; 2 stop; 3 pause; 8 start_delay; 11 door_open; 12 door_close; 13 light_on; 14
    light_off; 15 factory_setting_reset; 16 switch_on; 17 next; 18 back; 19 switch_off; 20 reset_pin_code;
    21 keep_warm_or_keep_alive; 22 step; 23 start_remote_update_install; 54 program_stop; 55
    program_abort; 56 program_finalize; 61 program_save; 65 motorized_front_panel_open; 66
    motorized_front_panel_close; 68 holding_break; 69 holding_start; 112 wifi_off; 12134 unknown, listed
    as supported by a WTW870; 12135 unknown, listed as supported by a WTW870; 12136 unknown, listed as
    supported by a WTW870; 12140 unknown, listed as supported by a WTW870; 12141 set_interior_light_on;
    12142 set_interior_light_off
    """,
)

MODULE_REQUEST = CodeTable(
    "module_request",
    """
    0 no_request; 1 reset; 2 factory_settings; 3 open_soft_ap_customer; 4 system_create; 45
    open_soft_ap_service; 46 shut_down_module; 47 smart_connect
    """,
)

MODULE_STATE = CodeTable(
    "module_state",
    """
    0 init; 1 not_connected; 2 connected; 3 ap_inactive; 4 ap_active; 7 network_deactivated; 8 connecting;
    9 connected_ethernet
    """,
)

WIFI_SECURITY = CodeTable(
    "wifi_security",
    """
    0 open; 1 wep; 2 wpa; 3 wpa2; 4 wpa3
    """,
)

UPDATE_STATE = CodeTable(
    "update_state",
    """
    0 deactivated; 1 ready_idle; 2 downloading; 3 downloaded_not_validated; 4
    downloaded_validation_failed; 5 downloaded_validated; 6 installation_started; 7 update_in_progress; 8
    downloaded_validation_failed_rsa; 9 downloaded_validation_failed_authorization; 10 downloaded_hashing;
    11 file_size_too_large; 12 update_aborted; 13 erasing; 14 downloaded_validating; 15
    downloaded_based_on_id_mismatch; 16 downloaded_validation_failed_no_tar; 17
    downloaded_validation_failed_wrong_format; 18 aborted_after_fatal_error; 19
    aborted_by_customer_service; 20 aborted_could_not_create_update_list; 21 aborted_feature_mismatch; 255
    unknown
    """,
)

FILE_OPERATION = CodeTable(
    "file_operation",
    """
    0 open; 1 write; 2 close; 3 discard; 4 sha256; 5 discard_validation_failed; 6 delete; 7 read; 8
    finalize; 255 invalid
    """,
)

FILE_STATUS = CodeTable(
    "file_status",
    """
    0 no_error; 1 cannot_open; 2 file_not_found; 3 end_of_file; 4 write_failed; 5 verify_failed; 6
    file_discard; 7 out_of_memory; 8 read_in_progress; 255 invalid
    """,
)

FILE_ACCESS = CodeTable(
    "file_access",
    """
    0 not_accessible; 1 read; 2 write; 3 read_write; 4 read_directory; 5 write_directory; 6
    read_write_directory; 255 invalid
    """,
)

SELECTION_TYPE = CodeTable(
    "selection_type",
    """
    0 initial_as_configured; 1 initial_default; 2 parametrized; 3 deselect; 4 initial_full; 10
    initial_as_configured_via_syndication; 11 initial_default_via_syndication; 12
    parametrized_temperature; 13 last
    """,
)

ACKNOWLEDGE = CodeTable(
    "acknowledge",
    """
    0 none; 1 ok; 2 continue; 3 abort; 4 back; 5 start; 6 stop; 7 yes; 8 no; 9 step_over; 10 switch_off;
    11 change
    """,
)

PROTOCOL = CodeTable(
    "protocol",
    """
    0 unknown; 1 uart; 2 meter_bus_dop1; 3 meter_bus_dop2; 4 hdr_dop2; 5 hdr_maci; 6 spi_maci; 7
    sdio_maci; 8 uart_maci; 200 dbus_dop2; 201 tod_dop2; 202 usb_dop2
    """,
)

OVEN_OPERATION_MODE = CodeTable(
    "oven_operation_mode",
    """
    0 no_program; 1 defrost_bottom; 2 auto_hot_air; 3 auto_top_bottom_heat; 4 eco_hot_air1; 5
    eco_hot_air2; 6 eco_hot_air; 7 roast_automatic; 8 universal_cook; 9 grill; 10 grill_large; 11
    grill_small; 12 descale; 13 hot_air_plus; 14 intense_baking; 15 combo_cook_grill; 16
    combo_cook_hot_air_plus; 17 combo_cook_top_bottom; 18 cake_special; 19 microwave; 20
    microwave_roast_automatic; 21 microwave_grill; 22 microwave_hot_air_plus; 23 microwave_fan_grill; 24
    top_bottom_heat; 25 top_heat; 26 pyrolysis; 27 rapid_heat; 28 rinse; 29 fan_grill; 30 eco_hot_air3; 31
    bottom_heat; 32 keep_warm; 33 defrost_steam; 34 defrost_microwave; 35 climate_roast_automatic; 36
    convection_bake; 37 convection_roast; 38 microwave_convection_bake; 39 microwave_convection_roast; 40
    climate_hot_air_plus; 41 heat_bottom; 42 heat_steam; 43 heat_microwave; 44 cook_fish; 45 cook_meat; 46
    cook_vegetables; 47 climate_convection_bake; 48 climate_roast; 49 climate_hot_air_plus2; 50
    climate_intense_baking; 51 climate_top_bottom_heat; 52 climate_convection_roast; 53 popcorn; 54
    quick_microwave; 55 roast_automatic_rf; 56 convection_bake_rf; 57 grill_rf; 58 hot_air_plus_rf; 59
    intense_baking_rf; 60 top_bottom_heat_rf; 61 top_heat_rf; 62 fan_grill_rf; 63 bottom_heat_rf; 64
    convection_roast_rf; 65 steam_heat; 66 steam_hold; 67 steam_altitude_adjust; 68 descale_soak; 69
    descale_rinse; 70 steam_residual_water; 71 rotisserie; 72 sous_vide; 73 steam_dry; 74
    climate_intense_baking2; 75 eco_universal_cook; 76 climate_top_bottom_heat2; 77 combo_cook_microwave;
    78 rotisserie_large; 79 rotisserie_small; 80 rotisserie_fan; 81 auto_roast_automatic; 82
    auto_intense_baking; 83 auto_bottom_heat; 84 auto_top_heat; 85 sabbath_top_bottom; 86
    sabbath_bottom_heat; 87 auto_steam_cook; 88 hydroclean_bottom_heat; 89 solo_rf; 90
    hydroclean_top_bottom_heat; 91 hydroclean_universal_cook; 92 dry_hot_air_plus_with_steam; 93
    dry_steam_only; 94 dry_grill_with_steam
    """,
)

SHOW_ME_HOW = CodeTable(
    "show_me_how",
    """
    0 none; 51 help animation oven; 52 help animation oven; 53 help animation oven; 54 help animation
    oven; 55 help animation oven; 56 help animation oven; 57 help animation oven; 58 help animation oven;
    59 help animation steam oven; 60 help animation steam oven; 61 help animation steam oven; 62 help
    animation steam oven; 63 help animation steam oven; 64 help animation steam oven; 65 help animation
    steam oven; 66 help animation steam oven; 67 help animation steam oven; 68 help animation steam oven;
    69 help animation steam oven; 70 help animation steam oven; 71 help animation steam oven; 86 help
    animation steam oven; 72 help animation oven with microwave; 73 help animation coffee machine; 74 help
    animation coffee machine; 75 help animation coffee machine; 76 help animation coffee machine; 77 help
    animation coffee machine; 78 help animation coffee machine; 79 help animation coffee machine; 80 help
    animation coffee machine; 81 help animation coffee machine; 82 help animation coffee machine; 83 help
    animation coffee machine; 84 help animation coffee machine; 85 help animation coffee machine; 91 help
    animation coffee machine; 92 help animation coffee machine; 87 help animation oven or steam oven; 88
    help animation oven or steam oven; 89 help animation oven or steam oven; 90 help animation oven or
    steam oven; 93 help animation oven or steam oven; 94 help animation oven or steam oven; 95 help
    animation oven or steam oven; 96 help animation oven or steam oven; 97 help animation oven or steam
    oven; 98 help animation oven or steam oven; 99 help animation oven or steam oven; 32767 reserved
    """,
)

DETERGENT = CodeTable(
    "detergent",
    """
    0 no_detergent; 1 ultra_phase1; 2 ultra_phase2; 3 ultra_white; 4 ultra_color
    """,
)

NOTIFICATION_MESSAGE = CodeTable(
    "notification_message",
    """
    0 void; 1 door_unlocked; 2 door_locked; 3 door_unlocking; 4 door_locking; 5 energy_saving_phase; 6
    first_steam_burst_active; 7 second_steam_burst_active; 8 third_steam_burst_active; 9 steam_burst; 10
    steam_reduction; 11 evaporating_residual_water; 12 hardware_error_causing_abort; 13
    first_steam_burst_at_start_time; 14 second_steam_burst_at_start_time; 15
    third_steam_burst_at_start_time; 16 absorbing_water; 17 absorbing_descaler; 18 cooling_down; 19
    fast_cooling; 20 keep_warm; 21 duration_approx_hours; 22 steam_burst_active; 23 add_food_at; 16000
    remaining_time; 16001 please_wait; 24000 heating_up; 24002 dispensing; 24003 dispensing_n; 24004
    dispensing_volume; 24008 grinding; 24009 grinding_n; 24012 pre_brewing; 24013 pre_brewing_n; 24014
    beverage_aborted; 24015 cleaning_agent_dissolving; 24016 descaling; 24017 rinsing; 24018 cleaning;
    24019 descaler_dissolving; 24020 se_sr_filling; 24021 se_sr_soaking; 24023 cup_tasting; 24024
    flooding; 32767 size_constraint
    """,
)

NOTIFICATION_INFO_SELECTION = CodeTable(
    "notification_info_selection",
    """
    0 void; 1 all_functions_reset_to_default; 3 please_close_door; 5 rinse_water_tank_and_fill; 9
    cooling_down; 13 remove_accessories_and_close_door; 29 descale_must_start_soon; 39
    maximum_operating_time_reached; 52 cooking_area_temperature_too_high; 53 water_tank_missing; 55
    water_tank_empty; 56 open_door_to_cool_down; 60 pyrolysis_recommended; 61
    power_failure_process_aborted; 62 insert_condensate_container; 66
    empty_and_reinsert_condensate_container; 73 please_wait_until_door_closed; 79
    function_currently_not_available; 81 please_remove_food_probe; 85 use_food_probe; 102
    saved_to_custom_programs; 109 pyrolysis_aborted; 122 reset_in_progress; 146 preheat_oven; 16000
    appliance_settings_reset; 16001 network_settings_reset; 16002 my_miele_settings_reset; 16003
    initial_setup_successfully_completed; 16004 setting_increases_energy_consumption; 16005
    setting_decreases_energy_consumption; 16006 demo_mode_active; 16007 demo_mode_only_for_dealers; 16008
    demo_mode_activate_press4; 16009 demo_mode_deactivate_press4; 16010 demo_mode_activated; 16011
    demo_mode_deactivated; 16012 fill_and_insert_water_tank; 16013 please_wait; 16014 insert_water_tank;
    16015 follow_app_instructions; 16016 sign_on_not_successful; 16017 press_router_button_wps; 16018
    miele_at_home_successfully_connected; 16019 network_signing_on_please_wait; 16020
    summary_connection_status_miele_at_home; 16021 total_operating_hours; 16022 update_is_available; 16023
    remote_control_active; 16024 remote_start_active; 16025 error_fxx; 16026
    demo_mode_process_not_possible; 16027 setting_decreases_energy_consumption_quick_touch; 16028
    personalization_increases_energy_consumption; 16029 personalization_decreases_energy_consumption;
    16030 activate_miele_at_home; 16031 activate_miele_at_home_remote_control; 16032
    check_miele_at_home_wlan; 25013 fill_bean_container1; 25021 abort_water_tank_empty; 25022
    abort_milk_container_empty; 25202 descale_required; 25203 clean_brewing_unit_required; 25204
    clean_milk_line_required; 25400 lack_of_water; 25401 lack_of_milk; 25403
    insert_water_tank_until_locked; 25424 empty_and_insert_drip_tray_and_grounds_container; 25444
    timer_startup_lock_active; 25579 remote_start_not_possible; 25580 remote_start_deactivated
    """,
)

# Section 8, oven/coffee device attributes, and attribute 1585: enumerations named only there.
WASH_TO_DRY = CodeTable(
    "wash_to_dry",
    """
    0 not_active; 1 can_be_activated; 2 active; 3 ready_to_receive; 4 program_received; 5 no_program_available
    """,
)

DOOR_LOCK = CodeTable("door_lock", "0 unlocked; 1 locking; 2 locked; 3 unlocking")

PANEL = CodeTable("panel", "0 undefined; 1 closed; 2 open; 3 closing; 4 opening; 5 error; 6 error")

BEAN_CONTAINER = CodeTable("bean_container", "0 unknown; 1 empty; 2 full")
