"""The simulated node keeps what the host layer promises."""

import pytest

from agent.host.nspawn import Nspawn
from agent.host.simulated import Pace, SimulatedNode
from agent.host.simulated.world import SOURCES
from agent.host.zfs import Zfs
from tests.contract.host import HostContract
from tests.contract.place import Place


class TestSimulated(HostContract):
    """The whole suite, on a node in memory."""

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls) -> Place:
        """A new node."""
        node = SimulatedNode("sim", pace=Pace(build=0, boot=0.01, lease=0.01, stop=0.01))
        Zfs(node).create("tank/contract")
        return Place(node, "tank", "tank/contract", SOURCES, "/var/cache/voxnix/images", Nspawn(node))
