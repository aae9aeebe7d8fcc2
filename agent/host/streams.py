"""Streams on a node: what a program prints goes into a file, or into another program, which may read a file.

They run where the machine's own mounts are (docs/adr/0016): the disk of a backup is none of the folders that
the worker may write, and it cannot read the admin's keys and settings of ssh.
"""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from agent.core.errors import CommandFailed, HostFailure, NoSpace
from agent.host import pipe
from agent.host.node import Completed, Node

OUTSIDE = ("nsenter", "--mount=/proc/1/ns/mnt", "--")
"""Before a command: it runs with the mounts of the machine's first process."""
TIMEOUT = 120.0
"""Seconds for anything that moves no stream; a disk may have to spin up."""
LONGEST = 7 * 86_400.0
"""Seconds that one stream may take."""

Moved = Callable[[int], None]
"""Is told how many bytes were moved."""


class Place(BaseModel):
    """What is at a path of a node.

    Attributes:
        path: without links.
        kind: ``folder``, ``file``, ``other``, or empty for nothing.
        around: whether its folder is there: itself, or the one that it would be in.
        writable: whether something can be made in that.
        free: bytes that have room there.
        source: what is mounted there: a device, or a data set.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    kind: str
    around: bool
    writable: bool
    free: int
    source: str


class Written(BaseModel):
    """What became of a stream.

    Attributes:
        size: in bytes.
        sha256: of it, in hex.
        kept: how many of them were there already, from an interrupted writing.
    """

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str
    kept: int = 0


class Streams:
    """Streams and the files that they come from and go to.

    Every method raises NoSpace where a disk is full, and CommandFailed where a program does not do it.

    Args:
        node: where they are.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def look(self, path: str) -> Place:
        """What is at a path."""
        return Place.model_validate(self._ask("look", path))

    def write(self, file: str, offset: int, argv: list[str], moved: Moved) -> Written:
        """Have what a program prints in a file, from a place in it on; what follows there is cut off.

        Of an interrupted writing of the same, what was written is not written again.
        """
        return Written.model_validate(self._move(moved, "write", file, str(offset), *argv))

    def check(self, file: str, offset: int, size: int, moved: Moved) -> Written:
        """What is in a part of a file. It is shorter than was asked for where the file is."""
        return Written.model_validate(self._move(moved, "check", file, str(offset), str(size)))

    def feed(self, file: str, offset: int, size: int, argv: list[str], moved: Moved) -> None:
        """Have a program read a part of a file."""
        self._move(moved, "feed", file, str(offset), str(size), *argv)

    def join(self, source: list[str], sink: list[str], moved: Moved) -> int:
        """Have one program read what another prints; how many bytes that were."""
        return int(self._move(moved, "join", str(len(source)), *source, *sink)["size"])

    def text(self, file: str) -> str | None:
        """The text of a small file, or that which a file was sealed with; None where there is no file.

        Raises:
            CommandFailed: it is large and was not sealed, or is damaged.
        """
        try:
            return str(self._ask("text", file)["text"])
        except CommandFailed as failure:
            if failure.returncode == pipe.ABSENT:
                return None
            raise

    def put(self, file: str, text: str) -> None:
        """Put a text into a file, in one step."""
        self._ask("put", file, given=text)

    def seal(self, file: str, offset: int, text: str) -> None:
        """End a file with a text, so that :meth:`text` finds it."""
        self._ask("seal", file, str(offset), given=text)

    def move(self, file: str, to: str) -> None:
        """Give a file another name in its folder, over what is there."""
        self._ask("move", file, to)

    def make(self, folder: str) -> None:
        """Have a folder, in one that is there."""
        self._ask("make", folder)

    def folders(self, folder: str, file: str) -> list[str]:
        """The names of the folders in a folder that have such a file."""
        return list(self._ask("folders", folder, file)["names"])

    def files(self, folder: str) -> list[str]:
        """The names of the files in a folder; of none where there is no folder."""
        return list(self._ask("files", folder)["names"])

    def sizes(self, files: list[str]) -> list[int]:
        """How long files are; -1 where there is none."""
        return list(self._ask("lengths", *files)["sizes"])

    def remove(self, *paths: str) -> None:
        """Remove files, and folders that are empty; those that are not stay."""
        if paths:
            self._ask("remove", *paths)

    def run(self, argv: list[str], *, timeout: float = TIMEOUT, check: bool = True) -> Completed:
        """Run a program there, such as ssh. See :meth:`agent.host.node.Node.run`."""
        return self._node.run([*OUTSIDE, *argv], timeout=timeout, check=check)

    def _ask(self, verb: str, *words: str, given: str | None = None) -> dict[str, Any]:
        argv = _command(verb, *words)
        try:
            said = self._node.run(argv, input=given, timeout=TIMEOUT).stdout.splitlines()
        except CommandFailed as failure:
            raise _told(failure) from failure
        return _answer(said[-1] if said else "", argv)

    def _move(self, moved: Moved, verb: str, *words: str) -> dict[str, Any]:
        argv = _command(verb, *words)
        last = ""
        try:
            with closing(self._node.lines(argv, timeout=LONGEST)) as lines:
                for line in lines:
                    if line.startswith(pipe.MARK):
                        last = line
                        moved(int(_answer(line, argv).get("done", 0)))
        except CommandFailed as failure:
            raise _told(failure) from failure
        return _answer(last, argv)


def _command(verb: str, *words: str) -> list[str]:
    return [*OUTSIDE, sys.executable, "-I", str(Path(pipe.__file__)), verb, *words]


def _answer(line: str, argv: list[str]) -> dict[str, Any]:
    if not line.startswith(pipe.MARK):
        raise HostFailure("A stream ended without a word.", f"The command was: {' '.join(argv)[:500]}")
    return json.loads(line.removeprefix(pipe.MARK))


def _told(failure: CommandFailed) -> HostFailure | NoSpace:
    """The failure of a stream, without what was said on the way."""
    said = "\n".join(line for line in failure.stderr.splitlines() if not line.startswith(pipe.MARK)).strip()
    full = ("out of space", "no space left", "quota exceeded")
    if failure.returncode == pipe.NO_ROOM or any(sign in said.lower() for sign in full):
        return NoSpace("There is no room left where the stream goes.", said[-300:], "Make room there.")
    return CommandFailed(failure.argv, failure.returncode, said)
