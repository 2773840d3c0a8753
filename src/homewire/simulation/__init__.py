"""A virtual home: simulated appliances with believable physics, and misbehaviour on demand."""

from homewire.simulation.simulator import Simulator

__all__ = ["Simulator"]
