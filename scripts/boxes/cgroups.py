"""The box's own cgroup: where its processes are, so that none of them can be lost."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

MOUNTS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))


def hierarchy() -> Path | None:
    """Return where this machine has cgroup v2, which may be beside v1; None where it has none to write to."""
    for mount in MOUNTS:
        if (
            (mount / "cgroup.procs").exists()
            and (mount / "cgroup.controllers").exists()
            and os.access(mount, os.W_OK)
        ):
            return mount
    return None


def make(group: Path) -> None:
    """Create the group with a part for each thing that runs, and every controller there is."""
    for part in ("host", "uplink", "box"):
        (group / part).mkdir(parents=True, exist_ok=True)
    for parent in (group.parent, group):
        for controller in (parent / "cgroup.controllers").read_text().split():
            # A controller that may not be handed down is one that the box does without.
            with contextlib.suppress(OSError):
                (parent / "cgroup.subtree_control").write_text(f"+{controller}")


def destroy(group: Path, *, patience: float = 5) -> bool:
    """Kill whatever runs in the group and remove it; tell whether nothing is left."""
    deadline = time.monotonic() + patience
    while group.is_dir():
        _kill(group)
        folders = [*(path for path in group.rglob("*") if path.is_dir()), group]
        for folder in sorted(folders, key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):
                folder.rmdir()
        if time.monotonic() > deadline:
            return not group.is_dir()
        if group.is_dir():
            time.sleep(0.02)
    return True


def _kill(group: Path) -> None:
    try:
        (group / "cgroup.kill").write_text("1")
    except OSError:
        for members in group.rglob("cgroup.procs"):
            for pid in members.read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
