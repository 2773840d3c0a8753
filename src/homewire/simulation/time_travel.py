"""An event loop whose time jumps instead of passing: hours of back-off, heating and brewing in milliseconds.

Whenever nothing is ready and the loop would wait for its next timer, the time moves straight to that timer.
Sockets stay real: what one end of a loopback connection sent is delivered before the time moves. While a
thread works for the loop, time stands still.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

__all__ = ["TimeTravelLoop"]

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_GRACE_S = 0.001
"""Real time that the kernel gets to deliver loopback traffic before the clock may jump.

epoll knows nothing shorter.
"""

_DEADLOCK_S = 30.0
"""Real time after which a loop that waits without any timer is stuck for good."""

_THREAD_POLL_S = 0.005
"""How often to look again while a thread works."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for sockets, but lets the loop's time jump where it would only wait for a timer."""

    def __init__(self, grace_s: float) -> None:
        super().__init__()
        self.travelled_s = 0.0
        self.threads = 0
        self._grace_s = grace_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; without that, jump over the timeout."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return self._wait_for_outside()
        if self.threads:
            return super().select(min(timeout, _THREAD_POLL_S))
        ready = super().select(self._grace_s) if self._grace_s else ready
        if not ready:
            self.travelled_s += timeout
        return ready

    def _wait_for_outside(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait in real time for a thread or a socket from outside; there is no timer to jump to."""
        ready = super().select(_DEADLOCK_S)
        if not ready and not self.threads:
            raise RuntimeError(
                f"deadlock: no timer is set, and nothing has happened for {_DEADLOCK_S:.0f} real seconds"
            )
        return ready


class TimeTravelLoop(asyncio.SelectorEventLoop):
    """A selector event loop on virtual time. `wall_time()` follows it, so that dates travel along.

    Without `grace_s` it travels several times as fast, and on a loaded computer a message may come late.
    """

    def __init__(self, *, grace_s: float = _GRACE_S) -> None:
        self._jumping = _JumpingSelector(grace_s)
        self._began_wall = time.time()
        self._began_real = time.monotonic()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return virtual seconds: those that passed in truth plus those that were jumped over."""
        return time.monotonic() + self._jumping.travelled_s

    def wall_time(self) -> float:
        """Return the virtual Unix time."""
        return self._began_wall + self.time() - self._began_real

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Run in a thread; time stands still meanwhile."""
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(self._thread_done)
        return future

    @contextlib.contextmanager
    def stand_still(self) -> Iterator[None]:
        """Let time stand still while a thread works that the loop did not start, such as a database's."""
        self._jumping.threads += 1
        try:
            yield
        finally:
            self._jumping.threads -= 1

    def _thread_done(self, _future: asyncio.Future[Any]) -> None:
        self._jumping.threads -= 1
