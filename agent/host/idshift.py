"""Give the files of a root file system to a container's range of user ids.

A program of its own, of the standard library only, so that any node can run it:
``idshift.py DIR BASE [FROM]``.
systemd-nspawn does this itself where the kernel lets it, but not on ZFS in user space.
"""

import os
import stat
import sys

RANGE = 65_536
CAPABILITY = "security.capability"


def shifted(number: int, base: int, before: int = 0) -> int:
    """The user or group id in the container's range, of one in the range that it had before.

    What belonged to nobody in the container, but to somebody of the node, does so still.

    Raises:
        ValueError: it belongs to another container.
    """
    if base <= number < base + RANGE:
        return number
    if before <= number < before + RANGE:
        return base + number - before
    if number < RANGE:
        return number
    where = f"in the range from {before}" if before else f"below {RANGE}"
    raise ValueError(f"id {number} is neither {where} nor in the range from {base}")


def shift_one(path: str, status: os.stat_result, base: int, before: int = 0) -> bool:
    """Shift one file, link or folder; whether that changed anything."""
    uid, gid = shifted(status.st_uid, base, before), shifted(status.st_gid, base, before)
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


def shift(root: str, base: int, before: int = 0) -> int:
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
                changed += shift_one(entry.path, status, base, before)
    return changed + shift_one(root, top, base, before)


def _bases(words: list[str]) -> list[int]:
    """The beginnings of ranges, of the one to be and of the one that was; nothing where one is none."""
    numbers = [int(word) for word in words if word.isdecimal()]
    fit = len(numbers) == len(words) in {1, 2} and not any(number % RANGE for number in numbers)
    return numbers if fit and any(numbers) else []


def main(arguments: list[str]) -> int:
    """Run as a program."""
    bases = _bases(arguments[1:])
    if not bases:
        sys.stderr.write("usage: idshift.py DIR BASE [FROM], where these are multiples of 65536\n")
        return 2
    try:
        changed = shift(arguments[0], *bases)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"idshift: {error}\n")
        return 1
    sys.stdout.write(f"{changed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
