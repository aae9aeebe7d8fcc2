"""Deaths of workers on this box: at every point of operations that real ZFS and real machines carry out.

``python -m tests.box.inside.deaths [--steps | --every] [SCENARIO …]`` walks and prints what came of every
death: one in each step, or before, in the midst of and after each step, or at every point. A scenario is
named as it is in the table. With ``--serve`` it answers what it reads, a line of JSON each.
"""

import json
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast
from unittest.mock import MagicMock

from pydantic import TypeAdapter

from agent.core.operation import OperationKind
from agent.services.changes import Changes
from tests.box.inside import world
from tests.box.inside.mortal import (
    BUILDING,
    LIVE,
    OUTLIVED,
    WORLDS,
    BoxNode,
    BoxStage,
    Noted,
    fresh,
    grouped,
    plain,
)
from tests.faults.judge import judge
from tests.faults.look import Seen
from tests.faults.points import Point, When
from tests.faults.scenarios import SCENARIOS, furnish, nothing
from tests.faults.stage import ANN, Stage, until
from tests.faults.tally import Row, table
from tests.faults.walk import LATER, SETTLING, STRUCK, Death, Result, Trouble, Walk


@dataclass(frozen=True)
class Moment:
    """A moment in a step of an operation, and how its worker dies then.

    Attributes:
        title: of the scenario.
        step: its name.
        when: before, during or after it.
        trouble: how.
    """

    title: str
    step: str
    when: When
    trouble: Trouble

    def __str__(self) -> str:
        return f"{self.title}: {self.trouble} {self.when} {self.step}"


WAYS: tuple[tuple[When, Trouble], ...] = (
    ("during", "kill"),
    ("after", "term"),
    ("before", "kill"),
    ("during", "term"),
    ("after", "kill"),
    ("before", "term"),
)
"""Every way to die in a step."""
NEIGHBOUR = ("bob", "dev")
"""Owner and name of the container that no scenario is about."""
WRITTEN = [
    f"{owner}'s {what} in {name}\n"
    for owner, name in (("ann", "dev"), ("ann", "rest"), ("bob", "dev"))
    for what in ("state", "work")
]
"""What is in the files that stand before every operation."""
ROW, MOMENT = TypeAdapter(Row), TypeAdapter(Moment)
ANSWER: TypeAdapter[Row | str] = TypeAdapter(Row | str)
"""What came of it, or why nothing did."""
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


class BoxWalk(Walk):
    """All points of one operation in this box."""

    patience = BUILDING
    noted = Noted()
    _base: Path
    _asked: bool

    def death(self, moment: Moment) -> Death:
        """The death at a moment of a step: in the midst of it is in the midst of its longest command."""
        here = self._points_of(moment.step)
        commands = [at for at in here if self.points[at].what == "command"]
        if moment.when != "during":
            return Death(here[0], moment.when, moment.trouble)
        if not commands:  # it has run, and nobody has written that down
            return Death(here[0], "after", moment.trouble)
        longest = max(commands, key=lambda at: self.noted.lasted[at])
        return Death(longest, "during", moment.trouble)

    def every(self, step: str) -> list[Death]:
        """Both ways to die at all points of a step; without a name it is what is done between the steps."""
        return [
            death
            for at in self._points_of(step)
            for death in (
                Death(at, "during" if self.points[at].what == "command" else "after", "kill"),
                Death(at, "before", "term"),
            )
        ]

    def count(self, step: str) -> int:
        """How many points a step has."""
        return len(self._points_of(step))

    def _points_of(self, step: str) -> list[int]:
        return sorted(at for at in self.noted.numbers.values() if self.points[at].step == step)

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
    """Walks operations, each on what was made once for all of them."""

    def __init__(self) -> None:
        self._base = furnished()
        self._walks: dict[str, BoxWalk] = {}

    def row(self, moment: Moment) -> Row:
        """What came of a death."""
        walk = self._walk(moment.title)
        return self._row(walk, moment.step, [walk.death(moment)])

    def rows(self, title: str) -> Iterator[Row]:
        """What came of all deaths in a scenario, step by step."""
        walk = self._walk(title)
        for step in [*steps(title), ""]:
            yield self._row(walk, step, walk.every(step))

    @staticmethod
    def _row(walk: BoxWalk, step: str, deaths: list[Death]) -> Row:
        results = [walk.die(death) for death in deaths]
        scenario = walk.scenario
        return Row(scenario.kind, scenario.name, walk.count(step), results, walk.untroubled.lines())

    def _walk(self, title: str) -> BoxWalk:
        """The walk of a scenario; the last one is kept, as tests go from step to step."""
        if title not in self._walks:
            self._walks.clear()
            shutil.rmtree(WORLDS / "one", ignore_errors=True)
            scenario = SCENARIOS[TITLES.index(title)]
            self._walks[title] = BoxWalk(scenario, self._base, WORLDS / "one")
        return self._walks[title]


def furnished() -> Path:
    """Where what stands before every operation was put aside."""
    base, folder = WORLDS / "base", fresh()

    def work() -> None:
        furnish(BoxStage(folder))
        until(world.settled, SETTLING)

    if grouped(work, folder / "log"):
        raise AssertionError((folder / "log").read_text(encoding="utf-8"))
    seen = world.look()
    texts = sorted(text for _, _, text in seen.contents())
    if texts != sorted(WRITTEN) or len(seen.world["units"]) != 2:  # who sees nothing finds nothing
        raise AssertionError(f"of what is there {texts} and {seen.world['units']} are seen")
    world.save(base)
    return base


def steps(title: str) -> list[str]:
    """The names of the steps of a scenario, as the product has them."""
    kind = SCENARIOS[TITLES.index(title)].kind
    return [step.name for step in _CHANGES.steps(kind)]


def moments(titles: Sequence[str], *, every: bool) -> list[Moment]:
    """All moments in all steps of scenarios; or one in each step, each in turn."""
    found = [(title, step) for title in titles for step in steps(title)]
    if every:
        return [Moment(title, step, *way) for title, step in found for way in WAYS]
    return [Moment(title, step, *WAYS[turn % len(WAYS)]) for turn, (title, step) in enumerate(found)]


def together(rows: Iterable[Row]) -> list[Row]:
    """One row of those for each scenario.

    Args:
        rows: for moments; what was walked of a step is counted once.
    """
    found: dict[str, Row] = {}
    counted: set[tuple[str, str]] = set()
    for row in rows:
        title = _title(row.kind, row.name)
        known = found.get(title, Row(row.kind, row.name, 0))
        step = (title, row.results[0].point.step if row.results else "")
        points = 0 if step in counted else row.points
        counted.add(step)
        results = [*known.results, *row.results]
        found[title] = Row(row.kind, row.name, known.points + points, results, row.untroubled)
    return list(found.values())


def _title(kind: OperationKind, name: str) -> str:
    return f"{kind.value} {name}".strip()


_CHANGES = Changes(MagicMock())
"""What there is to do, and nothing to do it with."""
TITLES = [_title(one.kind, one.name) for one in SCENARIOS]


def main() -> int:
    """Walk, print, judge."""
    words = sys.argv[1:]
    chosen = [word for word in words if not word.startswith("-")]
    rows: list[Row] = []
    shutil.rmtree(WORLDS, ignore_errors=True)
    with world.apart_from_the_box():
        walker = Walker()
        if "--serve" in words:
            for line in sys.stdin:
                try:
                    answer = walker.row(MOMENT.validate_json(line))
                except Exception:  # noqa: BLE001 - the next one may go well
                    answer = traceback.format_exc()
                sys.stdout.write(f"{ANSWER.dump_json(answer).decode()}\n")
                sys.stdout.flush()
            return 0
        if "--every" in words:
            found = (row for title in chosen or TITLES for row in walker.rows(title))
        else:
            full = "--steps" in words
            titles = chosen or (TITLES if full else SAMPLE)
            found = (walker.row(moment) for moment in moments(titles, every=full))
        for row in found:
            rows.append(row)
            for line in (*row.untroubled, *map(str, row.results)):
                sys.stderr.write(f"{row.kind.value} {row.name}: {line}\n")
    sys.stdout.write(table(together(rows)))
    return int(any(row.bad or row.untroubled for row in rows))


if __name__ == "__main__":
    sys.exit(main())
