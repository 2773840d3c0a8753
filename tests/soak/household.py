"""One link under test: a simulator, the network before it, a supervised connection, and its user.

A link lives through a day with `weather()` and `commands()`. What ought not to happen goes into `findings`.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import random
from collections.abc import Mapping
from typing import Any

from homewire.appliance import Appliance
from homewire.clock import Clock
from homewire.commands import Stage
from homewire.errors import HomewireError
from homewire.features import Feature, Number, Select, Switch, Text, Value
from homewire.kinds import Kind
from homewire.link.connection import Connection
from homewire.link.supervisor import LinkState, LinkStatus, Supervisor
from homewire.simulation.simulator import Simulator
from tests.soak.truth import TRUTHS, same
from tests.soak.weather import FALSIFYING, Network

BACK_WITHIN_S = 900.0
"""A back-off of at most 300 s, an opening that hangs for 60 s in what the weather left, and a slow poll."""

_SHOWN_WITHIN_S = 900.0
"""The slowest poll of a kind that can also follow is 300 s; three of them."""

_CALM_S = (600.0, 2400.0)
_COMMAND_EVERY_S = 240.0
_PATIENCE = 0.1
"""The share of commands whose user goes away before the end."""

CAST: Mapping[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "lamarzocco-direct": [({}, {}), ({"model": "Linea Mini", "seed": 1}, {"hold": False})],
    "lamarzocco-gateway": [({"models": ("Micra", "Pico"), "bluetooth": False}, {})],
    "miele": [
        ({"type": "oven"}, {"listen_address": "127.0.0.1"}),
        ({"type": "hob", "fab_number": "000123456780"}, {"push": False}),
    ],
}
"""Options of the simulator and settings of the connection, by kind; any other kind has one with defaults."""


class Link:
    """One supervised link; `losses` and `returns` count what its supervisor told."""

    def __init__(self, kind: Kind, number: int, *, seed: int, clock: Clock) -> None:
        self.kind = kind
        self.name = f"{kind.kind} {number + 1}"
        self.findings: list[str] = []
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.spells: collections.Counter[str] = collections.Counter()
        self.losses = self.returns = self.parked = self.compared = 0
        self._options, self._own_settings = CAST.get(kind.kind, [({}, {})])[number]
        self._rng = random.Random(f"{seed} {self.name}")
        self._clock = clock
        self._network = Network(self._rng, clock)
        self._falsified = False
        self._quiet = asyncio.Lock()
        self._online = False

    async def start(self) -> None:
        """Start the simulator, the proxies and the supervised connection."""
        factory = self.kind.load_simulator()
        self.simulator: Simulator = factory(factory.Options(**self._options), clock=self._clock)
        await self.simulator.start()
        routed = await self._network.route(self.simulator.settings())
        settings = self.kind.convert_settings(routed | self._own_settings)
        self.connection: Connection[Any] = self.kind.load_connection()(
            settings, name=self.name, clock=self._clock
        )
        self.supervisor = Supervisor(self.connection)
        self.supervisor.subscribe(self._count)
        self.supervisor.start()
        await self.supervisor.opened()

    async def stop(self) -> None:
        """Stop everything."""
        await self.supervisor.stop()
        await self._network.stop()
        await self.simulator.stop()

    async def weather(self, until: float) -> None:
        """Live through spells of weather until the clock shows `until`; end in calm."""
        while True:
            calm_s = self._rng.uniform(*_CALM_S)
            await self._clock.sleep(calm_s)
            spell_s = await self._network.strike()
            spell = self._network.spell
            spell_s = min(spell_s, max(60.0, until - self._clock.monotonic()))
            self.spells[spell] += 1
            self._falsified = spell in FALSIFYING
            await self._clock.sleep(spell_s)
            await self._network.heal()
            await self._expect_return(spell, spell_s)
            if self._clock.monotonic() >= until:
                return

    async def commands(self) -> None:
        """Send commands at random moments, for ever."""
        while True:
            await self._clock.sleep(self._rng.expovariate(1 / _COMMAND_EVERY_S))
            async with self._quiet:
                await self._command()

    def _count(self, status: LinkStatus) -> None:
        if status.state is LinkState.ONLINE:
            self.returns += not self._online and self.losses > 0
            self._online = True
        elif status.state in (LinkState.WAITING, LinkState.PARKED):
            self.losses += self._online
            self._online = False
        if status.state is LinkState.PARKED:
            self.parked += 1

    # --- coming back

    async def _expect_return(self, spell: str, spell_s: float) -> None:
        if self.supervisor.status.state is LinkState.PARKED:
            self._owner_helps(spell)
        if not await self._eventually(self._is_back, BACK_WITHIN_S):
            reasons = [appliance.availability.reason for appliance in self.connection.appliances.values()]
            self.findings.append(
                f"{self.name} is not back after {spell} for {spell_s:.0f} s: "
                f"{self.supervisor.status.reason}, {reasons}"
            )
        async with self._quiet:
            self._falsified = False
            if not await self._eventually(lambda: not self._wrong(), _SHOWN_WITHIN_S):
                self.findings.append(f"{self.name} shows after {spell}: {'; '.join(self._wrong())}")

    def _owner_helps(self, spell: str) -> None:
        """Do what a parked link waits for. Only falsified bytes may look like wrong credentials."""
        if spell not in FALSIFYING:
            self.findings.append(f"{self.name} was parked by {spell}: {self.supervisor.status.reason}")
        self.supervisor.settings_changed(self.connection.settings)

    def _is_back(self) -> bool:
        return self.supervisor.status.state is LinkState.ONLINE and all(
            appliance.availability.online for appliance in self.connection.appliances.values()
        )

    def _wrong(self) -> list[str]:
        """Return what is shown otherwise than the simulated appliances believe."""
        return [
            f"{appliance.identity.name} {key} {appliance.state[key]!r}, which is {believed!r}"
            for appliance in self.connection.appliances.values()
            for key, believed in self._truth(appliance).items()
            if not same(appliance.state[key], believed)
        ]

    def _truth(self, appliance: Appliance) -> dict[str, Value]:
        truth = TRUTHS.get(self.kind.kind)
        told = truth(self.simulator, appliance) if truth is not None else {}
        return {key: value for key, value in told.items() if key in appliance.features}

    async def _eventually(self, condition: Any, within_s: float) -> bool:
        deadline = self._clock.monotonic() + within_s
        while not condition():
            if self._clock.monotonic() >= deadline:
                return False
            await self._clock.sleep(5.0)
        return True

    # --- commands

    async def _command(self) -> None:
        appliance = self._rng.choice(list(self.connection.appliances.values()))
        feature = self._feature(appliance)
        if feature is None:
            return
        value = _random_value(feature, self._rng)
        command = appliance.prepare(feature.key, value)
        try:
            if self._rng.random() < _PATIENCE:
                async with self._clock.timeout(self._rng.uniform(0.01, 20.0)):
                    await appliance.execute(command)
            else:
                await appliance.execute(command)
        except TimeoutError:
            self.outcomes["given up"] += 1
        except HomewireError as error:
            self.outcomes[error.code] += 1
        except Exception as error:
            self.findings.append(f"{self.name} answered {feature.key} with {error!r}")
        else:
            self.outcomes["confirmed"] += 1
            self._check(appliance, feature.key, value)
        if not command.stage.final:
            self.findings.append(f"{self.name} {feature.key} ended as {command.stage}")
        if (command.stage is Stage.CONFIRMED) != (command.error is None):
            self.findings.append(f"{self.name} {feature.key} is {command.stage} with {command.error!r}")

    def _feature(self, appliance: Appliance) -> Feature | None:
        told = self._truth(appliance)
        usable = [
            feature
            for key, feature in appliance.features.items()
            if feature.writable
            and not feature.dangerous
            and isinstance(feature, Switch | Number | Select | Text)
            and (key in told or self.kind.kind not in TRUTHS)
        ]
        return self._rng.choice(usable) if usable else None

    def _check(self, appliance: Appliance, key: str, value: Value) -> None:
        told = self._truth(appliance)
        if key not in told or self._falsified:
            return
        self.compared += 1
        if not same(told[key], value):
            self.findings.append(
                f"{self.name} confirmed {key} = {value!r} in {self._network.spell or 'calm'}, "
                f"but it is {told[key]!r}"
            )


def _random_value(feature: Feature, rng: random.Random) -> Value:
    if isinstance(feature, Number):
        steps = int((feature.maximum - feature.minimum) / feature.step)
        return round(feature.minimum + rng.randint(0, steps) * feature.step, 3)
    if isinstance(feature, Select):
        return rng.choice(feature.options)
    if isinstance(feature, Text):
        return f"Name {rng.randrange(100)}"
    return rng.random() < 0.5


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel and wait until it is gone; raise what else it ended with."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
