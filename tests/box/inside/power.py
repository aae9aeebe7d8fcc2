"""Operations that meet a power failure of this box; tests/box/test_power.py, outside, takes the power away.

``python -m tests.box.inside.power begin SCENARIO STEP before|during|after`` has an operation come to that
moment, says ``here``, and stands still for ever. ``… end``, once the box is up again, waits for the worker
that the box has started by itself, and prints what came of it. What the box had before is lost: it is one of
the test's own.
"""

import json
import os
import sys
import threading
from pathlib import Path

from pydantic import TypeAdapter

from tests.box.inside import world
from tests.box.inside.deaths import ROW, TITLES, BoxWalk, furnished
from tests.box.inside.mortal import BUILDING, GROUP, WORLDS, grouped
from tests.box.inside.product import host
from tests.faults.judge import Case, judge
from tests.faults.points import Point, When
from tests.faults.scenarios import SCENARIOS
from tests.faults.stage import until
from tests.faults.tally import Row
from tests.faults.walk import Death, Result

NOTES = WORLDS / "notes"
_CASE, _DEATH, _POINT = TypeAdapter(Case), TypeAdapter(Death), TypeAdapter(Point)


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


def begin(title: str, step: str, when: When) -> None:
    """Have an operation come to a moment in a step."""
    host("systemctl", "stop", world.WORKER)
    if not (base := WORLDS / "base").exists():
        furnished()
    walk = PowerWalk(SCENARIOS[TITLES.index(title)], base, WORLDS / "one")
    here = [at for at in walk.noted.numbers.values() if walk.points[at].step == step]
    commands = [at for at in here if walk.points[at].what == "command"]
    at = max(commands, key=lambda at: walk.noted.lasted[at], default=here[0])
    death = Death(at, when if commands or when != "during" else "after", "reboot")
    untroubled = json.dumps(walk.untroubled.lines())
    notes = (_CASE.dump_json(walk.case), _DEATH.dump_json(death), _POINT.dump_json(walk.points[at]))
    NOTES.write_bytes(b"\n".join([title.encode(), str(len(here)).encode(), untroubled.encode(), *notes]))
    walk.stand_still(death)


def end() -> Row:
    """Wait for whoever took over, and judge."""
    title, points, untroubled, case, death, point = NOTES.read_bytes().splitlines()
    known = _CASE.validate_json(case)
    until(lambda: world.settled(known.number), BUILDING)
    seen = world.look()
    verdict = judge(seen, known)
    verdict.leftovers.extend(world.traces(seen))
    state = seen.operation(known.number)["state"]
    said = host("journalctl", "--boot", "--unit", world.WORKER, "--no-pager")
    result = Result(_DEATH.validate_json(death), _POINT.validate_json(point), state, verdict, said)
    scenario = SCENARIOS[TITLES.index(title.decode())]
    return Row(scenario.kind, scenario.name, int(points), [result], json.loads(untroubled))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["begin", title, step, ("before" | "during" | "after") as when]:
            begin(title, step, when)
        case ["end"]:
            sys.stdout.write(f"{ROW.dump_json(end()).decode()}\n")
        case _:
            sys.exit(__doc__)
