"""What containers do, real or simulated."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from agent.core.errors import (
    CommandFailed,
    CommandSaidTooMuch,
    CommandTimedOut,
    InvalidRequest,
    NotRunning,
)
from agent.host.archive import shift
from agent.host.guest_files import GuestFiles
from agent.host.journal import Journal
from agent.host.machined import Machined
from agent.host.runtime import Applied, UnitState
from tests.contract.place import BASE, Place, until


class MachineContract:
    """What containers do; a subclass makes their root file systems."""

    @pytest.fixture
    def name(self, place: Place, rooted: Callable[[str], str]) -> Iterator[str]:
        """A machine that is ready to be started, and gone afterwards."""
        name = rooted("contract-ab")
        place.zfs.create(f"{place.above}/{name}", quota="1G")
        shift(place.node, f"/{place.above}/{name}", BASE)
        place.runtime.write(place.machine(name))
        yield name
        place.runtime.stop(name)
        place.runtime.remove(name)
        place.zfs.destroy(f"{place.above}/{name}", recursive=True)

    @pytest.fixture
    def running(self, place: Place, name: str) -> str:
        """The same, started."""
        place.runtime.start(name)
        return name

    def test_a_life(self, place: Place, name: str) -> None:
        """Start, an address, stop: each again does nothing; what it logged is there before and after."""
        runtime, machined = place.runtime, Machined(place.node)
        assert runtime.state(name) is UnitState.INACTIVE
        assert name in runtime.installed()
        assert name not in machined.addresses()
        runtime.start(name)
        runtime.start(name)
        assert runtime.state(name) is UnitState.ACTIVE
        assert runtime.states()[name] is UnitState.ACTIVE
        until(lambda: machined.addresses().get(name))
        (address,) = machined.addresses()[name]
        assert address.startswith("10.88.")
        until(lambda: any("Multi-User" in line for line in Journal(place.node).lines(name, 200)))
        runtime.restart(name)
        assert runtime.state(name) is UnitState.ACTIVE
        runtime.stop(name)
        runtime.stop(name)
        assert runtime.state(name) is UnitState.INACTIVE
        assert name not in runtime.states()
        assert name not in machined.addresses()
        lines = Journal(place.node).lines(name, 3)
        assert len(lines) == 3
        assert "Journal stopped" in lines[-1]

    def test_states_of_machines_that_are_not_there(self, place: Place) -> None:
        """They are inactive, and asking for none is no question."""
        assert place.runtime.states(["no-such-1", "no-such-2"]) == {
            "no-such-1": UnitState.INACTIVE,
            "no-such-2": UnitState.INACTIVE,
        }
        assert place.runtime.states([]) == {}
        assert "no-such-1" not in place.runtime.installed()
        place.runtime.stop("no-such-1")
        place.runtime.remove("no-such-1")

    def test_a_machine_without_files_does_not_start(self, place: Place) -> None:
        """It is no machine afterwards either."""
        with pytest.raises(CommandFailed):
            place.runtime.start("no-such-1")
        assert place.runtime.state("no-such-1") is not UnitState.ACTIVE
        place.runtime.remove("no-such-1")
        assert place.runtime.state("no-such-1") is UnitState.INACTIVE

    def test_an_unmounted_workspace_stops_the_start(self, place: Place, name: str) -> None:
        """It would look like an empty folder."""
        place.zfs.set(f"{place.above}/{name}", "mountpoint", "none")
        with pytest.raises(CommandFailed, match="Assertion failed"):
            place.runtime.start(name)
        assert place.runtime.state(name) is UnitState.INACTIVE
        place.zfs.set(f"{place.above}/{name}", "mountpoint", f"/{place.above}/{name}")
        place.runtime.start(name)

    @pytest.mark.parametrize("status", [0, 3])
    def test_a_machine_that_ends_by_itself(self, place: Place, running: str, status: int) -> None:
        """Powered off from inside it is inactive; with an exit code it has failed, until it starts again."""
        how = ["systemctl", "exit", str(status)] if status else ["systemctl", "poweroff"]
        before = datetime.now(UTC)
        with suppress(NotRunning):  # it may be gone before it has answered
            place.runtime.exec(running, how, 30)
        until(lambda: place.runtime.state(running) in {UnitState.INACTIVE, UnitState.FAILED}, 60)
        failures = place.runtime.failures([running, "no-such-1"])
        if not status:
            assert place.runtime.state(running) is UnitState.INACTIVE
            assert failures == {}
            return
        failure = failures.pop(running)
        assert failures == {}
        assert (failure.result, failure.status) == ("exit-code", 3)
        assert before < failure.at < datetime.now(UTC)
        assert place.runtime.failures([running]) == {running: failure}
        place.runtime.start(running)
        assert place.runtime.failures([running]) == {}

    def test_a_command_answers_as_it_does_in_a_shell(self, place: Place, running: str) -> None:
        """Its own exit code and output; 127 where there is none; arguments arrive as they are."""
        runtime = place.runtime
        odd = ["a b", "$HOME", "%n", "", "x\ny", '"q', "é", "\\n", "${A}", "$$", "-n", "--help"]
        assert runtime.exec(running, ["echo", *odd], 10).stdout == " ".join(odd) + "\n"
        assert runtime.exec(running, ["true"], 10).returncode == 0
        assert runtime.exec(running, ["false"], 10).returncode == 1
        assert runtime.exec(running, ["sh", "-c", "exit 203"], 10).returncode == 203
        missing = runtime.exec(running, ["no-such-command"], 10)
        assert missing.returncode == 127
        assert "no-such-command" in missing.stderr
        assert runtime.exec(running, ["hostname"], 10).stdout == "dev\n"
        assert runtime.exec(running, ["pwd"], 10).stdout == "/workspace\n"
        assert runtime.exec(running, ["git", "--version"], 10).stdout.startswith("git version")

    def test_a_command_that_takes_too_long_ends_inside_too(self, place: Place, running: str) -> None:
        """Its time is up for all that it started."""
        with pytest.raises(CommandTimedOut):
            place.runtime.exec(running, ["sleep", "987"], 1)
        assert place.runtime.exec(running, ["true"], 10).returncode == 0

    def test_a_command_that_says_too_much_is_ended(self, place: Place, running: str) -> None:
        """Nothing of what it said is taken for an answer."""
        assert len(place.runtime.exec(running, ["echo", "y" * 50_000], 10, most=50_001).stdout) == 50_001
        with pytest.raises(CommandSaidTooMuch):
            place.runtime.exec(running, ["echo", "y" * 50_000], 10, most=50_000)

    @pytest.mark.parametrize("argv", [[], [""], ["a\0b"], ["A=b"], ["echo", "\udc80"]])
    def test_what_no_program_can_be_given_is_refused(self, place: Place, argv: list[str]) -> None:
        """Before anything is run."""
        with pytest.raises(InvalidRequest):
            place.runtime.exec("contract-ab", argv, 10)

    def test_a_stopped_machine_runs_no_command(self, place: Place, name: str) -> None:
        """Neither does one that is not there."""
        for machine in (name, "no-such-1"):
            with pytest.raises(NotRunning):
                place.runtime.exec(machine, ["true"], 10)

    def test_the_workspace_outlives_the_machine(self, place: Place, running: str) -> None:
        """What is written there is on the node's data set, and is there after a restart."""
        place.runtime.exec(running, ["sh", "-c", "echo kept > /workspace/note"], 10)
        place.runtime.restart(running)
        assert place.runtime.exec(running, ["cat", "note"], 10).stdout == "kept\n"
        assert place.runtime.exec(running, ["ls", "/workspace"], 10).stdout == "note\n"

    def test_a_command_reads_what_it_is_given(self, place: Place, running: str) -> None:
        """On its standard input, to the end; a file that goes in so comes out as it was."""
        files, data = GuestFiles(place.runtime), bytes(range(256)) * 5000
        assert files.put(running, "/workspace", ["-n a\u00e9.bin", "other"], data) == "-n a\u00e9.bin"
        assert files.put(running, "/workspace", ["-n a\u00e9.bin", "other"], b"2") == "other"
        with pytest.raises(InvalidRequest, match="There are 2 files"):
            files.put(running, "/workspace", ["-n a\u00e9.bin", "other"], b"3")
        assert files.get(running, "/workspace/-n a\u00e9.bin", len(data)) == (len(data), data)
        assert files.get(running, "/workspace/other", 1) == (1, b"2")
        assert files.get(running, "/workspace/other", 0) == (1, b"")
        assert files.size(running, "/workspace/-n a\u00e9.bin") == len(data)
        assert place.runtime.exec(running, ["cat", "other"], 10).stdout == "2"
        assert place.runtime.exec(running, ["ls", "/workspace"], 10).stdout.split("\n")[:-1] == [
            *sorted(["-n a\u00e9.bin", "other"])
        ]
        for path in ("/workspace", "/workspace/none"):
            with pytest.raises(InvalidRequest):
                files.size(running, path)

    def test_a_start_is_announced(self, place: Place, name: str) -> None:
        """The generator yields when a machine changes, and ends quietly when its time is up."""
        starter = threading.Timer(0.5, place.runtime.start, (name,))
        starter.start()
        began = time.monotonic()
        signs = [time.monotonic() - began for _ in Machined(place.node).changes(timeout=2)]
        starter.join()
        assert signs
        assert signs[0] < 2

    def test_a_change_of_the_unit_restarts_a_running_machine(self, place: Place, running: str) -> None:
        """Once; the same again does nothing."""
        changed = place.machine(running, hostname="other")
        assert place.runtime.update(place.machine(running)) is Applied.NOTHING
        assert place.runtime.update(changed) is Applied.RESTARTED
        assert place.runtime.exec(running, ["hostname"], 10).stdout == "other\n"
        assert place.runtime.update(changed) is Applied.NOTHING

    def test_a_change_that_was_written_and_not_applied_is_applied_the_next_time(
        self, place: Place, running: str
    ) -> None:
        """A worker may be killed between the two: what runs counts."""
        changed = place.machine(running, hostname="other")
        place.runtime.write(changed)
        assert place.runtime.exec(running, ["hostname"], 10).stdout == "dev\n"
        assert place.runtime.update(changed) is Applied.RESTARTED
        assert place.runtime.exec(running, ["hostname"], 10).stdout == "other\n"

    def test_a_change_of_a_stopped_machine_is_there_when_it_starts(self, place: Place, name: str) -> None:
        """Nothing has to be applied before."""
        assert place.runtime.update(place.machine(name, hostname="other")) is Applied.NOTHING
        assert place.runtime.state(name) is UnitState.INACTIVE
        place.runtime.start(name)
        assert place.runtime.exec(name, ["hostname"], 10).stdout == "other\n"
