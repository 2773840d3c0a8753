"""Files and updates of a simulated appliance: units 9 and 15, and the panel's own files on unit 1.

Which leaves exist follows miele-dop2.md, section 6: laundry appliances have no file transfer on unit 15.
Nothing here can be written: nobody knows how (section 13). The key of updates is invented, equal on all
appliances as the real one is, and opens nothing.
"""

from __future__ import annotations

import random
from typing import Any, Final

from homewire.miele.simulator.appliance import SimulatedAppliance
from homewire.miele.simulator.blank import Leaves, always
from homewire.miele.simulator.boards import boards_of

__all__ = ["Files"]

_BLOCK_BYTES, _TRANSFER_BYTES, _WRITE_BYTES, _HASH_BYTES, _KEY_BYTES = 768, 896, 256, 32, 256
"""Sizes of section 7: attributes 172, 296 and 297; 336; 1590; 333 and 1588; 287."""

_READY, _IN_PROGRESS = 1, 7
"""update_state (appendix A)."""

_DISCARD: Final = 3
"""The operation that an idle 1590 names."""

_NOT_ACCESSIBLE, _WRITE = 0, 2
"""file_access (appendix A)."""

_CRC: Final = 0x2A3B4C5D
_OVEN: Final = 12
_PANEL_FILE: Final = {
    "file": "/tmp/SmartFoodIdCloudImage.jpg",  # noqa: S108 - the appliance's own name for it
    "sha256": bytes(_HASH_BYTES),
    "description": "Cloud-Image for Smart Food Id - Feature",
    "access": _WRITE,
    "size": 400_000,
}


class Files:
    """Values of the leaves about files and updates."""

    def __init__(self, appliance: SimulatedAppliance) -> None:
        self._appliance = appliance
        self._profile = appliance.profile
        self._has_system = any(board.unit == 9 for board in boards_of(self._profile))  # noqa: PLR2004 - its unit

    def leaves(self) -> Leaves:
        """Return the leaves by unit and attribute; every list has one file."""
        update: Leaves = {
            (15, 170): self._control,
            (15, 199): self._last_update,
            (15, 287): always(rsa_modulus=_key()),
            (15, 1588): always(sha256=bytes(_HASH_BYTES)),
            (15, 1590): always(operation=_DISCARD, data=bytes(_WRITE_BYTES)),
        }
        if self._profile.is_laundry:
            return update
        return update | self._transfers() | (self._system() if self._has_system else {})

    def _transfers(self) -> Leaves:
        idle = always(data=bytes(_TRANSFER_BYTES))
        nothing = always(sha256=bytes(_HASH_BYTES), access=_WRITE)
        return {
            (1, 109): dict,
            (1, 333): always(**_PANEL_FILE) if self._profile.device_type == _OVEN else nothing,
            (1, 336): idle,
            (15, 333): nothing,
            (15, 336): idle,
            (15, 397): always(state=None, field_2=bytes(3), crc32=_CRC),
        }

    def _system(self) -> Leaves:
        window = always(data=bytes(_BLOCK_BYTES))
        return {
            (9, 171): dict,
            (9, 172): window,
            (9, 295): dict,
            (9, 296): window,
            (9, 297): window,
            (9, 333): self._log,
            (9, 336): self._stale_memory,
        }

    def _control(self) -> dict[str, Any]:
        """Tell how far an update is."""
        progress = self._appliance.update_progress
        if progress is None:
            return {"state": _READY, "flash_accessible": True}
        return {"state": _IN_PROGRESS, "file": self._package, "flash_accessible": False, "progress": progress}

    def _last_update(self) -> dict[str, Any]:
        return {"file": self._package}

    @property
    def _package(self) -> str:
        """Name a package after the material number and index of the appliance (recorded)."""
        return f"PRODUCTION/00_{self._profile.mat_number:0>18}_00_2025-03-01-08-00.tar"

    def _log(self) -> dict[str, Any]:
        """List the log, a line of eight bytes for each run."""
        return {
            "file": "/tmp/log",  # noqa: S108 - the appliance's own name for it
            "sha256": bytes(_HASH_BYTES),
            "access": _NOT_ACCESSIBLE,
            "size": 8 * self._appliance.cycles,
        }

    def _stale_memory(self) -> dict[str, Any]:
        """Deliver what happens to be in memory: an idle 9/336 does (section 7)."""
        chance = random.Random(self._appliance.fab_number)  # noqa: S311 - rubbish, keeps no secret
        return {
            "file": "P\x01",
            "operation": chance.randrange(256),
            "status": 0,
            "offset": chance.getrandbits(32),
            "file_size": chance.getrandbits(20),
            "data_length": chance.getrandbits(16),
            "field_8": chance.getrandbits(32),
            "data": chance.randbytes(_TRANSFER_BYTES),
        }


def _key() -> bytes:
    """Invent a modulus of 2048 bits: the highest bit set, odd."""
    modulus = random.Random("update key").getrandbits(8 * _KEY_BYTES)  # noqa: S311 - no key at all
    return (modulus | 1 << 8 * _KEY_BYTES - 1 | 1).to_bytes(_KEY_BYTES)
