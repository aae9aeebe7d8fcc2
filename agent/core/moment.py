"""Which snapshot a person means: by its name, by what they call it, or by when it was taken."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from agent.core.storage import SnapshotInfo, SnapshotKind

NEWEST = frozenset({"latest", "newest", "last", "the latest", "the newest", "the last"})
_DAYS = {"today": 0, "yesterday": 1, "the day before yesterday": 2}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_AGO = re.compile(r"(an?|\d{1,4}) (minute|hour|day|week|month)s? ago\Z")
_MINUTES = {"minute": 1, "hour": 60}
_WHOLE_DAYS = {"day": 1, "week": 7, "month": 30}
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?\Z")
_ONE_DAY = timedelta(days=1)
_TIME = re.compile(r"(?:(today|yesterday)(?: at)? )?(\d{1,2}):(\d{2})\Z")


def chosen(snapshots: Iterable[SnapshotInfo], when: str, now: datetime, zone: tzinfo) -> SnapshotInfo | None:
    """The snapshot that a person means; None where there is none like that.

    Args:
        snapshots: those there are.
        when: a name; a label, or the number of the operation before which it was taken; ``latest``; or a day
            or a moment, such as ``yesterday``, ``monday``, ``2026-11-20``, ``2026-11-20 14:30``, ``14:30``,
            ``3 days ago``, ``an hour ago``: then it is the newest that was taken by the end of it.
        now: in any zone.
        zone: the person's.
    """
    newest_first = sorted(snapshots, key=lambda one: (one.taken_at, one.name), reverse=True)
    said = " ".join(when.split())
    for kinds in (set(SnapshotKind) - {SnapshotKind.BEFORE}, set(SnapshotKind)):
        for one in newest_first:
            if one.name == said or (one.label and one.kind in kinds and one.label == said.lower()):
                return one
    said = said.lower()
    if said in NEWEST:
        return newest_first[0] if newest_first else None
    until = moment(said, now, zone)
    if until is None:
        return None
    return next((one for one in newest_first if _by(one.taken_at, until, zone)), None)


def moment(  # noqa: PLR0911 - one for each way to say it
    said: str, now: datetime, zone: tzinfo
) -> date | datetime | None:
    """The day or the moment that somebody names; None where it is neither.

    Args:
        said: in lower case, with single spaces.
        now: in any zone.
        zone: the person's.
    """
    today = now.astimezone(zone).date()
    try:
        if (ago := _days_ago(said, today)) is not None:
            return today - timedelta(days=ago)
        if found := _AGO.match(said):
            count = 1 if found[1] in {"a", "an"} else int(found[1])
            if minutes := _MINUTES.get(found[2]):
                return now - timedelta(minutes=count * minutes)
            return today - timedelta(days=count * _WHOLE_DAYS[found[2]])
        if found := _DATE.match(said.upper()):
            day = date.fromisoformat(found[1])
            return day if found[2] is None else _at(day, found[2], found[3], found[4], zone)
        if found := _TIME.match(said):
            day = today - timedelta(days=_DAYS[found[1] or "today"])
            until = _at(day, found[2], found[3], None, zone)
            # Nobody means a time of today that is still to come.
            return until if found[1] or until <= now else _at(day - _ONE_DAY, found[2], found[3], None, zone)
    except (ValueError, OverflowError):  # the 30th of February, or a day before the first
        return None
    return None


def _days_ago(said: str, today: date) -> int | None:
    if said not in _WEEKDAYS:
        return _DAYS.get(said)
    # On a Monday, Monday is a week ago: nobody calls today by its name.
    return (today.weekday() - _WEEKDAYS.index(said)) % 7 or 7


def taken_for_moment(label: str, now: datetime) -> bool:
    """Whether what a person would call a snapshot would be taken for a time, or for an operation's number."""
    return label.isdecimal() or label in NEWEST or moment(label, now, UTC) is not None


def _at(day: date, hour: str, minute: str, second: str | None, zone: tzinfo) -> datetime:
    """The end of a second, or of a minute, which lists show; the later one where clocks are set back."""
    last = time(int(hour), int(minute), 59 if second is None else int(second), 999_999, fold=1)
    return datetime.combine(day, last, zone).astimezone(UTC)


def _by(taken_at: datetime, until: date | datetime, zone: tzinfo) -> bool:
    """Whether it was taken by then."""
    if isinstance(until, datetime):
        return taken_at <= until
    return taken_at.astimezone(zone).date() <= until
