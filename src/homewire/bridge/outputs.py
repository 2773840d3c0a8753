"""What an output is: a module that the bridge starts and stops, and that was handed the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Output"]


class Output(Protocol):
    """Carries what appliances report to somewhere, and commands back."""

    async def start(self) -> None:
        """Begin; return once it works or keeps trying by itself; raise only what the owner must repair."""

    async def stop(self) -> None:
        """Say goodbye and end; leave no task, socket or timer."""

    def report(self) -> Mapping[str, Any]:
        """Tell how it is, for the health report: `ok` and whatever helps."""
