"""Values in words, and in Markdown."""

import json
from collections.abc import Sequence
from datetime import datetime

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
BAR = 10
"""Pieces of a bar."""


def code(text: str) -> str:
    """Text as inline code, whatever backticks it holds."""
    longest = _ticks(text)
    if not longest:
        return f"`{text}`"
    mark = "`" * (longest + 1)
    return f"{mark} {text} {mark}"


def block(text: str) -> str:
    """Text as a code block, whatever it holds."""
    mark = "`" * max(3, _ticks(text) + 1)
    return f"{mark}\n{text.rstrip(chr(10))}\n{mark}"


def size(amount: int) -> str:
    """Bytes for people: ``1.5 GiB``."""
    value, unit = float(amount), 0
    while value >= 1024 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - the step of binary units
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value.is_integer() else f"{value:.1f} {_UNITS[unit]}"


def _ticks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def listed(items: Sequence[str]) -> str:
    """Several things: ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def bar(used: int, quota: int) -> str:
    """How full something is, to be seen at a glance."""
    share = min(max(used / quota, 0), 1) if quota else 0
    filled = round(BAR * share) or int(used > 0)
    return f"{'▓' * filled}{'░' * (BAR - filled)} {used / quota if quota else 0:.0%}"


def when(moment: datetime | None) -> str:
    """A moment, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def duration(seconds: float) -> str:
    """How long something took."""
    whole = round(seconds)
    return f"{seconds:.1f} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"  # noqa: PLR2004 - a minute


def shown(value: object) -> str:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False)
