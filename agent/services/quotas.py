"""Finds containers and owners who have nearly all that they may take."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent.core.notice import NoticeKind
from agent.core.owner import Owner
from agent.core.workload import WorkloadState
from agent.host.node import Node
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from agent.store.notices import NoticeStore
from agent.store.workloads import WorkloadStore

INTERVAL = 60.0
"""Seconds between two looks."""
FULL = 90
"""Per cent of a limit from which on it is nearly reached."""
FREE = 85
"""Per cent below which it is not any more; between the two nothing changes."""
KEPT = timedelta(days=30)
"""For how long it is remembered what people were told."""


class Quotas:
    """Enters a notice for each container and each owner that fills up.

    Args:
        node: where they are.
        pool: the ZFS pool.
        workloads: the record of them.
        notices: where they are entered.
        clock: the time in UTC.
    """

    def __init__(
        self,
        node: Node,
        pool: str,
        workloads: WorkloadStore,
        notices: NoticeStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._node = node
        self._layout = Layout(pool)
        self._zfs = Zfs(node)
        self._workloads = workloads
        self._notices = notices
        self._clock = clock

    def look(self) -> None:
        """Enter what has become nearly full, and forget what is not any more.

        Of what the node does not tell, nothing is known: it is neither.

        Raises:
            HostFailure: the node did not answer.
        """
        # One that is being made may have no file system yet, and the first one of all no place for it.
        known = [
            one for one in self._workloads.of_node(self._node.name) if one.state is not WorkloadState.CREATING
        ]
        filled = self._zfs.filled(self._layout.users) if known else {}
        prefix = f"quota:{self._node.name}:"
        lasting: set[str] = set()
        looked = [
            ("workload", self._layout.workload(Owner(one.owner), one.machine), one.machine, one)
            for one in known
        ]
        # An owner is told of the container that takes most: there is something to be had from it.
        sizes = {one.machine: filled[above].used for _, above, _, one in looked if above in filled}
        largest = {one.owner: one for one in sorted(known, key=lambda one: sizes.get(one.machine, 0))}
        looked += [
            ("owner", self._layout.owner(Owner(key)), f"owner:{key}", one) for key, one in largest.items()
        ]
        for part, dataset, whose, workload in looked:
            occasion = f"{prefix}{whose}"
            one = filled.get(dataset)
            if one is None or one.used * 100 >= one.quota * FREE:
                lasting.add(occasion)
            if one is not None and one.used * 100 >= one.quota * FULL:
                values = {"part": part, "used": one.used, "quota": one.quota}
                self._notices.add(NoticeKind.QUOTA, workload, values, occasion, self._clock())
        self._notices.end(prefix, lasting)
        self._notices.prune(self._clock() - KEPT)
