"""Errors that only this protocol has."""

from __future__ import annotations

from homewire.errors import CommandTimeout, ConnectionFailed

__all__ = ["MachineBusy", "Unanswered"]


class MachineBusy(ConnectionFailed):
    """The machine takes the connection and says nothing: it serves another client, or is none."""

    code = "machine_busy"


class Unanswered(CommandTimeout):
    """The machine, which answers others, has not answered this request."""

    code = "unanswered"
