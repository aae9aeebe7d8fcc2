"""What can be asked of a node, and what each is told: no machine, no data set and no folder of it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agent.core.filename import safe_filename
from agent.core.filepath import checked_path
from agent.core.owner import Owner
from agent.core.storage import SnapshotName
from agent.core.workload import Name
from agent.host.guest_files import TIMEOUT as FILE_TIMEOUT

MAX_LOG_LINES = 1000
MAX_TIMEOUT = 86_400.0
"""Seconds that a command may ask for."""
READ_TIMEOUT = 120.0
"""Seconds for anything that only looks: the programs that it runs have limits of their own."""
COMPARE_TIMEOUT = 600.0
"""Seconds for a comparison of two trees of files."""
MAX_CHANGED = 1000
"""Files that one answer lists; more are counted."""


def _one_of_ours(snapshot: str) -> str:
    if SnapshotName.parse(snapshot) is None:
        raise ValueError(f"{snapshot!r} is no snapshot of ours")
    return snapshot


class Method(StrEnum):
    """What can be asked. Nothing else is ever done."""

    LOGS = "logs"
    EXEC = "exec"
    USAGE = "usage"
    PUT = "put"
    SIZE = "size"
    GET = "get"
    SNAPSHOTS = "snapshots"
    CHANGED = "changed"
    LAST_CHANGE = "last change"
    KEPT = "kept"
    SPACE = "space"
    READY = "ready"


class Call(BaseModel):
    """Something asked of a node.

    Attributes:
        method: what it is.
        timeout: seconds after which it is over.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: ClassVar[Method]
    timeout: float = READ_TIMEOUT


class OwnerCall(Call):
    """Something asked about all that an owner has.

    Attributes:
        owner: whose it is.
    """

    owner: Annotated[str, AfterValidator(lambda key: Owner(key).key)]


class WorkloadCall(OwnerCall):
    """Something asked about one workload.

    Attributes:
        name: the person's name for it.
    """

    name: Name


class UsageCall(WorkloadCall):
    """What a workload takes."""

    method = Method.USAGE


class LogsCall(WorkloadCall):
    """The end of a journal: so many lines of it."""

    method = Method.LOGS
    lines: int = Field(ge=1, le=MAX_LOG_LINES)


class ExecCall(WorkloadCall):
    """A command: the program and its arguments, and how long they may take."""

    method = Method.EXEC
    argv: tuple[str, ...] = Field(min_length=1)
    timeout: float = Field(gt=0, le=MAX_TIMEOUT)


class PutCall(WorkloadCall):
    """A new file in the workspace, with a safe name. What is in it goes beside."""

    method = Method.PUT
    timeout: float = 2 * FILE_TIMEOUT
    filename: Annotated[str, AfterValidator(safe_filename)]


class PathCall(WorkloadCall):
    """A file, by its path inside."""

    timeout: float = 2 * FILE_TIMEOUT
    path: str = Field(pattern=r"^/[^\x00]+$", max_length=4096)


class SizeCall(PathCall):
    """How large a file is."""

    method = Method.SIZE


class GetCall(PathCall):
    """What is in a file."""

    method = Method.GET


class SpaceCall(OwnerCall):
    """Where an owner's space goes."""

    method = Method.SPACE


class ReadyCall(OwnerCall):
    """Whether there is room, and whether data sets are fit for use.

    Attributes:
        name: of the workload that it is about; None where that is still to be made.
    """

    method = Method.READY
    name: Name | None = None


class SnapshotsCall(WorkloadCall):
    """Which snapshots there are of a workload."""

    method = Method.SNAPSHOTS


class SnapshotCall(WorkloadCall):
    """Something asked about a snapshot, by its name."""

    timeout: float = COMPARE_TIMEOUT
    snapshot: Annotated[str, AfterValidator(_one_of_ours)]


class ChangedCall(SnapshotCall):
    """What became of a workspace since a snapshot: so many files at most."""

    method = Method.CHANGED
    limit: int = Field(ge=0, le=MAX_CHANGED)


class LastChangeCall(WorkloadCall):
    """When anything in a workspace was last changed: a list of that, empty where it is not known."""

    method = Method.LAST_CHANGE
    timeout: float = COMPARE_TIMEOUT


class KeptCall(SnapshotCall):
    """A file as a snapshot has it, and what is in its place now."""

    method = Method.KEPT
    path: Annotated[str, AfterValidator(checked_path)]


CALLS: dict[Method, type[Call]] = {
    kind.method: kind
    for kind in (
        UsageCall,
        LogsCall,
        ExecCall,
        PutCall,
        SizeCall,
        GetCall,
        SnapshotsCall,
        ChangedCall,
        LastChangeCall,
        KeptCall,
        SpaceCall,
        ReadyCall,
    )
}
