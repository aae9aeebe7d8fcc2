"""Snapshots that are taken by themselves, and given up when there are enough of them."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from agent.core.errors import VoxnixError
from agent.core.owner import Owner
from agent.core.storage import Schedule, SnapshotKind, SnapshotName, due, superfluous
from agent.core.workload import Workload, WorkloadState
from agent.host.node import Node
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from agent.services.node_storage import check_mounted
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

log = logging.getLogger(__name__)

BY_ITSELF = frozenset({SnapshotKind.HOURLY, SnapshotKind.DAILY, SnapshotKind.WEEKLY})


class Schedules:
    """Takes what is due on one node, and gives up what is superfluous of that.

    None of these is an operation: nobody asked for this very one, nothing is changed that a person would see,
    and a row for each would leave nothing else to be seen in the audit trail. Their names are their record.

    Args:
        node: which one.
        pool: its ZFS pool.
        workloads: whose schedules they are.
        operations: what is under way, which is left alone.
        zone: where days and weeks begin.
        clock: the time in UTC.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        node: Node,
        pool: str,
        workloads: WorkloadStore,
        operations: OperationStore,
        zone: tzinfo,
        clock: Callable[[], datetime],
    ) -> None:
        self._node = node.name
        self._zfs = Zfs(node)
        self._pool = pool
        self._layout = Layout(pool)
        self._workloads = workloads
        self._operations = operations
        self._zone = zone
        self._clock = clock
        self._known: dict[str, list[SnapshotName]] = {}
        self._kept: dict[str, Schedule] = {}
        self._told: dict[str, str] = {}

    def look(self) -> None:
        """Take what is due, and give up what is superfluous; of one workload after another, whatever fails.

        What there is is asked of ZFS where something has to be done, and not at each look.
        """
        now = self._clock().astimezone(UTC).replace(microsecond=0)
        busy = self._operations.busy(self._node)
        for workload in self._workloads.of_node(self._node):
            machine = workload.machine
            if machine in busy or workload.state is WorkloadState.CREATING or self._is_rested(workload, now):
                continue
            try:
                self._keep(workload, now)
            except VoxnixError as error:
                self._known.pop(machine, None)
                if self._told.get(machine) != str(error):  # not once a minute for a week
                    log.warning("the snapshots of %s are not taken: %s", machine, error)
                self._told[machine] = str(error)
            else:
                self._told.pop(machine, None)

    def _is_rested(self, workload: Workload, now: datetime) -> bool:
        """Whether nothing has to be done, as far as is remembered."""
        known = self._known.get(workload.machine)
        return (
            known is not None
            and self._kept.get(workload.machine) == workload.schedule
            and not due(known, workload.schedule, now, self._zone)
        )

    def _keep(self, workload: Workload, now: datetime) -> None:
        owner, schedule = Owner(workload.owner), workload.schedule
        above = self._layout.workload(owner, workload.machine)
        wanted = any(schedule.counts.values())
        if wanted:
            check_mounted(
                self._zfs,
                [self._layout.root(owner, workload.machine), self._layout.workspace(owner, workload.machine)],
            )
        where = self._taken(above)
        new = [SnapshotName(kind=kind, taken_at=now) for kind in due(where, schedule, now, self._zone)]
        for name in new:
            self._zfs.snapshot(f"{above}@{name}", recursive=True)
        for name in superfluous([*where, *new], schedule):
            # What is new stays, even where others claim to be of the future; what is copied stays whole.
            if name in where and not self._operations.copying(self._node, workload.owner, str(name)):
                self._give_up(name, where.pop(name))
        self._known[workload.machine] = [*where, *new]
        self._kept[workload.machine] = schedule

    def _taken(self, above: str) -> dict[SnapshotName, list[str]]:
        """What schedules have taken of a workload, and which data sets each is of."""
        where: dict[SnapshotName, list[str]] = {}
        for dataset, taken in self._zfs.snapshots_below(above).items():
            for one in taken:
                name = SnapshotName.parse(one.name)
                if name is not None and name.kind in BY_ITSELF:
                    where.setdefault(name, []).append(dataset)
        return where

    def _give_up(self, name: SnapshotName, datasets: list[str]) -> None:
        """Destroy one; not, where something began as a copy of it, which holds it anyway."""
        held = set(self._zfs.origins(self._pool).values())
        if any(f"{dataset}@{name}" in held for dataset in datasets):
            log.info("%s stays: something began as a copy of it", name)
            return
        for dataset in datasets:
            self._zfs.destroy(f"{dataset}@{name}")
