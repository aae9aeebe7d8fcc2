"""An operation: one durable change, from request to result."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agent.core.errors import InvalidRequest, Problem
from agent.core.storage import Schedule
from agent.core.workload import Generation

WORKER = "worker"
"""The channel of what nobody asked for: a node's worker entered it, such as after a reboot."""

LONGEST_KEY = 150
"""Characters of a request's key: some providers give calls very long names, and databases have limits."""


class OperationState(StrEnum):
    """Where an operation stands."""

    PROPOSED = "proposed"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DENIED = "denied"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Nothing follows any more."""
        return not NEXT_STATES[self]


NEXT_STATES: dict[OperationState, frozenset[OperationState]] = {
    OperationState.PROPOSED: frozenset(
        {OperationState.QUEUED, OperationState.DENIED, OperationState.CANCELLED}
    ),
    OperationState.QUEUED: frozenset({OperationState.RUNNING, OperationState.CANCELLED}),
    OperationState.RUNNING: frozenset({OperationState.DONE, OperationState.FAILED, OperationState.CANCELLED}),
    OperationState.DONE: frozenset(),
    OperationState.FAILED: frozenset(),
    OperationState.DENIED: frozenset(),
    OperationState.CANCELLED: frozenset(),
}


class OperationKind(StrEnum):
    """What is changed."""

    CREATE = "create"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    UPDATE = "update"
    ROLLBACK = "rollback"
    DESTROY = "destroy"
    BUILD = "build"
    PRUNE = "prune"
    SNAPSHOT = "snapshot"
    FORGET = "forget"
    REVERT = "revert"
    RESTORE_FILE = "restore file"
    CLONE = "clone"
    RENAME = "rename"
    RESIZE = "resize"
    SCHEDULE = "schedule"
    RESTORE = "restore"
    PURGE = "purge"
    BACKUP = "backup"
    RECEIVE = "receive"

    @property
    def gated(self) -> bool:
        """It may take something away; where it would, a person has to see the plan and agree first."""
        return self in _GATED

    @property
    def enters(self) -> bool:
        """It may enter a workload that was not there before, which is there no more where it never begins."""
        return self in _ENTERING


_GATED = frozenset(
    {
        OperationKind.DESTROY,
        OperationKind.ROLLBACK,
        OperationKind.REVERT,
        OperationKind.FORGET,
        OperationKind.RESTORE_FILE,
        OperationKind.RESTORE,
        OperationKind.RESIZE,
        OperationKind.PURGE,
    }
)


_ENTERING = frozenset(
    {OperationKind.CREATE, OperationKind.CLONE, OperationKind.RESTORE, OperationKind.RECEIVE}
)


class Arguments(BaseModel):
    """What an operation is told beside its workload; each kind has its own of these.

    Attributes:
        snapshot: of the workload: its name, without the data set.
        label: what a person calls a new snapshot.
        path: of a file below /workspace, relative to it.
        name: another name for the workload, or the name of a copy.
        quota: of the workload, in bytes.
        reservation: room that nobody else can take, in bytes.
        schedule: which snapshots are taken by themselves.
        trash: number of what is in the trash.
        place: where a backup lies: a folder of the node, or ``ssh://USER@HOST/POOL/DATASET``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    snapshot: str = ""
    label: str = ""
    path: str = ""
    name: str = ""
    quota: Annotated[int, Field(ge=0)] | None = None
    reservation: Annotated[int, Field(ge=0)] | None = None
    schedule: Schedule | None = None
    trash: int = 0
    place: str = ""


class Loss(BaseModel):
    """One thing that an operation would take away, in numbers.

    Attributes:
        what: such as ``workspace`` or ``snapshots``.
        amount: how much of it, as ``unit``.
        unit: ``bytes``, ``count``, or ``moment``: then it is no amount but when, in seconds since 1970, UTC.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    amount: int
    unit: Literal["bytes", "count", "moment"]

    @property
    def at(self) -> datetime:
        """The moment that it tells."""
        return datetime.fromtimestamp(self.amount, UTC)


class Plan(BaseModel):
    """What a gated operation would do: the thing a person agrees to.

    Attributes:
        summary: one sentence.
        losses: what would be gone afterwards.
    """

    model_config = ConfigDict(frozen=True)

    summary: str
    losses: tuple[Loss, ...] = ()

    @property
    def digest(self) -> str:
        """Binds an approval to exactly this plan (hex SHA-256)."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Progress(BaseModel):
    """How far a step is.

    Attributes:
        label: what is being done, such as ``installing packages``.
        done: how many, 0 when not counted.
        total: of how many, 0 when not known.
    """

    model_config = ConfigDict(frozen=True)

    label: str = ""
    done: Annotated[int, Field(ge=0)] = 0
    total: Annotated[int, Field(ge=0)] = 0


class Request(BaseModel):
    """Where a request came from, for the audit trail.

    Attributes:
        channel: such as ``console`` or ``cli``; ``worker`` where no person asked.
        conversation: which chat; empty on the command line.
        words: what the person said, as they said it.
        by: the account of who said it, where that is not the owner: in a group that owns workloads.
        key: the same request again has the same key, and is the same operation; empty where none is repeated.
    """

    model_config = ConfigDict(frozen=True)

    channel: str
    conversation: str = ""
    words: str = ""
    by: str = ""
    key: str = ""

    def part(self, name: str) -> "Request":
        """One of the several things that are asked for in this request, however long its name is."""
        if not self.key:
            return self
        key = f"{self.key}/{name}"
        if len(key) > LONGEST_KEY:
            digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
            key = f"{key[: LONGEST_KEY - len(digest) - 1]}#{digest}"
        return self.model_copy(update={"key": key})


class Subject(Protocol):
    """What an operation is about: a workload, or the images of a node."""

    @property
    def owner(self) -> str:
        """Who asks."""
        ...

    @property
    def node(self) -> str:
        """Where it is."""
        ...

    @property
    def name(self) -> str:
        """What the person calls it."""
        ...

    @property
    def machine(self) -> str:
        """What the node calls it. Operations on one machine run one after another."""
        ...


@dataclass(frozen=True)
class ImagesOf:
    """The images of a node, as what an operation is about. See :class:`Subject`."""

    owner: str
    node: str
    name: str = "images"
    machine: str = ""


class Operation(BaseModel):
    """One durable change. A value: :meth:`moved` makes the next one.

    Attributes:
        id: from 1, in the order of asking.
        owner: who asked.
        node: where it is done.
        kind: what is changed.
        workload: the person's name for the workload.
        machine: its name on the node.
        request: where it came from.
        state: where it stands.
        plan: what a person agrees to; None where nobody has to be asked.
        target: what the workload is to be made of afterwards; None where that stays as it is.
        step: number of the running step, from 1; 0 before the first.
        steps: how many steps there are.
        progress: of the running step.
        claims: what this operation made or found, and has to know again after a crash: what it made it may
            take away when it fails.
        problem: why it failed.
        arguments: what it is told beside its workload.
        found: what its steps found and did, a sentence each.
        undoes: number of the operation that it takes back; None where it takes back none.
        approved_by: the account of who agreed to its plan; empty where nobody did.
        cancelled_by: the account of who wants it to end before its time; empty where nobody does.
        created_at: in UTC.
        started_at: in UTC.
        ended_at: in UTC.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    owner: str
    node: str
    kind: OperationKind
    workload: str
    machine: str
    request: Request
    state: OperationState
    plan: Plan | None = None
    target: Generation | None = None
    step: int = 0
    steps: int = 0
    progress: Progress = Progress()
    claims: tuple[str, ...] = ()
    problem: Problem | None = None
    arguments: Arguments = Arguments()
    found: tuple[str, ...] = ()
    undoes: int | None = None
    approved_by: str = ""
    cancelled_by: str = ""
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def outcome(self) -> str:
        """The person's name for what there is afterwards: the copy, or what has another name now."""
        anew = {OperationKind.CLONE, OperationKind.RENAME, OperationKind.RESTORE, OperationKind.RECEIVE}
        return self.arguments.name if self.kind in anew and self.arguments.name else self.workload

    def check_move(self, to: OperationState) -> None:
        """Raise unless ``to`` may follow the state it is in.

        Raises:
            InvalidRequest: it has ended, or is at another point.
        """
        if to not in NEXT_STATES[self.state]:
            raise InvalidRequest(
                f"Operation {self.id} ({self.kind} {self.workload}) is {self.state}.",
                f"It cannot become {to} any more."
                if self.state.ended
                else f"It cannot become {to} from there.",
            )
