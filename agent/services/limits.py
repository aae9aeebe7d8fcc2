"""How much room workloads and owners may take, and that ZFS holds them to it."""

import logging
from collections.abc import Iterable

from agent.core.errors import VoxnixError
from agent.core.owner import Owner
from agent.core.workload import Workload, WorkloadState
from agent.host.presence import Presence
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from agent.settings import Settings

QUOTA, RESERVATION = "quota=", "reservation="
"""What the claims of a resize begin with: how it was before, in bytes. Then it can be taken back."""

log = logging.getLogger(__name__)


class Limits:
    """The limits on one node. Setting one twice is once.

    One limit holds all of a workload: what it takes counts wherever in it that lies, snapshots included. One
    more holds all that an owner has, the trash included.

    Args:
        settings: the limits where nothing else was asked for.
        zfs: what holds everybody to them.
    """

    def __init__(self, settings: Settings, zfs: Zfs) -> None:
        self._settings = settings
        self._layout = Layout(settings.pool)
        self._zfs = zfs

    def quota(self, workload: Workload) -> int:
        """What a workload may take, in bytes."""
        return workload.quota or self._settings.workload_bytes

    def ensure_owner(self, owner: Owner) -> None:
        """Have an owner's place, with the owner's limit.

        Raises:
            NoSpace: the owner has more than that already.
        """
        above = self._layout.owner(owner)
        if self._zfs.presence(above) is not Presence.PRESENT:
            self._zfs.create(above, quota=self._settings.owner_quota)
        elif self._zfs.usage(above).quota != self._settings.owner_bytes:
            self._zfs.set(above, "quota", self._settings.owner_quota)

    def apply(self, workload: Workload) -> None:
        """Hold a workload to its limit, and set aside for it what it is to have.

        Raises:
            NoSpace: it has more than that already, or the pool has not so much left.
        """
        above = self._layout.workload(Owner(workload.owner), workload.machine)
        has, quota = self._zfs.properties(above), self.quota(workload)
        if has.reservation > workload.reservation:  # less first: what is set aside may not exceed the limit
            self._zfs.set(above, "reservation", _told(workload.reservation))
        if has.quota != quota:
            self._zfs.set(above, "quota", _told(quota))
        if has.reservation < workload.reservation:
            self._zfs.set(above, "reservation", _told(workload.reservation))

    def ensure(self, workloads: Iterable[Workload]) -> None:
        """Hold those who are there to the limits that are set now, and each workload to one alone.

        Who has more already keeps the limit that was there, and the log says so.
        """
        known = [one for one in workloads if one.state is not WorkloadState.CREATING]
        if not known:
            return
        wanted = {self._layout.owner(Owner(one.owner)): self._settings.owner_bytes for one in known}
        for one in known:
            owner = Owner(one.owner)
            wanted[self._layout.workload(owner, one.machine)] = self.quota(one)
            # Once, each of these two had a limit of its own.
            wanted[self._layout.root(owner, one.machine)] = 0
            wanted[self._layout.workspace(owner, one.machine)] = 0
        try:
            filled = self._zfs.filled(self._layout.users)
        except VoxnixError as error:
            log.warning("the limits could not be looked at: %s", error)
            return
        for dataset, quota in wanted.items():
            if (filled[dataset].quota if dataset in filled else 0) != quota:
                try:
                    self._zfs.set(dataset, "quota", _told(quota))
                except VoxnixError as error:
                    log.warning("%s is not held to its limit: %s", dataset, error)


def _told(size: int) -> str:
    return str(size) if size else "none"
