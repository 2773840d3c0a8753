"""The numbers of settings, as listed by leaf 2/114 and delivered by 2/105 (numbers to words).

Source: docs/protocols/miele-dop2.md, appendix D. Blocks: below 1000 panel, 1000 household appliances, 1100 +
n the proposed temperature and 1200 + n the proposed microwave power of oven mode n, 10000 global, 12000
washers, 16000 dryers, 18000 professional machines.
"""

from __future__ import annotations

from homewire.miele.codetable import CodeTable

__all__ = ["SETTING"]

SETTING = CodeTable(
    "setting",
    """
    0 none; 3 time_display; 4 time_presentation; 5 time_format; 10 start_screen; 11 display_brightness; 12
    display_color_scheme; 14 volume_signal_tones; 17 volume_key_tone; 18 welcome_melody_volume; 21
    lighting; 22 temperature_unit; 23 weight_unit; 24 safety_key_lock; 25 startup_lock; 26
    furniture_front_recognition; 27 sensor_light_on_approach; 28 sensor_display_on_approach; 29
    sensor_lower_tone_on_approach; 30 remote_control; 31 supervision_function; 32
    supervision_display_in_standby; 33 remote_update; 34 voice_control; 1000 base_language_country; 1001
    quick_microwave_duration; 1002 quick_microwave_power; 1003 popcorn_duration; 1004 keep_warm_microwave;
    1005 keep_warm_dishwasher; 1006 keep_warm_oven; 1007 automatic_flushing; 1008 steam_reduction; 1009
    pyrolysis_request; 1010 panning_screen; 1011 cool_air_follow_up; 1012 proposed_temperatures; 1013
    proposed_microwave_power; 1014 net_voltage_and_frequency; 1015 probe_sensor_group; 1016
    temperature_calibration; 1017 camera_activation; 1018 fast_cooling; 1019 appliance_variant_id; 1020
    current_rate; 1021 water_hardness; 1022 carbonate_hardness; 1023 altitude; 1024 fresh_water; 1025
    performance_mode; 1026 spout_adjustment; 1027 profile_change; 1028 expert_mode; 1029
    lighting_on_turned_on; 1030 lighting_on_turned_off; 1031 appliance_light_switch_off_delay; 1032
    sensor_light_activates_when_off; 1033 sensor_light_activates_when_on; 1034 demo_mode; 1041
    autonomous_cleaning_active; 1042 autonomous_maintenance; 1043 bean_sorting; 1044
    proximity_sensor_light; 1045 tea_timer_activation; 1046 timer1_on_time; 1047 timer1_off_time; 1048
    timer1_off_delay; 1049 timer1_weekday_assignment; 1050 timer1_on_active; 1051 timer1_off_active; 1052
    timer2_on_time; 1053 timer2_off_time; 1054 timer2_off_delay; 1055 timer2_weekday_assignment; 1056
    timer2_on_active; 1057 timer2_off_active; 1058 maintenance_timer1_on_time; 1059
    maintenance_timer1_weekday_assignment; 1060 maintenance_timer1_on_active; 1061
    maintenance_timer2_on_time; 1062 maintenance_timer2_weekday_assignment; 1063
    maintenance_timer2_on_active; 1064 active_user; 1065 fresh_water_control_enabled; 1066
    bean_portioning_enabled; 1067 steam_extraction_enabled; 1068 water_softening_enabled; 1069
    booster_function; 1070 quick_touch_display; 1071 cup_heater; 1072 multi_zone_food_probe_add; 1073
    multi_zone_food_probe_select; 1074 automatic_panel_movement; 1075 smart_food_id; 1076
    altitude_adjustment; 1101 proposed_temperature_program_1_defrost_bottom; 1102
    proposed_temperature_program_2_auto_hot_air; 1103 proposed_temperature_program_3_auto_top_bottom_heat;
    1104 proposed_temperature_program_4_eco_hot_air1; 1105 proposed_temperature_program_5_eco_hot_air2;
    1106 proposed_temperature_program_6_eco_hot_air; 1107 proposed_temperature_program_7_roast_automatic;
    1108 proposed_temperature_program_8_universal_cook; 1109 proposed_temperature_program_9_grill; 1110
    proposed_temperature_program_10_grill_large; 1111 proposed_temperature_program_11_grill_small; 1113
    proposed_temperature_program_13_hot_air_plus; 1114 proposed_temperature_program_14_intense_baking;
    1115 proposed_temperature_program_15_combo_cook_grill; 1116
    proposed_temperature_program_16_combo_cook_hot_air_plus; 1117
    proposed_temperature_program_17_combo_cook_top_bottom; 1118
    proposed_temperature_program_18_cake_special; 1124 proposed_temperature_program_24_top_bottom_heat;
    1125 proposed_temperature_program_25_top_heat; 1127 proposed_temperature_program_27_rapid_heat; 1129
    proposed_temperature_program_29_fan_grill; 1131 proposed_temperature_program_31_bottom_heat; 1132
    proposed_temperature_program_32_keep_warm; 1133 proposed_temperature_program_33_defrost_steam; 1136
    proposed_temperature_program_36_convection_bake; 1141 proposed_temperature_program_41_heat_bottom;
    1142 proposed_temperature_program_42_heat_steam; 1144 proposed_temperature_program_44_cook_fish; 1145
    proposed_temperature_program_45_cook_meat; 1146 proposed_temperature_program_46_cook_vegetables; 1148
    proposed_temperature_program_48_climate_roast; 1149
    proposed_temperature_program_49_climate_hot_air_plus2; 1150
    proposed_temperature_program_50_climate_intense_baking; 1151
    proposed_temperature_program_51_climate_top_bottom_heat; 1171
    proposed_temperature_program_71_rotisserie; 1172 proposed_temperature_program_72_sous_vide; 1173
    proposed_temperature_program_73_steam_dry; 1175 proposed_temperature_program_75_eco_universal_cook;
    1176 proposed_temperature_program_76_climate_top_bottom_heat2; 1177
    proposed_temperature_program_77_combo_cook_microwave; 1178
    proposed_temperature_program_78_rotisserie_large; 1179
    proposed_temperature_program_79_rotisserie_small; 1180 proposed_temperature_program_80_rotisserie_fan;
    1181 proposed_temperature_program_81_auto_roast_automatic; 1219
    proposed_microwave_power_program_19_microwave; 1220
    proposed_microwave_power_program_20_microwave_roast_automatic; 1221
    proposed_microwave_power_program_21_microwave_grill; 1222
    proposed_microwave_power_program_22_microwave_hot_air_plus; 1223
    proposed_microwave_power_program_23_microwave_fan_grill; 1277
    proposed_microwave_power_program_77_combo_cook_microwave; 10000 global_language; 10001
    global_display_brightness; 10002 global_display_contrast; 10003 global_volume_signal_tone; 10004
    global_volume_key_tone; 10005 global_time_display; 10006 global_time_presentation; 10007
    global_time_background; 10008 global_time_format; 10009 global_time_allow_synchronization; 10010
    global_water_hardness; 10011 global_supervision_display; 10012 global_supervision_rtc_active; 10013
    global_demo_program_active; 10014 global_startup_lock_active; 10015 global_remote_control_unlocked;
    10016 global_remote_control_activated; 10017 global_welcome_sound_active; 10020
    global_language_country; 10021 global_my_miele_display; 10022 global_payment_system; 10023
    global_pay_system_overriding_time; 10024 global_pay_system_lock; 10025 global_paid_signal_delete;
    10026 global_pay_system_time_impulse; 10027 global_pay_system_feedback_signal; 10028
    global_free_of_cost_programs; 10029 global_peak_load_signal; 10030 global_peak_load_ignore; 10031
    global_paid_signal_debouncing; 10032 global_pay_system_overriding_time_active; 10033
    global_maintenance_interval; 10034 global_maintenance_interval_time; 10035 global_temperature_unit;
    10036 global_weight_unit; 10037 global_base_costs_electricity_pre_decimal; 10038
    global_base_costs_electricity_decimal; 10039 global_language_favorite1; 10040
    global_language_favorite2; 10041 global_language_favorite3; 10042 global_language_favorite4; 10043
    global_language_favorite5; 10044 global_language_favorite6; 10045
    global_pay_system_feedback_signal_temperature; 10046 global_load_weight_input; 10047
    global_pay_system_feedback_signal_temperature_fahrenheit; 10048 global_external_program_lock; 10049
    global_machine_type; 10050 global_ezl40x_activation_state; 12005 washer_container1_detergent_type;
    12006 washer_container1_amount_settings; 12007 washer_container2_detergent_type; 12008
    washer_container2_amount_settings; 12009 washer_degree_of_soiling_default_value; 12010
    washer_degree_of_soiling_query_activation; 12011 washer_clock_format; 12012
    washer_daytime_synchronize; 12013 washer_base_costs_water_pre_decimal; 12014
    washer_base_costs_water_decimal; 12015 washer_buzzer_volume; 12016 washer_keypad_tone; 12017
    washer_pin_code; 12018 washer_pin_code_digit1; 12019 washer_pin_code_digit2; 12020
    washer_pin_code_digit3; 12021 washer_temperature_unit; 12022 washer_display_brightness; 12023
    washer_lightfield_brightness; 12024 washer_display_contrast; 12025 washer_display_switch_off; 12026
    washer_appliance_switch_off; 12027 washer_memory; 12028 washer_water_inlet; 12029
    washer_longer_prewash_cottons; 12030 washer_soak_duration; 12031 washer_gentle_action; 12032
    washer_temperature_reduction; 12033 washer_water_plus; 12034 washer_water_plus_level; 12035
    washer_maximum_rinse_level; 12036 washer_suds_cooling; 12037 washer_anti_crease; 12038
    washer_delay_start; 12039 washer_remote_control; 12040 washer_load_dosage; 12041
    washer_display_maximum_load; 12043 washer_heater_rating_kw; 12044 washer_maximum_spin_speed; 12045
    washer_imbalance_sensor; 12046 washer_auto_dispensing; 12047 washer_mains_frequency; 12048
    washer_steam; 12049 washer_drain_height; 12050 washer_intensive_flow; 12051
    washer_volume_flowmeter_cold; 12052 washer_low_water_pressure; 12053 washer_auto_load_control; 12054
    washer_controlled_energy_consumption; 12055 washer_temperature_increase; 12056
    washer_reduce_spin_speed; 12057 washer_allergy; 12058 washer_chlorine_bleach; 12059
    washer_resonant_speed; 12060 washer_compressed_laundry; 12061 washer_smart_grid; 12063
    washer_mip_calibration_initial_startup; 12064 washer_water_path; 12065
    washer_maximum_spin_speed_offset; 12066 washer_country_version; 12067 washer_prewash_water; 12068
    washer_water_main_wash; 12069 washer_first_rinse_water; 12070 washer_final_rinse_water; 12071
    washer_empty_sensor; 12072 washer_water_level_cottons; 12073 washer_water_level_min_iron; 12074
    washer_prewash_temp_cottons; 12075 washer_wash_time_cottons; 12076 washer_wash_time_min_iron; 12077
    washer_pre_rinse_cottons; 12078 washer_pre_rinse_min_iron; 12079 washer_prewash_cottons_minimum_irons;
    12080 washer_rinses_cottons; 12081 washer_rinses_min_iron; 12082 washer_disinfection_rinse; 12084
    washer_cap_dosing; 12085 washer_pre_ironing; 12086 washer_hygiene; 12087 washer_standard; 12088
    washer_alternating_current; 12089 washer_heater_rating; 12090 washer_drainage_see; 12091
    washer_lye_pump_cleaning; 12092 washer_fault_alarm; 12093 washer_dropped_programs; 12094
    washer_laundry_ring_protection; 12095 washer_laundry_ring_detection; 12096
    washer_cooling_water_intake; 12097 washer_drum_overloaded; 12098 washer_time_extension; 12099
    washer_mops_water_drain; 12100 washer_pretreat_cleaning_cloths; 12101
    washer_pin_code_supervisor_level; 12102 washer_miele_at_home; 12103 washer_pin_code_cancel_program;
    12104 washer_mops_temperature_std_plus; 12105 washer_mops_chth_disinfection; 12106
    washer_mops_th_disinfection; 12107 washer_mops_microfiber; 12108 washer_pretreat_mops_rpm; 12109
    washer_cleaning_cloths_temperature_std_plus; 12110 washer_cleaning_cloths_disinfection; 12111
    washer_pretreat_cleaning_cloths_rpm; 12112 washer_early_warning_counter; 12113 washer_time_of_day;
    12114 washer_display_program_name; 12115 washer_program_package_sports; 12116
    washer_program_package_outerwear; 12117 washer_program_package_wellness_hair_salons; 12118
    washer_program_package_hotel; 12119 washer_program_package_soft_furnishings; 12120
    washer_program_package_workwear; 12121 washer_program_package_disinfection_german; 12122
    washer_volume_flowmeter_warm; 12123 washer_consumption_data; 12124
    washer_brightness_lightfield_dimmed; 12125 washer_type_of_damper; 12126 washer_customer_service; 12127
    washer_impulse_per_liter_flowmeter_cold; 12128 washer_impulse_per_liter_flowmeter_warm; 12129
    washer_cap_detection; 12130 washer_greeting; 12131 washer_program_info; 12132 washer_demo_mode; 12133
    washer_program_package_standard; 12134 washer_program_package_pre_treat_mops; 12135
    washer_program_package_cleaning_cloths; 12136 washer_program_package_ready_to_use; 12137
    washer_program_package_basic_programs; 12138 washer_program_package_disinfection_rki; 12139
    washer_program_package_laundry_regulation; 12140 washer_program_package_disinfection; 12141
    washer_program_package_further_programs; 12142 washer_program_package_wetcare; 12143
    washer_remote_update; 12144 washer_undervoltage_down_level; 12145 washer_undervoltage_up_level; 12146
    washer_voltage_down_level; 12147 washer_voltage_up_level; 12148 washer_canceling_program_via_pin_code;
    12149 washer_cleaning_cloths_th_disinfection; 12151 washer_program_package_hygiene; 12152
    washer_hybrid_mode; 12153 washer_adjustment_dosing_relais1; 12154 washer_adjustment_dosing_relais2;
    12155 washer_adjustment_dosing_relais3; 12156 washer_adjustment_dosing_relais4; 12157
    washer_adjustment_dosing_relais5; 12158 washer_adjustment_dosing_relais6; 12159
    washer_program_end_tone; 12160 washer_language_access; 12161 washer_set_languages; 12162
    washer_date_format; 12163 washer_volume_end_tone; 12164 washer_volume_key_tone; 12165
    washer_volume_greeting_tone; 12166 washer_visibility_revolutions; 12167 washer_visibility_temperature;
    12168 washer_visibility_pre_rinse; 12169 washer_visibility_prewash; 12170 washer_visibility_soak;
    12171 washer_visibility_intense; 12172 washer_visibility_water_plus; 12173
    washer_visibility_rinse_plus; 12174 washer_visibility_rinse_stop; 12175 washer_visibility_starch_stop;
    12176 washer_visibility_pre_iron; 12177 washer_visibility_cap; 12178 washer_visibility_auto_dos; 12179
    washer_visibility_load_quantity; 12180 washer_extra_auto_dos; 12181 washer_display_shutdown; 12182
    washer_device_shutdown; 12183 washer_weight_unit; 12184 washer_logo; 12185
    washer_program_package_label; 12186 washer_arrange_programs; 12187 washer_color_assignment_program;
    12188 washer_pin_code_disinfection_program; 12189 washer_wash_time_prewash_cottons; 12190
    washer_service_interval_setting; 12191 washer_service_interval_indication; 12192
    washer_service_interval_display_reset; 12193 washer_door_unlock_after_identify; 12194
    washer_network_registration; 12195 washer_remote; 12196 washer_factory_reset; 12197 washer_control;
    12198 washer_program_package_special_programs; 12199 washer_language_entry_language_selection; 12200
    washer_language_entry_international; 12201 washer_standard_language_entry; 12202 washer_date_entry;
    12203 washer_color_scheme; 12204 washer_connection_module; 12205 washer_welcome_screen; 12206
    washer_show_dry_param; 12207 washer_dry_level; 12208 washer_temperature_threshold_heatpump; 12209
    washer_follow_up_time_fan; 12210 washer_wlan_frequency; 12211 washer_dryer_drying_level_cottons; 12212
    washer_dryer_drying_level_min_iron; 12213 washer_dryer_drying_level_automatic; 12214
    washer_dryer_extended_cool_down; 12215 washer_device_control; 12216 washer_super_eco_wash; 12217
    washer_delay_start_relative_max; 12218 washer_visibility_microfiber; 12219
    washer_visibility_pretreat_spin_duration; 12220 washer_visibility_pretreat_residual_moisture; 12221
    washer_cancel_program; 12222 washer_program_package_animal_cover; 12223 washer_start_led_brightness;
    16001 dryer_factory_default; 16002 dryer_language; 16003 dryer_clock_format; 16004
    dryer_clock_synchronize; 16005 dryer_base_costs_electricity_before_decimal; 16006
    dryer_base_costs_electricity_after_decimal; 16007 dryer_drying_level_cottons; 16008
    dryer_drying_level_min_iron; 16009 dryer_drying_level_automatic; 16010 dryer_extended_cool_down; 16011
    dryer_clean_out_airways; 16012 dryer_buzzer_on; 16013 dryer_finish_tone_volume; 16014
    dryer_keypad_tone; 16015 dryer_conductivity; 16016 dryer_drying_levels_extended; 16017
    dryer_total_consumption; 16018 dryer_total_consumption_reset; 16019 dryer_code_active; 16020
    dryer_code; 16021 dryer_brightness_display; 16022 dryer_contrast_display; 16023
    dryer_brightness_buttons; 16024 dryer_display_switch_off_status; 16025
    dryer_machine_switch_off_status; 16026 dryer_memory; 16027 dryer_anti_crease; 16028 dryer_delay_start;
    16029 dryer_miele_at_home; 16030 dryer_remote_control; 16031 dryer_smart_grid; 16032 dryer_load; 16033
    dryer_mains_voltage; 16034 dryer_compressor_type; 16035 dryer_display_maximum_load; 16036
    dryer_mains_frequency; 16037 dryer_miele_welcome_screen; 16038 dryer_consumption_data; 16039
    dryer_heater_rating; 16040 dryer_drum_wall_temperature; 16041 dryer_motor_type; 16042
    dryer_brightness_light_fields_dimmed; 16043 dryer_program_info; 16044 dryer_remote_update; 16045
    dryer_cooling_down_temperature; 16046 dryer_fault_alarm; 16047 dryer_welcome_tone_volume; 16048
    dryer_appliance_configuration; 16049 dryer_display_service_mode; 16050 dryer_date_format; 16051
    dryer_network_login; 16052 dryer_wifi_rf_variant; 16080 dryer_external_exhaust_flap; 16081
    dryer_external_fan; 16082 dryer_pressure_sensor; 16083 dryer_external_exhaust_flap_delay; 16085
    dryer_drying_level_machine_iron_dry; 16086 dryer_duration_cool_air; 16087 dryer_duration_warm_air;
    16088 dryer_clean_filters_active; 16089 dryer_standard; 16090 dryer_safety_cooling; 16091
    dryer_display_residual_moisture; 16092 dryer_display_duration; 16093 dryer_display_gentle; 16094
    dryer_display_residual_moisture_percentage; 16095 dryer_display_temperature; 16096
    dryer_display_dry_care40; 16097 dryer_logo; 16098 dryer_clean_filters_interval; 16099
    dryer_language_menu; 16100 dryer_color_scheme; 16101 dryer_display_anti_crease; 16102
    dryer_ws_controls; 16103 dryer_arrange_programs; 16104 dryer_language_favorite1; 16105
    dryer_language_favorite2; 16106 dryer_language_favorite3; 16107 dryer_language_favorite4; 16108
    dryer_language_favorite5; 16109 dryer_language_favorite6; 16110 dryer_prog_package_label; 16111
    dryer_prog_package_standard; 16112 dryer_prog_package_sportswear; 16113
    dryer_prog_package_home_textiles; 16114 dryer_prog_package_hygiene; 16115 dryer_prog_package_wetcare;
    16116 dryer_prog_package_operator; 16117 dryer_prog_package_flat_laundry; 16118
    dryer_prog_package_downloads; 16119 dryer_remote; 16120 dryer_color_allocation; 16121
    dryer_language_entry_language; 16122 dryer_display_gentle_simple; 16123 dryer_wash2_dry; 16124
    dryer_prog_package_bedding; 16125 dryer_prog_package_buildings_maintenance; 16126
    dryer_prog_package_fire_service; 16127 dryer_prog_package_equestrian; 16128
    dryer_prog_package_prof_capp; 16129 dryer_fan_clocking; 16130 dryer_fan_clocking_time_after_start;
    16131 dryer_fan_clocking_stop_time; 16132 dryer_fan_clocking_reverse_cycles; 16133
    dryer_air_circulation_flap_control; 16134 dryer_cooling_down_temperature_fahrenheit; 16135
    dryer_prog_package_standard2; 16136 dryer_prog_package_prof_capp2; 16137 dryer_display_dry_fresh;
    16138 dryer_display_power_fresh; 16252 dryer_datalogger; 16253 dryer_control_type; 16254
    dryer_dryer_type; 18177 pro_washer_water_recovery_installed; 18178
    pro_washer_water_recovery_extra_time_drain; 18179 pro_washer_water_recovery_extra_time_pump; 18182
    pro_washer_flowmeter_pulses_lag_active; 18183 pro_washer_flowmeter_pulses_lag_time; 32767
    reserved_invalid
    """,
)
