"""Give the files of a root file system to a container's range of user ids.

A program of its own, of the standard library only, so that any node can run it: ``idshift.py DIR BASE``.
systemd-nspawn does this itself where the kernel lets it, but not on ZFS in user space.
"""

import os
import stat
import sys

RANGE = 65_536
CAPABILITY = "security.capability"


def shifted(number: int, base: int) -> int:
    """The user or group id in the container's range.

    Raises:
        ValueError: it belongs to another container.
    """
    if base <= number < base + RANGE:
        return number
    if number < RANGE:
        return base + number
    raise ValueError(f"id {number} is neither below {RANGE} nor in the range from {base}")


def shift_one(path: str, status: os.stat_result, base: int) -> bool:
    """Shift one file, link or folder; whether that changed anything."""
    uid, gid = shifted(status.st_uid, base), shifted(status.st_gid, base)
    if (uid, gid) == (status.st_uid, status.st_gid):
        return False
    plain = stat.S_ISREG(status.st_mode)
    # A change of owner takes these away, for good reasons that do not hold here.
    capability = _capability(path) if plain and status.st_mode & 0o111 else None
    os.chown(path, uid, gid, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode) and status.st_mode & (stat.S_ISUID | stat.S_ISGID):
        os.chmod(path, stat.S_IMODE(status.st_mode))  # noqa: PTH101 - a Path for each of 10,000 files costs a third
    if capability is not None:
        os.setxattr(path, CAPABILITY, capability, follow_symlinks=False)
    return True


def _capability(path: str) -> bytes | None:
    try:
        return os.getxattr(path, CAPABILITY, follow_symlinks=False)
    except OSError:
        return None


def shift(root: str, base: int) -> int:
    """Shift a whole tree on one file system; how many were changed.

    What is in the range already is left alone, so the same again finishes what was begun. A kill in the one
    moment between a change of owner and the return of a set-id bit loses that bit, though: a tree that has
    such programs, and in which it was killed, is better made anew.
    """
    top = os.lstat(root)
    changed = 0
    waiting = [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if status.st_dev != top.st_dev:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(entry.path)
                changed += shift_one(entry.path, status, base)
    return changed + shift_one(root, top, base)


def _is_base(text: str) -> bool:
    return text.isdecimal() and int(text) > 0 and int(text) % RANGE == 0


def main(arguments: list[str]) -> int:
    """Run as a program."""
    if len(arguments) != 2 or not _is_base(arguments[1]):  # noqa: PLR2004
        sys.stderr.write("usage: idshift.py DIR BASE, where BASE is a multiple of 65536\n")
        return 2
    try:
        changed = shift(arguments[0], int(arguments[1]))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"idshift: {error}\n")
        return 1
    sys.stdout.write(f"{changed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
