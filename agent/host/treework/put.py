"""One file or folder brought back from a snapshot, in one step, with a way back."""

import os
import stat
from contextlib import suppress

from agent.host.treework.compare import compare_one
from agent.host.treework.walk import (
    BLOCK,
    FILE,
    NEW,
    AbsentError,
    entered,
    is_folder,
    maybe,
    names,
    status,
    walked,
)


def copy(source: int, name: str, target: int, new: str) -> None:
    """Copy what is in a folder under a name into another, with owner, mode, times and attributes."""
    seen = status(source, name)
    if seen is None:
        raise AbsentError(name)
    if stat.S_ISLNK(seen.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), new, dir_fd=target)
        os.chown(new, seen.st_uid, seen.st_gid, dir_fd=target, follow_symlinks=False)
        os.utime(new, ns=(seen.st_atime_ns, seen.st_mtime_ns), dir_fd=target, follow_symlinks=False)
    elif stat.S_ISDIR(seen.st_mode):
        os.mkdir(new, 0o700, dir_fd=target)
        with entered(source, name) as first, entered(target, new) as second:
            for one in names(first):
                copy(first, one, second, one)
            like(first, second)
    elif stat.S_ISREG(seen.st_mode):
        first = os.open(name, FILE, dir_fd=source)
        try:
            second = os.open(new, NEW, 0o600, dir_fd=target)
            try:
                while block := os.read(first, BLOCK):
                    view = memoryview(block)
                    while view:
                        view = view[os.write(second, view) :]
                like(first, second)
                os.fsync(second)
            finally:
                os.close(second)
        finally:
            os.close(first)
    elif stat.S_ISFIFO(seen.st_mode):
        os.mkfifo(new, stat.S_IMODE(seen.st_mode), dir_fd=target)
        os.chown(new, seen.st_uid, seen.st_gid, dir_fd=target, follow_symlinks=False)
    # A socket means nothing without the program that listens, and a device is nothing that a file holds.


def like(first: int, second: int) -> None:
    """Give what is open as the second the owner, attributes, mode and times of the first."""
    seen = os.fstat(first)
    os.fchown(second, seen.st_uid, seen.st_gid)
    with suppress(OSError):  # not every file system has attributes
        for name in os.listxattr(first):
            with suppress(OSError):
                os.setxattr(second, name, os.getxattr(first, name))
    os.fchmod(second, stat.S_IMODE(seen.st_mode))
    os.utime(second, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def remove(folder: int, name: str) -> None:
    """Remove what has a name in a folder, with all that is in it; nothing where there is nothing."""
    seen = status(folder, name)
    if seen is None:
        return
    if not stat.S_ISDIR(seen.st_mode):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        return
    with suppress(AbsentError), entered(folder, name) as inner:
        for one in names(inner):
            remove(inner, one)
    with suppress(FileNotFoundError):
        os.rmdir(name, dir_fd=folder)


def put(before: int, now: int, parts: list[str], mark: str, there: int) -> None:
    """Bring back what a path was, in one step; what is in its place goes beside it. Twice is once.

    Args:
        before: the workspace in the snapshot.
        now: the workspace.
        parts: of the path.
        mark: how the names begin that this may use.
        there: how many of the parts were there when this began; nothing that came since is replaced.
    """
    over = there == len(parts)
    at = min(there, len(parts) - 1)
    with walked(before, parts[:at]) as source, walked(now, parts[:at]) as target:
        new, name = f"{mark}-new", parts[at]
        remove(target, new)
        if not over and status(target, name) is not None:
            return  # it was brought already; or somebody has made one, which is theirs
        chain(source, parts[at:], target, new)
        if over:
            put_aside(target, name, new, f"{mark}-old")
        os.rename(new, name, src_dir_fd=target, dst_dir_fd=target)
        os.fsync(target)


def put_aside(folder: int, name: str, new: str, aside: str) -> None:
    """Keep what has a name under another; of plain files without a moment in which none is there."""
    folders = is_folder(folder, name) or is_folder(folder, new)
    if status(folder, aside) is not None:  # it was done before; what is in its place is ours
        if folders:
            remove(folder, name)
    elif folders:
        with suppress(FileNotFoundError):
            os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        with suppress(FileNotFoundError):
            os.link(name, aside, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)


def chain(before: int, parts: list[str], target: int, new: str) -> None:
    """Copy what a path leads to with the folders above it, but nothing else that was in those."""
    if len(parts) == 1:
        copy(before, parts[0], target, new)
        return
    with entered(before, parts[0]) as first:
        os.mkdir(new, 0o700, dir_fd=target)
        with entered(target, new) as second:
            chain(first, parts[1:], second, parts[1])
            like(first, second)


def take_back(before: int, now: int, parts: list[str], mark: str, there: int) -> None:
    """Undo :func:`put`. What it brought where nothing was goes, unless somebody has changed it since."""
    at = min(there, len(parts) - 1)
    with suppress(AbsentError), walked(now, parts[:at]) as target:
        remove(target, f"{mark}-new")
        if there == len(parts):
            put_again(target, parts[-1], f"{mark}-old")
            return
    with maybe(before, parts[:-1]) as source, maybe(now, parts[:-1]) as target:
        if target is not None and next(compare_one(source, target, parts[-1], "", deep=True), None) is None:
            remove(target, parts[-1])
    for count in range(len(parts) - 1, there, -1):
        with suppress(AbsentError, OSError), walked(now, parts[: count - 1]) as above:  # there is more in it
            os.rmdir(parts[count - 1], dir_fd=above)


def put_again(folder: int, name: str, aside: str) -> None:
    """Put in its place again what was put aside, if it was."""
    kept, now = status(folder, aside), status(folder, name)
    if kept is None:
        return
    if now is not None and now.st_ino == kept.st_ino:
        os.unlink(aside, dir_fd=folder)  # both are the one file, which was not replaced yet
        return
    if is_folder(folder, name) or is_folder(folder, aside):
        remove(folder, name)
    os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)


def settle(now: int, parts: list[str], mark: str) -> None:
    """Give up what :func:`put` has put aside."""
    with suppress(AbsentError), walked(now, parts[:-1]) as target:
        remove(target, f"{mark}-old")
