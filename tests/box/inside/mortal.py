"""Workers that die on this box: at every point of operations that real ZFS and real machines carry out.

``python -m tests.box.inside.mortal [--steps | --every] [SCENARIO …]`` walks and prints what came of every death:
one in each step, or in each step before, in the midst of and after it, or at every point. A scenario is named as
it is in the table. With ``--serve`` it answers what it reads, a line of JSON each.
"""

import json
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast
from unittest.mock import MagicMock

from pydantic import TypeAdapter

from agent.core.operation import OperationKind
from agent.host.node import MOST_OUTPUT, Completed, LocalNode
from agent.services.changes import Changes
from agent.settings import Settings, load
from tests.box.inside import world
from tests.faults.judge import judge
from tests.faults.look import Seen
from tests.faults.points import PATIENCE, Mortal, Point, Points, When
from tests.faults.scenarios import SCENARIOS, furnish, nothing
from tests.faults.stage import ANN, Stage, apart, until
from tests.faults.tally import Row, table
from tests.faults.walk import LATER, SETTLING, STRUCK, Death, Result, Walk

WORLDS = world.DISKS / "walk"
GROUP = Path("/sys/fs/cgroup/voxnix-mortal")
"""The cgroup of whoever works: what a worker leaves is found in it, and ended as systemd would end it."""
LIVE = WORLDS / "live"
"""What is noted of the process that is at work."""
OUTLIVED = "It outlived its worker:"
TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
Depth = Literal["sample", "steps", "points"]
NEIGHBOUR = ("bob", "dev")
"""Owner and name of the container that no scenario is about."""
BUILDING = 300.0
"""Seconds that an operation may take here: images are built."""
ROW = TypeAdapter(Row)
SAMPLE = (
    "create of an image that is there",
    "start",
    "stop",
    "restart",
    "rollback",
    "destroy",
    "restore",
    "snapshot",
    "revert",
    "rename",
    "resize to more",
)
"""Scenarios that are walked where not everything is: none has to build an image."""


@dataclass(frozen=True)
class Noted:
    """What was noted of an operation that nobody troubled.

    Attributes:
        numbers: of its points. Of what a step does again and again, as it waits, only the first time counts:
            how often it does that is another matter each time.
        lasted: how long each of its commands took, by number.
    """

    numbers: Mapping[Point, int] = field(default_factory=dict[Point, int])
    lasted: Mapping[int, float] = field(default_factory=dict[int, float])


class BoxPoints(Points):
    """Points that are told by what they are, as their numbers are not the same each time.

    Args:
        noted: gives them the numbers that they have there.
    """

    def __init__(self, noted: Noted) -> None:
        super().__init__()
        self._noted = noted
        self._known: dict[int, int] = {}
        self._first: set[Point] = set()

    def known(self, number: int) -> int:
        """The number that a point of this time has in what was noted, -1 for none."""
        return self._known.get(number, -1)

    def _strike(self, number: int, when: When) -> None:
        if when == "before":
            point = plain(self.seen[number])
            if point not in self._first:
                self._first.add(point)
                self._known[number] = self._noted.numbers.get(point, -1)
        super()._strike(self.known(number), when)


class BoxNode(LocalNode):
    """This box, whose commands are points.

    Args:
        points: is told of them.
        noted: tells how long each will take.

    Attributes:
        lasted: how long each took, by number.
    """

    def __init__(self, points: Points, noted: Noted) -> None:
        super().__init__("box")
        self.points = points
        self.lasted: dict[int, float] = {}
        self._noted = noted
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
        """See :meth:`agent.host.node.Node.run`: in the middle of it is a point too."""
        with self.points.beside("command", " ".join(argv)) as number, self._timed(number):
            return super().run(argv, input=input, timeout=timeout, check=check, most=most)

    def lines(self, argv: list[str], *, timeout: float) -> Generator[str]:
        """See :meth:`agent.host.node.Node.lines`: in the middle of it is a point too."""
        with self.points.beside("command", " ".join(argv[:3])) as number, self._timed(number):
            yield from super().lines(argv, timeout=timeout)

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
        """See :meth:`tests.faults.points.Mortal.terminate`."""
        os.kill(os.getpid(), signal.SIGTERM)
        self.ended.wait(PATIENCE)

    @contextmanager
    def _timed(self, number: int) -> Generator[None]:
        known = cast("BoxPoints", self.points).known(number)
        strike = self.points.strikes.get((known, "during"))
        if strike is not None:  # half of the time that it took when nobody was in its way
            threading.Timer(self._noted.lasted[known] / 2, strike).start()
        begun = time.monotonic()
        try:
            yield
        finally:
            self.lasted[number] = time.monotonic() - begun


class BoxStage(Stage):
    """The product in this box, with the settings that it has here.

    Args:
        folder: for what is noted.
        ahead: by how much it is later than it is.
        noted: of its operation.
    """

    patience = BUILDING

    def __init__(self, folder: Path, ahead: timedelta = timedelta(), noted: Noted | None = None) -> None:
        self._noted = noted or Noted()
        super().__init__(folder, ahead)
        self.points = BoxPoints(self._noted)
        self.node.points = self.points

    def settings(self) -> Settings:
        """See :meth:`Stage.settings`: who waits is the worker, as the box's own rests."""
        return load(embedded_worker=True, timezone="UTC")

    def on(self, state: Path, **keywords: Any) -> Mortal:  # noqa: ANN401, ARG002 - as there
        """See :meth:`Stage.on`."""
        return BoxNode(self.points, self._noted)


class BoxWalk(Walk):
    """All points of one operation in this box."""

    patience = BUILDING
    noted = Noted()
    _base: Path
    _asked: bool

    def deaths_in(self, step: str, depth: Depth, turn: int = 0) -> list[Death]:
        """Ways to die in a step.

        Args:
            step: its name; empty for what is done between the steps.
            depth: how many.
            turn: which one, where it is one: each comes in turn.
        """
        here = [at for at in self.noted.numbers.values() if self.points[at].step == step]
        commands = [at for at in here if self.points[at].what == "command"]
        if depth == "points":
            return [
                death
                for at in here
                for death in (
                    Death(at, "during" if at in commands else "after", "kill"),
                    Death(at, "before", "term"),
                )
            ]
        if not step:
            return []
        longest = max(commands, key=lambda at: self.noted.lasted[at], default=here[0])
        during: When = "during" if commands else "before"
        ways = [
            Death(longest, during, "kill"),
            Death(here[0], "after", "kill"),  # it has run, and nobody has written that down
            Death(longest, during, "term"),
            Death(here[0], "before", "kill"),
            Death(here[0], "after", "term"),
            Death(here[0], "before", "term"),
        ]
        return ways if depth == "steps" else [ways[turn % len(ways)]]

    def die(self, death: Death) -> Result:
        """See :meth:`Walk.die`. Whoever is told to end leaves no process; the neighbour notices nothing."""
        with self._copy() as folder:
            log = folder / "log"
            neighbour = world.machine(*NEIGHBOUR)
            ran = world.unmoved(neighbour)
            self._apart(lambda: self._mortal(folder, death), log, asked=death.trouble == "term")
            came = (folder / STRUCK).exists()
            self._apart(lambda: self._recover(folder), log, asked=True)
            seen = self._look(folder)
            verdict = judge(seen, self.case)
            verdict.leftovers.extend(world.traces(seen))
            if world.unmoved(neighbour) != ran:
                verdict.wrong.append("the neighbour does not run as it ran")
            said = log.read_text(encoding="utf-8", errors="replace")
            verdict.leftovers.extend(line for line in said.splitlines() if line.startswith(OUTLIVED))
            state = seen.operation(self.number)["state"] if came else ""
            return Result(death, self.points[death.at], state, verdict, said)

    def _stage(self, folder: Path, ahead: timedelta = timedelta()) -> Stage:
        return BoxStage(folder, ahead, self.noted)

    def _look(self, folder: Path) -> Seen:  # noqa: ARG002 - as there
        return world.look()

    def _apart(self, work: Callable[[], object], log: Path, *, asked: bool = False) -> int:
        return grouped(work, log, asked=asked)

    def _noted(self) -> tuple[list[Point], Seen]:
        points, asked = super()._noted()
        numbers = {plain(point): at for at, point in reversed(list(enumerate(points)))}
        lasted: dict[str, float] = json.loads((LIVE / "lasted").read_text())
        self.noted = Noted(numbers, {int(number): seconds for number, seconds in lasted.items()})
        return points, asked

    def _well(self, folder: Path, work: Callable[[], object]) -> None:
        def settled() -> None:
            work()
            until(world.settled, SETTLING)

        super()._well(folder, settled)

    def _settle(self, stage: Stage) -> None:
        (LIVE / "lasted").write_text(json.dumps(cast("BoxNode", stage.node).lasted))

    def _recover(self, folder: Path) -> None:
        stage = self._stage(folder, LATER)

        def watch() -> None:
            until(lambda: stage.services.operations.get(ANN, self.number).state.ended, self.patience)
            until(world.settled, SETTLING)
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=watch, name="voxnix-watch", daemon=True).start()
        stage.app.run_worker()
        stage.app.close()

    def _prepare(self, folder: Path) -> None:
        if self.scenario.before is nothing:
            return
        super()._prepare(folder)
        world.save(self._template)
        world.load(self._template)
        self._base = self._template

    @contextmanager
    def _making(self, base: Path) -> Generator[Path]:
        self._base = base
        self._asked = True  # once this is over, the first copy is there
        world.load(base)
        yield fresh()

    @contextmanager
    def _copy(self) -> Generator[Path]:
        folder = fresh()
        if not self._asked:
            world.load(self._base)
            self._well(folder, lambda: self._ask(folder))
        self._asked = False
        yield folder


class Walker:
    """Walks operations, each on what was made once for all of them.

    Args:
        depth: how many workers die.
    """

    def __init__(self, depth: Depth) -> None:
        self._depth: Depth = depth
        self._base = WORLDS / "base"
        self._walks: dict[str, BoxWalk] = {}
        folder = fresh()
        if grouped(lambda: self._furnish(folder), folder / "log"):
            raise AssertionError((folder / "log").read_text(encoding="utf-8"))
        world.save(self._base)

    @staticmethod
    def _furnish(folder: Path) -> None:
        furnish(BoxStage(folder))
        until(world.settled, SETTLING)

    def row(self, title: str, step: str) -> Row:
        """What came of the deaths in a step of a scenario, or between its steps."""
        walk = self._walk(title)
        turn = TITLES.index(title) + [*steps(title), ""].index(step)
        points = sum(one.step == step for one in walk.noted.numbers)
        results = [walk.die(death) for death in walk.deaths_in(step, self._depth, turn)]
        return Row(walk.scenario.kind, walk.scenario.name, points, results, walk.untroubled.lines())

    def _walk(self, title: str) -> BoxWalk:
        """The walk of a scenario; the last one is kept, as tests go from step to step."""
        if title not in self._walks:
            self._walks.clear()
            shutil.rmtree(WORLDS / "one", ignore_errors=True)
            scenario = SCENARIOS[TITLES.index(title)]
            self._walks[title] = BoxWalk(scenario, self._base, WORLDS / "one")
        return self._walks[title]


def grouped(work: Callable[[], object], log: Path, *, asked: bool = False) -> int:
    """Do something in a process of its own, and end what that leaves, as systemd ends what is left of a unit.

    Args:
        work: what to do.
        log: where what it says goes.
        asked: whether nothing may be left, as it was asked to end.

    Returns:
        Its exit status.
    """
    GROUP.mkdir(exist_ok=True)
    members = GROUP / "cgroup.procs"

    def joined() -> None:
        members.write_text(str(os.getpid()))
        work()

    status = apart(joined, log)
    if asked and not until(lambda: not members.read_text(), 1):
        with log.open("a") as said:
            for process in members.read_text().split():
                command = Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
                said.write(f"\n{OUTLIVED} {command}\n")
    (GROUP / "cgroup.kill").write_text("1")
    until(lambda: not members.read_text())
    GROUP.rmdir()
    return status


def plain(point: Point) -> Point:
    """A point without what is another time each time."""
    return replace(point, words=TIME.sub("*", point.words))


def fresh() -> Path:
    """The folder for what is noted, empty."""
    shutil.rmtree(LIVE, ignore_errors=True)
    LIVE.mkdir(parents=True)
    return LIVE


def steps(title: str) -> list[str]:
    """The names of the steps of a scenario, as the product has them."""
    kind = SCENARIOS[TITLES.index(title)].kind
    return [step.name for step in _CHANGES.steps(kind)]


def together(rows: Iterable[Row]) -> list[Row]:
    """One row of those for each step of a scenario."""
    found: dict[str, Row] = {}
    for row in rows:
        title = _title(row.kind, row.name)
        known = found.get(title, Row(row.kind, row.name, 0))
        results = [*known.results, *row.results]
        found[title] = Row(row.kind, row.name, known.points + row.points, results, row.untroubled)
    return list(found.values())


def _title(kind: OperationKind, name: str) -> str:
    return f"{kind.value} {name}".strip()


_CHANGES = Changes(MagicMock())
"""What there is to do, and nothing to do it with."""
TITLES = [_title(one.kind, one.name) for one in SCENARIOS]


def main() -> int:
    """Walk, print, judge."""
    words = sys.argv[1:]
    depth: Depth = "points" if "--every" in words else "steps" if "--steps" in words else "sample"
    serve = "--serve" in words
    chosen = [word for word in words if not word.startswith("-")] or (SAMPLE if depth == "sample" else TITLES)
    rows: list[Row] = []
    shutil.rmtree(WORLDS, ignore_errors=True)
    with world.apart_from_the_box():
        walker = Walker(depth)
        if serve:
            for line in sys.stdin:
                sys.stdout.write(f"{ROW.dump_json(walker.row(*json.loads(line))).decode()}\n")
                sys.stdout.flush()
            return 0
        for title in chosen:
            for step in [*steps(title), *([""] if depth == "points" else [])]:
                rows.append(walker.row(title, step))
                for line in (*rows[-1].untroubled, *map(str, rows[-1].results)):
                    sys.stderr.write(f"{title}: {line}\n")
    sys.stdout.write(table(together(rows)))
    return int(any(row.bad or row.untroubled for row in rows))


if __name__ == "__main__":
    sys.exit(main())
