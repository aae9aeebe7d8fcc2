"""The terminal: what is said on it, what is asked, and what programs read from it instead."""

import json as json_format
import os
import sys
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from agent.channels import render
from agent.core.errors import HostFailure, InvalidSettings, Problem, Refusal
from agent.core.printable import printable

PIPE_WIDTH = 200
"""Columns where nobody's window decides: a table in a pipe should not be folded at 80."""
EXIT_CODES = {"usage": 2, Refusal.kind: Refusal.exit_code, InvalidSettings.kind: InvalidSettings.exit_code}
"""By the kind of a problem; every other one is the host's."""


def exit_code(problem: Problem) -> int:
    """How a command ends that ran into this."""
    return EXIT_CODES.get(problem.kind, HostFailure.exit_code)


class Terminal:
    """Standard output for answers; standard error for progress, questions and errors.

    Args:
        json: answers are one JSON object each, for programs.
        simulated: whether nothing of this is real; every answer says so.
    """

    def __init__(self, *, json: bool = False, simulated: bool = False) -> None:
        self.json = json
        self.simulated = simulated
        self.out = _console(error=False)
        self.err = _console(error=True)

    @property
    def interactive(self) -> bool:
        """Whether a person is there to be asked."""
        return sys.stdin.isatty() and self.err.is_terminal

    def show(self, renderable: RenderableType, answer: dict[str, Any]) -> None:
        """Give the answer of a command.

        Args:
            renderable: for a person.
            answer: for a program.
        """
        if self.json:
            # Escaped to ASCII: no character of a container's output reaches the terminal as it is.
            print(json_format.dumps({**answer, "simulated": self.simulated}, indent=2))  # noqa: T201
            return
        if self.simulated:
            self.out.print(render.simulation())
        self.out.print(renderable)

    def fail(self, problem: Problem, **beside: Any) -> int:  # noqa: ANN401 - plain JSON
        """Say what went wrong.

        Args:
            problem: what.
            beside: further fields of the JSON answer.

        Returns:
            The exit code.
        """
        if self.json:
            self.show("", {"error": problem.as_dict(), **beside})
        else:
            if self.simulated:
                self.err.print(render.simulation())
            self.err.print(render.problem(problem))
        return exit_code(problem)

    def write(self, line: str) -> None:
        """A line of an answer that comes bit by bit."""
        self.out.print(Text(printable(line)), soft_wrap=True)

    def say(self, text: str | Text) -> None:
        """Tell a person something beside the answer."""
        self.err.print(Text(text) if isinstance(text, str) else text)

    def ask(self, question: str) -> bool:
        """Ask a person for yes or no. Anything but a clear yes is a no."""
        self.err.print(Text(f"{question} [y/N] ", "bold"), end="")
        self.err.file.flush()
        try:
            answer = sys.stdin.readline()
        except KeyboardInterrupt:
            self.err.print()
            return False
        return answer.strip().lower() in {"y", "yes"}


def _console(*, error: bool) -> Console:
    stream = sys.stderr if error else sys.stdout
    piped = not stream.isatty() and "COLUMNS" not in os.environ
    # Nothing is guessed from text: no markup, no emoji codes, no colours for what looks like a number.
    return Console(
        stderr=error, markup=False, emoji=False, highlight=False, width=PIPE_WIDTH if piped else None
    )
