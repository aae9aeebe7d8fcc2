"""The simulated node: finds the program for a command, lets its time pass, and makes faults strike."""

import fcntl
import sys
import threading
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from agent.core.errors import CommandFailed, CommandTimedOut, HostFailure, NoSpace
from agent.host.node import BOOT_ID, MOST_OUTPUT, Completed, interrupted, said_too_much, stopped
from agent.host.simulated import guest, images, machines, outside, trees, units, zfs
from agent.host.simulated.programs import Call, Program, Stream
from agent.host.simulated.world import Answer, Dataset, Fault, Pace, Sizes, UnknownCommand, World

PROGRAMS: dict[str, Program] = {
    "apt-config": images.apt_config,
    "find": units.find,
    "ip": machines.ip,
    "journalctl": units.journalctl,
    "machinectl": machines.machinectl,
    "mkdir": images.mkdir,
    "mv": images.mv,
    "nft": machines.nft,
    "nsenter": outside.nsenter,
    "rm": images.rm,
    "systemctl": units.systemctl,
    "systemd-run": guest.systemd_run,
    "tar": images.tar,
    "zfs": zfs.zfs,
    "zpool": zfs.zpool,
    sys.executable: trees.python,
}
STREAMS: dict[str, Stream] = {
    "busctl": machines.busctl,
    "nsenter": outside.nsenter_stream,
    "unshare": images.unshare,
}


class SimulatedNode:
    """A node in memory.

    Args:
        name: what it is called in the database.
        pool: of its ZFS pool.
        bridge: of its network.
        pace: how long things take.
        sizes: how large things are.
        faults: what goes wrong; may be changed at any time.
        state: a JSON file that keeps the node from one process to the next; in memory only when None.
        clock: seconds since 1970.
        sleep: lets seconds pass; as long as they take when None.
    """

    simulated = True

    def __init__(  # noqa: PLR0913 - each is a thing that can be set
        self,
        name: str,
        *,
        pool: str = "tank",
        bridge: str = "voxnix0",
        pace: Pace | None = None,
        sizes: Sizes | None = None,
        faults: list[Fault] | None = None,
        state: Path | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.name = name
        self.pace = pace or Pace()
        self.sizes = sizes or Sizes()
        self.faults = faults if faults is not None else []
        self.commands: list[tuple[str, ...]] = []
        self.world = World.new(pool, bridge)
        self._state = state
        self._clock = clock
        self._stopped = threading.Event()
        self._sleep = sleep
        self._pauses: dict[int, threading.Event] = {}
        self._pausing = threading.Lock()
        self._lock = threading.RLock()
        self._kept: str = ""

    def run(
        self,
        argv: list[str],
        *,
        input: str | None = None,  # noqa: A002
        timeout: float = 60,
        check: bool = True,
        most: int = MOST_OUTPUT,
    ) -> Completed:
        """See :meth:`agent.host.node.Node.run`."""
        fault = self._fault(argv)
        if fault:
            self._hang(fault, argv, timeout)
            answer = Answer(stderr=fault.stderr, returncode=fault.returncode)
        else:
            with self._held():
                program = PROGRAMS.get(argv[0])
                if program is None:
                    raise UnknownCommand(f"the simulated node does not know: {argv}")
                answer = program(self._call(argv, timeout, input or ""))
            self._pass(min(answer.seconds, timeout), argv)
            if answer.seconds > timeout:
                raise _timed_out(argv, timeout)
        if max(len(answer.stdout), len(answer.stderr)) > most:
            raise said_too_much(argv, most)
        completed = Completed(tuple(argv), answer.returncode, answer.stdout, answer.stderr)
        if check and completed.returncode != 0:
            raise CommandFailed(completed.argv, completed.returncode, answer.stderr or answer.stdout)
        return completed

    def lines(self, argv: list[str], *, timeout: float) -> Generator[str]:
        """See :meth:`agent.host.node.Node.lines`."""
        fault = self._fault(argv)
        if argv[0] not in STREAMS:
            raise UnknownCommand(f"the simulated node streams no {argv}")
        program = STREAMS[argv[0]](self._call(argv, timeout))
        told, left = 0, timeout
        while True:
            if fault and told >= fault.after:
                self._hang(fault, argv, left)
                yield from fault.stderr.splitlines()
                raise CommandFailed(tuple(argv), fault.returncode, fault.stderr)
            looks = argv[0] == "busctl"
            try:
                with self._held(looks=looks):
                    piece = next(program)
            except StopIteration as end:
                answer: Answer = end.value
                if answer.returncode != 0:
                    raise CommandFailed(tuple(argv), answer.returncode, answer.stderr) from None
                return
            if self._stopped.is_set():
                raise stopped(argv)
            if isinstance(piece, str):
                told += 1
                yield piece
                continue
            if looks:
                self._stopped.wait(piece)  # it waits for others, however fast this node's own time is
            else:
                self._pass(min(piece, left), argv)
            left -= piece
            if left < 0:
                raise _timed_out(argv, timeout)

    def read(self, path: str) -> str | None:
        """See :meth:`agent.host.node.Node.read`."""
        with self._held(looks=True):
            if path == BOOT_ID:
                return f"{self.world.boot}\n"
            dataset, inside = self._inside(path)
            if dataset is None:
                return self.world.files.get(path)
            content = dataset.content(inside)
            return None if content is None else content.decode(errors="replace")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:  # noqa: ARG002
        """See :meth:`agent.host.node.Node.write`."""
        with self._held():
            dataset, inside = self._inside(path)
            if dataset is None:
                self.world.files[path] = text
                return
            found = zfs.holding(self.world, path)
            size = len(text.encode())
            if found and (why := zfs.refusal(self.world, found[0], size, self.sizes.pool)):
                raise HostFailure(f"{path} could not be written.", why)
            dataset.put(inside, text.encode(), self._clock())

    def remove(self, path: str) -> None:
        """See :meth:`agent.host.node.Node.remove`."""
        with self._held():
            dataset, inside = self._inside(path)
            if dataset is not None:
                dataset.drop(inside)
            self.world.files.pop(path, None)
            self.world.archives.pop(path, None)
            self.world.folders.discard(path)

    def exists(self, path: str) -> bool:
        """See :meth:`agent.host.node.Node.exists`."""
        with self._held(looks=True):
            world = self.world
            if path in world.files or path in world.archives or path in world.folders:
                return True
            if any(key.startswith(f"{path}/") for key in (*world.files, *world.archives)):
                return True
            dataset, inside = self._inside(path)
            if dataset and any(f"{key}/".startswith(f"{inside}/") for key in dataset.files):
                return True
            if path.endswith("/var/log/journal"):
                return zfs.mounted_at(world, path.removesuffix("/var/log/journal")) is not None
            return zfs.mounted_at(world, path) is not None

    def _inside(self, path: str) -> tuple[Dataset | None, str]:
        """The data set that a file is in, and its path in there; None for the node's own disk."""
        found = zfs.holding(self.world, path)
        if found is None or not found[1]:
            return None, ""
        return self.world.datasets[found[0]], found[1]

    def interrupt(self, thread: int) -> None:
        """See :meth:`agent.host.node.Node.interrupt`."""
        with self._pausing:
            if (pause := self._pauses.get(thread)) is not None:
                pause.set()

    def stop(self) -> None:
        """See :meth:`agent.host.node.Node.stop`."""
        with self._pausing:
            self._stopped.set()
            for pause in self._pauses.values():
                pause.set()

    def reboot(self) -> None:
        """Have the machine be switched off and on: nothing runs then, and systemd knows of no failure."""
        with self._held():
            units.switch_off(self.world)
            self.world.boot = str(uuid.uuid4())

    def grow(self, dataset: str, size: int) -> None:
        """Write so many bytes into a data set, as a container's work would.

        Raises:
            NoSpace: they do not fit.
        """
        with self._held():
            if zfs.available(self.world, dataset, self.sizes.pool) < size:
                raise NoSpace(f"There is no room for {size} bytes in {dataset}.")
            self.world.datasets[dataset].written += size

    def _call(self, argv: list[str], timeout: float, given: str = "") -> Call:
        if self._stopped.is_set():
            raise stopped(argv)
        self.commands.append(tuple(argv))
        return Call(argv, self, timeout, given)

    def time(self) -> float:
        """Its clock: seconds since 1970."""
        return self._clock()

    def _fault(self, argv: list[str]) -> Fault | None:
        with self._lock:
            return next((fault for fault in self.faults if fault.strikes(argv)), None)

    def _hang(self, fault: Fault, argv: list[str], timeout: float) -> None:
        if fault.hangs:
            self._pass(timeout, argv)
            raise _timed_out(argv, timeout)

    def _pass(self, seconds: float, argv: list[str]) -> None:
        """Let time pass, unless somebody ends the program meanwhile."""
        if seconds <= 0:
            return
        if self._sleep is not None:
            self._sleep(seconds)
            return
        pause, thread = threading.Event(), threading.get_ident()
        with self._pausing:
            self._pauses[thread] = pause
            if self._stopped.is_set():
                pause.set()
        ended = pause.wait(seconds)
        with self._pausing:
            self._pauses.pop(thread)
        if ended and not self._stopped.is_set():
            raise interrupted(argv)

    @contextmanager
    def _held(self, *, looks: bool = False) -> Generator[None]:
        """The state, held still: against other threads, and against other processes that keep it too.

        Args:
            looks: whether nothing is changed, so that nothing has to be written down either.
        """
        with self._lock:
            if self._state is None:
                yield
                return
            self._state.parent.mkdir(parents=True, exist_ok=True)
            with self._state.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._load(self._state)
                yield
                if not looks:
                    self._save(self._state)

    def _load(self, file: Path) -> None:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if text and text != self._kept:
            self.world = World.model_validate_json(text)
            self._kept = text

    def _save(self, file: Path) -> None:
        text = self.world.model_dump_json()
        if text != self._kept:
            new = file.with_suffix(".new")
            new.write_text(text, encoding="utf-8")
            new.replace(file)
            self._kept = text


def _timed_out(argv: list[str], timeout: float) -> CommandTimedOut:
    return CommandTimedOut(
        f"{argv[0]} did not end within {timeout:.0f} seconds and was stopped.",
        f"The command was: {' '.join(argv)}",
        "Look at the load of the host, then try again.",
    )
