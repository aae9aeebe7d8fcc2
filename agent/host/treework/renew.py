"""A root file system that forgets who it is."""

import fnmatch
import os
import stat
from contextlib import suppress

from agent.host.treework.put import remove
from agent.host.treework.walk import NEW, AbsentError, BlockedError, names, status, walked


def renew(root: int, words: list[str]) -> int:
    """Empty some files of a root file system and remove others; how many there were."""
    done = 0
    for word in words:
        verb, _, path = word.partition(":")
        *above, pattern = path.split("/")
        with suppress(AbsentError, BlockedError), walked(root, above) as folder:
            for name in fnmatch.filter(names(folder), pattern):
                seen = status(folder, name)
                if seen is None or (verb == "empty" and seen.st_size == 0 and stat.S_ISREG(seen.st_mode)):
                    continue
                done += 1
                remove(folder, name)
                if verb == "empty":
                    handle = os.open(name, NEW, 0o644, dir_fd=folder)
                    os.fchown(handle, seen.st_uid, seen.st_gid)
                    os.fchmod(handle, stat.S_IMODE(seen.st_mode))
                    os.close(handle)
    return done
