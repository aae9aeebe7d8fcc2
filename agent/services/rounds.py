"""What a node's worker does from time to time: each thing at its interval, one after another."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds after which it looks again what is due: the clock may have been set, too."""


@dataclass(frozen=True)
class Round:
    """Something that is done again and again.

    Attributes:
        name: what, for the log: "looking at the quotas".
        interval: seconds from one beginning to the next.
        run: does it. It may take its time, but no more than the next thing can wait. What it raises is
            logged, and it is tried again after its interval.
    """

    name: str
    interval: float
    run: Callable[[], object]


class Rounds:
    """Goes the rounds, in a thread of its own; everything is due once at the start.

    Args:
        rounds: what is to be done.
        clock: the time in UTC.
    """

    def __init__(self, rounds: Sequence[Round], clock: Callable[[], datetime]) -> None:
        self._rounds = tuple(rounds)
        self._clock = clock
        self._begun: dict[str, datetime] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go, name="voxnix-rounds", daemon=True)

    def __enter__(self) -> Self:
        """Begin to go."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End. The node has to be stopped by now, or this waits for what is being done."""
        self.stop()
        self._thread.join()

    def stop(self) -> None:
        """Begin nothing any more."""
        self._stopping.set()

    def go(self) -> None:
        """Do what is due now."""
        for one in self._rounds:
            if self._stopping.is_set():
                return
            if not self._due(one):
                continue
            self._begun[one.name] = self._clock()
            try:
                one.run()
            except Exception as error:  # noqa: BLE001 - the worker lives on: the next time may go well
                if not self._stopping.is_set():
                    log.warning("%s failed: %s", one.name, error)

    def _due(self, one: Round) -> bool:
        begun, now = self._begun.get(one.name), self._clock()
        # A clock that was set back would have it wait for as long.
        return begun is None or now < begun or now - begun >= timedelta(seconds=one.interval)

    def _go(self) -> None:
        while not self._stopping.is_set():
            self.go()
            self._stopping.wait(LOOK_EVERY)
