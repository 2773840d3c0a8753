"""Leaves with live process data, hours of operation and the service mode.

Source: docs/protocols/miele-dop2.md, sections 7 and 11. The laundry leaves answer only while the appliance is
awake; their counters fall to 0 when the program ends.
"""

from __future__ import annotations

from homewire.miele.dop2.model import Type
from homewire.miele.dop2.schema import Attribute, Structure
from homewire.miele.dop2.slots import (
    annotated,
    e8,
    e16,
    e16s,
    flag,
    generic,
    struct,
    structs,
    u8,
    u16,
    u32,
    u32s,
)
from homewire.miele.dop2.structures_oven import Output, OvenProcessValues

__all__ = [
    "HoursOfOperation",
    "LaundryActuators",
    "LaundryProcess",
    "LaundrySensors",
    "OvenProcess",
    "ServiceContext",
    "ServiceContextCoffee",
    "ServiceContextOven",
    "ServiceContextSecond",
    "ServiceContextWasher",
    "ServiceProcess",
    "ServiceProcessSecond",
    "ServiceProcessWasher",
    "ServiceSelection",
    "ServiceSelectionOven",
    "ServiceSelectionWasher",
]


class ServiceSelectionWasher(Structure):
    """Service selection of a washer."""

    field_1 = flag(1)
    field_2 = u16(2)
    field_3 = u8(3)
    field_4 = u16(4)
    field_5 = u8(5)
    field_6 = flag(6)
    field_7 = flag(7)
    field_8 = flag(8)


class ServiceSelectionOven(Structure):
    """Service selection of an oven."""

    field_1 = flag(1)
    field_2 = flag(2)
    field_3 = flag(3)
    field_4 = u8(4)


class ServiceSelection(Attribute, number=124, units=(2,), title="service selection"):
    """Service selection."""

    field_1 = e16(1)
    field_2 = u16(2)
    field_3 = e8(3, note="oven only")
    washer = struct(4, ServiceSelectionWasher)
    oven = struct(5, ServiceSelectionOven)


class ServiceContextWasher(Structure):
    """Service functions of a washer."""

    on_off = annotated(Type.BOOL, 1)
    water_level = generic(Type.U16, 2)
    inlet_way = generic(Type.U8, 3)
    speed = generic(Type.U16, 4)
    actuator_level = generic(Type.U8, 5)
    moisture_resistance = annotated(Type.BOOL, 6)
    calibration = annotated(Type.BOOL, 7)
    user_interface = annotated(Type.BOOL, 8)


class ServiceContextOven(Structure):
    """Service functions of an oven."""

    open = annotated(Type.BOOL, 1)
    lock = annotated(Type.BOOL, 2)
    on = annotated(Type.BOOL, 3)
    level = generic(Type.U8, 4)


class ServiceContextCoffee(Structure):
    """Service functions of a coffee system."""

    ceramic_valve = generic(Type.U8, 5)
    brewing_unit = generic(Type.U8, 6)
    pump = generic(Type.U8, 7)
    spout = generic(Type.U8, 8)
    field_9 = generic(Type.U8, 9)
    field_10 = generic(Type.U8, 10)
    field_11 = generic(Type.U8, 11)
    fan = generic(Type.U8, 12)


class ServiceContext(Attribute, number=154, units=(1, 2), title="service context"):
    """393 has the same layout."""

    program_id = e16(1)
    washer = struct(2, ServiceContextWasher)
    oven = struct(3, ServiceContextOven)
    coffee_machine = struct(4, ServiceContextCoffee)
    field_8 = u16(8)


class ServiceContextSecond(ServiceContext, number=393, units=(1,), title="service context (second instance)"):
    """Same layout as 154; zero in the oven dump."""


class ServiceProcessWasher(Structure):
    """Process data of a washer in service mode: annotated fields 2 to 42, not broken down yet."""


class ServiceProcess(Attribute, number=196, units=(1, 2), title="process data of the service mode"):
    """394 has the same layout."""

    washer = struct(1, ServiceProcessWasher, note="annotated fields 2..42, parallel to 6192/6193", sure="C")
    oven = struct(4, OvenProcessValues, note="same fields as 198", sure="C")
    field_14 = e16s(14)
    supported_requests = e16s(15, note="19, 13, 112 on the oven, same as 1585 field 9", sure="C")


class ServiceProcessSecond(
    ServiceProcess,
    number=394,
    units=(1,),
    title="process data of the service mode (second instance)",
):
    """Same layout as 196; zero in the oven dump."""


class OvenProcess(Attribute, number=198, units=(2,), title="process data, oven"):
    """Process data, oven."""

    field_1 = annotated(Type.U8, 1)
    cavity_temperature = annotated(Type.U16, 2, "°C", divisor=100, note="2116 seen", sure="C")
    field_3 = annotated(Type.U16, 3)
    field_4 = annotated(Type.U16, 4)
    field_5 = annotated(Type.U16, 5)
    electronics_temperature = annotated(Type.U16, 6, "°C", divisor=100, note="2476 seen", sure="C")
    field_7 = annotated(Type.U16, 7)
    field_8 = annotated(Type.U8, 8)
    field_9 = annotated(Type.U8, 9)
    field_10 = annotated(Type.U8, 10)
    field_11 = annotated(Type.U16, 11)
    field_12 = annotated(Type.U16, 12)
    field_13 = annotated(Type.U16, 13)
    field_14 = annotated(Type.U8, 14)
    field_15 = u32s(15)
    field_16 = annotated(Type.U8, 16)
    field_17 = annotated(Type.U8, 17)
    outputs = structs(18, Output, note="34 annotated u8", sure="C")
    field_19 = annotated(Type.U16, 19)
    field_29 = u32s(29)
    field_30 = u32s(30)
    field_31 = annotated(Type.U16, 31)
    field_32 = annotated(Type.U8, 32)
    field_33 = annotated(Type.U8, 33)
    field_34 = annotated(Type.U8, 34)


class HoursOfOperation(Attribute, number=119, units=(2,), title="hours of operation"):
    """In spite of its name the unit is minutes."""

    total = u32(1, "min", sure="A")
    before_replacement = u32(2, "min")
    since_maintenance = u32(3, "min")
    mode_1 = u32(4, "min")
    mode_2 = u32(5, "min")


class LaundryActuators(Attribute, number=6192, units=(2,), title="actuators, laundry"):
    """Heater_1 confirmed with a power meter."""

    heater_1 = annotated(Type.BOOL, 1, sure="A")
    drain_pump = annotated(Type.BOOL, 2)
    intensive_flow_pump = annotated(Type.BOOL, 3)
    valve_1 = annotated(Type.BOOL, 4)
    valve_2 = annotated(Type.BOOL, 5)
    water_distributor_motor = annotated(Type.BOOL, 6)
    heater_2 = annotated(Type.BOOL, 7)
    dosing_pump_1 = annotated(Type.BOOL, 8)
    dosing_pump_2 = annotated(Type.BOOL, 9)
    steam_heater = annotated(Type.BOOL, 10)
    steam_pump = annotated(Type.BOOL, 11)
    dosing_relay_1 = annotated(Type.BOOL, 12)
    dosing_relay_2 = annotated(Type.BOOL, 13)
    dosing_relay_3 = annotated(Type.BOOL, 14)
    dosing_relay_4 = annotated(Type.BOOL, 15)
    dosing_relay_5 = annotated(Type.BOOL, 16)
    dosing_relay_6 = annotated(Type.BOOL, 17)
    coin_end = annotated(Type.BOOL, 18)
    coin_operation = annotated(Type.BOOL, 19)
    peak_load = annotated(Type.BOOL, 20)


class LaundrySensors(Attribute, number=6193, units=(2,), title="sensors, laundry"):
    """Sensors, laundry."""

    water_level = annotated(Type.U16, 1)
    water_inlet_way = annotated(Type.U8, 2)
    spin_speed = annotated(Type.I16, 3, "rpm", note="sign = direction")
    door_switch = annotated(Type.BOOL, 4)
    door_lock = annotated(Type.BOOL, 5)
    water_protection_switch = annotated(Type.BOOL, 6)
    dosing_container_1 = annotated(Type.BOOL, 7)
    dosing_container_2 = annotated(Type.BOOL, 8)
    temperature_1 = annotated(Type.U8, 9, "°C", sure="A")
    temperature_2 = annotated(Type.U8, 10, "°C")
    lance_contact = annotated(Type.BOOL, 11)
    peak_load = annotated(Type.BOOL, 12)
    detected_cap = annotated(Type.U16, 13)
    drawer_switch = annotated(Type.BOOL, 14)
    steam_unit_temperature = annotated(Type.U16, 15)
    coin_payment = annotated(Type.BOOL, 16)


class LaundryProcess(Attribute, number=6195, units=(2,), title="process data, laundry"):
    """47 fields. Only while awake; resets to 0 at program end."""

    block_number = generic(Type.U8, 1)
    block_step = generic(Type.U8, 2)
    load_level = generic(Type.U8, 3)
    remaining_minutes = annotated(Type.U16, 4, "min")
    program_phase = annotated(Type.U16, 5)
    spin_profile = annotated(Type.U8, 6)
    current_level = annotated(Type.I16, 7)
    heater_relay = annotated(Type.BOOL, 8)
    drain_pump = annotated(Type.BOOL, 9)
    circulation_pump = annotated(Type.BOOL, 10)
    cold_valve = annotated(Type.BOOL, 11)
    hot_valve = annotated(Type.BOOL, 12)
    distributor_position = annotated(Type.U16, 13)
    distributor_target = annotated(Type.U16, 14)
    inverter_temperature = annotated(Type.U16, 15)
    energy_consumed = annotated(Type.U16, 16, note="not the energy on tested machines")
    water_consumed = annotated(Type.U16, 17, note="not the water on tested machines")
    wash_block = generic(Type.U16, 18)
    wash_block_index = generic(Type.U8, 19)
    hygiene_counter = annotated(Type.U8, 20)
    flow_meter_impulses = annotated(Type.I32, 21, note="about 199.4 impulses per litre (WCR860)", sure="A")
    suction_time_1 = annotated(Type.I16, 22)
    suction_time_2 = annotated(Type.I16, 23)
    heating_target_temperature = generic(Type.U8, 24, "°C", sure="A")
    heating_energy = annotated(
        Type.U16, 25, "Wh", note="expected value set at start, one source; 1991 = cloud 1.9 kWh, another"
    )
    heating_time = annotated(Type.U16, 26, "s")
    drum_speed = annotated(Type.I16, 27)
    unbalance_mass = annotated(Type.U8, 28)
    steam_result = annotated(Type.U8, 29)
    intensive_flow_state = annotated(Type.U8, 30)
    intensive_flow_active = annotated(Type.U8, 31)
    intensive_load_quantity = annotated(Type.U16, 32)
    intensive_load_level = annotated(Type.U8, 33)
    intensive_filled_quantity = annotated(Type.U16, 34)
    intensive_heating_time = annotated(Type.U16, 36)
    inertia = annotated(Type.U16, 39, note="x 10000")
    water_total = annotated(
        Type.U16,
        40,
        "L",
        divisor=10,
        note="0.1 L on a WCR860 (953 = 95.3 L); named correction factor elsewhere",
        sure="A",
    )
    program_number = annotated(Type.U8, 41)
    step_advance = generic(Type.U8, 58)
    throttle_temperature = annotated(Type.U16, 59)
    abort_error = annotated(Type.U16, 60)
    unbalance_mode = annotated(Type.U8, 61)
    load_1200 = annotated(Type.U16, 62)
    load_600 = annotated(Type.U16, 63)
    load_800 = annotated(Type.U16, 64)
    load_110 = annotated(Type.U16, 65, note="half kilograms, one source")
    load_95 = annotated(Type.U16, 66)
