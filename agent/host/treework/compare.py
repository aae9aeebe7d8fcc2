"""What became of the files of a folder."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress

from agent.host.treework.walk import (
    BLOCK,
    FILE,
    AbsentError,
    BlockedError,
    depth,
    entered,
    is_folder,
    maybe,
    names,
    status,
    walked,
)


def same(before: int, now: int, name: str, old: os.stat_result, new: os.stat_result) -> bool:
    """Whether what is called alike in two folders, and is no folder, is the same."""
    if stat.S_IFMT(old.st_mode) != stat.S_IFMT(new.st_mode):
        return False
    if stat.S_ISLNK(old.st_mode):
        return os.readlink(name, dir_fd=before) == os.readlink(name, dir_fd=now)
    if not stat.S_ISREG(old.st_mode):
        return True
    if old.st_size != new.st_size:
        return False
    return old.st_mtime_ns == new.st_mtime_ns or same_content(before, now, name)


def same_content(before: int, now: int, name: str) -> bool:
    """Whether two files have the same in them."""
    first = os.open(name, FILE, dir_fd=before)
    try:
        second = os.open(name, FILE, dir_fd=now)
        try:
            while True:
                block = os.read(first, BLOCK)
                if block != os.read(second, BLOCK):
                    return False
                if not block:
                    return True
        finally:
            os.close(second)
    finally:
        os.close(first)


def files_below(folder: int | None, name: str, path: str) -> Iterator[str]:
    """What is no folder, at a path and below it."""
    seen = status(folder, name)
    if folder is None or seen is None:
        return
    if not stat.S_ISDIR(seen.st_mode):
        yield path
        return
    with suppress(AbsentError, BlockedError), entered(folder, name) as inner:  # gone, or replaced, meanwhile
        for one in names(inner):
            yield from files_below(inner, one, f"{path}/{one}")


def compare_one(
    before: int | None, now: int | None, name: str, path: str, *, deep: bool
) -> Iterator[tuple[str, str]]:
    """What became of what has a name in two folders, and of all below it.

    Args:
        before: the one folder; None where there is none.
        now: the other.
        name: in both.
        path: of it, for the answer.
        deep: whether to look into what is a folder in both.
    """
    old, new = status(before, name), status(now, name)
    if before is None or now is None or old is None or new is None:
        folders = {False, True}
    else:
        folders = {stat.S_ISDIR(old.st_mode), stat.S_ISDIR(new.st_mode)}
    if before is not None and now is not None and folders == {True}:
        if deep:
            with (
                suppress(AbsentError, BlockedError),
                entered(before, name) as first,
                entered(now, name) as second,
            ):
                yield from compare(first, second, path)
    elif before is not None and now is not None and old and new and folders == {False}:
        unlike = True
        with suppress(FileNotFoundError):  # it is going away while we look
            unlike = not same(before, now, name, old, new)
        if unlike:
            yield "M", path
    else:
        yield from (("-", one) for one in files_below(before, name, path))
        yield from (("+", one) for one in files_below(now, name, path))


def compare(before: int, now: int, path: str = "") -> Iterator[tuple[str, str]]:
    """What became of all that is in a folder."""
    for name in sorted({*names(before), *names(now)}):
        yield from compare_one(before, now, name, f"{path}/{name}" if path else name, deep=True)


def compare_some(before: int, now: int, paths: list[str]) -> Iterator[tuple[str, str]]:
    """What became of these, some of which may be folders that have come, gone or got another name."""
    told: set[str] = set()
    for path in paths:
        *above, name = path.split("/")
        with maybe(before, above) as first, maybe(now, above) as second:
            for sign, one in compare_one(first, second, name, path, deep=False):
                if one not in told:
                    told.add(one)
                    yield sign, one


def size(folder: int, name: str) -> int:
    """Bytes of what has a name in a folder, with all that is in it."""
    seen = status(folder, name)
    if seen is None:
        return 0
    if not stat.S_ISDIR(seen.st_mode):
        return seen.st_size
    with suppress(AbsentError, BlockedError), entered(folder, name) as inner:
        return sum(size(inner, one) for one in names(inner))
    return 0


def look(before: int, now: int, parts: list[str]) -> str:
    """What is at a path, in both, and how many of its parts are there now, as JSON."""
    with walked(before, parts[:-1]) as source:
        if status(source, parts[-1]) is None:
            raise AbsentError(parts[-1])
        told: dict[str, object] = {"folder": is_folder(source, parts[-1]), "size": size(source, parts[-1])}
    there = depth(now, parts)
    told |= {"now": None, "there": there}
    if there == len(parts):
        with walked(now, parts[:-1]) as target:
            told["now"] = size(target, parts[-1])
    return json.dumps(told)
