"""What Telegram shows of Markdown: the parser's events, changed where a chat needs something else.

Models write words like HTML that are meant to be read (``<name>``), links that hide an address, and tables
that no phone has room for. The events are changed between the parser and telegramify's walker: the text is
never written as Markdown again, and nothing in it can become markup that was none.
"""

import re
from collections.abc import Iterable, Iterator

import pyromark

from agent.channels.telegram.events import Event, text_of
from agent.channels.telegram.tables import with_tables
from agent.core.printable import one_line

OPTIONS = (
    pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH | pyromark.Options.ENABLE_TASKLISTS
)
"""Without mathematics: a dollar is a shell's variable or a price here."""

LONGEST_ADDRESS = 500
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_SCHEME = re.compile(r"\A(?:https?://|mailto:)")


def events_of(markdown: str) -> Iterator[Event]:
    """The events of a text, fit for a chat."""
    parsed = pyromark.events_with_range(markdown, options=OPTIONS)
    return with_tables(_with_addresses(_as_written(parsed, markdown.encode())))


def _as_written(events: Iterable[Event], source: bytes) -> Iterator[Event]:
    """Keep what only looks like markup: HTML is text, and one tilde means about."""
    for what, where in events:
        match what:
            case {"InlineHtml": str(html)} if _LINE_BREAK.fullmatch(html):
                yield "HardBreak", where
            case {"InlineHtml": text} | {"Html": text}:
                yield {"Text": text}, where
            case {"Start": "HtmlBlock"}:
                yield {"Start": "Paragraph"}, where
            case {"End": "HtmlBlock"}:
                yield {"End": "Paragraph"}, where
            case {"Start": "Strikethrough"} | {"End": "Strikethrough"} if not source.startswith(
                b"~~", where["start"]
            ):
                yield {"Text": "~"}, where
            case _:
                yield what, where


def _with_addresses(events: Iterable[Event]) -> Iterator[Event]:
    """Put the address of a link beside its text: what a model was made to write hides nothing."""
    links: list[tuple[str, list[str]]] = []
    for what, where in events:
        match what:
            case {"Start": {"Link": {"dest_url": str(address)}} | {"Image": {"dest_url": str(address)}}}:
                links.append((one_line(address, LONGEST_ADDRESS), []))
            case {"End": "Link" | "Image"}:
                address, words = links.pop()
                if beside := _beside("".join(words), address):
                    yield {"Text": beside}, where
            case _:
                for _, words in links:
                    words.append(text_of(what))
                yield what, where


def _beside(words: str, address: str) -> str:
    """What has to be said beside the text of a link."""
    if not words.strip():
        return address
    same = _SCHEME.sub("", words.strip()).rstrip("/") == _SCHEME.sub("", address).rstrip("/")
    return f" ({address})" if address and not same else ""
