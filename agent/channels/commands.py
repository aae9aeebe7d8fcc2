"""What can be typed: the commands with their arguments. What each does is in ``cli`` and ``console``."""

# ruff: noqa: PLC0415 - a command imports what it needs: `voxnix --help` needs no database, `voxnix list` no assistant
from typing import TYPE_CHECKING, Annotated

import typer

from agent.channels import completion
from agent.channels.entry import app, command

if TYPE_CHECKING:
    from agent.channels.desk import Desk

__all__ = ["app"]

Name = Annotated[
    str, typer.Argument(help="The container's name.", autocompletion=completion.names, show_default=False)
]
NewName = Annotated[str, typer.Argument(help="The new container's name.", show_default=False)]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for the end, or print the operation's number and go.")
]


@command("create")
def _create(
    desk: "Desk",
    name: NewName,
    modules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODULE]...", help="What it is made of.", autocompletion=completion.modules),
    ] = None,
    *,
    wait: Wait = True,
) -> int:
    """Make a container of modules, and start it."""
    from agent.channels import cli

    return cli.create(desk, name, modules or [], wait=wait)


@command("list")
def _list(desk: "Desk") -> None:
    """Show your containers."""
    from agent.channels import cli

    cli.listing(desk)


@command("status")
def _status(desk: "Desk", name: Name) -> None:
    """Show all that is known of a container."""
    from agent.channels import cli

    cli.status(desk, name)


@command("start")
def _start(desk: "Desk", name: Name, *, wait: Wait = True) -> int:
    """Start a container."""
    from agent.channels import cli

    return cli.change(desk, "start", name, wait=wait)


@command("stop")
def _stop(desk: "Desk", name: Name, *, wait: Wait = True) -> int:
    """Stop a container. Its files stay."""
    from agent.channels import cli

    return cli.change(desk, "stop", name, wait=wait)


@command("restart")
def _restart(desk: "Desk", name: Name, *, wait: Wait = True) -> int:
    """Stop a container and start it again."""
    from agent.channels import cli

    return cli.change(desk, "restart", name, wait=wait)


@command("destroy")
def _destroy(
    desk: "Desk",
    name: Name,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Agree to the plan that is shown, without being asked.")
    ] = False,
    wait: Wait = True,
) -> int:
    """Destroy a container with all its files. Shows what will be lost, and asks."""
    from agent.channels import cli

    return cli.destroy(desk, name, yes=yes, wait=wait)


@command("logs")
def _logs(
    desk: "Desk",
    name: Name,
    *,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=1, max=1000, help="How many of the last lines.")
    ] = 50,
) -> None:
    """Show the last lines of a container's journal."""
    from agent.channels import cli

    cli.logs(desk, name, lines)


@command("exec")
def _exec(
    desk: "Desk",
    name: Name,
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- CMD...", help="The command and its arguments.", show_default=False),
    ],
    *,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds until it is ended.")] = 60,
) -> int:
    """Run a command in a container as its root, with its own output and exit code."""
    from agent.channels import cli

    return cli.execute(desk, name, command, timeout)


@command("modules")
def _modules(
    desk: "Desk",
    name: Annotated[
        str | None,
        typer.Argument(help="Only this module.", autocompletion=completion.modules, show_default=False),
    ] = None,
) -> None:
    """Show what containers can be made of."""
    from agent.channels import cli

    cli.modules(desk, name)


@command("operations")
def _operations(
    desk: "Desk",
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many of the newest.")] = 20,
) -> None:
    """Show what was asked for, and how it went."""
    from agent.channels import cli

    cli.operations(desk, limit)


@command("doctor")
def _doctor(desk: "Desk") -> int:
    """Look at this machine, and say what to do about what is broken."""
    from agent.channels import cli

    return cli.doctor(desk)


@command("chat", answers=False)
def _chat(
    desk: "Desk",
    sentence: Annotated[
        list[str] | None, typer.Argument(help="Say only this, and leave.", show_default=False)
    ] = None,
) -> int:
    """Talk: ask for containers, in plain words."""
    from agent.channels.console import Console

    console = Console(desk)
    return console.once(" ".join(sentence)) if sentence else console.run()


@command("worker", answers=False)
def _worker(desk: "Desk") -> None:
    """Run this node's operations until told to stop."""
    desk.run_worker()
