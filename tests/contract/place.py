"""Where a suite for the host layer works."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.host.mmdebstrap import Recipe
from agent.host.node import Node
from agent.host.runtime import Machine, Runtime
from agent.host.zfs import Zfs

BASE = 1_048_576


@dataclass(frozen=True)
class Place:
    """Where a suite may work.

    Attributes:
        node: the node.
        pool: name of its pool.
        above: a data set of the suite's own, mounted at ``/<above>``.
        sources: the node's list of mirrors.
        cache: a folder for archives.
        runtime: what runs the node's containers.
        system: what they boot; empty where their root file systems bring their own.
    """

    node: Node
    pool: str
    above: str
    sources: str
    cache: str
    runtime: Runtime
    system: str = ""

    @property
    def zfs(self) -> Zfs:
        """The node's ZFS."""
        return Zfs(self.node)

    def recipe(self, *packages: str) -> Recipe:
        """A recipe for the node."""
        return Recipe("trixie", packages, (("contract", "echo ready >/contract"),), self.sources, "10.88.0.1")

    def machine(self, name: str, **changed: object) -> Machine:
        """A machine with a workspace, whose data sets are named after it, and with something else in it."""
        plain = Machine(
            name=name,
            hostname="dev",
            root=f"/var/lib/machines/{name}",
            bridge="voxnix0",
            uid_base=BASE,
            binds=((f"/{self.above}/{name}", "/workspace"),),
            memory_max="512M",
            tasks_max=500,
            system=self.system,
        )
        return replace(plain, **changed)  # pyright: ignore[reportArgumentType]


def mirrors(node: Node) -> str:
    """The node's list of mirrors."""
    plain = "/etc/apt/sources.list"
    return plain if node.exists(plain) else "/etc/apt/sources.list.d/debian.sources"


def until(found: Callable[[], object], timeout: float = 20) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + timeout
    while not found():
        assert time.monotonic() < deadline, f"waited {timeout} s"
        time.sleep(0.02)
