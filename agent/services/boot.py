"""After a reboot of the node: what ran before runs again, and what a person stopped stays stopped."""

import logging
from collections.abc import Callable
from datetime import datetime

from agent.core.errors import HostFailure
from agent.core.notice import NoticeKind
from agent.core.operation import WORKER, OperationKind, OperationState, Request
from agent.core.workload import WorkloadState
from agent.host.node import BOOT_ID, Node
from agent.host.runtime import Runtime, UnitState
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.notices import NoticeStore
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

log = logging.getLogger(__name__)

INTERVAL = 2.0
"""Seconds between two looks, until everything was started once; then a look is nothing."""

AT_REST = frozenset({UnitState.INACTIVE, UnitState.FAILED})
UNCLEAR = frozenset({UnitState.DEACTIVATING, UnitState.UNKNOWN})

REBOOT = "reboot"
"""The result of a crash, in a notice, where a container could not be started after a reboot."""
WORDS = "The node was restarted."
"""What stands in the audit trail where otherwise a person's words are."""


class Boot:
    """Starts what is to run, once after each boot.

    That a container does not run says nothing by itself: it may have crashed, or its root may have
    powered it off. Another boot than that after which all was started says that nobody meant it.

    Args:
        node: the node.
        runtime: of its containers.
        database: where the rest is.
        nodes: after which boot all was started.
        workloads: what is to run.
        operations: where starts are entered; each runs, and is written down, like anybody's.
        notices: where it is entered what could not be started: nobody waits for these starts.
        clock: the time in UTC.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        node: Node,
        runtime: Runtime,
        database: Database,
        nodes: NodeStore,
        workloads: WorkloadStore,
        operations: OperationStore,
        notices: NoticeStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._node = node
        self._runtime = runtime
        self._database = database
        self._nodes = nodes
        self._workloads = workloads
        self._operations = operations
        self._notices = notices
        self._clock = clock
        self._over = False

    def look(self) -> None:
        """Enter the starts that are missing after another boot, and tell of those that failed.

        Raises:
            HostFailure: the node did not tell which boot this is, or what runs; nothing was entered.
        """
        if self._over:
            return
        boot = (self._node.read(BOOT_ID) or "").strip()
        if not boot:
            raise HostFailure(f"{self._node.name} does not say which boot this is.", f"{BOOT_ID} is empty.")
        known = self._nodes.boot(self._node.name)
        if known == boot:
            self._over = self._followed(boot)
        elif not known or self._start(boot):  # a worker that was never here before has nothing to bring back
            self._nodes.booted(self._node.name, boot)

    def _start(self, boot: str) -> bool:
        """Enter the starts of what is to run and does not.

        Returns:
            Whether that was all. What is being changed may be about to be stopped, or may start by itself;
            and of what is unknown nothing follows.
        """
        machines = [one.machine for one in self._workloads.of_node(self._node.name)]
        states = self._runtime.states(machines)
        all_seen = True
        # One transaction: who has a container stopped in between is before this, or after it.
        with self._database.write():
            busy = {one.machine for one in self._operations.active(self._node.name)}
            for workload in self._workloads.of_node(self._node.name):
                state = states.get(workload.machine, UnitState.UNKNOWN)
                if not workload.wanted or workload.state is WorkloadState.CREATING:
                    continue
                if workload.machine in busy or state in UNCLEAR:
                    all_seen = False
                elif state in AT_REST:
                    key = self._prefix(boot) + workload.machine
                    request = Request(channel=WORKER, words=WORDS, key=key)
                    self._operations.add(workload, OperationKind.START, request, self._clock())
        return all_seen

    def _followed(self, boot: str) -> bool:
        """Tell whose container could not be started.

        Returns:
            Whether all of the starts have ended.
        """
        starts = self._operations.keyed(self._prefix(boot))
        for one in starts:
            workload = self._workloads.on(one.node, one.machine)
            if one.state is OperationState.FAILED and one.ended_at is not None and workload is not None:
                values = {"result": REBOOT, "status": 0}
                self._notices.add(NoticeKind.CRASHED, workload, values, f"reboot:{one.id}", one.ended_at)
        return all(one.state.ended for one in starts)

    def _prefix(self, boot: str) -> str:
        """How the keys begin of the starts after a boot."""
        return f"boot/{boot}/{self._node.name}/"
