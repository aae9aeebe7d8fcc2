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
``TIME``        a day or a moment: ``yesterday``, ``monday``, ``3 days ago``
``WHEN``        the same, or one word that a snapshot is called
``SIZE``        such as ``20G`` or ``20 gigabytes``
``MARK``        a word without letters and figures, such as ``:-)``
``IT!``         no word: what was spoken of last is meant
==============  =======================================================================

A pattern matches a sentence when it uses up all of its words. A slot that may have several lengths is tried
from the longest, and what follows it is decided by single words: the work stays linear in the sentence.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.phrasebook.reading import IT, Found, Reading, Walk
from agent.phrasebook.slots import SLOTS

__all__ = ["IT", "Found", "Macros", "Pattern", "Reading", "compiled"]

_TOKEN = re.compile(r"[()\[\]|]|\{\w+\}|[^\s()\[\]|{}]+")


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
            pieces.append(SLOTS.get(symbol) or _literal(symbol))
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
