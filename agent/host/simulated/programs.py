"""What a simulated program is, and how its words are read."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

from agent.host.simulated.world import Answer, Pace, Sizes, UnknownCommand, World


@dataclass(frozen=True)
class Call:
    """One command, and what it may use.

    Attributes:
        argv: its words.
        world: the node's state, held still while a program that only answers runs.
        now: seconds since 1970.
        pace: how long things take.
        sizes: how large things are.
        timeout: seconds after which it would be killed.
    """

    argv: list[str]
    world: World
    now: float
    pace: Pace
    sizes: Sizes
    timeout: float

    def unknown(self) -> UnknownCommand:
        """What to raise for words that no caller is known to send."""
        return UnknownCommand(f"the simulated node does not know: {self.argv}")


Program = Callable[[Call], Answer]
Stream = Callable[[Call], Generator[str | float, None, Answer]]
"""Yields lines, and seconds to let pass."""


def split_options(call: Call, begin: int, known: Mapping[str, bool]) -> tuple[dict[str, list[str]], list[str]]:
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
