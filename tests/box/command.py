"""Runs scripts/box as a person would, and keeps what it answers."""

import os
import subprocess
from dataclasses import dataclass

from scripts.boxes.kernels import Kernel
from scripts.boxes.places import CHECKOUT, cache


@dataclass(frozen=True)
class Answer:
    """What a run of scripts/box ended with."""

    code: int
    out: str
    err: str


def box_command(*arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> Answer:
    """Run scripts/box with the arguments, in the cache that the tests share."""
    done = subprocess.run(
        [CHECKOUT / "scripts/box", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "VOXNIX_CACHE": str(cache()), **(env or {})},
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def up(name: str, kernel: Kernel, *, env: dict[str, str] | None = None) -> Answer:
    """Bring up the box called `name`."""
    return box_command("up", "--kernel", kernel, "--name", name, env=env)


def run(name: str, *command: str, stdin: str = "", env: dict[str, str] | None = None) -> Answer:
    """Run a command in the box called `name`."""
    return box_command("run", "--name", name, *command, stdin=stdin, env=env)
