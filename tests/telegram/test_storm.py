"""Exactly once: people write, the bot is killed again and again, and everything is counted."""

from dataclasses import replace
from pathlib import Path

from tests.telegram.storm import Load, storm
from tests.telegram.tally import Result

NOTHING = Result(
    answers=100,
    lost=0,
    repeated_in_a_window=0,
    repeated_outside_a_window=0,
    repeated_progress=0,
    disordered=0,
    wrong=0,
    repeated_operations=0,
    missing_operations=0,
    strays=0,
    kills=6,
)


def test_nothing_is_lost_or_done_twice_however_often_the_bot_is_killed(tmp_path: Path) -> None:
    """Each chat gets each answer, in order, and what it asked for once; a repetition lies in a window."""
    result = storm(Load(chats=10, updates=100, kills=6), tmp_path, seed=7)
    # How often a kill hits the window is chance; that nothing else is repeated is not.
    unlucky = {
        "repeated_in_a_window": result.repeated_in_a_window,
        "repeated_progress": result.repeated_progress,
    }
    assert result == replace(NOTHING, **unlucky)
    assert result.repeated_in_a_window + result.repeated_progress < result.answers / 4
