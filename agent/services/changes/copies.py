"""Another workload like one that there is: a clone of its data, and all else its own."""

from agent.core.errors import NameInUse, UnknownWorkload
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.storage import SnapshotName
from agent.core.workload import Workload
from agent.host.presence import Presence
from agent.host.trees import Trees
from agent.services.changes.lifecycle import Lifecycle
from agent.services.changes.moving import Moving, snapshot_before
from agent.services.changes.parts import Parts, Recipe, Report, Step
from agent.services.changes.snapshots import check_whole, forget
from agent.services.node_storage import unknown_snapshot

EMPTIED = ("etc/machine-id",)
"""Files of a root file system that are made anew at its boot where they are empty."""
REMOVED = (
    "var/lib/dbus/machine-id",
    "etc/ssh/ssh_host_*",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
    "var/lib/tailscale",
    "var/log/journal",
)
"""What else says who somebody is, or tells what they did: the copy of a container is another one."""


class Copies:
    """The recipe of a copy. It only reads what it copies, so that may go on, and be changed, meanwhile.

    Args:
        parts: what steps work with.
        life: how containers are started.
    """

    def __init__(self, parts: Parts, life: Lifecycle) -> None:
        self._parts = parts
        self._life = life
        self._moving = Moving(parts)
        self._trees = Trees(parts.node)

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What it does, and how it is taken back."""
        steps = (
            Step("keep a snapshot", self._keep),
            Step("storage", self._furnish),
            self._life.start,
            self._life.verify,
        )
        return {OperationKind.CLONE: Recipe(steps, self._undo)}

    def _keep(self, operation: Operation, report: Report) -> str:
        """Have a snapshot to begin as: the one that was asked for, or one of now."""
        report(Progress(label="taking a snapshot"))
        source, name = self._source(operation), self._snapshot(operation)
        if operation.arguments.snapshot:
            return f"It begins as {source.name} was at {name}."
        above = check_whole(self._parts, operation, source)
        if not self._moving.there(f"{above}@{name}"):
            self._parts.operations.claim(operation.id, [f"{above}@{name}"])
            self._parts.zfs.snapshot(f"{above}@{name}", recursive=True)
        return f"{source.name} was kept as {name}, as which the copy begins."

    def _furnish(self, operation: Operation, report: Report) -> str:
        """Clone the data, and have the root file system forget whose it was."""
        report(Progress(label="making the storage"))
        zfs, layout, owner = self._parts.zfs, self._parts.layout, Owner(operation.owner)
        source, copy = self._source(operation), self._parts.workload(operation)
        name = self._snapshot(operation)
        kept = f"{layout.workspace(owner, source.machine)}@{name}"
        origin = f"{layout.root(owner, source.machine)}@{name}"
        root, workspace = layout.root(owner, copy.machine), layout.workspace(owner, copy.machine)
        if operation.target is None:
            raise ValueError(f"operation {operation.id} does not say what is to be made")
        if not self._moving.there(kept):
            raise unknown_snapshot(source.name, name)
        self._claim(operation, copy)
        self._parts.limits.ensure_owner(owner)
        above = layout.workload(owner, copy.machine)
        if not self._moving.there(above):
            zfs.create(above, mountpoint="none", quota=str(self._parts.limits.quota(copy)))
        whole = self._moving.there(origin) and not self._changed(source, name)
        if whole and not self._moving.there(root):
            zfs.clone(origin, root, mountpoint=layout.root_folder(copy.machine))
        self._parts.guests.furnish(operation.target, self._parts.assembly.root(operation, copy))
        if whole:
            self._trees.renew(layout.root_folder(copy.machine), EMPTIED, REMOVED)
        if not self._moving.there(workspace):
            zfs.clone(kept, workspace, mountpoint=layout.workspace_folder(copy.machine))
        self._parts.workloads.become(operation.node, operation.machine, operation.target)
        if whole:
            return f"All of it is a clone, at {above}."
        return "/workspace alone is a clone, as what it is made of was changed since; the rest is new."

    def _claim(self, operation: Operation, copy: Workload) -> None:
        above = self._parts.layout.workload(Owner(operation.owner), copy.machine)
        if above in operation.claims:
            return
        if self._parts.zfs.presence(above) is not Presence.ABSENT:
            raise NameInUse(
                f"There is storage of an earlier {copy.name} at {above}.",
                "It was not made by this operation, so it is left alone.",
                "Choose another name, or ask the admin to look at it.",
            )
        self._parts.operations.claim(operation.id, [*operation.claims, above])

    def _undo(self, operation: Operation) -> None:
        above = self._parts.layout.workload(Owner(operation.owner), operation.machine)
        if above in operation.claims:
            self._parts.runtime.stop(operation.machine)
            self._parts.runtime.remove(operation.machine)
            self._parts.destroy(above, operation.machine)
        for claim in operation.claims:
            source, at, name = claim.partition("@")
            if at and self._moving.there(source):
                forget(self._parts, source, name)
        self._parts.workloads.remove(operation.node, operation.machine)

    def _source(self, operation: Operation) -> Workload:
        """What is copied: the operation is told by its name, and works on the machine of the copy."""
        workload = self._parts.workloads.find(Owner(operation.owner), operation.workload)
        if workload is None or workload.node != operation.node:
            raise UnknownWorkload(f"{operation.workload} does not exist any more.")
        return workload

    @staticmethod
    def _snapshot(operation: Operation) -> str:
        return operation.arguments.snapshot or snapshot_before(operation)

    def _changed(self, workload: Workload, snapshot: str) -> bool:
        name = SnapshotName.parse(snapshot)
        return name is None or self._parts.operations.changed_since(
            workload.node, workload.machine, name.taken_at
        )
