"""The other end of the gateway generation: cloud, local API and Bluetooth over one shared state."""

from homewire.lamarzocco.gateway.simulator.levers import CloudLevers, CommandOutcome, LocalLevers
from homewire.lamarzocco.gateway.simulator.machine import SimulatedMachine
from homewire.lamarzocco.gateway.simulator.server import GatewaySimulator

__all__ = ["CloudLevers", "CommandOutcome", "GatewaySimulator", "LocalLevers", "SimulatedMachine"]
