"""A node that answers what a test scripted, and fails on anything else."""

from collections.abc import Generator

from agent.core.errors import CommandFailed, HostFailure
from agent.host.node import MOST_OUTPUT, Completed

Scripted = tuple[int, str, str] | HostFailure
"""Exit code, output, error output; or what is raised instead."""


class ScriptedNode:
    """Args: what each command answers, by its words joined with spaces."""

    name = "scripted"
    simulated = True

    def __init__(self, answers: dict[str, Scripted]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def run(
        self,
        argv: list[str],
        *,
        input: str | None = None,  # noqa: A002, ARG002
        timeout: float = 60,  # noqa: ARG002
        check: bool = True,
        most: int = MOST_OUTPUT,  # noqa: ARG002
    ) -> Completed:
        """Answer as scripted."""
        words = " ".join(argv)
        self.asked.append(words)
        assert words in self.answers, f"nobody scripted: {words}"
        answer = self.answers[words]
        if isinstance(answer, HostFailure):
            raise answer
        code, out, err = answer
        if check and code:
            raise CommandFailed(tuple(argv), code, err)
        return Completed(tuple(argv), code, out, err)

    def lines(self, argv: list[str], *, timeout: float) -> Generator[str]:  # noqa: ARG002
        """Answer as scripted, then fail if that is scripted."""
        words = " ".join(argv)
        assert words in self.answers, f"nobody scripted: {words}"
        answer = self.answers[words]
        if isinstance(answer, HostFailure):
            raise answer
        code, out, _ = answer
        yield from out.splitlines()
        if code:
            raise CommandFailed(tuple(argv), code, out)

    def read(self, path: str) -> str | None:
        """Nothing is scripted to be read."""
        raise AssertionError(path)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Nothing is scripted to be written."""
        raise AssertionError(path, text, mode)

    def remove(self, path: str) -> None:
        """Nothing is scripted to be removed."""
        raise AssertionError(path)

    def exists(self, path: str) -> bool:
        """Nothing is scripted to be there."""
        raise AssertionError(path)

    def interrupt(self, thread: int) -> None:
        """It runs nothing."""

    def stop(self) -> None:
        """It runs nothing."""
