"""Where an operation can be interrupted: found by running it, and noting each thing that it does."""

import functools
import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from dbos import DBOS
from sqlalchemy import Connection

from agent.app import App
from agent.host.node import MOST_OUTPUT, Completed, Node
from agent.host.simulated import Pace, SimulatedNode
from agent.store.operations import OperationStore

When = Literal["before", "during", "after"]
Strike = Callable[[], None]

INSTANT = Pace.instant()
PATIENCE = 5.0
"""Seconds in which a worker that was told to end has ended its programs."""


@dataclass(frozen=True)
class Point:
    """One thing that an operation does.

    Attributes:
        what: ``command`` or ``file`` on the node, ``row`` in the database, ``step`` of the engine, or the
            ``record`` that the engine keeps of one.
        words: which one.
        step: of the engine, during which it is done; empty between two.
    """

    what: str
    words: str
    step: str

    def as_dict(self) -> dict[str, str]:
        """As plain JSON."""
        return asdict(self)


class Points:
    """Notes what the operations of this process do, in order; and does something else beside one of them.

    Only the threads of operations count. What is done within another thing and has no effect before that is
    over, such as a write within a transaction, is no point of its own.
    """

    def __init__(self) -> None:
        self.seen: list[Point] = []
        self.strikes: dict[tuple[int, When], Strike] = {}
        self._here = threading.local()

    @contextmanager
    def beside(self, what: str, words: str) -> Generator[int]:
        """One thing that is done; its number, -1 where it is no point."""
        if not _ours() or getattr(self._here, "muted", False):
            yield -1
            return
        number = len(self.seen)
        outer: str = getattr(self._here, "step", "")
        self.seen.append(Point(what, words, words if what == "step" else outer))
        if what == "step":
            self._here.step = words
        try:
            self._strike(number, "before")
            try:
                yield number
            finally:  # a command that fails has been run as well
                self._strike(number, "after")
        finally:
            if what == "step":
                self._here.step = outer

    @contextmanager
    def muted(self) -> Generator[None]:
        """What this thread does within the block is no point."""
        before: bool = getattr(self._here, "muted", False)
        self._here.muted = True
        try:
            yield
        finally:
            self._here.muted = before

    def _strike(self, number: int, when: When) -> None:
        strike = self.strikes.get((number, when))
        if strike is not None:
            with self.muted():
                strike()

    def watch(self, app: App) -> None:
        """Note what the operations of a product write, and which steps the engine has them run."""
        database = app._database  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        write, run_step, report = database.write, DBOS.run_step, OperationStore.report

        @contextmanager
        def watched(*, first: bool = False) -> Generator[Connection]:
            with self.beside("row", ""), self.muted(), write(first=first) as connection:
                yield connection

        def stepped(options: Any, run: Callable[..., Any], *given: Any) -> Any:  # noqa: ANN401 - DBOS's own types
            @functools.wraps(run)
            def inner(*arguments: Any) -> Any:  # noqa: ANN401
                with self.beside("step", options["name"]):
                    return run(*arguments)

            with self.beside("record", options["name"]):
                return run_step(options, inner, *given)

        def reported(store: OperationStore, number: int, step: int, progress: Any) -> None:  # noqa: ANN401
            with self.muted():  # how far it is decides nothing
                report(store, number, step, progress)

        database.write = watched
        replace(DBOS, "run_step", staticmethod(stepped))
        replace(OperationStore, "report", reported)


class Mortal(Node, Protocol):
    """A node whose commands are points, in a process that is about to end.

    Attributes:
        points: is told of them.
    """

    points: Points

    def terminate(self) -> None:
        """Tell this process to end, and let it: what runs meanwhile waits for it."""
        ...


class MortalNode(SimulatedNode):
    """A simulated node whose commands are points.

    Args:
        points: is told of them.
        pace: how long things take.
        keywords: as for the simulated node.
    """

    def __init__(self, points: Points, pace: Pace = INSTANT, **keywords: Any) -> None:  # noqa: ANN401
        super().__init__("box", pace=pace, **keywords)
        self.points = points
        self.ended = threading.Event()

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
        with self.points.beside("command", " ".join(argv)):
            return super().run(argv, input=input, timeout=timeout, check=check, most=most)

    def lines(self, argv: list[str], *, timeout: float) -> Generator[str]:
        """See :meth:`agent.host.node.Node.lines`: in the middle of it is a point too."""
        with self.points.beside("command", " ".join(argv[:3])):
            for number, line in enumerate(super().lines(argv, timeout=timeout)):
                if number == 1:
                    with self.points.beside("command", f"the middle of {argv[0]}"):
                        pass
                yield line

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """See :meth:`agent.host.node.Node.write`."""
        with self.points.beside("file", path):
            super().write(path, text, mode)

    def remove(self, path: str) -> None:
        """See :meth:`agent.host.node.Node.remove`."""
        with self.points.beside("file", path):
            super().remove(path)

    def stop(self) -> None:
        """See :meth:`agent.host.node.Node.stop`."""
        super().stop()
        self.ended.set()

    def terminate(self) -> None:
        """Tell this process to end, and let it: what runs meanwhile waits for it."""
        os.kill(os.getpid(), signal.SIGTERM)
        self.ended.wait(PATIENCE)


def replace(owner: type, name: str, by: object) -> None:
    """Have a method of a class be another one, in this process."""
    setattr(owner, name, by)


def die() -> None:
    """This process is gone."""
    os.kill(os.getpid(), signal.SIGKILL)


def _ours() -> bool:
    """Whether this thread runs operations: it is the engine's, and no part of the worker has named it."""
    thread = threading.current_thread()
    return not thread.name.startswith("voxnix-") and thread is not threading.main_thread()
