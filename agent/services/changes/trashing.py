"""What is destroyed goes to the trash, and comes back from there; only a purge takes it away."""

from agent.core.errors import CommandFailed, HostFailure, InvalidRequest, NoSpace
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.workload import Workload, WorkloadState
from agent.host.presence import Presence
from agent.services.changes.lifecycle import RAN, RESTED, Lifecycle
from agent.services.changes.moving import Moving, gone, inherit
from agent.services.changes.parts import Parts, Recipe, Report, Step
from agent.store.trash import Trashed


class Trashing:
    """The recipes of what has to do with the trash.

    Args:
        parts: what steps work with.
        life: how containers are stopped and started on the way.
    """

    def __init__(self, parts: Parts, life: Lifecycle) -> None:
        self._parts = parts
        self._life = life
        self._moving = Moving(parts)

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What each kind does, and how it is taken back."""
        keep, away = Step("keep a snapshot", self._keep), Step("put into the trash", self._put_away)
        destroy = (
            self._life.farewell,
            self._life.stop,
            keep,
            away,
            Step("write it down", self._note_destroyed, final=True),
        )
        restore = (
            Step("stop", self._make_room),
            keep,
            away,
            Step("bring back", self._bring_back),
            Step("start", self._start),
            Step("verify", self._verify),
            Step("write it down", self._note_restored, final=True),
        )
        return {
            OperationKind.DESTROY: Recipe(destroy, self._undo_destroy),
            OperationKind.RESTORE: Recipe(restore, self._undo_restore),
            OperationKind.PURGE: Recipe((Step("purge", self._purge, final=True),)),
        }

    def _keep(self, operation: Operation, report: Report) -> str:
        """A snapshot of what is about to go to the trash."""
        if not _takes_away(operation):
            return ""
        report(Progress(label="taking a snapshot"))
        if not self._moving.there(self._above(operation)):
            return "It has no storage."
        try:
            return f"Before anything is changed it was kept as {self._moving.keep_before(operation)}."
        except NoSpace:  # who destroys something wants room; and all of it is kept anyway
            return "There was no room for a snapshot. All of it goes to the trash as it is."

    def _put_away(self, operation: Operation, report: Report) -> str:
        if not _takes_away(operation):
            return ""
        report(Progress(label="putting it into the trash"))
        self._parts.runtime.remove(operation.machine)
        there = self._moving.into_trash(Owner(operation.owner), operation.machine, operation.id)
        if operation.kind is OperationKind.RESTORE:
            if not there:
                raise HostFailure(
                    f"{self._above(operation)} is not there.",
                    f"So what {operation.workload} holds could not be put into the trash.",
                    "Run `voxnix doctor`.",
                )
            self._replace(operation)
        return f"It is in the trash as {operation.id}." if there else "It had no storage."

    def _replace(self, operation: Operation) -> None:
        """From here on its record is that of what comes in its place: both or neither."""
        if self._parts.trash.get(operation.id) is not None:
            return
        trashed, live = self._trashed(operation), self._parts.workload(operation)
        again = trashed.workload.renamed(live.name)
        rests = {"state": WorkloadState.STOPPED, "addresses": ()}
        with self._parts.database.write():
            self._add(operation, live)
            self._parts.workloads.replace(operation.node, operation.machine, again.model_copy(update=rests))

    def _note_destroyed(self, operation: Operation, report: Report) -> str:
        """From here on it is in the trash, and its name is free: both or neither."""
        report(Progress(label="writing it down"))
        there = self._moving.there(self._place(operation))
        workload = self._parts.find(operation)
        if workload is None:
            # A worker has written it down and could not say so any more; another may have the name by now.
            return f"It can be restored for {self._parts.settings.trash_days} days." if there else ""
        with self._parts.database.write():
            if there:
                self._add(operation, workload)
            self._parts.workloads.remove(operation.node, operation.machine)
        return f"It can be restored for {self._parts.settings.trash_days} days." if there else ""

    def _undo_destroy(self, operation: Operation) -> None:
        if (workload := self._parts.find(operation)) is not None:  # or there was nothing to destroy
            self._put_back(operation, workload)

    def _put_back(self, operation: Operation, workload: Workload) -> None:
        """Have what this operation was to put into the trash be as it was, running if it ran."""
        owner, machine = Owner(operation.owner), operation.machine
        if self._moving.there(self._above(operation)) or self._moving.there(self._place(operation)):
            self._moving.out_of_trash(owner, operation.id, machine, machine)
            self._moving.forget_before(operation)
            self._parts.limits.apply(workload)
        if RAN not in operation.claims and RESTED not in operation.claims:
            return  # it was not even stopped
        if workload.generation is not None:
            machine_again = self._parts.assembly.machine(operation, workload, workload.generation)
            self._parts.runtime.write(machine_again)
        if RAN in operation.claims:
            self._parts.runtime.start(machine)
            self._life.verify.run(operation, lambda _: None)
        else:
            self._parts.observe(operation, WorkloadState.STOPPED, ())

    def _make_room(self, operation: Operation, report: Report) -> str | None:
        """Stop what is in the place of what comes back."""
        self._check_alone(operation)
        self._trashed(operation)
        if not _takes_away(operation):
            return "Nothing is in its place."
        return self._life.stop.run(operation, report)

    def _bring_back(self, operation: Operation, report: Report) -> str:
        report(Progress(label="bringing it back"))
        owner, above = Owner(operation.owner), self._above(operation)
        trashed = self._trashed(operation)
        if above not in operation.claims:
            if self._moving.there(above):
                raise HostFailure(
                    f"There is storage of an earlier {operation.workload} at {above}.",
                    "It was not made by this operation, so it is left alone.",
                    "Choose another name, or ask the admin to look at it.",
                )
            if not self._moving.there(self._place_of(trashed)):
                raise gone(trashed.operation)
            self._parts.operations.claim(operation.id, [*operation.claims, above])
        was = trashed.workload.machine
        self._moving.out_of_trash(owner, trashed.operation, was, operation.machine)
        inherit(self._parts.zfs, above, self._place(operation))  # its older snapshots may be there
        workload = self._parts.workload(operation)
        self._parts.limits.apply(workload)
        if workload.name != trashed.workload.name:
            self._parts.secrets.copy(owner, trashed.workload.name, workload.name)
        return f"It is at {above} again."

    def _start(self, operation: Operation, report: Report) -> str | None:
        if not self._parts.workload(operation).wanted:
            return "It did not run before, and does not now."
        return self._life.start.run(operation, report)

    def _verify(self, operation: Operation, report: Report) -> str | None:
        if self._parts.workload(operation).wanted:
            return self._life.verify.run(operation, report)
        self._parts.observe(operation, WorkloadState.STOPPED, ())
        return None

    def _note_restored(self, operation: Operation, report: Report) -> None:
        report(Progress(label="writing it down"))
        self._parts.trash.remove(operation.arguments.trash)

    def _undo_restore(self, operation: Operation) -> None:
        """What came back goes to the trash again, and what was in its place is there again."""
        owner, machine, above = Owner(operation.owner), operation.machine, self._above(operation)
        if above in operation.claims:
            trashed = self._trashed(operation)
            self._parts.runtime.stop(machine)
            self._parts.runtime.remove(machine)
            if not self._moving.there(self._place_of(trashed)):
                self._moving.into_trash(owner, machine, trashed.operation, trashed.workload.machine)
        if not _takes_away(operation):
            self._parts.workloads.remove(operation.node, machine)
            return
        replaced = self._parts.trash.get(operation.id)
        if replaced is not None:
            with self._parts.database.write():
                self._parts.workloads.replace(operation.node, machine, replaced.workload)
                self._parts.trash.remove(operation.id)
        if (workload := self._parts.find(operation)) is not None:
            self._put_back(operation, workload)
        if above in operation.claims:
            inherit(self._parts.zfs, above, self._place_of(self._trashed(operation)))

    def _purge(self, operation: Operation, report: Report) -> str:
        """The one place where data of people is lost."""
        report(Progress(label="purging the trash"))
        self._check_alone(operation)
        trashed = self._parts.trash.get(operation.arguments.trash)
        if trashed is None or trashed.workload.owner != operation.owner:
            return "It was not in the trash any more."
        place, size = self._place_of(trashed), 0
        if self._moving.there(place):
            size = self._parts.zfs.usage(place).used
            try:
                self._parts.zfs.destroy(place, recursive=True)
            except CommandFailed:
                self._let_go(place)
                self._parts.zfs.destroy(place, recursive=True)
        # What counts is what exists afterwards, not what the tools said.
        if self._parts.zfs.presence(place) is not Presence.ABSENT:
            raise HostFailure(f"{place} is still there.", hint="Try again.")
        self._parts.trash.remove(trashed.operation)
        return f"{size:,} bytes are free again."

    def _let_go(self, place: str) -> None:
        """Give the snapshots that others began as copies of to those others."""
        for dataset, snapshots in self._parts.zfs.snapshots_below(place).items():
            for one in reversed(snapshots):  # the newest takes the older ones along
                for clone in self._parts.zfs.clones(f"{dataset}@{one.name}"):
                    if not f"{clone}/".startswith(f"{place}/"):
                        self._parts.zfs.promote(clone)

    def _add(self, operation: Operation, workload: Workload) -> None:
        now = self._parts.clock()
        self._parts.trash.add(operation.id, workload, now, now + self._parts.settings.trash_time)

    def _trashed(self, operation: Operation) -> Trashed:
        trashed = self._parts.trash.get(operation.arguments.trash)
        if trashed is None or trashed.workload.owner != operation.owner:
            raise gone(operation.arguments.trash)
        return trashed

    def _check_alone(self, operation: Operation) -> None:
        """Refuse to begin with what another operation, which was asked for before, has to do with."""
        number = operation.arguments.trash
        others = [one for one in self._parts.operations.using_trash(number) if one < operation.id]
        if others:
            raise InvalidRequest(
                f"{number} in the trash is being brought back or purged already.",
                f"Operation {others[0]} does that.",
                "Wait for its end, and look what is in the trash then.",
            )

    def _above(self, operation: Operation) -> str:
        return self._parts.layout.workload(Owner(operation.owner), operation.machine)

    def _place(self, operation: Operation) -> str:
        return self._parts.layout.trash(Owner(operation.owner), operation.id, operation.machine)

    def _place_of(self, trashed: Trashed) -> str:
        workload = trashed.workload
        return self._parts.layout.trash(Owner(workload.owner), trashed.operation, workload.machine)


def _takes_away(operation: Operation) -> bool:
    """Whether a workload goes to the trash: a restore where a person agreed to that, a destroy always."""
    return operation.kind is OperationKind.DESTROY or operation.plan is not None
