"""What the host layer promises, on a real node (in the box) and on the simulated one.

A subclass gives the fixture ``place``; each test leaves it as it found it, as far as its own names go.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from agent.core.errors import (
    BuildFailed,
    CommandFailed,
    CommandTimedOut,
    HostFailure,
    InvalidRequest,
    NoSpace,
    NotRunning,
)
from agent.core.operation import Progress
from agent.host.archive import shift, unpack
from agent.host.journal import Journal
from agent.host.machined import Machined
from agent.host.mmdebstrap import Recipe, build
from agent.host.network import Network
from agent.host.node import Node
from agent.host.nspawn import Machine, Nspawn, UnitState
from agent.host.presence import Presence
from agent.host.zfs import Zfs

BASE = 1_048_576
QUOTA = 64 << 20


@dataclass(frozen=True)
class Place:
    """Where a suite may work.

    Attributes:
        node: the node.
        pool: name of its pool.
        above: a data set of the suite's own, mounted at ``/<above>``.
        sources: the node's list of mirrors.
        cache: a folder for archives.
    """

    node: Node
    pool: str
    above: str
    sources: str
    cache: str

    @property
    def zfs(self) -> Zfs:
        """The node's ZFS."""
        return Zfs(self.node)

    @property
    def nspawn(self) -> Nspawn:
        """The node's containers."""
        return Nspawn(self.node)

    def recipe(self, *packages: str) -> Recipe:
        """A recipe for the node."""
        return Recipe("trixie", packages, (("contract", "echo ready >/contract"),), self.sources, "10.88.0.1")

    def machine(self, name: str, hostname: str = "dev") -> Machine:
        """A machine with a workspace, whose data sets are named after it."""
        return Machine(
            name=name,
            hostname=hostname,
            root=f"/var/lib/machines/{name}",
            bridge="voxnix0",
            uid_base=BASE,
            binds=((f"/{self.above}/{name}", "/workspace"),),
            memory_max="512M",
            tasks_max=500,
        )


def until(found: Callable[[], object], timeout: float = 20) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + timeout
    while not found():
        assert time.monotonic() < deadline, f"waited {timeout} s"
        time.sleep(0.02)


class StorageContract:
    """What ZFS does."""

    @pytest.fixture
    def dataset(self, place: Place) -> Iterator[str]:
        """A name for a data set, with all that a test makes below it."""
        name = f"{place.above}/storage"
        yield name
        if place.zfs.presence(name) is Presence.PRESENT:
            place.zfs.destroy(name, recursive=True)

    def test_a_dataset_is_absent_then_present_then_absent(self, place: Place, dataset: str) -> None:
        """A probe follows what is there."""
        assert place.zfs.presence(dataset) is Presence.ABSENT
        place.zfs.create(dataset)
        assert place.zfs.presence(dataset) is Presence.PRESENT
        place.zfs.destroy(dataset)
        assert place.zfs.presence(dataset) is Presence.ABSENT

    def test_a_snapshot_is_probed_like_a_dataset(self, place: Place, dataset: str) -> None:
        """A snapshot that is missing is absent, also where its data set is there."""
        assert place.zfs.presence(f"{dataset}@a") is Presence.ABSENT
        place.zfs.create(dataset)
        assert place.zfs.presence(f"{dataset}@a") is Presence.ABSENT
        place.zfs.snapshot(f"{dataset}@a")
        assert place.zfs.presence(f"{dataset}@a") is Presence.PRESENT

    def test_what_is_in_a_pool_that_is_not_there_is_unknown(self, place: Place) -> None:
        """Nothing is made or destroyed on the word of a pool that is not imported."""
        assert place.zfs.presence("nopool/a/b") is Presence.UNKNOWN
        assert place.zfs.presence("nopool/a@b") is Presence.UNKNOWN

    def test_create_makes_parents_but_never_takes_what_exists(self, place: Place, dataset: str) -> None:
        """An existing data set is refused, not taken for a new one."""
        place.zfs.create(f"{dataset}/a/b", quota="10G")
        assert place.zfs.children(dataset) == (f"{dataset}/a",)
        assert place.zfs.children(f"{dataset}/a") == (f"{dataset}/a/b",)
        with pytest.raises(CommandFailed, match="already exists"):
            place.zfs.create(f"{dataset}/a/b")
        assert place.zfs.usage(f"{dataset}/a/b").quota == 10 << 30

    def test_a_pool_that_is_not_there_takes_nothing(self, place: Place) -> None:
        """A wrong pool is an error."""
        with pytest.raises(CommandFailed):
            place.zfs.create("nopool/a")
        with pytest.raises(CommandFailed):
            place.zfs.pool("nopool")

    def test_mountpoints(self, place: Place, dataset: str) -> None:
        """A data set is mounted where it is told to be, below its parent, or nowhere."""
        place.zfs.create(dataset, mountpoint=f"/{place.above}/elsewhere")
        place.zfs.create(f"{dataset}/below")
        place.zfs.create(f"{dataset}/hidden", mountpoint="none")
        assert place.zfs.mountpoint(f"{dataset}/below") == f"/{place.above}/elsewhere/below"
        assert place.zfs.mounted(f"{dataset}/below")
        assert place.node.exists(f"/{place.above}/elsewhere/below")
        assert place.zfs.mountpoint(f"{dataset}/hidden") is None
        assert not place.zfs.mounted(f"{dataset}/hidden")
        place.zfs.set(f"{dataset}/below", "mountpoint", "none")
        assert not place.zfs.mounted(f"{dataset}/below")
        with pytest.raises(CommandFailed, match="no mountpoint set"):
            place.zfs.mount(f"{dataset}/below")
        with pytest.raises(CommandFailed, match="already mounted"):
            place.zfs.mount(dataset)

    def test_a_clone_needs_its_snapshot(self, place: Place, dataset: str) -> None:
        """A clone of nothing, or over something, is refused."""
        place.zfs.create(dataset)
        with pytest.raises(CommandFailed, match="does not exist"):
            place.zfs.clone(f"{dataset}@no", f"{dataset}/copy")
        place.zfs.snapshot(f"{dataset}@a")
        with pytest.raises(CommandFailed, match="already exists"):
            place.zfs.snapshot(f"{dataset}@a")
        place.zfs.clone(f"{dataset}@a", f"{dataset}/deep/copy", quota="1G")
        assert place.zfs.usage(f"{dataset}/deep/copy").quota == 1 << 30
        with pytest.raises(CommandFailed, match="already exists"):
            place.zfs.clone(f"{dataset}@a", f"{dataset}/deep/copy")

    def test_a_destroy_spares_what_it_was_not_told_to_take(self, place: Place, dataset: str) -> None:
        """Children and snapshots need `recursive`; clones are never taken along."""
        with pytest.raises(CommandFailed, match="does not exist"):
            place.zfs.destroy(dataset)
        place.zfs.create(f"{dataset}/source")
        place.zfs.snapshot(f"{dataset}/source@a")
        with pytest.raises(CommandFailed, match="has children"):
            place.zfs.destroy(dataset)
        with pytest.raises(CommandFailed, match="has children"):
            place.zfs.destroy(f"{dataset}/source")
        place.zfs.clone(f"{dataset}/source@a", f"{dataset}/copy")
        for gone in (f"{dataset}/source", f"{dataset}/source@a"):
            with pytest.raises(CommandFailed, match="dependent clones"):
                place.zfs.destroy(gone, recursive="@" not in gone)
        place.zfs.destroy(f"{dataset}/copy")
        place.zfs.destroy(f"{dataset}/source", recursive=True)
        assert place.zfs.children(dataset) == ()

    def test_usage_counts_bytes_and_own_snapshots(self, place: Place, dataset: str) -> None:
        """Snapshots of children are not one's own."""
        place.zfs.create(f"{dataset}/below", quota="1G")
        place.zfs.snapshot(f"{dataset}/below@a")
        place.zfs.snapshot(f"{dataset}/below@b")
        assert place.zfs.usage(dataset).snapshots == 0
        usage = place.zfs.usage(f"{dataset}/below")
        assert usage.snapshots == 2
        assert 0 < usage.used < 1 << 20
        assert 0 < usage.available < usage.quota == 1 << 30
        assert place.zfs.usage(dataset).quota == 0

    def test_the_pool_tells_its_room(self, place: Place) -> None:
        """Size, free room and health."""
        space = place.zfs.pool(place.pool)
        assert 0 < space.free < space.size
        assert space.health == "ONLINE"

    def test_rename_keeps_everything_and_makes_parents(self, place: Place, dataset: str) -> None:
        """A data set moves with its snapshots, and is mounted again if it was."""
        place.zfs.create(f"{dataset}/old", quota="1G")
        place.zfs.snapshot(f"{dataset}/old@a")
        place.zfs.rename(f"{dataset}/old", f"{dataset}/trash/new")
        assert place.zfs.presence(f"{dataset}/old") is Presence.ABSENT
        assert place.zfs.presence(f"{dataset}/trash/new@a") is Presence.PRESENT
        assert place.zfs.mounted(f"{dataset}/trash/new")
        with pytest.raises(CommandFailed, match="does not exist"):
            place.zfs.rename(f"{dataset}/old", f"{dataset}/x")

    def test_a_quota_below_what_is_used_is_refused(self, place: Place, dataset: str, archive: str) -> None:
        """And one that is reached ends an unpacking as "no space"."""
        place.zfs.create(dataset, quota="8M")
        with pytest.raises(NoSpace):
            unpack(place.node, archive, f"/{dataset}")
        with pytest.raises(NoSpace):
            place.zfs.set(dataset, "quota", "1M")
        place.zfs.set(dataset, "quota", "none")
        assert place.zfs.usage(dataset).quota == 0


class ImageContract:
    """What builds, archives and the network do."""

    def test_a_build_that_is_given_up_leaves_nothing(self, place: Place) -> None:
        """Closing the generator ends it and removes what it made."""
        archive = f"{place.cache}/given-up.tar.zst"
        going = build(place.node, place.recipe(), archive, 300)
        assert isinstance(next(going), Progress)
        going.close()
        assert not place.node.exists(archive)
        assert not place.node.exists(f"{archive}.build")

    def test_without_a_list_of_mirrors_nothing_is_built(self, place: Place) -> None:
        """The error names the file."""
        recipe = Recipe("trixie", (), (), "/nowhere/sources", "10.88.0.1")
        with pytest.raises(BuildFailed, match="/nowhere/sources"):
            list(build(place.node, recipe, f"{place.cache}/none.tar.zst", 300))

    def test_unpack_says_what_is_missing(self, place: Place, archive: str) -> None:
        """No archive, or no folder: an error."""
        with pytest.raises(CommandFailed, match="No such file"):
            unpack(place.node, f"{place.cache}/nothing.tar.zst", f"/{place.above}")
        with pytest.raises(HostFailure, match="no-such-folder"):
            unpack(place.node, archive, f"/{place.above}/no-such-folder")

    def test_files_are_given_to_one_range_only(self, place: Place) -> None:
        """Twice the same is nothing; a second owner is refused."""
        name = f"{place.above}/shifted"
        place.zfs.create(name)
        shift(place.node, f"/{name}", BASE)
        shift(place.node, f"/{name}", BASE)
        with pytest.raises(CommandFailed, match="neither below 65536 nor in the range"):
            shift(place.node, f"/{name}", BASE + 65_536)
        place.zfs.destroy(name)
        with pytest.raises(CommandFailed, match="No such file"):
            shift(place.node, f"/{name}", BASE)

    def test_the_bridge_and_the_firewall_are_there(self, place: Place) -> None:
        """And a bridge that is not is absent."""
        assert Network(place.node).bridge_up("voxnix0") is Presence.PRESENT
        assert Network(place.node).bridge_up("no-bridge") is Presence.ABSENT
        assert Network(place.node).firewall_loaded() is Presence.PRESENT


class MachineContract:
    """What containers do."""

    @pytest.fixture
    def name(self, place: Place, golden: str) -> Iterator[str]:
        """A machine that is ready to be started, and gone afterwards."""
        name = "contract-ab"
        place.zfs.clone(
            golden, f"{place.above}/roots/{name}", mountpoint=f"/var/lib/machines/{name}", quota="1G"
        )
        place.zfs.create(f"{place.above}/{name}", quota="1G")
        shift(place.node, f"/{place.above}/{name}", BASE)
        place.nspawn.write(place.machine(name))
        yield name
        place.nspawn.stop(name)
        place.nspawn.remove(name)
        place.zfs.destroy(f"{place.above}/{name}", recursive=True)
        place.zfs.destroy(f"{place.above}/roots", recursive=True)

    @pytest.fixture
    def running(self, place: Place, name: str) -> str:
        """The same, started."""
        place.nspawn.start(name)
        return name

    def test_a_life(self, place: Place, name: str) -> None:
        """Start, an address, stop: each again does nothing; what it logged is there before and after."""
        nspawn, machined = place.nspawn, Machined(place.node)
        assert nspawn.state(name) is UnitState.INACTIVE
        assert name not in machined.addresses()
        nspawn.start(name)
        nspawn.start(name)
        assert nspawn.state(name) is UnitState.ACTIVE
        assert nspawn.states()[name] is UnitState.ACTIVE
        until(lambda: machined.addresses().get(name))
        (address,) = machined.addresses()[name]
        assert address.startswith("10.88.")
        until(lambda: any("Multi-User" in line for line in Journal(place.node).lines(name, 200)))
        nspawn.restart(name)
        assert nspawn.state(name) is UnitState.ACTIVE
        nspawn.stop(name)
        nspawn.stop(name)
        assert nspawn.state(name) is UnitState.INACTIVE
        assert name not in nspawn.states()
        assert name not in machined.addresses()
        lines = Journal(place.node).lines(name, 3)
        assert len(lines) == 3
        assert "Journal stopped" in lines[-1]

    def test_states_of_machines_that_are_not_there(self, place: Place) -> None:
        """They are inactive, and asking for none is no question."""
        assert place.nspawn.states(["no-such-1", "no-such-2"]) == {
            "no-such-1": UnitState.INACTIVE,
            "no-such-2": UnitState.INACTIVE,
        }
        assert place.nspawn.states([]) == {}
        place.nspawn.stop("no-such-1")
        place.nspawn.remove("no-such-1")

    def test_a_machine_without_files_does_not_start(self, place: Place) -> None:
        """The failure is seen in its state, and forgotten with its files."""
        with pytest.raises(CommandFailed):
            place.nspawn.start("no-such-1")
        assert place.nspawn.state("no-such-1") is UnitState.FAILED
        assert Journal(place.node).lines("no-such-1", 5)
        place.nspawn.remove("no-such-1")
        assert place.nspawn.state("no-such-1") is UnitState.INACTIVE

    def test_an_unmounted_workspace_stops_the_start(self, place: Place, name: str) -> None:
        """It would look like an empty folder."""
        place.zfs.set(f"{place.above}/{name}", "mountpoint", "none")
        with pytest.raises(CommandFailed, match="Assertion failed"):
            place.nspawn.start(name)
        assert place.nspawn.state(name) is UnitState.INACTIVE
        place.zfs.set(f"{place.above}/{name}", "mountpoint", f"/{place.above}/{name}")
        place.nspawn.start(name)

    def test_a_command_answers_as_it_does_in_a_shell(self, place: Place, running: str) -> None:
        """Its own exit code and output; 127 where there is none; arguments arrive as they are."""
        nspawn = place.nspawn
        odd = ["a b", "$HOME", "%n", "", "x\ny", '"q', "é", "\\n", "${A}", "$$", "-n", "--help"]
        assert nspawn.exec(running, ["echo", *odd], 10).stdout == " ".join(odd) + "\n"
        assert nspawn.exec(running, ["true"], 10).returncode == 0
        assert nspawn.exec(running, ["false"], 10).returncode == 1
        assert nspawn.exec(running, ["sh", "-c", "exit 203"], 10).returncode == 203
        missing = nspawn.exec(running, ["no-such-command"], 10)
        assert missing.returncode == 127
        assert "no-such-command" in missing.stderr
        assert nspawn.exec(running, ["hostname"], 10).stdout == "dev\n"
        assert nspawn.exec(running, ["pwd"], 10).stdout == "/workspace\n"
        assert nspawn.exec(running, ["git", "--version"], 10).stdout.startswith("git version")

    def test_a_command_that_takes_too_long_ends_inside_too(self, place: Place, running: str) -> None:
        """Its time is up for all that it started."""
        with pytest.raises(CommandTimedOut):
            place.nspawn.exec(running, ["sleep", "987"], 1)
        assert place.nspawn.exec(running, ["true"], 10).returncode == 0

    @pytest.mark.parametrize("argv", [[], [""], ["a\0b"], ["A=b"], ["echo", "\udc80"]])
    def test_what_no_program_can_be_given_is_refused(self, place: Place, argv: list[str]) -> None:
        """Before anything is run."""
        with pytest.raises(InvalidRequest):
            place.nspawn.exec("contract-ab", argv, 10)

    def test_a_stopped_machine_runs_no_command(self, place: Place, name: str) -> None:
        """Neither does one that is not there."""
        for machine in (name, "no-such-1"):
            with pytest.raises(NotRunning):
                place.nspawn.exec(machine, ["true"], 10)

    def test_the_workspace_outlives_the_machine(self, place: Place, running: str) -> None:
        """What is written there is on the node's data set, and is there after a restart."""
        place.nspawn.exec(running, ["sh", "-c", "echo kept > /workspace/note"], 10)
        place.nspawn.restart(running)
        assert place.nspawn.exec(running, ["cat", "note"], 10).stdout == "kept\n"
        assert place.nspawn.exec(running, ["ls", "/workspace"], 10).stdout == "note\n"

    def test_a_start_is_announced(self, place: Place, name: str) -> None:
        """The generator yields when a machine changes, and ends quietly when its time is up."""
        starter = threading.Timer(0.5, place.nspawn.start, (name,))
        starter.start()
        began = time.monotonic()
        signs = [time.monotonic() - began for _ in Machined(place.node).changes(timeout=2)]
        starter.join()
        assert signs
        assert signs[0] < 2

    def test_writing_again_changes_a_running_machine_at_its_next_start(
        self, place: Place, running: str
    ) -> None:
        """A new host name is there after a restart."""
        place.nspawn.write(place.machine(running, hostname="other"))
        place.nspawn.restart(running)
        assert place.nspawn.exec(running, ["hostname"], 10).stdout == "other\n"


class HostContract(StorageContract, ImageContract, MachineContract):
    """The whole suite."""

    @pytest.fixture(scope="class")
    @classmethod
    def archive(cls, place: Place) -> str:
        """A guest image with git in it."""
        recipe = place.recipe("git")
        archive = f"{place.cache}/{recipe.digest}.tar.zst"
        if not place.node.exists(archive):
            labels = [progress.label for progress in build(place.node, recipe, archive, 600)]
            for label in (
                "downloading packages",
                "installing packages",
                "setting up contract",
                "packing the image",
            ):
                assert label in labels
        return archive

    @pytest.fixture(scope="class")
    @classmethod
    def golden(cls, place: Place, archive: str) -> Iterator[str]:
        """The same as a snapshot whose files are in the range from BASE."""
        dataset = f"{place.above}/golden"
        place.zfs.create(dataset)
        unpack(place.node, archive, f"/{dataset}")
        shift(place.node, f"/{dataset}", BASE)
        place.zfs.snapshot(f"{dataset}@ready")
        yield f"{dataset}@ready"
        place.zfs.destroy(dataset, recursive=True)
