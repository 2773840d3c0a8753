"""The machine's end of the wire: three models with physics, their account, and misbehaviour on demand."""

from homewire.lamarzocco.direct.simulator.account import AccountSimulator
from homewire.lamarzocco.direct.simulator.levers import Levers, Misbehaviour
from homewire.lamarzocco.direct.simulator.machine import SimulatedMachine
from homewire.lamarzocco.direct.simulator.server import DirectSimulator, SimulatorOptions

__all__ = [
    "AccountSimulator",
    "DirectSimulator",
    "Levers",
    "Misbehaviour",
    "SimulatedMachine",
    "SimulatorOptions",
]
