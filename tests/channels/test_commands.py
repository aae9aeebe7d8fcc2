import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from agent.channels.commands import app as commands
from agent.channels.desk import Desk
from agent.channels.terminal import Terminal
from agent.core.errors import HostFailure, InvalidSettings
from agent.core.operation import Request
from agent.core.owner import Owner
from tests.channels.conftest import desk_of
from tests.simulation import Simulation, somebody

Run = Callable[..., Result]


@pytest.fixture
def run(simulation: Simulation, owner: Owner) -> Run:
    """Types a command."""

    @contextmanager
    def open_desk(terminal: Terminal, given: str, *, simulate: bool, new: bool = True) -> Generator[Desk]:
        del simulate, new  # the product is open, and simulated
        terminal.simulated = True  # a wrong owner is told that, too
        yield desk_of(simulation, terminal, Owner(given) if given else owner)

    return lambda *argv, **how: CliRunner().invoke(commands, argv, obj=open_desk, **how)


def answer(result: Result) -> dict[str, Any]:
    """The one JSON object of an answer."""
    found = json.loads(result.stdout)
    assert found["simulated"] is True
    return found


def test_a_container_from_its_beginning_to_its_end(run: Run, simulation: Simulation, owner: Owner) -> None:
    """Created, listed, looked at, used, stopped, started and destroyed, each with exit code 0."""
    simulation.made(owner, "other")
    created = run("create", "dev", "git", "fish")
    assert created.exit_code == 0
    assert "dev was created" in created.stdout
    assert "This is a simulation" in created.stdout
    assert "step 1 of 4" in created.stderr
    assert answer(run("list", "--json"))["workloads"][0]["spec"]["modules"] == ["fish", "git"]
    assert answer(run("status", "dev", "--json"))["workload"]["state"] == "running"
    assert "of 20.0 GiB" in run("status", "dev").stdout
    assert answer(run("stop", "dev", "--json"))["operation"]["state"] == "done"
    assert run("exec", "dev", "--", "git", "--version").exit_code == 3
    assert answer(run("restart", "dev", "--json"))["operation"]["kind"] == "restart"
    assert run("start", "dev").exit_code == 0
    assert run("logs", "dev", "-n", "5").exit_code == 0
    assert answer(run("logs", "dev", "--json"))["name"] == "dev"
    destroyed = run("destroy", "dev", "--yes")
    assert destroyed.exit_code == 0
    assert "workspace" in destroyed.stderr
    assert "dev was destroyed" in destroyed.stdout
    assert [one["spec"]["name"] for one in answer(run("list", "--json"))["workloads"]] == ["other"]
    assert "destroy dev" in run("operations").stdout


def test_the_audit_trail_tells_who_wanted_what_and_what_was_done(
    run: Run, simulation: Simulation, owner: Owner
) -> None:
    """In the order of asking, the newest first; with the plan that somebody agreed to."""
    assert "Nothing was ever changed." in run("audit").stdout
    simulation.made(owner)
    run("destroy", "dev", "--yes")
    shown = run("audit").stdout
    asked, agreed, done = (shown.index(text) for text in ("asked by console, cli", "agreed to by", "ended "))
    assert asked < agreed < done
    assert shown.index("destroy dev") < shown.index("create dev")
    assert "Would be lost: " in shown
    assert "The image was" in shown
    (entry,) = answer(run("audit", "--limit", "1", "--json"))["entries"]
    assert (entry["kind"], entry["state"], entry["asked_by"]) == ("destroy", "done", "console")
    assert run("audit", "--limit", "0").exit_code == 2


def test_exec_passes_output_and_code_on(run: Run, simulation: Simulation, owner: Owner) -> None:
    """Standard output is the command's own alone, and so is the exit code."""
    simulation.made(owner, "runs")
    done = run("exec", "runs", "--", "git", "--version")
    assert done.exit_code == 0
    assert done.stdout.startswith("git version")
    assert "simulation" in done.stderr
    assert run("exec", "runs", "--", "sh", "-c", "exit 7").exit_code == 7
    failed = run("exec", "runs", "--json", "--", "sh", "-c", "exit 7")
    assert failed.exit_code == 7
    assert answer(failed)["returncode"] == 7
    assert run("exec", "runs", "--", "no-such-program").exit_code == 127


def test_nothing_is_destroyed_without_a_yes(run: Run, simulation: Simulation, owner: Owner) -> None:
    """Without a terminal and without --yes it refuses with 3, and the proposal does not linger."""
    simulation.made(owner, "stays")
    assert run("destroy", "stays", input="y\n").exit_code == 3
    refused = run("destroy", "stays", "--json")
    assert refused.exit_code == 3
    assert answer(refused)["error"]["code"] == "ApprovalNeeded"
    assert answer(refused)["operation"]["state"] == "denied"
    assert answer(refused)["operation"]["plan"]["losses"]
    assert run("status", "stays").exit_code == 0


def test_not_waiting_gives_the_number(run: Run, simulation: Simulation, owner: Owner) -> None:
    """With --no-wait the answer is the operation as it was entered."""
    simulation.made(owner, "later")
    asked = answer(run("stop", "later", "--no-wait", "--json"))["operation"]
    assert asked["state"] == "queued"
    assert f"operation {asked['id'] + 1}" in run("start", "later", "--no-wait").stdout
    simulation.app.services.operations.wait(owner, asked["id"] + 1, 30)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["create", "Dev_1"], "InvalidName"),
        (["create", "x" * 33], "InvalidName"),
        (["create", "dev\n"], "InvalidName"),
        (["create", "ok", "gti"], "UnknownModule"),
        (["status", "nothing"], "UnknownWorkload"),
        (["exec", "nothing", "--", "true"], "UnknownWorkload"),
        (["modules", "gti"], "UnknownModule"),
        (["cancel", "9999"], "UnknownOperation"),
        (["list", "--owner", "Not An Owner"], "InvalidName"),
        (["status", "\udcff"], "InvalidName"),
        (["status", "\x1b[31m"], "InvalidName"),
    ],
)
def test_what_the_person_can_mend_is_refused(run: Run, argv: list[str], code: str) -> None:
    """Exit code 3, a sentence on standard error or an object on standard output, and nothing changed."""
    end = argv.index("--") if "--" in argv else len(argv)
    refused = run(*argv[:end], "--json", *argv[end:])
    assert refused.exit_code == 3
    assert answer(refused)["error"]["code"] == code
    spoken = run(*argv)
    assert spoken.exit_code == 3
    assert spoken.stderr.count("✗") == 1
    assert "\x1b" not in spoken.output
    assert "Traceback" not in spoken.output


def test_another_owners_container_is_unknown(run: Run, simulation: Simulation) -> None:
    """The same answer as for one that does not exist."""
    other = somebody()
    simulation.made(other, "secret")
    assert run("status", "secret").exit_code == 3
    assert run("status", "secret", "--owner", other.key).exit_code == 0


def test_a_name_in_use_is_refused(run: Run, simulation: Simulation, owner: Owner) -> None:
    """The container that is there stays as it is."""
    simulation.made(owner, "taken")
    assert answer(run("create", "taken", "git", "--json"))["error"]["code"] == "NameInUse"


def test_what_waits_for_an_answer_can_be_cancelled(run: Run, simulation: Simulation, owner: Owner) -> None:
    """Once: then it has ended, and the container is there as before."""
    simulation.made(owner, "kept")
    proposed = simulation.app.services.workloads.destroy(owner, "kept", Request(channel="test"))
    cancelled = run("cancel", str(proposed.id))
    assert cancelled.exit_code == 0
    assert "Cancelled: destroy kept. Nothing of it is left." in cancelled.output
    again = run("cancel", str(proposed.id), "--json")
    assert again.exit_code == 3
    assert answer(again)["error"]["code"] == "InvalidRequest"
    assert run("status", "kept").exit_code == 0


def test_what_there_is_can_be_shown(run: Run) -> None:
    """Modules, one module, operations and the doctor answer in both ways."""
    for argv in (["modules"], ["modules", "git"], ["operations"], ["doctor"], ["list"]):
        assert run(*argv).exit_code == 0
        answer(run(*argv, "--json"))
    assert answer(run("doctor", "--json"))["ok"] is True


@pytest.mark.parametrize(
    "argv",
    [
        ["frobnicate"],
        ["status"],
        ["list", "--frob"],
        ["logs", "dev", "-n", "0"],
        ["exec", "dev"],
        ["logs", "d", "-n", "x"],
    ],
)
def test_what_cannot_be_typed_is_usage(run: Run, argv: list[str]) -> None:
    """Exit code 2, and nothing on standard output."""
    wrong = run(*argv)
    assert wrong.exit_code == 2
    assert wrong.stdout == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidSettings("The setting pool is wrong."), 2),
        (HostFailure("The database cannot be opened."), 4),
        (RuntimeError("nobody thought of this"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_no_traceback_reaches_a_person(error: BaseException, code: int) -> None:
    """Whatever is raised becomes a sentence and an exit code."""

    @contextmanager
    def broken(*_: object, **__: object) -> Generator[Desk]:
        raise error
        yield

    result = CliRunner().invoke(commands, ["list"], obj=broken)
    assert result.exit_code == code
    assert "Traceback" not in result.output
    assert result.stderr.strip() or code == 130


def test_every_command_explains_itself(run: Run) -> None:
    """Each one has help with a sentence of what it does."""
    shown = run("--help").stdout
    names = (
        "create list status start stop restart destroy logs exec modules operations cancel doctor chat worker"
    )
    for name in names.split():
        assert f" {name} " in shown
        helped = run(name, "--help")
        assert helped.exit_code == 0
        assert ("--json" in helped.stdout) is (name not in {"chat", "worker"})
        assert "--simulate" in helped.stdout
