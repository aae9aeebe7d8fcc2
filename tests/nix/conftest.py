"""What the tests of the Nix side share: a nix, a tree of nixpkgs, and an evaluation of both."""

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest

OLDEST = (2, 18)
"""The oldest nix that the modules are written for."""
TIMEOUT = 600.0


@pytest.fixture(scope="session")
def nix() -> str:
    """The program nix-instantiate of a nix that is new enough."""
    program = shutil.which("nix-instantiate")
    if program is None:
        pytest.skip("nix is not on PATH")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        pytest.skip(f"nix is too old: {said.strip()}")
    return program


@pytest.fixture(scope="session")
def nixpkgs(nix: str) -> str:
    """A tree of nixpkgs to evaluate guests with."""
    assert nix
    tree = os.environ.get("VOXNIX_TEST_NIXPKGS")
    if not tree:
        pytest.skip("VOXNIX_TEST_NIXPKGS names no tree of nixpkgs")
    return tree


def evaluate(expression: str, *options: str) -> Any:  # noqa: ANN401 - whatever JSON the expression makes
    """The value of an expression; nothing is written into a store unless an option says so.

    Raises:
        AssertionError: with what nix said.
    """
    argv = ["nix-instantiate", "--eval", "--strict", "--json", *options]
    answer = subprocess.run(
        [*argv, "--expr", expression], capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout)
