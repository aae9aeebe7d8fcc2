"""When something was, as people say it."""

from datetime import UTC, datetime

import pytest

from agent.core.moment import moment
from agent.core.storage import SnapshotKind
from agent.phrasebook.times import time_said

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("yesterday", "yesterday"),
        ("today", "today"),
        ("the day before yesterday", "the day before yesterday"),
        ("last night", "yesterday"),
        ("last week", "a week ago"),
        ("monday", "monday"),
        ("last friday", "friday"),
        ("monday's", "monday"),
        ("two days ago", "2 days ago"),
        ("an hour ago", "an hour ago"),
        ("30 minutes ago", "30 minutes ago"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20 14:30", "2026-11-20 14:30"),
        ("2026-11-20 at 14:30", "2026-11-20 14:30"),
        ("yesterday at 9:05", "yesterday at 9:05"),
        ("at 14:30", "14:30"),
        ("the latest snapshot", "latest"),
        ("most recent", "latest"),
    ],
)
def test_what_people_say_services_understand(said: str, told: str) -> None:
    """Each way to say it arrives as a day or a moment that services know."""
    assert time_said(said.split()) == told
    assert told == "latest" or moment(told, NOW, UTC) is not None


@pytest.mark.parametrize(
    "said", ["", "dev", "good", "notes.txt", "soon", "ago", "two days", "the", "25:00:00", "tomorrow"]
)
def test_what_names_no_time_is_none(said: str) -> None:
    """It may be what a snapshot is called."""
    assert time_said(said.split()) is None


def test_a_kind_of_snapshot_is_no_time() -> None:
    """A person may call one like that."""
    assert not any(time_said([kind.value]) for kind in SnapshotKind)
