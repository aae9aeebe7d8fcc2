"""What can be typed: the commands with their arguments. What each does is in ``cli`` and ``console``."""

# ruff: noqa: PLC0415 - a command imports what it needs: `voxnix --help` needs no database, `voxnix list` no assistant
import inspect
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from agent.channels import completion

if TYPE_CHECKING:
    from agent.channels.desk import Desk

log = logging.getLogger("agent")

INTERRUPTED = 130
"""Exit code after Ctrl-C, as of every program that a signal ended."""

app = typer.Typer(
    name="voxnix",
    help="Talk to your infrastructure: containers on your own server.",
    epilog="Exit codes: 0 done, 2 usage or settings, 3 refused (you can mend it), 4 the host failed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
"""The command. It is called with the way to open a desk as ``obj``: it constructs nothing."""


@contextmanager
def _desk(context: typer.Context, *, json: bool, owner: str, simulate: bool) -> Generator["Desk"]:
    """A desk for one command. Whatever goes wrong meanwhile becomes a sentence and an exit code."""
    from agent.channels.terminal import Terminal
    from agent.core.errors import problem_of

    terminal = Terminal(json=json, simulated=simulate)
    try:
        with context.obj(terminal, owner, simulate=simulate) as desk:
            try:
                yield desk
            except KeyboardInterrupt as stopped:  # said before closing, which may take a while
                terminal.say(str(stopped) or "Stopped.")
                raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, BrokenPipeError):
        raise
    except Exception as error:
        log.debug("the command failed", exc_info=True)
        raise typer.Exit(terminal.fail(problem_of(error))) from None


OwnerKey = Annotated[
    str,
    typer.Option("--owner", metavar="KEY", help="Act for this owner; by default the one in the settings."),
]
Simulate = Annotated[bool, typer.Option("--simulate", help="Use a simulated node instead of this machine.")]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Name = Annotated[
    str, typer.Argument(help="The container's name.", autocompletion=completion.names, show_default=False)
]
NewName = Annotated[str, typer.Argument(help="The new container's name.", show_default=False)]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for the end, or print the operation's number and go.")
]

COMMON = [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    for name, default, annotation in (
        ("json", False, Json),
        ("owner", "", OwnerKey),
        ("simulate", False, Simulate),
    )
]


def _command(name: str, *, answers: bool = True) -> Callable[[Callable[..., int | None]], None]:
    """Make a command of a function that gets a desk first: with the common options, errors and exit codes.

    Args:
        name: as typed.
        answers: whether it gives one answer, and so can give it as JSON.
    """
    common = COMMON if answers else COMMON[1:]

    def register(run: Callable[..., int | None]) -> None:
        def command(
            context: typer.Context, *, owner: str, simulate: bool, json: bool = False, **given: object
        ) -> None:
            with _desk(context, json=json, owner=owner, simulate=simulate) as desk:
                code = run(desk, **given)
            raise typer.Exit(code or 0)

        own = list(inspect.signature(run).parameters.values())[1:]
        parameters = [
            inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
            *own,
            *common,
        ]
        vars(command)["__signature__"] = inspect.Signature(parameters)
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        app.command(name, help=inspect.getdoc(run))(command)

    return register


@_command("create")
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


@_command("list")
def _list(desk: "Desk") -> None:
    """Show your containers."""
    from agent.channels import cli

    cli.listing(desk)


@_command("status")
def _status(desk: "Desk", name: Name) -> None:
    """Show all that is known of a container."""
    from agent.channels import cli

    cli.status(desk, name)


@_command("start")
def _start(desk: "Desk", name: Name, *, wait: Wait = True) -> int:
    """Start a container."""
    from agent.channels import cli

    return cli.change(desk, "start", name, wait=wait)


@_command("stop")
def _stop(desk: "Desk", name: Name, *, wait: Wait = True) -> int:
    """Stop a container. Its files stay."""
    from agent.channels import cli

    return cli.change(desk, "stop", name, wait=wait)


@_command("restart")
def _restart(desk: "Desk", name: Name, *, wait: Wait = True) -> int:
    """Stop a container and start it again."""
    from agent.channels import cli

    return cli.change(desk, "restart", name, wait=wait)


@_command("destroy")
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


@_command("logs")
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


@_command("exec")
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


@_command("modules")
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


@_command("operations")
def _operations(
    desk: "Desk",
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many of the newest.")] = 20,
) -> None:
    """Show what was asked for, and how it went."""
    from agent.channels import cli

    cli.operations(desk, limit)


@_command("doctor")
def _doctor(desk: "Desk") -> int:
    """Look at this machine, and say what to do about what is broken."""
    from agent.channels import cli

    return cli.doctor(desk)


@_command("chat", answers=False)
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


@_command("worker", answers=False)
def _worker(desk: "Desk") -> None:
    """Run this node's operations until told to stop."""
    desk.run_worker()


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it
    from importlib.metadata import PackageNotFoundError, version

    if wanted:
        try:
            typer.echo(f"voxnix {version('voxnix')}")
        except PackageNotFoundError:
            typer.echo("voxnix, run from a checkout")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log what happens, with causes, to standard error.")
    ] = False,
) -> None:
    del version  # its callback has printed it
    if verbose or context.invoked_subcommand == "worker":
        logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
        log.setLevel(logging.DEBUG if verbose else logging.INFO)
        return
    # Without any handler Python prints warnings, and their tracebacks, to the terminal; DBOS does by itself.
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger("dbos").addFilter(lambda _: False)
