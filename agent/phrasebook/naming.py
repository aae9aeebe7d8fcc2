"""The modules that a list names, by the names they have here."""

import re
from collections.abc import Sequence

from agent.phrasebook.grammar import grammar

SEPARATORS = re.compile(r"[\s,;&+/]+")
"""What may stand between names in a list."""


def modules_in(text: str, known: Sequence[str]) -> list[str]:
    """The modules that a list names, by the names they have here."""
    text = hyphenated(text, known)
    words = [item.strip("()[]{}<>\"'`“”‘’.,!?;:*_") for item in SEPARATORS.split(text)]  # noqa: RUF001
    words = [word for word in words if word]
    meant = [word for word in words if word.lower() not in grammar().module_noise]
    return [module_called(word, known) for word in meant or (words if len(words) == 1 else [])]


def hyphenated(text: str, known: Sequence[str]) -> str:
    """The text with hyphens in the names that have some: whoever listens writes "code server"."""
    for phrase in (*grammar().synonyms, *known):
        if "-" in phrase:
            said = r"\s+".join(map(re.escape, phrase.split("-")))
            text = re.sub(rf"\b{said}\b", phrase, text, flags=re.IGNORECASE)
    return text


def module_called(word: str, known: Sequence[str]) -> str:
    """The module's own name for what people call it, or the word itself."""
    synonym = grammar().synonyms.get(word.lower(), word)
    if word.lower() in known:
        return word.lower()
    return synonym if synonym in known or not known else word
