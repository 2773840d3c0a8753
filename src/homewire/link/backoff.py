"""How long to wait before the next attempt: exponential, with full jitter and a ceiling.

Full jitter (a delay drawn evenly between nothing and the current bound) keeps many clients of one cloud from
coming back at the same moment after it was away.
"""

from __future__ import annotations

import random

__all__ = ["Backoff"]


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
