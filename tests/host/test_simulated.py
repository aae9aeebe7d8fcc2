"""The simulated node: strict, settable, and the same again in the next process."""

import threading
from pathlib import Path

import pytest

from agent.core.errors import CommandFailed, CommandTimedOut, NoSpace
from agent.host import archive
from agent.host.machined import Machined
from agent.host.mmdebstrap import Recipe, build
from agent.host.network import Network
from agent.host.nspawn import Nspawn
from agent.host.presence import Presence
from agent.host.runtime import UnitState
from agent.host.simulated import Fault, Pace, SimulatedNode, Sizes, UnknownCommand
from agent.host.simulated.world import SOURCES
from agent.host.zfs import Zfs
from tests.contract.place import Place, until


@pytest.mark.parametrize(
    "argv",
    [
        ["reboot"],
        ["zfs", "rollback", "tank/a@b"],
        ["zfs", "destroy", "-R", "tank/a"],
        ["zfs", "list"],
        ["zpool", "status"],
        ["systemctl", "mask", "x"],
        ["systemctl", "start", "nginx.service"],
        ["machinectl", "terminate", "a"],
        ["tar", "--create"],
        ["rm", "-rf", "/"],
        ["systemd-run", "--machine=a", "true"],
    ],
)
def test_what_nobody_taught_it_is_an_error(argv: list[str]) -> None:
    """A caller that changes its words is caught, not pleased."""
    with pytest.raises(UnknownCommand):
        SimulatedNode("sim", pace=Pace.instant()).run(argv)


def test_a_stream_that_nobody_taught_it_is_an_error() -> None:
    """Likewise what is read line by line."""
    with pytest.raises(UnknownCommand):
        list(SimulatedNode("sim").lines(["tail", "-f", "x"], timeout=1))


def test_a_fault_strikes_as_often_as_it_is_told() -> None:
    """Then everything is as before."""
    node = SimulatedNode("sim", pace=Pace.instant())
    node.faults.append(Fault("^zfs create", returncode=1, stderr="cannot create: I/O error", times=2))
    for _ in range(2):
        with pytest.raises(CommandFailed, match="I/O error"):
            Zfs(node).create("tank/a")
    Zfs(node).create("tank/a")


def test_a_fault_can_hang() -> None:
    """For as long as the caller waits."""
    slept: list[float] = []
    node = SimulatedNode("sim", faults=[Fault("^zfs list", hangs=True, times=None)], sleep=slept.append)
    assert Zfs(node).presence("tank/a") is Presence.UNKNOWN
    assert slept == [60.0]


def test_a_fault_in_the_middle_of_a_build() -> None:
    """So many lines come, then it breaks."""
    node = SimulatedNode(
        "sim", pace=Pace.instant(), faults=[Fault(" mmdebstrap ", stderr="E: killed", after=50)]
    )
    seen: list[str] = []
    recipe = Recipe("trixie", (), (), SOURCES, "10.88.0.1")
    with pytest.raises(Exception, match="killed"):
        seen.extend(progress.label for progress in build(node, recipe, "/cache/a.tar.zst", 60))
    assert "downloading packages" in seen


def test_a_full_pool() -> None:
    """What grows fills it, and then nothing can be made."""
    node = SimulatedNode("sim", sizes=Sizes(pool=10 << 20))
    Zfs(node).create("tank/a")
    with pytest.raises(NoSpace):
        node.grow("tank/a", 20 << 20)
    node.grow("tank/a", Zfs(node).pool("tank").free)
    with pytest.raises(NoSpace):
        Zfs(node).create("tank/b")
    Zfs(node).destroy("tank/a")
    Zfs(node).create("tank/b")


def test_a_network_that_is_not_there() -> None:
    """No bridge and no firewall are seen as that."""
    node = SimulatedNode("sim")
    node.world.bridges.clear()
    node.world.firewall = False
    assert Network(node).bridge_up("voxnix0") is Presence.ABSENT
    assert Network(node).firewall_loaded() is Presence.ABSENT


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        """What it shows."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        self.now += seconds


def ready(node: SimulatedNode, name: str = "dev-ab") -> Place:
    """A machine that can be started."""
    place = Place(node, "tank", "tank/t", SOURCES, "/cache", Nspawn(node))
    file = "/cache/a.tar.zst"
    list(build(node, place.recipe("git"), file, 600))
    place.zfs.create(f"tank/t/roots/{name}", mountpoint=f"/var/lib/machines/{name}")
    place.zfs.create(f"tank/t/{name}")
    archive.unpack(node, file, f"/var/lib/machines/{name}")
    place.runtime.write(place.machine(name))
    return place


def shift(node: SimulatedNode, name: str = "dev-ab") -> None:
    """Give its files to it."""
    archive.shift(node, f"/var/lib/machines/{name}", 1_048_576)


def test_things_take_the_time_they_are_told_to_take() -> None:
    """A build, a boot, a lease and a stop; a machine is seen on its way."""
    clock = Clock()
    pace = Pace(build=40, boot=5, lease=3, stop=2)
    node = SimulatedNode("sim", pace=pace, clock=clock.time, sleep=clock.sleep)
    began = clock.now
    place = ready(node)
    assert round(clock.now - began, 3) == 40
    shift(node)
    began = clock.now
    place.runtime.start("dev-ab")
    assert clock.now - began == 5
    assert Machined(node).addresses() == {"dev-ab": ()}
    clock.sleep(3)
    assert Machined(node).addresses() == {"dev-ab": ("10.88.1.2",)}
    began = clock.now
    place.runtime.stop("dev-ab")
    assert clock.now - began == 2


def test_a_slow_boot_times_out_and_is_seen_as_starting() -> None:
    """The unit goes on where its caller gave up."""
    clock = Clock()
    node = SimulatedNode("sim", pace=Pace(build=0, boot=500), clock=clock.time, sleep=clock.sleep)
    place = ready(node)
    shift(node)
    with pytest.raises(CommandTimedOut):
        place.runtime.start("dev-ab")
    assert place.runtime.state("dev-ab") is UnitState.ACTIVATING
    clock.sleep(500)
    assert place.runtime.state("dev-ab") is UnitState.ACTIVE


def test_what_could_not_boot_really_does_not_boot_here() -> None:
    """Files that belong to nobody inside, and a bridge that is not there."""
    node = SimulatedNode("sim", pace=Pace.instant())
    place = ready(node)
    with pytest.raises(CommandFailed):
        place.runtime.start("dev-ab")
    assert place.runtime.state("dev-ab") is UnitState.FAILED
    shift(node)
    node.world.bridges.clear()
    with pytest.raises(CommandFailed):
        place.runtime.start("dev-ab")
    node.world.bridges.add("voxnix0")
    place.runtime.start("dev-ab")


def test_a_running_machine_keeps_its_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its root nor its workspace can be destroyed under it."""
    monkeypatch.setattr("agent.host.zfs_commands.RELEASE", 0.0)
    node = SimulatedNode("sim", pace=Pace.instant())
    place = ready(node)
    shift(node)
    place.runtime.start("dev-ab")
    for dataset in ("tank/t/roots/dev-ab", "tank/t/dev-ab", "tank/t"):
        with pytest.raises(CommandFailed, match="busy"):
            place.zfs.destroy(dataset, recursive=True)
    place.runtime.stop("dev-ab")
    place.zfs.destroy("tank/t", recursive=True)


def test_the_next_process_sees_the_same_node(tmp_path: Path) -> None:
    """Containers, their states and files, and the journal."""
    state = tmp_path / "deep" / "node.json"
    first = SimulatedNode("sim", pace=Pace.instant(), state=state)
    place = ready(first)
    shift(first)
    place.runtime.start("dev-ab")
    place.runtime.exec("dev-ab", ["sh", "-c", "echo kept > note"], 5)
    second = SimulatedNode("sim", pace=Pace.instant(), state=state)
    other = Place(second, "tank", "tank/t", SOURCES, "/cache", Nspawn(second))
    assert other.runtime.states() == {"dev-ab": UnitState.ACTIVE}
    assert other.runtime.exec("dev-ab", ["cat", "note"], 5).stdout == "kept\n"
    other.runtime.stop("dev-ab")
    assert place.runtime.states() == {}


def test_many_threads_share_one_node(tmp_path: Path) -> None:
    """Nothing is lost."""
    node = SimulatedNode("sim", pace=Pace.instant(), state=tmp_path / "node.json")
    threads = [threading.Thread(target=Zfs(node).create, args=(f"tank/{number}",)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Zfs(node).children("tank")) == 20


def test_a_change_is_announced_to_another_thread() -> None:
    """As machined does."""
    node = SimulatedNode("sim", pace=Pace.instant())
    place = ready(node)
    shift(node)
    signs: list[None] = []
    follower = threading.Thread(target=lambda: signs.extend(Machined(node).changes(timeout=0.5)))
    follower.start()
    until(lambda: any(words[0] == "busctl" for words in node.commands))
    place.runtime.start("dev-ab")
    follower.join()
    assert signs
