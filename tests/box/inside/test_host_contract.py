"""The real programs keep what the host layer promises."""

from collections.abc import Iterator

import pytest

from agent.host.node import LocalNode
from agent.host.presence import Presence
from agent.host.zfs import Zfs
from tests.contract.host import HostContract, Place

ABOVE = "tank/contract"


class TestReal(HostContract):
    """The whole suite, on the box."""

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls) -> Iterator[Place]:
        """A data set of our own on the box's pool."""
        node = LocalNode("box")
        if Zfs(node).presence(ABOVE) is Presence.PRESENT:
            Zfs(node).destroy(ABOVE, recursive=True)
        Zfs(node).create(ABOVE)
        apt = "/etc/apt/sources.list"
        sources = apt if node.exists(apt) else "/etc/apt/sources.list.d/debian.sources"
        yield Place(node, "tank", ABOVE, sources, "/var/cache/voxnix/images")
        Zfs(node).destroy(ABOVE, recursive=True)
