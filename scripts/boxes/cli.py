"""`scripts/box up | status | cut | down`: thin; what enters a box is in `scripts/box` itself, for speed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from scripts.boxes import boot, host, processes
from scripts.boxes.errors import BoxError
from scripts.boxes.kernels import Kernel
from scripts.boxes.places import DEFAULT_NAME, Place, all_places
from scripts.boxes.steps import Steps

DOWN = 3  # what `systemctl status` answers for a unit that is not running
CANNOT = 4  # this machine cannot hold a box

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="Which box, when there are several.")]
Whose = Annotated[
    Kernel,
    typer.Option(
        "--kernel",
        help="The machine's own (host), or a user-mode Linux with OpenZFS and limits that hold (uml).",
    ),
]


@app.command()
def up(
    name: Name = DEFAULT_NAME,
    *,
    kernel: Whose = Kernel.HOST,
    yes: Annotated[
        bool, typer.Option("--yes", help="Install Debian packages on this machine without asking.")
    ] = False,
) -> None:
    """Build what is missing and boot the box."""
    place = Place.of(name)
    already = processes.read(place)
    if already:
        if already.kernel is not kernel:
            raise BoxError(
                f"The box “{name}” is up already, and of another kind.",
                f"It has the kernel “{already.kernel}”, and “{kernel}” was asked for.",
                f"Take it down first (scripts/box down{_hint(name)}), or give the new one another --name.",
            )
        typer.echo(f"The box “{name}” is up already.")
        return
    obstacles = host.missing(kernel)
    if obstacles:
        sys.stderr.write("This machine cannot hold a box:\n" + "".join(f"  - {line}\n" for line in obstacles))
        raise typer.Exit(CANNOT)
    begun = time.monotonic()
    with Steps() as steps:
        host.install(host.packages_wanted(), steps, yes=yes)
        boot.up(place, steps, kernel)
    typer.echo(f"The box “{name}” is up, after {time.monotonic() - begun:.1f} s.")


@app.command()
def down(
    name: Name = DEFAULT_NAME,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every box of this cache folder.")] = False,
) -> None:
    """Stop the box and remove every trace of it."""
    places = all_places() if every else [Place.of(name)]
    with Steps() as steps:
        for place in places:
            gone = boot.down(place, steps)
            typer.echo(f"The box “{place.name}” is gone." if gone else f"There is no box “{place.name}”.")
    if not places:
        typer.echo("There is no box.")


@app.command()
def cut(name: Name = DEFAULT_NAME) -> None:
    """Take the box's power away and boot it again on what it had written."""
    with Steps() as steps:
        boot.cut(Place.of(name), steps)
    typer.echo(f"The box “{name}” is up again.")


@app.command()
def status(
    name: Name = DEFAULT_NAME,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Tell whether the box is up, since when, and how it is. Ends with 3 when it is down."""
    place = Place.of(name)
    state = processes.read(place)
    facts: dict[str, str | bool | list[str]] = {"name": name, "up": state is not None}
    if state:
        seconds = int(time.time()) - state.since
        since = datetime.fromtimestamp(state.since, UTC).astimezone()
        facts |= {
            "kernel": f"{state.kernel}: {_ask(state, 'uname', '-sr')}",
            "since": since.isoformat(sep=" ", timespec="seconds"),
            "uptime": f"{seconds // 3600} h {seconds // 60 % 60} min {seconds % 60} s",
            "network": "reaches the internet" if state.uplink else "none",
            "failed units": boot.failed_units(state),
            "pool": _ask(state, "zpool", "list", "-H", "-o", "name,health,size,alloc", "tank"),
            "disk": f"{host.disk_in_use(place.folder) / 1e6:.0f} MB in {place.folder}",
        }
    if as_json:
        typer.echo(json.dumps(facts))
    elif state:
        for key, value in facts.items():
            shown = (
                ", ".join(value) or "none" if isinstance(value, list) else "yes" if value is True else value
            )
            typer.echo(f"{key:>13}  {shown}")
    else:
        typer.echo(f"The box “{name}” is down. Start it with: scripts/box up{_hint(name)}")
    if not state:
        raise typer.Exit(DOWN)


@app.command()
def prepare(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
) -> None:
    """Install the Debian packages that a box needs on this machine."""
    with Steps() as steps:
        host.install(host.packages_wanted(), steps, yes=yes)


@app.command()
def missing(*, kernel: Whose = Kernel.HOST) -> None:
    """Print what keeps this machine from holding a box, a line each; ends with 4 when something does."""
    found = host.missing(kernel)
    for line in found:
        typer.echo(line)
    raise typer.Exit(CANNOT if found else 0)


def _hint(name: str) -> str:
    return "" if name == DEFAULT_NAME else f" --name {name}"


def _ask(state: processes.State, *argv: str) -> str:
    answer = subprocess.run(processes.enter(state, *argv), capture_output=True, text=True, check=False)
    return " ".join(answer.stdout.split()) or answer.stderr.strip()


def main() -> None:
    """Run a command; what fails is told in words."""
    try:
        app()
    except BoxError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Nothing was left half-way.\n")
        sys.exit(130)
