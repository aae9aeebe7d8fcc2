"""Output of strangers' programs, made fit to be shown: no escape sequences, no more than fits."""

import re

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """The text without terminal sequences and control characters; line breaks and tabs stay."""
    return _CONTROL.sub("", _ESCAPE.sub("", text.replace("\r\n", "\n")))


def clipped(text: str, limit: int, *, keep_end: bool = False) -> str:
    """The text in at most about ``limit`` characters, saying how much was left out.

    Args:
        text: any length.
        limit: in characters; the note about what is missing comes on top.
        keep_end: drop the beginning instead of the middle.
    """
    if len(text) <= limit:
        return text
    head = 0 if keep_end else limit // 2
    note = f"[… {len(text) - limit:,} characters left out …]"
    return f"{text[:head]}{chr(10) if head else ''}{note}\n{text[len(text) - (limit - head) :]}"
