"""What must be said nowhere: tokens, keys and passwords. What leaves the process goes through :func:`hidden`.

A process has these values in its environment, and whichever library holds one may put it into an error.
So the process as a whole knows them, and they are not handed around.
"""

import re
from collections.abc import Iterable

MASK = "***"
SHORTEST = 8
"""Characters of a value that is looked for. A shorter one is found by guessing, and in ordinary words."""
_SHAPES = re.compile(
    r"(?<![0-9])[0-9]{6,}(?::|%3A)[A-Za-z0-9_-]{30,}"  # the token of a bot
    r"|(?<=://)[^\s/?#@]*:[^\s/?#@]+(?=@)"  # name and password in a URL
    r"|(?<=\bpassword=)[^\s&]+",
    re.IGNORECASE,
)
"""What is secret whoever it belongs to."""
_known: set[str] = set()


def keep(values: Iterable[str]) -> None:
    """Have these values hidden from now on."""
    _known.update(value for value in values if len(value) >= SHORTEST)


def hidden(text: str) -> str:
    """A text without what must not be said."""
    # The longest first: one may be a part of another.
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, MASK)
    return _SHAPES.sub(MASK, text)
