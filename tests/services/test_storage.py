"""Snapshots, what is made of them, and where the space goes."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.errors import (
    HostFailure,
    InvalidName,
    InvalidRequest,
    NameInUse,
    UnknownSnapshot,
    UnknownWorkload,
)
from agent.core.operation import Operation, OperationState, Request
from agent.core.storage import FileChange, Schedule, SnapshotKind
from agent.core.workload import ContainerSpec, WorkloadState
from agent.host.simulated import Pace, SimulatedNode
from agent.services import engine
from agent.services.layout import Layout
from agent.services.storage import about
from tests.services.conftest import ANN, ASKED, BOB, made
from tests.services.test_trash import agreed, destroyed, done, find, names, notes, write

LAYOUT = Layout("tank")


def kept(app: App) -> None:
    """A container with a snapshot called good, in which two files say so; by now they say something else."""
    made(app)
    write(app, "good")
    done(app, app.services.storage.snapshot(ANN, "dev", ASKED, "good"))
    write(app, "bad")


def reverted(app: App, snapshot: str = "good") -> Operation:
    """It is as it was then."""
    return agreed(app, app.services.storage.revert(ANN, "dev", snapshot, ASKED))


def changes(app: App) -> dict[str, FileChange]:
    """What became of its files since then."""
    return {one.path: one.change for one in app.services.storage.diff(ANN, "dev", "good").files}


def _nobody(*_: object) -> None:
    """A planner by which nobody has to be asked."""


def run(app: App, script: str, name: str = "dev") -> None:
    """Have something done in a container."""
    app.services.workloads.exec(ANN, name, ["sh", "-c", script], request=ASKED)


def test_a_snapshot_is_of_root_and_workspace(app: App, node: SimulatedNode) -> None:
    """It is told by what it is called, by when it was taken and by its name; another owner has none."""
    kept(app)
    storage = app.services.storage
    (one,) = storage.snapshots(ANN, "dev")
    assert (one.kind, one.label, one.root) == (SnapshotKind.MANUAL, "good", True)
    for when in ("good", "latest", "today", one.name):
        assert storage.find_snapshot(ANN, "dev", when) == one
    above = LAYOUT.workload(ANN, find(app).machine)
    for part, text in (("workspace", "note"), ("root", "root/note")):
        assert node.world.datasets[f"{above}/{part}"].snapshots[one.name].files[text].strip() == "good"
    with pytest.raises(UnknownSnapshot, match="The oldest is"):
        storage.find_snapshot(ANN, "dev", "better")
    with pytest.raises(UnknownWorkload):
        storage.snapshots(BOB, "dev")
    with pytest.raises(InvalidName, match="taken for a time"):
        storage.snapshot(ANN, "dev", ASKED, "yesterday")


def test_two_snapshots_of_one_second_are_two(app: App) -> None:
    """Neither has the other's name."""
    made(app)
    for _ in range(3):
        done(app, app.services.storage.snapshot(ANN, "dev", ASKED))
    assert len(app.services.storage.snapshots(ANN, "dev")) == 3


def test_what_is_gone_back_to_is_all_of_it(app: App, node: SimulatedNode) -> None:
    """Root and workspace; it runs as before, and what it was is in the trash, with the newer snapshots."""
    kept(app)
    done(app, app.services.storage.snapshot(ANN, "dev", ASKED, "newer"))
    proposed = app.services.storage.revert(ANN, "dev", "good", ASKED)
    assert proposed.plan is not None
    assert {loss.what: loss.amount for loss in proposed.plan.losses} == {
        "changed files": 1,
        "newer snapshots": 1,
    }
    before = node.world.units[find(app).machine]
    operation = agreed(app, proposed)
    assert notes(app) == [b"good", b"good"]
    assert find(app).state is WorkloadState.RUNNING
    assert node.world.units[find(app).machine].active is before.active is True
    assert [one.label for one in app.services.storage.snapshots(ANN, "dev")] == ["good"]
    (trashed,) = app.services.trash.list(ANN)
    assert trashed.operation == operation.id
    above = LAYOUT.workload(ANN, find(app).machine)
    assert node.world.datasets[f"{above}/workspace"].origin == ""
    place = node.world.datasets[f"{LAYOUT.trash(ANN, operation.id, find(app).machine)}/workspace"]
    assert place.files["note"].strip() == "bad"
    assert len(place.snapshots) == 2


def test_what_was_gone_back_to_can_be_undone(app: App) -> None:
    """It is all as it was, with every snapshot; and once more, by undoing that."""
    kept(app)
    first = reverted(app)
    second = agreed(app, app.services.trash.restore_number(ANN, first.id, ASKED))
    assert notes(app) == [b"bad", b"bad"]
    labels = [one.label for one in app.services.storage.snapshots(ANN, "dev")]
    assert labels == [str(first.id), "good"]
    agreed(app, app.services.trash.restore_number(ANN, second.id, ASKED))
    assert notes(app) == [b"good", b"good"]
    assert "good" in [one.label for one in app.services.storage.snapshots(ANN, "dev")]


def test_what_rests_goes_on_resting(app: App) -> None:
    """Nobody asked for it to run."""
    kept(app)
    done(app, app.services.workloads.stop(ANN, "dev", ASKED))
    reverted(app)
    assert find(app).state is WorkloadState.STOPPED
    done(app, app.services.workloads.start(ANN, "dev", ASKED))
    assert notes(app) == [b"good", b"good"]


def test_an_update_is_not_taken_back_with_the_files(app: App) -> None:
    """Only /workspace is, and the plan says so. The update can be rolled back afterwards."""
    kept(app)
    done(app, app.services.workloads.update(ANN, ContainerSpec(name="dev", modules=("git", "zsh")), ASKED))
    run(app, "echo new > /root/note")
    proposed = app.services.storage.revert(ANN, "dev", "good", ASKED)
    assert proposed.plan is not None
    assert "Only /workspace" in proposed.plan.summary
    agreed(app, proposed)
    assert notes(app) == [b"good", b"new"]
    assert find(app).spec.modules == ("git", "zsh")
    rolled_back = app.services.workloads.roll_back(ANN, "dev", ASKED)
    (agreed if rolled_back.plan else done)(app, rolled_back)
    assert notes(app) == [b"good", b"bad"]


@pytest.mark.parametrize("snapshot", ["", "good"])
def test_a_copy_is_its_own(app: App, node: SimulatedNode, snapshot: str) -> None:
    """As things are, or as they were: with a name, a machine and keys of its own; then each goes its way."""
    made(app)
    run(app, "echo 1234 > /etc/machine-id; echo key > /etc/ssh/ssh_host_rsa_key")
    write(app, "good")
    done(app, app.services.storage.snapshot(ANN, "dev", ASKED, "good"))
    write(app, "bad")
    operation = done(app, app.services.storage.clone(ANN, "dev", "copy", ASKED, snapshot))
    assert (operation.workload, operation.arguments.name) == ("dev", "copy")
    text = b"good" if snapshot else b"bad"
    assert notes(app, "copy") == [text, text]
    copy = find(app, "copy")
    assert copy.state is WorkloadState.RUNNING
    assert copy.generation == find(app).generation.renamed("copy")  # pyright: ignore[reportOptionalMemberAccess]
    assert node.world.units[copy.machine].hostname == "copy"
    root = node.world.datasets[LAYOUT.root(ANN, copy.machine)]
    assert root.files["etc/machine-id"] == ""
    assert "etc/ssh/ssh_host_rsa_key" not in root.files
    assert node.world.datasets[LAYOUT.root(ANN, find(app).machine)].files["etc/machine-id"].strip() == "1234"
    write(app, "mine", "copy")
    assert notes(app) == [b"bad", b"bad"]


def test_a_copy_outlives_what_it_was_made_of(app: App) -> None:
    """The original is destroyed and purged; the copy has all of it, and can be updated and rolled back."""
    kept(app)
    done(app, app.services.storage.clone(ANN, "dev", "copy", ASKED, "good"))
    destroyed(app)
    agreed(app, app.services.trash.purge(ANN, "dev", ASKED))
    assert notes(app, "copy") == [b"good", b"good"]
    assert app.services.trash.list(ANN) == []
    done(app, app.services.workloads.update(ANN, ContainerSpec(name="copy", modules=("git", "zsh")), ASKED))
    rolled_back = app.services.workloads.roll_back(ANN, "copy", ASKED)
    (agreed if rolled_back.plan else done)(app, rolled_back)
    assert notes(app, "copy") == [b"good", b"good"]
    destroyed(app, "copy")
    agreed(app, app.services.trash.purge(ANN, "copy", ASKED))
    assert names(app) == []


def test_a_copy_is_called_like_nothing_else(app: App) -> None:
    """Nothing is entered then; and the same request again is the same copy."""
    kept(app)
    with pytest.raises(NameInUse):
        app.services.storage.clone(ANN, "dev", "dev", ASKED)
    with pytest.raises(InvalidName):
        app.services.storage.clone(ANN, "dev", "Copy!", ASKED)
    with pytest.raises(UnknownSnapshot):
        app.services.storage.clone(ANN, "dev", "copy", ASKED, "better")
    asked = Request(channel="test", key="once")
    first = app.services.storage.clone(ANN, "dev", "copy", asked)
    assert app.services.storage.clone(ANN, "dev", "copy", asked).id == first.id
    done(app, first)
    assert sorted(names(app)) == ["copy", "dev"]


def test_one_file_comes_back(app: App) -> None:
    """Over what is there only if a person agrees, and then that is kept; the rest stays as it is."""
    kept(app)
    run(app, "echo other > /workspace/other")
    proposed = app.services.storage.restore_file(ANN, "dev", "good", "/workspace/note", ASKED)
    assert proposed.plan is not None
    assert [(loss.what, loss.amount) for loss in proposed.plan.losses] == [("overwritten", 4)]
    with pytest.raises(UnknownSnapshot):
        app.services.storage.restore_file(ANN, "dev", "good", "nothing", ASKED)
    operation = agreed(app, proposed)
    assert notes(app) == [b"good", b"bad"]
    assert changes(app) == {"other": FileChange.ADDED}
    before = app.services.storage.before(ANN, "dev", operation.id)
    assert before is not None
    agreed(app, app.services.storage.restore_file(ANN, "dev", before.name, "note", ASKED))
    assert notes(app) == [b"bad", b"bad"]


def test_a_file_that_is_gone_comes_back_unasked(app: App) -> None:
    """Nothing is lost by that, so nobody has to agree, and nothing has to be kept."""
    kept(app)
    run(app, "rm /workspace/note")
    assert changes(app) == {"note": FileChange.REMOVED}
    operation = app.services.storage.restore_file(ANN, "dev", "good", "note", ASKED)
    assert operation.plan is None
    done(app, operation)
    assert notes(app) == [b"good", b"bad"]
    assert app.services.storage.before(ANN, "dev", operation.id) is None


def test_what_nobody_agreed_to_is_not_overwritten(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody wrote the file between the question whether there is one and the operation."""
    kept(app)
    monkeypatch.setattr(app.services.storage, "plan", _nobody)
    operation = app.services.storage.restore_file(ANN, "dev", "good", "note", ASKED)
    over = app.services.operations.wait(ANN, operation.id, 30)
    assert over.state is OperationState.FAILED
    assert over.problem is not None
    assert over.problem.code == "PlanChanged"
    assert notes(app) == [b"bad", b"bad"]


def test_a_snapshot_is_forgotten(app: App) -> None:
    """A person agrees to what only it holds; what is cloned from it keeps it, and is named."""
    kept(app)
    done(app, app.services.storage.clone(ANN, "dev", "copy", ASKED, "good"))
    held = app.services.storage.forget(ANN, "dev", "good", ASKED)
    assert held.plan is not None
    over = app.services.operations.wait(
        ANN, app.services.operations.approve(ANN, held.id, held.plan.digest).id, 30
    )
    assert over.state is OperationState.FAILED
    assert over.problem is not None
    assert find(app, "copy").machine in over.problem.why
    destroyed(app, "copy")
    agreed(app, app.services.trash.purge(ANN, "copy", ASKED))
    agreed(app, app.services.storage.forget(ANN, "dev", "good", ASKED))
    assert app.services.storage.snapshots(ANN, "dev") == []


def test_a_snapshot_that_is_about_to_be_copied_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a part of it: the copy would get half of it, or nothing."""
    given = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    with closing(App(given, SimulatedNode("box", pace=Pace.instant(), state=tmp_path / "node"))) as before:
        kept(before)
    monkeypatch.setattr(engine, "CONCURRENCY", 1)  # so that the copy has to wait
    with closing(App(given, SimulatedNode("box", pace=Pace.instant(), state=tmp_path / "node"))) as app:
        asked = app.services.storage.forget(ANN, "dev", "good", ASKED)
        copy = app.services.storage.clone(ANN, "dev", "copy", ASKED, "good")
        assert asked.plan is not None
        app.services.operations.approve(ANN, asked.id, asked.plan.digest)
        over = app.services.operations.wait(ANN, asked.id, 30)
        assert (over.state, over.problem and over.problem.code) == (OperationState.FAILED, "InvalidRequest")
        done(app, copy)
        assert notes(app, "copy") == [b"good", b"good"]


def test_a_snapshot_of_what_is_still_being_made_is_none(tmp_path: Path) -> None:
    """That is said, and not what ZFS says of data sets that are not there yet."""
    given = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    with closing(App(given, SimulatedNode("box", pace=Pace.instant()))) as app:
        app.services.workloads.create(ANN, ContainerSpec(name="dev"), ASKED)  # nobody waits, so nothing runs
        assert app.services.storage.snapshots(ANN, "dev") == []
        with pytest.raises(UnknownSnapshot, match="has none at all"):
            app.services.storage.forget(ANN, "dev", "latest", ASKED)


def test_a_schedule_is_what_was_asked_for_last(app: App) -> None:
    """It is the workload's own."""
    made(app)
    wanted = Schedule(hourly=24, daily=7)
    operation = done(app, app.services.storage.schedule(ANN, "dev", wanted, ASKED))
    assert find(app).schedule == wanted
    assert any("24 hourly, 7 daily" in line for line in operation.found)


def test_where_the_space_goes_is_told(app: App, node: SimulatedNode) -> None:
    """Of each workload and of the trash, the largest first; the numbers are those of ZFS."""
    kept(app)
    made(app, "other")
    node.grow(LAYOUT.workspace(ANN, find(app, "other").machine), 5 << 20)
    destroyed(app, "other")
    space = app.services.storage.space(ANN)
    assert [(one.name, one.trash) for one in space.workloads] == [("other", True), ("dev", False)]
    other, dev = space.workloads
    assert other.workspace > 5 << 20
    assert dev.quota == app.settings.workload_bytes
    assert space.quota == app.settings.owner_bytes
    assert other.total + dev.total <= space.used
    assert app.services.storage.space(BOB).workloads == ()


ASKING: dict[str, Callable[[App], Operation]] = {
    "snapshot": lambda app: app.services.storage.snapshot(ANN, "dev", ASKED),
    "clone": lambda app: app.services.storage.clone(ANN, "dev", "copy", ASKED),
}


@pytest.mark.parametrize("kind", ASKING)
def test_an_unmounted_workspace_is_no_empty_one(app: App, node: SimulatedNode, kind: str) -> None:
    """Nothing is taken of it, and nothing is compared with it."""
    kept(app)
    node.world.datasets[LAYOUT.workspace(ANN, find(app).machine)].mounted = False
    over = app.services.operations.wait(ANN, ASKING[kind](app).id, 30)
    assert over.state is OperationState.FAILED
    assert over.problem is not None
    assert "not mounted" in over.problem.what
    assert names(app) == ["dev"]
    for ask in (
        lambda: app.services.storage.diff(ANN, "dev", "good"),
        lambda: app.services.storage.revert(ANN, "dev", "good", ASKED),
        lambda: app.services.storage.restore_file(ANN, "dev", "good", "note", ASKED),
    ):
        with pytest.raises(HostFailure, match="not mounted"):
            ask()


def test_a_path_stays_in_the_workspace(app: App) -> None:
    """Whoever asks for another is told so, before the node is."""
    kept(app)
    for path in ("../root/note", "/etc/passwd", ""):
        with pytest.raises(InvalidRequest):
            app.services.storage.restore_file(ANN, "dev", "good", path, ASKED)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, 0), (7, 7), (99, 99), (100, 100), (101, 110), (12_345, 13_000)]
)
def test_a_count_is_what_a_person_takes_in(count: int, shown: int) -> None:
    """Rounded up, so that a plan lasts until somebody has read it."""
    assert about(count) == shown
