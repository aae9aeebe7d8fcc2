"""Where things are: the checkout, the one cache folder, and what each box keeps in it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.boxes.errors import BoxError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

CHECKOUT = Path(__file__).resolve().parents[2]
OVERLAY = Path(__file__).resolve().parent / "overlay"
DEFAULT_NAME = "voxnix"
# The name becomes a host name, a cgroup and a folder.
NAME_RULE = "1 to 20 of a-z, 0-9 and -, beginning with a letter and not ending with -"
_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,18}[a-z0-9])?")


def cache() -> Path:
    """Return the one folder outside the checkout that is written to."""
    given = os.environ.get("VOXNIX_CACHE")
    if given:
        return Path(given).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "voxnix"


@dataclass(frozen=True)
class Place:
    """The folder of one box, and the paths in it."""

    name: str
    """The box's name, valid."""
    folder: Path
    """All that the box keeps on disk; gone once it is down."""

    @classmethod
    def of(cls, name: str) -> Place:
        """Return the place of the box called `name`; raise BoxError when that is no name."""
        if not _NAME.fullmatch(name):
            raise BoxError(
                f"“{name}” cannot be the name of a box.", f"A name is {NAME_RULE}.", "Choose another --name."
            )
        return cls(name, cache() / "boxes" / name)

    @property
    def state(self) -> Path:
        """Who runs and since when, one KEY=VALUE a line; `scripts/box` reads it too."""
        return self.folder / "state"

    @property
    def again(self) -> Path:
        """While it is there, a box that ends is booted again."""
        return self.folder / "again"

    @property
    def console(self) -> Path:
        """What nspawn and the box's systemd print."""
        return self.folder / "console.log"

    @property
    def uplink_log(self) -> Path:
        """What the user-mode network prints."""
        return self.folder / "uplink.log"

    @property
    def disk(self) -> Path:
        """The folder that holds the pool's file, or the disks of a box with a kernel of its own."""
        return self.folder / "disk"

    @property
    def scratch(self) -> Path:
        """The box's /var/tmp: on disk, because images are unpacked there."""
        return self.folder / "scratch"

    @property
    def settings(self) -> Path:
        """The files that the box is given, each where it lies in the box."""
        return self.folder / "settings"

    @property
    def group(self) -> str:
        """The name of the box's cgroup, different for two caches that both hold a box of this name."""
        return f"voxnix-{self.name}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:6]}"


def all_places() -> list[Place]:
    """Return every box that has left something on disk."""
    root = cache() / "boxes"
    return (
        [Place(path.name, path) for path in sorted(root.iterdir()) if path.is_dir()] if root.is_dir() else []
    )


@contextmanager
def locked(name: str, when_waiting: Callable[[], None]) -> Generator[None]:
    """Hold the lock `name` of this cache, calling `when_waiting` once if somebody else has it."""
    path = cache() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            when_waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
