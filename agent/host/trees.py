"""Trees of files: what became of a workspace since a snapshot, and one file brought back from it.

:mod:`agent.host.treework.__main__` does it, as a program of its own, so that it can be ended at any moment.
"""

import base64
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.core.errors import CommandFailed, HostFailure, InvalidRequest, NoSpace
from agent.host.node import Completed, Node
from agent.host.treework.__main__ import ABSENT, BLOCKED, FULL

PROGRAM = str(Path(__file__).with_name("treework") / "__main__.py")
COMPARE_TIMEOUT = 600.0
"""Seconds for two trees."""
COPY_TIMEOUT = 3600.0
"""Seconds for what is brought back, which may be all of a workspace."""
TIMEOUT = 60.0


@dataclass(frozen=True)
class Seen:
    """What is at a path in a snapshot, and now.

    Attributes:
        folder: whether the snapshot has a folder there.
        size: of what the snapshot has there, in bytes.
        now: of what is there now, in bytes; None where nothing is.
        there: how many parts of the path are there now.
    """

    folder: bool
    size: int
    now: int | None
    there: int


class Trees:
    """The trees of files of a node. Each method raises HostFailure where it cannot be done.

    Paths are relative, and bytes, as a file may be called by any. No link in one is followed.

    Args:
        node: where they are.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def compare(
        self, before: str, now: str, limit: int, candidates: Iterable[bytes] | None = None
    ) -> tuple[list[tuple[str, bytes]], int]:
        """What became of the files of a folder: those that differ in what they are, in size or in content.

        Args:
            before: the folder as it was.
            now: the folder.
            limit: how many are told.
            candidates: nothing else was touched; all is looked at when None.

        Returns:
            ``+``, ``-`` or ``M`` with the path of each, and how many there are.
        """
        which = "all" if candidates is None else "some"
        given = None if candidates is None else "".join(f"{_text(path)}\n" for path in candidates)
        done = self._run(["compare", before, now, str(limit), which], COMPARE_TIMEOUT, given)
        *lines, last = done.stdout.splitlines()
        return [(line[0], base64.b64decode(line[2:])) for line in lines], int(last.removeprefix("= "))

    def newest(self, folder: str, limit: int) -> datetime | None:
        """When anything in a folder was last changed; None where there is more in it than so many things."""
        told = self._run(["newest", folder, str(limit)], COMPARE_TIMEOUT).stdout.strip()
        return None if told == "-" else datetime.fromtimestamp(int(told), UTC)

    def look(self, before: str, now: str, path: bytes) -> Seen | None:
        """What is at a path in a folder as it was, and in the folder now; None where nothing was.

        Raises:
            InvalidRequest: a link or a file is on the way.
        """
        done = self._run(["look", before, now, _text(path)], TIMEOUT, path=path)
        return None if done.returncode == ABSENT else Seen(**json.loads(done.stdout))

    def put(self, before: str, now: str, path: bytes, mark: str, there: int) -> bool:
        """Have at a path what was there, with owner, mode and times. What is there now is put aside.

        Args:
            before: the folder as it was.
            now: the folder.
            path: in both.
            mark: how the names of what is put beside it begin.
            there: how many parts of the path were there to begin with, as :meth:`look` told it.

        Returns:
            Whether there was such a thing.

        Raises:
            InvalidRequest: a link or a file is on the way.
            NoSpace: it does not fit.
        """
        words = ["put", before, now, _text(path), mark, str(there)]
        return self._run(words, COPY_TIMEOUT, path=path).returncode == 0

    def take_back(self, before: str, now: str, path: bytes, mark: str, there: int) -> None:
        """Undo :meth:`put`, as far as it came."""
        self._run(["take-back", before, now, _text(path), mark, str(there)], COPY_TIMEOUT, path=path)

    def settle(self, now: str, path: bytes, mark: str) -> None:
        """Give up what :meth:`put` has put aside."""
        self._run(["settle", now, _text(path), mark], COPY_TIMEOUT, path=path)

    def renew(self, root: str, empty: Sequence[str], remove: Sequence[str]) -> None:
        """Have a root file system forget who it is.

        Args:
            root: its folder.
            empty: paths of files that are to be empty.
            remove: paths of files and folders that are to go; a ``*`` in a last part is any text.
        """
        words = [*(f"empty:{path}" for path in empty), *(f"remove:{path}" for path in remove)]
        self._run(["renew", root, *words], TIMEOUT)

    def _run(
        self, words: Sequence[str], timeout: float, given: str | None = None, path: bytes = b""
    ) -> Completed:
        argv = [sys.executable, "-I", PROGRAM, *words]
        done = self._node.run(argv, input=given, timeout=timeout, check=False)
        shown = path.decode(errors="backslashreplace")
        if done.returncode in {0, ABSENT}:
            return done
        if done.returncode < 0:
            raise CommandFailed(done.argv, done.returncode, done.stderr)
        said = " ".join(done.stderr.split())[-300:]
        if done.returncode == BLOCKED:
            raise InvalidRequest(
                f"{shown} leads through a link, or through a file.",
                "Nothing follows one, as it may lead anywhere.",
                "Say the path of the file itself.",
            )
        if done.returncode == FULL:
            raise NoSpace(
                f"There is no room for {shown}.",
                said,
                "Remove something, forget snapshots, or make the container larger.",
            )
        raise HostFailure(
            "The files could not be looked at, or not be changed.",
            said or f"The exit code was {done.returncode}.",
            "Look at the log of the worker.",
        )


def _text(path: bytes) -> str:
    return base64.b64encode(path).decode()
