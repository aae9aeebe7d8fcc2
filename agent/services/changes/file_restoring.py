"""One file or folder of a workspace as it was in a snapshot."""

from agent.core.errors import HostFailure, PlanChanged, UnknownSnapshot
from agent.core.filepath import path_bytes
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.host.trees import Trees
from agent.services.changes.moving import Moving
from agent.services.changes.parts import Parts, Recipe, Report, Step
from agent.services.node_storage import check_mounted, unknown_snapshot

THERE = "there:"
"""Claimed, with a number: how many parts of the path were there before anything was brought back."""


class FileRestoring:
    """The recipe of bringing one file back: a program of the node's own does it, which follows no link."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._moving = Moving(parts)
        self._trees = Trees(parts.node)

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What it does, and how it is taken back."""
        steps = (
            Step("look", self._look),
            Step("bring back", self._bring),
            Step("tidy up", self._tidy, final=True),
        )
        return {OperationKind.RESTORE_FILE: Recipe(steps, self._undo)}

    def _look(self, operation: Operation, report: Report) -> str:
        """Look what is there, and keep it where a person agreed that it is overwritten."""
        report(Progress(label="looking at the snapshot"))
        snapshot, shown = self._snapshot(operation), operation.arguments.path
        check_mounted(self._parts.zfs, [self._workspace(operation)])
        if not self._moving.there(snapshot):
            raise unknown_snapshot(operation.workload, operation.arguments.snapshot)
        with self._parts.zfs.opened(snapshot) as folder:
            seen = self._trees.look(folder, self._folder(operation), path_bytes(shown))
        if seen is None:
            raise UnknownSnapshot(f"{shown} is not in that snapshot of {operation.workload}.")
        if seen.now is not None and operation.plan is None:
            raise PlanChanged(
                f"There is a {shown} in {operation.workload} by now.",
                "There was none when it was asked for, so nobody agreed to lose it.",
                "Ask again.",
            )
        if _there(operation) is None:
            self._parts.operations.claim(operation.id, [*operation.claims, f"{THERE}{seen.there}"])
        if seen.now is None:
            return f"There is no {shown} now."
        return f"As it is now it was kept as {self._moving.keep_before(operation)}."

    def _bring(self, operation: Operation, report: Report) -> str:
        report(Progress(label="bringing it back"))
        path, there = operation.arguments.path, _there(operation)
        check_mounted(self._parts.zfs, [self._workspace(operation)])
        if there is None:
            raise ValueError(f"operation {operation.id} did not look before")
        with self._parts.zfs.opened(self._snapshot(operation)) as folder:
            brought = self._trees.put(
                folder, self._folder(operation), path_bytes(path), _mark(operation), there
            )
        if not brought:
            raise HostFailure(
                f"{path} could not be put in its place.",
                "The folder for it went away meanwhile.",
                "Try again.",
            )
        return f"{path} is as it was."

    def _tidy(self, operation: Operation, report: Report) -> None:
        report(Progress(label="tidying up"))
        self._trees.settle(self._folder(operation), path_bytes(operation.arguments.path), _mark(operation))

    def _undo(self, operation: Operation) -> None:
        """What was in its place is there again; what was brought where nothing was is gone."""
        there = _there(operation)
        if there is not None:
            check_mounted(self._parts.zfs, [self._workspace(operation)])
            with self._parts.zfs.opened(self._snapshot(operation)) as folder:
                path = path_bytes(operation.arguments.path)
                self._trees.take_back(folder, self._folder(operation), path, _mark(operation), there)
            self._moving.forget_before(operation)
        self._parts.zfs.close_leftovers(self._parts.settings.pool)  # of who was ended while closing it

    def _workspace(self, operation: Operation) -> str:
        return self._parts.layout.workspace(Owner(operation.owner), operation.machine)

    def _folder(self, operation: Operation) -> str:
        return self._parts.layout.workspace_folder(operation.machine)

    def _snapshot(self, operation: Operation) -> str:
        return f"{self._workspace(operation)}@{operation.arguments.snapshot}"


def _there(operation: Operation) -> int | None:
    counts = [claim for claim in operation.claims if claim.startswith(THERE)]
    return int(counts[0].removeprefix(THERE)) if counts else None


def _mark(operation: Operation) -> str:
    """How the names begin of what lies beside it meanwhile."""
    return f".voxnix-{operation.id}"
