"""One worker per node, and one bot: a lock goes with its process, however that ends.

Who finds that there is a worker need not import the engine, which takes a second.
"""

import fcntl
from pathlib import Path
from typing import TextIO


def acquire_lock(folder: Path, name: str = "worker") -> TextIO | None:
    """The right to be this node's worker or bot, None while another process has it.

    Args:
        folder: for the product's state.
        name: of what there is one of.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (folder / f"{name}.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
