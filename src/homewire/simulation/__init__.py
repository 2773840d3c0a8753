"""A virtual home: simulated appliances with believable physics, and misbehaviour on demand.

What all simulators share is here; each protocol package brings its own as `simulator`.
"""

from homewire.simulation.simulator import Simulator

__all__ = ["Simulator"]
