"""A workload as it was in a snapshot, in the place of what it is now, which goes to the trash."""

from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.storage import SnapshotName
from agent.core.workload import WorkloadState
from agent.services.changes.lifecycle import RAN, RESTED, Lifecycle
from agent.services.changes.moving import Moving, inherit, snapshot_before
from agent.services.changes.parts import Parts, Recipe, Report, Step
from agent.services.changes.snapshots import check_whole
from agent.services.node_storage import unknown_snapshot

AGAIN = ".again"
"""Behind a machine's name in the trash: what a workload is about to be. No machine's name has a dot."""
COPIED = "copied:"
"""Claimed, with the name of a part and of its snapshot: what that part is to be."""


class Reverting:
    """The recipe of going back to a snapshot.

    All of it is made again beside what is there, of clones that then own what they share with it; and by two
    renames it comes in its place. What is there under which name says how far that is, so each step goes on
    where it was interrupted, and so does the way back.

    Args:
        parts: what steps work with.
        life: how containers are stopped and started on the way.
    """

    def __init__(self, parts: Parts, life: Lifecycle) -> None:
        self._parts = parts
        self._life = life
        self._moving = Moving(parts)

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What it does, and how it is taken back."""
        steps = (
            Step("look", self._look),
            self._life.stop,
            Step("keep a snapshot", self._keep),
            Step("copy", self._copy),
            Step("swap", self._swap),
            Step("start", self._start),
            Step("write it down", self._note, final=True),
        )
        return {OperationKind.REVERT: Recipe(steps, self._undo)}

    def _look(self, operation: Operation, report: Report) -> str:
        """Decide what is to become of each part, before anything is touched."""
        report(Progress(label="looking at the snapshot"))
        above = check_whole(self._parts, operation)
        asked = operation.arguments.snapshot
        name = SnapshotName.parse(asked)
        workspace = self._parts.layout.workspace(Owner(operation.owner), operation.machine)
        if name is None or not self._moving.there(f"{workspace}@{asked}"):
            raise unknown_snapshot(operation.workload, asked)
        root = self._parts.layout.root(Owner(operation.owner), operation.machine)
        changed = self._parts.operations.changed_since(operation.node, operation.machine, name.taken_at)
        alone = changed or not self._moving.there(f"{root}@{asked}")
        if not any(claim.startswith(COPIED) for claim in operation.claims):
            goes_back = {"workspace"} if alone else {"workspace", "root"}
            parts = [child.rpartition("/")[2] for child in self._parts.zfs.children(above)]
            copied = [f"{COPIED}{part}@{asked if part in goes_back else ''}" for part in parts]
            self._parts.operations.claim(operation.id, [*operation.claims, *copied])
        if alone:
            return "/workspace alone is taken back, as what it is made of was changed since."
        return "All of it is taken back."

    def _keep(self, operation: Operation, report: Report) -> str:
        report(Progress(label="taking a snapshot"))
        return f"As it is now it was kept as {self._moving.keep_before(operation)}."

    def _copy(self, operation: Operation, report: Report) -> str:
        """Make all of it again: of the snapshot, or as it is now."""
        report(Progress(label="making the storage"))
        zfs, above, again = self._parts.zfs, self._above(operation), self._again(operation)
        if not self._moving.there(again):
            zfs.create(again, mountpoint="none")
        for claim in operation.claims:
            if claim.startswith(COPIED):
                part, _, snapshot = claim.removeprefix(COPIED).partition("@")
                origin = f"{above}/{part}@{snapshot or snapshot_before(operation)}"
                if not self._moving.there(f"{again}/{part}"):
                    aside = {"canmount": "noauto"}
                    zfs.clone(origin, f"{again}/{part}", mountpoint="none", properties=aside)
        inherit(zfs, again, above)
        return "It was made again beside what is there."

    def _swap(self, operation: Operation, report: Report) -> str:
        report(Progress(label="putting it in its place"))
        owner, machine = Owner(operation.owner), operation.machine
        if not self._moving.there(self._place(operation)):
            self._moving.into_trash(owner, machine, operation.id)
        self._moving.out_of_trash(owner, operation.id, machine + AGAIN, machine)
        self._parts.limits.apply(self._parts.workload(operation))
        return f"As it was before it is in the trash as {operation.id}."

    def _start(self, operation: Operation, report: Report) -> str:
        if RAN not in operation.claims:
            return "It did not run before, and does not now."
        report(Progress(label="starting the container"))
        self._parts.runtime.start(operation.machine)
        return self._life.verify.run(operation, report) or ""

    def _note(self, operation: Operation, report: Report) -> str:
        report(Progress(label="writing it down"))
        now, settings = self._parts.clock(), self._parts.settings
        self._parts.trash.add(operation.id, self._parts.workload(operation), now, now + settings.trash_time)
        return f"What it was before can be had back for {settings.trash_days} days."

    def _undo(self, operation: Operation) -> None:
        """Have all of it be as it was, running if it ran."""
        owner, machine, zfs = Owner(operation.owner), operation.machine, self._parts.zfs
        above, again = self._above(operation), self._again(operation)
        if self._moving.there(self._place(operation)):
            self._parts.runtime.stop(machine)
            self._moving.into_trash(owner, machine, operation.id, machine + AGAIN)
        if self._moving.there(self._place(operation)) or self._moving.there(above):
            self._moving.out_of_trash(owner, operation.id, machine, machine)
            self._parts.limits.apply(self._parts.workload(operation))
        if self._moving.there(again):
            inherit(zfs, above, again)
            zfs.destroy(again, recursive=True)
        self._moving.forget_before(operation)
        if RAN in operation.claims:
            self._parts.runtime.start(machine)
            self._life.verify.run(operation, lambda _: None)
        elif RESTED in operation.claims:
            self._parts.observe(operation, WorkloadState.STOPPED, ())

    def _above(self, operation: Operation) -> str:
        return self._parts.layout.workload(Owner(operation.owner), operation.machine)

    def _place(self, operation: Operation) -> str:
        return self._parts.layout.trash(Owner(operation.owner), operation.id, operation.machine)

    def _again(self, operation: Operation) -> str:
        return self._parts.layout.trash(Owner(operation.owner), operation.id, operation.machine + AGAIN)
