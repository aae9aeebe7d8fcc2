"""What is done from time to time."""

import logging
import threading
from datetime import datetime, timedelta

import pytest

from agent.services.rounds import Round, Rounds
from tests.contract.place import until


class Clock:
    """A time that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time."""
        return self.now


def test_each_thing_is_done_at_its_interval(now: datetime) -> None:
    """At once for the first time; then no earlier than its seconds after the last beginning."""
    clock, done = Clock(now), list[str]()
    rounds = Rounds(
        [
            Round("often", 10, lambda: done.append("often")),
            Round("seldom", 60, lambda: done.append("seldom")),
        ],
        clock,
    )
    seen: list[list[str]] = []
    for second in (0, 9, 10, 20, 59, 60, 65, 69):
        clock.now = now + timedelta(seconds=second)
        rounds.go()
        seen.append(done.copy())
        done.clear()
    assert seen == [["often", "seldom"], [], ["often"], ["often"], ["often"], ["seldom"], [], ["often"]]


def test_what_fails_holds_up_nothing(now: datetime, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, the others have their turn, and it is tried again when it is due again."""
    clock, done = Clock(now), list[str]()

    def fail() -> None:
        done.append("failing")
        raise ValueError("no luck")

    rounds = Rounds([Round("failing", 5, fail), Round("other", 5, lambda: done.append("other"))], clock)
    with caplog.at_level(logging.WARNING):
        rounds.go()
        rounds.go()
    assert done == ["failing", "other"]
    assert caplog.messages == ["failing failed: no luck"]
    clock.now += timedelta(seconds=5)
    rounds.go()
    assert done == ["failing", "other"] * 2


def test_a_clock_that_is_set_back_stops_nothing(now: datetime) -> None:
    """Otherwise an hour would have to pass twice."""
    clock, done = Clock(now), list[datetime]()
    rounds = Rounds([Round("looking", 60, lambda: done.append(clock.now))], clock)
    rounds.go()
    clock.now -= timedelta(hours=1)
    rounds.go()
    rounds.go()
    assert done == [now, now - timedelta(hours=1)]


def test_they_go_by_themselves_and_end_when_they_are_told(now: datetime) -> None:
    """In a thread; what comes after the one that is being done is not begun any more."""
    done: list[str] = []

    def last() -> None:
        done.append("first")
        rounds.stop()

    rounds = Rounds(
        [Round("first", 60, last), Round("second", 60, lambda: done.append("second"))], Clock(now)
    )
    with rounds:
        until(lambda: done)
    assert done == ["first"]
    assert "voxnix-rounds" not in {thread.name for thread in threading.enumerate()}
