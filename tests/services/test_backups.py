"""Backups of simulated containers, and their way back: folders, files, another machine."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.account import Role
from agent.core.backup import Manifest, Part, Remote, parsed_place
from agent.core.errors import HostFailure, InvalidRequest, NameInUse, NotAllowed, UnknownWorkload
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from agent.host.simulated import Fault, Pace, SimulatedNode, Sizes
from agent.host.simulated.world import Dataset
from agent.host.streams import Streams
from agent.host.zfs import Capabilities, Zfs
from agent.services.depots import Sending
from agent.services.layout import Layout
from agent.services.remote_depot import RemoteDepot
from agent.store.database import Database
from agent.store.workloads import WorkloadStore
from tests.services.conftest import ANN, ASKED, made
from tests.simulation import somebody

KINDS = ("folder", "file", "ssh")
LAYOUT = Layout("tank")


class Scene:
    """A person of their own, and a disk of their own, on a node that many share.

    Args:
        app: the product.
        node: its node.
    """

    def __init__(self, app: App, node: SimulatedNode) -> None:
        self.app = app
        self.node = node
        self.owner = somebody()
        self.disk = f"/mnt/{self.owner}"
        self.remote = f"ssh://ann@nas/tank/backups-{self.owner}"
        self.backups = app.services.backups
        node.world.folders.add(self.disk)
        Zfs(node).create(f"tank/backups-{self.owner}", mountpoint="none")

    def place(self, kind: str) -> str:
        """A place of a kind."""
        return {"folder": self.disk, "file": f"{self.disk}/dev.zfs", "ssh": self.remote}[kind]

    def made(self, name: str = "dev", owner: Owner | None = None) -> None:
        """Have a container."""
        assert made(self.app, name, owner=owner or self.owner).state is OperationState.DONE

    def ended(self, operation: Operation) -> Operation:
        """An operation at its end."""
        return self.app.services.operations.wait(Owner(operation.owner), operation.id, 30)

    def backup(self, place: str, name: str = "dev") -> Operation:
        """A backup, at its end."""
        return self.ended(self.backups.backup(self.owner, name, place, ASKED))

    def backed_up(self, place: str) -> Operation:
        """One that went well."""
        done = self.backup(place)
        assert done.state is OperationState.DONE, done.problem
        return done

    def receive(self, place: str, new_name: str = "") -> Operation:
        """What the one backup in a place comes to, at its end."""
        (info,) = self.backups.list(place)
        return self.ended(self.backups.receive(self.owner, info.name, info.place, ASKED, new_name=new_name))

    def destroyed(self) -> None:
        """The container is gone, and not in the trash either."""
        operation = self.app.services.workloads.destroy(self.owner, "dev", ASKED)
        assert operation.plan
        self.app.services.operations.approve(self.owner, operation.id, operation.plan.digest)
        assert self.ended(operation).state is OperationState.DONE
        trash = f"{LAYOUT.owner(self.owner)}/trash"
        if trash in self.node.world.datasets:
            Zfs(self.node).destroy(trash, recursive=True)

    def dataset(self, name: str = "dev", part: str = "workspace") -> Dataset:
        """A data set of a container."""
        machine = self.app.services.workloads.find(self.owner, name).machine
        return self.node.world.datasets[f"{LAYOUT.workload(self.owner, machine)}/{part}"]

    @property
    def names(self) -> list[str]:
        """The containers."""
        return [one.name for one in self.app.services.workloads.list(self.owner)]

    @property
    def files(self) -> dict[str, str]:
        """What is on the disk, by path."""
        return {key: text for key, text in self.node.world.files.items() if key.startswith(f"{self.disk}/")}

    @property
    def manifest(self) -> Manifest:
        """What counts on the disk."""
        return Manifest.read(self.files[f"{self.disk}/dev/manifest.json"], "")

    def below(self, above: str) -> dict[str, list[str]]:
        """The data sets below one, and their snapshots."""
        known = self.node.world.datasets.items()
        return {name: list(one.snapshots) for name, one in known if name.startswith(f"{above}/")}

    @property
    def here(self) -> dict[str, list[str]]:
        """The person's data sets and their snapshots."""
        return self.below(LAYOUT.owner(self.owner))

    @property
    def there(self) -> dict[str, list[str]]:
        """The same on the other machine."""
        return self.below(f"tank/backups-{self.owner}")


@pytest.fixture(scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, SimulatedNode]]:
    """Starting the engine takes more than a second, so these tests share one."""
    node = SimulatedNode("box", pace=Pace.instant())
    loaded = settings.load(simulate=True, state_dir=tmp_path_factory.mktemp("state"), node_name="box")
    app = App(loaded, node)
    yield app, node
    app.close()


@pytest.fixture
def scene(_shared: tuple[App, SimulatedNode], monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Somebody with a disk."""
    monkeypatch.setattr("agent.services.remote_depot.PAUSE", 0)
    app, node = _shared
    yield Scene(app, node)
    node.faults.clear()


@pytest.mark.parametrize("kind", KINDS)
def test_a_container_comes_back_as_it_was(scene: Scene, kind: str) -> None:
    """After two backups and its end, under its name, with its files, and running."""
    place = scene.place(kind)
    scene.made()
    files = scene.dataset().files
    files |= {"kept": "1", "changed": "1", "removed": "1"}
    scene.backed_up(place)
    files |= {"changed": "2", "new": "2"}
    del files["removed"]
    assert scene.backed_up(place).found
    scene.destroyed()
    (info,) = scene.backups.list(place)
    assert (info.name, info.owner, info.modules, info.problem) == (
        "dev",
        str(scene.owner),
        ("fish", "git"),
        "",
    )
    done = scene.receive(place)
    assert done.state is OperationState.DONE, done.problem
    assert scene.dataset().files == {"kept": "1", "changed": "2", "new": "2"}
    assert scene.dataset(part="root").tree is not None
    back = scene.app.services.workloads.find(scene.owner, "dev")
    assert (back.state, back.spec.modules) == ("running", ("fish", "git"))
    assert back.generation is not None
    assert back.generation.digest


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_container_comes_of_a_backup_under_another_name(scene: Scene, kind: str) -> None:
    """The first one stays as it is."""
    scene.made()
    scene.dataset().files["file"] = "then"
    scene.backed_up(scene.place(kind))
    scene.dataset().files["file"] = "now"
    assert scene.receive(scene.place(kind), "copy").state is OperationState.DONE
    assert scene.dataset("copy").files["file"] == "then"
    assert scene.dataset().files["file"] == "now"
    assert scene.app.services.workloads.find(scene.owner, "copy").spec.name == "copy"


def test_limits_and_schedule_come_along(scene: Scene) -> None:
    """What takes more than its limit gets a larger one, and the operation says so."""
    scene.made()
    here = scene.app.services.workloads.find(scene.owner, "dev")
    store = WorkloadStore(Database(scene.app.settings.database))
    store.set("box", here.machine, quota=300 << 20, schedule={"hourly": 3, "daily": 0, "weekly": 0})
    scene.backed_up(scene.disk)
    done = scene.receive(scene.disk, "copy")
    copy = scene.app.services.workloads.find(scene.owner, "copy")
    assert copy.schedule.hourly == 3
    assert copy.quota == 300 << 20
    store.set("box", here.machine, quota=1 << 20)
    scene.backed_up(scene.disk)
    done = scene.receive(scene.disk, "again")
    assert scene.app.services.workloads.find(scene.owner, "again").quota > 1 << 20
    assert any("its limit was 1.0 MiB" in one for one in done.found)


def test_the_second_time_only_what_is_different_is_sent(scene: Scene) -> None:
    """And of each part one snapshot is kept here: the one that the next backup needs."""
    scene.made()
    scene.dataset().files["large"] = 10_000 * "x"
    scene.backed_up(scene.disk)
    first = scene.here
    scene.dataset().files["small"] = "y"
    assert "what became different" in scene.backed_up(scene.disk).found[0]
    assert [len(one) for one in scene.here.values()] == [len(one) for one in first.values()]
    assert scene.here != first
    whole, increment = scene.manifest.chain(Part.WORKSPACE)
    assert whole.size > 10_000 > increment.size
    assert (whole.base, increment.base) == ("", whole.snapshot)


def test_what_came_of_a_backup_goes_on_with_it(scene: Scene) -> None:
    """A backup of a container that was received there is an increment: it is the same one."""
    scene.made()
    scene.backed_up(scene.disk)
    scene.destroyed()
    assert scene.receive(scene.disk).state is OperationState.DONE
    scene.dataset().files["new"] = "1"
    scene.backed_up(scene.disk)
    assert len(scene.manifest.chain(Part.WORKSPACE)) == 2


def test_each_place_has_its_own_snapshots(scene: Scene) -> None:
    """Two disks in turn: each one's backups go on, whatever the other has."""
    scene.made()
    other = f"{scene.disk}-2"
    scene.node.world.folders.add(other)
    for where in (scene.disk, other, scene.disk, other):
        scene.backed_up(where)
    assert len(scene.manifest.chain(Part.WORKSPACE)) == 2
    text = scene.node.world.files[f"{other}/dev/manifest.json"]
    assert len(Manifest.read(text, "").chain(Part.WORKSPACE)) == 2


def test_what_the_place_lost_is_sent_again(scene: Scene) -> None:
    """An increment of what is not there would be worth nothing. Whatever else is there stays."""
    scene.made()
    scene.backed_up(scene.disk)
    del scene.node.world.files[f"{scene.disk}/dev/{scene.manifest.newest(Part.WORKSPACE).file}"]
    scene.node.world.files[f"{scene.disk}/dev/notes.txt"] = "mine"
    left = "voxnix-backup-20260101T000000Z-abc.root.zfs.part"
    scene.node.world.files[f"{scene.disk}/dev/{left}"] = "of an interrupted one"
    scene.backed_up(scene.disk)
    assert [one.base for one in scene.manifest.chain(Part.WORKSPACE)] == [""]
    assert [bool(one.base) for one in scene.manifest.chain(Part.ROOT)] == [False, True]
    there = {one.file for one in scene.manifest.pieces} | {"manifest.json", "notes.txt"}
    assert {key.rpartition("/")[2] for key in scene.files} == there


@pytest.mark.parametrize("on", ["pipe.py write", "pipe.py put", "pipe.py move", "zfs snapshot"])
def test_a_backup_that_fails_leaves_nothing(scene: Scene, on: str) -> None:
    """Neither there nor here; and the backup before is as it was."""
    scene.made()
    scene.backed_up(scene.disk)
    files, here = scene.files, scene.here
    scene.node.faults.append(Fault(on, stderr="it broke"))
    assert scene.backup(scene.disk).state is OperationState.FAILED
    assert scene.files == files
    assert scene.here == here


@pytest.mark.parametrize("whole", [True, False])
def test_a_backup_that_fails_on_the_other_machine_leaves_nothing(scene: Scene, *, whole: bool) -> None:
    """A stream that comes no further is given up after some tries; what had come is taken away."""
    scene.made()
    if not whole:
        scene.backed_up(scene.remote)
    there, breaks = scene.there, Fault("pipe.py join .*workspace@.*ssh", stderr="Broken pipe", times=3)
    scene.node.faults.append(breaks)
    assert scene.backup(scene.remote).state is OperationState.FAILED
    assert scene.there == there
    breaks.times = 2
    scene.backed_up(scene.remote)


def test_a_whole_stream_to_another_machine_replaces_the_one_before(scene: Scene) -> None:
    """Where what both had in common was given up here, all of it is sent; the old one goes last."""
    scene.made()
    scene.backed_up(scene.remote)
    for dataset, names in scene.here.items():
        for name in names:
            Zfs(scene.node).destroy(f"{dataset}@{name}")
    breaks = Fault("pipe.py join .*workspace@.*ssh", stderr="Broken pipe", times=3)
    scene.node.faults.append(breaks)
    there = scene.there
    assert scene.backup(scene.remote).state is OperationState.FAILED
    assert scene.there == there
    scene.backed_up(scene.remote)
    assert scene.there.keys() == there.keys()
    assert [len(one) for one in scene.there.values()] == [0, 1, 1]


def test_an_increment_is_not_sent_to_where_its_base_is_not(scene: Scene) -> None:
    """ZFS of 2011 would take it all the same, and write it elsewhere."""
    scene.made()
    scene.backed_up(scene.remote)
    place = parsed_place(scene.remote)
    assert isinstance(place, Remote)
    depot = RemoteDepot(Streams(scene.node), Zfs(scene.node), place, "dev")
    dataset = LAYOUT.root(scene.owner, scene.app.services.workloads.find(scene.owner, "dev").machine)
    base = "voxnix-backup-20260101T000000Z"
    sending = Sending(Part.ROOT, dataset, "voxnix-backup-20260102T000000Z", "1", base)
    there = scene.there
    with pytest.raises(HostFailure, match="Send the whole of it"):
        depot.send(sending, (), lambda _: None)
    assert scene.there == there


def test_a_disk_without_room_is_refused_with_numbers(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is made."""
    scene.made()
    here = scene.here
    monkeypatch.setattr(scene.node, "sizes", Sizes(disk=1000))
    failed = scene.backup(scene.disk)
    assert failed.problem
    assert failed.problem.code == "NoSpace"
    assert "MiB are free" in failed.problem.why
    assert scene.here == here


def test_a_stream_that_is_larger_than_what_is_kept_is_refused_with_numbers(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a pool compresses is not compressed on its way; only a snapshot tells how large that is."""
    scene.made()
    here = scene.here

    def estimate(_: Zfs, __: str, ___: str | None = None) -> int:
        return 1 << 62

    def capabilities(_: Zfs) -> Capabilities:
        return Capabilities(diff=False, folders=False, rename=False, resume=False, estimate=True)

    monkeypatch.setattr(Zfs, "capabilities", property(capabilities))  # which the worker asked for before
    monkeypatch.setattr(Zfs, "estimate", estimate)
    failed = scene.backup(scene.disk)
    assert failed.problem
    assert failed.problem.code == "NoSpace"
    assert "MiB are free" in failed.problem.why
    assert scene.here == here


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("/mnt/none", "no such folder"),
        ("/mnt/none/dev.zfs", "not there"),
        ("ssh://ann@nas/tank/none", "no data set"),
        ("/mnt/inside", "in the pool tank itself"),
    ],
)
def test_a_place_that_takes_no_backup_is_refused(scene: Scene, where: str, what: str) -> None:
    """With the reason."""
    if where == "/mnt/inside":
        Zfs(scene.node).create("tank/inside", mountpoint=where)
    scene.made()
    failed = scene.backup(where)
    assert failed.problem
    assert failed.problem.kind == "refused"
    assert what in str(failed.problem)


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_of_another_container_is_not_overwritten(scene: Scene, kind: str) -> None:
    """Nor one of another owner's: theirs may be all that they have left."""
    place = scene.place(kind)
    scene.made()
    scene.backed_up(place)
    other = somebody()
    scene.made(owner=other)
    failed = scene.ended(scene.backups.backup(other, "dev", place, ASKED))
    assert failed.problem
    assert "another owner's" in str(failed.problem)
    received = scene.ended(scene.backups.receive(other, "dev", place, ASKED, new_name="mine"))
    assert received.problem
    assert "another owner's" in str(received.problem)
    assert [one.name for one in scene.app.services.workloads.list(other)] == ["dev"]
    scene.destroyed()
    scene.made()
    failed = scene.backup(place)
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
def test_a_damaged_backup_is_refused_before_anything_is_made(
    scene: Scene, damaged: str, pattern: str | None, instead: str, what: str
) -> None:
    """It says which piece."""
    scene.made()
    scene.backed_up(scene.disk)
    (file,) = [key for key in scene.files if key.endswith(damaged)]
    text = scene.node.world.files.pop(file)
    if pattern is not None:
        scene.node.world.files[file] = re.sub(pattern, instead, text, count=1)
    here = scene.here
    failed = scene.ended(scene.backups.receive(scene.owner, "dev", scene.disk, ASKED, new_name="copy"))
    assert failed.problem
    assert what in str(failed.problem)
    assert scene.names == ["dev"]
    assert scene.here == here


@pytest.mark.parametrize("kind", KINDS)
def test_a_receive_that_fails_leaves_nothing(scene: Scene, kind: str) -> None:
    """And can be asked for again."""
    scene.made()
    scene.backed_up(scene.place(kind))
    here = scene.here
    scene.node.faults.append(Fault("zfs receive -u tank/users.*workspace", stderr="it broke"))
    assert scene.receive(scene.place(kind), "copy").state is OperationState.FAILED
    assert scene.names == ["dev"]
    assert scene.here == here
    assert scene.receive(scene.place(kind), "copy").state is OperationState.DONE


def test_a_name_that_is_taken_is_refused_at_once(scene: Scene) -> None:
    """Nothing is received over what is there."""
    scene.made()
    scene.backed_up(scene.disk)
    with pytest.raises(NameInUse):
        scene.receive(scene.disk)


def test_the_same_request_is_one_operation(scene: Scene) -> None:
    """A double tap neither makes two, nor is it refused because of the first."""
    scene.made()
    scene.backed_up(scene.disk)
    request = ASKED.model_copy(update={"key": f"tap/{scene.owner}"})
    first = scene.backups.receive(scene.owner, "dev", scene.disk, request, new_name="copy")
    second = scene.backups.receive(scene.owner, "dev", scene.disk, request, new_name="copy")
    assert first.id == second.id
    assert scene.ended(first).state is OperationState.DONE


def test_only_an_admin_names_places_of_the_machine(scene: Scene) -> None:
    """Who may change containers may not read and write the disks around them."""
    person = Owner("tg:7")
    access = scene.app.services.access
    access.approve("console", access.knock(person.key, "Somebody", 7).code, Role.OPERATOR)
    for ask in (scene.backups.backup, scene.backups.receive):
        with pytest.raises(NotAllowed):
            ask(person, "dev", scene.disk, Request(channel="telegram"))
    with pytest.raises(UnknownWorkload):
        scene.backups.backup(scene.owner, "nothing", scene.disk, ASKED)
    with pytest.raises(InvalidRequest):
        scene.backups.backup(scene.owner, "dev", "/proc/1/root", ASKED)


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


@pytest.mark.parametrize("kind", KINDS)
def test_places_are_listed(scene: Scene, kind: str) -> None:
    """An empty one, one that is a backup itself, and one in which something is damaged."""
    place = scene.place(kind)
    assert scene.backups.list(place) == []
    scene.made()
    scene.backed_up(place)
    (info,) = scene.backups.list(place)
    if kind != "file":
        assert scene.backups.list(f"{place}/dev") == [info]
    if kind == "folder":
        scene.node.world.files[f"{place}/dev/manifest.json"] = "{}"
        (broken,) = scene.backups.list(place)
        assert broken.problem
        assert broken.taken_at is None
    with pytest.raises(InvalidRequest):
        scene.backups.list("/mnt/none")
