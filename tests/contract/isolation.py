"""What keeps containers apart from the node and from each other: shown by real ones, of either runtime."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.errors import CommandFailed
from agent.host.archive import shift
from agent.host.machined import Machined
from agent.host.runtime import UnitState
from tests.contract.place import BASE, Place, until

SECRET = "a-secret-of-the-contract"  # noqa: S105 - it is planted to be looked for
TUN = "/dev/net/tun"


class IsolationContract:
    """What a container may not, and what it may only where it was asked for."""

    @pytest.fixture
    def ask(self, place: Place, running: str) -> Callable[..., str]:
        """Runs a shell command in the machine, and gives its output."""

        def ask(command: str) -> str:
            answer = place.runtime.exec(running, ["sh", "-c", command], 20)
            assert answer.returncode == 0, answer
            return answer.stdout.strip()

        return ask

    @pytest.fixture
    def secret(self) -> Iterator[str]:
        """A file that only the node's root may read."""
        file = Path("/run/contract-secret")
        file.touch(0o600)
        file.write_text(SECRET)
        yield str(file)
        file.unlink()

    def test_its_root_is_nobody_on_the_node(self, ask: Callable[..., str]) -> None:
        """Root inside is an ordinary user outside, and its range ends where the next one begins."""
        assert ask("cat /proc/self/uid_map").split() == ["0", str(BASE), "65536"]
        assert ask("id -u; stat -c %u:%g /workspace").split() == ["0", "0:0"]

    def test_limits_are_those_of_the_unit(self, place: Place, running: str) -> None:
        """They are in force where the kernel has them."""
        wanted = ["MemoryMax=536870912", "TasksMax=500", "DevicePolicy=closed", "Slice=machine.slice"]
        names = ",".join(line.partition("=")[0] for line in wanted)
        unit = place.runtime.unit(running)
        shown = place.node.run(["systemctl", "show", unit, f"--property={names}"]).stdout
        assert sorted(shown.split()) == sorted(wanted)

    def test_a_device_is_there_only_where_it_was_asked_for(self, place: Place, name: str) -> None:
        """It can be opened then, and not otherwise."""
        opening = ["sh", "-c", f"exec 3<>{TUN}"]
        place.runtime.start(name)
        assert place.runtime.exec(name, opening, 10).returncode != 0
        place.runtime.update(place.machine(name, devices=(TUN,)))
        assert place.runtime.exec(name, opening, 10).returncode == 0

    def test_a_credential_is_for_its_root_alone(self, place: Place, name: str, secret: str) -> None:
        """It reads it in the usual place; nobody else does, and no text on the node has it."""
        place.runtime.write(place.machine(name, credentials=(("contract.token", secret),)))
        place.runtime.start(name)
        file = "/run/credentials/@system/contract.token"
        assert place.runtime.exec(name, ["cat", file], 10).stdout == SECRET
        other = ["setpriv", "--reuid=65534", "--clear-groups", "cat", file]
        assert place.runtime.exec(name, other, 10).returncode != 0
        unit = place.runtime.unit(name)
        assert SECRET not in place.node.run(["systemctl", "cat", unit]).stdout
        assert SECRET not in place.node.run(["systemctl", "show", unit]).stdout
        assert SECRET not in place.node.run(["ps", "axeww"]).stdout
        assert SECRET not in place.runtime.exec(name, ["cat", "/proc/1/environ"], 10).stdout
        kept = place.node.run(["grep", "-rsl", SECRET, "/nix/var", "/etc"], check=False)
        assert kept.stdout == ""

    def test_a_credential_whose_file_is_missing_stops_the_start(self, place: Place, name: str) -> None:
        """A guest that needs a key does not come up without it."""
        place.runtime.write(place.machine(name, credentials=(("contract.token", "/run/no-such-file"),)))
        with pytest.raises(CommandFailed):
            place.runtime.start(name)

    def test_a_crash_is_seen_and_survived(self, place: Place, running: str) -> None:
        """Its first process is killed: it runs no more, has no address, and starts again with what it had."""
        place.runtime.exec(running, ["sh", "-c", "echo kept > /workspace/note; sync"], 10)
        place.node.run(["machinectl", "kill", "--kill-whom=leader", "--signal=KILL", running])
        until(lambda: place.runtime.state(running) in {UnitState.FAILED, UnitState.INACTIVE})
        until(lambda: running not in Machined(place.node).addresses())
        place.runtime.start(running)
        assert place.runtime.exec(running, ["cat", "note"], 10).stdout == "kept\n"

    def test_an_unmounted_root_stops_the_start(self, place: Place, name: str) -> None:
        """It would look like a machine that has never been started."""
        place.node.run(["umount", f"/var/lib/machines/{name}"])
        with pytest.raises(CommandFailed, match="Assertion failed"):
            place.runtime.start(name)
        assert place.runtime.state(name) is UnitState.INACTIVE

    def test_nothing_is_left_of_what_was_removed(self, place: Place, running: str) -> None:
        """No file, no unit, no interface, no machine, no root of the store; twice is once."""
        every = ("/etc", "/usr/lib/systemd", "/run/systemd", "/nix/var/nix/profiles", "/nix/var/nix/gcroots")
        folders = [folder for folder in every if place.node.exists(folder)]

        def found() -> list[str]:
            files = place.node.run(["find", *folders, "-name", f"*{running}*"], check=False).stdout
            units = place.node.run(["systemctl", "list-units", "--all", "--no-legend"]).stdout
            links = place.node.run(["ip", "-brief", "link"]).stdout
            lines = [*files.splitlines(), *units.splitlines(), *links.splitlines()]
            # Mounts of its data sets are the test's own.
            return [line for line in lines if running in line and ".mount" not in line]

        assert found()
        place.runtime.stop(running)
        place.runtime.remove(running)
        until(lambda: not found())
        place.runtime.remove(running)
        assert running not in place.runtime.states()

    def test_a_path_with_signs_of_systemd_in_it(self, place: Place, rooted: Callable[[str], str]) -> None:
        """Per cent, dollar, colon, backslash and quote arrive as they are."""
        name, folder = rooted("contract-od"), f'/{place.above}/odd%n a:b\\c"d$e'
        place.zfs.create(f"{place.above}/odd", mountpoint=folder)
        shift(place.node, folder, BASE)
        try:
            place.runtime.write(replace(place.machine(name), binds=((folder, "/work:space"),)))
            place.runtime.start(name)
            place.runtime.exec(name, ["touch", "here"], 10, directory="/work:space")
            assert place.node.exists(f"{folder}/here")
        finally:
            place.runtime.stop(name)
            place.runtime.remove(name)
            place.zfs.destroy(f"{place.above}/odd")
