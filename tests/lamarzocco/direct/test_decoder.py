from __future__ import annotations

import io

import dpkt
import pytest
from tests.lamarzocco.direct.vectors import VECTORS, vector

from homewire.captures import Record
from homewire.errors import ConfigurationError
from homewire.lamarzocco.direct.codec import Codec, ReadReply, ReadRequest, parse_key
from homewire.lamarzocco.direct.decoder import DecodeOptions, decode
from homewire.secrets import Secret

KEY = VECTORS[0]["key"]
OPTIONS = DecodeOptions(key=Secret(KEY))


def _values(record: Record) -> dict[str, object]:
    return {field.name: field.value for field in record.fields}


def _frames(*names: str) -> list[str]:
    return [str(vector(name)["frame"]) for name in names]


def test_a_text_of_frames_becomes_records() -> None:
    sent, got = _frames("req-config", "gs3av-config")
    text = f"12:00:01 > {sent}\n12:00:02 < {got}\nnot a frame\n"
    request, reply = decode(text.encode(), options=OPTIONS)
    assert (request.direction, request.summary) == ("to machine", "read configuration (0000, 31 bytes)")
    assert (reply.direction, reply.error) == ("from machine", None)
    assert _values(reply)["coffee_setpoint_c"] == 93.5
    [setpoint] = [field for field in reply.fields if field.name == "coffee_setpoint_c"]
    assert (setpoint.unit, setpoint.raw) == ("°C", "03A7")
    assert _values(reply)["prebrew_enabled"] is True


def test_every_valid_vector_is_read_and_every_broken_one_explained() -> None:
    own_key = [v for v in VECTORS if v["key"] == KEY]
    records = list(decode("\n".join(v["frame"] for v in own_key).encode(), options=OPTIONS))
    assert [record.error is not None for record in records] == [
        v["decoded"]["kind"] == "invalid" for v in own_key
    ]
    assert [record.index for record in records] == list(range(1, len(own_key) + 1))


def test_plain_messages_need_no_key() -> None:
    text = "W00E100018258\nR4000KOB0 W0007KOB8 W00000001OK72\nR0000001FEA"
    records = list(decode(text.encode()))
    assert [record.summary for record in records] == [
        "write feature command (00E1, 1 bytes)",
        "KO, read of part of status (4000, 1 bytes) refused",
        "KO, write of part of configuration (0007, 1 bytes) refused",
        "OK, write of part of configuration (0000, 1 bytes) taken",
        "R0000001FEA",
    ]
    assert _values(records[0]) == {"feature_command": "backflush on"}
    assert records[-1].error is not None
    assert "check byte" in records[-1].error


def test_feature_commands_are_spelt_out() -> None:
    [record] = decode(b"W00E10001014F")
    assert _values(record) == {"feature_command": "steam boiler off"}


def test_a_hex_dump_of_frames() -> None:
    dump = " ".join(f"{byte:02x}" for byte in vector("gs3av-clock")["frame"].encode())
    [record] = decode(dump.encode(), options=OPTIONS)
    assert _values(record)["clock"] == "2022-10-18T08:07:42"


def test_a_frame_that_was_broken_into_lines() -> None:
    frame = vector("gs3av-clock")["frame"]
    [record] = decode(f"received {frame[:20]}\r\n  {frame[20:]}\n".encode(), options=OPTIONS)
    assert _values(record)["clock"] == "2022-10-18T08:07:42"
    assert record.direction == "from machine"


def test_streams_schedules_and_unknown_memory() -> None:
    text = "\n".join(_frames("gs3av-flow-running", "gs3av-schedule", "gs3av-unknown-60da"))
    stream, schedule, unknown = decode(text.encode(), options=OPTIONS)
    assert (stream.summary, _values(stream)["flow_time_s"]) == ("stream shot stream (6000, 22 bytes)", 7.4)
    assert _values(schedule)["mon_on"] == "06:30:00"
    assert unknown.fields[0].note == "meaning unknown, please report"


def test_the_factory_block_is_placed_by_the_setpoints_seen_before() -> None:
    text = "\n".join(_frames("gs3mp-config-standby", "gs3mp-factory-config-shifted"))
    key = Secret(vector("gs3mp-config-standby")["key"])
    _, factory = decode(text.encode(), options=DecodeOptions(key=key))
    assert _values(factory)["group_offset_c"] == -1.0


def test_the_machines_password_is_never_shown() -> None:
    codec = Codec(parse_key(KEY))
    frame = codec.encode(ReadReply(0x0110, b"secret-password!"))
    [record] = decode(frame, options=OPTIONS)
    assert _values(record) == {"data": "hidden"}


def test_encrypted_frames_need_the_key() -> None:
    with pytest.raises(ConfigurationError, match="communication key is needed"):
        list(decode(_frames("req-config")[0].encode()))
    with pytest.raises(ConfigurationError, match="3 characters"):
        list(decode(b"", options=DecodeOptions(key=Secret("abc"))))


def _packet(source: int, target: int, sequence: int, flags: int, data: bytes) -> bytes:
    tcp = dpkt.tcp.TCP(sport=source, dport=target, seq=sequence, flags=flags, data=data)
    ip = dpkt.ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=dpkt.ip.IP_PROTO_TCP, data=tcp)
    ip.len = len(bytes(ip))
    return bytes(dpkt.ethernet.Ethernet(data=ip, type=dpkt.ethernet.ETH_TYPE_IP))


def test_a_packet_capture() -> None:
    request, reply = (frame.encode() for frame in _frames("req-config", "gs3av-config"))
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file)
    for index, packet in enumerate(
        (
            _packet(40000, 1774, 1, dpkt.tcp.TH_SYN, b""),
            _packet(40000, 1774, 2, dpkt.tcp.TH_ACK, request),
            _packet(1774, 40000, 1, dpkt.tcp.TH_ACK, reply[:20]),
            _packet(1774, 40000, 21, dpkt.tcp.TH_ACK, reply[20:]),
        )
    ):
        writer.writepkt(packet, ts=1000.0 + index)
    first, second = decode(file.getvalue(), options=OPTIONS)
    assert (first.direction, first.summary) == ("to machine", "read configuration (0000, 31 bytes)")
    assert second.at is not None
    assert second.at.timestamp() == 1003.0
    assert _values(second)["dose_k2_pulses"] == 120


def test_a_frame_of_another_key_is_an_error_of_its_own() -> None:
    other = Codec(parse_key("x" * 32)).encode(ReadRequest(0, 1))
    [record] = decode(other, options=OPTIONS)
    assert record.error is not None
