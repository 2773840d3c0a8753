"""Leaves of the communication module (unit 14): network, clock, supervision.

Source: docs/protocols/miele-dop2.md, section 7. 1570 and 1571 are the other appliances of the household, not
a program catalogue (section 9.5).
"""

from __future__ import annotations

from homewire.miele.codes import DEVICE_TYPE, PROGRAM_TYPE, STANDBY_STATE
from homewire.miele.dop2.enums import MODULE_REQUEST, MODULE_STATE, WIFI_SECURITY
from homewire.miele.dop2.schema import Attribute
from homewire.miele.dop2.slots import blob, e8, e8s, e16, flag, i8, i32, i32s, octets, text, u8, u16, u32, u64

__all__ = [
    "DateAndTime",
    "MemoryFigures",
    "ModuleIdentification",
    "ModuleLabel",
    "ModuleRequest",
    "ModuleState",
    "NetworkConfiguration",
    "SupervisionEntry",
    "SupervisionList",
    "VisibleNetwork",
]


class MemoryFigures(Attribute, number=21, units=(14,), title="memory or buffer figures"):
    """Meaning unknown."""

    field_1 = u32(1, note="4096 seen")
    field_2 = u32(2, note="4 seen")
    field_3 = u32(3)
    field_4 = u32(4)


class VisibleNetwork(Attribute, number=110, units=(14,), title="visible network"):
    """One network per page."""

    ssid = text(1, 32, sure="A")
    security = e8(2, WIFI_SECURITY)
    rssi = i8(3, "dBm", sure="A")
    channel = e8(4)


class DateAndTime(Attribute, number=122, units=(2, 14), title="date and time", writable=True):
    """Writable on unit 14 (sets the clock)."""

    utc = u64(1, "s", note="since 1970", sure="A")
    offset = i32(2, "s", note="assumed")


class ModuleRequest(Attribute, number=130, units=(14,), title="module request", writable=True):
    """Writable. Reads back 0."""

    request = e8(1, MODULE_REQUEST, sure="A")


class ModuleIdentification(Attribute, number=1565, units=(14,), title="module identification"):
    """Module identification."""

    application_type = e8(2)
    module_type = e8(3)
    software_version = text(4, 5, sure="A")
    software_id = u16(5, sure="A")
    wifi_mac = octets(6, ":", note="EUI-64: 00 1D 63 FF FE xx xx xx", sure="A")
    application_scope = e8(7)
    lan_mac = octets(8, ":", note="EUI-64")
    field_9 = e8s(9, note="10 entries, newer firmware")


class ModuleLabel(Attribute, number=1566, units=(14,), title="module label"):
    """Module label."""

    serial_number = text(1, 12, sure="A")
    index = text(2, 2, sure="A")
    technical_type = text(3, 15, sure="A")
    material_number = text(4, 8, sure="A")


class ModuleState(Attribute, number=1568, units=(14,), title="module state"):
    """Module state."""

    state = e8(1, MODULE_STATE, sure="A")
    signal_quality = u8(2, "%")
    system_state = e8(3)
    request_active = e8(4)
    request_state = e8(5)
    sync_state = e8(6)
    configured = flag(7)
    cloud_status = u16(8)
    connected_clients = u8(9)
    connected_peripherals = u16(10)
    wifi_band = u16(11, "MHz", note="2400 seen", sure="A")
    wifi_channel = e8(12, sure="A")
    rssi = i8(13, "dBm", sure="A")
    bssid = octets(14, ":", sure="A")
    bluetooth_state = e8(15)


class SupervisionList(Attribute, number=1570, units=(14,), title="supervision list"):
    """NOT a program list."""

    active = flag(1)
    on_error_only = flag(2)
    time_master = flag(3)
    list_size = u8(4, sure="A")
    order = blob(5, note="12 device numbers, ff = own device, 0 = end", sure="C")
    order_supervision = blob(6, sure="C")


class SupervisionEntry(Attribute, number=1571, units=(14,), title="supervision entry"):
    """NOT an option list. One entry per page."""

    device_number = u8(1, note="255 = own device", sure="A")
    device_type = e8(2, DEVICE_TYPE, sure="A")
    name = text(3, 60, sure="A")
    connection_state = u8(4)
    show = flag(5)
    signal = flag(6)
    supervision_active = flag(7)
    screen = e8(8)
    text_id = e16(9)
    start_time = u32(10, "s", note="assumed", sure="C")
    remaining_time = u32(11, "s", note="5160 on the washer, equals 256/7", sure="C")
    process_values = i32s(12, note="-2147483648 = none")
    program_type = e8(13, PROGRAM_TYPE)
    program_phase = e16(14, sure="A")
    signal_door = flag(15)
    signal_info = flag(16)
    address = text(17, 20, note="'mac-001D63FFFE……'", sure="A")
    remote_enable = u8(18)
    standby_state = e8(19, STANDBY_STATE)
    field_20 = u8(20)
    field_21 = u8(21)
    field_22 = u8(22)
    field_23 = e8(23)
    program_id = u16(24, sure="A")


class NetworkConfiguration(Attribute, number=1573, units=(14,), title="network configuration"):
    """Network configuration."""

    dhcp = flag(1, sure="A")
    address = octets(2, ".", sure="A")
    netmask = octets(3, ".", sure="A")
    gateway = octets(4, ".", sure="A")
    dns_auto = flag(5)
    dns_1 = octets(6, ".", sure="A")
    dns_2 = octets(7, ".", sure="A")
    wifi_key = blob(8, note="63; masked, every character is byte 07", sure="A")
    ssid = text(9, 32, sure="A")
    security = e8(10, WIFI_SECURITY)
    channel = e8(11)
