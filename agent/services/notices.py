"""Notices as a channel delivers them: to whom they matter, when they may be told, while they are true."""

from datetime import datetime, timedelta, tzinfo

from agent.core.notice import Notice, NoticeKind
from agent.core.owner import Owner
from agent.core.workload import WorkloadState
from agent.services.preferences import Preferences
from agent.store.notices import NoticeStore
from agent.store.workloads import WorkloadStore

STALE = timedelta(days=1)
"""What could not be told for so long is no news any more."""

_WELL = frozenset({WorkloadState.RUNNING, WorkloadState.STARTING})


class Notices:
    """What owners are to be told.

    Args:
        store: where the worker writes it.
        workloads: what became of them meanwhile.
        preferences: who wants to hear of what, and when.
        zone: where quiet hours are meant.
    """

    def __init__(
        self, store: NoticeStore, workloads: WorkloadStore, preferences: Preferences, zone: tzinfo
    ) -> None:
        self._store = store
        self._workloads = workloads
        self._preferences = preferences
        self._zone = zone

    def due(self, now: datetime) -> list[Notice]:
        """What is to be told now, oldest first: :meth:`delivered` is to be called for each that was.

        What is muted is left out. In quiet hours it waits, and is forgotten where it is mended by then.
        """
        due: list[Notice] = []
        for notice in self._store.waiting(now - STALE):
            preference = self._preferences.of(notice.owner)
            if self._mended(notice):
                self._store.drop(notice.id)
            elif notice.kind not in preference.muted and not preference.quiet_at(now, self._zone):
                due.append(notice)
        return due

    def delivered(self, number: int, now: datetime) -> None:
        """Note that a notice was delivered."""
        self._store.deliver(number, now)

    def _mended(self, notice: Notice) -> bool:
        if notice.kind is not NoticeKind.CRASHED:
            return False  # the worker forgets it where a quota is kept again, or its workload is gone
        workload = self._workloads.find(Owner(notice.owner), notice.workload)
        if workload is None:
            return True
        # The notice is written first: what was seen before the crash says nothing about it.
        seen_since = workload.observed_at is not None and workload.observed_at > notice.created_at
        return seen_since and workload.state in _WELL
