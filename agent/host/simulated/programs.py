"""What a simulated program is, and how its words are read."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

from agent.host.simulated.world import Answer, Pace, Sizes, UnknownCommand, World


class Host(Protocol):
    """The simulated node, as its programs see it."""

    world: World
    pace: Pace
    sizes: Sizes

    def time(self) -> float:
        """Seconds since 1970."""
        ...


@dataclass(frozen=True)
class Call:
    """One command, and what it may use.

    Attributes:
        argv: its words.
        host: the node, whose state is held still while a program runs, or between two pieces of a stream.
        timeout: seconds after which it would be killed.
        given: what it reads from standard input.
    """

    argv: list[str]
    host: Host
    timeout: float
    given: str = ""

    @property
    def world(self) -> World:
        """The node's state, which may be another object after each piece of a stream."""
        return self.host.world

    @property
    def pace(self) -> Pace:
        """How long things take."""
        return self.host.pace

    @property
    def sizes(self) -> Sizes:
        """How large things are."""
        return self.host.sizes

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self.host.time()

    def unknown(self) -> UnknownCommand:
        """What to raise for words that no caller is known to send."""
        return UnknownCommand(f"the simulated node does not know: {self.argv}")


Program = Callable[[Call], Answer]
Stream = Callable[[Call], Generator[str | float, None, Answer]]
"""Yields lines, and seconds to let pass."""


def split_options(
    call: Call, begin: int, known: Mapping[str, bool]
) -> tuple[dict[str, list[str]], list[str]]:
    """Take short options apart from other words.

    Args:
        call: the command.
        begin: where its options begin.
        known: option, and whether a value follows it.

    Returns:
        Options with their values, and the rest.

    Raises:
        UnknownCommand: it has another option.
    """
    options: dict[str, list[str]] = {}
    rest: list[str] = []
    words = iter(call.argv[begin:])
    for word in words:
        if word not in known:
            if word.startswith("-"):
                raise call.unknown()
            rest.append(word)
        elif known[word]:
            options.setdefault(word, []).append(next(words))
        else:
            options.setdefault(word, []).append("")
    return options, rest
