"""The engine: takes queued operations and runs their steps on DBOS, so that a crash resumes where it was."""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from dbos import DBOS, DBOSConfig, SetWorkflowID

from agent.core.errors import HostFailure, InvalidRequest
from agent.core.operation import OperationKind, OperationState
from agent.services.changes import Changes
from agent.services.execution import Execution
from agent.services.operations import expired
from agent.settings import Settings
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.operations import OperationStore

log = logging.getLogger(__name__)

HEARTBEAT = 2.0
"""Seconds between two signs of life."""
CONCURRENCY = 4
"""Operations that run side by side on a node, beside those that build."""
BUILDING = frozenset(
    {
        OperationKind.CREATE,
        OperationKind.UPDATE,
        OperationKind.BUILD,
        OperationKind.CLONE,
        OperationKind.RECEIVE,
    }
)
"""Kinds that may build an image: what takes all of a machine's cores, and much of its memory."""
BUILD_MEMORY = 2 << 30
"""Bytes of memory that one build is given, when it is worked out how many may run at a time."""
APPLICATION_VERSION = "voxnix"
"""Pinned: DBOS resumes only what its own version began, and our steps are idempotent across ours."""

DRAIN = 5.0
"""Seconds that what is under way is given to notice that the engine has stopped."""
LOST = 10.0
"""Seconds after which a workflow that runs nowhere is lost: DBOS needs less to resume one."""
ATTEMPTS = 4
"""How many workflows an operation is given, where each is lost; the last one takes it back."""
OVER = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""States of a workflow after which DBOS does nothing more with it."""


@dataclass
class _Taken:
    """An operation that was handed over.

    Attributes:
        kind: what it does.
        alive_at: when its workflow was last seen to run, as ``time.monotonic`` tells it.
    """

    kind: OperationKind
    alive_at: float


class Engine:
    """Runs the operations of one node. One per process, and by :mod:`agent.services.lock` one per node.

    A client puts an operation into the database as ``queued``; the engine hands it to DBOS under a workflow
    id made of its number, so that handing over twice is once. The workflow keeps the row true, and the row
    decides: an operation that has not ended there is brought to its end, whatever DBOS knows of it.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        settings: Settings,
        database: Database,
        nodes: NodeStore,
        operations: OperationStore,
        changes: Changes,
        execution: Execution,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._database = database
        self._nodes = nodes
        self._operations = operations
        self._changes = changes
        self._execution = execution
        self._clock = clock
        self._builds = settings.builds or builds_of(os.cpu_count() or 1, _memory())
        self._taken: dict[int, _Taken] = {}
        self._running: set[int] = set()
        self._stopping = threading.Event()
        self._dispatcher = threading.Thread(target=self._dispatch, name="voxnix-dispatcher", daemon=True)

    def __enter__(self) -> Self:
        """Resume what was under way, and take what is queued.

        Raises:
            HostFailure: the engine's database cannot be opened.
        """
        config = DBOSConfig(
            name="voxnix",
            application_version=APPLICATION_VERSION,
            executor_id=self._settings.node_name,
            system_database_url=self._engine_url(),
            log_level="WARNING",
            scheduler_polling_interval_sec=3600.0,  # nothing is scheduled
        )
        DBOS(config=config)

        @DBOS.workflow(name="operation")
        def operation(number: int, attempt: int = 1) -> None:  # DBOS cannot mark a bound method
            self._running.add(number)
            try:
                self._run(number, attempt)
            finally:
                self._running.discard(number)

        self._workflow = operation
        try:
            DBOS.launch()
        except Exception as error:
            DBOS.destroy(destroy_registry=True)
            raise HostFailure(
                "The engine that runs operations did not start.",
                str(error),
                "Look at the database and the disk.",
            ) from error
        self._dispatcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop taking operations. What is under way is resumed by the next start."""
        self._stopping.set()
        self._dispatcher.join()
        DBOS.destroy(destroy_registry=True)

    def drain(self) -> None:
        """Wait until nothing that was under way uses the database any more, once its programs were ended."""
        deadline = time.monotonic() + DRAIN
        while self._running and time.monotonic() < deadline:
            time.sleep(self._database.poll)

    def _engine_url(self) -> str:
        if not self._settings.database.startswith("sqlite:"):
            return self._settings.database
        self._settings.state_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._settings.state_folder / "engine.db"
        # A step costs a tenth in WAL mode, and the mode stays with the file.
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        return f"sqlite:///{path}"

    def _dispatch(self) -> None:
        with self._database.news() as changed:
            beat_at = 0.0
            cancelled: list[int] = []
            while not self._stopping.is_set():
                try:
                    now = self._clock()
                    if now.timestamp() - beat_at >= HEARTBEAT:
                        self._nodes.beat(self._settings.node_name, now, simulated=self._settings.simulate)
                        beat_at = now.timestamp()
                        self._expire(now)
                        self._take_up_lost()
                    if changed():
                        self._hand_over()
                        cancelled = self._operations.cancelled(self._settings.node_name)
                    self._execution.interrupt(cancelled)
                except Exception:  # the worker lives on: the next look may go well
                    log.exception("looking for operations failed")
                self._stopping.wait(self._database.poll)

    def _hand_over(self) -> None:
        """Give DBOS what may run now and it does not have, as long as there is room."""
        ready = self._operations.ready(self._settings.node_name)
        self._taken = {number: one for number, one in self._taken.items() if number in ready}
        for number, kind in ready.items():
            if number not in self._taken and self._room(kind):
                self._start(number)
                self._taken[number] = _Taken(kind, time.monotonic())

    def _room(self, kind: OperationKind) -> bool:
        """Whether one more of a kind may run. What builds takes no room from what does not."""
        builds = kind in BUILDING
        alike = sum((one.kind in BUILDING) is builds for one in self._taken.values())
        return alike < (self._builds if builds else CONCURRENCY)

    def _start(self, number: int, *, lost: bool = False) -> None:
        """Have DBOS run an operation, unless it does so already: what a crash interrupted it has taken up.

        Args:
            number: of the operation, which has not ended.
            lost: it is known that no workflow of it runs.
        """
        for attempt in range(1, ATTEMPTS + 1):
            workflow = f"operation-{number}" if attempt == 1 else f"operation-{number}-{attempt}"
            known = DBOS.get_workflow_status(workflow)
            if known is None:
                with SetWorkflowID(workflow):
                    DBOS.start_workflow(self._workflow, number, attempt)
                return
            if known.status not in OVER:
                if not lost:
                    return
                DBOS.cancel_workflow(workflow)  # or it would be resumed by the next start, beside the new one
        self._execution.end(number, _lost().problem.as_dict(), "It is not known how far it came.")

    def _take_up_lost(self) -> None:
        """Begin again what runs nowhere and has not ended: the engine could not write down how far it was."""
        now = time.monotonic()
        for number, one in self._taken.items():
            if number in self._running:
                one.alive_at = now
            elif now - one.alive_at > LOST:
                one.alive_at = now
                operation = self._operations.get(number)
                if operation is not None and not operation.state.ended:
                    log.error("operation %d was lost; it begins again", number)
                    self._start(number, lost=True)

    def _expire(self, now: datetime) -> None:
        """End what nobody agreed to in time."""
        oldest = now - timedelta(minutes=self._settings.approval_minutes)
        for number in self._operations.stale(self._settings.node_name, oldest):
            if (operation := self._operations.get(number)) is not None:
                with suppress(InvalidRequest):  # somebody answered in this very moment
                    problem = expired(operation).problem
                    self._operations.move(number, OperationState.CANCELLED, now, problem=problem)

    def _run(self, number: int, attempt: int) -> None:
        """The workflow: it calls steps and decides by their answers alone, so that it can be replayed."""
        begun = DBOS.run_step({"name": "begin"}, self._execution.begin, number)
        if not begun:
            return
        kind = OperationKind(begun)
        problem: dict[str, Any] | None = None
        left = ""
        if attempt == ATTEMPTS:
            problem = _lost().problem.as_dict()
        else:
            for position, step in enumerate(self._changes.steps(kind), start=1):
                problem = DBOS.run_step({"name": step.name}, self._execution.attempt, number, position)
                if problem is not None:
                    break
        if problem is not None:
            left = DBOS.run_step({"name": "undo"}, self._execution.undo, number)
        DBOS.run_step({"name": "end"}, self._execution.end, number, problem, left or "")


def builds_of(cores: int, memory: int) -> int:
    """How many operations that build may run at a time on a machine.

    Args:
        cores: of its processors.
        memory: in bytes.
    """
    return max(1, min(cores, memory // BUILD_MEMORY))


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _lost() -> HostFailure:
    return HostFailure(
        "It could not be carried out.",
        f"The engine lost it {ATTEMPTS - 1} times.",
        "Look at the disk and the log of the worker, then ask again.",
    )
