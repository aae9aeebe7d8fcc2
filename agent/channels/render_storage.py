"""Snapshots, space and the trash as people read them. See ``render``."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agent.channels.render import NEARLY_FULL, ago, cells, size, span, table_of
from agent.core.printable import printable
from agent.core.storage import Difference, FileChange, OwnerSpace, Schedule, SnapshotInfo, SnapshotKind, Space
from agent.core.trash import Trashed

MARKS = {
    FileChange.ADDED: ("+", "green"),
    FileChange.REMOVED: ("-", "red"),
    FileChange.CHANGED: ("~", "yellow"),
}
BAR_WIDTH = 16


def snapshots(name: str, found: Sequence[SnapshotInfo], planned: Schedule) -> RenderableType:
    """The snapshots of a container, with times in the person's own zone."""
    if not found:
        return Group(
            Text(f"{name} has no snapshots. Take one: voxnix snapshot {name}"), schedule(name, planned)
        )
    listed = table_of("TAKEN", "WHY", "CALLED", "HOLDS")
    for one in found:
        before = one.kind is SnapshotKind.BEFORE
        listed.add_row(
            f"{one.taken_at:%Y-%m-%d %H:%M:%S}",
            f"before operation {one.label}" if before else one.kind.value,
            *cells("-" if before else one.label or "-"),
            size(one.used),
        )
    return Group(listed, schedule(name, planned))


def schedule(name: str, planned: Schedule) -> Text:
    """Which snapshots are taken by themselves."""
    kept = [f"{count} {kind}" for kind, count in planned.model_dump().items() if count]
    if not kept:
        return Text(f"None are taken by themselves: voxnix schedule {name} --daily 7", "dim")
    return Text(f"Of those that are taken by themselves these are kept: {', '.join(kept)}.")


def difference(name: str, since: SnapshotInfo, found: Difference) -> RenderableType:
    """What became of files."""
    moment = f"{since.taken_at:%Y-%m-%d %H:%M:%S}"
    if not found.total:
        return Text(f"Nothing in the /workspace of {name} has changed since {moment}.")
    lines = [Text(f"The /workspace of {name} since {moment}:")]
    for one in found.files:
        mark, style = MARKS[one.change]
        lines.append(Text(f"{mark} {printable(one.path)}", style))
    if found.more:
        lines.append(Text(f"and {found.more} more", "dim"))
    return Group(*lines)


def usage(found: OwnerSpace) -> RenderableType:
    """Where the space goes, with a bar for each limit."""
    if not found.workloads and not found.used:
        return Text("You have no containers yet, so nothing takes any space.")
    listed = table_of("NAME", "ROOT", "WORKSPACE", "SNAPSHOTS", "TOGETHER", "OF")
    for one in found.workloads:
        listed.add_row(
            *cells(_called(one)), *map(size, (one.root, one.workspace, one.snapshots, one.total)), _limit(one)
        )
    listed.add_row("all", "", "", "", size(found.used), bar(found.used, found.quota), style="bold")
    return listed


def _called(one: Space) -> str:
    return f"{one.name} (in the trash)" if one.trash else one.name


def _limit(one: Space) -> RenderableType:
    return Text("-", "dim") if one.trash else bar(one.total, one.quota)


def bar(used: int, quota: int) -> RenderableType:
    """How full something is, in numbers too: never by its colour alone."""
    if not quota:
        return Text("no limit", "dim")
    share = used / quota
    style = "red" if share >= NEARLY_FULL else "green"
    drawn = Table.grid(padding=(0, 1))
    drawn.add_row(
        ProgressBar(quota, min(used, quota), width=BAR_WIDTH, complete_style=style),
        Text(f"{share:.0%} of {size(quota)}"),
    )
    return drawn


def trash(found: Sequence[Trashed], now: datetime) -> RenderableType:
    """What can be brought back, and until when."""
    if not found:
        return Text("The trash is empty.")
    listed = table_of("NAME", "DESTROYED", "KEPT FOR", "MODULES")
    for one in found:
        listed.add_row(
            *cells(one.workload.name),
            ago(one.trashed_at, now),
            span(one.expires_at - now),
            *cells(", ".join(one.workload.spec.modules) or "-"),
        )
    return Group(listed, Text(f"Bring one back: voxnix restore {found[0].workload.name}", "dim"))
