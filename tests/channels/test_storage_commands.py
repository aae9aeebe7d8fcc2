"""The commands about storage, and about what was destroyed."""

from datetime import datetime, timedelta

import pytest

from agent.core.operation import Request
from agent.core.owner import Owner
from tests.channels.test_commands import Run, answer, run
from tests.simulation import Simulation

__all__ = ["run"]
REQUEST = Request(channel="test")


def put(simulation: Simulation, owner: Owner, name: str, text: str = "x") -> None:
    """Have a file in dev."""
    simulation.app.services.files.put(owner, "dev", name, text.encode(), REQUEST)


def test_a_snapshot_is_taken_and_compared_with(run: Run, simulation: Simulation, owner: Owner) -> None:
    """By its label, or as the latest one; what became of files since is told file by file."""
    simulation.made(owner, "dev")
    put(simulation, owner, "kept.txt")
    taken = run("snapshot", "dev", "good")
    assert taken.exit_code == 0
    assert "dev was snapshotted" in taken.stdout
    put(simulation, owner, "new.txt")
    listed = answer(run("snapshots", "dev", "--json"))
    assert [(one["kind"], one["label"]) for one in listed["snapshots"]] == [("manual", "good")]
    assert listed["schedule"] == {"hourly": 0, "daily": 0, "weekly": 0}
    assert "good" in run("snapshots", "dev").stdout
    found = answer(run("diff", "dev", "good", "--json"))
    assert found["files"] == [{"path": "new.txt", "change": "added"}]
    assert found["snapshot"] == listed["snapshots"][0]["name"]
    assert "+ new.txt" in run("diff", "dev").stdout


def test_a_schedule_is_shown_and_changed_in_part(run: Run, simulation: Simulation, owner: Owner) -> None:
    """What is not named stays as it is."""
    simulation.made(owner, "dev")
    assert "None are taken by themselves" in run("schedule", "dev").stdout
    assert run("schedule", "dev", "--hourly", "24", "--daily", "7").exit_code == 0
    assert run("schedule", "dev", "--hourly", "0", "--weekly", "4").exit_code == 0
    assert answer(run("schedule", "dev", "--json"))["schedule"] == {"hourly": 0, "daily": 7, "weekly": 4}
    assert "7 daily, 4 weekly" in run("schedule", "dev").stdout


def test_a_copy_has_a_name_of_its_own(run: Run, simulation: Simulation, owner: Owner) -> None:
    """As things are now, or as they were; the answer tells of the copy."""
    simulation.made(owner, "dev")
    assert run("snapshot", "dev", "good").exit_code == 0
    now, then = run("clone", "dev", "now"), run("clone", "dev", "then", "--from", "good")
    assert (now.exit_code, then.exit_code) == (0, 0)
    assert "now is running" in now.stdout
    assert "then is running" in then.stdout
    assert answer(run("clone", "dev", "now", "--json"))["error"]["code"] == "NameInUse"
    names = [one["spec"]["name"] for one in answer(run("list", "--json"))["workloads"]]
    assert names == ["dev", "now", "then"]


def test_a_container_gets_another_name_and_size(run: Run, simulation: Simulation, owner: Owner) -> None:
    """More room takes nothing away, so nobody is asked."""
    simulation.made(owner, "dev")
    renamed = run("rename", "dev", "web")
    assert renamed.exit_code == 0
    assert "dev was renamed" in renamed.stdout
    assert "web is running" in renamed.stdout
    assert run("resize", "web", "30G", "--reserve", "1G").exit_code == 0
    resized = answer(run("status", "web", "--json"))["workload"]
    assert (resized["quota"], resized["reservation"]) == (30 << 30, 1 << 30)
    assert run("resize", "web", "40G", "--reserve", "none").exit_code == 0
    assert answer(run("status", "web", "--json"))["workload"]["reservation"] == 0
    assert "of 40.0 GiB" in run("usage").stdout
    used = answer(run("usage", "--json"))
    assert [one["name"] for one in used["workloads"]] == ["web"]
    assert used["quota"] == 100 << 30


def test_what_was_destroyed_comes_back(run: Run, simulation: Simulation, owner: Owner) -> None:
    """Under its name or another one; until when, is told with the command that does it."""
    simulation.made(owner, "dev")
    put(simulation, owner, "notes.txt")
    destroyed = run("destroy", "dev", "--yes")
    assert "Bring it back: voxnix restore dev" in " ".join(destroyed.stdout.split())
    (trashed,) = answer(run("trash", "--json"))["trash"]
    kept = datetime.fromisoformat(trashed["expires_at"]) - datetime.fromisoformat(trashed["trashed_at"])
    assert kept == timedelta(days=7)
    assert "voxnix restore dev" in run("trash").stdout
    restored = run("restore", "dev", "--as", "old")
    assert restored.exit_code == 0
    assert "old was brought back" in restored.stdout
    assert "It is running" in restored.stdout
    assert simulation.app.services.files.get(owner, "old", "notes.txt") == b"x"
    assert answer(run("trash", "--json"))["trash"] == []


def test_undo_takes_back_the_last_change(run: Run, simulation: Simulation, owner: Owner) -> None:
    """One after another; what would take something away asks, as ever."""
    simulation.made(owner, "dev")
    assert run("stop", "dev").exit_code == 0
    undone = run("undo")
    assert undone.exit_code == 0
    assert "dev was started" in undone.stdout
    assert answer(run("undo", "--json"))["error"]["code"] == "ApprovalNeeded"
    assert "dev was destroyed" in run("undo", "--yes").stdout
    nothing = answer(run("undo", "--json"))
    assert nothing["error"]["code"] == "InvalidRequest"
    assert simulation.changes(owner)[-1] == "destroy dev"


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["snapshot", "dev", "Not Good"], "InvalidName"),
        (["snapshot", "dev", "yesterday"], "InvalidName"),
        (["snapshot", "nothing"], "UnknownWorkload"),
        (["snapshots", "nothing"], "UnknownWorkload"),
        (["schedule", "nothing"], "UnknownWorkload"),
        (["diff", "dev", "never"], "UnknownSnapshot"),
        (["revert", "dev", "never"], "UnknownSnapshot"),
        (["forget", "dev", "never"], "UnknownSnapshot"),
        (["restore-file", "dev", "latest", "../etc/passwd"], "InvalidRequest"),
        (["clone", "dev", "No Name"], "InvalidName"),
        (["clone", "dev", "other", "--from", "never"], "UnknownSnapshot"),
        (["rename", "dev", "dev"], "InvalidRequest"),
        (["resize", "dev", "20"], "InvalidRequest"),
        (["resize", "dev", "20G", "--reserve", "much"], "InvalidRequest"),
        (["restore", "nothing"], "UnknownSnapshot"),
        (["restore", "nothing", "--as", "No Name"], "InvalidName"),
        (["purge", "nothing"], "UnknownSnapshot"),
    ],
)
def test_what_makes_no_sense_is_refused(
    run: Run, simulation: Simulation, owner: Owner, argv: list[str], code: str
) -> None:
    """Exit code 3 with a sentence or an object, and nothing is asked of the node."""
    simulation.made(owner, "dev")
    refused = run(*argv, "--json")
    assert refused.exit_code == 3
    assert answer(refused)["error"]["code"] == code
    assert run(*argv).stderr.count("✗") == 1
    assert simulation.changes(owner) == ["create dev"]


def test_nothing_of_another_owner_is_seen(run: Run, simulation: Simulation, owner: Owner) -> None:
    """Neither their trash nor their space, and their snapshots are unknown."""
    simulation.made(owner, "dev")
    other = ("--owner", "somebody-else")
    assert run("destroy", "dev", "--yes").exit_code == 0
    assert answer(run("trash", "--json", *other))["trash"] == []
    assert answer(run("usage", "--json", *other))["workloads"] == []
    assert run("restore", "dev", *other).exit_code == 3
    assert run("purge", "dev", "--yes", *other).exit_code == 3
    assert run("undo", "--yes", *other).exit_code == 3
    assert run("restore", "dev").exit_code == 0


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("voxnix diff dev ", ["good", "latest"]),
        ("voxnix revert dev g", ["good"]),
        ("voxnix clone dev new --from g", ["good"]),
        ("voxnix restore o", ["old"]),
        ("voxnix purge ", ["old"]),
        ("voxnix snapshot d", ["dev"]),
    ],
)
def test_the_tab_key_offers_what_there_is(
    run: Run, simulation: Simulation, owner: Owner, typed: str, offered: list[str]
) -> None:
    """Snapshots of the container that is named already, and what is in the trash."""
    simulation.made(owner, "dev")
    simulation.made(owner, "old")
    assert run("snapshot", "dev", "good").exit_code == 0
    assert run("destroy", "old", "--yes").exit_code == 0
    words = typed.split(" ")
    asked = {"_VOXNIX_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    shown = run(env=asked, prog_name="voxnix").stdout
    assert sorted(line.split("\t")[0] for line in shown.split()) == offered


def test_the_commands_explain_themselves(run: Run) -> None:
    """Each has help, and says what it asks."""
    shown = run("--help", env={"COLUMNS": "200"}).stdout
    for name in (
        *("snapshot", "snapshots", "schedule", "diff", "restore-file", "revert", "forget", "clone"),
        *("rename", "resize", "usage", "trash", "restore", "purge", "undo"),
    ):
        assert f" {name} " in shown
        helped = run(name, "--help", env={"COLUMNS": "200"})
        assert helped.exit_code == 0
        assert "--json" in helped.stdout
        assert ("--yes" in helped.stdout) is (
            name in {"restore-file", "revert", "forget", "resize", "restore", "purge", "undo"}
        )
