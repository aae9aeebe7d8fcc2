"""What a node says before anything is begun: whether there is room, and whether data sets are fit for use."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent.core.owner import Owner
from agent.core.workload import Workload
from agent.host.presence import Presence
from agent.host.zfs import Zfs
from agent.services.layout import Layout


class Unfit(BaseModel):
    """A data set that nothing can be done with.

    Attributes:
        dataset: its name.
        problem: what is wrong with it.
    """

    model_config = ConfigDict(frozen=True)

    dataset: str
    problem: Literal["missing", "unmounted", "read-only", "unknown"]


class Readiness(BaseModel):
    """Room, in bytes, and what is wrong.

    Attributes:
        size: of the pool.
        free: in the pool.
        owner_used: by all that the owner has.
        owner_quota: the limit of that; 0 where there is none.
        trash: what of it is in the trash.
        snapshots: what of it only snapshots hold.
        used: by the workload; 0 where it is not about one.
        quota: the limit of that; 0 where there is none.
        unfit: data sets that are not as they have to be.
    """

    model_config = ConfigDict(frozen=True)

    size: int
    free: int
    owner_used: int = 0
    owner_quota: int = 0
    trash: int = 0
    snapshots: int = 0
    used: int = 0
    quota: int = 0
    unfit: tuple[Unfit, ...] = ()


def readiness(zfs: Zfs, layout: Layout, owner: Owner, workload: Workload | None) -> Readiness:
    """Look at what an owner has, and at a workload, if it is about one."""
    pool, above = zfs.properties(layout.pool), layout.owner(owner)
    found = Readiness(size=pool.used + pool.available, free=pool.available)
    presence = zfs.presence(above)
    if presence is Presence.UNKNOWN:
        return found.model_copy(update={"unfit": (Unfit(dataset=above, problem="unknown"),)})
    if presence is Presence.PRESENT:
        all_of_it = zfs.breakdown(above)
        trash = all_of_it.get(layout.trash_of(owner))
        one = None if workload is None else all_of_it.get(layout.workload(owner, workload.machine))
        found = found.model_copy(
            update={
                "owner_used": all_of_it[above].used,
                "owner_quota": all_of_it[above].quota,
                "trash": 0 if trash is None else trash.used,
                "snapshots": sum(each.by_snapshots for each in all_of_it.values()),
                "used": 0 if one is None else one.used,
                "quota": 0 if one is None else one.quota,
            }
        )
    if workload is None:
        unfit = [] if presence is Presence.ABSENT else _unfit(zfs, above, has_folder=False)
    else:
        unfit = [
            *_unfit(zfs, layout.root(owner, workload.machine)),
            *_unfit(zfs, layout.workspace(owner, workload.machine)),
        ]
    return found.model_copy(update={"unfit": tuple(unfit)})


def _unfit(zfs: Zfs, dataset: str, *, has_folder: bool = True) -> list[Unfit]:
    match zfs.presence(dataset):
        case Presence.ABSENT:
            return [Unfit(dataset=dataset, problem="missing")]
        case Presence.UNKNOWN:
            return [Unfit(dataset=dataset, problem="unknown")]
        case Presence.PRESENT:
            is_like = zfs.properties(dataset)
            if has_folder and not is_like.mounted:
                return [Unfit(dataset=dataset, problem="unmounted")]
            return [Unfit(dataset=dataset, problem="read-only")] if is_like.readonly else []
