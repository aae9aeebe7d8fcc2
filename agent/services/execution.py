"""How one operation is carried out: its steps in order, and its way back. The engine makes it last."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from agent.core.errors import Cancelled, HostFailure, InvalidRequest, Problem, problem_of
from agent.core.operation import Operation, OperationState, Progress
from agent.host.node import Node
from agent.services.changes import Changes, Step
from agent.store.operations import OperationStore

log = logging.getLogger(__name__)

UNDO_ATTEMPTS = 3
"""How often it is tried to take back what an operation did; each begins where the last one failed."""
UNDO_PAUSE = 0.5
"""Seconds between them."""


class Execution:
    """The parts of an operation's run. Each may be called again after a crash, and keeps the row true.

    Args:
        node: where it is done.
        operations: their record.
        changes: what each kind does.
        clock: the time in UTC.
    """

    def __init__(
        self, node: Node, operations: OperationStore, changes: Changes, clock: Callable[[], datetime]
    ) -> None:
        self._node = node
        self._operations = operations
        self._changes = changes
        self._clock = clock
        self._threads: dict[int, int] = {}
        self._threads_lock = threading.Lock()

    def begin(self, number: int) -> str:
        """The kind of an operation that runs from now on; nothing where it was cancelled before it could."""
        operation = self._get(number)
        if operation.state is OperationState.QUEUED:
            steps = len(self._changes.steps(operation.kind))
            with suppress(InvalidRequest):  # cancelled in this very moment
                operation = self._operations.move(number, OperationState.RUNNING, self._clock(), steps=steps)
        return operation.kind.value if operation.state is OperationState.RUNNING else ""

    def attempt(self, number: int, position: int) -> dict[str, Any] | None:
        """Run one step; its problem as plain JSON, None when it went well."""
        operation = self._get(number)
        if operation.state is not OperationState.RUNNING:  # another run of it has brought it to its end
            return None
        step = self._changes.steps(operation.kind)[position - 1]
        log.info("operation %d (%s %s): %s", number, operation.kind, operation.workload, step.name)
        if operation.cancelled_by and not step.final:
            return _cancelled(operation).as_dict()
        self._operations.report(number, position, Progress(label=step.name))
        said: str | None = None
        try:
            with self._interruptible(number, step):
                said = step.run(
                    operation, lambda progress: self._operations.report(number, position, progress)
                )
        except Exception as error:  # whatever it was, the operation has to end and say so
            if step.final or not self._get(number).cancelled_by:
                log.warning("operation %d failed in %s", number, step.name, exc_info=error)
                return problem_of(error).as_dict()
        if said:
            self._operations.find(number, [said])
        if not step.final and (now := self._get(number)).cancelled_by:
            return _cancelled(now).as_dict()
        return None

    def undo(self, number: int) -> str:
        """Take back what an operation did.

        Returns:
            Why something of it is left; empty where nothing is.
        """
        operation = self._get(number)
        if operation.state is not OperationState.RUNNING:
            return ""
        left = ""
        for attempt in range(UNDO_ATTEMPTS):
            if attempt:
                time.sleep(UNDO_PAUSE)
            try:
                self._changes.undo(self._get(number))
            except Exception as error:  # the operation still has to end
                log.exception("operation %d could not be undone", number)
                problem = problem_of(error)
                left = f"{problem.what} {problem.why}".strip()
            else:
                return ""
        self._operations.find(number, [f"Not all of it could be taken back. {left}"])
        return left

    def end(self, number: int, problem: dict[str, Any] | None, left: str) -> None:
        """Write down how an operation ended.

        Args:
            number: of the operation.
            problem: why it did not go well, as plain JSON.
            left: why something of it is left.
        """
        operation = self._get(number)
        if operation.state.ended:
            return
        cause = None if problem is None else Problem(**problem)
        if cause is None:
            state = OperationState.DONE
        elif cause.code == Cancelled.__name__ and not left:
            state = OperationState.CANCELLED
        else:
            state = OperationState.FAILED
        if cause is not None and left:
            cause = _left(cause, left)
        self._operations.move(number, state, self._clock(), problem=cause)

    def interrupt(self, numbers: Iterable[int]) -> None:
        """End the programs of steps that nobody wants any more; again and again, as a step may run more."""
        for number in numbers:
            with self._threads_lock:  # held: once a step is over, its thread may run another's programs
                if (thread := self._threads.get(number)) is not None:
                    self._node.interrupt(thread)

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


def _left(cause: Problem, left: str) -> Problem:
    """How an operation ends that could be neither carried out nor taken back."""
    # A cancelled one says as its reason that all was taken back.
    why = "" if cause.code == Cancelled.__name__ else cause.why
    return HostFailure(
        f"{cause.what} Something of it is left.",
        f"{why} It could not be taken back: {left}".strip(),
        "`voxnix doctor` says what is left, and what to do with it.",
    ).problem
