"""The nix store of a node: what is in it, what is kept, and what is thrown away."""

import logging
import re

from agent.core.errors import CommandFailed, HostFailure
from agent.host.node import Node
from agent.host.presence import Presence

log = logging.getLogger(__name__)

TIMEOUT = 60.0
"""Seconds for any one command beside the garbage collection."""

COLLECTING = 3600.0
"""Seconds for a garbage collection: a large store on a slow disk takes its time."""

_INVALID = "is not valid"
_FREED = re.compile(r"(\d+) store paths deleted, ([0-9.]+) ([KMGT]?i?B) freed")
_UNITS = {"B": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}
_PLAN = ".drv"


class NixStore:
    """The ``nix-store`` command of a node.

    Every method raises CommandFailed or CommandTimedOut where the command does; :meth:`presence` raises
    neither.

    Args:
        node: where the store is.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def presence(self, path: str) -> Presence:
        """Whether a path is in the store, whole."""
        try:
            answer = self._node.run(["nix-store", "--check-validity", path], timeout=TIMEOUT, check=False)
        except HostFailure as failure:
            log.warning("cannot tell whether %s is there: %s", path, failure)
            return Presence.UNKNOWN
        if answer.returncode == 0:
            return Presence.PRESENT
        if f"'{path}' {_INVALID}" in answer.stderr:
            return Presence.ABSENT
        log.warning("cannot tell whether %s is there: %s", path, answer.stderr.strip())
        return Presence.UNKNOWN

    def closure(self, path: str) -> tuple[str, ...]:
        """A path and all that it needs."""
        return self._query("--requisites", path)

    def closure_size(self, path: str) -> int:
        """How much a path and all that it needs take, in bytes."""
        return sum(int(size) for size in self._query("--size", *self.closure(path)))

    def roots(self, folder: str) -> dict[str, str]:
        """Name to store path of the links in a folder; those to nothing are none, and no folder has none."""
        if not self._node.exists(folder):
            return {}
        argv = ["find", folder, "-mindepth", "1", "-maxdepth", "1", "-type", "l", "!", "-xtype", "l"]
        answer = self._node.run([*argv, "-printf", r"%f\t%l\n"], timeout=TIMEOUT).stdout
        links = dict(line.split("\t", 1) for line in answer.splitlines())
        # What a build that was killed left of its plan keeps no result.
        return {name: path for name, path in sorted(links.items()) if not path.endswith(_PLAN)}

    def remove_root(self, root: str) -> None:
        """Keep a path no longer; no link is as well."""
        self._node.remove(root)

    def collect_garbage(self, *, timeout: float = COLLECTING) -> int:
        """Throw away all that no root needs, of whomever it is.

        Returns:
            How many bytes that freed, as nix rounds it.
        """
        answer = self._node.run(["nix-store", "--gc"], timeout=timeout)
        match = _FREED.search(answer.stdout + answer.stderr)
        if match is None:
            raise CommandFailed(answer.argv, answer.returncode, f"no word of what was freed: {answer.stderr}")
        return round(float(match[2]) * (1 << _UNITS[match[3]]))

    def _query(self, *words: str) -> tuple[str, ...]:
        return tuple(self._node.run(["nix-store", "--query", *words], timeout=TIMEOUT).stdout.split())
