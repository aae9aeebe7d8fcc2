"""Names of files that people send, made such that they can be put anywhere and shown to anybody."""

import re
import unicodedata

MAX_BYTES = 255
"""Of one name, on every file system that we use."""
NAMELESS = "file"
"""What a file is called of whose name nothing is left."""
_MAX_SUFFIX = 32
"""Bytes. What is longer behind the last dot is no extension."""
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
"""Kinds of characters that act on whoever shows them, or that nothing shows."""
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?\Z", re.IGNORECASE)


def safe_filename(given: str) -> str:
    """A plain name for a file, whatever somebody called it.

    It is no path, hides from no listing, is no option of a program, shows as what it is, is nobody's device
    and fits a file system. A name that is all that stays as it is.
    """
    shown = _shown(unicodedata.normalize("NFC", given))
    parts = [" ".join(part.split()) for part in re.split(r"[/\\]", unicodedata.normalize("NFC", shown))]
    name = next((bare for part in reversed(parts) if (bare := _bare(part))), NAMELESS)
    if _RESERVED.match(name):
        name = f"_{name}"
    return _fitted(name, "")


def numbered(name: str, number: int) -> str:
    """The name of one more file of a name that is taken: ``report (2).pdf``.

    Args:
        name: a safe one.
        number: from 1, which is the name itself.
    """
    return name if number == 1 else _fitted(name, f" ({number})")


def _shown(text: str) -> str:
    # A line break or a tab parts words, as a space does.
    spaced = re.sub(r"[\t\n\r]", " ", text)
    return "".join(char for char in spaced if unicodedata.category(char) not in _UNSHOWN)


def _bare(part: str) -> str:
    return part.lstrip(" .-~").rstrip(" .")


def _fitted(name: str, mark: str) -> str:
    """The name with a mark before its extension, in as many bytes as there may be: the stem gives way."""
    stem, dot, extension = name.rpartition(".")
    suffix = dot + extension
    if not stem or len(suffix.encode()) > _MAX_SUFFIX:
        stem, suffix = name, ""
    room = MAX_BYTES - len((mark + suffix).encode())
    kept = stem.encode()[:room].decode(errors="ignore")
    return f"{kept.rstrip(' .') if kept != stem else kept}{mark}{suffix}"
