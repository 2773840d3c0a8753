"""What the communication module of a simulated appliance says of itself: unit 14 (miele-dop2.md, section 7).

Its network is invented; its clock is the appliance's, and the only entry of its supervision list is the
appliance itself.
"""

from __future__ import annotations

from typing import Any, Final

from homewire.miele.simulator.appliance import SimulatedAppliance
from homewire.miele.simulator.blank import Leaves, Pages
from homewire.miele.simulator.profiles import MODULE_SOFTWARE

__all__ = ["Network"]

_NO_VALUE: Final = -(2**31)
"""How an i32 says that there is none (section 3)."""


class Network:
    """Values of the leaves of the communication module."""

    def __init__(self, appliance: SimulatedAppliance) -> None:
        self._appliance = appliance

    def leaves(self) -> Leaves:
        """Return the leaves with a single instance."""
        return {
            (14, 122): self._clock,
            (14, 130): self._module_request,
            (14, 1565): self._module_identification,
            (14, 1566): self._module_label,
            (14, 1568): self._module_state,
            (14, 1570): self._supervision_list,
            (14, 1571): self._supervision_entry,
            (14, 1573): self._network,
        }

    def paged(self) -> Pages:
        """Return the leaves with one instance per page."""
        return {(14, 110): self._networks}

    def _clock(self) -> dict[str, Any]:
        return {"utc": self._appliance.epoch, "offset": self._appliance.utc_offset_s}

    def _module_request(self) -> dict[str, Any]:
        return {"request": 0}

    def _networks(self) -> dict[int, dict[str, Any]]:
        return {
            1: {"ssid": "Home Sweet Home", "security": 3, "rssi": -56, "channel": 6},
            2: {"ssid": "Café am Eck", "security": 3, "rssi": -78, "channel": 11},
        }

    def _module_identification(self) -> dict[str, Any]:
        mac = bytes.fromhex(f"001d63fffe{int(self._appliance.fab_number) & 0xFFFFFF:06x}")
        return {
            "software_version": self._appliance.profile.module_version,
            "software_id": MODULE_SOFTWARE,
            "wifi_mac": mac.hex(":"),
            "lan_mac": bytes(8).hex(":"),
            "field_9": (0,) * 10,
        }

    def _module_label(self) -> dict[str, Any]:
        profile = self._appliance.profile
        serial = str(int(self._appliance.fab_number) + 1).zfill(12)
        return {
            "serial_number": serial,
            "index": "64",
            "technical_type": profile.module.ljust(15),
            "material_number": "10440980",
        }

    def _module_state(self) -> dict[str, Any]:
        return {
            "state": 2,
            "signal_quality": 88,
            "configured": True,
            "wifi_band": 2400,
            "wifi_channel": 6,
            "rssi": -56,
            "bssid": "02:00:00:00:00:01",
        }

    def _supervision_list(self) -> dict[str, Any]:
        order = b"\xff" + bytes(11)
        return {
            "active": True,
            "time_master": True,
            "list_size": 1,
            "order": order,
            "order_supervision": order,
        }

    def _supervision_entry(self) -> dict[str, Any]:
        """Tell what the rest of the household sees of the appliance itself."""
        one, state = self._appliance, self._appliance.state()
        return {
            "device_number": 255,
            "device_type": one.profile.device_type,
            "name": one.name,
            "connection_state": 1,
            "show": True,
            "start_time": int(one.start_in_s),
            "remaining_time": int(one.remaining_s),
            "process_values": (_NO_VALUE,) * 3,
            "program_type": state["ProgramType"],
            "program_phase": state["ProgramPhase"],
            "signal_door": state["SignalDoor"],
            "signal_info": state["SignalInfo"],
            "address": f"mac-001D63FFFE{int(one.fab_number) & 0xFFFFFF:06X}",
            "remote_enable": one.remote,
            "standby_state": one.standby,
            "program_id": state["ProgramID"],
        }

    def _network(self) -> dict[str, Any]:
        return {
            "dhcp": True,
            "address": "127.0.0.1",
            "netmask": "255.0.0.0",
            "gateway": "127.0.0.1",
            "dns_auto": True,
            "dns_1": "127.0.0.1",
            "dns_2": "0.0.0.0",  # noqa: S104 - none, as the recorded oven writes it
            "wifi_key": b"\x07" * 63,
            "ssid": "Home Sweet Home",
            "security": 3,
            "channel": 6,
        }
