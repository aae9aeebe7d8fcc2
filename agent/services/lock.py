"""One worker per node. Who finds that there is one need not import the engine, which takes a second."""

import fcntl
from pathlib import Path
from typing import TextIO


def acquire_lock(folder: Path) -> TextIO | None:
    """The right to be this node's worker, None while another process has it. It goes with the process."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (folder / "worker.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
