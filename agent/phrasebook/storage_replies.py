"""What tools answered about storage -> Markdown for a person."""

from agent.core.storage import FileChange, Schedule, SnapshotKind, Space
from agent.phrasebook.wording import bar, code, listed, size, when
from agent.tools.storage_views import DifferenceView, SnapshotsView, SnapshotView, TrashView, UsageView

SHOWN = 20
"""Snapshots, or files, that are told one by one."""
_MARKS = {FileChange.ADDED: "added", FileChange.REMOVED: "removed", FileChange.CHANGED: "changed"}


def usage(view: UsageView) -> str:
    """Where the space goes, with a bar for each limit."""
    limit = f" of {size(view.quota)}: {bar(view.used, view.quota)}" if view.quota else ""
    head = f"You use {size(view.used)}{limit}"
    if not view.containers:
        return f"{head}. Nothing of it is in a container."
    lines = "\n".join(map(_space, view.containers))
    gone = next((one.name for one in view.containers if one.trash), None)
    hint = f"\n\nWhat is in the trash can go before its time: `purge {gone}`." if gone else ""
    return f"{head}\n\n{lines}{hint}"


def _space(one: Space) -> str:
    parts = [
        f"{label} {size(taken)}"
        for label, taken in (
            ("system", one.root),
            ("/workspace", one.workspace),
            ("snapshots", one.snapshots),
        )
        if taken
    ]
    made = f" ({listed(parts)})" if parts else ""
    if one.trash:
        return f"- **{one.name}** in the trash: {size(one.total)}{made}"
    limit = f" of {size(one.quota)} {bar(one.total, one.quota)}" if one.quota else ""
    return f"- **{one.name}**: {size(one.total)}{limit}{made}"


def snapshots(view: SnapshotsView) -> str:
    """Which snapshots there are, and how each is asked for."""
    planned = _planned(view.name, view.schedule)
    if not view.snapshots:
        return f"**{view.name}** has no snapshots. `take a snapshot of {view.name}` takes one. {planned}"
    lines = [f"- {_snapshot(one)}" for one in view.snapshots[:SHOWN]]
    older = len(view.snapshots) - SHOWN + view.older
    lines += [f"- and {older} older ones"] if older > 0 else []
    newest = view.snapshots[0].called
    nexts = (
        f"what changed in {view.name} since {newest}",
        f"take {view.name} back to {newest}",
        f"copy {view.name} as {view.name}-then from {newest}",
    )
    return (
        f"The snapshots of **{view.name}**, the newest first:\n\n{chr(10).join(lines)}\n\n{planned}\n\n"
        f"Next: {', '.join(map(code, nexts))}."
    )


def _snapshot(one: SnapshotView) -> str:
    moment = f"{one.taken_at:%Y-%m-%d %H:%M}"
    match one.kind:
        case SnapshotKind.BEFORE:
            why = f"before operation {one.label}"
        case SnapshotKind.MANUAL:
            why = code(one.label) if one.label else "taken by hand"
        case kind:
            why = kind.value
    return f"{moment}, {why}, holds {size(one.used)}"


def _planned(name: str, schedule: Schedule) -> str:
    kept = [
        f"{count} {kind}"
        for kind, count in (
            ("hourly", schedule.hourly),
            ("daily", schedule.daily),
            ("weekly", schedule.weekly),
        )
        if count
    ]
    if not kept:
        return f"None are taken by themselves; `snapshot {name} every day` changes that."
    return f"Of those that are taken by themselves {listed(kept)} are kept."


def difference(view: DifferenceView) -> str:
    """What became of files since a snapshot."""
    since = f"since {view.since:%Y-%m-%d %H:%M}"
    if not view.files:
        return f"Nothing in the /workspace of **{view.name}** has changed {since}."
    lines = [f"- {_MARKS[one.change]}: {code(one.path)}" for one in view.files[:SHOWN]]
    more = len(view.files) - SHOWN + view.more
    lines += [f"- and {more} more"] if more > 0 else []
    return f"In the /workspace of **{view.name}**, {since}:\n\n" + "\n".join(lines)


def trash(view: TrashView) -> str:
    """What can be brought back, and until when."""
    if not view.containers:
        return "The trash is empty."
    lines = [
        f"- **{one.name}**, destroyed {when(one.trashed_at)}, kept until {when(one.kept_until)}"
        for one in view.containers
    ]
    first = view.containers[0].name
    return (
        f"In the trash:\n\n{chr(10).join(lines)}\n\n"
        f"Next: `restore {first}`, `restore {first} as {first}-2`, `purge {first}`."
    )
