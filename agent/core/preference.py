"""What somebody prefers about how they are spoken to."""

import re
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from agent.core.errors import InvalidRequest
from agent.core.notice import NoticeKind

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])(?::([0-5][0-9]))?\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?\Z")


def checked_clock(text: str) -> str:
    """A time of day as ``07:00``, from ``7`` and ``7:00`` too.

    Raises:
        InvalidRequest: with what is accepted.
    """
    found = _CLOCK.match(text.strip())
    if found is None:
        raise InvalidRequest(
            f"{text[:20]!r} is no time of day.",
            "A time is 00:00 to 23:59, such as 22:00.",
            "Say it like that.",
        )
    return f"{int(found[1]):02}:{found[2] or '00'}"


def checked_language(text: str) -> str:
    """A language's tag in lower case; empty for none.

    Raises:
        InvalidRequest: with what is accepted.
    """
    tag = text.strip().replace("_", "-").lower()
    if tag and not _LANGUAGE.match(tag):
        raise InvalidRequest(
            f"{text[:20]!r} is no language.",
            "A language is two or three letters, and a region where that matters: en, de, pt-br.",
            "Say it like that.",
        )
    return tag


def checked_kind(text: str) -> NoticeKind:
    """A kind of notice.

    Raises:
        InvalidRequest: with those there are.
    """
    try:
        return NoticeKind(text.strip().lower())
    except ValueError:
        raise InvalidRequest(
            f"There are no messages about {text[:20]!r}.", f"There are: {', '.join(NoticeKind)}.", "Name one."
        ) from None


@dataclass(frozen=True)
class Preference:
    """What one account prefers; what is empty is as it always is.

    Attributes:
        language: a tag such as ``de``; empty for what the chat app says.
        quiet_from: a time of day, such as ``22:00``; empty without quiet hours.
        quiet_to: likewise; earlier than ``quiet_from`` where midnight is between them.
        muted: what it is not told.
    """

    language: str = ""
    quiet_from: str = ""
    quiet_to: str = ""
    muted: frozenset[NoticeKind] = frozenset()

    def quiet_at(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether a moment is in the quiet hours. What counts is what a clock on the wall shows.

        Args:
            moment: with any time zone.
            zone: where that clock hangs.
        """
        if not self.quiet_from or not self.quiet_to:
            return False
        begin, end = time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to)
        shown = moment.astimezone(zone).time()
        if begin <= end:  # also: from a time to the same is no time at all
            return begin <= shown < end
        return shown >= begin or shown < end
