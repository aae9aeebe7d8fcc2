"""Backups as they are typed."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner, Result

from agent.channels.commands import app as commands
from agent.channels.desk import Desk
from agent.channels.terminal import Terminal
from agent.core.owner import Owner
from tests.channels.conftest import desk_of
from tests.simulation import Simulation

Run = Callable[..., Result]


@pytest.fixture
def run(simulation: Simulation, owner: Owner) -> Run:
    """Types a command."""

    @contextmanager
    def open_desk(terminal: Terminal, given: str, *, simulate: bool) -> Generator[Desk]:
        del given, simulate  # the product is open, and simulated
        yield desk_of(simulation, terminal, owner)

    return lambda *argv: CliRunner().invoke(commands, argv, obj=open_desk)


@pytest.fixture
def disk(simulation: Simulation, owner: Owner) -> str:
    """A folder on the node."""
    simulation.node.world.folders.add(f"/mnt/{owner}")
    return f"/mnt/{owner}"


def test_a_container_is_backed_up_shown_and_received(
    run: Run, simulation: Simulation, owner: Owner, disk: str
) -> None:
    """Each with exit code 0, in words and as JSON."""
    simulation.made(owner)
    assert "no backup there" in run("backups", disk).stdout
    backed_up = run("backup", "dev", disk)
    assert backed_up.exit_code == 0
    assert "dev was backed up" in backed_up.stdout
    shown = run("backups", disk).stdout
    assert "dev" in shown
    assert "git" in shown
    (one,) = json.loads(run("backups", disk, "--json").stdout)["backups"]
    assert (one["name"], one["place"], one["pieces"]) == ("dev", disk, 2)
    received = run("receive", f"{disk}/dev", "--as", "copy")
    assert received.exit_code == 0
    assert "copy was brought back from its backup" in received.stdout
    assert json.loads(run("receive", disk, "--as", "third", "--json").stdout)["operation"]["state"] == "done"


def test_what_to_receive_has_to_be_one(run: Run, simulation: Simulation, owner: Owner, disk: str) -> None:
    """Of none there is nothing; of two, the answer says how to name one."""
    none = run("receive", disk)
    assert none.exit_code == 3
    assert "no backup" in none.stderr
    for name in ("one", "two"):
        simulation.made(owner, name)
        assert run("backup", name, disk).exit_code == 0
    both = run("receive", disk)
    assert both.exit_code == 3
    assert f"voxnix receive {disk}/one" in both.stderr


def test_what_is_damaged_is_shown_as_that(run: Run, simulation: Simulation, disk: str) -> None:
    """With what is wrong with it, and nothing of it acts on the terminal."""
    simulation.node.world.files[f"{disk}/dev/manifest.json"] = '{"version": "[bold]\\u001b[2J"}'
    shown = run("backups", disk)
    assert shown.exit_code == 0
    assert "damaged" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert run("backup", "dev", "not/a/place").exit_code == 3
