"""What a program decides once for the whole process: whether `MieleClient` may start appliances remotely.

The name and place of the replaced library; off, because starting an appliance that nobody prepared is
dangerous. `homewire.connect` does not look here: there the owner enables features per appliance.
"""

from __future__ import annotations

__all__ = ["settings"]


class _Settings:
    """Switches of the process."""

    __slots__ = ("enable_remote_start",)

    def __init__(self) -> None:
        self.enable_remote_start = False


settings = _Settings()
