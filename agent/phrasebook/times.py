"""When something was, as people say it, in words that services take: ``two days ago`` is ``2 days ago``."""

import re
from collections.abc import Sequence

LONGEST_TIME = 5
"""Words of the longest of these: ``the day before yesterday at 14:30``, without what is left out."""
_COUNTS = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "ten": "10",
}
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_SAID = (
    (re.compile(r"(?:the )?(?:latest|newest|last|most recent)(?: (?:one|snapshot))?\Z"), "latest"),
    (re.compile(r"(today|yesterday|the day before yesterday)\Z"), r"\1"),
    (re.compile(r"last night\Z"), "yesterday"),
    (re.compile(r"last (week|month)\Z"), r"a \1 ago"),
    (re.compile(rf"(?:last )?({_DAYS})(?:'s)?\Z"), r"\1"),
    (re.compile(r"((?:an?|\d{1,4}) (?:minute|hour|day|week|month)s? ago)\Z"), r"\1"),
    (re.compile(r"(\d{4}-\d{2}-\d{2})(?: (?:at )?(\d{1,2}:\d{2}))?\Z"), r"\1 \2"),
    (re.compile(r"(today|yesterday) (?:at )?(\d{1,2}:\d{2})\Z"), r"\1 at \2"),
    (re.compile(r"(\d{1,2}:\d{2})\Z"), r"\1"),
)
"""What is said, and how services are told it."""


def time_said(words: Sequence[str]) -> str | None:
    """The day or moment that these words name, as services take it; None where they name none.

    Args:
        words: in lower case.
    """
    said = " ".join(_COUNTS.get(word, word) for word in words).removeprefix("at ").removesuffix("'s")
    for pattern, told in _SAID:
        if found := pattern.match(said):
            return found.expand(told).strip()
    return None
