"""What can be typed about backups. What each does is in ``cli_backup``."""

# ruff: noqa: PLC0415 - a command imports what it needs
from typing import TYPE_CHECKING, Annotated

import typer

from agent.channels import completion
from agent.channels.entry import command

if TYPE_CHECKING:
    from agent.channels.desk import Desk

Place = Annotated[
    str,
    typer.Argument(
        help="A folder such as /mnt/usb, a file such as /mnt/usb/dev.zfs, or ssh://USER@HOST/POOL/DATASET.",
        show_default=False,
    ),
]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for the end, or print the operation's number and go.")
]


@command("backup")
def _backup(
    desk: "Desk",
    name: Annotated[
        str,
        typer.Argument(help="The container's name.", autocompletion=completion.names, show_default=False),
    ],
    place: Place,
    *,
    wait: Wait = True,
) -> int:
    """Back a container up: all of it, or what became different since its last backup there."""
    from agent.channels import cli_backup

    return cli_backup.backup(desk, name, place, wait=wait)


@command("receive")
def _receive(
    desk: "Desk",
    place: Place,
    *,
    new_name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="What it is to be called; as it was without it.")
    ] = "",
    wait: Wait = True,
) -> int:
    """Make a container of its backup, as it was, and start it."""
    from agent.channels import cli_backup

    return cli_backup.receive(desk, place, new_name, wait=wait)


@command("backups")
def backups(desk: "Desk", place: Place) -> None:
    """Show the backups in a place."""
    from agent.channels import cli_backup

    cli_backup.listing(desk, place)
