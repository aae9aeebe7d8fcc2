"""A notice: what somebody is told without having asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.core.operation import OperationKind


class Look(StrEnum):
    """Something to look at, which changes nothing."""

    LOGS = "logs"
    STATUS = "status"


class NoticeKind(StrEnum):
    """What happened."""

    CRASHED = "crashed"
    QUOTA = "quota"

    @property
    def actions(self) -> tuple[OperationKind | Look, ...]:
        """What somebody does about it with the workload that it is about, the obvious thing first."""
        return ACTIONS[self]

    @property
    def lasting(self) -> bool:
        """It goes on until it is over, and is not told again meanwhile."""
        return self is NoticeKind.QUOTA


ACTIONS: dict[NoticeKind, tuple[OperationKind | Look, ...]] = {
    NoticeKind.CRASHED: (OperationKind.START, Look.LOGS),
    NoticeKind.QUOTA: (Look.STATUS,),
}


@dataclass(frozen=True)
class Notice:
    """One thing to tell an owner.

    Attributes:
        id: from 1; none is given twice.
        owner: whom it concerns.
        kind: what happened.
        workload: the owner's name for the workload that it is about.
        values: numbers and words for the sentence that tells it. Crashed: ``result`` (systemd's word) and
            ``status`` (an exit code or a signal's number); the result ``reboot`` where it ran before a reboot
            of the node and could not be started after it. Quota: ``part`` (workload, or owner for all that
            they have), ``used`` and ``quota`` in bytes.
        created_at: when it was noticed, in UTC.
    """

    id: int
    owner: str
    kind: NoticeKind
    workload: str
    values: Mapping[str, str | int]
    created_at: datetime
