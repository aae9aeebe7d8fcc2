"""The journals of containers."""

from agent.core.errors import HostFailure
from agent.host.node import Node
from agent.host.units import unit_name

KINDS = ("systemd-nspawn", "container")
"""The units that run containers; a machine is of one of them."""

TIMEOUT = 30.0
"""Seconds for one reading."""


class Journal:
    """The journals of the containers of a node.

    Args:
        node: where they run.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def lines(self, machine: str, count: int, root: str = "") -> list[str]:
        """The last lines that a container logged, oldest first; while it is stopped too.

        Args:
            machine: its name.
            count: how many lines at most.
            root: the folder with its root file system; ``/var/lib/machines/<machine>`` when empty.

        Returns:
            Lines that begin with an ISO 8601 time. Where the container has no journal yet, what the
            host knows of its unit.
        """
        folder = f"{root or f'/var/lib/machines/{machine}'}/var/log/journal"
        if self._node.exists(folder):
            inside = self._read([f"--directory={folder}"], count)
            if inside:
                return inside
        return self._read([f"--unit={unit_name(kind, machine)}" for kind in KINDS], count)

    def _read(self, source: list[str], count: int) -> list[str]:
        if count < 1:
            raise HostFailure(f"{count} lines of a journal cannot be read.")
        argv = ["journalctl", *source, f"--lines={count}", "--output=short-iso", "--no-pager", "--quiet"]
        return self._node.run(argv, timeout=TIMEOUT).stdout.splitlines()
