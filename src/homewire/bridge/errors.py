"""Errors that only the bridge has."""

from __future__ import annotations

from homewire.errors import HomewireError

__all__ = ["Busy", "ShuttingDown"]


class ShuttingDown(HomewireError):
    """The bridge is stopping and takes no more commands."""

    code = "shutting_down"
    exit_code = 5


class Busy(HomewireError):
    """More commands are waiting than any appliance can carry out."""

    code = "rate_limited"
