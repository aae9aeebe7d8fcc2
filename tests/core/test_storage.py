"""Names of snapshots, and which of them a schedule takes and keeps."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.core.errors import InvalidName
from agent.core.storage import (
    ChangedFile,
    Difference,
    FileChange,
    Schedule,
    SnapshotKind,
    SnapshotName,
    Space,
    checked_label,
    due,
    superfluous,
)

BY_ITSELF = (SnapshotKind.HOURLY, SnapshotKind.DAILY, SnapshotKind.WEEKLY)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True) | st.just("")
NAMES = st.builds(SnapshotName, kind=st.sampled_from(SnapshotKind), taken_at=MOMENTS, label=LABELS)
COUNTS = st.integers(0, 5)
SCHEDULES = st.builds(Schedule, hourly=COUNTS, daily=COUNTS, weekly=COUNTS)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati"]).map(ZoneInfo)


@given(NAMES)
def test_a_name_says_all_that_is_known(name: SnapshotName) -> None:
    """It is read as it was written, so ZFS is the only record there is."""
    assert SnapshotName.parse(str(name)) == name


@given(st.text())
def test_what_is_not_ours_is_none(text: str) -> None:
    """Other people's snapshots are left alone, whatever they are called."""
    name = SnapshotName.parse(text)
    assert name is None or str(name) == text


@pytest.mark.parametrize(
    "text",
    ["golden", "voxnix-manual", "voxnix-odd-20261125T101000Z", "voxnix-manual-20261399T101000Z", "x\n"],
)
def test_nearly_ours_is_none(text: str) -> None:
    """Each part of a name has to be right."""
    assert SnapshotName.parse(text) is None


@pytest.mark.parametrize("label", ["-a", "a-", "A", "ä", "a b", "a" * 41, "a\n"])
def test_a_label_keeps_to_its_rule(label: str) -> None:
    """What is refused comes with the rule."""
    with pytest.raises(InvalidName, match="letters, digits"):
        checked_label(label)


@given(LABELS)
def test_what_the_rule_allows_is_a_label(label: str) -> None:
    """It stays as it is, and none at all is allowed too."""
    assert checked_label(label) == label


def test_nobody_keeps_a_million() -> None:
    """A schedule has limits."""
    with pytest.raises(ValidationError):
        Schedule(hourly=1001)


@given(st.lists(NAMES, max_size=40, unique_by=str), SCHEDULES)
def test_a_schedule_keeps_the_newest_of_each_kind(names: list[SnapshotName], schedule: Schedule) -> None:
    """And takes away nothing but what schedules took, the oldest first."""
    gone = superfluous(names, schedule)
    assert {one.kind for one in gone} <= set(BY_ITSELF)
    assert gone == sorted(gone, key=lambda one: one.taken_at)
    left = [one for one in names if one not in gone]
    for kind in BY_ITSELF:
        kept = [one.taken_at for one in left if one.kind is kind]
        all_of_it = [one.taken_at for one in names if one.kind is kind]
        assert len(kept) == min(len(all_of_it), schedule.counts[kind])
        assert sorted(kept) == sorted(all_of_it)[len(all_of_it) - len(kept) :]
    assert superfluous(left, schedule) == []


@given(st.lists(NAMES, max_size=20), SCHEDULES, MOMENTS, ZONES)
def test_what_was_taken_is_due_no_more(
    names: list[SnapshotName], schedule: Schedule, now: datetime, zone: ZoneInfo
) -> None:
    """One of each kind that is wanted, and then none until the next hour, day or week."""
    names = [one for one in names if one.taken_at <= now]
    kinds = due(names, schedule, now, zone)
    assert set(kinds) <= {kind for kind, count in schedule.counts.items() if count}
    taken = [*names, *(SnapshotName(kind=kind, taken_at=now) for kind in kinds)]
    assert due(taken, schedule, now, zone) == []
    assert due(taken, schedule, now + timedelta(days=8), zone) == [
        kind for kind, count in schedule.counts.items() if count
    ]


def test_days_and_weeks_begin_where_the_person_is() -> None:
    """In Berlin it is Monday already, so what was taken an hour ago is of last week."""
    schedule = Schedule(hourly=24, daily=7, weekly=4)
    before = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    taken = [SnapshotName(kind=kind, taken_at=before) for kind in BY_ITSELF]
    after = before + timedelta(hours=1)
    assert due(taken, schedule, after, ZoneInfo("Europe/Berlin")) == list(BY_ITSELF)
    assert due(taken, schedule, after, UTC) == [SnapshotKind.HOURLY]


def test_what_was_taken_in_the_future_counts_for_nothing() -> None:
    """A clock that was set back does not keep anybody from their snapshots."""
    now = datetime(2026, 11, 25, 10, 10, tzinfo=UTC)
    ahead = SnapshotName(kind=SnapshotKind.HOURLY, taken_at=now + timedelta(days=300))
    assert due([ahead], Schedule(hourly=1), now, UTC) == [SnapshotKind.HOURLY]


def test_what_is_not_listed_is_counted() -> None:
    """A difference says how many there are, and a space what it takes together."""
    file = ChangedFile(path="a", change=FileChange.ADDED)
    assert Difference(files=(file,), more=4).total == 5
    assert Space(name="dev", root=1, workspace=2, snapshots=4, quota=0).total == 7
