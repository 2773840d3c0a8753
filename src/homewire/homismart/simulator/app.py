"""A second app on the same account: somebody at home switches lights, moves curtains and locks the door.

It gives a demo life: what it does shows up as reports that nobody here asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
from typing import Any, Final

from homewire.clock import Clock
from homewire.homismart.codes import Kind
from homewire.homismart.models import kind_of
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.requests import power
from homewire.homismart.simulator.account import Refused, SimulatedAccount

__all__ = ["SecondApp"]

_LEVELS: Final = ("0", "30", "50", "80", "100")


class SecondApp:
    """Does something every `every_s` seconds or so, by its own random numbers."""

    def __init__(
        self,
        account: SimulatedAccount,
        *,
        clock: Clock,
        zone: dt.tzinfo | None = None,
        rng: random.Random,
        every_s: float = 20.0,
    ) -> None:
        self._account = account
        self._clock = clock
        self._zone = zone
        self._rng = rng
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self.deeds = 0

    def start(self) -> None:
        """Begin to live."""
        if self._task is None:
            self._task = asyncio.create_task(self._live(), name="Homismart second app")

    async def stop(self) -> None:
        """Stop living."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    def act(self) -> str | None:
        """Do one thing now; return the id of the device, None if there is nothing to do."""
        candidates = [known for known in self._account.objects.values() if _usable(known)]
        if not candidates:
            return None
        known = self._rng.choice(candidates)
        self.deeds += 1
        with contextlib.suppress(Refused):  # the device went off line: as on a wall, nothing happens
            self._do(known)
        return str(known["id"])

    async def _live(self) -> None:
        while True:
            await self._clock.sleep(self._every_s * self._rng.uniform(0.5, 1.5))
            self.act()

    def _do(self, known: dict[str, Any]) -> None:
        kind = kind_of(known)
        if kind is Kind.LOCK:
            self._account.change(known["id"], lock="1" if known.get("lock") == "2" else "2")
            return
        if kind.cover:
            body = known | {"curtainState": self._rng.choice(_LEVELS)}
        else:
            _, control = power(known, not known.get("power"), self._clock.now().astimezone(self._zone))
            body = dict(control or {})
        reaction = self._account.handle(RequestPrefix.DEVICE_CONTROL, body)
        for device_id in reaction.changed:
            self._account.report(device_id, reaction.keys)


def _usable(known: dict[str, Any]) -> bool:
    kind = kind_of(known)
    return bool(known.get("onLine")) and (kind.switchable or kind.cover or kind is Kind.LOCK)
