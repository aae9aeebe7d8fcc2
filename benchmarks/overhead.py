"""What an operation costs beside what the node does: all of it minus the host's commands.

``python -m benchmarks.overhead [ROUNDS]`` has operations done on a simulated node, whose every call is timed
and taken off: what is left is the queue, the engine with its record of each step, the rows, and waiting for
the end. In one process, taking turns:

* ``resize``, ``snapshot``, ``stop`` and ``start`` through the services, asked for and waited for;
* ``bare``: DBOS alone, a workflow of as many steps as ``stop`` has, that do nothing.

It prints a line for each, one of JSON, and ends with 1 where the median of the dearest is over the limit.
"""

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from dbos import DBOS

from agent import settings
from agent.app import App
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec
from agent.host.node import Completed
from agent.host.simulated import Pace, SimulatedNode

LIMIT_MS = 40.0
ROUNDS = 100
WARM_UP = 5
ENDS = 2
"""Steps of the engine beside those of a kind: it begins and ends."""
OWNER = Owner("ann")
ASKED = Request(channel="benchmark")


class TimedNode(SimulatedNode):
    """A simulated node that knows how long the engine's threads were in it.

    Attributes:
        seconds: all of that.
    """

    def __init__(self, state: Path) -> None:
        super().__init__("box", state=state, pace=Pace.instant())
        self.seconds = 0.0

    @contextmanager
    def _timed(self) -> Generator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            if not threading.current_thread().name.startswith("voxnix-"):  # that observes, beside operations
                self.seconds += time.perf_counter() - started

    def run(self, argv: list[str], **keywords: Any) -> Completed:  # noqa: ANN401
        """See :meth:`agent.host.node.Node.run`."""
        with self._timed():
            return super().run(argv, **keywords)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """See :meth:`agent.host.node.Node.write`."""
        with self._timed():
            super().write(path, text, mode)

    def remove(self, path: str) -> None:
        """See :meth:`agent.host.node.Node.remove`."""
        with self._timed():
            super().remove(path)


def measured(app: App, node: TimedNode, rounds: int) -> dict[str, list[float]]:
    """Seconds that each kind took beside the node, and a workflow of DBOS alone."""
    workloads, storage, operations = app.services.workloads, app.services.storage, app.services.operations

    def ended(operation: Operation) -> Operation:
        over = operations.wait(OWNER, operation.id, 60)
        if over.state is not OperationState.DONE:
            raise SystemExit(str(over.problem))
        return over

    @DBOS.workflow(name="bare")
    def bare(steps: int) -> None:
        for _ in range(steps):
            DBOS.run_step({"name": "nothing"}, _nothing)

    ended(workloads.create(OWNER, ContainerSpec(name="dev", modules=("git",)), ASKED))
    quotas = count(30 << 30, 1 << 20)
    kinds: dict[str, Callable[[], Operation]] = {
        "stop": lambda: workloads.stop(OWNER, "dev", ASKED),
        "start": lambda: workloads.start(OWNER, "dev", ASKED),
        "snapshot": lambda: storage.snapshot(OWNER, "dev", ASKED),
        "resize": lambda: workloads.resize(OWNER, "dev", next(quotas), ASKED),
    }
    taken: dict[str, list[float]] = {kind: [] for kind in (*kinds, "bare")}
    steps = 0
    for number in range(WARM_UP + rounds):
        for kind, ask in kinds.items():
            node.seconds, started = 0.0, time.perf_counter()
            over = ended(ask())
            seconds = time.perf_counter() - started - node.seconds
            steps = over.steps + ENDS if kind == "stop" else steps
            if number >= WARM_UP:
                taken[kind].append(seconds)
        started = time.perf_counter()
        DBOS.start_workflow(bare, steps).get_result()
        if number >= WARM_UP:
            taken["bare"].append(time.perf_counter() - started)
    return taken


def _nothing() -> None:
    return None


def main() -> int:
    """Measure, print, judge."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        given = settings.load(simulate=True, state_dir=Path(folder), node_name="box")
        node = TimedNode(given.state_folder / "node.json")
        app = App(given, node)
        try:
            taken = measured(app, node, rounds)
        finally:
            app.close()
    result = {kind: round(statistics.median(times) * 1000, 1) for kind, times in taken.items()}
    for kind, median in result.items():
        print(f"{kind}: {median:.1f} ms")  # noqa: T201 - a script
    worst = max(value for kind, value in result.items() if kind != "bare")
    ratio = round(worst / result["bare"], 2)
    print(json.dumps({"ms_median": result, "limit_ms": LIMIT_MS, "ratio_to_bare": ratio}))  # noqa: T201
    return int(worst > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
