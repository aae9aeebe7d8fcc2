"""What a channel gets to see of a turn while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.core.conversation import SentFile


@dataclass(frozen=True)
class TextDelta:
    """The answer goes on.

    Attributes:
        text: what follows, in Markdown.
    """

    text: str


@dataclass(frozen=True)
class ToolStarted:
    """A tool was called.

    Attributes:
        name: of the tool.
        arguments: of the call.
    """

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True)
class ToolEnded:
    """A tool has answered.

    Attributes:
        name: of the tool.
    """

    name: str


@dataclass(frozen=True)
class Finished:
    """The turn is over; nothing follows.

    Attributes:
        text: the whole answer: all deltas together.
        exit_code: 0 done or on its way; 3 refused, not understood or waiting for a person; 4 the host failed.
        files: what goes with it.
    """

    text: str
    exit_code: int
    files: tuple[SentFile, ...] = ()


Event = TextDelta | ToolStarted | ToolEnded | Finished
