"""The modules that a list names, by the names they have here."""

import re
from collections.abc import Sequence

from agent.phrasebook.grammar import grammar

SEPARATORS = re.compile(r"[\s,;&+/]+")
"""What may stand between names in a list."""


def modules_in(text: str, known: Sequence[str]) -> list[str]:
    """The modules that a list names, by the names they have here."""
    for phrase in (*grammar().synonyms, *known):
        if "-" in phrase:
            text = re.sub(rf"\b{phrase.replace('-', ' ')}\b", phrase, text, flags=re.IGNORECASE)
    words = [item.strip("()[]{}<>\"'`“”‘’.,!?;:*_") for item in SEPARATORS.split(text)]  # noqa: RUF001
    words = [word for word in words if word]
    meant = [word for word in words if word.lower() not in grammar().module_noise]
    return [module_called(word, known) for word in meant or (words if len(words) == 1 else [])]


def module_called(word: str, known: Sequence[str]) -> str:
    """The module's own name for what people call it, or the word itself."""
    synonym = grammar().synonyms.get(word.lower(), word)
    if word.lower() in known:
        return word.lower()
    return synonym if synonym in known or not known else word
