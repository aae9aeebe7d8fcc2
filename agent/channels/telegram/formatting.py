"""Markdown as Telegram shows it: text, and entities that say how it looks.

Entities are numbers beside the text, so there is nothing that Telegram could fail to parse.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from telegramify_markdown.config import RenderConfig
from telegramify_markdown.converter import EventWalker

from agent.channels.telegram.markdown import events_of
from agent.channels.telegram.splitting import LIMIT, Part, Span, split, units, visible
from agent.core.printable import printable

LONGEST_MARKDOWN = 20_000
"""Characters. What is longer becomes a file anyway, and is not worth a parser's time."""

_CODE = frozenset({"code", "pre"})
_QUOTES = {"blockquote": "quote", "expandable_blockquote": "quote"}
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&$=:])")
_TICKED = re.compile(r"(`[^`]+`)")
_LANGUAGE = re.compile(r"[\w+#.-]{1,32}", re.ASCII)


def _look() -> RenderConfig:
    """Headings without pictures before them, and boxes that say whether something is done."""
    look = RenderConfig.isolated()
    symbol = look.markdown_symbol
    symbol.heading_level_1 = symbol.heading_level_2 = symbol.heading_level_3 = symbol.heading_level_4 = ""
    symbol.unordered_list_item = "•"
    symbol.task_completed, symbol.task_uncompleted = "☑", "☐"
    return look


_LOOK = _look()


def formatted(markdown: str, limit: int = LIMIT) -> list[Part]:
    """What a model wrote, as messages.

    Args:
        markdown: anything at all; broken Markdown is text.
        limit: UTF-16 units of one message.

    Returns:
        The messages; none where there is nothing to see.
    """
    text = printable(markdown)
    if len(text) > LONGEST_MARKDOWN:
        return plain(text, limit)
    walker = EventWalker(_LOOK, text)
    shown, entities, _ = walker.walk(tuple(events_of(text)))  # pyright: ignore[reportUnknownMemberType] - its annotation is a bare tuple
    if not visible(shown):
        return plain(text, limit)  # it was all markup, and is better than nothing
    counted = units(shown)
    spans = [
        Span(
            entity.type,
            bisect_left(counted, entity.offset),
            bisect_left(counted, entity.offset + entity.length),
            _language(entity.language),
        )
        for entity in entities
    ]
    return split(shown, _compatible(spans), limit)


def plain(text: str, limit: int = LIMIT) -> list[Part]:
    """A text as it is, as messages."""
    return split(printable(text), (), limit)


def escaped(value: str) -> str:
    """A value on one line that stands in Markdown as it is, whatever is in it."""
    return _marked(" ".join(printable(value).split()))


def _marked(text: str) -> str:
    """A text with a backslash before each character that means something in Markdown."""
    return _MARKUP.sub(r"\\\1", text)


def quoted(text: str) -> str:
    """A sentence of the services in Markdown: as it is, and what stands between backticks is code."""
    pieces = _TICKED.split(" ".join(printable(text).split()))
    return "".join(piece if number % 2 else _marked(piece) for number, piece in enumerate(pieces))


def _language(named: str | None) -> str:
    """The language of a code block, where it is one that a client could know."""
    word = (named or "").split(maxsplit=1)[:1]
    return word[0] if word and _LANGUAGE.fullmatch(word[0]) else ""


def _compatible(spans: Iterable[Span]) -> list[Span]:
    """The spans that may stand beside each other: none twice at one place, and nothing in code."""
    kinds: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        group = kinds.setdefault("code" if span.kind in _CODE else _QUOTES.get(span.kind, span.kind), [])
        if not group or span.start >= group[-1].end:
            group.append(span)
    blocks = kinds.pop("code", [])
    quotes = kinds.pop("quote", [])
    styles = [piece for group in kinds.values() for span in group for piece in _around(span, blocks)]
    return [*quotes, *blocks, *styles]


def _around(span: Span, blocks: Sequence[Span]) -> list[Span]:
    """What is left of a span beside the code in it."""
    pieces: list[Span] = []
    start = span.start
    first = bisect_right(blocks, span.start, key=lambda block: block.end)
    for block in blocks[first:]:
        if block.start >= span.end:
            break
        pieces.append(replace(span, start=start, end=block.start))
        start = block.end
    pieces.append(replace(span, start=start))
    return [piece for piece in pieces if piece.start < piece.end]
