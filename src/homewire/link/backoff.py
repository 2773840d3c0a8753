"""How long to wait before the next attempt, and how often somebody else may ask for one.

Delays are exponential, with full jitter and a ceiling.

Full jitter (a delay drawn evenly between nothing and the current bound) keeps many clients of one cloud from
coming back at the same moment after it was away.
"""

from __future__ import annotations

import math
import random

__all__ = ["Backoff", "Throttle"]


class Backoff:
    """Delays whose bound doubles from `initial_s` to `ceiling_s`; at least `floor_s` each."""

    def __init__(
        self,
        initial_s: float = 1.0,
        ceiling_s: float = 300.0,
        *,
        floor_s: float = 0.2,
        rng: random.Random | None = None,
    ) -> None:
        self._initial_s = initial_s
        self._ceiling_s = ceiling_s
        self._floor_s = floor_s
        self._rng = rng or random.Random()  # noqa: S311 - spreads attempts, keeps no secret
        self.attempts = 0

    def next_delay_s(self) -> float:
        """Return the next delay in seconds and double the bound."""
        bound = min(self._ceiling_s, self._initial_s * 2.0 ** min(self.attempts, 32))
        self.attempts += 1
        return max(self._floor_s, self._rng.uniform(0.0, bound))

    def reset(self) -> None:
        """Begin again at the initial bound: the link has been stable for a while."""
        self.attempts = 0


class Throttle:
    """How often something may happen that others can ask for as often as they like.

    The first time at once; then only after gaps that double from `initial_s` to `ceiling_s`.
    """

    def __init__(self, initial_s: float = 10.0, ceiling_s: float = 300.0) -> None:
        self._initial_s = initial_s
        self._ceiling_s = ceiling_s
        self._gap_s = 0.0
        self._last = -math.inf

    def wait_s(self, now: float) -> float:
        """Return how many seconds it is too early; 0 when it may happen."""
        return max(0.0, self._last + self._gap_s - now)

    def take(self, now: float) -> None:
        """Note that it happens, and double the gap."""
        self._last = now
        self._gap_s = min(self._ceiling_s, max(self._initial_s, self._gap_s * 2))

    def reset(self) -> None:
        """Begin again without a gap: the link has been stable for a while."""
        self._gap_s = 0.0
