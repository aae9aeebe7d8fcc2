"""Runs walks, several deaths side by side, and counts what came of them."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter

from agent.core.operation import OperationKind
from tests.faults.scenarios import SCENARIOS, furnish
from tests.faults.stage import Stage, begun, well
from tests.faults.walk import TROUBLES, Death, Result, Walk, recipes

SIDE_BY_SIDE = 4
"""Deaths at the same time: most of each is waiting."""

_RESULT = TypeAdapter(Result)
_KINDS = TypeAdapter(list[OperationKind])


@dataclass(frozen=True)
class Row:
    """What came of all deaths in one scenario.

    Attributes:
        kind: of the operation.
        name: of the scenario.
        points: at which a worker may die.
        results: of the deaths.
        untroubled: what is wrong without any.
    """

    kind: OperationKind
    name: str
    points: int
    results: list[Result] = field(default_factory=list[Result])
    untroubled: list[str] = field(default_factory=list[str])

    def count(self, sort: str) -> int:
        """How many deaths ended with something wrong of a sort."""
        return sum(bool(getattr(one.verdict, sort)) for one in self.results)

    def deaths(self, trouble: str) -> int:
        """How many workers died in a way."""
        return sum(one.death.trouble == trouble and bool(one.state) for one in self.results)

    @property
    def bad(self) -> list[Result]:
        """What did not end well, or did not come to a death."""
        return [one for one in self.results if one.verdict or not one.state]


SORTS = ("lost", "duplicated", "stuck", "leftovers", "wrong")
HEAD = ("operation", "points", *TROUBLES, *SORTS)


def table(rows: Sequence[Row]) -> str:
    """The results in Markdown."""
    lines = [
        [
            f"{row.kind.value} {row.name}".strip(),
            row.points,
            *(row.deaths(trouble) for trouble in TROUBLES),
            *(row.count(sort) for sort in SORTS),
        ]
        for row in rows
    ]
    sums = ["all", *(sum(int(line[column]) for line in lines) for column in range(1, len(HEAD)))]
    shown = [HEAD, ["---"] * len(HEAD), *lines, sums]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in shown)


class Walker:
    """Walks operations, on copies of one product.

    Args:
        folder: for them.
        every: whether at every point, and not only at some.

    Attributes:
        kinds: of operations that the product can do.
    """

    def __init__(self, folder: Path, *, every: bool) -> None:
        self._folder = folder
        self._every = every
        self._base = folder / "base"
        self._base.mkdir()
        well(self._base, self._furnish)
        self.kinds = _KINDS.validate_json((self._base / "kinds").read_bytes())

    def _furnish(self) -> None:
        with recipes() as noted:
            furnish(Stage(self._base))
        (self._base / "kinds").write_bytes(_KINDS.dump_json(noted[0].kinds()))

    def rows(self, kind: OperationKind) -> Iterator[Row]:
        """Walk the operations of a kind, each with its way back."""
        for scenario in SCENARIOS:
            if scenario.kind is not kind:
                continue
            with TemporaryDirectory(dir=self._folder) as folder:
                walk = Walk(scenario, self._base, Path(folder))
                yield self._row(walk, scenario.name)
                if not walk.cancellable:
                    continue
            with TemporaryDirectory(dir=self._folder) as folder:
                back = Walk(scenario, self._base, Path(folder), cancelled=True)
                yield self._row(back, f"{scenario.name}, cancelled".removeprefix(", "))

    def _row(self, walk: Walk, name: str) -> Row:
        deaths = list(walk.deaths(every=self._every))
        results = side_by_side([lambda death=death: _told(walk, death) for death in deaths], self._folder)
        found = [_RESULT.validate_json(result) for result in results]
        return Row(walk.scenario.kind, name, len(walk.points) - walk.begin, found, walk.untroubled.lines())


def _told(walk: Walk, death: Death) -> bytes:
    return _RESULT.dump_json(walk.die(death))


def side_by_side(jobs: Sequence[Callable[[], bytes]], folder: Path) -> list[bytes]:
    """Do several things at a time, each in a process of its own; what each answers."""
    running: dict[int, int] = {}
    waiting = list(enumerate(jobs))
    with TemporaryDirectory(dir=folder) as answers:
        while waiting or running:
            while waiting and len(running) < SIDE_BY_SIDE:
                number, job = waiting.pop(0)
                answer = Path(answers, str(number))
                running[begun(lambda job=job, answer=answer: answer.write_bytes(job()))] = number
            child, status = os.wait()
            number = running.pop(child)
            if status:
                raise AssertionError(f"job {number} ended with {status}")
        return [Path(answers, str(number)).read_bytes() for number in range(len(jobs))]
