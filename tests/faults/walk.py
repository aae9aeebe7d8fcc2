"""Walks every point of an operation: there its worker dies, and the next one takes over on the same files."""

import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from agent.services.changes import Changes, Parts
from tests.faults.judge import Case, Verdict, judge
from tests.faults.look import Seen, look
from tests.faults.points import Point, When, die, replace
from tests.faults.scenarios import Scenario
from tests.faults.stage import ANN, Stage, apart, powered_off, until

Trouble = Literal["kill", "term", "reboot"]
TROUBLES: tuple[Trouble, ...] = ("kill", "term", "reboot")

LATER = timedelta(seconds=95)
"""After which the next worker comes: what has its name of a moment must not have it of another then."""
SETTLING = 10.0
"""Seconds in which everything is as it should be, once the operation has ended."""
STATE = "simulation"
"""Folder of a simulated product's files within its state folder."""


STRUCK = "struck"
"""File that says that a worker came to its death."""
STUCK = 90.0
"""Seconds after which nobody waits for an operation any more."""


@dataclass(frozen=True)
class Death:
    """One way for a worker to die.

    Attributes:
        at: number of the point.
        when: before or after it.
        trouble: how.
    """

    at: int
    when: When
    trouble: Trouble


@dataclass(frozen=True)
class Result:
    """What came of a death.

    Attributes:
        death: which.
        point: where it came.
        state: how the operation ended; empty where the worker did not die.
        verdict: what is wrong.
        said: by the processes.
    """

    death: Death
    point: Point
    state: str
    verdict: Verdict
    said: str

    def __str__(self) -> str:
        lines = "".join(f"\n  {line}" for line in self.verdict.lines())
        where = f"{self.death.trouble} {self.death.when} point {self.death.at}"
        point = f"{self.point.what} {self.point.words!r} in {self.point.step!r}"
        return f"{where} ({point}): {self.state or 'nothing died'}{lines}"


class Walk:
    """All points of one operation, found by running it without trouble.

    Args:
        scenario: how the operation is asked for.
        base: a folder in which the product has what stands before every operation.
        folder: for copies of it.
        cancelled: whether somebody cancels it at the last moment, so that its way back is walked as well.

    Attributes:
        number: of the operation.
        points: in order.
        case: what it is judged by.
        untroubled: what is wrong without any trouble.
        patience: seconds after which nobody waits for the operation any more.
    """

    patience = STUCK

    def __init__(self, scenario: Scenario, base: Path, folder: Path, *, cancelled: bool = False) -> None:
        self.scenario = scenario
        self._folder = folder
        self._template = folder / "template"
        self._cancel_at = -1
        self._final: list[str] = []
        with self._making(base) as made:
            self._prepare(made)
            was = self._look(made)
            self._well(made, lambda: self._ask(made))
            self.number = max(row["id"] for row in self._look(made).rows["operations"])
        self.points, asked = self._noted()
        if cancelled:
            self._cancel_at = self._way_back()
            self.points, asked = self._noted()
        self.case = Case(self.number, was, asked, scenario.forgiven)
        self.untroubled = judge(asked, self.case)

    @property
    def cancellable(self) -> bool:
        """Whether there is a moment at which it can be cancelled."""
        return self._way_back() >= 0

    @property
    def begin(self) -> int:
        """Number of the first point that counts: those before it are walked where nobody cancels."""
        return self._cancel_at + 1

    def deaths(self, *, every: bool) -> Iterator[Death]:
        """Every way to die at every point; or some at the ends of each step.

        Args:
            every: whether all of them.
        """
        begin = self.begin
        if every:
            yield from (Death(begin, "before", trouble) for trouble in TROUBLES)
            for at in range(begin, len(self.points)):  # before each other one is after the one before it
                yield from (Death(at, "after", trouble) for trouble in TROUBLES)
            return
        for step in dict.fromkeys(point.step for point in self.points[begin:] if point.step):
            here = [at for at, one in enumerate(self.points) if one.step == step and at >= begin]
            acts = [at for at in here if self.points[at].what in {"command", "file"}]
            if self.points[here[0]].what == "step":  # it has run, and nobody has written that down
                yield Death(here[0], "after", "kill")
            if acts:
                yield Death(acts[0], "before", "term")
                yield Death(acts[0], "after", "kill")
                yield Death(acts[-1], "before", "kill")
                yield Death(acts[-1], "after", "reboot")

    def die(self, death: Death) -> Result:
        """Have a worker die, and another one take over."""
        with self._copy() as folder:
            log = folder / "log"
            self._apart(lambda: self._mortal(folder, death), log)
            came = (folder / STRUCK).exists()
            if death.trouble == "reboot":
                powered_off(folder / STATE / "node.json")
            self._apart(lambda: self._recover(folder), log)
            seen = self._look(folder)
            verdict = judge(seen, self.case)
            state = seen.operation(self.number)["state"] if came else ""
            said = log.read_text(encoding="utf-8", errors="replace")
            return Result(death, self.points[death.at], state, verdict, said)

    def _stage(self, folder: Path, ahead: timedelta = timedelta()) -> Stage:
        """The product on what is in a folder."""
        return Stage(folder, ahead)

    def _look(self, folder: Path) -> Seen:
        """What a product left in a folder."""
        return look(folder / STATE)

    def _apart(self, work: Callable[[], object], log: Path) -> int:
        """Do something in a process of its own, and wait for it; its exit status."""
        return apart(work, log)

    def _well(self, folder: Path, work: Callable[[], object]) -> None:
        """Do something apart that has to go well."""
        log = folder / "log"
        if self._apart(work, log):
            raise AssertionError(log.read_text(encoding="utf-8"))

    def _prepare(self, folder: Path) -> None:
        """Have there what has to be there before."""
        self._well(folder, lambda: self.scenario.before(self._stage(folder)))

    def _ask(self, folder: Path) -> None:
        stage = self._stage(folder)
        stage.agreed(self.scenario.ask(stage))

    def _noted(self) -> tuple[list[Point], Seen]:
        """The operation without trouble: its points, and what is there afterwards."""
        with self._copy() as folder:
            file = folder / "points"

            def note() -> None:
                stage = self._watched(folder)
                with recipes() as noted:
                    self._end(stage)
                self._settle(stage)
                final = [step.name for step in noted[0].steps(self.scenario.kind) if step.final]
                points = [vars(one) for one in stage.points.seen]
                file.write_text(json.dumps([points, final]), encoding="utf-8")

            self._well(folder, note)
            points, self._final = json.loads(file.read_text(encoding="utf-8"))
            return [Point(**one) for one in points], self._look(folder)

    def _settle(self, stage: Stage) -> None:  # noqa: ARG002 - another node may be asked
        """Let whoever observes the node write down what it came to."""
        time.sleep(0.3)

    def _way_back(self) -> int:
        """The last thing that it does while it can still be cancelled, -1 for none."""
        acts = [
            at
            for at, one in enumerate(self.points)
            if one.what in {"command", "file"} and one.step and one.step not in self._final
        ]
        return acts[-1] if acts else -1

    def _mortal(self, folder: Path, death: Death) -> None:
        stage = self._watched(folder)

        def strike() -> None:
            (folder / STRUCK).touch()
            strike_now = stage.node.terminate if death.trouble == "term" else die
            strike_now()

        def watch() -> None:  # of an operation that nothing strikes
            until(lambda: stage.services.operations.get(ANN, self.number).state.ended, self.patience)
            os.kill(os.getpid(), signal.SIGTERM)

        stage.points.strikes[death.at, death.when] = strike
        threading.Thread(target=watch, name="voxnix-watch", daemon=True).start()
        stage.app.run_worker()
        stage.app.close()
        for thread in threading.enumerate():
            if not thread.daemon and thread is not threading.current_thread():
                thread.join(STUCK)

    def _recover(self, folder: Path) -> None:
        self._end(Stage(folder, LATER))
        until(lambda: not judge(look(folder / STATE), self.case), SETTLING)

    def _watched(self, folder: Path) -> Stage:
        stage = self._stage(folder)
        stage.points.watch(stage.app)
        if self._cancel_at >= 0:
            stage.points.strikes[self._cancel_at, "before"] = lambda: self._cancel(stage)
        return stage

    def _cancel(self, stage: Stage) -> None:
        stage.services.operations.cancel(ANN, self.number)

    def _end(self, stage: Stage) -> None:
        """Have the operation run to its end."""
        stage.services.operations.wait(ANN, self.number, self.patience)

    @contextmanager
    def _making(self, base: Path) -> Generator[Path]:
        """A folder with what is in another; as it is after the block, copies will be."""
        shutil.copytree(base, self._template)
        yield self._template

    @contextmanager
    def _copy(self) -> Generator[Path]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            shutil.copytree(self._template, folder, dirs_exist_ok=True)
            yield Path(folder)


@contextmanager
def recipes() -> Generator[list[Changes]]:
    """Within the block, whoever becomes a worker is noted with what it can do."""
    noted: list[Changes] = []
    begin = Changes.__init__

    def noting(changes: Changes, parts: Parts) -> None:
        begin(changes, parts)
        noted.append(changes)

    replace(Changes, "__init__", noting)
    try:
        yield noted
    finally:
        replace(Changes, "__init__", begin)
