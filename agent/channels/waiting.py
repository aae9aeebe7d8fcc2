"""Waiting for an operation, and saying meanwhile what it does: a bar on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from agent.channels import render
from agent.channels.terminal import Terminal
from agent.core.operation import Operation, OperationState

SLOW_AFTER = 45.0
"""Seconds without a change after which a person is told how it looks."""
LINE_EVERY = 10.0
"""Seconds between two plain lines that differ in a count alone."""
BAR_WIDTH = 16
BESIDE_LABEL = BAR_WIDTH + 16
"""Columns for the bar, the time, and the ^C that a terminal writes behind them: a line must never wrap."""
LOOKS_SLOW = "nothing new for {:.0f} s, but its worker is alive: slow, not dead"


class Interrupted(KeyboardInterrupt):
    """The person stopped waiting; the operation was not stopped.

    Args:
        operation: as last seen.
    """

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation.id)
        self.operation = operation

    def __str__(self) -> str:
        what = f"Operation {self.operation.id} ({self.operation.kind} {self.operation.workload})"
        return (
            f"{what} is not cancelled: the worker goes on with it, or else the next command that waits does. "
            "Look: voxnix operations"
        )


class Reporter(Protocol):
    """Shows how operations go."""

    def update(self, operation: Operation) -> None:
        """Show what has changed."""
        ...


def follow(terminal: Terminal, changes: Iterator[Operation]) -> Operation:
    """Show an operation until ``changes`` ends.

    Args:
        terminal: where.
        changes: the operation, now and whenever it has changed; at least once.

    Returns:
        The operation as last seen.

    Raises:
        Interrupted: Ctrl-C.
    """
    operation = next(changes)
    try:
        with _reporter(terminal) as reporter:
            reporter.update(operation)
            for operation in changes:
                reporter.update(operation)
    except KeyboardInterrupt:
        raise Interrupted(operation) from None
    return operation


def _reporter(terminal: Terminal) -> AbstractContextManager[Reporter]:
    if terminal.json:
        return nullcontext(_Silence())
    return Bars(terminal.err) if terminal.err.is_terminal else Lines(terminal)


class _Silence:
    def update(self, operation: Operation) -> None:
        """Programs read the answer alone."""


class _Label(ProgressColumn):
    """What is being done; told by the clock, below it, that nothing has changed for long."""

    max_refresh = 1.0

    def __init__(self, width: int, slow_after: float) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis", max_width=width))
        self._slow_after = slow_after

    def render(self, task: Task) -> Text:
        """See :class:`ProgressColumn`."""
        label = Text(task.description)
        quiet = time.monotonic() - float(task.fields["changed_at"])
        return label.append(f"\n{LOOKS_SLOW.format(quiet)}", "yellow") if quiet >= self._slow_after else label


class Bars:
    """A bar for each operation that is under way.

    Args:
        console: a terminal.
        live: draw by itself; otherwise who made it draws :attr:`progress`.
        slow_after: seconds without a change after which it says so.
    """

    def __init__(self, console: Console, *, live: bool = True, slow_after: float = SLOW_AFTER) -> None:
        self._live = live
        self._tasks: dict[int, TaskID] = {}
        self.progress = Progress(
            SpinnerColumn(),
            _Label(max(console.width - BESIDE_LABEL, 16), slow_after),
            BarColumn(bar_width=BAR_WIDTH),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )

    @property
    def busy(self) -> bool:
        """Whether there is a bar to draw."""
        return bool(self._tasks)

    def update(self, operation: Operation) -> None:
        """Move the operation's bar; take it away when the operation has ended."""
        task = self._tasks.get(operation.id)
        if operation.state.ended or operation.state is OperationState.PROPOSED:
            # A display that draws itself is about to end: empty, it would take the line above it along.
            if task is not None and not self._live:
                self.progress.remove_task(self._tasks.pop(operation.id))
            return
        if task is None:
            task = self._tasks[operation.id] = self.progress.add_task("", total=None, changed_at=0.0)
        counted = operation.progress
        self.progress.update(
            task,
            description=f"{operation.kind} {operation.workload} · {render.step(operation)}",
            total=counted.total or None,
            completed=counted.done,
            changed_at=time.monotonic(),
        )

    def __enter__(self) -> Self:
        if self._live:
            self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()


class Lines:
    """A plain line for each step.

    Args:
        terminal: where.
        slow_after: seconds without a change after which it says so.
    """

    def __init__(self, terminal: Terminal, *, slow_after: float = SLOW_AFTER) -> None:
        self._terminal = terminal
        self._slow_after = slow_after
        self._said: dict[int, tuple[str, str, float]] = {}
        self._alarm: threading.Timer | None = None

    def update(self, operation: Operation) -> None:
        """Say what is new; a count alone is news only now and then."""
        self._silence()
        if operation.state.ended or operation.state is OperationState.PROPOSED:
            return
        now = time.monotonic()
        topic, line = f"{operation.state} {operation.step} {operation.progress.label}", render.step(operation)
        known = self._said.get(operation.id)
        if known is None or known[0] != topic or (known[1] != line and now - known[2] >= LINE_EVERY):
            self._said[operation.id] = topic, line, now
            self._terminal.say(f"{operation.kind} {operation.workload}: {line}")
        self._alarm = threading.Timer(self._slow_after, self._slow, (operation,))
        self._alarm.daemon = True
        self._alarm.start()

    def _slow(self, operation: Operation) -> None:
        self._terminal.say(f"{operation.kind} {operation.workload}: {LOOKS_SLOW.format(self._slow_after)}")

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._silence()
