"""What is past its time in the trash goes, and the oldest of it before its time where the pool runs full."""

from collections.abc import Callable
from datetime import datetime

from agent.core.operation import Arguments, Operation, OperationKind, Request
from agent.host.zfs import Zfs
from agent.settings import Settings
from agent.store.operations import OperationStore
from agent.store.trash import Trashed, TrashStore

INTERVAL = 300.0
"""Seconds between two looks."""
CHANNEL = "worker"
"""Where a request comes from that no person made."""


class Purging:
    """Enters the purges that nobody has asked for: operations like any, each with its reason.

    The worker alone has one of these. What people ask for goes through the gate of ``Operations``.

    Args:
        settings: for how long things are kept, and how full the pool may be.
        zfs: which tells how full it is.
        trash: what is in the trash.
        operations: where the purges are entered.
        clock: the time in UTC.
    """

    def __init__(
        self,
        settings: Settings,
        zfs: Zfs,
        trash: TrashStore,
        operations: OperationStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._zfs = zfs
        self._trash = trash
        self._operations = operations
        self._clock = clock

    def look(self) -> list[Operation]:
        """Enter what is due now.

        Raises:
            HostFailure: how full the pool is could not be read.
        """
        now, days = self._clock(), self._settings.trash_days
        oldest_first = self._trash.of_node(self._settings.node_name)[::-1]
        busy = {one.operation for one in oldest_first if self._operations.using_trash(one.operation)}
        idle = [one for one in oldest_first if one.operation not in busy and not self._tried(one, now)]
        over = [one for one in idle if one.expires_at <= now]
        if over or busy or not idle:
            why = f"It was in the trash for {days} day{'s' * (days != 1)}."
            return [self._enter(one, why, now) for one in over]
        # One at a time: ZFS frees room in the background, and nothing more goes than has to.
        pool = self._zfs.pool(self._settings.pool)
        full, most = 100 * (pool.size - pool.free) // max(pool.size, 1), self._settings.trash_high_water
        if full <= most:
            return []
        why = f"The pool {self._settings.pool} is {full}% full, which is over {most}%."
        return [self._enter(idle[0], why, now)]

    def _tried(self, one: Trashed, now: datetime) -> bool:
        """Whether it was entered today already: one that failed is tried again the next day."""
        request = Request(channel=CHANNEL, key=_key(one, now))
        return self._operations.asked(one.workload.owner, request) is not None

    def _enter(self, one: Trashed, why: str, now: datetime) -> Operation:
        return self._operations.add(
            one.workload,
            OperationKind.PURGE,
            Request(channel=CHANNEL, words=why, key=_key(one, now)),
            now,
            arguments=Arguments(trash=one.operation),
        )


def _key(one: Trashed, now: datetime) -> str:
    return f"purge:{one.workload.node}:{one.operation}:{now:%Y-%m-%d}"
