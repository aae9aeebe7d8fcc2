"""A folder of awkward files, and all that can be told of one: what comes back is what was there."""

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NAMES = (
    *(b"-rf", b"*", b"a b", b"line\nbreak", b"tab\t", b"'quoted\"", b"$(reboot)", b"\\", b"%s", b"...", b"@"),
    *("ü中🙂".encode(), b"\xff\xfe not utf-8", b"long" + 251 * b"x"),
)
NAMED = {os.fsdecode(name) for name in NAMES}


@dataclass(frozen=True)
class Told:
    """What a file is.

    Attributes:
        mode: kind and permissions.
        uid: who owns it.
        gid: which group.
        size: in bytes; of a folder, none.
        mtime: in nanoseconds.
        links: all names that it has in the tree.
        content: the digest of a file, or where a link leads.
        xattrs: extended attributes.
    """

    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    links: tuple[str, ...]
    content: bytes
    xattrs: tuple[tuple[str, bytes], ...]


Difference = tuple[str, Told | None, Told | None]
"""A path, and what it is in the one tree and in the other."""


def told(root: Path, shift: int = 0) -> dict[str, Told]:
    """Everything in a tree, by path.

    Args:
        root: the folder.
        shift: what to take from each user and group id but the node's root's.
    """
    found = {path: path.lstat() for path in (root, *_below(root))}
    names: dict[int, list[str]] = {}
    for path, one in found.items():
        names.setdefault(one.st_ino, []).append(str(path.relative_to(root)))
    return {
        str(path.relative_to(root)): Told(
            mode=one.st_mode,
            uid=one.st_uid - shift if one.st_uid else -1,
            gid=one.st_gid - shift if one.st_gid else -1,
            size=0 if stat.S_ISDIR(one.st_mode) else one.st_size,
            mtime=one.st_mtime_ns,
            links=tuple(sorted(names[one.st_ino])),
            content=_content(path, one),
            xattrs=_xattrs(path),
        )
        for path, one in found.items()
    }


def differences(one: dict[str, Told], other: dict[str, Told]) -> list[Difference]:
    """The first few things that two trees do not have in common."""
    found = [(path, one.get(path), other.get(path)) for path in sorted(one.keys() | other.keys())]
    return [row for row in found if row[1] != row[2]][:5]


def _below(root: Path) -> list[Path]:
    return [Path(folder, name) for folder, folders, files in os.walk(root) for name in (*folders, *files)]


def _content(path: Path, status: os.stat_result) -> bytes:
    if stat.S_ISLNK(status.st_mode):
        return os.fsencode(path.readlink())
    if not stat.S_ISREG(status.st_mode):
        return b""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _xattrs(path: Path) -> tuple[tuple[str, bytes], ...]:
    try:
        names = sorted(os.listxattr(path, follow_symlinks=False))
    except OSError:
        return ()
    return tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in names)


def fill(root: Path, base: int, large: int) -> None:
    """Put all kinds of files into a folder.

    Args:
        root: the folder.
        base: added to each user and group id.
        large: bytes of the largest one.
    """
    for number, name in enumerate(NAMES):
        file = root / os.fsdecode(name)
        file.write_bytes(b"content of " + name)
        os.chown(file, base + number, base + 2 * number)
        os.utime(file, ns=(0, 1_000_000_007 * number))
    (root / "large").write_bytes(os.urandom(large))
    with (root / "holes").open("wb") as file:
        for place in (1 << 20, 17 << 20):
            file.seek(place)
            file.write(b"an island")
        file.truncate(64 << 20)
    (root / "zeros").write_bytes(bytes(300_000))
    (root / "empty").touch()
    (root / "deep/er/and/deeper").mkdir(parents=True)
    (root / "deep/er/and/deeper/file").write_text("at the bottom")
    (root / "deep/nothing in it").mkdir()
    os.link(root / "large", root / "deep/the same as large")
    os.link(root / "deep/er/and/deeper/file", root / "the same as the one at the bottom")
    (root / "dangling").symlink_to("/nowhere/at all")
    (root / "outwards").symlink_to("/etc/passwd")
    (root / "loop").symlink_to("loop")
    os.lchown(root / "loop", base + 5, base + 5)
    os.mkfifo(root / "pipe")
    for path in _below(root):
        if path.name not in NAMED and path.name != "loop":
            os.lchown(path, base, base)
    os.chown(root / "zeros", 0, 0)  # of the node's own root, who is nobody in there
    modes = {"closed": 0, "open": 0o777, "set-id": 0o6755}
    for name, mode in modes.items():
        (root / name).write_text(name)
        os.chown(root / name, base + 1000, base + 1000)
        (root / name).chmod(mode)
    (root / "shared").mkdir()
    (root / "shared").chmod(0o3777)
    for number in range(2000):
        (root / f"shared/{number}").write_text(str(number))
    with suppress(OSError):  # zfs-fuse has none
        os.setxattr(root / "empty", "user.note", b"with \0 bytes")


def change(root: Path) -> None:
    """Have the files of :func:`fill` become others."""
    with (root / "large").open("r+b") as file:
        file.seek(12_345)
        file.write(b"changed in the middle")
    with (root / "holes").open("r+b") as file:
        file.seek(33 << 20)
        file.write(b"another island")
    (root / "zeros").write_bytes(b"short")
    (root / "empty").write_text("not any more")
    (root / "dangling").unlink()
    (root / "dangling").mkdir()
    (root / "-rf").rename(root / "deep/renamed")
    for number in range(0, 2000, 2):
        (root / f"shared/{number}").unlink()
    (root / "open").chmod(0o600)
    (root / "new").write_text("new")
