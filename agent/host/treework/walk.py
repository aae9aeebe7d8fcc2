"""The folders of a container, whose root may change them meanwhile.

Each is opened from the one above, and no link is followed.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
BLOCK = 1 << 20
"""Bytes that are read at a time."""


class AbsentError(Exception):
    """Nothing is there."""


class BlockedError(Exception):
    """What is in the way is no folder."""


def status(folder: int | None, name: str) -> os.stat_result | None:
    """What is in a folder under a name; None where nothing is, or where there is no folder."""
    if folder is None:
        return None
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


@contextmanager
def entered(folder: int, name: str) -> Generator[int]:
    """A folder in a folder."""
    try:
        handle = os.open(name, FOLDER, dir_fd=folder)
    except FileNotFoundError:
        raise AbsentError(name) from None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise BlockedError(name) from None
        raise
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def walked(top: int, parts: list[str]) -> Generator[int]:
    """The folder at the end of a path."""
    handle = os.dup(top)
    try:
        for part in parts:
            with entered(handle, part) as inner:
                os.dup2(inner, handle, inheritable=False)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def top_of(path: str) -> Generator[int]:
    """The folder that everything is looked at from."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def names(folder: int) -> list[str]:
    """What is in a folder, sorted."""
    return sorted(os.listdir(folder))


@contextmanager
def maybe(top: int, parts: list[str]) -> Generator[int | None]:
    """The folder at the end of a path; None where there is none."""
    with ExitStack() as stack:
        handle: int | None = None
        with suppress(AbsentError, BlockedError):
            handle = stack.enter_context(walked(top, parts))
        yield handle


def is_folder(folder: int, name: str) -> bool:
    """Whether what has a name in a folder is one."""
    seen = status(folder, name)
    return seen is not None and stat.S_ISDIR(seen.st_mode)


def depth(now: int, parts: list[str]) -> int:
    """How many parts of a path are there. A link or a file where a folder has to be is in the way."""
    for count in range(len(parts)):
        with walked(now, parts[:count]) as folder:
            if status(folder, parts[count]) is None:
                return count
    return len(parts)
