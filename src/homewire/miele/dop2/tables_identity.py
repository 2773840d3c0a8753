"""Leaves that tell what an appliance is: labels, boards, software, features.

Source: docs/protocols/miele-dop2.md, section 7.
"""

from __future__ import annotations

from homewire.miele.codes import DEVICE_TYPE
from homewire.miele.dop2.enums import PROTOCOL
from homewire.miele.dop2.schema import Attribute, Structure
from homewire.miele.dop2.slots import (
    blob,
    e8,
    e16,
    flag,
    i8s,
    string,
    struct,
    structs,
    text,
    u8,
    u16,
    u16s,
    u32,
    u32s,
)

__all__ = [
    "DeviceApplications",
    "DeviceFunctions",
    "DeviceIdentification",
    "DeviceUnit",
    "FeatureList",
    "IdentificationLabel",
    "Inventory",
    "ObjectTableEntry",
    "OvenFeatures",
    "PartAndBarCode",
    "PartAndDate",
    "PartNumber",
    "SoftwareBuild",
    "SoftwareId",
    "SoftwareIds",
    "SoftwarePart",
    "SupportedFeatures",
    "UnitMap",
]


class SoftwareId(Structure):
    """One piece of software."""

    id = u16(1, sure="A")
    build_date = text(2, 12, sure="A")
    build_time = text(3, 9, sure="A")


class SoftwareIds(Attribute, number=17, units=(1, 2, 3, 8, 9, 12, 14), title="software ids"):
    """Always 10 (unit 12: 3) elements, unused ones zero."""

    valid_count = u16(1, note="how many entries are used", sure="A")
    software_ids = structs(2, SoftwareId, sure="A")


class ObjectTableEntry(Attribute, number=19, units=(1, 2, 3, 8, 9, 12, 14, 15), title="object table entry"):
    """One object per page; walk with idx1 until idx1 = idx2."""

    object_id = u16(1, note="attribute number", sure="A")
    instances = u16(2)
    read_rights = u16(3, note="bit mask of access levels, high byte")
    write_rights = u16(4)
    subscribe_rights = u16(5)


class UnitMap(Attribute, number=20, units=(2,), title="unit map"):
    """Unit map."""

    unit_numbers = blob(1, note="five bytes, ff = unused", sure="C")
    unit_addresses = u16s(2, note="five numbers, 65535 = unused", sure="C")


class DeviceFunctions(Structure):
    """Functions of the appliance, meaning unknown."""

    field_3 = flag(3)
    field_4 = flag(4)
    field_5 = flag(5)


class DeviceApplications(Structure):
    """Applications that the appliance knows."""

    miele_at_home = flag(1)
    remote_vision = flag(2)
    super_vision = flag(3)
    smart_grid = flag(4)
    mobile_control = flag(5)
    field_6 = flag(6)
    field_7 = flag(7)
    voice_control = flag(8)
    field_9 = flag(9)
    feature_list = flag(10)
    wash_to_dry = flag(11)


class DeviceUnit(Structure):
    """A unit of the appliance."""

    device_type = e8(1, DEVICE_TYPE, sure="C")
    field_2 = u8(2)
    field_3 = u8(3)


class DeviceIdentification(Attribute, number=144, units=(2,), title="device identification"):
    """What the appliance is and which applications it knows."""

    device_type = e8(1, DEVICE_TYPE, sure="A")
    protocol = e8(2, PROTOCOL)
    functions = struct(3, DeviceFunctions)
    applications = struct(5, DeviceApplications)
    field_6 = u8(6)
    device_units = structs(7, DeviceUnit, sure="C")
    variant = u16(8, note="2162 on the oven, equals 348/131/1", sure="C")
    radio_variant = e16(9)
    field_10 = i8s(10, note="14 entries")
    field_11 = e8(11)


class IdentificationLabel(Attribute, number=145, units=(2,), title="identification label"):
    """Identification label."""

    fabrication_number = text(1, 12, sure="A")
    fabrication_index = text(2, 2, sure="A")
    technical_type = text(3, 15, fill=b" ", note="blank padded", sure="A")
    material_number = text(4, 8, sure="A")


class SoftwarePart(Structure):
    """A board or data package."""

    name = text(1, 10, sure="C")
    id = u16(2, sure="C")
    revision = u16(3, sure="C")


class PartNumber(Structure):
    """A material number."""

    name = text(1, 10, sure="C")
    material_number = u32(2, sure="C")


class Inventory(Attribute, number=153, units=(2,), title="parts and software inventory"):
    """Parts and software inventory."""

    boards = structs(1, SoftwarePart, sure="C")
    board_count = u8(2, sure="C")
    data_packages = structs(3, SoftwarePart, note="oven only", sure="C")
    data_package_count = u8(4, sure="C")
    part_numbers = structs(5, PartNumber, sure="C")
    part_number_count = u8(6, sure="C")


class PartAndDate(Attribute, number=173, units=(1, 2), title="part and production date"):
    """Part and production date."""

    part_name = text(1, 10, sure="A")
    date = blob(
        2,
        note="four bytes day, month, century, year (15 05 14 19 hex = 21 May 2025); named 'code' elsewhere",
        sure="C",
    )


class PartAndBarCode(Attribute, number=174, units=(1, 2, 8), title="part and bar code"):
    """One client calls field 2 date of test, another barcode; the data look like a bar code."""

    part_name = text(1, 10, sure="A")
    bar_code = blob(2, note="8 bytes", sure="C")


class SupportedFeatures(Attribute, number=347, units=(2,), title="supported features bitmap"):
    """Supported features bitmap."""

    bits = u32s(1, note="12 words", sure="C")


class OvenFeatures(Structure):
    """Features of an oven."""

    variant = u16(1)
    field_2 = e8(2)
    field_3 = e8(3)
    field_4 = e16(4)
    field_5 = e8(5)
    field_6 = flag(6)
    field_7 = flag(7)
    field_8 = e8(8)
    field_9 = e8(9)
    field_10 = flag(10)
    field_11 = e8(11)
    field_12 = flag(12)
    variant_name_1 = string(13)
    variant_name_2 = string(14, note="14 comes without a final NUL")
    variant_name_3 = string(15)
    variant_name_4 = string(16)
    field_17 = flag(17)
    field_18 = flag(18)
    field_19 = flag(19)
    software_id = u16(20)
    field_21 = flag(21)
    field_22 = flag(22)
    field_23 = flag(23)
    field_24 = flag(24)


class FeatureList(Attribute, number=348, units=(2,), title="feature list"):
    """Feature list."""

    device_type = e8(1, DEVICE_TYPE, sure="A")
    device_class = e8(2)
    device_sub_class = u16(3)
    field_4 = e16(4)
    has_search = flag(5)
    has_camera = flag(6)
    sub_type = e8(7)
    oven = struct(131, OvenFeatures)


class SoftwareBuild(Attribute, number=6194, units=(2,), title="software build"):
    """Software build."""

    date = string(1, sure="A")
    time = string(2, sure="A")
    id = u16(3, sure="A")
    version = u16(4)
