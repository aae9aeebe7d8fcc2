"""All that a program started, wherever it has put itself: found by a mark, and ended.

Killing its process group reaches what is in it. A child may leave the group, and have no parent any more;
what it has from its beginning is its environment. The mark is there, and it is no secret.
"""

import os
import signal
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

MARK = "VOXNIX_COMMAND"
"""The variable of the environment that a program's mark is in."""
ATTEMPTS = 50
"""How often it is looked for what is left; what the kernel does not let go of is left to it."""
PAUSE = 0.02
"""Seconds between two looks: some milliseconds pass until a killed process is gone."""


def end_marked(marks: Collection[str]) -> None:
    """Kill every process that has one of these marks, and what those start meanwhile, until there is none."""
    wanted = frozenset(f"{MARK}={mark}".encode() for mark in marks)
    for _ in range(ATTEMPTS if wanted else 0):
        if not [pid for pid in _processes() if _killed(pid, wanted)]:
            return
        time.sleep(PAUSE)


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names are all it takes


def _killed(pid: int, wanted: frozenset[bytes]) -> bool:
    """Kill a process if it is one of these. By a handle: once it has ended, its number may be another's."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        # Another user's cannot be read, and that of one that has ended is empty.
        if wanted.isdisjoint(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")):
            return False
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
