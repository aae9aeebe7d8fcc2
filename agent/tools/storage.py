"""The tools for storage: snapshots, what is made of them, where the space goes, and how much there is."""

from pydantic_ai import FunctionToolset

from agent.core.operation import Operation
from agent.core.size import size_of, size_or_none
from agent.core.storage import SnapshotInfo
from agent.tools.calling import LONG, READ, Context, answer, change
from agent.tools.deps import Deps
from agent.tools.storage_views import DifferenceView, SnapshotsView, UsageView
from agent.tools.views import ChangeView, ProblemView

LONGEST_NAME = 32
"""Characters."""

storage = FunctionToolset[Deps](id="storage", require_parameter_descriptions=True)


@storage.tool(timeout=READ)
def storage_usage(ctx: Context) -> UsageView | ProblemView:
    """Tell where the person's disk space goes: by container root, workspace, snapshots, and the trash.

    Args:
        ctx: who asks.
    """
    return answer(
        ctx, "storage_usage", {}, lambda deps: UsageView.of(deps.services.storage.space(deps.owner))
    )


@storage.tool(timeout=READ)
def list_snapshots(ctx: Context, name: str) -> SnapshotsView | ProblemView:
    """List the snapshots of a container, newest first, and which are taken by themselves.

    Args:
        ctx: who asks.
        name: which container.
    """

    def ask(deps: Deps) -> SnapshotsView:
        found = [_local(deps, one) for one in deps.services.storage.snapshots(deps.owner, name)]
        return SnapshotsView.of(name, found, deps.services.workloads.find(deps.owner, name).schedule)

    return answer(ctx, "list_snapshots", {"name": name}, ask)


@storage.tool(timeout=READ)
def changed_files(ctx: Context, name: str, snapshot: str = "latest") -> DifferenceView | ProblemView:
    """Tell which files of a container's /workspace were added, removed or changed since a snapshot.

    Args:
        ctx: who asks.
        name: which container.
        snapshot: latest, a label, or when: yesterday, monday, 3 days ago, 2026-11-20, 2026-11-20 14:30.
    """

    def ask(deps: Deps) -> DifferenceView:
        since = deps.services.storage.find_snapshot(deps.owner, name, snapshot)
        found = deps.services.storage.diff(deps.owner, name, since.name)
        return DifferenceView.of(name, _local(deps, since).taken_at, found)

    return answer(ctx, "changed_files", {"name": name, "snapshot": snapshot}, ask)


@storage.tool(timeout=LONG, sequential=True)
def snapshot_container(ctx: Context, name: str, label: str = "") -> ChangeView | ProblemView:
    """Take a snapshot of a container as it is now, root and /workspace together.

    Args:
        ctx: who asks.
        name: which container.
        label: what the person wants to call it: lower-case letters, digits and hyphens; empty for no name.
    """
    return change(
        ctx,
        "snapshot_container",
        {"name": name, **_said(label=label)},
        lambda deps: deps.services.storage.snapshot(deps.owner, name, deps.request, label),
    )


@storage.tool(timeout=LONG, sequential=True)
def schedule_snapshots(
    ctx: Context, name: str, hourly: int | None = None, daily: int | None = None, weekly: int | None = None
) -> ChangeView | ProblemView:
    """Say which snapshots of a container are taken by themselves, and how many of each kind are kept.

    Args:
        ctx: who asks.
        name: which container.
        hourly: how many hourly ones are kept; 0 takes none, and leaving it out changes nothing about them.
        daily: how many daily ones.
        weekly: how many weekly ones.
    """
    kept = {
        kind: count
        for kind, count in (("hourly", hourly), ("daily", daily), ("weekly", weekly))
        if count is not None
    }

    def submit(deps: Deps) -> Operation:
        schedule = deps.services.workloads.find(deps.owner, name).schedule.changed(**kept)
        return deps.services.storage.schedule(deps.owner, name, schedule, deps.request)

    return change(ctx, "schedule_snapshots", {"name": name, **kept}, submit)


@storage.tool(timeout=LONG, sequential=True)
def revert_container(ctx: Context, name: str, snapshot: str) -> ChangeView | ProblemView:
    """Propose to take a container back to a snapshot: all of its files become what they were then.

    Nothing is changed by this call: it returns a plan of what would be lost, which only the person can agree
    to. For one file use restore_file, to look at what was copy_container, after an update
    roll_back_container.

    Args:
        ctx: who asks.
        name: which container.
        snapshot: latest, a label, or when: yesterday, monday, 3 days ago, 2026-11-20, 2026-11-20 14:30.
    """
    return change(
        ctx,
        "revert_container",
        {"name": name, "snapshot": snapshot},
        lambda deps: deps.services.storage.revert(deps.owner, name, snapshot, deps.request),
    )


@storage.tool(timeout=LONG, sequential=True)
def restore_file(ctx: Context, name: str, path: str, snapshot: str = "latest") -> ChangeView | ProblemView:
    """Bring one file or folder of /workspace back as it was in a snapshot.

    Where something is in its place, nothing happens yet: the answer is a plan, which only the person can
    agree to.

    Args:
        ctx: who asks.
        name: which container.
        path: of the file, relative to /workspace, such as notes/todo.md.
        snapshot: latest, a label, or when: yesterday, monday, 3 days ago, 2026-11-20, 2026-11-20 14:30.
    """
    return change(
        ctx,
        "restore_file",
        {"name": name, "path": path, "snapshot": snapshot},
        lambda deps: deps.services.storage.restore_file(deps.owner, name, snapshot, path, deps.request),
    )


@storage.tool(timeout=LONG, sequential=True)
def forget_snapshot(ctx: Context, name: str, snapshot: str) -> ChangeView | ProblemView:
    """Propose to remove a snapshot, for good. It returns a plan, which only the person can agree to.

    Args:
        ctx: who asks.
        name: which container.
        snapshot: its label, or when it was taken, as list_snapshots gives it.
    """
    return change(
        ctx,
        "forget_snapshot",
        {"name": name, "snapshot": snapshot},
        lambda deps: deps.services.storage.forget(deps.owner, name, snapshot, deps.request),
    )


@storage.tool(timeout=LONG, sequential=True)
def copy_container(
    ctx: Context, name: str, new_name: str = "", snapshot: str = ""
) -> ChangeView | ProblemView:
    """Make a copy of a container with its files, as it is now or as it was in a snapshot. The original stays.

    Args:
        ctx: who asks.
        name: which container.
        new_name: what the copy is called; empty where the person named none, and it gets one.
        snapshot: empty for now; or a label, or when: yesterday, monday, 3 days ago, 2026-11-20 14:30.
    """

    def submit(deps: Deps) -> Operation:
        called = new_name or _free_name(deps, name)
        return deps.services.storage.clone(deps.owner, name, called, deps.request, snapshot)

    given = {"name": name, **_said(new_name=new_name, snapshot=snapshot)}
    return change(ctx, "copy_container", given, submit)


@storage.tool(timeout=LONG, sequential=True)
def resize_container(ctx: Context, name: str, size: str = "", reserve: str = "") -> ChangeView | ProblemView:
    """Set how much space a container may take, over root, /workspace and snapshots together.

    Making it smaller is a plan first, which only the person can agree to.

    Args:
        ctx: who asks.
        name: which container.
        size: the limit, such as 50G; empty leaves it as it is.
        reserve: room that nobody else can take, such as 5G; none for none, empty leaves it as it is.
    """

    def submit(deps: Deps) -> Operation:
        workloads = deps.services.workloads
        quota = size_of(size) if size else workloads.find(deps.owner, name).quota
        reservation = size_or_none(reserve) if reserve else None
        return workloads.resize(deps.owner, name, quota, deps.request, reservation=reservation)

    return change(ctx, "resize_container", {"name": name, **_said(size=size, reserve=reserve)}, submit)


@storage.tool(timeout=LONG, sequential=True)
def rename_container(ctx: Context, name: str, new_name: str) -> ChangeView | ProblemView:
    """Give a container another name. Its files stay; it is started anew where it ran.

    Args:
        ctx: who asks.
        name: which container.
        new_name: lower-case letters, digits and hyphens, at most 32.
    """
    return change(
        ctx,
        "rename_container",
        {"name": name, "new_name": new_name},
        lambda deps: deps.services.workloads.rename(deps.owner, name, new_name, deps.request),
    )


def _said(**given: str) -> dict[str, str]:
    """What was said of these."""
    return {key: value for key, value in given.items() if value}


def _local(deps: Deps, one: SnapshotInfo) -> SnapshotInfo:
    """A snapshot with its time as the person's clock has it."""
    return one.model_copy(update={"taken_at": one.taken_at.astimezone(deps.services.storage.zone)})


def _free_name(deps: Deps, name: str) -> str:
    """A name for a copy that nobody named."""
    taken = {one.name for one in deps.services.workloads.list(deps.owner)}
    tried = "-copy"
    number = 1
    while (called := f"{name[: LONGEST_NAME - len(tried)]}{tried}") in taken:
        number += 1
        tried = f"-copy-{number}"
    return called
