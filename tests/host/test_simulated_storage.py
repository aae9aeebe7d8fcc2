"""The simulated ZFS: what is in data sets goes where they go, and nothing is let go that is used."""

from pathlib import Path

import pytest

from agent.core.errors import CommandFailed, HostFailure
from agent.host import archive
from agent.host.mmdebstrap import build
from agent.host.nspawn import Nspawn
from agent.host.simulated import Pace, SimulatedNode
from agent.host.simulated.world import SOURCES
from tests.contract.place import Place

MACHINE = "dev-ab"
WORKSPACE = f"tank/t/{MACHINE}"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    """A machine that runs, with a workspace."""
    monkeypatch.setattr("agent.host.zfs_commands.RELEASE", 0.0)
    node = SimulatedNode("sim", pace=Pace.instant())
    place = Place(node, "tank", "tank/t", SOURCES, "/cache", Nspawn(node))
    file, folder = "/cache/a.tar.zst", f"/var/lib/machines/{MACHINE}"
    list(build(node, place.recipe("git"), file, 600))
    place.zfs.create(f"tank/t/roots/{MACHINE}", mountpoint=folder)
    place.zfs.create(WORKSPACE)
    archive.unpack(node, file, folder)
    archive.shift(node, folder, 1_048_576)
    place.runtime.write(place.machine(MACHINE))
    place.runtime.start(MACHINE)
    return place


def says(place: Place, script: str) -> str:
    """What a script prints in the machine."""
    return place.runtime.exec(MACHINE, ["sh", "-c", script], 5).stdout


def swapped(place: Place, snapshot: str) -> None:
    """Go back to a snapshot of the workspace, as a revert does: nothing of what is there now is lost."""
    place.runtime.stop(MACHINE)
    place.zfs.clone(f"{WORKSPACE}@{snapshot}", f"{WORKSPACE}-back")
    place.zfs.promote(f"{WORKSPACE}-back")
    place.zfs.rename(WORKSPACE, "tank/t/trash/old")
    place.zfs.rename(f"{WORKSPACE}-back", WORKSPACE)
    place.runtime.start(MACHINE)


def test_the_machine_sees_what_it_is_given(place: Place) -> None:
    """After a way back its files are those of the snapshot, and the newer ones are kept elsewhere."""
    says(place, "echo first > note; echo one > only-before")
    place.zfs.snapshot(f"{WORKSPACE}@then")
    says(place, "echo second > note; rm only-before; echo two > only-after")
    assert says(place, "ls") == "note\nonly-after\n"
    swapped(place, "then")
    assert says(place, "cat note; ls") == "first\nnote\nonly-before\n"
    assert place.node.read("/tank/t/trash/old/note") == "second\n"
    assert place.zfs.origin("tank/t/trash/old") == f"{WORKSPACE}@then"
    place.zfs.destroy("tank/t/trash/old")
    assert [one.name for one in place.zfs.snapshots(WORKSPACE)] == ["then"]


def test_a_root_file_system_goes_along(place: Place) -> None:
    """A clone of a snapshot of it boots like the first."""
    place.runtime.stop(MACHINE)
    root, folder = f"tank/t/roots/{MACHINE}", f"/var/lib/machines/{MACHINE}"
    place.zfs.snapshot(f"{root}@then")
    place.zfs.rename(root, "tank/t/old")
    place.zfs.set("tank/t/old", "mountpoint", "none")
    place.zfs.clone("tank/t/old@then", root, mountpoint=folder)
    place.runtime.start(MACHINE)
    assert says(place, "git --version").startswith("git version")


def test_what_a_machine_uses_is_not_moved(place: Place) -> None:
    """Neither unmounted nor renamed nor mounted elsewhere, also not as part of something larger."""
    for change in (
        lambda: place.zfs.unmount(WORKSPACE),
        lambda: place.zfs.rename(WORKSPACE, "tank/t/other"),
        lambda: place.zfs.rename("tank/t", "tank/u"),
        lambda: place.zfs.set(WORKSPACE, "mountpoint", "/srv/other"),
        lambda: place.zfs.set(WORKSPACE, "canmount", "off"),
    ):
        with pytest.raises(CommandFailed, match="busy"):
            change()
    assert says(place, "echo still > here; cat here") == "still\n"


def test_a_folder_whose_data_set_is_away_is_empty(place: Place) -> None:
    """The files are not gone, but nobody sees them until it is mounted again."""
    place.runtime.stop(MACHINE)
    place.node.write(f"/{WORKSPACE}/deep/note", "kept")
    assert place.node.exists(f"/{WORKSPACE}/deep")
    place.zfs.unmount(WORKSPACE)
    assert place.node.read(f"/{WORKSPACE}/deep/note") is None
    assert not place.node.exists(f"/{WORKSPACE}/deep")
    place.zfs.mount(WORKSPACE)
    assert place.node.read(f"/{WORKSPACE}/deep/note") == "kept"
    place.node.remove(f"/{WORKSPACE}/deep/note")
    assert not place.node.exists(f"/{WORKSPACE}/deep")


def test_a_limit_stops_whoever_writes(place: Place) -> None:
    """In the machine and on the node alike; and so does a read-only data set."""
    place.zfs.set(WORKSPACE, "quota", "1M")
    with pytest.raises(HostFailure, match="quota exceeded"):
        place.node.write(f"/{WORKSPACE}/big", "x" * (2 << 20))
    place.zfs.set(WORKSPACE, "readonly", "on")
    wrote = place.runtime.exec(MACHINE, ["sh", "-c", "echo more > note"], 5)
    assert wrote.returncode
    assert "Read-only" in wrote.stderr
    assert place.runtime.exec(MACHINE, ["rm", "nothing-here"], 5).returncode == 1
    assert place.runtime.exec(MACHINE, ["rm", "-f", "nothing-here"], 5).returncode == 0


def test_a_stream_is_the_same_each_time_and_on_another_node(place: Place, tmp_path: Path) -> None:
    """What was sent before a restart fits to what is sent after it, and to a node that knew nothing."""
    says(place, "echo first > note")
    place.zfs.snapshot(f"{WORKSPACE}@a")
    whole = place.node.run(["zfs", "send", f"{WORKSPACE}@a"]).stdout
    says(place, "echo second > note")
    assert place.node.run(["zfs", "send", f"{WORKSPACE}@a"]).stdout == whole
    place.zfs.snapshot(f"{WORKSPACE}@b")
    increment = place.node.run(["zfs", "send", "-i", "@a", f"{WORKSPACE}@b"]).stdout
    other = SimulatedNode("other", pace=Pace.instant(), state=tmp_path / "other.json")
    for stream in (whole, increment):
        other.run(["zfs", "receive", "-u", "tank/back"], input=stream)
    other.run(["zfs", "mount", "tank/back"])
    assert other.read("/tank/back/note") == "second\n"
    for broken in ("", "rubbish", whole[:50], whole.rpartition('"end"')[0]):
        with pytest.raises(CommandFailed, match="cannot receive"):
            other.run(["zfs", "receive", "-u", "tank/half"], input=broken)
    assert "tank/half" not in other.world.datasets
