"""Backups of simulated containers, and their way back: folders, files, another machine."""

import re
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.account import Role
from agent.core.backup import Manifest, Part
from agent.core.errors import InvalidRequest, NameInUse, NotAllowed, UnknownWorkload
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from tests.services.conftest import ANN, ASKED, BOB, made

PLACES = ("/mnt/usb", "/mnt/usb/dev.zfs", "ssh://ann@nas/tank/backups")
LAYOUT = Layout("tank")


@pytest.fixture(params=PLACES, ids=["folder", "file", "ssh"])
def place(request: pytest.FixtureRequest, node: SimulatedNode) -> str:
    """Each kind of place."""
    Zfs(node).create("tank/backups", mountpoint="none")
    return request.param


def ended(app: App, operation: Operation, owner: Owner = ANN) -> Operation:
    """An operation at its end."""
    return app.services.operations.wait(owner, operation.id, 30)


def backed_up(app: App, place: str, name: str = "dev") -> Operation:
    """A container that was backed up."""
    done = ended(app, app.services.backups.backup(ANN, name, place, ASKED))
    assert done.state is OperationState.DONE, done.problem
    return done


def workspace(node: SimulatedNode, app: App, name: str = "dev") -> dict[str, str]:
    """The files in a container's /workspace, to look at and to change."""
    machine = app.services.workloads.find(ANN, name).machine
    return node.world.datasets[LAYOUT.workspace(ANN, machine)].files


def snapshots(node: SimulatedNode) -> list[str]:
    """The snapshots of all workloads here."""
    return sorted(
        f"{name}@{one}"
        for name, dataset in node.world.datasets.items()
        if "/workloads/" in name
        for one in dataset.snapshots
    )


def test_a_container_comes_back_as_it_was(app: App, node: SimulatedNode, place: str) -> None:
    """After two backups and its end, under its name, with its files, and running."""
    made(app)
    files = workspace(node, app)
    files |= {"kept": "1", "changed": "1", "removed": "1"}
    backed_up(app, place)
    files |= {"changed": "2", "new": "2"}
    del files["removed"]
    second = backed_up(app, place)
    assert second.found
    destroy = app.services.workloads.destroy(ANN, "dev", ASKED)
    assert destroy.plan
    app.services.operations.approve(ANN, destroy.id, destroy.plan.digest)
    ended(app, destroy)
    for left in [key for key in node.world.datasets if "/trash/" in key and key.count("/") == 4]:
        Zfs(node).destroy(left, recursive=True)  # not from there it comes back
    (info,) = app.services.backups.list(place)
    assert (info.name, info.owner, info.modules, info.problem) == ("dev", "ann", ("fish", "git"), "")
    done = ended(app, app.services.backups.receive(ANN, info.name, info.place, ASKED))
    assert done.state is OperationState.DONE, done.problem
    assert workspace(node, app) == {"kept": "1", "changed": "2", "new": "2"}
    back = app.services.workloads.find(ANN, "dev")
    assert back.state == "running"
    assert back.spec.modules == ("fish", "git")
    assert node.world.datasets[LAYOUT.root(ANN, back.machine)].tree is not None


def test_a_second_container_comes_of_a_backup_under_another_name(
    app: App, node: SimulatedNode, place: str
) -> None:
    """The first one stays as it is; and of the second, a backup goes on where the first one's ended."""
    made(app)
    workspace(node, app)["file"] = "then"
    backed_up(app, place)
    workspace(node, app)["file"] = "now"
    (info,) = app.services.backups.list(place)
    asked = app.services.backups.receive(ANN, "dev", info.place, ASKED, new_name="copy")
    assert ended(app, asked).state is OperationState.DONE
    assert workspace(node, app, "copy")["file"] == "then"
    assert workspace(node, app)["file"] == "now"
    assert app.services.workloads.find(ANN, "copy").spec.name == "copy"


def test_the_second_time_only_what_is_different_is_sent(app: App, node: SimulatedNode) -> None:
    """And of each part one snapshot is kept here: the one that the next backup needs."""
    made(app)
    workspace(node, app)["large"] = 10_000 * "x"
    backed_up(app, "/mnt/usb")
    first = snapshots(node)
    assert len(first) == 3
    workspace(node, app)["small"] = "y"
    done = backed_up(app, "/mnt/usb")
    assert "what became different" in done.found[0]
    assert len(snapshots(node)) == 3
    assert not set(first) & set(snapshots(node))
    manifest = Manifest.read(node.world.files["/mnt/usb/dev/manifest.json"], "")
    whole, increment = manifest.chain(Part.WORKSPACE)
    assert whole.size > 10_000 > increment.size
    assert (whole.base, increment.base) == ("", whole.snapshot)


def test_each_place_has_its_own_snapshots(app: App, node: SimulatedNode) -> None:
    """Two disks in turn: each one's backups go on, whatever the other has."""
    made(app)
    node.world.folders.add("/mnt/other")
    for where in ("/mnt/usb", "/mnt/other", "/mnt/usb", "/mnt/other"):
        backed_up(app, where)
    for where in ("/mnt/usb", "/mnt/other"):
        manifest = Manifest.read(node.world.files[f"{where}/dev/manifest.json"], "")
        assert len(manifest.chain(Part.WORKSPACE)) == 2
    assert len(snapshots(node)) == 6


def test_what_the_place_lost_is_sent_again(app: App, node: SimulatedNode) -> None:
    """An increment of what is not there would be worth nothing."""
    made(app)
    backed_up(app, "/mnt/usb")
    manifest = Manifest.read(node.world.files["/mnt/usb/dev/manifest.json"], "")
    del node.world.files[f"/mnt/usb/dev/{manifest.newest(Part.WORKSPACE).file}"]
    node.world.files["/mnt/usb/dev/notes.txt"] = "mine"
    backed_up(app, "/mnt/usb")
    manifest = Manifest.read(node.world.files["/mnt/usb/dev/manifest.json"], "")
    assert [one.base for one in manifest.chain(Part.WORKSPACE)] == [""]
    assert [bool(one.base) for one in manifest.chain(Part.ROOT)] == [False, True]
    there = {one.file for one in manifest.pieces} | {"manifest.json", "notes.txt"}
    assert {key.rpartition("/")[2] for key in node.world.files if key.startswith("/mnt/usb/")} == there


@pytest.mark.parametrize("on", ["pipe.py write", "pipe.py put", "pipe.py move", "zfs snapshot"])
def test_a_backup_that_fails_leaves_nothing(app: App, node: SimulatedNode, on: str) -> None:
    """Neither there nor here; and the backup before is as it was."""
    made(app)
    backed_up(app, "/mnt/usb")
    there = {key: text for key, text in node.world.files.items() if key.startswith("/mnt/usb/")}
    here = snapshots(node)
    node.faults.append(Fault(on, stderr="it broke"))
    failed = ended(app, app.services.backups.backup(ANN, "dev", "/mnt/usb", ASKED))
    assert failed.state is OperationState.FAILED
    assert {key: text for key, text in node.world.files.items() if key.startswith("/mnt/usb/")} == there
    assert snapshots(node) == here


@pytest.mark.parametrize("whole", [True, False])
def test_a_backup_that_fails_on_the_other_machine_leaves_nothing(
    app: App, node: SimulatedNode, monkeypatch: pytest.MonkeyPatch, *, whole: bool
) -> None:
    """A stream that comes no further is given up after some tries; what had come is taken away."""
    monkeypatch.setattr("agent.services.remote_depot.PAUSE", 0)
    Zfs(node).create("tank/backups", mountpoint="none")
    made(app)
    if not whole:
        backed_up(app, PLACES[2])
    there = {key: list(one.snapshots) for key, one in node.world.datasets.items() if "backups" in key}
    node.faults.append(Fault("pipe.py join .*workspace@.*ssh", stderr="Broken pipe", times=3))
    failed = ended(app, app.services.backups.backup(ANN, "dev", PLACES[2], ASKED))
    assert failed.state is OperationState.FAILED
    assert {k: list(one.snapshots) for k, one in node.world.datasets.items() if "backups" in k} == there
    node.faults.append(Fault("pipe.py join .*workspace@.*ssh", stderr="Broken pipe", times=2))
    backed_up(app, PLACES[2])


def test_a_whole_stream_to_another_machine_replaces_the_one_before(app: App, node: SimulatedNode) -> None:
    """Where what both had in common was given up here, all of it is sent; the old one goes last."""
    Zfs(node).create("tank/backups", mountpoint="none")
    made(app)
    backed_up(app, PLACES[2])
    for full in snapshots(node):
        Zfs(node).destroy(full)
    backed_up(app, PLACES[2])
    below = [
        key.removeprefix("tank/backups/") for key in node.world.datasets if key.startswith("tank/backups/")
    ]
    assert sorted(below) == ["dev", "dev/root", "dev/workspace"]
    assert all(
        len(node.world.datasets[f"tank/backups/dev/{part}"].snapshots) == 1 for part in ("root", "workspace")
    )


def test_a_disk_without_room_is_refused_with_numbers(app: App, node: SimulatedNode) -> None:
    """Before anything is made."""
    made(app)
    object.__setattr__(node.sizes, "disk", 1000)
    failed = ended(app, app.services.backups.backup(ANN, "dev", "/mnt/usb", ASKED))
    assert failed.problem
    assert failed.problem.code == "NoSpace"
    assert "MiB are free" in failed.problem.why
    assert snapshots(node) == []


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("/mnt/none", "no such folder"),
        ("/var/lib/workspaces", "no such folder"),
        ("/mnt/none/dev.zfs", "not there"),
        ("ssh://ann@nas/tank/none", "no data set"),
    ],
)
def test_a_place_that_is_not_there_is_refused(app: App, where: str, what: str) -> None:
    """With the reason."""
    made(app)
    failed = ended(app, app.services.backups.backup(ANN, "dev", where, ASKED))
    assert failed.problem
    assert failed.problem.kind == "refused"
    assert what in str(failed.problem)


def test_no_backup_lies_in_the_pool_that_it_is_of(app: App, node: SimulatedNode) -> None:
    """It would be lost with it."""
    made(app)
    Zfs(node).create("tank/inside", mountpoint="/mnt/inside")
    failed = ended(app, app.services.backups.backup(ANN, "dev", "/mnt/inside", ASKED))
    assert failed.problem
    assert "in the pool tank itself" in str(failed.problem)


def test_a_backup_of_another_container_is_not_overwritten(app: App, place: str) -> None:
    """Nor one of another owner's: theirs may be all that they have left."""
    made(app)
    backed_up(app, place)
    made(app, owner=BOB)
    failed = ended(app, app.services.backups.backup(BOB, "dev", place, ASKED), BOB)
    assert failed.problem
    assert "another owner's" in str(failed.problem)
    received = ended(app, app.services.backups.receive(BOB, "dev", place, ASKED, new_name="mine"), BOB)
    assert received.problem
    assert "another owner's" in str(received.problem)
    assert [one.name for one in app.services.workloads.list(BOB)] == ["dev"]
    destroy = app.services.workloads.destroy(ANN, "dev", ASKED)
    assert destroy.plan
    app.services.operations.approve(ANN, destroy.id, destroy.plan.digest)
    ended(app, destroy)
    made(app)
    failed = ended(app, app.services.backups.backup(ANN, "dev", place, ASKED))
    assert failed.problem
    assert "another dev of yours" in str(failed.problem)


@pytest.mark.parametrize(
    ("damaged", "pattern", "instead", "what"),
    [
        ("workspace.zfs", None, "", "is missing"),
        ("workspace.zfs", "$", "X", "bytes instead of"),
        ("workspace.zfs", "^.", "X", "not what was written"),
        ("manifest.json", "}$", "", "not a backup"),
        ("manifest.json", None, "", "no whole backup"),
    ],
    ids=["missing", "long", "changed", "manifest", "interrupted"],
)
def test_a_damaged_backup_is_refused_before_anything_is_made(  # noqa: PLR0913, PLR0917 - each is of the case
    app: App, node: SimulatedNode, damaged: str, pattern: str | None, instead: str, what: str
) -> None:
    """It says which piece."""
    made(app)
    backed_up(app, "/mnt/usb")
    (file,) = [key for key in node.world.files if key.endswith(damaged)]
    text = node.world.files.pop(file)
    if pattern is not None:
        node.world.files[file] = re.sub(pattern, instead, text, count=1)
    failed = ended(app, app.services.backups.receive(ANN, "dev", "/mnt/usb", ASKED, new_name="copy"))
    assert failed.problem
    assert what in str(failed.problem)
    assert [one.name for one in app.services.workloads.list(ANN)] == ["dev"]
    assert not any("copy" in key for key in node.world.datasets)


def test_a_receive_that_fails_leaves_nothing(app: App, node: SimulatedNode, place: str) -> None:
    """And can be asked for again."""
    made(app)
    backed_up(app, place)
    (info,) = app.services.backups.list(place)
    node.faults.append(Fault("zfs receive -u tank/users.*workspace", stderr="it broke"))
    failed = ended(app, app.services.backups.receive(ANN, "dev", info.place, ASKED, new_name="copy"))
    assert failed.state is OperationState.FAILED
    assert [one.name for one in app.services.workloads.list(ANN)] == ["dev"]
    assert not any("copy" in key for key in (*node.world.datasets, *node.world.files))
    again = ended(app, app.services.backups.receive(ANN, "dev", info.place, ASKED, new_name="copy"))
    assert again.state is OperationState.DONE


def test_a_name_that_is_taken_is_refused_at_once(app: App) -> None:
    """Nothing is received over what is there."""
    made(app)
    backed_up(app, "/mnt/usb")
    with pytest.raises(NameInUse):
        app.services.backups.receive(ANN, "dev", "/mnt/usb", ASKED)


def test_only_an_admin_names_places_of_the_machine(app: App) -> None:
    """Who may change containers may not read and write the disks around them."""
    person = Owner("tg:7")
    code = app.services.access.knock(person.key, "Somebody", 7).code
    app.services.access.approve("console", code, Role.OPERATOR)
    for ask in (app.services.backups.backup, app.services.backups.receive):
        with pytest.raises(NotAllowed):
            ask(person, "dev", "/mnt/usb", Request(channel="telegram"))
    with pytest.raises(UnknownWorkload):
        app.services.backups.backup(ANN, "nothing", "/mnt/usb", ASKED)
    with pytest.raises(InvalidRequest):
        app.services.backups.backup(ANN, "dev", "/proc/1/root", ASKED)


def test_a_receive_that_never_began_leaves_no_name(tmp_path: Path) -> None:
    """It was cancelled while it waited."""
    loaded = settings.load(state_dir=tmp_path, node_name="box", embedded_worker=False)
    app = App(loaded, SimulatedNode("box", pace=Pace.instant()))
    try:
        queued = app.services.backups.receive(ANN, "dev", "/mnt/usb", ASKED)
        assert app.services.operations.cancel(ANN, queued.id).state is OperationState.CANCELLED
        assert app.services.workloads.list(ANN) == []
    finally:
        app.close()


def test_places_are_listed(app: App, node: SimulatedNode, place: str) -> None:
    """An empty one, one that is a backup itself, and one in which something is damaged."""
    if place != PLACES[1]:
        assert app.services.backups.list(place) == []
    made(app)
    backed_up(app, place)
    (info,) = app.services.backups.list(place)
    if place != PLACES[1]:
        assert app.services.backups.list(f"{place}/dev") == [info]
    if place == PLACES[0]:
        node.world.files["/mnt/usb/dev/manifest.json"] = "{}"
        (broken,) = app.services.backups.list(place)
        assert broken.problem
        assert broken.taken_at is None
    with pytest.raises(InvalidRequest):
        app.services.backups.list("/mnt/none")
