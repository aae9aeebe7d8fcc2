"""The observer: writes down what the node's machines are seen doing, so that looking costs one query."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Self

from agent.core.errors import HostFailure
from agent.core.workload import WorkloadState
from agent.host.machined import Machined
from agent.host.node import Node
from agent.host.nspawn import Nspawn, UnitState
from agent.store.workloads import WorkloadStore

log = logging.getLogger(__name__)

INTERVAL = 2.0
"""Seconds after which it looks even if nobody said that anything changed."""

STATES = {
    UnitState.ACTIVE: WorkloadState.RUNNING,
    UnitState.ACTIVATING: WorkloadState.STARTING,
    UnitState.DEACTIVATING: WorkloadState.STOPPING,
    UnitState.INACTIVE: WorkloadState.STOPPED,
    UnitState.FAILED: WorkloadState.FAILED,
    UnitState.UNKNOWN: WorkloadState.UNKNOWN,
}


class Observer:
    """Follows the machines of one node."""

    def __init__(self, node: Node, workloads: WorkloadStore, clock: Callable[[], datetime]) -> None:
        self._node = node
        self._nspawn = Nspawn(node)
        self._machined = Machined(node)
        self._workloads = workloads
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="voxnix-observer", daemon=True)

    def __enter__(self) -> Self:
        """Begin to follow, in a thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> None:
        """Compare what the database says with what is there, and write down the difference.

        A workload that is still being created belongs to its operation, which says when it is there.

        Raises:
            HostFailure: the node did not answer; the database keeps what was last seen.
        """
        known = {
            workload.machine: workload
            for workload in self._workloads.of_node(self._node.name)
            if workload.state is not WorkloadState.CREATING
        }
        if not known:
            return
        units = self._nspawn.states()
        addresses = self._machined.addresses()
        seen: dict[str, tuple[WorkloadState, tuple[str, ...]]] = {}
        for machine, workload in known.items():
            state = STATES[units.get(machine, UnitState.INACTIVE)]
            now = (state, addresses.get(machine, ()) if state is WorkloadState.RUNNING else ())
            if now != (workload.state, workload.addresses):
                seen[machine] = now
        self._workloads.observe(self._node.name, seen, self._clock())

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
                for _ in self._machined.changes(timeout=INTERVAL):
                    if self._stopping.is_set():
                        return
                    self.look()
            except HostFailure as error:
                log.warning("the node did not answer: %s", error)
                self._stopping.wait(INTERVAL)
            except Exception:  # the worker lives on: the next look may go well
                log.exception("looking at the machines failed")
                self._stopping.wait(INTERVAL)
