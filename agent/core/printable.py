"""Text from containers, models and people, without anything that acts on whoever shows it."""

import re

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor, screen
    # Strings: titles, clipboards, device control. One that is never ended goes to the end of its line only,
    # so that a broken line cannot hide those after it.
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"  # every other escape
    r"|\x9b[0-?]*[ -/]*[@-~]"  # control sequences begun with one C1 character
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # all control characters but newline and tab
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # marks that show text in another order than it is in
    r"|[\ud800-\udfff]"  # bytes that were no UTF-8
)


def printable(text: str) -> str:
    """The text without anything that a terminal would act on; line breaks and tabs stay.

    A log line could otherwise move the cursor, rename the window or show one thing and hold another.
    """
    return _CONTROL.sub("\ufffd", _SEQUENCE.sub("", text.replace("\r\n", "\n")))


def one_line(text: str, limit: int = 200) -> str:
    """The same on one line, cut where it is longer than ``limit`` characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
