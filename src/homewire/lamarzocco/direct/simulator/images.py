"""What the simulated machines have in their memory when they are switched on for the first time.

Made up, but shaped like the real ones: docs/protocols/lamarzocco-tcp.md section 15.2.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.memory_map import FACTORY, PANEL, PREINFUSION, STATUS, STATUS_SIZE_OLD

__all__ = ["PROFILES", "Profile"]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one model's memory from another's.

    `factory_shift` is how many bytes lower the factory block has its fields, `panel_address` where the first
    panel line begins (sections 9.10 and 9.12), `status_size` how long the status is (section 9.9).
    """

    model: Model
    areas: Mapping[int, str]
    factory_shift: int = 0
    panel_address: int | None = 0x60EF
    status_size: int = 35

    def memory(self) -> dict[int, bytes]:
        """Return the areas as bytes."""
        return {address: bytes.fromhex(text) for address, text in (_COMMON | dict(self.areas)).items()}

    def before_1_23(self) -> Profile:
        """Return the model with firmware 1.20, as far as that is known (section 12)."""
        areas = dict(self.areas)
        status = areas[STATUS.address]
        areas[STATUS.address] = f"{status[:2]}{120:02X}{status[4:]}"
        areas[PREINFUSION.address] = "00" * PREINFUSION.size  # an unused zero area then (section 9.5)
        panel = None if self.panel_address is None else PANEL.address
        return msgspec.structs.replace(self, areas=areas, panel_address=panel, status_size=STATUS_SIZE_OLD)

    def shifts(self) -> dict[str, int]:
        """Return by field name how far it lies below the table's address."""
        return {field.name: self.factory_shift for field in FACTORY.fields}


# Section 8: what every machine has beside the areas of its model. 0x0111 and on is a password: zeros.
_COMMON = {
    0x001F: "00",
    0x004C: "00000000",
    0x0068: "00000000",
    0x0070: "FF" * 64,
    0x00D0: "00" * 17,
    0x00E1: "00",
    0x0111: "00" * 84,
    0x032D: "00",
    0x60DA: "00" * 18,
    0x60EC: "20" * 36,
}

_AV = Profile(
    model=Model.GS3_AV,
    areas={
        0x0000: "01001E026E323103A704D2010A0C0F3B05141E3B0046007800A000FA03E80C",
        0x0020: "0000019C0000028F0000004D0000001F000003870000081E000000D20000000A00000A28000000D2000000BC",
        0x0050: "000002A10000019200009CB0000022BA000098590000051E",
        0x00E2: "141E00F9",
        0x0100: "5A47533032343638300000000000000000",
        0x0300: "2A070802120A16",
        0x0310: "3F0609060906090609060B080D00171E0F1E0F2D0F1E0F1E050532003B",
        0x4000: "018C02536E323130333030343731310100000000000000010100007003B404C9000205",
        0x4060: "21140F00A703D204500050000F000F0064006400700006000001016900550000",
        0x60DA: "03E802D604F9095A02C1030508A0024B00F3",
    },
)

_MP = Profile(
    model=Model.GS3_MP,
    areas={
        0x0000: "00002D026E323003A404B5000709000010160000006400C8008C011803E80F",
        0x0020: "0000026300000000000000000000000000000000000002630000021C00000000000000000000021C00000142",
        0x0050: "000000770000008D0000426A0000208D0000000000000515",
        0x00E2: "00000000",
        0x0100: "5A47533031333537390000000000000000",
        0x0300: "000C09030F0217",
        0x0310: "FE080C080C080C080C080C080C080C0000000000000000000000000000",
        0x4000: "027B02536E32303132303030383135000000000000000000010000000119012E000001",
        0x4060: "000000A403B504500050000F000F00640064006E0000000000015F0055000001",
    },
    factory_shift=1,
    panel_address=0x60EE,
)

_MINI = Profile(
    model=Model.LINEA_MINI,
    areas={
        0x0000: "0100000000000003B60000021400000032000000000000000000000000000000"[:62],
        0x0020: "00001AED0000000000000000000000000000000000001AED0000000000000000000031CE0000000000003337",
        0x0050: "00000450000007DB0003AC5B000065370004000000000000",
        0x0068: "00003DA1",
        0x00E2: "1E000000",
        0x0100: "5A4C4D3033313431350000000000000000",
        0x0300: "24331507050915",
        0x0310: "FE06160616061606160616061606160F280F280F280F280F280F280F28",
        0x4000: "03D400536E323130343030323731380100000000000000010100006103B60000010005",
        0x4060: "00000000B6030000500050000F000F0064006400000000000001010000000000",
    },
    panel_address=None,
)

PROFILES: Mapping[Model, Profile] = {profile.model: profile for profile in (_AV, _MP, _MINI)}
