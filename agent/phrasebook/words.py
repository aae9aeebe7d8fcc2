"""A sentence as words: what a person means by each, and where in the sentence it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_QUOTES = dict(zip("\"'`“‘„«", "\"'`”’“»", strict=True))  # noqa: RUF001
_BEFORE = "([{<*_~\"'`“‘„«"  # noqa: RUF001 - typographic quotes are what phones write
_AFTER = ")]}>*_~\"'`”’“»"  # noqa: RUF001
_STOPS = ".,!?;:…"
_WORD = re.compile(r"\S+")
_MAX_QUOTED = 200
"""Characters in which a closing quotation mark is looked for."""
_CONTRACTIONS = {
    "what's": "what is",
    "whats": "what is",
    "how's": "how is",
    "hows": "how is",
    "where's": "where is",
    "wheres": "where is",
    "who's": "who is",
    "when's": "when is",
    "that's": "that is",
    "there's": "there is",
    "i'd": "i would",
    "i'll": "i will",
    "i'm": "i am",
    "let's": "let us",
    "lets": "let us",
    "don't": "do not",
    "dont": "do not",
    "doesn't": "does not",
    "didn't": "did not",
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "shouldn't": "should not",
    "isn't": "is not",
    "gimme": "give me",
    "wanna": "want to",
    "lemme": "let me",
    "gonna": "going to",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        text: in lower case, without the punctuation around it; what patterns are compared with.
        given: the same as the person wrote it; what names are taken from.
        start: where it begins in the sentence, punctuation included.
        end: where it ends.
        stop: the punctuation after it, such as ``,`` or ``:``.
        quoted: whether the person put it in quotation marks; it may then hold spaces.
    """

    text: str
    given: str
    start: int
    end: int
    stop: str = ""
    quoted: bool = False


def split(sentence: str) -> list[Word]:
    """The words of a sentence, in one pass."""
    words: list[Word] = []
    position = 0
    while found := _WORD.search(sentence, position):
        start, position = found.span()
        closing = _closing(sentence, start)
        if closing:
            rest = _WORD.match(sentence, closing + 1)
            position = rest.end() if rest else closing + 1
            inside = sentence[start + 1 : closing].strip()
            after = sentence[closing + 1 : position]
            words.append(Word(inside.lower(), inside, start, position, _stop(after), quoted=True))
        else:
            words.extend(_plain(sentence[start:position], start, position))
    return words


def _closing(sentence: str, start: int) -> int:
    """Where the quotation that begins here is closed; 0 where it is none."""
    mark = _QUOTES.get(sentence[start])
    if mark is None:
        return 0
    closing = sentence.find(mark, start + 1, start + _MAX_QUOTED)
    if closing <= start + 1 or not sentence[start + 1 : closing].strip():
        return 0
    after = sentence[closing + 1 : closing + 2]
    return closing if not after.strip() or after in _STOPS + _AFTER else 0


def _plain(raw: str, start: int, end: int) -> Iterator[Word]:
    given = raw.lstrip(_BEFORE).rstrip(_AFTER + _STOPS) or raw
    text = given.lower().replace("’", "'")  # noqa: RUF001
    parts = _CONTRACTIONS.get(text, text).split()
    for part in parts:
        yield Word(part, given if len(parts) == 1 else part, start, end, _stop(raw))


def _stop(raw: str) -> str:
    last = raw.rstrip(_AFTER)[-1:]
    return last if last and last in _STOPS else ""
