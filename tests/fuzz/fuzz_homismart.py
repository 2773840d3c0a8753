"""Fuzzing of Homismart: a frame is refused with a ProtocolError, or changes a session that stays readable.

The first target takes bare frames in both directions, what clients send through the simulated account; the
second whole capture files.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from homewire.appliance import Origin
from homewire.clock import Clock
from homewire.errors import ProtocolError
from homewire.homismart import requests
from homewire.homismart.appliance import HomismartAppliance
from homewire.homismart.codec import Direction, FrameError, decode, encode
from homewire.homismart.decoder import decode as decode_capture
from homewire.homismart.devices import CurtainDevice, SwitchableDevice
from homewire.homismart.models import DevicePush, read_report
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.session import ChangeKind, DeviceChange, HomismartSession
from homewire.homismart.simulator.account import Refused, SimulatedAccount
from homewire.homismart.simulator.flat import device, hub
from tests.fuzz.harness import Target

CASES: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "homismart.json").read_text()
)["cases"]
_SHORT: Final = 700  # longer frames only repeat what shorter ones say
CLOCK: Final = Clock()


def frames() -> Sequence[bytes]:
    return [case["text"].encode() for case in CASES if case["text"] and len(case["text"]) <= _SHORT]


def check_frame(data: bytes) -> bool:
    """Take a frame from either side; what a session made of it must be readable and sendable."""
    content: str | bytes
    try:
        content = data.decode()
    except UnicodeDecodeError:
        content = data  # no WebSocket text: it would arrive as a binary message, if at all
    accepted = [take(content, direction) for direction in Direction]
    return any(accepted)


def take(content: str | bytes, direction: Direction) -> bool:
    try:
        frame = decode(content, direction)
        if frame.kind is not None and frame.body is not None:
            assert decode(encode(frame.kind, frame.body), direction).body == frame.body
        if isinstance(frame.kind, RequestPrefix):
            carry_out(frame.kind, frame.body)
        if direction is Direction.TO_SERVER:
            return True
        report = read_report(frame)
    except FrameError as error:
        return refused_inside(error, content)
    session = HomismartSession()
    session.subscribe(look_at)
    session.dispatch_message("0009", {"id": "04510000000401", "type": 4})
    session.take(report)
    if isinstance(report, DevicePush):
        session.take(report)
    return True


def carry_out(prefix: RequestPrefix, body: Any) -> None:
    """Let a simulated account answer; it refuses by a code, and its objects can still be listed."""
    objects = [hub(), device("04510000000401", "Shutter", 4), device("02510000000162", "Light", 2)]
    account = SimulatedAccount("a@example.com", "x", objects, clock=CLOCK, motion=False)
    with contextlib.suppress(Refused):
        account.handle(prefix, body)
    listed = account.handle(RequestPrefix.LIST_DEVICES, {})
    assert listed.reply is not None
    encode(*listed.reply)


def refused_inside(error: FrameError, content: str | bytes) -> bool:
    assert error.offset is not None
    assert 0 <= error.offset <= 4 * len(content) + 4  # JSON counts bytes, the text has characters
    return False


def look_at(change: DeviceChange) -> None:
    """Read everything of a device as an appliance does, and build what would be sent back."""
    device = change.device
    if change.kind is ChangeKind.REMOVED:
        return
    appliance = HomismartAppliance(device, clock=CLOCK)
    appliance.take(device, change.keys, Origin.PUSH)
    for key, value in appliance.state.items():
        appliance.features[key].format(value)
    now = CLOCK.now()
    encode(*requests.power(device.record, True, now))
    encode(*requests.modify(device.record, name="x"))
    if isinstance(device, SwitchableDevice):
        assert device.last_on is None or device.last_on.tzinfo is not None
    if isinstance(device, CurtainDevice):
        assert device.current_level is None or 0 <= device.current_level <= 100


def captures() -> Sequence[bytes]:
    texts = "\n".join(f"2026-01-01T00:00:00Z > {case['text']}" for case in CASES[::40])
    messages = [{"type": "send", "data": "0004{}"}, {"type": "receive", "data": "0005[]"}]
    exchange = {
        "request": {"method": "GET", "url": "wss://x/y", "headers": []},
        "response": {"status": 101, "headers": []},
        "_webSocketMessages": messages,
    }
    har = {"log": {"entries": [exchange]}}
    few = [{"direction": case["direction"], "text": case["text"]} for case in CASES[::60]]
    return [
        texts.encode(),
        json.dumps(har).encode(),
        json.dumps(few).encode(),
        json.dumps({"cases": few}).encode(),
    ]


def check_capture(data: bytes) -> bool:
    try:
        return any(record.error is None for record in decode_capture(data))
    except ProtocolError:
        return False


TARGETS = (
    Target(name="homismart", seeds=frames, check=check_frame, inputs=60_000, calls=6000),
    Target(name="homismart-captures", seeds=captures, check=check_capture, inputs=10_000, calls=20_000),
)
