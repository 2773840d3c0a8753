"""The simulated communication module: keys, pairing, Wi-Fi and subscriptions.

Pairing is a state machine with the variants of miele-http.md, section 6; set-up mode has the resources of
section 7. Like the real one, the module checks nothing about the keys that it is given: an empty key locks
its owner out.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from homewire.errors import ProtocolError
from homewire.miele.models import decode_object
from homewire.miele.signing import Credentials

__all__ = ["NETWORKS", "PAIRING_AUTHORIZATION", "SimulatedModule", "Subscription"]

PAIRING_AUTHORIZATION: Final = "MielePairing:Pairing"
"""What newer modules want to read in Authorization, literally (section 6)."""

NETWORKS: Final = (
    {"SSID": "Home Sweet Home", "RSSI": -56, "Sec": "WPA2"},
    {"SSID": "Café am Eck", "RSSI": -78, "Sec": "WPA2"},
    {"SSID": "free-for-all", "RSSI": -81, "Sec": "None"},
)
"""What a scan in set-up mode shows (section 7)."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A peer's wish to be told about a resource (section 15)."""

    resource: str
    callback: str


class SimulatedModule:
    """One module with its memory; statuses are returned, the server puts them on the wire."""

    def __init__(
        self,
        *,
        credentials: Credentials | None,
        is_newer: bool,
        access_point: bool = False,
        cloud_gate: bool = False,
        second_step: bool = False,
        wifi_key: str = "correct horse",
    ) -> None:
        self.credentials = credentials
        self.is_newer = is_newer
        self.access_point = access_point
        self.cloud_gate = cloud_gate
        self.in_account = False
        self.second_step = second_step
        self.waits_for_second_step = False
        self.locked_out = False
        self.wifi_key = wifi_key
        self.ssid = "" if access_point else "Home Sweet Home"
        self.peers: dict[str, dict[str, bool]] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self._tan_given = False
        self._next_subscription = 1

    @property
    def paired(self) -> bool:
        """Whether somebody's keys are stored, good ones or not."""
        return self.credentials is not None or self.locked_out

    def commission(self, body: bytes, authorization: str | None) -> int:
        """Take the household's keys; return the status (section 6)."""
        if self.is_newer and authorization != PAIRING_AUTHORIZATION:
            return 404
        if self.paired or self.in_account or (self.cloud_gate and not self._tan_given):
            return 403
        keys = _json(body)
        if keys is None or not {"GroupID", "GroupKey"} <= keys.keys():
            return 400
        self._store(str(keys["GroupID"]), str(keys["GroupKey"]))
        self.waits_for_second_step = self.second_step
        return 200

    def commission_again(self, body: bytes) -> int:
        """Take the same keys once more, signed with them: the second step of newer modules (section 6)."""
        keys = _json(body)
        if keys is None or self.credentials is None:
            return 400
        same = str(keys.get("GroupKey", "")).upper() == self.credentials.key_text
        if not same or not self.waits_for_second_step:
            return 403
        self.waits_for_second_step = False
        return 200

    def take_tan(self, body: bytes) -> int:
        """Take the cloud's one-time number (section 6, EK039W)."""
        numbers = _json(body)
        if not numbers or not numbers.get("Tan"):
            return 400
        self._tan_given = True
        return 200

    def join_wifi(self, body: bytes) -> int:
        """Take the network's name and key; key names are case sensitive (section 7)."""
        wanted = _json(body)
        if wanted is None or not {"SSID", "Sec", "Key"} <= wanted.keys():
            return 400
        self.ssid = str(wanted["SSID"])
        return 200 if any(network["SSID"] == self.ssid for network in NETWORKS) else 400

    def finish_joining(self, body: bytes) -> None:
        """Leave the access point if name and key were right; otherwise it opens again."""
        wanted = _json(body) or {}
        self.access_point = wanted.get("Sec") != "None" and wanted.get("Key") != self.wifi_key

    def reset(self) -> None:
        """Forget keys and network: the factory state at the panel (section 6)."""
        self.credentials, self.locked_out, self.access_point, self.ssid = None, False, True, ""
        self.peers.clear()
        self.subscriptions.clear()

    @property
    def newest_slot(self) -> int:
        """The number of the newest subscription."""
        return self._next_subscription - 1

    def subscribe(self, subscription: Subscription) -> int:
        """Remember a subscription; slot numbers grow and are not reused (section 15)."""
        slot = self._next_subscription
        self._next_subscription += 1
        self.subscriptions[slot] = subscription
        return slot

    def record(self, device_type: int) -> dict[str, str]:
        """Return what mDNS tells of the module (section 8)."""
        return {
            "txtvers": "1",
            "group": self.credentials.id_text if self.credentials else "",
            "path": "/",
            "security": "1",
            "pairing": "false" if self.paired else "true",
            "devicetype": str(device_type),
            "subtype": "0",
            "s": "0",
            "con": "2",
            "cd": "de_de",
        }

    def wlan(self) -> dict[str, Any]:
        """Return `/WLAN/` of normal operation, the key masked (section 7)."""
        return {
            "SSID": self.ssid,
            "Key": "\a" * 12,
            "IP": "127.0.0.1",
            "RSSI": -56,
            "Percentage": 88,
            "Gateway": "127.0.0.1",
            "DNS1": "127.0.0.1",
        }

    def _store(self, group_id: str, group_key: str) -> None:
        try:
            self.credentials = Credentials.from_hex(group_id, group_key)
        except Exception:
            self.locked_out = True


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        return decode_object(body)
    except ProtocolError:
        return None
