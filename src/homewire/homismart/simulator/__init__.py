"""The other end of the wire: a simulated Homismart cloud with a flat, for tests, demos and other clients."""

from homewire.homismart.simulator.account import SimulatedAccount
from homewire.homismart.simulator.app import SecondApp
from homewire.homismart.simulator.levers import Levers, Redirection, RedirectRule, RedirectWhen, Refusal
from homewire.homismart.simulator.server import HomismartSimulator, SimulatorOptions

__all__ = [
    "HomismartSimulator",
    "Levers",
    "RedirectRule",
    "RedirectWhen",
    "Redirection",
    "Refusal",
    "SecondApp",
    "SimulatedAccount",
    "SimulatorOptions",
]
