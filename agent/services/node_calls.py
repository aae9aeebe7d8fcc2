"""Calls of a node, from whichever process: done here, or carried to the worker as rows of the database.

What has a key is done at most once either way. Its row is written before it runs; the same key again is
answered with what that row says, and never runs a second time.
"""

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from agent.core.errors import (
    HostFailure,
    MayHaveRun,
    Problem,
    VoxnixError,
    WorkerAbsent,
    error_of,
    problem_of,
)
from agent.core.owner import Owner
from agent.core.storage import Difference, KeptFile, SnapshotInfo
from agent.core.workload import Executed
from agent.services.calls import (
    MAX_CHANGED,
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
)
from agent.services.node_storage import Taking
from agent.services.node_work import Answer, NodeWork, Taken, may_have_run
from agent.services.readiness import Readiness
from agent.store.database import Database
from agent.store.node_calls import NodeCall, NodeCallStore
from agent.store.nodes import NodeStore

WORKER_SILENCE = timedelta(seconds=10)
"""A worker that was not heard of for so long is taken for absent."""
TAKEN_WITHIN = 30.0
"""Seconds until a worker that is there must have begun; then the call is taken back."""
GRACE = 15.0
"""Seconds over a call's own time in which its answer may come."""
MAX_RECORDED = 1 << 20
"""Characters of each output of a command that a row keeps."""

_T = TypeVar("_T")


class NodeCalls(ABC):
    """What services ask of the node. Each method raises what :class:`NodeWork` does, and its own."""

    def usage(self, owner: Owner, name: str) -> Taken:
        """What a workload takes."""
        return self._value(Taken, UsageCall(owner=owner.key, name=name))

    def logs(self, owner: Owner, name: str, lines: int) -> list[str]:
        """The last lines of a workload's journal, oldest first."""
        return self._value(list[str], LogsCall(owner=owner.key, name=name, lines=lines))

    def exec(self, owner: Owner, name: str, argv: list[str], timeout: float, key: str = "") -> Executed:
        """Run a command inside a workload: with a key, at most once.

        Raises:
            MayHaveRun: whether it ran is not known.
        """
        call = ExecCall(owner=owner.key, name=name, argv=tuple(argv), timeout=timeout)
        return self._value(Executed, call, key=key)

    def put(self, owner: Owner, name: str, filename: str, data: bytes, key: str = "") -> str:
        """Write a new file into a workspace: with a key, at most once.

        Returns:
            Its path inside.
        """
        return self._value(str, PutCall(owner=owner.key, name=name, filename=filename), data, key)

    def size(self, owner: Owner, name: str, path: str) -> int:
        """How large a file is, in bytes."""
        return self._value(int, SizeCall(owner=owner.key, name=name, path=path))

    def get(self, owner: Owner, name: str, path: str) -> bytes:
        """What is in a file."""
        return self._answer(GetCall(owner=owner.key, name=name, path=path), None, "").data or b""

    def snapshots(self, owner: Owner, name: str) -> list[SnapshotInfo]:
        """The snapshots of a workload, newest first."""
        return self._value(list[SnapshotInfo], SnapshotsCall(owner=owner.key, name=name))

    def changed(self, owner: Owner, name: str, snapshot: str, limit: int = MAX_CHANGED) -> Difference:
        """What became of the files of a workspace since a snapshot, by its whole name."""
        call = ChangedCall(owner=owner.key, name=name, snapshot=snapshot, limit=limit)
        return self._value(Difference, call)

    def last_change(self, owner: Owner, name: str) -> datetime | None:
        """When anything in a workspace was last changed; None where there is too much in it to look at."""
        known = self._value(list[datetime], LastChangeCall(owner=owner.key, name=name))
        return known[0] if known else None

    def kept(self, owner: Owner, name: str, snapshot: str, path: str) -> KeptFile:
        """A file as a snapshot has it, and what is in its place now."""
        return self._value(KeptFile, KeptCall(owner=owner.key, name=name, snapshot=snapshot, path=path))

    def space(self, owner: Owner) -> Taking:
        """Where the space of an owner goes."""
        return self._value(Taking, SpaceCall(owner=owner.key))

    def ready(self, owner: Owner, name: str | None = None) -> Readiness:
        """Whether there is room and data sets are fit for use, for a new workload or for this one."""
        return self._value(Readiness, ReadyCall(owner=owner.key, name=name))

    def _value(self, kind: type[_T], call: Call, data: bytes | None = None, key: str = "") -> _T:
        return TypeAdapter(kind).validate_python(self._answer(call, data, key).value)

    @abstractmethod
    def _answer(self, call: Call, data: bytes | None, key: str) -> Answer:
        """Have it done, and say what came of it."""


class DirectCalls(NodeCalls):
    """Calls of a process that may do on the node what it wants, or whose node is a simulation."""

    def __init__(
        self, node: str, work: NodeWork, store: NodeCallStore, clock: Callable[[], datetime]
    ) -> None:
        self._node = node
        self._work = work
        self._store = store
        self._clock = clock

    def _answer(self, call: Call, data: bytes | None, key: str) -> Answer:
        if not key:
            return self._work.answer(call, data)
        arguments = call.model_dump(mode="json")
        row, new = self._store.enter(
            self._node, call.method, arguments, self._clock(), key=_key(key, call, data), taken=True
        )
        if not new:
            if row.ended_at is None:
                raise may_have_run("Voxnix was stopped while it was under way.")
            return answer_of(row)
        return recorded(self._store, row, self._clock, lambda: self._work.answer(call, data))


class CarriedCalls(NodeCalls):
    """Calls of a process that has no right over the node: its worker does them.

    Args:
        node: whose worker.
        database: where the rows are.
        store: the rows.
        nodes: the worker's heartbeat.
        clock: the time in UTC.
        ensure_worker: called while something waits, to start a worker in this process where that is wanted.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        node: str,
        database: Database,
        store: NodeCallStore,
        nodes: NodeStore,
        clock: Callable[[], datetime],
        ensure_worker: Callable[[], None],
    ) -> None:
        self._node = node
        self._database = database
        self._store = store
        self._nodes = nodes
        self._clock = clock
        self._ensure_worker = ensure_worker

    def _answer(self, call: Call, data: bytes | None, key: str) -> Answer:
        arguments = call.model_dump(mode="json")
        row, _ = self._store.enter(
            self._node,
            call.method,
            arguments,
            self._clock(),
            data=data,
            key=_key(key, call, data) if key else "",
        )
        ended = self._ended(row, call)
        if ended.problem is not None and ended.problem.code == MayHaveRun.__name__:
            raise self._lost(call, ended.problem.why)
        return answer_of(ended)

    def _ended(self, row: NodeCall, call: Call) -> NodeCall:
        """The call once it is over, however long ago it was entered."""
        entered = checked = time.monotonic()
        begun: float | None = None
        with self._database.news() as changed:
            while True:
                now = time.monotonic()
                if changed():
                    row = self._known(row, call)
                    if row.ended_at is not None:
                        return row
                    if row.taken_at is not None:
                        begun = begun or now
                self._ensure_worker()
                if now - checked > WORKER_SILENCE.total_seconds():
                    checked = now
                    self._check_worker(row, call)
                if begun is None and now - entered > TAKEN_WITHIN and self._store.withdraw(row.id):
                    raise _busy()
                if begun is not None and now - begun > call.timeout + GRACE:
                    raise self._lost(call, "No answer came in time.")
                time.sleep(self._database.poll)

    def _known(self, row: NodeCall, call: Call) -> NodeCall:
        known = self._store.get(row.id)
        if known is None:  # by nobody but who prunes, and that only long afterwards
            raise self._lost(call, "Its record is gone.")
        return known

    def _check_worker(self, row: NodeCall, call: Call) -> None:
        seen = self._nodes.seen_at(self._node)
        if seen is not None and self._clock() - seen <= WORKER_SILENCE:
            return
        why = (
            f"The worker of {self._node} was never heard of."
            if seen is None
            else f"The worker of {self._node} was last heard of at {seen:%H:%M:%S} UTC."
        )
        if self._store.withdraw(row.id):
            hint = "Start it with `systemctl start voxnix-worker`, or run `voxnix worker`. Nothing was done."
            raise WorkerAbsent(f"Nobody answers for {self._node}.", why, hint)
        if self._known(row, call).ended_at is None:
            raise self._lost(call, why)

    @staticmethod
    def _lost(call: Call, why: str) -> VoxnixError:
        if isinstance(call, ExecCall | PutCall):
            return may_have_run(why)
        return HostFailure("The node's worker did not answer.", why, "Try again in a moment.")


def recorded(
    store: NodeCallStore, row: NodeCall, clock: Callable[[], datetime], work: Callable[[], Answer]
) -> Answer:
    """Do what a row asks for, and write down how it ended, whatever it was.

    Raises:
        VoxnixError: what the work raised; it is written down too.
    """
    try:
        answer = work()
    except Exception as error:
        store.finish(row.id, clock(), problem=problem_of(error))
        raise
    store.finish(row.id, clock(), result=to_jsonable_python(_kept(answer.value)), data=answer.data)
    return answer


def answer_of(row: NodeCall) -> Answer:
    """What a row that has ended says.

    Raises:
        VoxnixError: that it ended in a problem.
    """
    if row.problem is not None:
        raise error_of(row.problem)
    return Answer(row.result, row.data)


def interrupted() -> Problem:
    """What became of a call whose worker ended."""
    return may_have_run("The worker was restarted meanwhile.").problem


def _busy() -> HostFailure:
    return HostFailure(
        "The node's worker is busy, and did not begin with this. Nothing was done.",
        f"It had {TAKEN_WITHIN:.0f} seconds.",
        "Try again in a moment.",
    )


def _kept(value: object) -> object:
    if not isinstance(value, Executed):
        return value
    return Executed(returncode=value.returncode, stdout=_clipped(value.stdout), stderr=_clipped(value.stderr))


def _clipped(text: str) -> str:
    if len(text) <= MAX_RECORDED:
        return text
    half = MAX_RECORDED // 2
    return f"{text[:half]}\n[… {len(text) - MAX_RECORDED:,} characters left out …]\n{text[-half:]}"


def _key(key: str, call: Call, data: bytes | None) -> str:
    """The key of this very call: a model that gives two of them one number means two all the same."""
    text = f"{call.method}\0{call.model_dump_json()}\0".encode() + (data or b"")
    return f"{key[:150]}#{hashlib.sha256(text).hexdigest()[:32]}"
