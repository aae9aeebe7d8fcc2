"""Containers whose systems come from the store keep what the other runtime keeps, and can do more."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.errors import CommandFailed, HostFailure
from agent.host.archive import shift
from agent.host.extra_container import CONF_FOLDER, PROFILES, ExtraContainer
from agent.host.node import LocalNode
from agent.host.presence import Presence
from agent.host.runtime import Applied
from agent.host.zfs import Zfs
from tests.box.inside.systems import BUSYBOX, extra_container_on_path, systems
from tests.contract.images import image
from tests.contract.isolation import IsolationContract
from tests.contract.machines import MachineContract
from tests.contract.place import BASE, Place, mirrors

ABOVE = "tank/contract-nix"
CHECKOUT = Path(__file__).resolve().parents[3]
REAL = "VOXNIX_EXTRA_CONTAINER"
"""Names the real program where these tests are to be run with it."""


def runtime(command: str = os.environ.get(REAL, "extra-container")) -> ExtraContainer:
    """The runtime on the box."""
    return ExtraContainer(
        LocalNode("box"),
        nix=str(CHECKOUT / "nix"),
        busybox=BUSYBOX,
        command=command,
        requires=("nftables.service",),
    )


class TestExtraContainer(MachineContract, IsolationContract):
    """The suite of both runtimes, and then what is this one's own."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def programs(cls) -> Iterator[None]:
        """What extra-container needs on a machine that is not NixOS."""
        with extra_container_on_path():
            yield

    @pytest.fixture(scope="class")
    @classmethod
    def bare(cls) -> Iterator[Place]:
        """A data set of our own on the box's pool."""
        node = LocalNode("box")
        if Zfs(node).presence(ABOVE) is Presence.PRESENT:
            Zfs(node).destroy(ABOVE, recursive=True)
        Zfs(node).create(ABOVE)
        yield Place(node, "tank", ABOVE, mirrors(node), "/var/cache/voxnix/images", runtime())
        Zfs(node).destroy(ABOVE, recursive=True)

    @pytest.fixture(scope="class")
    @classmethod
    def built(cls, bare: Place) -> tuple[str, str, str]:
        """Two systems in the store, and one that cannot be switched to."""
        return systems(bare.node, image(bare))

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, bare: Place, built: tuple[str, str, str]) -> Place:
        """The same data set, with a system to boot."""
        return replace(bare, system=built[0])

    @pytest.fixture
    def rooted(self, place: Place) -> Iterator[Callable[[str], str]]:
        """Makes an empty root file system for a machine, and takes it away afterwards."""
        above = f"{place.above}/roots"
        place.zfs.create(above)

        def make(name: str) -> str:
            folder = f"/var/lib/machines/{name}"
            place.zfs.create(f"{above}/{name}", mountpoint=folder, quota="1G")
            shift(place.node, folder, BASE)
            return name

        yield make
        place.zfs.destroy(above, recursive=True)

    def test_a_changed_system_is_switched_to_while_it_runs(
        self, place: Place, running: str, built: tuple[str, str, str]
    ) -> None:
        """Nothing in it is stopped; the same again does nothing."""
        boot = place.runtime.exec(running, ["cat", "/proc/sys/kernel/random/boot_id"], 10).stdout
        changed = place.machine(running, system=built[1])
        assert place.runtime.update(changed) is Applied.IN_PLACE
        assert place.runtime.update(changed) is Applied.NOTHING
        assert place.runtime.exec(running, ["cat", "/proc/sys/kernel/random/boot_id"], 10).stdout == boot
        assert place.runtime.exec(running, ["readlink", "/run/current-system"], 10).stdout == f"{built[1]}\n"
        place.runtime.restart(running)
        assert place.runtime.exec(running, ["readlink", "/run/current-system"], 10).stdout == f"{built[1]}\n"

    def test_a_system_that_cannot_be_switched_to_is_an_error_with_a_way_back(
        self, place: Place, running: str, built: tuple[str, str, str]
    ) -> None:
        """It says what the guest said; what it was before is installed again, and twice is once."""
        nix = runtime()
        with pytest.raises(CommandFailed, match="cannot be switched to"):
            place.runtime.update(place.machine(running, system=built[2]))
        assert nix.system(running) == built[2]
        before = place.machine(running, system=built[0])
        assert place.runtime.update(before) is Applied.NOTHING
        assert place.runtime.update(before) is Applied.NOTHING
        assert nix.system(running) == built[0]

    def test_a_way_back_restarts_where_the_unit_was_another(
        self, place: Place, running: str, built: tuple[str, str, str]
    ) -> None:
        """System and unit change together, both ways."""
        nix = runtime()
        changed = place.machine(running, hostname="other", system=built[1])
        assert nix.update(changed) is Applied.RESTARTED
        assert nix.update(place.machine(running)) is Applied.RESTARTED
        assert nix.exec(running, ["hostname"], 10).stdout == "dev\n"
        assert nix.exec(running, ["readlink", "/run/current-system"], 10).stdout == f"{built[0]}\n"

    def test_what_a_machine_was_before_is_kept_and_no_more(self, place: Place, name: str) -> None:
        """Each generation keeps a system in the store."""
        nix = runtime()
        for number in (1, 2, 3):
            assert nix.update(place.machine(name, tasks_max=500 + number)) is Applied.NOTHING
        assert len(list(Path(PROFILES).glob(f"{name}-*-link"))) == 4
        nix.settle(name)
        kept = sorted(path.name for path in Path(PROFILES).glob(f"{name}-*-link"))
        assert kept == [f"{name}-3-link", f"{name}-4-link"]

    def test_the_store_keeps_what_a_machine_needs(self, place: Place, name: str) -> None:
        """A collection of garbage would spare its system, its unit and its settings."""
        spared = place.node.run(["nix-store", "--gc", "--print-live"]).stdout.splitlines()
        assert place.system in spared
        made = place.node.run(["readlink", "-f", f"{PROFILES}/{name}"]).stdout.strip()
        for file in (f"{CONF_FOLDER}/{name}.conf", f"{made}/etc/systemd/system/{place.runtime.unit(name)}"):
            real = place.node.run(["readlink", "-f", file]).stdout.strip()
            assert any(real.startswith(path) for path in spared)

    def test_nothing_of_the_nodes_nix_is_within_reach(self, place: Place, running: str) -> None:
        """The store can be read and not written; there is no daemon and no database."""
        seen = place.runtime.exec(running, ["ls", "/nix"], 10)
        assert seen.stdout == "store\n"
        written = place.runtime.exec(running, ["touch", "/nix/store/x"], 10)
        assert "Read-only file system" in written.stderr

    def test_its_journal_is_in_its_root(self, place: Place, running: str) -> None:
        """So it is there while it is stopped, as the other runtime's is."""
        assert place.node.exists(f"/var/lib/machines/{running}/var/log/journal")

    def test_a_busybox_from_the_store_is_used_as_it_is(self, place: Place, name: str, tmp_path: Path) -> None:
        """One that is outside of it is put in."""
        shutil.copy2(BUSYBOX, tmp_path)
        kept = place.node.run(["nix-store", "--add", str(tmp_path)]).stdout.strip()
        nix = str(CHECKOUT / "nix")
        ExtraContainer(place.node, nix=nix, busybox=f"{kept}/busybox").write(place.machine(name))
        unit = place.node.run(["systemctl", "cat", place.runtime.unit(name)]).stdout
        assert f"ExecStartPre={kept}/busybox mkdir" in unit
        spared = place.node.run(["nix-store", "--gc", "--print-live"]).stdout.splitlines()
        assert kept in spared

    def test_a_machine_without_a_system_is_refused(self, place: Place) -> None:
        """There is nothing to boot."""
        with pytest.raises(ValueError, match="has no system"):
            place.runtime.write(place.machine("contract-no", system=""))

    def test_an_installation_that_did_not_happen_is_an_error(self, place: Place, tmp_path: Path) -> None:
        """Whatever extra-container said, and however it ended."""
        liar = tmp_path / "liar"
        liar.write_text("#!/bin/sh\necho Installing containers: contract-li\n")
        liar.chmod(0o755)
        lying = runtime(str(liar))
        with pytest.raises(HostFailure, match="did not install contract-li"):
            lying.write(place.machine("contract-li"))
        lying.remove("contract-li")

    def test_a_removal_that_did_not_happen_is_an_error(self, name: str, tmp_path: Path) -> None:
        """It names what is left."""
        liar = tmp_path / "liar"
        liar.write_text("#!/bin/sh\nexit 0\n")
        liar.chmod(0o755)
        with pytest.raises(HostFailure, match=f"{CONF_FOLDER}/{name}.conf"):
            runtime(str(liar)).remove(name)
