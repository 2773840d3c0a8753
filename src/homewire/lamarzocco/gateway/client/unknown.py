"""Notices configuration fields that homewire does not know, without looking at every reading."""

from __future__ import annotations

from homewire.lamarzocco.gateway.codec import unknown_fields_of
from homewire.lamarzocco.gateway.models import AnyConfiguration, FirmwareVersion
from homewire.unknowns import Unknowns

__all__ = ["FieldWatch"]


class FieldWatch:
    """Looks for unknown fields when a device is new or shows other firmware: only that brings new ones."""

    def __init__(self, unknowns: Unknowns) -> None:
        self._unknowns = unknowns
        self._seen: dict[str, tuple[FirmwareVersion, ...]] = {}

    def look(self, device: str, config: AnyConfiguration, data: bytes, *, enveloped: bool = False) -> None:
        """Note every unknown field of a configuration that was decoded from `data`."""
        if self._seen.get(device) == config.firmware_versions:
            return
        self._seen[device] = config.firmware_versions
        for path in unknown_fields_of(data, type(config), enveloped=enveloped):
            self._unknowns.note("configuration field", path)
