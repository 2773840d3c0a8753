"""A daily life for a simulated machine: somebody comes, brews, draws hot water, and leaves again."""

from __future__ import annotations

import random

from homewire.clock import Clock
from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.simulator.levers import Levers
from homewire.lamarzocco.direct.simulator.machine import SimulatedMachine

__all__ = ["live"]

_READY_WITHIN_C = 3.0


async def live(machine: SimulatedMachine, levers: Levers, clock: Clock, rng: random.Random) -> None:
    """Use the machine for ever: switch it on, wait until it is hot, brew a few shots, let it rest."""
    while True:
        levers.set_power(True)
        while machine.coffee.temperature_c < machine.memory["coffee_setpoint_c"] - _READY_WITHIN_C:
            await clock.sleep(5)
        for _ in range(rng.randint(2, 5)):
            await _brew(machine, levers, clock, rng)
            await clock.sleep(rng.uniform(60, 900))
        if rng.random() < 0.5:  # noqa: PLR2004 - every other time
            levers.draw_hot_water(rng.uniform(3, 10))
        await clock.sleep(rng.uniform(600, 3600))
        if rng.random() < 0.3:  # noqa: PLR2004 - sometimes nobody comes back for hours
            levers.set_power(False)
            await clock.sleep(rng.uniform(3600, 4 * 3600))


async def _brew(machine: SimulatedMachine, levers: Levers, clock: Clock, rng: random.Random) -> None:
    levers.start_brew(rng.choice((1, 2, 2, 2, 3)))
    if machine.model is Model.GS3_AV:
        return  # its dose ends the shot
    await clock.sleep(rng.gauss(28, 3))
    levers.stop_brew()
