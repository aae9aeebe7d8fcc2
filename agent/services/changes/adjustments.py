"""A workload gets another name, or may take more room or less. Its machine and its data stay."""

from agent.core.errors import InvalidRequest
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.workload import Workload
from agent.services.changes.lifecycle import RAN, Lifecycle
from agent.services.changes.parts import Parts, Recipe, Report, Step
from agent.services.limits import QUOTA, RESERVATION

MOVES = "secrets of "
"""What a claim of a rename begins with: the new name had no secrets, so all that it has then came along."""


class Adjustments:
    """The recipes of what changes about a workload without changing what is in it.

    Args:
        parts: what steps work with.
        life: how a container is stopped and started on the way.
    """

    def __init__(self, parts: Parts, life: Lifecycle) -> None:
        self._parts = parts
        self._life = life

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What each kind does, and how it is taken back."""
        rename = (
            Step("secrets", self._copy_secrets),
            self._life.stop,
            Step("rename", self._rename),
            Step("verify", self._verify),
            Step("write it down", self._note_name, final=True),
        )
        return {
            OperationKind.RENAME: Recipe(rename, self._undo_rename),
            OperationKind.RESIZE: Recipe((Step("resize", self._resize, final=True),), self._undo_resize),
        }

    def _copy_secrets(self, operation: Operation, report: Report) -> str:
        """What the container alone is given goes with it; what was given for the other name is not lost."""
        report(Progress(label="taking its secrets along"))
        owner, old, new = Owner(operation.owner), operation.workload, operation.arguments.name
        moves = f"{MOVES}{old}"
        if moves not in operation.claims:
            if there := self._parts.secrets.given(owner, new):
                raise InvalidRequest(
                    f"{old} cannot be called {new}.",
                    f"There are secrets for a container called {new}: {', '.join(there)}.",
                    f"Choose another name, or run voxnix secrets take {there[0]} --container {new}.",
                )
            self._parts.operations.claim(operation.id, [*operation.claims, moves])
        self._parts.secrets.copy(owner, old, new)
        return f"It is given {len(self._parts.secrets.given(owner, new))} secrets."

    def _rename(self, operation: Operation, report: Report) -> str:
        """Its host name is in its files, and counts from its next start on."""
        report(Progress(label="giving it the other name"))
        name = operation.arguments.name
        self._write(operation, self._parts.workload(operation).renamed(name))
        return f"Its host name is {name}."

    def _write(self, operation: Operation, workload: Workload) -> None:
        if workload.generation is None:
            return
        machine = self._parts.assembly.machine(operation, workload, workload.generation)
        self._parts.runtime.write(machine)
        if RAN in operation.claims:
            self._parts.runtime.start(operation.machine)

    def _verify(self, operation: Operation, report: Report) -> str | None:
        if RAN in operation.claims:
            return self._life.verify.run(operation, report)
        return "It did not run before, and does not now."

    def _note_name(self, operation: Operation, report: Report) -> str:
        report(Progress(label="writing it down"))
        self._parts.workloads.rename(operation.node, operation.machine, operation.arguments.name)
        self._parts.secrets.forget(Owner(operation.owner), operation.workload)
        return f"It was called {operation.workload}, and is called {operation.arguments.name}."

    def _undo_rename(self, operation: Operation) -> None:
        workload = self._parts.find(operation)
        if workload is None or workload.name == operation.arguments.name:
            return  # it is no more; or it is written down, so it went well
        if f"{MOVES}{operation.workload}" in operation.claims:
            self._parts.secrets.forget(Owner(operation.owner), operation.arguments.name)
        if RAN in operation.claims:
            self._parts.runtime.stop(operation.machine)  # it may run under the other name already
        self._write(operation, workload)
        self._verify(operation, lambda _: None)

    def _resize(self, operation: Operation, report: Report) -> str:
        report(Progress(label="setting the limits"))
        workload, asked = self._parts.workload(operation), operation.arguments
        if not operation.claims:
            before = [f"{QUOTA}{workload.quota}", f"{RESERVATION}{workload.reservation}"]
            self._parts.operations.claim(operation.id, before)
        values = {
            name: value
            for name, value in (("quota", asked.quota), ("reservation", asked.reservation))
            if value is not None
        }
        resized = workload.model_copy(update=values)
        self._parts.limits.apply(resized)
        self._parts.workloads.set(operation.node, operation.machine, **values)
        return (
            f"It may take {self._parts.limits.quota(resized):,} bytes, and {resized.reservation:,} are set "
            "aside for it."
        )

    def _undo_resize(self, operation: Operation) -> None:
        if (workload := self._parts.find(operation)) is not None:
            self._parts.limits.apply(workload)
