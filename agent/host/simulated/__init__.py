"""A node in memory: it answers the commands that the host layer sends, and no others.

It stands where the real node stands, so that all above it is the real thing. One suite of tests
(``tests/host/contract.py``) runs on both and keeps them alike.
"""

from agent.host.simulated.node import SimulatedNode
from agent.host.simulated.world import Fault, Pace, Sizes, UnknownCommand

__all__ = ["Fault", "Pace", "SimulatedNode", "Sizes", "UnknownCommand"]
