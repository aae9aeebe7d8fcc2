"""The engine: takes queued operations and runs their steps on DBOS, so that a crash resumes where it was."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Self

from dbos import DBOS, DBOSConfig, SetWorkflowID

from agent.core.errors import Cancelled, HostFailure, InvalidRequest, Problem, problem_of
from agent.core.operation import Operation, OperationKind, OperationState, Progress
from agent.host.node import Node
from agent.services.changes import Changes, Step
from agent.services.operations import expired
from agent.settings import Settings
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.operations import OperationStore

log = logging.getLogger(__name__)

HEARTBEAT = 2.0
"""Seconds between two signs of life."""
CONCURRENCY = 4
"""Operations that run side by side on a node."""
APPLICATION_VERSION = "voxnix"
"""Pinned: DBOS resumes only what its own version began, and our steps are idempotent across ours."""


class Engine:
    """Runs the operations of one node. One per process, and by :mod:`agent.services.lock` one per node.

    A client puts an operation into the database as ``queued``; the engine hands it to DBOS under a workflow
    id made of its number, so that handing over twice is once. The workflow keeps the row true.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        settings: Settings,
        database: Database,
        node: Node,
        nodes: NodeStore,
        operations: OperationStore,
        changes: Changes,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._database = database
        self._node = node
        self._nodes = nodes
        self._operations = operations
        self._changes = changes
        self._clock = clock
        self._handed_over: set[int] = set()
        self._threads: dict[int, int] = {}
        self._threads_lock = threading.Lock()
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
        def operation(number: int) -> None:  # DBOS cannot mark a bound method
            self._run(number)

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
                    if changed():
                        self._hand_over()
                        cancelled = self._operations.cancelled(self._settings.node_name)
                    self._interrupt(cancelled)
                except Exception:  # the worker lives on: the next look may go well
                    log.exception("looking for operations failed")
                self._stopping.wait(self._database.poll)

    def _hand_over(self) -> None:
        """Give DBOS what may run now and it does not have, as long as there is room."""
        ready = self._operations.ready(self._settings.node_name)
        self._handed_over &= set(ready)
        for number in ready:
            if number not in self._handed_over and len(self._handed_over) < CONCURRENCY:
                workflow = f"operation-{number}"
                # What a crash interrupted DBOS has taken up by itself.
                if DBOS.get_workflow_status(workflow) is None:
                    with SetWorkflowID(workflow):
                        DBOS.start_workflow(self._workflow, number)
                self._handed_over.add(number)

    def _expire(self, now: datetime) -> None:
        """End what nobody agreed to in time."""
        oldest = now - timedelta(minutes=self._settings.approval_minutes)
        for number in self._operations.stale(self._settings.node_name, oldest):
            problem = expired(self._get(number)).problem
            with suppress(InvalidRequest):  # somebody answered in this very moment
                self._operations.move(number, OperationState.CANCELLED, now, problem=problem)

    def _interrupt(self, cancelled: list[int]) -> None:
        """End the programs of steps that nobody wants any more; at each look, as a step may run the next."""
        for number in cancelled:
            with self._threads_lock:  # held: once a step is over, its thread may run another's programs
                if (thread := self._threads.get(number)) is not None:
                    self._node.interrupt(thread)

    def _run(self, number: int) -> None:
        """The workflow: it calls steps and decides by their answers alone, so that it can be replayed."""
        begun = DBOS.run_step({"name": "begin"}, self._begin, number)
        if not begun:
            return
        kind = OperationKind(begun)
        problem: dict[str, Any] | None = None
        for position, step in enumerate(self._changes.steps(kind), start=1):
            problem = DBOS.run_step({"name": step.name}, self._attempt, number, position)
            if problem is not None:
                DBOS.run_step({"name": "undo"}, self._undo, number)
                break
        DBOS.run_step({"name": "end"}, self._end, number, problem)

    def _begin(self, number: int) -> str:
        """The kind of an operation that runs from now on; nothing where it was cancelled before it could."""
        operation = self._get(number)
        if operation.state is OperationState.QUEUED:
            steps = len(self._changes.steps(operation.kind))
            with suppress(InvalidRequest):  # cancelled in this very moment
                operation = self._operations.move(number, OperationState.RUNNING, self._clock(), steps=steps)
        return operation.kind.value if operation.state is OperationState.RUNNING else ""

    def _attempt(self, number: int, position: int) -> dict[str, Any] | None:
        """Run one step; its problem as plain JSON, None when it went well."""
        operation = self._get(number)
        step = self._changes.steps(operation.kind)[position - 1]
        log.info("operation %d (%s %s): %s", number, operation.kind, operation.workload, step.name)
        if operation.cancelled_by and not step.final:
            return _cancelled(operation).as_dict()
        self._operations.report(number, position, Progress(label=step.name))
        try:
            with self._interruptible(number, step):
                said = step.run(
                    operation, lambda progress: self._operations.report(number, position, progress)
                )
            if said:
                self._operations.find(number, [said])
        except Exception as error:  # whatever it was, the operation has to end and say so
            if step.final or not self._get(number).cancelled_by:
                log.warning("operation %d failed in %s", number, step.name, exc_info=error)
                return problem_of(error).as_dict()
        if not step.final and (now := self._get(number)).cancelled_by:
            return _cancelled(now).as_dict()
        return None

    @contextmanager
    def _interruptible(self, number: int, step: Step) -> Generator[None]:
        """While this lasts, who cancels ends the step's programs, unless there is no way back from it."""
        if step.final:
            yield
            return
        with self._threads_lock:
            self._threads[number] = threading.get_ident()
        try:
            yield
        finally:
            with self._threads_lock:
                del self._threads[number]

    def _undo(self, number: int) -> None:
        try:
            self._changes.undo(self._get(number))
        except Exception:  # the operation still has to end; what is left over is in the log
            log.exception("operation %d could not be undone", number)

    def _end(self, number: int, problem: dict[str, Any] | None) -> None:
        if self._get(number).state.ended:
            return
        cause = None if problem is None else Problem(**problem)
        if cause is None:
            state = OperationState.DONE
        elif cause.code == Cancelled.__name__:
            state = OperationState.CANCELLED
        else:
            state = OperationState.FAILED
        self._operations.move(number, state, self._clock(), problem=cause)

    def _get(self, number: int) -> Operation:
        operation = self._operations.get(number)
        if operation is None:
            raise ValueError(f"operation {number} is not in the database")
        return operation


def _cancelled(operation: Operation) -> Problem:
    """How an operation ends that nobody wants any more."""
    return Cancelled(
        f"{operation.kind.capitalize()} {operation.workload} was cancelled.",
        "What it had made or changed until then was taken back.",
    ).problem
