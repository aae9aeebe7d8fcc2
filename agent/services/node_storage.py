"""What is asked of a node about what it stores: snapshots, what changed since, and where the space goes."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict

from agent.core.errors import HostFailure, UnknownSnapshot
from agent.core.filepath import path_bytes, shown_path
from agent.core.owner import Owner
from agent.core.storage import ChangedFile, Difference, FileChange, KeptFile, SnapshotInfo, SnapshotName
from agent.core.workload import Workload
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.trees import Trees
from agent.host.zfs import Breakdown, Zfs
from agent.services.layout import Layout

MOST_LOOKED_AT = 200_000
"""Files and folders of a workspace that somebody waits for: a few seconds."""


class Room(BaseModel):
    """What one workload takes, in bytes.

    Attributes:
        root: its system, and the one that an update put aside.
        workspace: its /workspace.
        snapshots: what only its snapshots hold.
        quota: the limit of all of it; 0 where there is none.
    """

    model_config = ConfigDict(frozen=True)

    root: int
    workspace: int
    snapshots: int
    quota: int


class Taking(BaseModel):
    """What an owner takes on a node, in bytes.

    Attributes:
        quota: the limit of all of it; 0 where there is none.
        used: what counts to it.
        workloads: by the name that the node has for each.
        trash: by number of the operation that put it there.
    """

    model_config = ConfigDict(frozen=True)

    quota: int = 0
    used: int = 0
    workloads: dict[str, Room] = {}
    trash: dict[int, Room] = {}


class NodeStorage:
    """Looks at what a node stores. It changes nothing that lasts.

    Args:
        node: which one.
        pool: its ZFS pool.
    """

    def __init__(self, node: Node, pool: str) -> None:
        self._zfs = Zfs(node)
        self._trees = Trees(node)
        self._layout = Layout(pool)

    def snapshots(self, workload: Workload) -> list[SnapshotInfo]:
        """The snapshots of a workload's /workspace, newest first, with what they hold of its root too."""
        owner = Owner(workload.owner)
        taken = self._zfs.snapshots_below(self._layout.workload(owner, workload.machine))
        used: dict[str, int] = {}
        for snapshots in taken.values():
            for one in snapshots:
                used[one.name] = used.get(one.name, 0) + one.used
        of_root = {one.name for one in taken.get(self._layout.root(owner, workload.machine), [])}
        found: list[SnapshotInfo] = []
        for one in taken.get(self._layout.workspace(owner, workload.machine), []):
            name = SnapshotName.parse(one.name)
            if name is not None:
                found.append(
                    SnapshotInfo(
                        name=one.name,
                        kind=name.kind,
                        taken_at=name.taken_at,
                        label=name.label,
                        used=used[one.name],
                        root=one.name in of_root,
                    )
                )
        found.reverse()  # ZFS lists them as they were taken, which tells those of one second apart
        return sorted(found, key=lambda one: one.taken_at, reverse=True)

    def changed(self, workload: Workload, snapshot: str, limit: int) -> Difference:
        """What became of the files of a workspace since a snapshot.

        Raises:
            UnknownSnapshot: there is none of this name.
            HostFailure: the workspace is not mounted.
        """
        full, folder = self._opened(workload, snapshot)
        # Where ZFS knows what was touched, only that is compared.
        candidates: list[bytes] | None = None
        if (touched := self._zfs.differences(full)) is not None:
            paths = {path for one in touched for path in (one.path, one.renamed) if path}
            below = f"{folder}/"
            candidates = sorted(
                os.fsencode(path.removeprefix(below)) for path in paths if path.startswith(below)
            )
        with self._zfs.opened(full) as before:
            changes, total = self._trees.compare(before, folder, limit, candidates)
        files = tuple(ChangedFile(path=shown_path(path), change=_CHANGES[sign]) for sign, path in changes)
        return Difference(files=files, more=total - len(files))

    def last_change(self, workload: Workload) -> datetime | None:
        """When a workspace was last changed; None where too much is in it, or it is not mounted."""
        dataset = self._layout.workspace(Owner(workload.owner), workload.machine)
        if self._zfs.presence(dataset) is not Presence.PRESENT or not self._zfs.mounted(dataset):
            return None
        return self._trees.newest(self._layout.workspace_folder(workload.machine), MOST_LOOKED_AT)

    def kept(self, workload: Workload, snapshot: str, path: str) -> KeptFile:
        """A file as a snapshot has it, and what is in its place now.

        Raises:
            UnknownSnapshot: there is no such snapshot, or no such file in it.
            InvalidRequest: the path leads through a link.
            HostFailure: the workspace is not mounted.
        """
        full, folder = self._opened(workload, snapshot)
        with self._zfs.opened(full) as before:
            seen = self._trees.look(before, folder, path_bytes(path))
        if seen is None:
            raise UnknownSnapshot(
                f"{path} is not in that snapshot of {workload.name}.",
                "Nothing in its /workspace was called so when it was taken.",
                "Ask for what has changed since the snapshot, or try an older one.",
            )
        return KeptFile(path=path, folder=seen.folder, size=seen.size, now=seen.now)

    def space(self, owner: Owner) -> Taking:
        """Where the space of an owner goes, from one command."""
        above = self._layout.owner(owner)
        if self._zfs.presence(above) is Presence.ABSENT:  # who never made anything
            return Taking()
        all_of_it = self._zfs.breakdown(above)
        workloads: dict[str, Room] = {}
        trash: dict[int, Room] = {}
        for name in all_of_it:
            match name.removeprefix(f"{above}/").split("/"):
                case ["workloads", machine]:
                    workloads[machine] = _room(name, all_of_it)
                case ["trash", place] if place.partition("-")[0].isdecimal() and "." not in place:
                    trash[int(place.partition("-")[0])] = _room(name, all_of_it)
                case _:
                    pass
        whole = all_of_it[above]
        return Taking(quota=whole.quota, used=whole.used, workloads=workloads, trash=trash)

    def _opened(self, workload: Workload, snapshot: str) -> tuple[str, str]:
        """The whole name of a snapshot of a workspace, and the folder of that, which is mounted."""
        dataset = self._layout.workspace(Owner(workload.owner), workload.machine)
        check_mounted(self._zfs, [dataset])
        full = f"{dataset}@{snapshot}"
        if self._zfs.presence(full) is Presence.ABSENT:
            raise unknown_snapshot(workload.name, snapshot)
        return full, self._layout.workspace_folder(workload.machine)


_CHANGES = {"+": FileChange.ADDED, "-": FileChange.REMOVED, "M": FileChange.CHANGED}


def _room(above: str, all_of_it: dict[str, Breakdown]) -> Room:
    root = workspace = snapshots = 0
    for name, one in all_of_it.items():
        if name == above or name.startswith(f"{above}/"):
            snapshots += one.by_snapshots
            if PurePosixPath(name).name == "workspace":
                workspace += one.by_dataset
            else:
                root += one.by_dataset
    return Room(root=root, workspace=workspace, snapshots=snapshots, quota=all_of_it[above].quota)


def check_mounted(zfs: Zfs, datasets: Iterable[str]) -> None:
    """Refuse what would take an unmounted data set for an empty one.

    Raises:
        HostFailure: one of them is not there, not mounted, or ZFS does not answer.
    """
    for dataset in datasets:
        if zfs.presence(dataset) is not Presence.PRESENT:
            raise HostFailure(
                f"{dataset} is not there, or ZFS does not answer for it.",
                "So nothing was read or changed.",
                "Run `voxnix doctor`.",
            )
        if not zfs.mounted(dataset):
            raise HostFailure(
                f"{dataset} is not mounted.",
                "An unmounted dataset looks like an empty folder, so nothing was read or changed.",
                f"Look at it with `zfs mount {dataset}`.",
            )


def unknown_snapshot(name: str, snapshot: str) -> UnknownSnapshot:
    """What to tell of a snapshot that there is not."""
    return UnknownSnapshot(
        f"{name} has no snapshot {snapshot[:80]}.",
        "It was forgotten, or it never was.",
        f"Ask for the snapshots of {name}.",
    )
