"""Sizes as people type them, in the powers of 1024 that quotas are set in."""

import re

from agent.core.errors import InvalidRequest

NONE = "none"
"""What is typed for no limit, or no reservation."""
UNITS = "KMGT"
_SIZE = re.compile(r"([1-9][0-9]{0,8}) ?([KMGT])(?:i?B)?", re.IGNORECASE)
_LARGEST = 1 << 60


def size_of(text: str) -> int:
    """The bytes that are meant by a size such as ``20G`` or ``512 MiB``.

    Raises:
        InvalidRequest: it is no size: a bare number is none, and neither is a fraction.
    """
    found = _SIZE.fullmatch(text)
    size = int(found[1]) << 10 * (1 + UNITS.index(found[2].upper())) if found else 0
    if not 0 < size <= _LARGEST:
        raise InvalidRequest(
            f"{text[:40]!r} is no size.", "A size is a whole number with K, M, G or T.", "Such as: 20G"
        )
    return size


def size_or_none(text: str) -> int:
    """The same, and 0 for ``none``.

    Raises:
        InvalidRequest: it is neither.
    """
    return 0 if text.lower() == NONE else size_of(text)


def as_typed(size: int) -> str:
    """A size so that :func:`size_of` reads it, in its largest whole unit; ``none`` for 0.

    Args:
        size: in bytes, whole KiB.
    """
    if not size:
        return NONE
    power = max(power for power in range(1, 5) if power == 1 or size % (1 << 10 * power) == 0)
    return f"{size >> 10 * power}{UNITS[power - 1]}"
