"""What is asked of a node about one workload, done where it runs: by who is root there, or on a simulation.

Nobody who asks names a machine, a data set or a folder: those are made here, of what the database knows.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from agent.core.errors import (
    CommandSaidTooMuch,
    InvalidRequest,
    MayHaveRun,
    NoSpace,
    NotRunning,
    UnknownWorkload,
)
from agent.core.filename import numbered
from agent.core.owner import Owner
from agent.core.workload import Executed, Usage, Workload
from agent.host.guest_files import GuestFiles
from agent.host.journal import Journal
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.runtime import Runtime, UnitState
from agent.host.zfs import Zfs
from agent.services.calls import (
    Call,
    ChangedCall,
    ExecCall,
    GetCall,
    KeptCall,
    LastChangeCall,
    LogsCall,
    PutCall,
    ReadyCall,
    SizeCall,
    SnapshotsCall,
    SpaceCall,
    UsageCall,
    WorkloadCall,
)
from agent.services.layout import Layout
from agent.services.node_storage import NodeStorage
from agent.services.readiness import readiness
from agent.store.workloads import WorkloadStore

MAX_SAID = 16 << 20
"""Bytes that a command may print."""
MAX_SENT = 50_000_000
"""Bytes of a file that can be sent to a person: what Telegram takes."""
WORKSPACE = "/workspace"
SAME_NAME = 99
"""How many files may be called alike but for a number."""
MIB = 1 << 20


class Taken(BaseModel):
    """What a workload takes.

    Attributes:
        root: its root file system; None where that is not there, or could not be read.
        workspace: its /workspace; the same.
        whole: both with all that is kept of them, which has the one limit; the same.
        unknown: which of them could not be read.
    """

    model_config = ConfigDict(frozen=True)

    root: Usage | None
    workspace: Usage | None
    whole: Usage | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a node answers.

    Attributes:
        value: as its method has it.
        data: what is in a file, where that was asked for.
    """

    value: object
    data: bytes | None = None


class NodeWork:
    """Does what is asked of a node.

    Args:
        node: which one.
        pool: its ZFS pool.
        runtime: what runs its containers.
        workloads: the record of them.
        upload_max: bytes of a file that a person may send.
    """

    def __init__(
        self, node: Node, pool: str, runtime: Runtime, workloads: WorkloadStore, upload_max: int
    ) -> None:
        self._node = node
        self._zfs = Zfs(node)
        self._layout = Layout(pool)
        self._storage = NodeStorage(node, pool)
        self._runtime = runtime
        self._files = GuestFiles(runtime)
        self._workloads = workloads
        self._upload_max = upload_max

    def answer(  # noqa: C901, PLR0911, PLR0912 - one per method
        self, call: Call, data: bytes | None = None
    ) -> Answer:
        """Do what is asked.

        Args:
            call: what.
            data: what goes with it.

        Raises:
            VoxnixError: with the reason why it was not done.
        """
        match call:
            case UsageCall():
                return Answer(self._taken(self._find(call)))
            case LogsCall():
                machine = self._find(call).machine
                root = self._layout.root_folder(machine)
                return Answer(Journal(self._node).lines(machine, call.lines, root))
            case ExecCall():
                return Answer(self._exec(call))
            case SnapshotsCall():
                return Answer(self._storage.snapshots(self._find(call)))
            case ChangedCall():
                return Answer(self._storage.changed(self._find(call), call.snapshot, call.limit))
            case LastChangeCall():
                known = self._storage.last_change(self._find(call))
                return Answer([] if known is None else [known])
            case KeptCall():
                return Answer(self._storage.kept(self._find(call), call.snapshot, call.path))
            case ReadyCall():
                workload = None if call.name is None else self._find(call)
                return Answer(readiness(self._zfs, self._layout, Owner(call.owner), workload))
            case SpaceCall():
                return Answer(self._storage.space(Owner(call.owner)))
            case PutCall():
                return Answer(self._put(call, data or b""))
            case SizeCall():
                return Answer(self._files.size(self._running(call).machine, call.path))
            case GetCall():
                size, content = self._files.get(self._running(call).machine, call.path, MAX_SENT)
                check_sent(call.path, size)
                return Answer(size, content)
            case _:
                raise ValueError(f"nothing does {call!r}")

    def _find(self, call: WorkloadCall | ReadyCall) -> Workload:
        workload = self._workloads.find(Owner(call.owner), call.name or "")
        if workload is None or workload.node != self._node.name:
            raise UnknownWorkload(f"You have no container called {call.name}.")
        return workload

    def _running(self, call: WorkloadCall) -> Workload:
        """The workload, which runs: asked of the node, so that nothing meets one that has just gone."""
        workload = self._find(call)
        state = self._runtime.state(workload.machine)
        if state is not UnitState.ACTIVE:
            raise NotRunning(f"{call.name} is not running.", f"It is {state}.", f"Start {call.name} first.")
        return workload

    def _exec(self, call: ExecCall) -> Executed:
        machine = self._running(call).machine
        try:
            done = self._runtime.exec(machine, call.argv, timeout=call.timeout, most=MAX_SAID)
        except CommandSaidTooMuch:
            raise CommandSaidTooMuch(
                f"{call.argv[0][:100]} printed more than {mib(MAX_SAID)} and was stopped.",
                hint="Have it write into a file, or print less.",
            ) from None
        if done.returncode < 0:  # what carries it was killed, from outside of the container
            raise may_have_run("Voxnix was stopped while the command ran.")
        return done

    def _taken(self, workload: Workload) -> Taken:
        owner, machine = Owner(workload.owner), workload.machine
        parts = {
            "root": self._layout.root(owner, machine),
            "workspace": self._layout.workspace(owner, machine),
            "whole": self._layout.workload(owner, machine),
        }
        seen = {part: self._zfs.presence(dataset) for part, dataset in parts.items()}
        usage = {
            part: self._zfs.usage(parts[part]) if presence is Presence.PRESENT else None
            for part, presence in seen.items()
        }
        unknown = tuple(part for part, presence in seen.items() if presence is Presence.UNKNOWN)
        return Taken(**usage, unknown=unknown)

    def _put(self, call: PutCall, data: bytes) -> str:
        check_upload(call.filename, len(data), self._upload_max)
        workload = self._running(call)
        room = self._zfs.usage(self._layout.workspace(Owner(call.owner), workload.machine))
        if len(data) > room.available:
            raise NoSpace(
                f"{call.filename} does not fit into {call.name}'s workspace.",
                f"It has {mib(len(data))}; {mib(room.available)} are free.",
                f"Remove something in {call.name}'s {WORKSPACE} first.",
            )
        names = [numbered(call.filename, number) for number in range(1, SAME_NAME + 1)]
        return f"{WORKSPACE}/{self._files.put(workload.machine, WORKSPACE, names, data)}"


def check_upload(filename: str, size: int, most: int) -> None:
    """Refuse a file that a person sends if it is too large.

    Raises:
        InvalidRequest: with the numbers.
    """
    if size > most:
        raise InvalidRequest(
            f"{filename} is too large: {mib(size)}.",
            f"A file may have {mib(most)}.",
            "Send it in parts, or let the container download it.",
        )


def check_sent(path: str, size: int) -> None:
    """Refuse a file that is to be sent to a person if it is too large.

    Raises:
        InvalidRequest: with the numbers.
    """
    if size > MAX_SENT:
        raise InvalidRequest(
            f"{path} is too large to be sent: {mib(size)}.",
            f"A file may have {mib(MAX_SENT)}.",
            "Pack it, or split it into parts: split -b 40M FILE",
        )


def may_have_run(why: str) -> MayHaveRun:
    """What to tell a person of something that must not run twice, and whose end nobody saw."""
    return MayHaveRun("It may have run; its output is lost.", why, "Look before doing it again.")


def mib(size: int) -> str:
    """A number of bytes in MiB, for people."""
    return f"{size / MIB:,.1f} MiB"
