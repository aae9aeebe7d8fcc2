"""Quiet hours, and what people may say about what they prefer."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.errors import InvalidRequest
from agent.core.notice import NoticeKind
from agent.core.preference import Preference, checked_clock, checked_kind, checked_language

BERLIN = ZoneInfo("Europe/Berlin")
clocks = st.times().map(lambda one: f"{one:%H:%M}")
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]).map(ZoneInfo)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _quiet(moment: datetime, begin: str, end: str, zone: ZoneInfo = BERLIN) -> bool:
    return Preference(quiet_from=begin, quiet_to=end).quiet_at(moment, zone)


@given(moments, zones, clocks, clocks)
def test_of_two_times_each_moment_is_in_one_span_or_in_the_other(
    moment: datetime, zone: ZoneInfo, begin: str, end: str
) -> None:
    """From one time to another and from there back fill the day, and share nothing."""
    if begin != end:
        assert _quiet(moment, begin, end, zone) is not _quiet(moment, end, begin, zone)


@given(moments, zones, clocks)
def test_from_a_time_to_the_same_is_no_time(moment: datetime, zone: ZoneInfo, clock: str) -> None:
    """Nobody is cut off for good by a typing mistake."""
    assert not _quiet(moment, clock, clock, zone)


@given(moments, zones, clocks)
def test_without_both_ends_there_are_no_quiet_hours(moment: datetime, zone: ZoneInfo, clock: str) -> None:
    """Half a span is none."""
    assert not _quiet(moment, "", "", zone)
    assert not _quiet(moment, clock, "", zone)


@given(moments, zones, st.integers(0, 23), st.integers(1, 23))
def test_the_clock_on_the_wall_decides(moment: datetime, zone: ZoneInfo, begin: int, length: int) -> None:
    """Its hour is one of those from the beginning on, past midnight too; the end is not among them."""
    hours = {(begin + more) % 24 for more in range(length)}
    end = (begin + length) % 24
    quiet = _quiet(moment, f"{begin:02}:00", f"{end:02}:00", zone)
    assert quiet is (moment.astimezone(zone).hour in hours)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2026, 3, 28, 12, tzinfo=BERLIN), 8), (datetime(2026, 10, 24, 12, tzinfo=BERLIN), 10)],
)
def test_a_night_in_which_the_clock_changes_ends_by_the_clock(day: datetime, hours: int) -> None:
    """22:00 to 07:00 is an hour shorter in March and longer in October, and ends at 07:00 all the same."""
    start = day.astimezone(UTC)
    minutes = [start + timedelta(minutes=more) for more in range(24 * 60)]
    quiet = [moment for moment in minutes if _quiet(moment, "22:00", "07:00")]
    assert len(quiet) == hours * 60
    assert quiet[-1].astimezone(BERLIN).time() == time(6, 59)
    assert quiet[0].astimezone(BERLIN).time() == time(22, 0)


@pytest.mark.parametrize(
    ("said", "meant"), [("22:00", "22:00"), ("7", "07:00"), ("7:30", "07:30"), (" 00:00 ", "00:00")]
)
def test_a_time_of_day(said: str, meant: str) -> None:
    """As people write it."""
    assert checked_clock(said) == meant


@pytest.mark.parametrize("said", ["", "24:00", "7:5", "22:60", "noon", "-1", "22:00\nx", "\u0667"])
def test_what_is_no_time_of_day_is_refused(said: str) -> None:
    """With what is accepted."""
    with pytest.raises(InvalidRequest, match="00:00 to 23:59"):
        checked_clock(said)


@pytest.mark.parametrize(
    ("said", "meant"), [("de", "de"), ("pt_BR", "pt-br"), ("EN", "en"), ("", ""), ("zh-hans", "zh-hans")]
)
def test_a_language(said: str, meant: str) -> None:
    """By its tag."""
    assert checked_language(said) == meant


@pytest.mark.parametrize("said", ["deutsch", "d", "de-", "de\nfr", "de-de-de", "../de"])
def test_what_is_no_language_is_refused(said: str) -> None:
    """With what is accepted."""
    with pytest.raises(InvalidRequest, match="two or three letters"):
        checked_language(said)


def test_a_kind_that_there_is_not_is_refused() -> None:
    """With those that there are."""
    assert checked_kind(" Quota") is NoticeKind.QUOTA
    with pytest.raises(InvalidRequest, match="crashed, quota"):
        checked_kind("birthdays")
