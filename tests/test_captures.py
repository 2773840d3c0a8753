from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import random

import dpkt
import pytest

from homewire.captures import CaptureFormat, detect_format, har_entries, hex_payload, tcp_payloads
from homewire.errors import ProtocolError


def _pcap(segments: list[tuple[int, int, int, int, bytes]]) -> bytes:
    """Return a pcap of TCP segments: source port, target port, sequence number, flags, data."""
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file)
    for number, (source, target, sequence, flags, data) in enumerate(segments):
        tcp = dpkt.tcp.TCP(sport=source, dport=target, seq=sequence, flags=flags, data=data)
        ip = dpkt.ip.IP(src=b"\x7f\0\0\1", dst=b"\x7f\0\0\1", p=6, data=tcp)
        ethernet = dpkt.ethernet.Ethernet(src=b"\0" * 6, dst=b"\0" * 6, type=0x800, data=ip)
        writer.writepkt(bytes(ethernet), ts=1_700_000_000 + number)
    return file.getvalue()


ACK, SYN = dpkt.tcp.TH_ACK, dpkt.tcp.TH_SYN


def test_reassembles_out_of_order_and_repeated_segments() -> None:
    start = 2**32 - 3  # the sequence number wraps within the data
    pieces = [(start + 1, b"ab"), (start + 3, b"cdef"), (start + 7, b"gh")]
    segments = [(9, 1774, start, SYN, b"")]
    segments += [(9, 1774, s % 2**32, ACK, d) for s, d in (pieces[1], pieces[0], pieces[0], pieces[2])]
    segments += [(9, 1774, (start + 5) % 2**32, ACK, b"efghij")]
    payloads = list(tcp_payloads(_pcap(segments)))
    assert b"".join(p.data for p in payloads) == b"abcdefghij"
    assert payloads[0].at > dt.datetime(2023, 11, 14, tzinfo=dt.UTC)


def test_keeps_directions_apart_and_filters_ports() -> None:
    segments = [(9, 1774, 1, ACK, b"ask"), (1774, 9, 7, ACK, b"answer"), (80, 81, 1, ACK, b"other")]
    payloads = list(tcp_payloads(_pcap(segments), ports=[1774]))
    assert [(p.flow.source_port, p.data) for p in payloads] == [(9, b"ask"), (1774, b"answer")]


def test_gives_up_a_segment_that_was_not_captured() -> None:
    segments = [(9, 1, 1, SYN, b"")] + [(9, 1, 100 + i, ACK, b"x") for i in range(1100)]
    assert b"x" * 1000 in b"".join(p.data for p in tcp_payloads(_pcap(segments)))


def test_a_damaged_capture_is_a_protocol_error() -> None:
    good = _pcap([(9, 1774, 1, ACK, b"ask")])
    rng = random.Random(1)
    for cut in range(4, len(good), 3):
        with contextlib.suppress(ProtocolError):
            list(tcp_payloads(good[:cut]))
    for _ in range(300):
        damaged = bytearray(good)
        damaged[rng.randrange(4, len(good))] ^= 1 << rng.randrange(8)
        with contextlib.suppress(ProtocolError):
            list(tcp_payloads(bytes(damaged)))
    with pytest.raises(ProtocolError, match="damaged"):
        list(tcp_payloads(b"nothing"))


def test_knows_formats_by_their_content() -> None:
    assert detect_format(_pcap([])) is CaptureFormat.PCAP
    assert detect_format(b'{"log": {"entries": []}}') is CaptureFormat.HAR
    assert detect_format(b"[1]") is CaptureFormat.JSON
    assert detect_format(b"0x40 41:42\n43") is CaptureFormat.HEX
    assert detect_format(b"@abc=%") is CaptureFormat.TEXT
    assert detect_format(b"\xff\x00") is CaptureFormat.BINARY


def test_reads_hex_with_separators() -> None:
    assert hex_payload("0x40 41:42,43\n44") == b"@ABCD"
    with pytest.raises(ProtocolError):
        hex_payload("4")


HAR = {
    "log": {
        "entries": [
            {
                "startedDateTime": "2026-01-01T00:00:00Z",
                "request": {
                    "method": "PUT",
                    "url": "http://a/b",
                    "headers": [{"name": "X-A", "value": "1"}],
                    "postData": {"text": "body"},
                },
                "response": {"status": 200, "headers": [], "content": {"text": "AAE=", "encoding": "base64"}},
                "_webSocketMessages": [{"type": "send", "data": "hello"}],
            }
        ]
    }
}


def test_reads_har_files() -> None:
    [entry] = har_entries(json.dumps(HAR).encode())
    assert (entry.method, entry.status, entry.request_headers) == ("PUT", 200, {"x-a": "1"})
    assert (entry.request_body, entry.response_body) == (b"body", b"\0\1")
    assert entry.messages == (("send", "hello"),)


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"log": 1}', '{"log": {"entries": [1]}}', '{"log": {"entries": [{}]}}']
)
def test_anything_else_is_not_a_har_file(text: str) -> None:
    with pytest.raises(ProtocolError, match="not a HAR file"):
        list(har_entries(text.encode()))


def test_a_har_body_must_be_base64_when_it_says_so() -> None:
    bad = json.dumps(HAR).replace("AAE=", "?")
    with pytest.raises(ProtocolError, match="base64"):
        list(har_entries(bad.encode()))


_XXD = """
00000000: 4034 3132 3334 3536 3741 422f 2b3d 3d25  @41234567AB/+==%
00000010: 4025 4142                                @%AB
"""
_HEXDUMP = """
00000000  40 34 31 32 33 34 35 36  37 41 42 2f 2b 3d 3d 25  |@41234567AB/+==%|
00000010  40 25 41 42                                       |@%AB|
00000014
"""
_OD = """
000000 40 34 31 32 33 34 35 36 37 41 42 2f 2b 3d 3d 25
000010 40 25 41 42
000014
"""
_WIRESHARK = """
0000   40 34 31 32 33 34 35 36 37 41 42 2f 2b 3d 3d 25   @41234567AB/+==%
0010   40 25 41 42                                       @%AB
"""


@pytest.mark.parametrize("dump", [_XXD, _HEXDUMP, _OD, _WIRESHARK])
def test_dumps_with_offsets_are_hex(dump: str) -> None:
    assert detect_format(dump.encode()) is CaptureFormat.HEX
    assert hex_payload(dump) == b"@41234567AB/+==%@%AB"


def test_offsets_that_do_not_count_are_no_dump() -> None:
    assert detect_format(_XXD.replace("00000010", "00000020").encode()) is CaptureFormat.TEXT
    assert hex_payload("00000000 4034") == bytes.fromhex("4034")
    assert hex_payload("0011 2233") == bytes.fromhex("00112233")
