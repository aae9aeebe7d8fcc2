"""A sentence as patterns see it, and what they find in it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.phrasebook.words import Word

if TYPE_CHECKING:
    from agent.phrasebook.patterns import Pattern

IT = "\0it"
"""The name of whatever was spoken of last. No person can type it."""

_NAME = re.compile(r"[^\s/\\=<>|$&;*()'\"]+\Z")
_TAIL_WORDS = 3
"""The longest thing that may follow a sentence, in words."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the slots of a pattern hold.

    Attributes:
        names: of containers; :data:`IT` for what was spoken of last.
        modules: from where to where in the words each list of modules stands.
        number: where one was said.
        command: from where to where in the words the command, or the path, stands.
        when: which snapshot is meant, as services take it; None where none was said.
        size: such as ``20G``; empty where none was said.
    """

    names: tuple[str, ...] = ()
    modules: tuple[tuple[int, int], ...] = ()
    number: int | None = None
    command: tuple[int, int] | None = None
    when: str | None = None
    size: str = ""


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
