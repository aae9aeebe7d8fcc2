"""What tests of NixOS systems may use: a nix that is new enough, and a tree of nixpkgs."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

OLDEST = (2, 18)
"""The oldest nix that these tests run with."""
MEMORY = "4G"
"""What one evaluation may take: a whole system wants less than 1 GB."""
TIMEOUT = 300
"""Seconds that one evaluation may take."""
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def nix() -> str:
    """The nix-instantiate on PATH."""
    program = shutil.which("nix-instantiate")
    if program is None:
        pytest.skip("nix is not on PATH")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    numbers = re.search(r"(\d+)\.(\d+)", said)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        pytest.skip(f"nix is too old: {said.strip()}")
    return program


@pytest.fixture(scope="session")
def nixpkgs() -> str:
    """A tree of nixpkgs."""
    where = os.environ.get("VOXNIX_TEST_NIXPKGS")
    if not where:
        pytest.skip("VOXNIX_TEST_NIXPKGS names no tree of nixpkgs")
    return where


@pytest.fixture(scope="session")
def evaluated(nix: str, nixpkgs: str) -> Callable[[str], Any]:
    """Evaluates a file of this folder, which is a function of nixpkgs, to a value; once."""

    @cache
    def evaluate(file: str) -> Any:  # noqa: ANN401 - what JSON can hold
        argv = [nix, "--eval", "--strict", "--json", str(HERE / file), "--argstr", "nixpkgs", nixpkgs]
        environment = {**os.environ, "GC_MAXIMUM_HEAP_SIZE": MEMORY}
        answer = subprocess.run(
            argv, capture_output=True, text=True, check=False, env=environment, timeout=TIMEOUT
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return evaluate
