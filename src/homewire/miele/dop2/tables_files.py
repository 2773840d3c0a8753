"""Leaves for files and updates (units 1, 9 and 15).

Source: docs/protocols/miele-dop2.md, sections 7 and 13. Sequence and rights of writing are unknown, so
nothing here is offered for writing.
"""

from __future__ import annotations

from homewire.miele.dop2.enums import FILE_ACCESS, FILE_OPERATION, FILE_STATUS, UPDATE_STATE
from homewire.miele.dop2.schema import Attribute
from homewire.miele.dop2.slots import blob, e8, flag, string, u8, u16, u32

__all__ = [
    "FileBlock",
    "FileInformation",
    "FileListEntry",
    "FilePosition",
    "FileRequest",
    "FileTransfer",
    "FileWindow",
    "FileWindowSecond",
    "FileWrite",
    "LastUpdate",
    "TransferStatus",
    "UpdateContainer",
    "UpdateControl",
    "UpdateKey",
]


class TransferStatus(Attribute, number=109, units=(1,), title="unknown transfer status"):
    """Unknown transfer status."""

    field_1 = u16(1)
    field_2 = e8(2)
    field_3 = string(3)
    field_4 = u8(4)
    field_5 = flag(5)
    field_6 = flag(6)


class UpdateControl(Attribute, number=170, units=(15,), title="update control"):
    """Update control."""

    state = e8(1, UPDATE_STATE, sure="A")
    file = string(2)
    flash_accessible = flag(3)
    progress = u16(4)


class FileRequest(Attribute, number=171, units=(9,), title="file request"):
    """File request."""

    file = string(1, sure="C")
    field_2 = u32(2)


class FileBlock(Attribute, number=172, units=(9,), title="file block"):
    """File block."""

    file = string(1, sure="C")
    field_2 = u32(2)
    field_3 = u32(3)
    data = blob(4, note="768 bytes")


class LastUpdate(Attribute, number=199, units=(15,), title="last update"):
    """Last update."""

    file = string(1, sure="A")


class UpdateKey(Attribute, number=287, units=(15,), title="update signing key"):
    """Update signing key."""

    rsa_modulus = blob(1, note="256 bytes; identical in both dumps", sure="A")


class FilePosition(Attribute, number=295, units=(9,), title="unknown file position"):
    """Unknown file position."""

    field_1 = u32(1)


class FileWindow(Attribute, number=296, units=(9,), title="unknown file window"):
    """Unknown file window."""

    field_1 = u32(1)
    data = blob(2, note="768 bytes")


class FileWindowSecond(Attribute, number=297, units=(9,), title="unknown file window"):
    """Unknown file window."""

    field_1 = u32(1)
    data = blob(2, note="768 bytes")


class FileListEntry(Attribute, number=333, units=(1, 9, 15), title="file list entry"):
    """File list entry."""

    file = string(1, sure="A")
    sha256 = blob(2, note="32 bytes")
    description = string(3, sure="A")
    access = e8(4, FILE_ACCESS)
    size = u32(5, "B", sure="A")


class FileTransfer(Attribute, number=336, units=(1, 9, 15), title="file transfer"):
    """On unit 9 an idle read delivers uninitialised memory: treat contents as untrusted."""

    file = string(1)
    operation = e8(2, FILE_OPERATION)
    status = e8(3, FILE_STATUS)
    offset = u32(4)
    file_size = u32(5)
    data_length = u16(6)
    field_8 = u32(8, note="sent before field 7")
    data = blob(7, note="896 bytes")


class UpdateContainer(Attribute, number=397, units=(15,), title="update container"):
    """Update container."""

    state = u8(1, nothing=255, note="255 = none")
    field_2 = blob(2, note="3 bytes")
    field_3 = u32(3)
    field_4 = u32(4)
    field_5 = u32(5)
    field_6 = u32(6)
    field_7 = u32(7)
    field_8 = u32(8)
    field_9 = u32(9)
    field_10 = u32(10)
    crc32 = u32(11)


class FileInformation(Attribute, number=1588, units=(15,), title="file information"):
    """File information."""

    file = string(1)
    sha256 = blob(2)
    current_size = u32(3)
    maximum_size = u32(4, sure="A")
    crc32 = u32(5)


class FileWrite(Attribute, number=1590, units=(15,), title="file write"):
    """File write."""

    operation = e8(1, FILE_OPERATION, note="3 seen")
    file = string(2)
    address = u32(3)
    size = u32(4)
    data = blob(5, note="256 bytes")
