"""What is kept of a workload's data: snapshots, schedules, what changed since; and where the space goes."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agent.core.errors import InvalidName, InvalidRequest

LABEL_PATTERN = "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"
"""What a person may call a snapshot."""
_NAME = re.compile(r"voxnix-(manual|before|hourly|daily|weekly|backup)-(\d{8}T\d{6}Z)(?:-([a-z0-9-]+))?\Z")
_STAMP = "%Y%m%dT%H%M%SZ"

MOST_KEPT = 1000
"""Snapshots of one kind."""
Count = Annotated[int, Field(ge=0, le=MOST_KEPT)]


class SnapshotKind(StrEnum):
    """Why a snapshot was taken."""

    MANUAL = "manual"
    BEFORE = "before"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    BACKUP = "backup"


class Schedule(BaseModel):
    """How many of the snapshots are kept that are taken by themselves; 0 takes none.

    Attributes:
        hourly: one an hour.
        daily: one a day.
        weekly: one a week.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hourly: Count = 0
    daily: Count = 0
    weekly: Count = 0

    def changed(self, **counts: int) -> "Schedule":
        """The same with other counts.

        Raises:
            InvalidRequest: one is no number of snapshots.
        """
        wrong = next((count for count in counts.values() if not 0 <= count <= MOST_KEPT), None)
        if wrong is not None:
            raise InvalidRequest(f"{wrong} snapshots cannot be kept.", f"It is 0 to {MOST_KEPT}.")
        return self.model_copy(update=counts)

    @property
    def counts(self) -> dict[SnapshotKind, int]:
        """The same by kind."""
        return {
            SnapshotKind.HOURLY: self.hourly,
            SnapshotKind.DAILY: self.daily,
            SnapshotKind.WEEKLY: self.weekly,
        }


class SnapshotName(BaseModel):
    """A snapshot's name, which says all that is known of it. The same on root and workspace.

    Attributes:
        kind: why it was taken.
        taken_at: in UTC, to the second.
        label: what a person calls it, or the number of the operation before which it was taken.
    """

    model_config = ConfigDict(frozen=True)

    kind: SnapshotKind
    taken_at: datetime
    label: str = ""

    def __str__(self) -> str:
        """As ZFS knows it."""
        label = f"-{self.label}" if self.label else ""
        return f"voxnix-{self.kind}-{self.taken_at:{_STAMP}}{label}"

    @classmethod
    def parse(cls, text: str) -> "SnapshotName | None":
        """The name that was written like this; None for what is not one of ours."""
        found = _NAME.match(text)
        if found is None:
            return None
        try:
            taken_at = datetime.strptime(f"{found[2]}+0000", f"{_STAMP}%z")
        except ValueError:
            return None
        return cls(kind=SnapshotKind(found[1]), taken_at=taken_at, label=found[3] or "")


def checked_label(label: str) -> str:
    """The label itself, if the rule allows it; an empty one is none.

    Raises:
        InvalidName: with the rule.
    """
    if label and not re.fullmatch(LABEL_PATTERN, label):
        raise InvalidName(
            f"{label[:40]!r} cannot be what a snapshot is called.",
            "It is 1 to 40 lower-case letters, digits and hyphens, with no hyphen at either end.",
            "Choose another.",
        )
    return label


class SnapshotInfo(BaseModel):
    """A snapshot of a workload.

    Attributes:
        name: as ZFS knows it.
        kind: why it was taken.
        taken_at: in UTC.
        label: what a person calls it.
        used: what would be free without it, root and workspace together, in bytes.
        root: whether it has the root file system that is there now: an update may have made another one.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: SnapshotKind
    taken_at: datetime
    label: str
    used: int
    root: bool = True


class FileChange(StrEnum):
    """What became of a file since a snapshot."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class ChangedFile(BaseModel):
    """A file of /workspace that is not as it was in a snapshot.

    Attributes:
        path: relative to /workspace, as :func:`agent.core.filepath.shown_path` writes it.
        change: what became of it.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    change: FileChange


class Difference(BaseModel):
    """What became of the files of /workspace since a snapshot.

    Attributes:
        files: those that are not as they were, sorted by path; no more than can be shown.
        more: how many there are besides.
    """

    model_config = ConfigDict(frozen=True)

    files: tuple[ChangedFile, ...]
    more: int = 0

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.files) + self.more


class KeptFile(BaseModel):
    """A file or folder as a snapshot has it, and what is in its place now.

    Attributes:
        path: relative to /workspace.
        folder: whether it is one.
        size: of it in the snapshot, with all that is in it, in bytes.
        now: of what is in its place, with all that is in it, in bytes; None where nothing is.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    folder: bool
    size: int
    now: int | None


class Space(BaseModel):
    """Where the space of one workload goes, in bytes.

    Attributes:
        name: the person's name for it.
        root: what its system takes now.
        workspace: what /workspace takes now.
        snapshots: what only its snapshots still hold.
        quota: the limit of all of it; 0 where there is none.
        trash: whether it is in the trash.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    root: int
    workspace: int
    snapshots: int
    quota: int
    trash: bool = False

    @property
    def total(self) -> int:
        """All of it."""
        return self.root + self.workspace + self.snapshots


class OwnerSpace(BaseModel):
    """Where the space of one owner goes, in bytes.

    Attributes:
        quota: the limit of all of it; 0 where there is none.
        used: what counts to it.
        workloads: of each workload, and of what is in the trash; the largest first.
    """

    model_config = ConfigDict(frozen=True)

    quota: int
    used: int
    workloads: tuple[Space, ...]


def superfluous(names: Iterable[SnapshotName], schedule: Schedule) -> list[SnapshotName]:
    """Those snapshots that a schedule took and does not keep any more, oldest first. No others, ever."""
    gone: list[SnapshotName] = []
    everything = list(names)
    for kind, count in schedule.counts.items():
        taken = sorted((one for one in everything if one.kind is kind), key=lambda one: one.taken_at)
        gone += taken[: max(0, len(taken) - count)]
    return sorted(gone, key=lambda one: one.taken_at)


def due(names: Iterable[SnapshotName], schedule: Schedule, now: datetime, zone: tzinfo) -> list[SnapshotKind]:
    """Of which kinds a schedule wants a snapshot now: where there is none of this hour, this day, this week.

    Whoever slept for long gets one, and not one for each hour.

    Args:
        names: those there are.
        schedule: what is wanted.
        now: in UTC.
        zone: where days and weeks begin.
    """
    here = now.astimezone(zone)
    day = here.replace(hour=0, minute=0, second=0, microsecond=0)
    begun = {
        SnapshotKind.HOURLY: now.replace(minute=0, second=0, microsecond=0),
        SnapshotKind.DAILY: day,
        SnapshotKind.WEEKLY: day - timedelta(days=here.weekday()),
    }
    wanted = {kind: count for kind, count in schedule.counts.items() if count}
    taken = {one.kind for one in names if one.kind in begun and begun[one.kind] <= one.taken_at <= now}
    return [kind for kind in wanted if kind not in taken]
