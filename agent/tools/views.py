"""What tools answer: values for a model to read, and for the phrasebook to put into words."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from agent.core.errors import Problem
from agent.core.module import Module
from agent.core.operation import Operation, OperationKind, OperationState, Plan
from agent.core.printable import printable
from agent.core.workload import Executed, Usage, Workload, WorkloadState
from agent.tools.preferences_view import PreferencesView

MAX_OUTPUT = 12_000
"""Characters of a command's output that a model gets to see: about 4,000 tokens."""


def clipped(text: str, limit: int, *, keep_end: bool = False) -> str:
    """The text in at most about ``limit`` characters, saying how much was left out.

    Args:
        text: any length.
        limit: in characters; the note about what is missing comes on top.
        keep_end: drop the beginning instead of the middle.
    """
    if len(text) <= limit:
        return text
    head = 0 if keep_end else limit // 2
    note = f"[… {len(text) - limit:,} characters left out …]"
    return f"{text[:head]}{chr(10) if head else ''}{note}\n{text[len(text) - (limit - head) :]}"


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)

    @property
    def exit_code(self) -> int:
        """0 done or on its way, 3 refused or waiting for a person, 4 the host failed."""
        return 0


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


class ProblemView(_View):
    """Something was not done, and why.

    Attributes:
        refused: the person can mend it; otherwise the host failed.
        code: the kind of problem, stable.
        what: what happened.
        why: the cause; may be empty.
        hint: what to do next; may be empty.
        about: the module, the option and what is accepted, where it is about those.
    """

    answer: Literal["problem"] = "problem"
    refused: bool
    code: str
    what: str
    why: str = ""
    hint: str = ""
    about: dict[str, str] = {}

    @property
    def exit_code(self) -> int:
        """3 where the person can mend it, 4 where the host failed."""
        return 3 if self.refused else 4

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """The view of a problem."""
        return cls(
            refused=problem.kind == "refused",
            code=problem.code,
            what=problem.what,
            why=problem.why,
            hint=problem.hint,
            about=dict(problem.about),
        )


class ChangeView(_View):
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
        container: as it is now, once the change is done.
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
    container: WorkloadView | None = None

    @property
    def exit_code(self) -> int:
        """0 done or on its way, 3 where a person has to agree or did not, 4 failed."""
        if self.state is OperationState.FAILED:
            return self.problem.exit_code if self.problem else 4
        stopped = OperationState.PROPOSED, OperationState.DENIED, OperationState.CANCELLED
        return 3 if self.state in stopped else 0

    @classmethod
    def of(cls, operation: Operation, workload: Workload | None = None) -> Self:
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
            container=WorkloadView.of(workload) if workload else None,
        )


class WorkloadsView(_View):
    """The containers of the person who asks.

    Attributes:
        containers: all of them, by name.
    """

    answer: Literal["containers"] = "containers"
    containers: tuple[WorkloadView, ...]


class StatusView(_View):
    """All that is known of one container.

    Attributes:
        container: its state and address.
        root: what its root file system takes, in bytes; None if that could not be read.
        workspace: what /workspace takes, in bytes; None if that could not be read.
        whole: what both take with all that is kept of them, and their limit; None if that could not be read.
        node_seen_at: when its machine was last heard of, in UTC.
        last_change: the newest operation on it.
    """

    answer: Literal["status"] = "status"
    container: WorkloadView
    root: Usage | None
    workspace: Usage | None
    whole: Usage | None
    node_seen_at: datetime | None
    last_change: ChangeView | None


class LogsView(_View):
    """The last lines of a container's journal, oldest first.

    Attributes:
        name: the container.
        lines: as they were written, without control characters.
    """

    answer: Literal["logs"] = "logs"
    name: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, name: str, lines: list[str]) -> Self:
        """The view of a journal; what does not fit is cut off at its beginning."""
        text = clipped(printable("\n".join(lines)), MAX_OUTPUT, keep_end=True)
        return cls(name=name, lines=tuple(text.split("\n")) if text else ())


class ExecutedView(_View):
    """What a command in a container answered.

    Attributes:
        name: the container.
        command: as it was asked for.
        returncode: the command's own; 0 means that it says it went well.
        stdout: what it printed.
        stderr: what it said on the side.
    """

    answer: Literal["executed"] = "executed"
    name: str
    command: str
    returncode: int
    stdout: str
    stderr: str

    @classmethod
    def of(cls, name: str, command: str, executed: Executed) -> Self:
        """The view of an executed command; long output loses its middle."""
        return cls(
            name=name,
            command=command,
            returncode=executed.returncode,
            stdout=clipped(printable(executed.stdout), MAX_OUTPUT),
            stderr=clipped(printable(executed.stderr), MAX_OUTPUT // 2),
        )


class FileView(_View):
    """A file that the person gets with the answer.

    Attributes:
        name: the container that it is in.
        path: where it is in there.
        size: in bytes.
    """

    answer: Literal["file"] = "file"
    name: str
    path: str
    size: int


class ModuleSummary(BaseModel):
    """A module that a container can be made of, in short.

    Attributes:
        name: what to ask for.
        summary: one line.
        example: a sentence that asks for it.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    summary: str
    example: str

    @classmethod
    def of(cls, module: Module) -> Self:
        """The summary of a module."""
        return cls(name=module.name, summary=module.summary, example=module.example)


class ModulesView(_View):
    """The modules there are.

    Attributes:
        modules: all of them, by name.
    """

    answer: Literal["modules"] = "modules"
    modules: tuple[ModuleSummary, ...]


class OptionView(BaseModel):
    """An option of a module.

    Attributes:
        description: what it changes.
        accepted: what it accepts, in words.
        default: what it is when nothing is said.
    """

    model_config = ConfigDict(frozen=True)

    description: str
    accepted: str
    default: JsonValue


class ModuleView(_View):
    """All about one module.

    Attributes:
        name: what to ask for.
        summary: one line.
        description: what it gives.
        example: a sentence that asks for it.
        options: what about it can be chosen, by name.
        ports: what it listens on, with these defaults.
        secrets: what it can be given with `voxnix secrets give`, by name; never in a conversation.
        conflicts: modules that it does not go together with.
        requires: modules that it does not work without.
    """

    answer: Literal["module"] = "module"
    name: str
    summary: str
    description: str
    example: str
    options: dict[str, OptionView] = {}
    ports: tuple[str, ...] = ()
    secrets: dict[str, str] = {}
    conflicts: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    @classmethod
    def of(cls, module: Module) -> Self:
        """The view of a module."""
        defaults = {name: option.default for name, option in module.options.items()}
        purposes = [one.purpose for one in module.ports]
        return cls(
            name=module.name,
            summary=module.summary,
            description=module.description,
            example=module.example,
            options={
                name: OptionView(
                    description=option.description, accepted=option.accepted, default=option.default
                )
                for name, option in module.options.items()
            },
            ports=tuple(
                f"{port}/{protocol}: {purpose}"
                for (port, protocol, _), purpose in zip(module.listens(defaults), purposes, strict=True)
            ),
            secrets={f"{module.name}.{name}": secret.description for name, secret in module.secrets.items()},
            conflicts=module.conflicts,
            requires=module.requires,
        )


View = (
    ProblemView
    | ChangeView
    | WorkloadsView
    | StatusView
    | LogsView
    | ExecutedView
    | FileView
    | ModulesView
    | ModuleView
    | PreferencesView
)
"""What any tool answers."""

ViewAdapter: TypeAdapter[View] = TypeAdapter(Annotated[View, Field(discriminator="answer")])
"""Reads a view back from the JSON of a conversation."""
