"""Guest images as archives: put one into a folder, and give its files to a range of user ids."""

import sys
from pathlib import Path

from agent.core.errors import CommandFailed, HostFailure, NoSpace
from agent.core.owner import UID_RANGE
from agent.host import idshift
from agent.host.node import Node

UNPACK_TIMEOUT = 600.0
"""Seconds for one image of a few hundred megabytes on a slow disk."""
SHIFT_TIMEOUT = 600.0
"""Seconds for the files of one container."""

_FULL = ("No space left on device", "Disk quota exceeded")


def unpack(node: Node, archive: str, directory: str) -> None:
    """Unpack a ``.tar.zst`` with numeric owners and file capabilities, over what is there.

    Args:
        node: where both are.
        archive: the file.
        directory: an existing folder.

    Raises:
        HostFailure: there is no such folder.
        CommandFailed: it is no whole archive.
        NoSpace: it does not fit.
    """
    if not node.exists(directory):
        # tar would say so, and then wait for ever for the unpacker that waits for tar to read on.
        raise HostFailure(f"There is no folder {directory} to unpack an image into.")
    argv = ["tar", "--extract", "--zstd", "--numeric-owner", "--preserve-permissions"]
    argv += [
        "--xattrs",
        "--xattrs-include=security.capability",
        f"--directory={directory}",
        f"--file={archive}",
    ]
    _run(node, argv, UNPACK_TIMEOUT)


def shift(node: Node, directory: str, base: int, before: int = 0) -> None:
    """Give every file of a root file system to the user ids from ``base``. The same again changes nothing.

    Args:
        node: where it is.
        directory: the root; other file systems mounted below it stay as they are.
        base: a multiple of 65,536; 0 for those that they have inside.
        before: the beginning of the range that they have now.

    Raises:
        CommandFailed: a file belongs to a third range, or cannot be changed.
        NoSpace: the quota has no room for the changed metadata.
    """
    if base == before or any(number % UID_RANGE for number in (base, before)):
        raise ValueError(f"{base} and {before} are not the beginnings of two ranges of user ids")
    words = [directory, str(base), *([str(before)] if before else [])]
    _run(node, [sys.executable, "-I", str(Path(idshift.__file__)), *words], SHIFT_TIMEOUT)


def _run(node: Node, argv: list[str], timeout: float) -> None:
    try:
        node.run(argv, timeout=timeout)
    except CommandFailed as failure:
        if any(sign in failure.stderr for sign in _FULL):
            raise NoSpace(
                "There is no room left for the container's files.",
                failure.stderr.strip()[-300:],
                "Destroy something, or raise the quota.",
            ) from failure
        raise
