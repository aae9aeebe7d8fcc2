"""What the Markdown parser gives: one event after another."""

from typing import Any

from pyromark.event import Range

Event = tuple[Any, Range]
"""What was parsed, and from which bytes of the source."""


def text_of(what: Any) -> str:  # noqa: ANN401 - an event is what the parser gives
    """The text of one event."""
    match what:
        case {"Text": str(text)} | {"Code": str(text)}:
            return text
        case "SoftBreak" | "HardBreak":
            return " "
        case _:
            return ""
