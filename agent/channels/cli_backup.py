"""The commands about backups. See :mod:`agent.channels.cli`."""

from datetime import UTC, datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agent.channels import render
from agent.channels.cli import REQUEST, finish
from agent.channels.desk import Desk
from agent.core.errors import InvalidRequest
from agent.core.printable import one_line
from agent.core.workload import checked_name
from agent.services.backups import BackupInfo


def backup(desk: Desk, name: str, place: str, *, wait: bool) -> int:
    """Back a container up. JSON: ``operation``."""
    operation = desk.services.backups.backup(desk.owner, checked_name(name), place, REQUEST)
    return finish(desk, operation, wait=wait)


def receive(desk: Desk, place: str, new_name: str, *, wait: bool) -> int:
    """Make a container of its backup. JSON: ``operation``."""
    one = _only(desk, place)
    backups = desk.services.backups
    operation = backups.receive(desk.owner, one.name, one.place, REQUEST, new_name=new_name)
    return finish(desk, operation, wait=wait)


def listing(desk: Desk, place: str) -> None:
    """Show what there is in a place. JSON: ``backups``."""
    found = desk.services.backups.list(place)
    answer = {"backups": [one.model_dump(mode="json") for one in found]}
    desk.terminal.show(_shown(found, datetime.now(UTC)), answer)


def _only(desk: Desk, place: str) -> BackupInfo:
    """The one backup that a place is, or has.

    Raises:
        InvalidRequest: it has none, or several.
    """
    found = desk.services.backups.list(place)
    if not found:
        raise InvalidRequest(
            f"There is no backup in {place[:200]}.", hint="Look whether the disk is mounted."
        )
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise InvalidRequest(
            f"There are {len(found)} backups in {place[:200]}.",
            f"They are of {names}.",
            f"Name one: voxnix receive {place.rstrip('/')}/{found[0].name}",
        )
    return found[0]


def _shown(found: list[BackupInfo], now: datetime) -> RenderableType:
    if not found:
        return Text("There is no backup there.")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("NAME", "OWNER", "TAKEN", "SIZE", "STREAMS", "MADE OF"):
        table.add_column(column, overflow="fold")
    for one in found:
        taken = render.ago(one.taken_at, now) if one.taken_at else "damaged"
        made_of = one_line(one.problem) if one.problem else ", ".join(one.modules) or "no modules"
        size = render.size(one.size) if one.size else "-"
        table.add_row(one.name, one.owner or "-", taken, size, str(one.pieces or "-"), Text(made_of))
    return table
