"""Frames, fields and tables where the vectors do not reach: limits, leftovers, and any input at all."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homewire.errors import ProtocolError
from homewire.homismart import codec, models
from homewire.homismart.codec import Direction, FrameError, Problem, decode, encode
from homewire.homismart.codes import DeviceType, ErrorCode, Kind
from homewire.homismart.models import read_report
from homewire.homismart.prefixes import ANSWERS, LIST_REPLIES, ReceivePrefix, RequestPrefix
from homewire.homismart.session import HomismartSession

PAGE = (Path(__file__).parents[2] / "docs" / "protocols" / "homismart.md").read_text()
ROW = re.compile(r"^\| `(\d{4})` \| ([^|]*) \| `(\w+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|", re.MULTILINE)
SENT = ROW.findall(PAGE[PAGE.index("### 13.1") : PAGE.index("### 13.2")])
RECEIVED = ROW.findall(PAGE[PAGE.index("### 13.2") : PAGE.index("## 14.")])

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
directions = st.sampled_from(Direction)


def test_the_tables_are_those_of_the_page() -> None:
    assert (len(SENT), len(RECEIVED)) == (82, 76)
    assert [(p.value, p.name.lower()) for p in RequestPrefix] == [(row[0], row[2]) for row in SENT]
    assert [(p.value, p.name.lower()) for p in ReceivePrefix] == [(row[0], row[2]) for row in RECEIVED]
    answers = {row[0]: match[1] for row in SENT if (match := re.match(r"`(\d{4})`", row[5].strip()))}
    assert {k.value: v.value for k, v in ANSWERS.items()} == {k: v for k, v in answers.items() if v != "0009"}
    lists = {row[0] for row in RECEIVED if "a list" in row[4] or row[2] == "device_list"}
    assert {reply.value for reply in LIST_REPLIES} == lists


def test_the_replaced_librarys_names_are_kept() -> None:
    assert RequestPrefix["TOGGLE_PROPERTY"] is RequestPrefix.DEVICE_CONTROL
    assert ReceivePrefix["DEVICE_UPDATE_PUSH"] is ReceivePrefix.DEVICE_PUSH
    assert ErrorCode["MAIN_UNIT_NOT_ONLINE"] is ErrorCode.HUB_OFFLINE


def test_unknown_numbers_stay_what_they_are() -> None:
    assert DeviceType(42).name == "UNKNOWN_42"
    assert DeviceType(42) == 42
    assert DeviceType(3).kind is Kind.UNKNOWN
    assert ErrorCode(500).meaning == "unknown error code 500"
    assert ErrorCode(500).hint is None
    with pytest.raises(ValueError, match="many"):
        ErrorCode("many")  # type: ignore[arg-type]  # what a careless caller might try
    every = re.findall(r"^\| (\d+) \| ([^|]+) \| ?(\d*) ?\|$", PAGE, re.MULTILINE)
    for code, _meaning, alias in every:
        assert ErrorCode(int(code)).main == int(alias or code)
        assert "unknown error code" not in ErrorCode(int(code)).meaning


@given(st.sampled_from([*RequestPrefix, *ReceivePrefix]), json_values)
def test_what_is_encoded_is_decoded(prefix: RequestPrefix | ReceivePrefix, body: Any) -> None:
    direction = Direction.TO_SERVER if isinstance(prefix, RequestPrefix) else Direction.TO_CLIENT
    frame = decode(encode(prefix, body), direction)
    assert frame.kind is prefix
    assert frame.body == ({} if body is None else body)


@given(st.text() | st.binary() | st.from_regex(r"\d{4}[\[{].*", fullmatch=True), directions)
def test_any_input_is_read_or_refused(content: str | bytes, direction: Direction) -> None:
    offset: int | None = 0
    try:
        frame = decode(content, direction)
        if direction is Direction.TO_CLIENT:
            read_report(frame)
    except ProtocolError as error:
        offset = error.offset
    assert offset is not None


@given(st.sampled_from(ReceivePrefix), json_values)
def test_any_body_of_any_reply_is_read_or_refused(prefix: ReceivePrefix, body: Any) -> None:
    blamed: str | None = prefix.value
    try:
        read_report(decode(encode(prefix, body), Direction.TO_CLIENT))
    except FrameError as error:
        blamed = error.prefix
    assert blamed == prefix.value


def test_a_frame_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_FRAME_BYTES", 10)
    with pytest.raises(FrameError) as caught:
        decode("0009" + "1" * 7, Direction.TO_CLIENT)
    assert caught.value.problem is Problem.TOO_LONG


def test_deep_nesting_is_refused_before_it_hurts() -> None:
    for deep in ("[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000):
        with pytest.raises(FrameError):
            read_report(decode("0009" + deep, Direction.TO_CLIENT))
    nested = json.dumps({"id": "x", "a": json.loads("[" * 200 + "]" * 200), "b": {"c": [1]}})
    session = HomismartSession()
    for _ in range(2):
        session.take(read_report(decode(f"0009{nested}", Direction.TO_CLIENT)))
    (known,) = session.all_objects()
    assert known.raw == {"id": "x", "b": {"c": [1]}}


def test_a_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(FrameError) as caught:
        decode('0009{"id":"\ud800"}', Direction.TO_CLIENT)
    assert caught.value.problem is Problem.BAD_JSON


def test_the_offset_is_where_the_json_breaks() -> None:
    with pytest.raises(FrameError) as caught:
        decode('0009{"a":1,}', Direction.TO_CLIENT)
    assert caught.value.offset == 11


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (5, 5),
        ("5", 5),
        ("-5", -5),
        (5.0, 5),
        (5.5, None),
        (True, None),
        ("\N{ARABIC-INDIC DIGIT FIVE}", None),
        ("5 ", None),
        ("9" * 5000, None),
        (1e300, None),
        (10**20, None),
        (None, None),
        ([], None),
    ],
)
def test_whole_numbers(value: object, read: int | None) -> None:
    assert models.read_whole(value) == read


def test_other_readers() -> None:
    assert [models.read_flag(v) for v in (True, 1, 0.0, "false", 2, None)] == [
        True,
        True,
        False,
        None,
        None,
        None,
    ]
    assert [models.read_text(v) for v in ("a", 7, True, None, 1.5)] == ["a", "7", None, None, None]
    assert [models.read_number(v) for v in (1.5, 7, True, "7")] == [1.5, 7, None, None]
    locks: list[object] = ["2", "1", 1, "3", []]
    assert [models.read_lock(v) for v in locks] == [True, False, None, None, None]
    assert [models.read_percent(v) for v in (0, 100, 101, -1)] == [0, 100, None, None]


def test_times_without_a_zone_are_read_in_the_flats() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    read = models.read_last_on("2026-01-01 02:00:00", zone)
    assert read == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for bad in ("", "yesterday", 7, "2026-02-30 00:00:00", "9999-12-31 23:59:59", "0001-01-01 00:00:00"):
        assert models.read_last_on(bad) is None


def test_malformed_fields_are_named() -> None:
    record = {
        "id": "x",
        "power": "false",
        "led": 500,
        "lastOn": "",
        "curtainState": "",
        "name": None,
        "future": [],
        "lock": 1,
    }
    assert models.malformed_fields(record) == ["power", "led", "lock"]
    assert models.malformed_fields({"lastOn": "soon", "curtainState": []}) == ["lastOn", "curtainState"]


def test_results_of_adding_and_deleting_must_be_complete() -> None:
    for frame in (
        '0013{"result":true}',
        '0013{"result":true,"status":7}',
        '0015{"result":"yes"}',
        '0015{"result":true,"status":{}}',
    ):
        with pytest.raises(FrameError):
            read_report(decode(frame, Direction.TO_CLIENT))
