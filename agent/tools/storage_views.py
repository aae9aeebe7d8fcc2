"""What tools answer about storage: snapshots, what changed, where the space goes, what is in the trash."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from agent.core.storage import (
    ChangedFile,
    Difference,
    OwnerSpace,
    Schedule,
    SnapshotInfo,
    SnapshotKind,
    Space,
)
from agent.core.trash import Trashed
from agent.tools.view import AnswerView

MOST_SHOWN = 100
"""Snapshots, or changed files, that a model gets to see."""


class SnapshotView(BaseModel):
    """A snapshot.

    Attributes:
        kind: manual; hourly, daily or weekly where it was taken by itself; before (a change); or backup.
        taken_at: with the person's time zone.
        label: what the person calls it, or the number of the operation before which it was taken.
        used: what would be free without it, in bytes.
    """

    model_config = ConfigDict(frozen=True)

    kind: SnapshotKind
    taken_at: datetime
    label: str
    used: int

    @property
    def called(self) -> str:
        """What asks for exactly this one."""
        return self.label or f"{self.taken_at:%Y-%m-%d %H:%M}"


class SnapshotsView(AnswerView):
    """The snapshots of a container.

    Attributes:
        name: the container.
        snapshots: newest first.
        older: how many there are besides.
        schedule: how many of each kind are kept that are taken by themselves; 0 takes none.
    """

    answer: Literal["snapshots"] = "snapshots"
    name: str
    snapshots: tuple[SnapshotView, ...]
    older: int = 0
    schedule: Schedule = Schedule()

    @classmethod
    def of(cls, name: str, found: list[SnapshotInfo], schedule: Schedule) -> Self:
        """The view of snapshots, whose times are in the person's zone already."""
        shown = tuple(
            SnapshotView(kind=one.kind, taken_at=one.taken_at, label=one.label, used=one.used)
            for one in found[:MOST_SHOWN]
        )
        return cls(name=name, snapshots=shown, older=len(found) - len(shown), schedule=schedule)


class DifferenceView(AnswerView):
    """What became of the files of /workspace since a snapshot.

    Attributes:
        name: the container.
        since: when the snapshot was taken, with the person's time zone.
        files: paths relative to /workspace.
        more: how many there are besides.
    """

    answer: Literal["difference"] = "difference"
    name: str
    since: datetime
    files: tuple[ChangedFile, ...]
    more: int = 0

    @classmethod
    def of(cls, name: str, since: datetime, found: Difference) -> Self:
        """The view of a difference."""
        shown = found.files[:MOST_SHOWN]
        return cls(name=name, since=since, files=shown, more=found.total - len(shown))


class UsageView(AnswerView):
    """Where the person's space goes, in bytes.

    Attributes:
        quota: the limit of all of it; 0 where there is none.
        used: what counts to it, the trash too.
        containers: each with root, workspace, snapshots and its own limit, what is in the trash too; the
            largest first.
    """

    answer: Literal["usage"] = "usage"
    quota: int
    used: int
    containers: tuple[Space, ...]

    @classmethod
    def of(cls, found: OwnerSpace) -> Self:
        """The view of an owner's space."""
        return cls(quota=found.quota, used=found.used, containers=found.workloads)


class TrashedView(BaseModel):
    """A container in the trash.

    Attributes:
        number: of what put it there; where several have one name, the newest is meant by the name.
        name: the person's name for it.
        modules: what it is made of.
        trashed_at: in UTC.
        kept_until: when it goes for good, in UTC.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    name: str
    modules: tuple[str, ...]
    trashed_at: datetime
    kept_until: datetime

    @classmethod
    def of(cls, trashed: Trashed) -> Self:
        """The view of what is in the trash."""
        return cls(
            number=trashed.operation,
            name=trashed.workload.name,
            modules=trashed.workload.spec.modules,
            trashed_at=trashed.trashed_at,
            kept_until=trashed.expires_at,
        )


class TrashView(AnswerView):
    """What is in the person's trash.

    Attributes:
        containers: the newest first.
    """

    answer: Literal["trash"] = "trash"
    containers: tuple[TrashedView, ...]
