"""Which snapshot somebody means."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.moment import chosen, moment, taken_for_moment
from agent.core.storage import SnapshotInfo, SnapshotKind, SnapshotName

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 10, 10, tzinfo=UTC)
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Kiritimati"]
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


def info(taken_at: datetime, kind: SnapshotKind = SnapshotKind.HOURLY, label: str = "") -> SnapshotInfo:
    """A snapshot."""
    name = SnapshotName(kind=kind, taken_at=taken_at, label=label)
    return SnapshotInfo(name=str(name), kind=kind, taken_at=taken_at, label=label, used=0)


TAKEN = st.lists(MOMENTS.map(info), max_size=30)


@given(TAKEN, MOMENTS, ZONES, st.integers(0, 400))
def test_a_day_is_the_newest_by_its_end(
    snapshots: list[SnapshotInfo], now: datetime, zone: ZoneInfo, ago: int
) -> None:
    """By the person's calendar, however they say it."""
    day = now.astimezone(zone).date() - timedelta(days=ago)
    older = [one for one in snapshots if one.taken_at.astimezone(zone).date() <= day]
    wanted = max((one.taken_at for one in older), default=None)
    ways = [day.isoformat(), f"{ago} days ago"]
    ways += {0: ["today"], 1: ["yesterday", "a day ago", " Yesterday "], 7: ["1 week ago"]}.get(ago, [])
    for when in ways:
        found = chosen(snapshots, when, now, zone)
        assert (found.taken_at if found else None) == wanted, when


@given(TAKEN, MOMENTS, ZONES)
def test_a_time_is_the_newest_by_then(snapshots: list[SnapshotInfo], then: datetime, zone: ZoneInfo) -> None:
    """A time as a list shows it finds what was shown, even if clocks were set back in that hour."""
    now = datetime(2031, 1, 1, tzinfo=UTC)
    for one in snapshots:
        shown = one.taken_at.astimezone(zone)
        found = chosen(snapshots, f"{shown:%Y-%m-%d %H:%M}", now, zone)
        assert found is not None
        assert found.taken_at >= one.taken_at
    found = chosen(snapshots, f"{then:%Y-%m-%d %H:%M:%S}", now, UTC)
    assert found == max(
        (one for one in snapshots if one.taken_at <= then), key=lambda one: one.taken_at, default=None
    )


@given(TAKEN, MOMENTS)
def test_the_latest_is_the_newest(snapshots: list[SnapshotInfo], now: datetime) -> None:
    """Whether or not its moment has come by the node's clock."""
    found = chosen(snapshots, "latest", now, UTC)
    assert found == max(snapshots, key=lambda one: one.taken_at, default=None)


@given(st.text(), MOMENTS, ZONES)
def test_nothing_that_is_said_is_an_error(said: str, now: datetime, zone: ZoneInfo) -> None:
    """What is no moment is none."""
    assert chosen([], said, now, zone) is None


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("today", date(2026, 11, 25)),
        ("the day before yesterday", date(2026, 11, 23)),
        ("monday", date(2026, 11, 23)),
        ("tuesday", date(2026, 11, 24)),
        ("wednesday", date(2026, 11, 18)),
        ("sunday", date(2026, 11, 22)),
        ("2 weeks ago", date(2026, 11, 11)),
        ("an hour ago", NOW - timedelta(hours=1)),
        ("90 minutes ago", NOW - timedelta(minutes=90)),
        ("2026-11-20t08:00", datetime(2026, 11, 20, 7, 0, 59, 999_999, UTC)),
        ("09:30", datetime(2026, 11, 25, 8, 30, 59, 999_999, UTC)),
        ("23:30", datetime(2026, 11, 24, 22, 30, 59, 999_999, UTC)),
        ("yesterday at 9:30", datetime(2026, 11, 24, 8, 30, 59, 999_999, UTC)),
        ("2026-02-30", None),
        ("25:00", None),
        ("9999 months ago", date(1205, 8, 11)),
        ("0001-01-01 00:00", None),
        ("soon", None),
    ],
)
def test_a_moment_can_be_said_in_many_ways(said: str, until: date | datetime | None) -> None:
    """In the person's zone."""
    assert moment(said, NOW, BERLIN) == until


def test_a_name_comes_before_a_label_and_a_label_before_a_time() -> None:
    """Of several with one label it is the newest; what a person said comes before an operation's number."""
    old = info(NOW - timedelta(days=3), SnapshotKind.MANUAL, "works")
    new = info(NOW - timedelta(days=2), SnapshotKind.MANUAL, "works")
    before = info(NOW - timedelta(days=1), SnapshotKind.BEFORE, "17")
    everything = [old, before, new]
    assert chosen(everything, "works", NOW, UTC) == new
    assert chosen(everything, "Works", NOW, UTC) == new
    assert chosen(everything, old.name, NOW, UTC) == old
    assert chosen(everything, "17", NOW, UTC) == before
    assert chosen([*everything, info(NOW, SnapshotKind.MANUAL, "17")], "17", NOW, UTC) != before
    assert chosen(everything, "fails", NOW, UTC) is None


@pytest.mark.parametrize("label", ["latest", "yesterday", "2026-11-20", "17", "today"])
def test_what_is_said_of_times_names_nothing(label: str) -> None:
    """Nobody could ask for the other any more."""
    assert taken_for_moment(label, NOW)
    assert not taken_for_moment(f"x{label}", NOW)
