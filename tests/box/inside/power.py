"""Operations that meet a power failure of this box; tests/box/test_power.py, outside, takes the power away.

``python -m tests.box.inside.power begin SCENARIO STEP before|during|after`` has an operation come to that
moment, says ``here``, and stands still for ever. ``… end``, once the box is up again, waits for the worker
that the box has started by itself, and prints what came of it. What the box had before is lost: it is one of
the test's own.
"""

import os
import shutil
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from tests.box.inside import world
from tests.box.inside.deaths import ROW, TITLES, BoxWalk, Moment, furnished
from tests.box.inside.mortal import BUILDING, GROUP, WORLDS, grouped
from tests.box.inside.product import host
from tests.faults.judge import Case, judge
from tests.faults.points import Point
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import until
from tests.faults.tally import Row
from tests.faults.walk import Death, Result

NOTES = WORLDS / "notes"


@dataclass(frozen=True)
class Notes:
    """What has to be known after the power failure.

    Attributes:
        moment: at which it came.
        case: what the operation is judged by.
        death: where that was.
        point: what was to be done there.
        points: how many the step has.
        untroubled: what is wrong without any trouble.
    """

    moment: Moment
    case: Case
    death: Death
    point: Point
    points: int
    untroubled: list[str]


_NOTES = TypeAdapter(Notes)


class PowerWalk(BoxWalk):
    """An operation that stands still at a moment, as a worker does whose power is about to go."""

    def stand_still(self, death: Death) -> None:
        """Come to the moment, say so, and wait for the end."""
        self._speaks = os.dup(1)  # what a worker prints goes into the log
        with self._copy() as folder:
            grouped(lambda: self._stand_still(folder, death), folder / "log")

    def _stand_still(self, folder: Path, death: Death) -> None:
        stage = self._watched(folder)

        def strike() -> None:
            os.write(self._speaks, b"here\n")
            (GROUP / "cgroup.freeze").write_text("1")  # with all that it runs
            threading.Event().wait()

        stage.points.strikes[death.at, death.when] = strike
        stage.app.run_worker()


def begin(moment: Moment) -> None:
    """Have an operation come to a moment in a step."""
    host("systemctl", "stop", world.WORKER)
    if not (base := WORLDS / "base").exists():
        furnished()
    shutil.rmtree(WORLDS / "one", ignore_errors=True)
    walk = PowerWalk(SCENARIOS[TITLES.index(moment.title)], base, WORLDS / "one")
    death = walk.death(moment)
    notes = Notes(
        moment, walk.case, death, walk.points[death.at], walk.count(moment.step), walk.untroubled.lines()
    )
    NOTES.write_bytes(_NOTES.dump_json(notes))
    walk.stand_still(death)


def end() -> Row:
    """Wait for whoever took over, and judge."""
    notes = _NOTES.validate_json(NOTES.read_bytes())
    number = notes.case.number
    until(lambda: world.settled(number), BUILDING)
    seen = world.look()
    verdict = judge(seen, notes.case)
    verdict.leftovers.extend(world.traces(seen))
    said = host("journalctl", "--boot", "--unit", world.WORKER, "--no-pager")
    result = Result(notes.death, notes.point, seen.operation(number)["state"], verdict, said)
    scenario = SCENARIOS[TITLES.index(notes.moment.title)]
    return Row(scenario.kind, scenario.name, notes.points, [result], notes.untroubled)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["begin", title, step, ("before" | "during" | "after") as when]:
            begin(Moment(title, step, when, "reboot"))
        case ["end"]:
            sys.stdout.write(f"{ROW.dump_json(end()).decode()}\n")
        case _:
            sys.exit(__doc__)
