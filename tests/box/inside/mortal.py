"""A worker that dies on this box: the product as it is here, noting what it does, in a process of its own."""

import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from agent.host.node import MOST_OUTPUT, Completed, LocalNode
from agent.settings import Settings, load
from tests.box.inside import world
from tests.faults.points import PATIENCE, Mortal, Point, Points, When
from tests.faults.stage import Stage, apart, until

WORLDS = world.DISKS / "walk"
LIVE = WORLDS / "live"
"""What is noted of the process that is at work."""
GROUP = Path("/sys/fs/cgroup/voxnix-mortal")
"""The cgroup of whoever works: what a worker leaves is found in it, and ended as systemd would end it."""
OUTLIVED = "It outlived its worker:"
BUILDING = 300.0
"""Seconds that an operation may take here: images are built."""
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z")


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

    def settings(self, **limits: Any) -> Settings:  # noqa: ANN401
        """See :meth:`Stage.settings`: who waits is the worker, as the box's own rests."""
        return load(embedded_worker=True, timezone="UTC", **limits)

    def on(self, state: Path, **keywords: Any) -> Mortal:  # noqa: ANN401, ARG002 - as there
        """See :meth:`Stage.on`."""
        return BoxNode(self.points, self._noted)


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
    return replace(point, words=_TIME.sub("*", point.words))


def fresh() -> Path:
    """The folder for what is noted, empty."""
    shutil.rmtree(LIVE, ignore_errors=True)
    LIVE.mkdir(parents=True)
    return LIVE
