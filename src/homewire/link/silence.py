"""Notice that a peer has fallen silent, without a task or a timer per message."""

from __future__ import annotations

from homewire.clock import Clock

__all__ = ["SilenceWatch"]


class SilenceWatch:
    """A limit on how long a peer may say nothing. Any message is a sign of life: `feed()` is one store."""

    def __init__(self, limit_s: float, clock: Clock) -> None:
        self.limit_s = limit_s
        self._clock = clock
        self._heard = clock.monotonic()

    def feed(self) -> None:
        """Note a sign of life."""
        self._heard = self._clock.monotonic()

    @property
    def silent_s(self) -> float:
        """Seconds since the last sign of life."""
        return self._clock.monotonic() - self._heard

    async def expired(self) -> None:
        """Return once nothing was heard for the limit."""
        while (left := self.limit_s - self.silent_s) > 0:
            await self._clock.sleep(left)
