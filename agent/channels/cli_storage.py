"""The commands about storage and what was destroyed. See ``cli``."""

from datetime import UTC, datetime

from agent.channels import render_storage
from agent.channels.cli import REQUEST, finish
from agent.channels.desk import Desk
from agent.core.size import size_of, size_or_none
from agent.core.storage import SnapshotInfo
from agent.core.workload import checked_name


def snapshot(desk: Desk, name: str, label: str, *, wait: bool) -> int:
    """Take a snapshot. JSON: ``operation``."""
    asked = desk.services.storage.snapshot(desk.owner, checked_name(name), REQUEST, label)
    return finish(desk, asked, wait=wait)


def snapshots(desk: Desk, name: str) -> None:
    """Show the snapshots of a container. JSON: ``name``, ``snapshots``, ``schedule``."""
    workload = desk.services.workloads.find(desk.owner, checked_name(name))
    found = desk.services.storage.snapshots(desk.owner, name)
    answer = {
        "name": name,
        "snapshots": [one.model_dump(mode="json") for one in found],
        "schedule": workload.schedule.model_dump(mode="json"),
    }
    shown = render_storage.snapshots(name, [_local(desk, one) for one in found], workload.schedule)
    desk.terminal.show(shown, answer)


def schedule(desk: Desk, name: str, counts: dict[str, int], *, wait: bool) -> int:
    """Say which snapshots are taken by themselves. JSON: ``operation``, or ``schedule``."""
    known = desk.services.workloads.find(desk.owner, checked_name(name)).schedule
    if not counts:
        desk.terminal.show(
            render_storage.schedule(name, known), {"name": name, "schedule": known.model_dump(mode="json")}
        )
        return 0
    asked = desk.services.storage.schedule(desk.owner, name, known.changed(**counts), REQUEST)
    return finish(desk, asked, wait=wait)


def diff(desk: Desk, name: str, snapshot: str) -> None:
    """Show what changed since a snapshot. JSON: ``name``, ``snapshot``, ``files``, ``more``."""
    storage = desk.services.storage
    since = storage.find_snapshot(desk.owner, checked_name(name), snapshot)
    found = storage.diff(desk.owner, name, since.name)
    answer = {"name": name, "snapshot": since.name, **found.model_dump(mode="json")}
    desk.terminal.show(render_storage.difference(name, _local(desk, since), found), answer)


def restore_file(  # noqa: PLR0913 - each is a word of the command
    desk: Desk, name: str, snapshot: str, path: str, *, yes: bool, wait: bool
) -> int:
    """Bring a file back. JSON: ``operation``."""
    asked = desk.services.storage.restore_file(desk.owner, checked_name(name), snapshot, path, REQUEST)
    return finish(desk, asked, wait=wait, yes=yes)


def revert(desk: Desk, name: str, snapshot: str, *, yes: bool, wait: bool) -> int:
    """Take a container back to a snapshot. JSON: ``operation``."""
    asked = desk.services.storage.revert(desk.owner, checked_name(name), snapshot, REQUEST)
    return finish(desk, asked, wait=wait, yes=yes)


def forget(desk: Desk, name: str, snapshot: str, *, yes: bool, wait: bool) -> int:
    """Remove a snapshot. JSON: ``operation``."""
    asked = desk.services.storage.forget(desk.owner, checked_name(name), snapshot, REQUEST)
    return finish(desk, asked, wait=wait, yes=yes)


def clone(desk: Desk, name: str, new: str, snapshot: str, *, wait: bool) -> int:
    """Make a copy. JSON: ``operation``."""
    asked = desk.services.storage.clone(desk.owner, checked_name(name), checked_name(new), REQUEST, snapshot)
    return finish(desk, asked, wait=wait)


def rename(desk: Desk, name: str, new: str, *, wait: bool) -> int:
    """Give another name. JSON: ``operation``."""
    asked = desk.services.workloads.rename(desk.owner, checked_name(name), checked_name(new), REQUEST)
    return finish(desk, asked, wait=wait)


def resize(  # noqa: PLR0913 - each is a word of the command
    desk: Desk, name: str, size: str, reserve: str, *, yes: bool, wait: bool
) -> int:
    """Set a limit, and a reservation. JSON: ``operation``."""
    reservation = size_or_none(reserve) if reserve else None
    asked = desk.services.workloads.resize(
        desk.owner, checked_name(name), size_of(size), REQUEST, reservation=reservation
    )
    return finish(desk, asked, wait=wait, yes=yes)


def usage(desk: Desk) -> None:
    """Show where the space goes. JSON: ``quota``, ``used``, ``workloads``."""
    found = desk.services.storage.space(desk.owner)
    desk.terminal.show(render_storage.usage(found), found.model_dump(mode="json"))


def trash(desk: Desk) -> None:
    """Show what can be brought back. JSON: ``trash``."""
    found = desk.services.trash.list(desk.owner)
    answer = {"trash": [one.model_dump(mode="json") for one in found]}
    desk.terminal.show(render_storage.trash(found, datetime.now(UTC)), answer)


def restore(desk: Desk, name: str, other: str, *, yes: bool, wait: bool) -> int:
    """Bring a container back. JSON: ``operation``."""
    called = checked_name(other) if other else ""
    asked = desk.services.trash.restore(desk.owner, checked_name(name), REQUEST, called)
    return finish(desk, asked, wait=wait, yes=yes)


def purge(desk: Desk, name: str, *, yes: bool, wait: bool) -> int:
    """Remove from the trash. JSON: ``operation``."""
    asked = desk.services.trash.purge(desk.owner, checked_name(name), REQUEST)
    return finish(desk, asked, wait=wait, yes=yes)


def undo(desk: Desk, *, yes: bool, wait: bool) -> int:
    """Undo the last change. JSON: ``operation``, the one that undoes it."""
    return finish(desk, desk.services.undo.undo(desk.owner, REQUEST), wait=wait, yes=yes)


def _local(desk: Desk, one: SnapshotInfo) -> SnapshotInfo:
    """A snapshot with its time as the person's clock has it."""
    return one.model_copy(update={"taken_at": one.taken_at.astimezone(desk.services.storage.zone)})
