"""Captures as users bring them, frame by frame."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from homewire.captures import Record
from homewire.errors import ProtocolError
from homewire.homismart.decoder import DecodeOptions, decode

VECTORS = Path(__file__).parents[1] / "vectors" / "homismart.json"

TEXT = """\
2026-01-01T10:00:00Z > 0002{"username":"a@b.c","password":"098f6bcd4621d373cade4e832627b4f6"}
2026-01-01 10:00:01+00:00 < 0003{"result":true,"shouldConfirmTerms":1}
[2026-13-99T10:00:01Z] received 0003{"result":false}
0222{}
0005[{"id":"007CC7091A2B3C","name":"Main unit"},7]
0009{"id":"04510000000401","name":"Kitchen shutter","type":4,"curtainState":"250","lock":"1","led":"x"}
0009{"id":"09510000000901","type":9,"lock":"2","curtainState":"99"}

-> 0144{"deviceSN":"04510000000401","closedPosition":7}
<- 0144{"result":true}
0013{"result":true,"status":{"id":"01517A0000B002","type":1}}
0013{"result":false}
0015{"result":true,"status":{"id":"01517A0000B002"}}
0015{"result":false}
0039{"ip":"node2.homismart.com","port":"443"}
9999{"code":94,"info":"no"}
9999{}
0009{"power":true}
0009{"id":
4711{"a":1}
0003{"result":true}
0045
0113null
hello world
"""


def summaries(records: list[Record]) -> list[str]:
    return [record.summary for record in records]


def test_a_text_is_read_line_by_line() -> None:
    records = list(decode(TEXT.encode()))
    assert summaries(records) == [
        "0002 login",
        "0003 login_result: accepted, terms pending",
        "0003 login_result: refused",
        "0222 terms_accept",
        "0005 device_list: 1 objects, 1 unusable",
        "0009 device_push: shutter Kitchen shutter",
        "0009 device_push: lock 09510000000901",
        "0144 curtain_closed_position",
        "0144 account_check_name_result",
        "0013 add_result: socket 01517A0000B002",
        "0013 add_result: nothing added",
        "0015 delete_result: 01517A0000B002",
        "0015 delete_result: nothing deleted",
        "0039 redirect: to node2.homismart.com",
        "9999 error: outside the permitted hours (code 94)",
        "9999 error: an error without a code",
        "0009 device_push",
        "0009 unreadable",
        "4711 unknown number, please report",
        "0003 login_result: accepted",
        "0045 timer_list_all_result",
        "0113 scenario_list_result",
        "hell unreadable",
    ]
    assert [record.at is not None for record in records[:4]] == [True, True, False, False]
    assert [record.direction for record in records[:2]] == ["client_to_server", "server_to_client"]
    assert records[16].error is not None
    assert records[17].error is not None
    notes = {field.name: field.note for field in records[5].fields if field.note}
    assert notes == {
        "type": "shutter",
        "curtainState": "level 50 (0 open, 100 closed), stopped",
        "lock": "unlocked",
        "led": "wrong type",
    }
    assert {field.note for field in records[6].fields} == {None, "lock", "locked", "unknown"}
    assert [field.value for field in records[4].fields] == ["hub Main unit", 7]
    assert records[21].fields[0].value is None
    assert "098f6bcd" not in repr(records)


def har(*sockets: tuple[str, list[dict[str, object]]]) -> bytes:
    entries = [
        {
            "request": {"method": "GET", "url": url, "headers": []},
            "response": {"status": 101, "headers": []},
            "_webSocketMessages": messages,
        }
        for url, messages in sockets
    ]
    return json.dumps({"log": {"entries": entries}}).encode()


def test_a_har_file_is_read() -> None:
    login = '0002{"username":"a@b.c","password":"098f6bcd4621d373cade4e832627b4f6"}'
    messages: list[dict[str, object]] = [
        {"type": "send", "time": 1767261600.25, "opcode": 1, "data": login},
        {"type": "receive", "time": "soon", "data": "0005[]"},
        {"type": "receive", "time": 1e300, "data": "0223"},
        {"type": "receive", "time": True, "data": "0223"},
    ]
    cloud = "wss://prod.homismart.com/homismartmain/websocket"
    records = list(decode(har((cloud, messages), ("wss://chat.example/", [{"data": "hello"}]))))
    assert summaries(records) == [
        "0002 login",
        "0005 device_list: 0 objects",
        "0223 terms_result",
        "0223 terms_result",
    ]
    assert [record.direction for record in records[:2]] == ["client_to_server", "server_to_client"]
    assert [str(record.at) for record in records[:2]] == ["2026-01-01 10:00:00.250000+00:00", "None"]
    assert "098f6bcd" not in repr(records)


def test_a_har_file_of_another_address_is_read_as_a_whole() -> None:
    asking: list[dict[str, object]] = [{"type": "send", "data": "0004{}"}]
    capture = har(("wss://node1.example/x", asking), ("wss://node2.example/x", asking))
    assert summaries(list(decode(capture))) == ["0004 list_devices"] * 2


def test_json_lists_are_read() -> None:
    texts = json.dumps(["0004{}", {"direction": "server_to_client", "text": "0144{}"}, {"data": None}, 7])
    assert summaries(list(decode(texts.encode()))) == [
        "0004 list_devices",
        "0144 account_check_name_result",
        " unreadable",
    ]
    with pytest.raises(ProtocolError, match="not JSON"):
        list(decode(b"[1,"))


def test_every_vector_decodes() -> None:
    records = list(decode(VECTORS.read_bytes()))
    assert len(records) == 291


def test_the_direction_can_be_told() -> None:
    told = DecodeOptions(direction="client_to_server")
    assert summaries(list(decode(b"0150{}", options=told))) == ["0150 camera_delete"]
    assert summaries(list(decode(b"0150{}"))) == ["0150 password_reset_code_result"]


def test_what_is_encrypted_cannot_be_read() -> None:
    with pytest.raises(ProtocolError, match="HAR"):
        list(decode(b"\xa1\xb2\xc3\xd4\x00\xff"))
