"""Backups as their owner sees them. Only an admin, and who sits at the machine, may name a place of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from agent.core.account import Role
from agent.core.backup import Archive, Folder, Manifest, Part, Place, Remote, parsed_place
from agent.core.errors import InvalidRequest, Refusal
from agent.core.operation import Arguments, Operation, OperationKind, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, checked_name
from agent.host.node import Node
from agent.host.streams import Streams
from agent.host.zfs import Zfs
from agent.services.access import Access
from agent.services.depots import MANIFEST, ArchiveDepot, Depot, FolderDepot
from agent.services.operations import Operations
from agent.services.remote_depot import RemoteDepot
from agent.services.workloads import Workloads
from agent.store.database import Database
from agent.store.workloads import WorkloadStore


class BackupInfo(BaseModel):
    """A backup of one workload, as it lies in a place.

    Attributes:
        name: what the workload was called.
        owner: whose it is.
        place: where it is; what :meth:`Backups.receive` is told.
        taken_at: the moment that it brings back, in UTC; None where it is damaged.
        size: bytes of its streams, as far as the place has them as files.
        pieces: how many streams, whole ones and increments.
        modules: what the workload is made of.
        problem: what is wrong with it; empty where it is whole.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    owner: str = ""
    place: str
    taken_at: datetime | None = None
    size: int = 0
    pieces: int = 0
    modules: tuple[str, ...] = ()
    problem: str = ""


class Backups:
    """The backups of each owner.

    Args:
        node: where this runs; :meth:`list` alone needs rights over it.
        pool: of the node.
        database: where workloads and operations are entered together.
        store: of the workloads.
        workloads: of each owner.
        operations: of each owner.
        access: who may.
        clock: the time in UTC.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        node: Node,
        pool: str,
        database: Database,
        store: WorkloadStore,
        workloads: Workloads,
        operations: Operations,
        access: Access,
        clock: Callable[[], datetime],
    ) -> None:
        self._node = node
        self._pool = pool
        self._streams = Streams(node)
        self._database = database
        self._store = store
        self._workloads = workloads
        self._operations = operations
        self._access = access
        self._clock = clock

    def backup(self, owner: Owner, name: str, place: str, request: Request) -> Operation:
        """Ask for a container to be backed up: all of it, or what became different since the last time.

        Args:
            owner: whose it is.
            name: of the container.
            place: a folder or a file of the node, or a data set of another machine.
            request: where it came from.

        Raises:
            NotAllowed: who asks is no admin.
            InvalidRequest: it is no place for a backup.
            UnknownWorkload: there is none of that name, or it is another owner's.
        """
        self._access.authorise(owner.key, request.by, Role.ADMIN)
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        told = Arguments(place=str(parsed_place(place)))
        workload = self._workloads.find(owner, name)
        return self._operations.submit(workload, OperationKind.BACKUP, request, arguments=told)

    def receive(self, owner: Owner, name: str, place: str, request: Request, new_name: str = "") -> Operation:
        """Ask for a container to be made of its backup, as it was.

        Args:
            owner: whose it was, and will be.
            name: what it was called.
            place: where its backup is; the folder of all backups, where it is one.
            request: where it came from.
            new_name: what it is to be called; as it was when empty.

        Raises:
            NotAllowed: who asks is no admin.
            InvalidRequest: it is no place for a backup.
            NameInUse: the owner has one of this name.
        """
        self._access.authorise(owner.key, request.by, Role.ADMIN)
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        told = Arguments(place=str(parsed_place(place)), name=checked_name(name))
        spec = ContainerSpec(name=checked_name(new_name or name))  # what it is made of, its backup says
        with self._database.write():  # both or neither: a workload without its operation would stay for ever
            workload = self._store.add(owner, spec, self._node.name, self._clock())
            return self._operations.submit(workload, OperationKind.RECEIVE, request, arguments=told)

    def list(self, place: str) -> list[BackupInfo]:
        """The backups in a place, or the one that a place is, by name.

        Raises:
            InvalidRequest: it is no place for a backup.
            HostFailure: it cannot be looked at.
        """
        parsed = parsed_place(place)
        match parsed:
            case Archive():
                return self._told(parsed, "", ArchiveDepot(self._streams, self._pool, parsed))
            case Folder(path):
                if self._streams.look(path).kind != "folder":
                    raise InvalidRequest(f"There is no folder {path[:200]}.", hint="Mount the disk first.")
                above, _, name = path.rpartition("/")
                one = Folder(above or "/")
                if own := self._told(one, name, FolderDepot(self._streams, self._pool, one, name)):
                    return own
                names = self._streams.folders(path, MANIFEST)
                return self._all(
                    parsed, {n: FolderDepot(self._streams, self._pool, parsed, n) for n in names}
                )
            case Remote():
                above, _, name = parsed.dataset.rpartition("/")
                whole = RemoteDepot(self._streams, Zfs(self._node), parsed, "")
                if above and whole.inside():
                    one = replace(parsed, dataset=above)
                    return self._told(one, name, RemoteDepot(self._streams, Zfs(self._node), one, name))
                return self._all(
                    parsed, {n: RemoteDepot(self._streams, Zfs(self._node), parsed, n) for n in whole.names()}
                )

    def _all(self, place: Place, depots: Mapping[str, Depot]) -> "list[BackupInfo]":
        return [info for name, depot in depots.items() for info in self._told(place, name, depot)]

    @staticmethod
    def _told(place: Place, name: str, depot: Depot) -> "list[BackupInfo]":
        try:
            manifest = depot.manifest()
        except Refusal as refusal:
            return [BackupInfo(name=name or str(place), place=str(place), problem=str(refusal))]
        return [] if manifest is None else [_info(place, name, manifest)]


def _info(place: Place, name: str, manifest: Manifest) -> BackupInfo:
    return BackupInfo(
        name=name or manifest.name,
        owner=manifest.owner,
        place=str(place),
        taken_at=manifest.taken_at,
        size=manifest.size,
        pieces=sum(len(manifest.chain(part)) for part in Part),
        modules=manifest.generation.spec.modules,
    )
