"""What can be typed: the commands with their arguments. What each does is in ``cli`` and ``console``."""

# ruff: noqa: PLC0415 - a command imports what it needs: `voxnix --help` needs no database, `voxnix list` no assistant
from typing import TYPE_CHECKING, Annotated

import typer

from agent.channels import commands_storage, completion
from agent.channels.commands_access import access
from agent.channels.commands_backup import backups
from agent.channels.entry import app, command, group
from agent.channels.words import Name, NewName, Wait, Yes

if TYPE_CHECKING:
    from agent.channels.desk import Desk

__all__ = ["access", "app", "backups", "commands_storage"]

SecretName = Annotated[
    str,
    typer.Argument(
        metavar="MODULE.SECRET", help="Which one.", autocompletion=completion.secrets, show_default=False
    ),
]
OnlyFor = Annotated[
    str,
    typer.Option(
        "--for",
        metavar="CONTAINER",
        help="For this container alone.",
        autocompletion=completion.names,
        show_default=False,
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="MODULE.OPTION=VALUE",
        help="An option of a module; may be repeated. “voxnix modules MODULE” shows what there is.",
        autocompletion=completion.options,
    ),
]
images = group("images", "What containers are booted from.")
secrets = group("secrets", "What modules are given and nobody else may see.")


@command("create")
def _create(
    desk: "Desk",
    name: NewName,
    modules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODULE]...", help="What it is made of.", autocompletion=completion.modules),
    ] = None,
    *,
    options: Options = None,
    wait: Wait = True,
) -> int:
    """Make a container of modules, and start it."""
    from agent.channels import cli

    return cli.create(desk, name, modules or [], options or [], wait=wait)


@command("update")
def _update(  # noqa: PLR0913 - each is an option of the command
    desk: "Desk",
    name: Name,
    *,
    add: Annotated[
        list[str] | None,
        typer.Option(
            "--add",
            metavar="MODULE",
            help="Add a module; may be repeated.",
            autocompletion=completion.modules,
        ),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            "--remove",
            metavar="MODULE",
            help="Remove a module; may be repeated.",
            autocompletion=completion.made_of,
        ),
    ] = None,
    options: Options = None,
    wait: Wait = True,
) -> int:
    """Change what a container is made of, or, without any change, make it anew of newer versions."""
    from agent.channels import cli

    return cli.update(desk, name, add or [], remove or [], options or [], wait=wait)


@command("rollback")
def _rollback(desk: "Desk", name: Name, *, yes: Yes = False, wait: Wait = True) -> int:
    """Make a container of what it was made of before its last update."""
    from agent.channels import cli

    return cli.change(desk, "rollback", name, wait=wait, yes=yes)


@command("upgrade")
def _upgrade(
    desk: "Desk",
    *,
    every: Annotated[bool, typer.Option("--all", help="Update all of them, one after another.")] = False,
) -> int:
    """Show your containers that would come out newer if they were made anew, after a deploy for instance."""
    from agent.channels import cli

    return cli.upgrade(desk, every=every)


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
def _destroy(desk: "Desk", name: Name, *, yes: Yes = False, wait: Wait = True) -> int:
    """Destroy a container. Shows what is in it, and asks; for a while it can be brought back."""
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
        typer.Argument(
            help="Only this module; “refresh” takes the admin's own modules into the catalogue.",
            autocompletion=completion.modules,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show what containers can be made of."""
    from agent.channels import cli

    if name == "refresh":
        cli.refresh(desk)
    else:
        cli.modules(desk, name)


@command("list", of=images)
def _images_list(desk: "Desk") -> None:
    """Show what was built, and how many containers use it."""
    from agent.channels import cli_images

    cli_images.listing(desk)


@command("build", of=images)
def _images_build(
    desk: "Desk",
    modules: Annotated[
        list[str],
        typer.Argument(metavar="MODULE...", help="What it is made of.", autocompletion=completion.modules),
    ],
    *,
    wait: Wait = True,
) -> int:
    """Build an image before anybody waits for it."""
    from agent.channels import cli_images

    return cli_images.build(desk, modules, wait=wait)


@command("prune", of=images)
def _images_prune(desk: "Desk", *, wait: Wait = True) -> int:
    """Remove every image that no container is made of or can be rolled back to."""
    from agent.channels import cli_images

    return cli_images.prune(desk, wait=wait)


@command("popular", of=images)
def _images_popular(
    desk: "Desk",
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100, help="How many of the most frequent.")
    ] = 10,
) -> None:
    """Show what people make their containers of, for the next deploy to have it built already."""
    from agent.channels import cli_images

    cli_images.popular(desk, limit)


@command("list", of=secrets)
def _secrets_list(desk: "Desk") -> None:
    """Show which secrets modules can be given, and which you have given. Never their values."""
    from agent.channels import cli_secrets

    cli_secrets.listing(desk)


@command("give", of=secrets)
def _secrets_give(desk: "Desk", name: SecretName, *, container: OnlyFor = "") -> None:
    """Give a secret to your containers: it is asked for, or read from standard input."""
    from agent.channels import cli_secrets

    cli_secrets.give(desk, name, container)


@command("take", of=secrets)
def _secrets_take(desk: "Desk", name: SecretName, *, container: OnlyFor = "") -> None:
    """Take a secret back. A container that runs has it until its next start."""
    from agent.channels import cli_secrets

    cli_secrets.take(desk, name, container)


@command("operations")
def _operations(
    desk: "Desk",
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many of the newest.")] = 20,
) -> None:
    """Show what was asked for, and how it went."""
    from agent.channels import cli

    cli.operations(desk, limit)


@command("audit")
def _audit(
    desk: "Desk",
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many of the newest.")] = 20,
) -> None:
    """Show who asked for what and in which words, what was done, and how it ended."""
    from agent.channels import cli_audit

    cli_audit.trail(desk, limit)


@command("cancel")
def _cancel(
    desk: "Desk",
    number: Annotated[
        int, typer.Argument(help="The operation's number, as “voxnix operations” shows it.", min=1)
    ],
    *,
    wait: Wait = True,
) -> int:
    """End what was asked for before its time; what it made is taken away."""
    from agent.channels import cli

    return cli.cancel(desk, number, wait=wait)


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


@command("bot", answers=False)
def _bot(desk: "Desk") -> None:
    """Serve people on Telegram until told to stop."""
    desk.run_bot()
