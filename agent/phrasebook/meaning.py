"""What a sentence can mean, and what it is understood against."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """A tool to call.

    Attributes:
        tool: its name.
        arguments: for it.
    """

    tool: str
    arguments: dict[str, object]


@dataclass(frozen=True)
class Act:
    """Tools are to be called.

    Attributes:
        calls: one or more, each with all its arguments.
    """

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Ask:
    """A tool is meant, but its ``name`` is missing.

    Attributes:
        call: what is known of it.
    """

    call: Call


@dataclass(frozen=True)
class Say:
    """There is nothing to do, but something to say.

    Attributes:
        topic: one of ``replies.SAID``, or ``how`` or ``no module``.
        about: the tool or the module in question.
    """

    topic: str
    about: str = ""


@dataclass(frozen=True)
class Lost:
    """Not understood.

    Attributes:
        suggestion: a sentence that may have been meant, empty where there is none.
    """

    suggestion: str = ""


Meaning = Act | Ask | Say | Lost


@dataclass(frozen=True)
class Background:
    """What a sentence is understood against.

    Attributes:
        last: the container spoken of last in this conversation.
        asked: what the last answer asked a name for.
        modules: names of the modules there are.
    """

    last: str | None = None
    asked: Call | None = None
    modules: Sequence[str] = field(default=())
