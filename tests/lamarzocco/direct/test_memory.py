from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lamarzocco.direct.vectors import VECTORS, vector

from homewire.errors import InvalidValue
from homewire.lamarzocco.direct.codec import ReadReply, Stream, WriteRequest, parse_message
from homewire.lamarzocco.direct.fields import Field, Model, PanelText, Text, Version
from homewire.lamarzocco.direct.memory import (
    MemoryImage,
    clock_bytes,
    clock_time,
    decode,
    decode_stream,
    derive,
    factory_shift,
    group_offset_c,
    markdown_table,
)
from homewire.lamarzocco.direct.memory_map import BLOCKS, DAYS, FACTORY, FIELDS, FLOW

_ENVELOPE = {"kind", "type", "address", "length", "check", "data_hex", "ok", "status_text", "error"}


def _presented(values: dict[str, Any]) -> dict[str, Any]:
    """Show values as the vectors do: hours and minutes merged, units as letters, an offset year."""
    shown = dict(values)
    if "mon_on" in shown:
        shown = {k: v for k, v in shown.items() if not k.endswith(("_hour", "_minute"))}
        shown |= {k: v.strftime("%H:%M") for k, v in shown.items() if isinstance(v, dt.time)}
    if "temperature_unit" in shown:
        shown["temperature_unit"] = "CF"[shown["temperature_unit"]]
    if "clock_year" in shown:
        shown["clock_year"] += 2000
    return shown


CARRYING = [v for v in VECTORS if v["decoded"]["kind"] in ("read_reply", "stream", "write_request")]


@pytest.mark.parametrize("vector", CARRYING, ids=lambda v: str(v["name"]))
def test_vector_fields(vector: dict[str, Any]) -> None:
    message = parse_message(vector["plaintext"].encode())
    assert isinstance(message, ReadReply | Stream | WriteRequest)
    expected = {k: v for k, v in vector["decoded"].items() if k not in _ENVELOPE}
    context = vector["meta"].get("context", {})
    if isinstance(message, Stream):
        values = decode_stream(message.address, message.data)
    else:
        values = decode(message.address, message.data)
    found = _presented(values | derive(values))
    if "group_offset_c" in context:
        found["coffee_temp_c"] = round(found["coffee_boiler_temp_c"] - context["group_offset_c"], 1)
    for name in expected.keys() - _not_in_memory(message):
        assert found[name] == expected[name], name
    assert found.keys() <= expected.keys() | _not_in_memory(message)


def _not_in_memory(message: ReadReply | Stream | WriteRequest) -> set[str]:
    """Names that a vector states and the table does not, with the reason."""
    if message.address == 0x60DA:
        return {"unknown_60da_words"}  # their meaning is unknown, so they are no fields
    if isinstance(message, WriteRequest) and message.address == 0x00E1:
        return {"feature_command", "steam_boiler_enabled", "backflush_active"}  # a command, not memory
    if isinstance(message, WriteRequest) and message.address == 0x0322:
        # lmdirect's minute pair, one byte high: the table sees what such a write really changes
        return {
            "legacy_minute_day",
            "legacy_minute_on",
            "legacy_minute_off",
            "tue_off_minute",
            "wed_on_minute",
        }
    return set()


@pytest.mark.parametrize("vector", CARRYING, ids=lambda v: str(v["name"]))
def test_fields_of_vectors_go_back_to_their_bytes(vector: dict[str, Any]) -> None:
    message = parse_message(vector["plaintext"].encode())
    assert isinstance(message, ReadReply | Stream | WriteRequest)
    stream = isinstance(message, Stream)
    fields = FLOW.fields if stream else tuple(FIELDS.values())
    shift = factory_shift(message.data) if message.address == FACTORY.address else 0
    for field in fields:
        start = field.address - message.address - shift
        part = message.data[max(start, 0) : start + field.size]
        if start >= 0 and len(part) == field.size and field.name != "display_line1":
            assert field.encode(field.decode(part), part) == part, field.name


def _encodable(field: Field) -> bool:
    return isinstance(field.encoding, Text | Version | PanelText)


@given(st.sampled_from(sorted(FIELDS)), st.data())
def test_every_number_and_flag_survives_memory(name: str, data: st.DataObject) -> None:
    field = FIELDS[name]
    if _encodable(field):
        return
    before = data.draw(st.binary(min_size=field.size, max_size=field.size))
    value = field.decode(data.draw(st.binary(min_size=field.size, max_size=field.size)))
    assert field.decode(field.encode(value, before)) == value


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=16))
def test_every_serial_survives_memory(text: str) -> None:
    field = FIELDS["machine_serial"]
    assert field.decode(field.encode(text)) == text


@given(st.integers(0, 255))
def test_every_firmware_survives_memory(raw: int) -> None:
    field = FIELDS["firmware_version"]
    assert field.encode(field.decode(bytes((raw,)))) == bytes((raw,))


@given(st.binary(min_size=16, max_size=16))
def test_every_panel_line_survives_memory(raw: bytes) -> None:
    field = FIELDS["display_line1"]
    assert PanelText().decode(field.encode(field.decode(raw))) == PanelText().decode(raw)


NEAR_BLOCKS = st.builds(
    lambda block, off: max(0, block.address + off), st.sampled_from(BLOCKS), st.integers(-4, 40)
)


@given(st.integers(0, 0xFFFF) | NEAR_BLOCKS, st.binary(max_size=64))
def test_any_memory_decodes(address: int, data: bytes) -> None:
    values = decode(address, data)
    derive(values)
    decode_stream(address, data)


@given(
    st.binary(min_size=35, max_size=35),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=29, max_size=29),
)
def test_any_moving_block_decodes(panel: bytes, factory: bytes, schedule: bytes) -> None:
    assert isinstance(decode(0x60ED, panel)["display_line1"], str)
    values = decode(0x4060, factory)
    values |= decode(0x0310, schedule)
    derive(values)


def test_blocks_and_fields_fit() -> None:
    names = [field.name for block in BLOCKS if block is not FLOW for field in block.fields]
    assert len(names) == len(set(names))
    for block in BLOCKS:
        for field in block.fields:
            assert block.address <= field.address, field.name
            assert field.end <= block.end, field.name


def test_the_factory_block_moves_with_the_firmware() -> None:
    old = bytes.fromhex(vector("gs3mp-factory-config-shifted")["plaintext"][9:-2])
    new = bytes.fromhex(vector("gs3av-factory-config")["plaintext"][9:-2])
    assert (factory_shift(old), factory_shift(new)) == (1, 0)
    assert factory_shift(old, (93.2, 120.5)) == 1
    assert factory_shift(old, (50.0, 50.0)) == 1  # a setpoint that just changed: plausible numbers decide
    assert factory_shift(bytes(32)) == 0


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_the_panel_moves_with_the_firmware(shift: int) -> None:
    text = b"STAND-BY   09:12\0KITCHEN     T:22"
    data = (b"." * shift + text).ljust(35, b" ")
    values = decode(0x60ED, data)
    assert values["display_line1"] == "STAND-BY   09:12"
    assert values.get("display_line2") == ("KITCHEN     T:22")


def test_a_panel_cut_short_has_one_line() -> None:
    data = b"..STAND-BY   09:12\0KITCHEN     T:"[:33]
    assert decode(0x60ED, data) == {"display_line1": "STAND-BY   09:12"}


def test_group_offset_needs_both_offsets() -> None:
    assert group_offset_c({"group_offset_raw": 105}) is None
    assert group_offset_c({"group_offset_raw": 105, "factory_offset_raw": 0}) == 0.0


def test_unknown_outputs_are_shown() -> None:
    assert derive({"outputs_raw": 0x81})["outputs"] == ["pump", "0x80"]


def test_coffee_temperature_follows_the_group_offset() -> None:
    values = {"group_offset_raw": 105, "factory_offset_raw": 85, "temperature_unit": 0}
    assert derive(values) == {"group_offset_c": 1.0}
    assert derive(values | {"coffee_boiler_temp_c": 94.8})["coffee_temp_c"] == 93.8


def test_schedule_bytes_that_are_no_time_are_unknown() -> None:
    values = decode(0x0310, b"\x01" + b"\x19" * 28)
    assert derive(values)["mon_on"] is None


def test_the_clock_goes_both_ways() -> None:
    moment = dt.datetime.fromisoformat("2022-03-06T14:27:09")
    assert clock_bytes(moment).hex().upper() == "091B0E07060316"
    assert clock_time(decode(0x0300, clock_bytes(moment))) == moment


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("091B0E0706027A", dt.datetime.fromisoformat("2022-03-06T14:27:09")),  # written by a later gateway
        ("091B0E07060016", dt.datetime.fromisoformat("2022-01-06T14:27:09")),
        ("FFFFFFFFFFFFFF", None),
    ],
)
def test_clocks_of_other_kinds(raw: str, expected: dt.datetime | None) -> None:
    assert clock_time(decode(0x0300, bytes.fromhex(raw))) == expected


def test_streams_of_other_shapes_say_nothing() -> None:
    assert decode_stream(0x6000, bytes(21)) == {}


def test_memory_is_read_and_changed_by_name() -> None:
    memory = MemoryImage({0x0000: bytes(31), 0x4060: bytes(32)}, shifts={"group_offset_raw": 1})
    memory["coffee_setpoint_c"] = 93.5
    memory["group_offset_raw"] = 95
    assert memory["coffee_setpoint_c"] == 93.5
    assert memory.load(0x0007, 2) == b"\x03\xa7"
    assert memory.load(0x407A, 2) == b"\x5f\x00"
    assert memory.holds(0, 31)
    assert not memory.holds(0, 32)
    assert not memory.holds(0, 0)
    assert not memory.holds(0xFFFF, 2)


def test_what_may_be_set_is_checked() -> None:
    FIELDS["coffee_setpoint_c"].check(93.5)
    FIELDS["power_on"].check(True)
    for name, value in (
        ("coffee_setpoint_c", 86.9),
        ("coffee_setpoint_c", float("nan")),
        ("coffee_setpoint_c", True),
        ("coffee_setpoint_c", "93"),
        ("power_on", 1),
    ):
        with pytest.raises(InvalidValue):
            FIELDS[name].check(value)
    assert FIELDS["coffee_setpoint_c"].allowed == "87 to 100 °C"
    assert FIELDS["prebrew_mode"].allowed == "0 to 2"
    assert FIELDS["power_on"].allowed == "True, False"


def test_what_does_not_fit_the_bytes_is_refused() -> None:
    with pytest.raises(InvalidValue, match="6553"):
        FIELDS["coffee_setpoint_c"].encode(6553.6)
    with pytest.raises(InvalidValue):
        FIELDS["machine_serial"].encode("é")
    assert FIELDS["dose_k1_pulses"].encode(70) == b"\x00\x46"


@pytest.mark.parametrize(("seconds", "raw"), [(1.19, 12), (1.14, 11), (1.15, 12), (5.9, 59), (0.3, 3)])
def test_tenths_are_rounded_half_up(seconds: float, raw: int) -> None:
    assert FIELDS["prebrew_on_k1_s"].encode(seconds) == bytes((raw,))


def test_one_bit_leaves_the_others() -> None:
    assert FIELDS["sat_enabled"].encode(True, b"\x3f") == b"\x7f"
    assert FIELDS["schedule_enabled"].encode(False, b"\x3f") == b"\x3e"


def test_the_map_documents_itself() -> None:
    table = markdown_table()
    assert (
        "| 0007 | 2 | Coffee boiler target temperature | °C | 87 to 100 °C | all | `coffee_setpoint_c` |"
        in table
    )
    assert all(f"`{name}`" in table for name in FIELDS)
    assert FIELDS["dose_k1_pulses"].models == {Model.GS3_AV}
    assert len(DAYS) == 7
