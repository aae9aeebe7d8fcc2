"""What containers do, real or simulated."""

import threading
import time
from collections.abc import Iterator

import pytest

from agent.core.errors import (
    CommandFailed,
    CommandTimedOut,
    InvalidRequest,
    NotRunning,
)
from agent.host.archive import shift
from agent.host.journal import Journal
from agent.host.machined import Machined
from agent.host.nspawn import UnitState
from tests.contract.place import BASE, Place, until


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
