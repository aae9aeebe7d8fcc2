"""The one place where the box's own code starts programs of the outer machine."""

from __future__ import annotations

import subprocess
from collections import deque
from typing import TYPE_CHECKING

from scripts.boxes.errors import BoxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# A program dies with the process that started it, also when that one is killed.
TIED = ("setpriv", "--pdeathsig", "TERM", "--")
LAST_LINES = 12


def output(argv: Sequence[str], *, timeout: float = 60) -> str | None:
    """Return what `argv` prints, or None when it is absent, fails or takes too long."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def follow(
    argv: Sequence[str],
    *,
    what: str,
    do: str,
    line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
) -> None:
    """Run `argv`, hand each line it prints to `line`, and raise BoxError with its last lines if it fails."""
    last: deque[str] = deque(maxlen=LAST_LINES)
    try:
        child = subprocess.Popen(
            [*TIED, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
        )
    except OSError as error:
        raise BoxError(what, str(error), do) from error
    with child:
        try:
            for raw in child.stdout or ():
                text = raw.rstrip()
                last.append(text)
                line(text)
        except BaseException:
            child.terminate()
            raise
    if child.returncode:
        said = "\n       ".join(text for text in last if text) or "it printed nothing"
        raise BoxError(what, f"{argv[0]} ended with {child.returncode}:\n       {said}", do)
