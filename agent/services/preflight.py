"""What is refused before anything is begun: where there is no room, or data sets are not fit for use."""

from contextlib import suppress

from agent.core.errors import HostFailure, InvalidRequest, NoSpace, WorkerAbsent
from agent.core.owner import Owner
from agent.core.workload import Workload
from agent.services.losses import told
from agent.services.node_calls import NodeCalls
from agent.services.readiness import Readiness, Unfit
from agent.settings import Settings
from agent.store.operations import OperationStore

MIN_FREE = 1 << 30
"""Bytes that must be free before something new is made: in the pool, and of what its owner may take."""
MIN_LEFT = 64 << 20
"""Bytes that a workload must have left of its limit before it is made of something else."""

_WRONG = {
    "missing": ("{} is not there.", "Something that is in it would be taken for lost.", "zfs list -r {}"),
    "unmounted": (
        "{} is not mounted.",
        "An unmounted data set looks like an empty folder, so nothing is done with it.",
        "zfs mount {}",
    ),
    "read-only": (
        "{} is read-only.",
        "Nothing could be written there.",
        "zfs set readonly=off {}",
    ),
    "unknown": ("Nobody can tell what is with {}.", "ZFS does not answer for it.", "zpool status"),
}


class Preflight:
    """Asks the node before an operation is entered.

    Args:
        settings: the limits.
        calls: how it is asked.
        operations: what is under way.
    """

    def __init__(self, settings: Settings, calls: NodeCalls, operations: OperationStore) -> None:
        self._settings = settings
        self._calls = calls
        self._operations = operations

    def check_new(self, owner: Owner) -> None:
        """Refuse what would make something new for an owner, where there is no room for it.

        Raises:
            NoSpace: the pool is full, or the owner has all that they may have.
            HostFailure: what the owner has is read-only, or ZFS does not answer.
        """
        ready = self._calls.ready(owner)
        _check_fit(ready)
        self._check_room(ready)

    def check_there(self, owner: Owner, workload: Workload) -> None:
        """Refuse what would use a workload whose data sets are not as they have to be.

        Raises:
            HostFailure: one of them is missing, not mounted or read-only, or ZFS does not answer.
        """
        if self._changing(workload):
            return
        with suppress(WorkerAbsent):  # it waits for one, and its steps look at the data sets themselves
            _check_fit(self._calls.ready(owner, workload.name))

    def check_change(self, owner: Owner, workload: Workload) -> None:
        """Refuse what would make a workload of something else, where there is no room for that.

        Raises:
            NoSpace: the pool is full, or the owner or the workload has all that it may have.
            HostFailure: its data sets are not as they have to be.
        """
        try:
            ready = self._calls.ready(owner, workload.name)
        except WorkerAbsent:  # it waits for one
            return
        if not self._changing(workload):
            _check_fit(ready)
        self._check_room(ready)
        if ready.quota and ready.quota - ready.used < MIN_LEFT:
            raise NoSpace(
                f"{workload.name} takes {told(ready.used)} of the {told(ready.quota)} that it may take.",
                f"To be made of something else it needs {told(MIN_LEFT)}.",
                f"Remove something in {workload.name}, forget snapshots of it, or let it take more.",
            )

    def check_resize(self, workload: Workload, resized: Workload) -> None:
        """Refuse limits that do not go together, or with what is there.

        Args:
            workload: as it is.
            resized: as it is to be.

        Raises:
            InvalidRequest: they are what they were, or exclude each other.
            NoSpace: the workload takes more than that, or so much cannot be set aside.
        """
        name, quota, aside = workload.name, self.quota(resized), resized.reservation
        if (quota, aside) == (self.quota(workload), workload.reservation):
            raise InvalidRequest(
                f"{name} may take {told(quota)} already.", f"{told(aside)} are set aside for it."
            )
        if aside > quota:
            raise InvalidRequest(
                f"{told(aside)} cannot be set aside for {name}.", f"It may take {told(quota)} at most."
            )
        most = self._settings.owner_bytes
        if most and quota > most:
            raise InvalidRequest(
                f"{name} cannot take {told(quota)}.", f"All that you have may take {told(most)} together."
            )
        ready = self._calls.ready(Owner(workload.owner), name)
        if not self._changing(workload):
            _check_fit(ready)
        if quota < ready.used:
            raise NoSpace(
                f"{name} takes {told(ready.used)}, so it cannot be held to {told(quota)}.",
                hint=f"Remove something in it or forget snapshots of it first: {_freeing(ready)}",
            )
        more = aside - max(workload.reservation, ready.used)
        left = min(ready.free, ready.owner_quota - ready.owner_used) if ready.owner_quota else ready.free
        if aside > workload.reservation and more > left:
            raise NoSpace(
                f"{told(aside)} cannot be set aside for {name}: {told(max(left, 0))} are left.",
                hint=_freeing(ready),
            )

    def quota(self, workload: Workload) -> int:
        """What a workload may take, in bytes."""
        return workload.quota or self._settings.workload_bytes

    def used(self, workload: Workload) -> int:
        """What a workload takes, in bytes."""
        return self._calls.ready(Owner(workload.owner), workload.name).used

    def _changing(self, workload: Workload) -> bool:
        """Whether its data sets may be on their way: what waits for that looks at them in its turn."""
        return any(one.machine == workload.machine for one in self._operations.active(workload.node))

    def _check_room(self, ready: Readiness) -> None:
        if ready.free < MIN_FREE:
            raise NoSpace(
                f"The pool {self._settings.pool} is full: {told(ready.free)} of {told(ready.size)} are free.",
                f"{told(MIN_FREE)} have to be.",
                f"{_freeing(ready)} Or make the pool larger.",
            )
        if ready.owner_quota and ready.owner_quota - ready.owner_used < MIN_FREE:
            raise NoSpace(
                f"You have {told(ready.owner_used)} of the {told(ready.owner_quota)} that you may have.",
                f"{told(MIN_FREE)} have to be left.",
                _freeing(ready),
            )


def _check_fit(ready: Readiness) -> None:
    for one in ready.unfit:
        raise unfit(one)


def unfit(one: Unfit) -> HostFailure:
    """What to tell of a data set that nothing can be done with."""
    what, why, look = (text.format(one.dataset) for text in _WRONG[one.problem])
    return HostFailure(what, f"{why} Nothing was begun.", f"Look at it on the machine: `{look}`.")


def _freeing(ready: Readiness) -> str:
    """What would free room, in numbers."""
    ways = [
        f"{what} ({told(size)})"
        for what, size in (("purge your trash", ready.trash), ("forget snapshots", ready.snapshots))
        if size
    ]
    words = " or ".join([*ways, "destroy and purge a container that you no longer need"])
    return f"{words[0].upper()}{words[1:]}."
