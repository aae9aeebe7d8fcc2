"""Snapshots, space and the trash, as people read them."""

from datetime import UTC, datetime, timedelta

from rich.console import Console, RenderableType

from agent.channels import render_storage
from agent.core.storage import (
    ChangedFile,
    Difference,
    FileChange,
    OwnerSpace,
    Schedule,
    SnapshotInfo,
    SnapshotKind,
    Space,
)
from agent.core.trash import Trashed
from agent.core.workload import Workload

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
GIB = 1 << 30


def shown(renderable: RenderableType, width: int = 100) -> str:
    """What a terminal of this width shows."""
    console = Console(width=width, markup=False, emoji=False, highlight=False, color_system=None)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def snapshot(kind: SnapshotKind, label: str = "", used: int = 0) -> SnapshotInfo:
    """One that was taken yesterday."""
    return SnapshotInfo(name="x", kind=kind, taken_at=NOW - timedelta(days=1), label=label, used=used)


def space(name: str, taken: int, quota: int = 0, *, trash: bool = False) -> Space:
    """A container that takes so many GiB, all of it in its workspace."""
    return Space(name=name, root=0, workspace=taken * GIB, snapshots=0, quota=quota * GIB, trash=trash)


def test_space_has_a_bar_for_each_limit() -> None:
    """And its numbers: a bar alone says nothing to who does not see it."""
    found = OwnerSpace(
        quota=100 * GIB,
        used=25 * GIB,
        workloads=(space("dev", 19, 20), space("old", 6, 20, trash=True), space("free", 0)),
    )
    head, dev, old, free, everything = shown(render_storage.usage(found)).splitlines()
    assert head.split() == ["NAME", "ROOT", "WORKSPACE", "SNAPSHOTS", "TOGETHER", "OF"]
    assert "━" in dev
    assert dev.rstrip().endswith("95% of 20.0 GiB")
    assert old.startswith("old (in the trash)")
    assert "%" not in old
    assert free.rstrip().endswith("no limit")
    assert everything.rstrip().endswith("25% of 100.0 GiB")


def test_no_space_is_said() -> None:
    """Rather than an empty table."""
    assert "You have no containers yet" in shown(
        render_storage.usage(OwnerSpace(quota=5, used=0, workloads=()))
    )


def test_snapshots_tell_why_they_were_taken_and_what_they_hold() -> None:
    """And which are taken by themselves; how to take one where there is none."""
    kinds = [
        snapshot(SnapshotKind.MANUAL, "good", 5 * GIB),
        snapshot(SnapshotKind.BEFORE, "17"),
        snapshot(SnapshotKind.DAILY),
    ]
    _, manual, before, daily, planned = shown(
        render_storage.snapshots("dev", kinds, Schedule(hourly=24, daily=7))
    ).splitlines()
    assert manual.split() == ["2026-11-24", "12:00:00", "manual", "good", "5.0", "GiB"]
    assert "before operation 17" in before
    assert daily.split()[2:4] == ["daily", "-"]
    assert planned == "Of those that are taken by themselves these are kept: 24 hourly, 7 daily."
    assert "voxnix snapshot dev" in shown(render_storage.snapshots("dev", [], Schedule()))
    assert "voxnix schedule dev" in shown(render_storage.schedule("dev", Schedule()))


def test_a_difference_has_a_mark_for_each_file() -> None:
    """What a path holds never reaches the terminal as it is."""
    files = (
        ChangedFile(path="a.txt", change=FileChange.ADDED),
        ChangedFile(path="b\x1b[31m", change=FileChange.CHANGED),
        ChangedFile(path="c", change=FileChange.REMOVED),
    )
    since = snapshot(SnapshotKind.MANUAL)
    told = shown(render_storage.difference("dev", since, Difference(files=files, more=4)))
    assert told.splitlines()[1::3] == ["+ a.txt", "and 4 more"]
    assert "~ b" in told
    assert "- c" in told
    assert "\x1b" not in told
    assert "has changed since" in shown(render_storage.difference("dev", since, Difference(files=())))


def test_the_trash_tells_how_long_things_are_kept(workload: Workload) -> None:
    """With the command that brings the newest back."""
    trashed = Trashed(
        operation=7,
        workload=workload,
        trashed_at=NOW - timedelta(days=2),
        expires_at=NOW + timedelta(days=5),
    )
    _, line, hint = shown(render_storage.trash([trashed], NOW)).splitlines()
    assert line.split() == ["dev", "2", "d", "ago", "5", "d", "fish,", "git"]
    assert hint == "Bring one back: voxnix restore dev"
    assert shown(render_storage.trash([], NOW)) == "The trash is empty.\n"
