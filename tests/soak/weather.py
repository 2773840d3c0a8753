"""Network weather: what happens between a client and an appliance over the days, drawn from a seed.

Nothing here knows a protocol. A `Network` holds the fault proxies of one link, whichever ports it uses, and
lets a spell of weather strike some or all of them.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from homewire.clock import Clock
from homewire.simulation.faults import Direction, FaultProxy

_SHORTEST_S, _LONGEST_S = 2.0, 1800.0
_OUTAGE_S = (3600.0, 6 * 3600.0)
_ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")

Lever = Callable[[FaultProxy, random.Random], None]


def _ways(proxy: FaultProxy, rng: random.Random) -> list[Direction]:
    return rng.choice([[proxy.up], [proxy.down], [proxy.up, proxy.down]])


def _reset_later(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.reset_after = rng.randrange(1, 5000)


def _cut(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.truncate_after = rng.randrange(1, 5000)


def _black_hole(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.black_hole = True


def _delay(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.delay_s = rng.choice([0.3, 2.0, 8.0, 40.0])


def _crawl(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.rate = rng.choice([40.0, 400.0, 4000.0])


def _crumble(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.split = rng.randrange(1, 40)


def _corrupt(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.corrupt_every = rng.randrange(50, 4000)


def _garbage(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.garbage = rng.randbytes(rng.randrange(1, 300))


def _duplicate(proxy: FaultProxy, rng: random.Random) -> None:
    for way in _ways(proxy, rng):
        way.duplicate = True


LEVERS: Mapping[str, Lever] = {
    "reset": lambda proxy, _rng: proxy.reset(),
    "reset in the middle": _reset_later,
    "cut": _cut,
    "hang up": lambda proxy, _rng: setattr(proxy, "hang_up", True),
    "black hole": _black_hole,
    "delay": _delay,
    "crawl": _crawl,
    "crumble": _crumble,
    "corrupt": _corrupt,
    "garbage": _garbage,
    "duplicate": _duplicate,
}
CLOSED = ("refuse", "outage")
"""Weather in which nobody listens."""

FALSIFYING = frozenset({"corrupt", "garbage", "duplicate"})
"""Weather that changes bytes, which real networks hide by checksums: without TLS nobody can tell."""


class Network:
    """The ways of one link to its simulator. `spell` names the weather of the moment."""

    def __init__(self, rng: random.Random, clock: Clock) -> None:
        self.spell = ""
        self._rng = rng
        self._clock = clock
        self._proxies: dict[int, FaultProxy] = {}

    async def route(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings of a connection with a proxy in front of every port in them."""
        routed: dict[str, Any] = await self._routed(dict(settings))
        if isinstance(settings.get("port"), int):
            routed["port"] = await self._port(settings["port"])
        return routed

    async def strike(self) -> float:
        """Begin a spell of weather; return how many seconds it lasts."""
        rng, proxies = self._rng, list(self._proxies.values())
        struck = proxies if rng.random() < 0.5 else rng.sample(proxies, rng.randint(1, len(proxies)))
        self.spell = rng.choice([*LEVERS, *CLOSED])
        for proxy in struck:
            if self.spell in CLOSED:
                await proxy.refuse()
            else:
                LEVERS[self.spell](proxy, rng)
                if rng.random() < 0.3:
                    proxy.reset()  # the weather meets a link that is just being opened
        if self.spell == "outage":
            return rng.uniform(*_OUTAGE_S)
        return math.exp(rng.uniform(math.log(_SHORTEST_S), math.log(_LONGEST_S)))

    async def heal(self) -> None:
        """Let the sun shine. Connections whose bytes were swallowed or falsified are out of step and end."""
        for proxy in self._proxies.values():
            proxy.heal()
            if self.spell == "black hole" or self.spell in FALSIFYING:
                proxy.reset()
            await proxy.start()
        self.spell = ""

    async def stop(self) -> None:
        """Close everything."""
        for proxy in self._proxies.values():
            await proxy.stop()

    async def _port(self, port: int) -> int:
        if port not in self._proxies:
            proxy = self._proxies[port] = FaultProxy("127.0.0.1", port, clock=self._clock)
            await proxy.start()
        return self._proxies[port].port

    async def _routed(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: await self._routed(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [await self._routed(inner) for inner in value]
        if not isinstance(value, str):
            return value
        for found in set(_ADDRESS.findall(value)):
            value = value.replace(f"127.0.0.1:{found}", f"127.0.0.1:{await self._port(int(found))}")
        return value
