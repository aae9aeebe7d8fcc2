"""Evaluates expressions, each in a process of its own."""

import json
import subprocess
from typing import Any

from tests.nix.conftest import TIMEOUT


def evaluate(expression: str, *options: str) -> Any:  # noqa: ANN401 - whatever JSON the expression makes
    """The value of an expression; nothing is written into a store unless an option says so.

    Raises:
        AssertionError: with what nix said.
    """
    argv = ["nix-instantiate", "--eval", "--strict", "--json", *options, "--expr", expression]
    answer = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout)
