"""Errors that only the bridge has."""

from __future__ import annotations

from homewire.errors import HomewireError

__all__ = ["Busy", "KeyReused", "ShuttingDown"]


class ShuttingDown(HomewireError):
    """The bridge is stopping and takes no more commands."""

    code = "shutting_down"
    exit_code = 5


class KeyReused(HomewireError):
    """An idempotency key came again with another command."""

    code = "idempotency_key_reused"


class Busy(HomewireError):
    """More commands are waiting than any appliance can carry out."""

    code = "rate_limited"
