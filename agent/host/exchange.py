"""What a program is given and what it says, both to the end: within its time and the room there is."""

import os
import select
import selectors
import subprocess
import time
from contextlib import suppress
from typing import IO

PIECE = 1 << 16
"""Bytes that are read at once."""


class TooLong(Exception):
    """A program says more than there is room for."""


def exchange(process: subprocess.Popen[str], given: str, timeout: float, most: int) -> tuple[str, str]:
    """Give a program its input, and wait until it has ended and everything that it said is here.

    Args:
        process: the program, with pipes for what is to be exchanged.
        given: what it reads.
        timeout: seconds.
        most: bytes that it may say, in standard output and in standard error each.

    Returns:
        Standard output and standard error; undecodable bytes are replaced.

    Raises:
        subprocess.TimeoutExpired: it takes longer.
        TooLong: it says more.
    """
    deadline = time.monotonic() + timeout
    rest = memoryview(given.encode(errors="replace"))
    said = {pipe: bytearray() for pipe in (process.stdout, process.stderr) if pipe is not None}
    with selectors.DefaultSelector() as waiting:
        for pipe in said:
            waiting.register(pipe, selectors.EVENT_READ)
        if process.stdin is not None:
            waiting.register(process.stdin, selectors.EVENT_WRITE)
        while waiting.get_map():
            if (left := deadline - time.monotonic()) <= 0:
                raise subprocess.TimeoutExpired(process.args, timeout)
            for key, _ in waiting.select(left):
                pipe: IO[str] = key.fileobj  # pyright: ignore[reportAssignmentType] - of those above
                if pipe is process.stdin:
                    rest = _fed(pipe, rest)
                    if not rest:
                        waiting.unregister(pipe)
                        with suppress(BrokenPipeError):
                            pipe.close()
                    continue
                piece = os.read(pipe.fileno(), PIECE)
                said[pipe] += piece
                if len(said[pipe]) > most:
                    raise TooLong
                if not piece:
                    waiting.unregister(pipe)
    process.wait(max(0.0, deadline - time.monotonic()))
    return _text(said, process.stdout), _text(said, process.stderr)


def _fed(pipe: IO[str], rest: memoryview) -> memoryview:
    """What is still to be given; nothing when nobody reads any more."""
    try:
        # No more than goes in whole: this must not wait for a program that waits to be heard.
        return rest[os.write(pipe.fileno(), rest[: select.PIPE_BUF]) :] if rest else rest
    except BrokenPipeError:
        return rest[:0]


def _text(said: dict[IO[str], bytearray], pipe: IO[str] | None) -> str:
    text = said.pop(pipe).decode(errors="replace") if pipe is not None else ""
    return text.replace("\r\n", "\n").replace("\r", "\n")
