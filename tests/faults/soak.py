"""``python -m tests.faults.soak``: many people and hours of a node whose worker keeps dying.

Hours pass within minutes: the clock runs faster, for all of the product's processes alike. What they leave
is looked at from time to time, when nothing is under way: see :mod:`tests.faults.ledger` and
:mod:`tests.faults.standing`.
"""

import argparse
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Literal

from agent.core.owner import Owner
from agent.host.simulated import Pace, Sizes, machines
from tests.faults.judge import OPEN
from tests.faults.ledger import instant
from tests.faults.look import Seen, look
from tests.faults.people import PLACE, People
from tests.faults.report import Report
from tests.faults.stage import Stage, begun, memory, powered_off, until, well
from tests.faults.standing import Limits, gone, standing
from tests.faults.writers import Journal

GIB = 1 << 30
APPROVAL = 10
"""Minutes in which people may agree to a plan."""
LIMITS = {"workload_quota": "2G", "owner_quota": "8G", "approval_minutes": APPROVAL, "trash_days": 7}
IN_FORCE = Limits(workload=2 * GIB, owner=8 * GIB, approval=APPROVAL * 60.0)
POOL = 60 * GIB
PACE = Pace(build=0.5, boot=0.1, lease=0.05, stop=0.05)
"""Seconds of real time: enough to be killed in the middle."""
SETTLED, AGREED = 120.0, 20.0
"""Real seconds until all operations have ended, and until what there is agrees with itself after that."""
ENDED = 20.0
"""Real seconds until a worker that was told to end has ended."""

HOUR = 3600.0

Death = Literal["killed", "told to end", "without power"]
DEATHS: tuple[Death, ...] = ("killed", "told to end", "without power")
NIGHTS = (0, 0, 0, 600, 5 * HOUR, 11 * HOUR, 30 * HOUR, 8 * 24 * HOUR)
"""Seconds for which the node may be switched off."""


@dataclass(frozen=True)
class Clock:
    """A clock that runs faster.

    Attributes:
        begun: when it was right, in seconds since 1970.
        speed: its seconds in one real second.
        ahead: for how many seconds the node was switched off, all in all.
    """

    begun: float
    speed: float
    ahead: float = 0.0

    def seconds(self) -> float:
        """Seconds since 1970."""
        return self.begun + (time.time() - self.begun) * self.speed + self.ahead

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)


class Soak:
    """One run.

    Args:
        folder: for all files.
        minutes: of simulated time.
        owners: how many.
        seed: of all that is random.
        speed: of the clock.
        say: is told how it goes, line by line.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - each can be set on the command line
        self, folder: Path, minutes: float, owners: int, seed: int, speed: float, say: Callable[[str], object]
    ) -> None:
        self._folder = folder
        self._minutes = minutes
        self._owners = [Owner(f"o{number}") for number in range(owners)]
        self._seed = seed
        self._random = Random(seed)  # noqa: S311 - it has to be repeatable
        self._clock = Clock(time.time(), speed)
        self._say = say
        self._journal = folder / "journal"
        self._log = folder / "log"
        self._read = 0
        self._shifts = 0
        self._worker = self._people = 0
        self._trash: dict[int, float] = {}
        self.report = Report()

    def run(self) -> Report:
        """All of it."""
        begin = time.monotonic()
        importlib.import_module("agent.worker")  # once, and not by each worker
        self._journal.touch()
        well(self._folder, self._furnish)
        try:
            while self._simulated() < self._minutes * 60:
                self._stretch(min(5.0, self._minutes / 3) * 60 / self._clock.speed)
                self._check()
        finally:
            for process in (self._worker, self._people):
                _kill(process)
        self.report.real = time.monotonic() - begin
        self.report.simulated = self._simulated()
        self.report.off = self._clock.ahead
        for row in look(self._folder / "simulation").rows["operations"]:
            self.report.operations[row["kind"], row["state"]] += 1
            if row["state"] == "failed":
                self.report.failures[row["problem"]["code"]] += 1
        return self.report

    def _simulated(self) -> float:
        return self._clock.seconds() - self._clock.begun - self._clock.ahead

    def _stage(self) -> Stage:
        clock = self._clock
        stage = Stage(
            self._folder,
            clock=clock.now,
            limits=LIMITS,
            sizes=Sizes(pool=POOL),
        )
        stage.node.pace = PACE
        setattr(machines, "POLL", 0.3)  # noqa: B010 - a constant: each look at so large a node takes its time
        return stage

    def _furnish(self) -> None:
        """There is a disk for backups."""
        stage = self._stage()
        for owner in self._owners:
            stage.node.run(["mkdir", "--parents", f"{PLACE}/{owner.key}"])
        stage.app.close()

    def _stretch(self, seconds: float) -> None:
        """People are busy for so many real seconds, while workers come and go."""
        end = time.monotonic() + seconds
        self._begin_people(end)
        while (left := end - time.monotonic()) > 0:
            self._begin_worker()
            time.sleep(min(self._random.uniform(1, 8), left))
            if time.monotonic() < end:
                self._die(self._random.choices(DEATHS, (6, 3, 1))[0])
                time.sleep(self._random.choice((0, 0, 0.5, 2)))
                if not self._people:
                    self._begin_people(end)
        _ended(self._people, ENDED)
        self._people = 0

    def _begin_worker(self) -> None:
        if self._worker and os.waitpid(self._worker, os.WNOHANG) != (0, 0):
            self.report.violations.append(f"a worker ended by itself: {self._log}")
            self._worker = 0
        if not self._worker:
            self._worker = begun(self._work, self._log)

    def _work(self) -> None:
        stage = self._stage()
        stage.app.run_worker()
        stage.app.close()
        for thread in threading.enumerate():
            if not thread.daemon and thread is not threading.current_thread():
                thread.join(ENDED)

    def _begin_people(self, end: float) -> None:
        self._shifts += 1
        name, random = f"s{self._shifts}", Random(f"{self._seed} {self._shifts}")  # noqa: S311
        self._people = begun(lambda: self._live(name, random, end), self._log)

    def _live(self, name: str, random: Random, end: float) -> None:
        stage = self._stage()
        journal = Journal(self._journal)
        People(stage, journal, self._owners, random, name, self._clock.seconds).live(end)

    def _die(self, how: Death) -> None:
        self.report.deaths[how] += 1
        if how == "told to end":
            os.kill(self._worker, signal.SIGTERM)
            if not _ended(self._worker, ENDED):
                self.report.violations.append(f"a worker did not end within {ENDED:.0f} s: {self._log}")
        else:
            _kill(self._worker)
        self._worker = 0
        if how == "without power":
            _kill(self._people)
            self._people = 0
            powered_off(self._folder / "simulation" / "node.json")
            away = self._random.choice(NIGHTS)
            self._clock = Clock(self._clock.begun, self._clock.speed, self._clock.ahead + away)

    def _check(self) -> None:
        """Wait until nothing is under way, and look at all of it."""
        self._begin_worker()
        until(lambda: not _open(self._look()), SETTLED)
        wrong: list[str] = []

        def settled() -> bool:
            now = self._clock.seconds()
            wrong[:] = standing(self._look(), IN_FORCE, now)
            return not wrong

        until(settled, AGREED)
        now = self._clock.seconds()
        seen = self._look()
        wrong.extend(gone(seen, self._trash))
        self._trash = {row["operation"]: instant(row["expires_at"]) for row in seen.rows["trash"]}
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        new, self._read = lines[self._read :], len(lines)
        self.report.ledger.read(new)
        wrong.extend(self.report.ledger.check(seen, now))
        for entry in map(json.loads, new):
            if entry["what"] == "wrong":
                wrong.append(entry["why"])
            elif entry["what"] == "answer":
                self.report.answers[f"{entry['deed']}: {entry['code']}"] += 1
        self.report.checks += 1
        for one in wrong:
            if one not in self.report.violations:
                self.report.violations.append(one)
                self._say(f"WRONG: {one}")
        self._say(
            f"{self._simulated() / 60:.0f} min: {len(seen.rows['workloads'])} workloads, "
            f"{len(seen.rows['trash'])} in the trash, {len(seen.rows['operations'])} operations, "
            f"{sum(self.report.deaths.values())} deaths, {len(self.report.ledger.accounts)} contents, "
            f"{len(self.report.violations)} violations"
        )

    def _look(self) -> Seen:
        return look(self._folder / "simulation")


def _open(seen: Seen) -> list[dict[str, Any]]:
    return [row for row in seen.rows["operations"] if row["state"] in OPEN]


def _kill(process: int) -> None:
    """End a process of ours at once."""
    if process:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _ended(process: int, seconds: float) -> bool:
    """Wait for the end of a process of ours, and see to it then; whether it came by itself."""
    if process and not until(lambda: os.waitpid(process, os.WNOHANG) != (0, 0), seconds):
        _kill(process)
        return False
    return True


def main(words: Sequence[str]) -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=120, help="of simulated time")
    parser.add_argument("--owners", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--speed", type=float, default=14, help="simulated seconds in a real one")
    given = parser.parse_args(words)
    seed = time.time_ns() % 1_000_000 if given.seed is None else given.seed
    folder = Path(tempfile.mkdtemp(prefix="voxnix-soak-", dir=memory()))
    soak = Soak(folder, given.minutes, given.owners, seed, given.speed, _say)
    report = soak.run()
    sys.stdout.write(f"{report}")
    for one in report.violations:
        sys.stdout.write(f"- {one}\n")
    if report.violations:
        again = f"--minutes {given.minutes:g} --owners {given.owners} --seed {seed}"
        sys.stdout.write(f"again: python -m tests.faults.soak {again}\nall of it is in {folder}\n")
        return 1
    shutil.rmtree(folder)
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
