"""Patterns over words, small enough to read.

==============  =======================================================================
``word``        that word
``(a|b c)``     one of these
``[a|b c]``     one of these, or nothing
``{macro}``     a pattern by name
``NAME``        a container's name
``NAMES``       one or more names: ``dev, web and db``
``TITLE``       a name for something new: up to four words, so that bad names are met too
``NAME's``      a name with a possessive s
``NAME:``       a name with a colon
``MODULES``     a list of modules: ``git, fish and node``
``NUMBER``      in figures or as a word
``COMMAND``     any words, taken as they were written
``PATH``        one word that could be a file's
``MARK``        a word without letters and figures, such as ``:-)``
``IT!``         no word: what was spoken of last is meant
==============  =======================================================================

A pattern matches a sentence when it uses up all of its words. A slot that may have several lengths is tried
from the longest, and what follows it is decided by single words: the work stays linear in the sentence.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from agent.phrasebook.words import Word

IT = "\0it"
"""The name of whatever was spoken of last. No person can type it."""

_TOKEN = re.compile(r"[()\[\]|]|\{\w+\}|[^\s()\[\]|{}]+")
_NAME = re.compile(r"[^\s/\\=<>|$&;*()'\"]+\Z")
_SAID_NAME = re.compile(r"[\w][\w.-]{0,63}\Z")
_LIST_WORDS = frozenset({"and", "&", "plus", "+", ",", "or"})
_TITLE_WORDS = 4
_TAIL_WORDS = 3
"""The longest thing that may follow a sentence, in words."""
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "dozen": 12, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "thousand": 1000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What the slots of a pattern hold.

    Attributes:
        names: of containers; :data:`IT` for what was spoken of last.
        modules: from where to where in the words each list of modules stands.
        number: where one was said.
        command: from where to where in the words the command, or the path, stands.
    """

    names: tuple[str, ...] = ()
    modules: tuple[tuple[int, int], ...] = ()
    number: int | None = None
    command: tuple[int, int] | None = None


Walk = Callable[["Reading", int, Found], Iterator[tuple[int, Found]]]
"""From a word on, where a piece of a pattern may end, and what it has found."""


@dataclass(frozen=True)
class Reading:
    """The words of a sentence, and what may not be taken for a name or a module.

    Attributes:
        words: of the sentence.
        not_names: common words; somebody who means a container of that name puts it in quotation marks.
        not_modules: words at which a list of modules ends.
        ends: after how many words a sentence may be over: at its end, and before a ``please``.
    """

    words: list[Word]
    not_names: frozenset[str]
    not_modules: frozenset[str]
    ends: frozenset[int]

    @classmethod
    def of(
        cls, words: list[Word], not_names: frozenset[str], not_modules: frozenset[str], tail: "Pattern"
    ) -> "Reading":
        """Words with their context.

        Args:
            words: of the sentence.
            not_names: words that are no names.
            not_modules: words that are no modules.
            tail: one thing that may follow a sentence; any number of them may.
        """
        bare = cls(words, not_names, not_modules, frozenset())
        ends = {len(words)}
        for start in range(len(words) - 1, -1, -1):
            if start < min(ends) - _TAIL_WORDS:
                break
            if any(end in ends for end in tail.ends(bare, start)):
                ends.add(start)
        return cls(words, not_names, not_modules, frozenset(ends))

    def named(self, index: int) -> str | None:
        """The name at this word, None where it cannot be one."""
        if index >= len(self.words):
            return None
        word = self.words[index]
        if word.quoted:
            return word.given
        plausible = (
            _NAME.match(word.given) and not word.given.startswith("-") and word.text not in self.not_names
        )
        return word.given if plausible and any(map(str.isalnum, word.given)) else None


@dataclass(frozen=True)
class Pattern:
    """A pattern, ready to be compared.

    Attributes:
        source: as it was written.
        walk: finds it in a sentence.
    """

    source: str
    walk: Walk = field(repr=False)

    def match(self, reading: Reading, start: int = 0) -> Found | None:
        """What the slots hold, None unless the pattern uses up all words from ``start`` on."""
        return next((found for end, found in self.walk(reading, start, Found()) if end in reading.ends), None)

    def ends(self, reading: Reading, start: int) -> list[int]:
        """Where the pattern may end when it begins at ``start``."""
        return list(dict.fromkeys(end for end, _ in self.walk(reading, start, Found())))


@dataclass(frozen=True)
class Macros:
    """Patterns by name, each made once.

    Attributes:
        sources: in the notation above.
    """

    sources: Mapping[str, str]
    _walks: dict[str, Walk] = field(default_factory=dict[str, Walk], repr=False)

    def walk(self, name: str) -> Walk:
        """What ``{name}`` stands for."""
        if name not in self._walks:
            self._walks[name] = compiled(self.sources[name], self).walk
        return self._walks[name]


def compiled(source: str, macros: Macros) -> Pattern:
    """A pattern from its source.

    Args:
        source: in the notation above.
        macros: what ``{name}`` stands for.

    Raises:
        ValueError: its brackets are not balanced.
    """
    symbols = _TOKEN.findall(source)
    walk, used = _alternatives(symbols, 0, macros)
    if used != len(symbols):
        raise ValueError(f"unbalanced pattern: {source}")
    return Pattern(source, walk)


def _alternatives(symbols: list[str], at: int, macros: Macros) -> tuple[Walk, int]:
    choices: list[Walk] = []
    pieces: list[Walk] = []
    while at < len(symbols) and symbols[at] not in {")", "]"}:
        symbol = symbols[at]
        at += 1
        if symbol == "|":
            choices.append(_sequence(pieces))
            pieces = []
        elif symbol in {"(", "["}:
            inner, at = _alternatives(symbols, at, macros)
            pieces.append(inner if symbol == "(" else _optional(inner))
            at += 1
        elif symbol.startswith("{"):
            pieces.append(macros.walk(symbol[1:-1]))
        else:
            pieces.append(_SLOTS.get(symbol) or _literal(symbol))
    choices.append(_sequence(pieces))
    return (choices[0] if len(choices) == 1 else _either(choices)), at


def _literal(text: str) -> Walk:
    def walk(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
        if at < len(reading.words) and reading.words[at].text == text:
            yield at + 1, found

    return walk


def _sequence(pieces: list[Walk]) -> Walk:
    def walk(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
        def step(index: int, at: int, found: Found) -> Iterator[tuple[int, Found]]:
            if index == len(pieces):
                yield at, found
                return
            for end, more in pieces[index](reading, at, found):
                yield from step(index + 1, end, more)

        yield from step(0, at, found)

    return walk


def _either(choices: list[Walk]) -> Walk:
    def walk(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
        for choice in choices:
            yield from choice(reading, at, found)

    return walk


def _optional(inner: Walk) -> Walk:
    def walk(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
        yield from inner(reading, at, found)
        yield at, found

    return walk


def _with_names(found: Found, *names: str) -> Found:
    return Found((*found.names, *names), found.modules, found.number, found.command)


def _name(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    name = reading.named(at)
    if name is not None:
        yield at + 1, _with_names(found, name)


def _names(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    ends: list[tuple[int, Found]] = []
    while (name := reading.named(at)) is not None:
        found = _with_names(found, name)
        comma = reading.words[at].stop == ","
        at += 1
        ends.append((at, found))
        joined = at
        while joined < len(reading.words) and reading.words[joined].text in _LIST_WORDS:
            joined += 1
        if joined == at and not comma:
            break
        at = joined
    yield from reversed(ends)


def _title(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at < len(reading.words) and reading.words[at].quoted:
        yield at + 1, _with_names(found, reading.words[at].given)
        return
    end = at
    while end < len(reading.words) and end - at < _TITLE_WORDS:
        # After "called", the first word is a name whatever it is; the next ones only if they could be.
        if end > at and reading.named(end) is None:
            break
        end += 1
        if reading.words[end - 1].stop:
            break
    for stop in range(end, at, -1):
        yield stop, _with_names(found, " ".join(word.given for word in reading.words[at:stop]))


def _possessive(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at >= len(reading.words):
        return
    word = reading.words[at]
    if word.text == "its":
        yield at + 1, _with_names(found, IT)
    elif (
        word.text.endswith("'s")
        and _SAID_NAME.match(word.given[:-2])
        and word.text[:-2] not in reading.not_names
    ):
        yield at + 1, _with_names(found, word.given[:-2])


def _head(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    name = reading.named(at)
    if name is not None and reading.words[at].stop == ":" and _SAID_NAME.match(name):
        yield at + 1, _with_names(found, name)


def _modules(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    end = at
    while end < len(reading.words) and (reading.words[end].text not in reading.not_modules):
        end += 1
    for stop in range(end, at, -1):
        yield stop, Found(found.names, (*found.modules, (at, stop)), found.number, found.command)


def _number(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at >= len(reading.words):
        return
    text = reading.words[at].text.lstrip("-")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else _NUMBERS.get(text)  # noqa: PLR2004
    if number is not None:
        yield at + 1, Found(found.names, found.modules, number, found.command)


def _command(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    for stop in range(len(reading.words), at, -1):
        yield stop, Found(found.names, found.modules, found.number, (at, stop))


def _path(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at < len(reading.words):
        word = reading.words[at]
        if word.quoted or (word.text not in reading.not_names and any(map(str.isalnum, word.given))):
            yield at + 1, Found(found.names, found.modules, found.number, (at, at + 1))


def _mark(reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    if at < len(reading.words) and not any(map(str.isalnum, reading.words[at].text)):
        yield at + 1, found


def _it(_reading: Reading, at: int, found: Found) -> Iterator[tuple[int, Found]]:
    yield at, _with_names(found, IT)


_SLOTS: dict[str, Walk] = {
    "NAME": _name,
    "NAMES": _names,
    "TITLE": _title,
    "NAME's": _possessive,
    "NAME:": _head,
    "MODULES": _modules,
    "NUMBER": _number,
    "COMMAND": _command,
    "PATH": _path,
    "MARK": _mark,
    "IT!": _it,
}
