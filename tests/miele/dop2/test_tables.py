"""The declared tables are the recorded facts, fit every recording and build leaves back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.miele.dop2.notation import ALL_LEAVES, CAPTURES, EXPECTED, RECORDINGS

from homewire.miele.dop2 import (
    ATTRIBUTES,
    Attribute,
    Field,
    Frame,
    Structure,
    Type,
    decode,
    encode,
    enums,
    enums_settings,
    interpret,
)
from homewire.miele.dop2.catalogue import unexplained
from homewire.miele.dop2.structures_laundry import (
    DosingContainer,
    LaundryDevice,
    LaundryOptions,
    LaundryParameters,
    LaundryProgram,
    SmallList,
    ValueList,
)
from homewire.miele.dop2.structures_oven import OvenDevice, OvenOptions, OvenProgram
from homewire.miele.dop2.tables_identity import (
    DeviceIdentification,
    FeatureList,
    Inventory,
    PartAndDate,
    SoftwareIds,
)
from homewire.miele.dop2.tables_module import DateAndTime, NetworkConfiguration
from homewire.miele.dop2.tables_notifications import FailureList
from homewire.miele.dop2.tables_process import LaundryProcess
from homewire.miele.dop2.tables_programs import SettingList
from homewire.miele.dop2.tables_state import CombinedState, DeviceContext, DeviceState
from homewire.miele.dop2.values import Annotated, Code, Ranged, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYOUTS = json.loads((CAPTURES / "dop2-layouts.json").read_text())
ENUMS = json.loads((CAPTURES / "dop2-enums.json").read_text())["enums"]
STRUCTURES = {
    "laundry program attributes (1585 field 5, 1574 field 6)": LaundryProgram,
    "laundry device attributes (1585 field 6)": LaundryDevice,
    "dosing container": DosingContainer,
    "oven/coffee program attributes (1585 field 7, 1574 field 7)": OvenProgram,
    "oven/coffee device attributes (1585 field 8)": OvenDevice,
    "laundry options (1574 field 3)": LaundryOptions,
    "value list (inside laundry options 3 and 5)": ValueList,
    "small list (inside laundry options 6, 7, 8, 11)": SmallList,
    "laundry parameters (1577 field 6)": LaundryParameters,
    "oven options (1574 field 4) and oven parameters (1577 field 7)": OvenOptions,
}


@pytest.mark.parametrize("name", ENUMS)
def test_enumerations(name: str) -> None:
    table = enums_settings.SETTING if name == "setting" else getattr(enums, name.upper())
    assert dict(table) == {int(number): label for number, label in ENUMS[name].items()}


def declared_type(structure: type[Structure], number: int) -> str:
    return re.sub(r"\[\d+\]", "[]", structure.slots[number].label)


def assert_declares(structure: type[Structure], rows: list[list[Any]]) -> None:
    for number, kind, _, _, sure in rows:
        assert declared_type(structure, number) == kind.replace("u8[] or string", "u8[]"), number
        assert structure.slots[number].sure == sure, number


@pytest.mark.parametrize("number", LAYOUTS["attributes"])
def test_every_documented_attribute_is_declared(number: str) -> None:
    layout = LAYOUTS["attributes"][number]
    attribute = ATTRIBUTES[int(number)]
    assert_declares(attribute, layout["fields"])
    assert attribute.number == int(number)
    if layout["units"] != "all":
        assert attribute.units == tuple(map(int, layout["units"].split(",")))


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_documented_structure_is_declared(name: str) -> None:
    assert_declares(STRUCTURES[name], LAYOUTS["structures"][name])


@pytest.mark.parametrize("name", LAYOUTS["attributes"])
def test_named_fields_keep_their_name(name: str) -> None:
    attribute = ATTRIBUTES[int(name)]
    named = {row[0] for row in LAYOUTS["attributes"][name]["fields"] if row[2]}
    assert named <= {number for number, slot in attribute.slots.items() if slot.is_named}


def test_attributes_of_the_proximity_sensor() -> None:
    assert {number for number, each in ATTRIBUTES.items() if each.units == (8,)} == {204, 205, 206, 207}


def structures() -> Iterator[type[Structure]]:
    waiting: list[type[Structure]] = [Structure]
    while waiting:
        here = waiting.pop()
        waiting += here.__subclasses__()
        yield here


def test_no_field_hides_the_api_of_structures() -> None:
    api = {name for cls in (Structure, Attribute) for name in vars(cls)} | {"fields", "frame"}
    assert not {(cls.__name__, name) for cls in structures() for name in cls.names if name in api}


def parts(view: Structure) -> Iterator[Structure]:
    yield view
    for _, value in view.named():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Structure):
                yield from parts(each)


@pytest.mark.parametrize("leaf", ALL_LEAVES.values(), ids=ALL_LEAVES)
def test_recordings_have_no_undeclared_field(leaf: bytes) -> None:
    view = interpret(leaf)
    assert type(view) is not Attribute
    for part in parts(view):
        assert part.unknown == ()
        assert all(part.slots[field.number].kind is field.type for field in part.fields)


# What typed values do not carry: the seventh field of two options, texts whose filling differs.
NOT_REBUILT = {"oven-1-1574", "oven-2-348"}


@pytest.mark.parametrize("name", ALL_LEAVES)
def test_recordings_can_be_built_from_their_typed_values(name: str) -> None:
    view = interpret(ALL_LEAVES[name])
    values = dict(view.named())
    again = type(view).build(unit=view.frame.unit, idx1=view.frame.idx1, idx2=view.frame.idx2, **values)
    assert {field.number for field in again.fields or ()} == {field.number for field in view.fields}
    if name not in NOT_REBUILT:
        assert again.fields == view.fields


EXPECTED_VALUES: dict[str, dict[tuple[int, int], dict[str, Any]]] = {
    "oven": {
        (14, 1565): {"software_version": "09.14", "software_id": 6713, "wifi_mac": "00:1d:63:ff:fe:00:00:01"},
        (14, 1566): {
            "serial_number": "000000123456",
            "technical_type": "EK057S",
            "material_number": "12597311",
        },
        (14, 1568): {"state": 2, "signal_quality": 58, "wifi_band": 2400, "wifi_channel": 6, "rssi": -64},
        (14, 1570): {"active": True, "on_error_only": False, "time_master": True, "list_size": 1},
        (14, 1571): {"device_number": 255, "device_type": 12, "name": "", "program_id": 0},
        (14, 1573): {"dhcp": True, "address": "192.168.1.10", "netmask": "255.255.255.0", "ssid": "HomeLab1"},
        (14, 122): {"utc": 1760040189, "offset": 0},
        (14, 110): {"security": 2, "rssi": -56, "channel": 0},
        (2, 145): {"fabrication_number": "000123456789", "technical_type": "H7560BP"},
        (2, 144): {"device_type": 12, "protocol": 3},
        (2, 119): {"total": 445, "since_maintenance": 445},
        (2, 117): {"failure_code": 5, "active": False, "last_seen": None},
        (2, 105): {"setting_id": 1017, "validity": 5, "current": 0, "minimum": 0, "maximum": 1, "step": 1},
        (2, 1586): {"appliance_state": 4, "operation_state": 5, "process_state": 1},
        (2, 256): {
            "status": 2,
            "program_type": 1,
            "program_id": 0,
            "target_temperature": (None,),
            "light": 2,
        },
        (2, 1577): {"program_id": 0, "parameter": 0, "selection_type": 0},
        (2, 348): {"device_type": 12, "device_class": 30, "has_search": True, "has_camera": False},
        (2, 257): {"info_id": 780, "message_id": 1, "values": (1099528405248, 13198434566145)},
        (15, 170): {"state": 1, "file": "", "flash_accessible": True, "progress": 0},
        (15, 199): {"file": "PRODUCTION/00_000000000011183030_19_2025-06-30-21-49.tar"},
        (9, 333): {"file": "/tmp/log", "access": 0, "size": 8},  # noqa: S108 - a file of the appliance
        (1, 333): {"description": "Cloud-Image for Smart Food Id - Feature", "access": 2, "size": 400000},
        (2, 20): {"unit_numbers": bytes.fromhex("0001020cff"), "unit_addresses": (65535, 2, 1, 12, 65535)},
        (1, 1585): {"session_owner": 1, "mobile_start_active": False},
    },
    "washer-dryer": {(2, 1585): {"session_owner": 0, "mobile_start_active": False}},
}


@pytest.mark.parametrize("name", EXPECTED_VALUES)
def test_recordings_have_the_expected_values(name: str) -> None:
    for where, values in EXPECTED_VALUES[name].items():
        view = interpret(RECORDINGS[name][where])
        assert {key: getattr(view, key) for key in values} == values, where


def test_recorded_lists_and_nested_values() -> None:
    oven = RECORDINGS["oven"]
    derived = {path: leaf.get("derived") for path, leaf in EXPECTED["oven"]["leaves"].items()}
    settings = interpret(oven[2, 114])
    assert isinstance(settings, SettingList)
    assert list((settings.setting_ids or ())[: settings.valid_count]) == derived["2/114"]["setting_ids"]
    context = DeviceContext(decode(oven[1, 1585]))
    requests = context.supported_user_requests or ()
    assert [each for each in requests if each] == derived["1/1585"]["supported_user_requests"]
    assert context.oven_device is not None
    assert context.oven_device.supported_program_groups == 883
    features = interpret(oven[2, 348])
    assert isinstance(features, FeatureList)
    assert features.oven is not None
    assert (features.oven.variant, features.oven.variant_name_2) == (2162, "BO_60XL_PM_D")


def test_washer_dryer_has_two_full_dosing_containers() -> None:
    context = DeviceContext(decode(RECORDINGS["washer-dryer"][2, 1585]))
    assert context.laundry_program is not None
    assert context.laundry_program.program_phase == 12000
    assert context.laundry_device is not None
    first, second = context.laundry_device.dosing_containers or ()
    assert (first.flags, first.size, first.current_dose, second.current_dose) == (1, 14000, 120, 115)
    assert first.fill_level is not None
    assert (first.fill_level.quantity, first.fill_level.unit) == (100, "%")


def test_missing_odd_and_unknown_fields() -> None:
    fields = (Field(1, Type.U16, 5), Field(5, Type.STRING, b"x"), Field(77, Type.U8, 1), Field(1, Type.U8, 9))
    view = DeviceState(Frame(unit=2, attribute=256, fields=fields))
    assert view.status == 5  # another width still reads
    assert view.program_phase is None  # another shape does not
    assert view.light is None  # not there
    assert [field.number for field in view.unknown] == [5, 77]
    assert view.remaining_time is None


def test_codes_know_their_words() -> None:
    assert repr(Code(4, enums.APPLIANCE_STATE)) == "<4: normal>"
    assert Code(99, enums.APPLIANCE_STATE).label == "unknown 99"
    assert not Code(99, enums.APPLIANCE_STATE).known
    assert not Code(99).known
    assert Code(99).label == "99"


def test_building_a_leaf_from_names() -> None:
    frame = CombinedState.build(appliance_state=4)
    assert encode(frame) == bytes.fromhex("000e0002063200000000000100010404")
    clock = DateAndTime.build(unit=14, idx1=1, idx2=1, utc=1760040202, offset=3600)
    assert encode(clock) == bytes.fromhex("001c000e007a00010001000200010b0000000068e8150a00020900000e102020")
    with pytest.raises(KeyError, match="colour"):
        CombinedState.build(colour=4)


def test_building_nested_and_live_values() -> None:
    frame = LaundryProcess.build(water_total=953, block_number=Ranged(current=3, maximum=9, mask=9))
    view = LaundryProcess(decode(encode(frame)))
    assert view.water_total is not None
    assert (view.water_total.quantity, view.water_total.unit, view.water_total.meaning) == (95.3, "L", "none")
    assert view.block_number is not None
    assert (view.block_number.quantity, view.block_number.maximum, view.block_number.changeable) == (
        3,
        9,
        True,
    )
    state = DeviceState.build(remote_enable={"mobile_start": True}, current_temperature=(40.5, None))
    again = DeviceState(decode(encode(state)))
    assert again.current_temperature == (40.5, None)
    assert again.remote_enable is not None
    assert dict(again.remote_enable.named()) == {"mobile_start": True}
    assert repr(again.remote_enable) == "RemoteEnable(mobile_start=True)"
    assert len({again.remote_enable, DeviceState(state).remote_enable}) == 1


def test_addresses_and_texts_are_written_as_they_are_read() -> None:
    frame = NetworkConfiguration.build(address="192.168.1.10", ssid="Küche", unit=14)
    view = NetworkConfiguration(decode(encode(frame)))
    assert (view.address, view.ssid) == ("192.168.1.10", "Küche")
    assert frame.get(9) == "Küche".encode().ljust(32, b"\0")
    software = SoftwareIds.build(software_ids=[{"id": 1, "build_date": "Jan  1 2025"}])
    assert SoftwareIds(software).software_ids is not None


def test_interpretations_carry_units() -> None:
    assert Annotated(value=16000, interpretation=3).quantity == 160
    assert Annotated(value=16000, interpretation=3).unit == "°C"
    assert Annotated(value=160, interpretation=49).quantity == 1600
    assert Annotated(value=5, mask=0).quantity is None
    assert Annotated(value=True, interpretation=38).quantity is True
    assert Ranged(current=5, mask=0).quantity is None
    assert Ranged(current=5, interpretation=6).unit == "min"
    assert Ranged(current=5, interpretation=6).meaning == "minutes"
    assert not Annotated(value=1).changeable
    assert unit_of(38) == ""


def test_a_slot_seen_from_its_class_is_the_declaration() -> None:
    assert repr(DeviceState.status) == "<slot 1 e8 status>"
    assert DeviceState.status.number == 1


def test_fields_without_declaration_are_not_named() -> None:
    view = DeviceState(Frame(unit=2, attribute=256, fields=(Field(200, Type.U8, 1), Field(1, Type.E8, 5))))
    assert dict(view.named()) == {"status": 5}


def test_live_values_without_a_value_read_as_none() -> None:
    mask = (Field(1, Type.U8, 9),)
    fields = (Field(1, Type.STRUCT, mask), Field(4, Type.STRUCT, mask))
    view = LaundryProcess(Frame(unit=2, attribute=6195, fields=fields))
    assert view.block_number is None
    assert view.remaining_minutes is None


def test_what_no_table_knows_is_told() -> None:
    assert list(unexplained(interpret(Frame(unit=7, attribute=4711)))) == [("DOP2 attribute", "7/4711")]
    inner = (Field(9, Type.U8, 1),)
    fields = (Field(1, Type.E8, 187), Field(2, Type.STRUCT, inner), Field(77, Type.U16, 1))
    assert list(unexplained(interpret(Frame(unit=2, attribute=256, fields=fields)))) == [
        ("DOP2 field", "2/256 field 77 u16"),
        ("DOP2 status", "187"),
        ("DOP2 field", "2/256 remote_enable field 9 u8"),
    ]


@pytest.mark.parametrize("leaf", ALL_LEAVES.values(), ids=ALL_LEAVES)
def test_recordings_hold_few_unexplained_numbers(leaf: bytes) -> None:
    assert not [each for each in unexplained(interpret(leaf)) if each[0] in ("DOP2 attribute", "DOP2 field")]


def test_recorded_inventory_failures_and_dates() -> None:
    oven = RECORDINGS["oven"]
    derived = {path: leaf.get("derived") for path, leaf in EXPECTED["oven"]["leaves"].items()}
    inventory = Inventory(decode(oven[2, 153]))
    boards = [[each.name, each.id, each.revision] for each in inventory.boards or ()]
    assert boards[: inventory.board_count] == derived["2/153"]["boards"]
    parts = [[each.name, each.material_number] for each in inventory.part_numbers or ()]
    assert parts[: inventory.part_number_count] == derived["2/153"]["part_numbers"]
    failures = FailureList(decode(oven[2, 148])).failures or ()
    assert [each.code for each in failures if each.code] == derived["2/148"]["failure_codes"]
    assert len(failures) == derived["2/148"]["elements"]
    assert not any(each.present_now for each in failures)
    assert PartAndDate(decode(oven[2, 173])).date == bytes.fromhex("15051419")
    identification = DeviceIdentification(decode(oven[2, 144])).applications
    assert identification is not None
    assert (identification.miele_at_home, identification.wash_to_dry) == (True, False)
