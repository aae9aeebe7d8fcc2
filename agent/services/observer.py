"""The observer: writes down what the node's machines are seen doing, so that looking costs one query."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Self

from agent.core.workload import WorkloadState
from agent.host.machined import Machined
from agent.host.node import Node
from agent.host.runtime import Runtime, UnitState
from agent.services.crashes import Crashes
from agent.store.workloads import WorkloadStore

log = logging.getLogger(__name__)

INTERVAL = 10.0
"""Seconds after which it looks even if nobody said that anything changed."""
SOON = 1.0
"""Seconds until the next look where the last one failed, or an address was missing."""

STATES = {
    UnitState.ACTIVE: WorkloadState.RUNNING,
    UnitState.ACTIVATING: WorkloadState.STARTING,
    UnitState.DEACTIVATING: WorkloadState.STOPPING,
    UnitState.INACTIVE: WorkloadState.STOPPED,
    UnitState.FAILED: WorkloadState.FAILED,
    UnitState.UNKNOWN: WorkloadState.UNKNOWN,
}


class Observer:
    """Follows the machines of one node.

    Args:
        node: the node.
        runtime: of its containers.
        workloads: where it is written down what they do.
        crashes: is told which have failed.
        clock: the time in UTC.
    """

    def __init__(
        self,
        node: Node,
        runtime: Runtime,
        workloads: WorkloadStore,
        crashes: Crashes,
        clock: Callable[[], datetime],
    ) -> None:
        self._node = node
        self._runtime = runtime
        self._machined = Machined(node)
        self._workloads = workloads
        self._crashes = crashes
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="voxnix-observer", daemon=True)

    def __enter__(self) -> Self:
        """Begin to follow, in a thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End. The node has to be stopped by now, or this waits for the next sign of it."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> bool:
        """Compare what the database says with what is there, and write down the difference.

        A workload that is still being created belongs to its operation, which says when it is there.

        Returns:
            Whether it has to look again soon: nobody says when a machine gets its address.

        Raises:
            HostFailure: the node did not answer; the database keeps what was last seen.
        """
        known = {
            workload.machine: workload
            for workload in self._workloads.of_node(self._node.name)
            if workload.state is not WorkloadState.CREATING
        }
        if not known:
            return False
        looked_at = self._clock()  # before: what fails while it looks is later than this, and so is news
        units = self._runtime.states()
        addresses = self._machined.addresses()
        seen: dict[str, tuple[WorkloadState, tuple[str, ...]]] = {}
        soon = False
        states = {machine: STATES[units.get(machine, UnitState.INACTIVE)] for machine in known}
        # Before the rest is written: a worker that ends in between finds them again.
        failed = self._crashes.note(
            [known[machine] for machine, state in states.items() if state is WorkloadState.FAILED]
        )
        for machine, workload in known.items():
            state = states[machine]
            now = (state, addresses.get(machine, ()) if state is WorkloadState.RUNNING else ())
            soon |= now == (WorkloadState.RUNNING, ())
            if now != (workload.state, workload.addresses) or machine in failed:
                seen[machine] = now
        self._workloads.observe(self._node.name, seen, looked_at)
        return soon

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                interval = SOON if self.look() else INTERVAL
                for _ in self._machined.changes(timeout=interval):
                    self.look()
            except Exception as error:  # noqa: BLE001 - the worker lives on: the next look may go well
                if not self._stopping.is_set():
                    log.warning("looking at the machines failed: %s", error)
                self._stopping.wait(SOON)
