"""The objects of a simulated flat: one of every type, with the keys of section 8.2 of the page.

All ids and names are invented; `many` adds as many light switches as somebody wants to test with.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["HUB_ID", "SECOND_HUB_ID", "device", "flat", "hub", "many"]

HUB_ID: Final = "007CC7091A2B3C"
SECOND_HUB_ID: Final = "007CC70955AA10"

_CREATED_MS: Final = 1767222000000
"""2025-12-31 23:00 UTC: the update time of objects that nobody touched yet."""


def hub(hub_id: str = HUB_ID, name: str = "Main unit") -> dict[str, Any]:
    """Return a hub."""
    return {
        "id": hub_id,
        "name": name,
        "type": 0,
        "version": 3,
        "onLine": True,
        "iconId": "0",
        "shared": False,
    }


def device(device_id: str, name: str, type_code: int, hub_id: str = HUB_ID, **more: Any) -> dict[str, Any]:
    """Return a device with the keys that all devices have; `more` replaces and adds."""
    return {
        "id": device_id,
        "name": name,
        "power": False,
        "type": type_code,
        "pid": hub_id,
        "consumption": 0,
        "deviceId": device_id,
        "version": 1,
        "onLine": True,
        "updateTime": _CREATED_MS,
        "lock": "1",
        "lastOn": "",
        "led": 50,
        "iconId": "0",
        "shared": False,
        "timers": False,
    } | more


def flat() -> list[dict[str, Any]]:
    """Return two hubs with every type of device."""
    return [
        hub(),
        device("01517A0000A001", "Boiler socket", 1, consumption=125, lastOn="2025-12-31 21:15:00"),
        device("02510000000162", "Office light", 2, led=0, lastOn="2025-12-31 21:15:00"),
        device("02510000000163", "Kitchen light", 2, power=True, lastOn="2025-12-31 22:40:00"),
        device("06510000000601", "Hall panel", 6),
        device("07510000000701", "Double socket", 7),
        device("08510000000801", "Garden socket", 8, SECOND_HUB_ID),
        device("04510000000401", "Kitchen shutter", 4, curtainState="0", closedPosition=8),
        device("05510000000501", "Bedroom curtain", 5, curtainState="100", closedPosition=10),
        device("09510000000901", "Front door", 9, lock="2", operationTime=5),
        hub(SECOND_HUB_ID, "Garden unit"),
    ]


def many(count: int, hub_id: str = HUB_ID) -> list[dict[str, Any]]:
    """Return that many light switches."""
    return [device(f"0252{index:010X}", f"Light {index}", 2, hub_id) for index in range(count)]
