"""Text with its formatting, cut into messages that Telegram takes."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from telegram import MessageEntity

LIMIT = 4096
"""UTF-16 units of one message."""

CAPTION_LIMIT = 1024
"""UTF-16 units of what stands under a file."""

MOST_ENTITIES = 100
"""Telegram ignores those after them."""

_BREAKS = ("\n\n", "\n", " ")
"""Where a text is cut, the best first."""

_JOINER = "\u200d"
_LONGEST_CLUSTER = 64
"""Characters: what goes on joining after that is meant to break something."""


@dataclass(frozen=True)
class Span:
    """A stretch of formatted text, in characters.

    Attributes:
        kind: as Telegram names it, such as ``bold`` or ``pre``.
        start: its first character.
        end: the one after its last.
        language: of a code block; empty where it is not known.
    """

    kind: str
    start: int
    end: int
    language: str = ""

    def within(self, start: int, end: int) -> "Span":
        """The part of it between two places, counted from the first."""
        return replace(self, start=max(self.start, start) - start, end=min(self.end, end) - start)


@dataclass(frozen=True)
class Part:
    """What goes into one message.

    Attributes:
        text: with something to see in it.
        entities: its formatting, in UTF-16 units as Telegram counts.
    """

    text: str
    entities: tuple[MessageEntity, ...] = ()


def units(text: str) -> list[int]:
    """For each place in a text, the end included, how many UTF-16 units are before it."""
    return list(accumulate((2 if ord(one) > 0xFFFF else 1 for one in text), initial=0))  # noqa: PLR2004


def split(text: str, spans: Sequence[Span], limit: int = LIMIT) -> list[Part]:
    """Cut a text into messages, at the end of a paragraph, line or word where one is near.

    Args:
        text: without lone surrogates.
        spans: its formatting; two of one kind do not overlap, and a part of the text is in few of them.
        limit: UTF-16 units of one message.

    Returns:
        The messages, none of them empty. Beside white space at their edges they hold the whole text, and
        a code block that is cut goes on as one.
    """
    ordered = sorted(spans, key=lambda span: (span.start, -span.end))
    counted = units(text)
    parts: list[Part] = []
    start = 0
    while start < len(text):
        hard = bisect_right(counted, counted[start] + limit) - 1
        inside = [span for span in ordered if span.start < hard and span.end > start]
        if len(inside) > MOST_ENTITIES:
            hard = inside[MOST_ENTITIES].start
        end = hard if hard == len(text) else _cut(text, inside, start, hard)
        if part := _part(text[start:end], [span.within(start, end) for span in inside if span.start < end]):
            parts.append(part)
        start = end
    return parts


def _cut(text: str, spans: Sequence[Span], start: int, hard: int) -> int:
    """Where a message that may go up to ``hard`` ends: behind its middle."""
    middle = start + (hard - start) // 2
    places = (text.rfind(one, middle, hard) + len(one) for one in _BREAKS if one in text[middle:hard])
    place = next(places, None) or _between_letters(text, start, hard)
    block = next((span for span in spans if span.kind == "pre" and span.start < place < span.end), None)
    return block.start if block and block.start > middle else place


def _between_letters(text: str, start: int, hard: int) -> int:
    """The last place up to ``hard`` that is not within what is seen as one letter."""
    lowest = max(start, hard - _LONGEST_CLUSTER)
    return next((place for place in range(hard, lowest, -1) if not _joined(text, place)), hard)


def _joined(text: str, place: int) -> bool:
    """The characters on both sides of a place are one letter."""
    before, after = text[place - 1], text[place]
    if _is_flag(before) and _is_flag(after):
        first = place - 1
        while first and _is_flag(text[first - 1]):
            first -= 1
        return (place - first) % 2 == 1
    return (
        _JOINER in {before, after}
        or unicodedata.category(after).startswith("M")
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # colours of skin
        or "\U000e0020" <= after <= "\U000e007f"  # the tags of flags
    )


def _is_flag(one: str) -> bool:
    """Half of a flag."""
    return "\U0001f1e6" <= one <= "\U0001f1ff"


def visible(text: str) -> bool:
    """There is something to see in a text; Telegram refuses another one."""
    return any(unicodedata.category(one)[0] not in "CZ" for one in text)


def _part(text: str, spans: Sequence[Span]) -> Part | None:
    """One message, trimmed as Telegram trims it: at the front only before the first formatted letter."""
    if not visible(text):
        return None
    first = min((span.start for span in spans), default=len(text))
    trimmed = text[:first].lstrip() + text[first:]
    shift = len(text) - len(trimmed)
    trimmed = trimmed.rstrip()
    counted = units(trimmed)
    entities = [
        MessageEntity(
            span.kind,
            counted[span.start],
            counted[span.end] - counted[span.start],
            language=span.language or None,
        )
        for span in (_tight(span.within(shift, shift + len(trimmed)), trimmed) for span in spans)
        if span.start < span.end
    ]
    return Part(trimmed, tuple(entities))


def _tight(span: Span, text: str) -> Span:
    """A span without the white space at its edges; the lines of a code block keep their indentation."""
    words = text[span.start : span.end]
    end = span.start + len(words.rstrip())
    indented = len(words) - len(words.lstrip("\n" if span.kind == "pre" else None))
    return replace(span, start=span.start + indented, end=end)
