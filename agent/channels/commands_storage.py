"""What can be typed about storage and what was destroyed. What each does is in ``cli_storage``."""

# ruff: noqa: PLC0415 - a command imports what it needs
from typing import TYPE_CHECKING, Annotated

import typer

from agent.channels import completion
from agent.channels.entry import command
from agent.channels.words import Name, NewName, Wait, Yes

if TYPE_CHECKING:
    from agent.channels.desk import Desk

Snapshot = Annotated[
    str,
    typer.Argument(
        help="latest, its label, or when: yesterday, “3 days ago”, 2026-11-20, “2026-11-20 14:30”.",
        autocompletion=completion.snapshots,
        show_default=False,
    ),
]
Trashed = Annotated[
    str,
    typer.Argument(
        help="What the container was called.", autocompletion=completion.trashed, show_default=False
    ),
]
PANEL = "Snapshots, space and undo"
MOST_KEPT = 1000


def _kept(kind: str) -> typer.models.OptionInfo:
    return typer.Option(f"--{kind}", min=0, max=MOST_KEPT, help=f"Keep so many {kind} ones; 0 takes none.")


@command("snapshot", panel=PANEL)
def _snapshot(
    desk: "Desk",
    name: Name,
    label: Annotated[str, typer.Argument(help="What to call it.", show_default=False)] = "",
    *,
    wait: Wait = True,
) -> int:
    """Take a snapshot of a container as it is now, root and /workspace."""
    from agent.channels import cli_storage

    return cli_storage.snapshot(desk, name, label, wait=wait)


@command("snapshots", panel=PANEL)
def _snapshots(desk: "Desk", name: Name) -> None:
    """Show the snapshots of a container, the newest first."""
    from agent.channels import cli_storage

    cli_storage.snapshots(desk, name)


@command("schedule", panel=PANEL)
def _schedule(  # noqa: PLR0913 - each is an option of the command
    desk: "Desk",
    name: Name,
    *,
    hourly: Annotated[int | None, _kept("hourly")] = None,
    daily: Annotated[int | None, _kept("daily")] = None,
    weekly: Annotated[int | None, _kept("weekly")] = None,
    wait: Wait = True,
) -> int:
    """Say which snapshots are taken by themselves; without an option, show it."""
    from agent.channels import cli_storage

    counts = {"hourly": hourly, "daily": daily, "weekly": weekly}
    changed = {kind: count for kind, count in counts.items() if count is not None}
    return cli_storage.schedule(desk, name, changed, wait=wait)


@command("diff", panel=PANEL)
def _diff(desk: "Desk", name: Name, snapshot: Snapshot = "latest") -> None:
    """Show which files of /workspace are not as they were in a snapshot."""
    from agent.channels import cli_storage

    cli_storage.diff(desk, name, snapshot)


@command("restore-file", panel=PANEL)
def _restore_file(  # noqa: PLR0913 - each is a word of the command
    desk: "Desk",
    name: Name,
    snapshot: Snapshot,
    path: Annotated[str, typer.Argument(help="Of the file or folder, from /workspace on.")],
    *,
    yes: Yes = False,
    wait: Wait = True,
) -> int:
    """Bring a file back as it was in a snapshot. Asks before it overwrites anything."""
    from agent.channels import cli_storage

    return cli_storage.restore_file(desk, name, snapshot, path, yes=yes, wait=wait)


@command("revert", panel=PANEL)
def _revert(desk: "Desk", name: Name, snapshot: Snapshot, *, yes: Yes = False, wait: Wait = True) -> int:
    """Take a container back to a snapshot. Asks; what it is now goes to the trash."""
    from agent.channels import cli_storage

    return cli_storage.revert(desk, name, snapshot, yes=yes, wait=wait)


@command("forget", panel=PANEL)
def _forget(desk: "Desk", name: Name, snapshot: Snapshot, *, yes: Yes = False, wait: Wait = True) -> int:
    """Remove a snapshot for good. Shows what only it still holds, and asks."""
    from agent.channels import cli_storage

    return cli_storage.forget(desk, name, snapshot, yes=yes, wait=wait)


@command("clone", panel=PANEL)
def _clone(
    desk: "Desk",
    name: Name,
    new: NewName,
    *,
    snapshot: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SNAPSHOT",
            help="As it was then; as it is now by default.",
            autocompletion=completion.snapshots,
            show_default=False,
        ),
    ] = "",
    wait: Wait = True,
) -> int:
    """Make a copy of a container with its files. The original stays."""
    from agent.channels import cli_storage

    return cli_storage.clone(desk, name, new, snapshot, wait=wait)


@command("rename", panel=PANEL)
def _rename(desk: "Desk", name: Name, new: NewName, *, wait: Wait = True) -> int:
    """Give a container another name. Its files stay."""
    from agent.channels import cli_storage

    return cli_storage.rename(desk, name, new, wait=wait)


@command("resize", panel=PANEL)
def _resize(  # noqa: PLR0913 - each is an option of the command
    desk: "Desk",
    name: Name,
    size: Annotated[
        str, typer.Argument(help="The limit of root, /workspace and snapshots together, such as 50G.")
    ],
    *,
    reserve: Annotated[
        str,
        typer.Option(
            "--reserve",
            metavar="SIZE",
            help="Room that nobody else can take; none for none.",
            show_default=False,
        ),
    ] = "",
    yes: Yes = False,
    wait: Wait = True,
) -> int:
    """Set how much space a container may take. Asks before it makes it smaller."""
    from agent.channels import cli_storage

    return cli_storage.resize(desk, name, size, reserve, yes=yes, wait=wait)


@command("usage", panel=PANEL)
def _usage(desk: "Desk") -> None:
    """Show where your space goes: roots, workspaces, snapshots and the trash, with your limits."""
    from agent.channels import cli_storage

    cli_storage.usage(desk)


@command("trash", panel=PANEL)
def _trash(desk: "Desk") -> None:
    """Show what was destroyed and can be brought back, and until when."""
    from agent.channels import cli_storage

    cli_storage.trash(desk)


@command("restore", panel=PANEL)
def _restore(
    desk: "Desk",
    name: Trashed,
    *,
    other: Annotated[
        str, typer.Option("--as", metavar="OTHER", help="Under another name.", show_default=False)
    ] = "",
    yes: Yes = False,
    wait: Wait = True,
) -> int:
    """Bring a container back from the trash, with all its files."""
    from agent.channels import cli_storage

    return cli_storage.restore(desk, name, other, yes=yes, wait=wait)


@command("purge", panel=PANEL)
def _purge(desk: "Desk", name: Trashed, *, yes: Yes = False, wait: Wait = True) -> int:
    """Remove a container from the trash, for good. Shows what will be lost, and asks."""
    from agent.channels import cli_storage

    return cli_storage.purge(desk, name, yes=yes, wait=wait)


@command("undo", panel=PANEL)
def _undo(desk: "Desk", *, yes: Yes = False, wait: Wait = True) -> int:
    """Undo your last change that can be undone, whatever it was."""
    from agent.channels import cli_storage

    return cli_storage.undo(desk, yes=yes, wait=wait)
