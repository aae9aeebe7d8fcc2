"""What tools that change something answer: how far the change has come, and what it is about."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agent.core.operation import Operation, OperationKind, OperationState, Plan
from agent.core.workload import Workload, WorkloadState
from agent.tools.view import AnswerView, ProblemView


class WorkloadView(BaseModel):
    """A container, as far as its owner cares.

    Attributes:
        name: the person's name for it.
        state: as last observed.
        modules: what it is made of.
        options: what was chosen about them, by module and option; the rest is at its default.
        addresses: as last observed, IPv4 first.
        created_at: in UTC.
        observed_at: when it was last observed, in UTC.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    state: WorkloadState
    modules: tuple[str, ...]
    options: dict[str, dict[str, JsonValue]] = {}
    addresses: tuple[str, ...]
    created_at: datetime
    observed_at: datetime | None

    @classmethod
    def of(cls, workload: Workload) -> Self:
        """The view of a workload."""
        return cls(
            name=workload.name,
            state=workload.state,
            modules=workload.spec.modules,
            options=workload.spec.options,
            addresses=workload.addresses,
            created_at=workload.created_at,
            observed_at=workload.observed_at,
        )


class ChangeView(AnswerView):
    """A change that was asked for, as far as it has come.

    ``proposed`` means that nothing happened yet: a person has to agree to the plan, and no tool can do that.
    ``queued`` and ``running`` mean that it goes on by itself.

    Attributes:
        operation: its number.
        action: what is changed.
        name: the container.
        state: where it stands.
        step: the running step, from 1.
        steps: how many there are.
        doing: what the step is doing, with counts where there are any.
        plan: what would be lost, where a person has to agree.
        problem: why it failed.
        seconds: from asking to the end.
        told: what was asked for beside the container: snapshot, path, new name or size.
        container: as it is now, once the change is done; a copy, where one was made.
        kept_until: until when what was destroyed can be brought back, in UTC.
    """

    answer: Literal["change"] = "change"
    operation: int
    action: OperationKind
    name: str
    state: OperationState
    step: int = 0
    steps: int = 0
    doing: str = ""
    plan: Plan | None = None
    problem: ProblemView | None = None
    seconds: float | None = None
    told: dict[str, JsonValue] = Field(default_factory=dict)
    container: WorkloadView | None = None
    kept_until: datetime | None = None

    @property
    def exit_code(self) -> int:
        """0 done or on its way, 3 where a person has to agree or did not, 4 failed."""
        if self.state is OperationState.FAILED:
            return self.problem.exit_code if self.problem else 4
        stopped = OperationState.PROPOSED, OperationState.DENIED, OperationState.CANCELLED
        return 3 if self.state in stopped else 0

    @classmethod
    def of(
        cls, operation: Operation, workload: Workload | None = None, *, kept_until: datetime | None = None
    ) -> Self:
        """The view of an operation, with the workload where it is there."""
        counted = (
            f" ({operation.progress.done} of {operation.progress.total})" if operation.progress.total else ""
        )
        ended = operation.ended_at
        return cls(
            operation=operation.id,
            action=operation.kind,
            name=operation.workload,
            state=operation.state,
            step=operation.step,
            steps=operation.steps,
            doing=operation.progress.label + counted,
            plan=operation.plan,
            problem=ProblemView.of(operation.problem) if operation.problem else None,
            seconds=round((ended - operation.created_at).total_seconds(), 1) if ended else None,
            told=operation.arguments.model_dump(mode="json", exclude_defaults=True),
            container=WorkloadView.of(workload) if workload else None,
            kept_until=kept_until,
        )


class CancelView(AnswerView):
    """A change that is to end before its time.

    Attributes:
        change: how it stands. ``cancelled``: nothing of it is left. ``queued`` or ``running``: it is being
            ended. Anything else: it had come to its end already.
    """

    answer: Literal["cancel"] = "cancel"
    change: ChangeView

    @property
    def exit_code(self) -> int:
        """0 where it was cancelled or will be, 3 where it was too late."""
        state = self.change.state
        return 3 if state.ended and state is not OperationState.CANCELLED else 0
