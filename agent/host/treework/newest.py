"""When anything in a tree of files was last changed."""

import os
import stat

from agent.host.treework.walk import AbsentError, BlockedError, entered, names, status


def newest(top: int, limit: int) -> str:
    """The latest time at which a file below a folder, or what is in a folder, was changed.

    Args:
        top: the folder.
        limit: how many files and folders are looked at.

    Returns:
        Whole seconds since 1970; ``-`` where there are more.
    """
    found = _Newest(limit)
    try:
        found.look_into(top)
    except _TooManyError:
        return "-"
    return str(int(found.moment))


class _TooManyError(Exception):
    pass


class _Newest:
    def __init__(self, limit: int) -> None:
        self.moment = 0.0
        self._left = limit

    def look_into(self, folder: int) -> None:
        self.moment = max(self.moment, os.fstat(folder).st_mtime)
        for name in names(folder):
            seen = status(folder, name)
            if seen is None:
                continue
            self._left -= 1
            if self._left < 0:
                raise _TooManyError
            self.moment = max(self.moment, seen.st_mtime)
            if stat.S_ISDIR(seen.st_mode):
                try:
                    with entered(folder, name) as below:
                        self.look_into(below)
                except (AbsentError, BlockedError):  # it is another thing by now
                    continue
