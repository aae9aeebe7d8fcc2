"""The audit trail of an owner: who asked what and in which words, what was done, and how it ended."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from agent.core.errors import Problem
from agent.core.operation import WORKER, Operation, OperationKind, OperationState, Plan
from agent.core.owner import Owner
from agent.store.operations import OperationStore


class Entry(BaseModel):
    """One change of something that an owner has, from the request to its end.

    Attributes:
        number: of the operation.
        asked_at: in UTC.
        asked_by: the account; empty where no person asked, but the worker did what is due by itself.
        channel: on which it was asked for.
        conversation: in which chat; empty on the command line.
        words: as the person said them, or why the worker did it; empty for a command that was typed.
        kind: what was to be changed.
        workload: of what.
        plan: what a person had to agree to; None where nobody was asked.
        approved_by: who agreed; empty where nobody did.
        cancelled_by: who did not want it any more; empty where nobody did.
        undoes: number of the operation that it takes back; None where it takes back none.
        state: how it ended, or how far it is.
        found: what was found and done, a sentence each.
        problem: why it failed, or did not begin.
        began_at: in UTC; None where it did not begin.
        ended_at: in UTC; None where it has not ended.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    asked_at: datetime
    asked_by: str
    channel: str
    conversation: str
    words: str
    kind: OperationKind
    workload: str
    plan: Plan | None
    approved_by: str
    cancelled_by: str
    undoes: int | None
    state: OperationState
    found: tuple[str, ...]
    problem: Problem | None
    began_at: datetime | None
    ended_at: datetime | None


class Audit:
    """What was changed, and who wanted it.

    Args:
        operations: the one record of every change; nothing is ever taken out of it.
    """

    def __init__(self, operations: OperationStore) -> None:
        self._operations = operations

    def trail(self, owner: Owner, limit: int = 20) -> list[Entry]:
        """An owner's changes, the newest first.

        Args:
            owner: whose.
            limit: how many at most.
        """
        return [_entry(one) for one in self._operations.of_owner(owner, limit)]


def _entry(operation: Operation) -> Entry:
    request = operation.request
    return Entry(
        number=operation.id,
        asked_at=operation.created_at,
        asked_by="" if request.channel == WORKER else request.by or operation.owner,
        channel=request.channel,
        conversation=request.conversation,
        words=request.words,
        kind=operation.kind,
        workload=operation.workload,
        plan=operation.plan,
        approved_by=operation.approved_by,
        cancelled_by=operation.cancelled_by,
        undoes=operation.undoes,
        state=operation.state,
        found=operation.found,
        problem=operation.problem,
        began_at=operation.started_at,
        ended_at=operation.ended_at,
    )
