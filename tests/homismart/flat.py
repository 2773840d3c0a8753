"""What tests of the client say often: the demo flat's devices, and what the cloud received."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from homewire.homismart.client import HomismartClient
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.simulator import HomismartSimulator

LIGHT = "02510000000162"
SHUTTER = "04510000000401"
CURTAIN = "05510000000501"
DOOR = "09510000000901"
Maker = Callable[..., HomismartClient]


def found(client: HomismartClient, device_id: str) -> Any:
    known = client.session.get_device_by_id(device_id)
    assert known is not None
    return known


def note(told: list[tuple[str, Any]], event: str, argument: Any) -> None:
    told.append((event, argument))


def sent(cloud: HomismartSimulator, prefix: RequestPrefix) -> list[Any]:
    return [frame.body for frame in cloud.received() if frame.kind is prefix]
