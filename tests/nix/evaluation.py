"""Evaluates Nix: an expression in, JSON out, each in a process of its own. Nothing is built or fetched."""

import json
import os
import re
import shutil
import subprocess
from functools import cache
from typing import Any

OLDEST = (2, 18)
"""What NixOS 24.05 has; the pure part is written for it and what came later."""
TIMEOUT = 600
"""Seconds that one evaluation may take."""
MEMORY = "4G"
"""What one evaluation may take: a whole system wants less than 1 GB."""
NO_STORE = ("--store", "dummy://")
"""For what writes no file: a store that holds and takes nothing."""


@cache
def why_not() -> str:
    """Why nothing can be evaluated here; empty where it can."""
    program = shutil.which("nix-instantiate")
    if program is None:
        return "nix is not on PATH; `scripts/test` runs these tests in the box as well"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.search(r"([0-9]+)\.([0-9]+)", said)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        return f"nix is too old: {said.strip() or 'it tells no version'}"
    return ""


def evaluate(expression: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Evaluate an expression to JSON, whatever comes of it."""
    command = ["nix-instantiate", "--eval", "--strict", "--json", *options, "--expr", expression]
    environment = {**os.environ, "GC_MAXIMUM_HEAP_SIZE": MEMORY}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=TIMEOUT, env=environment
    )


def value(expression: str, *options: str) -> Any:  # noqa: ANN401 - whatever JSON the expression makes
    """The value of an expression.

    Raises:
        AssertionError: with what nix said.
    """
    answer = evaluate(expression, *options)
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout)
