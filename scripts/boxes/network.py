"""The box's way out: a network in user space, so that nothing of this machine's own network is touched."""

from __future__ import annotations

import os
import select
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

INTERFACE = "uplink0"
PATIENCE = 5.0


def attach(leader: int, group: Path, log: Path) -> str | None:
    """Give the network namespace of `leader` an uplink; return why not, if it cannot be had."""
    readable, writable = os.pipe()
    with log.open("wb") as said, os.fdopen(readable, "rb") as ready:
        try:
            child = subprocess.Popen(
                [
                    *("slirp4netns", "--mtu=65520", "--disable-host-loopback", f"--ready-fd={writable}"),
                    *(str(leader), INTERFACE),
                ],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=[writable],
                start_new_session=True,
            )
        except OSError as error:
            return str(error)
        finally:
            os.close(writable)
        (group / "uplink/cgroup.procs").write_text(str(child.pid))
        arrived = select.select([ready], [], [], PATIENCE)[0]
        if arrived and ready.read(1) == b"1":
            return None
        child.kill()
        child.wait()
    last = log.read_text(errors="replace").strip().splitlines()
    return last[-1] if last else "slirp4netns said nothing"
