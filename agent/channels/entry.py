"""How a function becomes a command: common options, a desk to work at, errors and exit codes."""

# ruff: noqa: PLC0415 - a command imports what it needs: `voxnix --help` needs no database, `voxnix list` no assistant
import inspect
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

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

COMMON = [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    for name, default, annotation in (
        ("json", False, Json),
        ("owner", "", OwnerKey),
        ("simulate", False, Simulate),
    )
]


def group(name: str, about: str) -> typer.Typer:
    """A word that commands follow, such as ``images`` in ``voxnix images list``.

    Args:
        name: as typed.
        about: what its commands are for.
    """
    made = typer.Typer(name=name, help=about, no_args_is_help=True)
    app.add_typer(made)
    return made


def command(
    name: str, *, answers: bool = True, of: typer.Typer = app, panel: str | None = None
) -> Callable[[Callable[..., int | None]], None]:
    """Make a command of a function that gets a desk first: with the common options, errors and exit codes.

    Args:
        name: as typed.
        of: the group that it belongs to, or the command itself.
        answers: whether it gives one answer, and so can give it as JSON.
        panel: the heading under which help lists it.
    """
    common = COMMON if answers else COMMON[1:]

    def register(run: Callable[..., int | None]) -> None:
        def entered(
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
        vars(entered)["__signature__"] = inspect.Signature(parameters)
        entered.__annotations__ = {one.name: one.annotation for one in parameters}
        of.command(name, help=inspect.getdoc(run), rich_help_panel=panel)(entered)

    return register


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
    from agent.channels.logs import DiscreetRecord

    logging.setLogRecordFactory(DiscreetRecord)
    if verbose or context.invoked_subcommand in {"worker", "bot"}:
        logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
        log.setLevel(logging.DEBUG if verbose else logging.INFO)
        return
    # Without any handler Python prints warnings, and their tracebacks, to the terminal; DBOS does by itself.
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger("dbos").addFilter(lambda _: False)
