"""How a name is said that no dictionary has: ``web-2``, ``homelab``, ``k8s``."""

import re
from collections.abc import Callable

Lookup = Callable[[str], str | None]
"""A dictionary: the sounds of a word, None where it does not have it."""

_PART = re.compile(r"[a-z]+|[0-9]+")
_NUMBERS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_LETTERS = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH",
    "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY",
    "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY", "w": "D AH B AH L Y UW",
    "x": "EH K S", "y": "W AY", "z": "Z IY",
}  # fmt: skip


def pronounced(name: str, lookup: Lookup) -> str:
    """The sounds of a name: its words, two words written as one, or its letters.

    Args:
        name: letters, digits, and what stands between them.
        lookup: the dictionary.

    Returns:
        Sounds as the dictionary writes them; empty where the name has neither letter nor digit.
    """
    return " ".join(_part(part, lookup) for part in _PART.findall(name.lower()))


def _part(part: str, lookup: Lookup) -> str:
    if part.isdigit():
        words = [part] if int(part) < len(_NUMBERS) and part == str(int(part)) else list(part)
        return " ".join(lookup(_NUMBERS[int(word)]) or "" for word in words)
    # The most even cut is the likeliest one: "home" and "lab", not "ho" and "melab".
    cuts = sorted(range(2, len(part) - 1), key=lambda cut: abs(len(part) - 2 * cut))
    halves = ((lookup(part[:cut]), lookup(part[cut:])) for cut in cuts)
    joined = next((f"{first} {second}" for first, second in halves if first and second), "")
    return lookup(part) or joined or " ".join(_LETTERS[letter] for letter in part)
