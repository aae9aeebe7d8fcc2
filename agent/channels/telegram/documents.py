"""What is too long for a chat: a file, and under it the lines that say whether it is worth opening."""

import re
from dataclasses import dataclass

from agent.channels.telegram.formatting import formatted, plain
from agent.channels.telegram.splitting import CAPTION_LIMIT, Part
from agent.core.printable import one_line, printable
from agent.texts import Texts

MOST_MESSAGES = 3
"""An answer of more than these is a file."""

HEAD_LINES, TAIL_LINES = 2, 6
"""Of a file, shown under it: the end of a log says more than its beginning."""

LONGEST_LINE = 80


@dataclass(frozen=True)
class Document:
    """A file to send.

    Attributes:
        filename: what it is called.
        data: what is in it.
        caption: what stands under it.
    """

    filename: str
    data: bytes
    caption: Part


@dataclass(frozen=True)
class Letter:
    """What is sent to a person: messages, or a file in their place.

    Attributes:
        parts: the messages, in their order; none where there is nothing to say.
        document: the file.
    """

    parts: tuple[Part, ...] = ()
    document: Document | None = None


def answer(markdown: str, say: Texts) -> Letter:
    """What the assistant said.

    Args:
        markdown: as the model wrote it.
        say: the person's texts.
    """
    parts = formatted(markdown)
    if len(parts) <= MOST_MESSAGES:
        return Letter(tuple(parts))
    lines = printable(markdown).strip().splitlines()
    data = "\n".join([*lines, ""]).encode()
    head = say.plural("{n} line, {size}:", "{n} lines, {size}:", len(lines), size=say.size(len(data)))
    shown = [one_line(line, LONGEST_LINE) for line in lines]
    if len(shown) > HEAD_LINES + TAIL_LINES + 1:
        shown = [*shown[:HEAD_LINES], "⋮", *shown[-TAIL_LINES:]]
    fence = "`" * (max((len(ticks) for ticks in re.findall("`+", "\n".join(shown))), default=0) + 3)
    caption = formatted("\n".join((head, fence, *shown, fence)), CAPTION_LIMIT)
    return Letter(document=Document("answer.md", data, caption[0] if caption else plain(head)[0]))
