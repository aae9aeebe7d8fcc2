"""What tools answer: values for a model to read, and for the phrasebook to put into words."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter

from agent.core.printable import printable
from agent.core.workload import Executed, Usage
from agent.tools.change_views import CancelView, ChangeView, WorkloadView
from agent.tools.module_views import ModuleSummary, ModulesView, ModuleView, OptionView
from agent.tools.preferences_view import PreferencesView
from agent.tools.storage_views import DifferenceView, SnapshotsView, TrashView, UsageView
from agent.tools.view import AnswerView, ProblemView, clipped

__all__ = [
    "CancelView",
    "ChangeView",
    "DifferenceView",
    "ExecutedView",
    "FileView",
    "LogsView",
    "ModuleSummary",
    "ModuleView",
    "ModulesView",
    "OptionView",
    "PreferencesView",
    "ProblemView",
    "SnapshotsView",
    "StatusView",
    "TrashView",
    "UsageView",
    "View",
    "ViewAdapter",
    "WorkloadView",
    "WorkloadsView",
    "clipped",
]

MAX_OUTPUT = 12_000
"""Characters of a command's output that a model gets to see: about 4,000 tokens."""


class WorkloadsView(AnswerView):
    """The containers of the person who asks.

    Attributes:
        containers: all of them, by name.
    """

    answer: Literal["containers"] = "containers"
    containers: tuple[WorkloadView, ...]


class StatusView(AnswerView):
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


class LogsView(AnswerView):
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


class ExecutedView(AnswerView):
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


class FileView(AnswerView):
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


View = (
    ProblemView
    | ChangeView
    | CancelView
    | SnapshotsView
    | DifferenceView
    | UsageView
    | TrashView
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
