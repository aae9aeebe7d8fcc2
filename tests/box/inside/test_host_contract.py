"""The real programs keep what the host layer promises, and what only they can show."""

import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.core.errors import CommandTimedOut
from agent.host.machined import Machined
from agent.host.mmdebstrap import build
from agent.host.node import LocalNode
from agent.host.nspawn import Nspawn
from agent.host.presence import Presence
from agent.host.runtime import UnitState
from agent.host.zfs import Zfs
from tests.contract.host import HostContract
from tests.contract.isolation import IsolationContract
from tests.contract.place import BASE, Place, mirrors, until

ABOVE = "tank/contract"


def processes(word: str) -> list[str]:
    """The processes of the box, in containers too, that have a word in their command line."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if word in line]


class TestReal(HostContract, IsolationContract):
    """The whole suite, on the box."""

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls) -> Iterator[Place]:
        """A data set of our own on the box's pool."""
        node = LocalNode("box")
        if Zfs(node).presence(ABOVE) is Presence.PRESENT:
            Zfs(node).destroy(ABOVE, recursive=True)
        Zfs(node).create(ABOVE)
        yield Place(node, "tank", ABOVE, mirrors(node), "/var/cache/voxnix/images", Nspawn(node))
        Zfs(node).destroy(ABOVE, recursive=True)

    def test_a_guest_has_no_failed_unit(self, ask: Callable[..., str]) -> None:
        """It is as it should be, right after the start."""
        assert ask("systemctl is-system-running; systemctl --failed --no-legend") == "running"

    def test_a_guest_has_what_is_its_own(self, ask: Callable[..., str], running: str) -> None:
        """Name, identity, name server and language; its root is nobody on the node."""
        assert ask("hostname; cat /etc/resolv.conf; echo $LANG; pwd; id -u") == (
            "dev\nnameserver 10.88.0.1\nC.UTF-8\n/workspace\n0"
        )
        assert re.fullmatch("[0-9a-f]{32}", ask("cat /etc/machine-id"))
        assert ask("cat /contract") == "ready"
        assert ask("getent hosts dev >/dev/null && stat -c %u:%g /workspace") == "0:0"
        assert Path(f"/{ABOVE}/{running}").stat().st_uid == BASE

    def test_an_image_keeps_set_id_bits_and_no_secret_of_the_node(self, golden: str) -> None:
        """`su` works after its owner changed; how the node reaches its mirror stays on the node."""
        root = Path(f"/{golden.partition('@')[0]}")
        su = (root / "usr/bin/su").stat()
        assert (su.st_uid, stat.S_IMODE(su.st_mode)) == (BASE, 0o4755)
        assert not (root / "etc/apt/apt.conf.d/99mmdebstrap").exists()
        assert not (root / "etc/hostname").exists()
        assert (root / "etc/machine-id").read_bytes() == b""
        assert not list((root / "usr/share/man").glob("man*/*"))

    def test_root_can_log_in(self, running: str) -> None:
        """`machinectl shell` opens a shell on a terminal."""
        shell = ["machinectl", "--quiet", "shell", running, "/bin/sh", "-c", "tty && echo welcome"]
        seen = subprocess.run(
            [
                "script",
                "--quiet",
                "--return",
                "--command",
                " ".join(shell[:-1]) + f" '{shell[-1]}'",
                "/dev/null",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
            stdin=subprocess.DEVNULL,
        )
        assert "/dev/pts/" in seen.stdout, seen
        assert "welcome" in seen.stdout

    def test_a_command_whose_time_is_up_is_ended_inside(self, place: Place, running: str) -> None:
        """With all that it started."""
        with pytest.raises(CommandTimedOut):
            place.runtime.exec(running, ["sh", "-c", "setsid sleep 98765 & sleep 98765"], 1)
        until(lambda: not processes("98765"), 5)

    def test_a_rename_spares_copies_that_are_in_use(self, place: Place) -> None:
        """They are where they were, whoever runs in them; and each has the snapshots that it had."""
        source, copies = f"{ABOVE}/source", (f"{ABOVE}/one", f"{ABOVE}/two")
        place.zfs.create(source)
        for copy in copies:
            name = copy.rpartition("/")[2]
            place.zfs.snapshot(f"{source}@{name}")
            place.zfs.clone(f"{source}@{name}", copy)
        users = [subprocess.Popen(["unshare", "--mount", "sleep", "60"], cwd=f"/{copy}") for copy in copies]
        try:
            place.zfs.rename(source, f"{ABOVE}/renamed")
            assert [place.zfs.origin(copy) for copy in copies] == [
                f"{ABOVE}/renamed@{one}" for one in ("one", "two")
            ]
            assert [one.name for one in place.zfs.snapshots(f"{ABOVE}/renamed")] == ["one", "two"]
            assert all(place.zfs.mounted(copy) for copy in copies)
        finally:
            for user in users:
                user.kill()
                user.wait()
        for copy in (*copies, f"{ABOVE}/renamed"):
            place.zfs.destroy(copy, recursive=True)

    def test_a_storage_is_free_again_after_a_build(self, place: Place) -> None:
        """A build, even one that runs, keeps no data set from being destroyed."""
        place.zfs.create(f"{ABOVE}/before")
        archive = f"{place.cache}/parted.tar.zst"
        with closing(build(place.node, place.recipe(), archive, 300)) as going:
            until(lambda: next(going).label == "installing packages", 120)
            place.zfs.destroy(f"{ABOVE}/before")
        assert place.node.run(["findmnt", "-no", "PROPAGATION", "/"]).stdout.strip() == "shared"

    def test_nothing_of_a_build_that_is_given_up_runs_on(self, place: Place) -> None:
        """Neither mmdebstrap nor apt nor dpkg."""
        archive = f"{place.cache}/given-up.tar.zst"
        with closing(build(place.node, place.recipe(), archive, 300)) as going:
            next(going)
            assert processes("mmdebstrap")
        until(lambda: not processes("mmdebstrap"), 2)
        assert not Path(f"{archive}.build").exists()

    def test_a_machine_is_up_and_known_quickly(self, place: Place, name: str) -> None:
        """From start to address: about 0.8 s on an idle machine with 2 cores, and never as slow as this."""
        began = time.monotonic()
        place.runtime.start(name)
        until(lambda: Machined(place.node).addresses().get(name))
        assert time.monotonic() - began < 8
        assert place.runtime.state(name) is UnitState.ACTIVE
