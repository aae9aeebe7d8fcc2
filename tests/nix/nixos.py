"""Evaluates NixOS where VOXNIX_TEST_NIXPKGS names a nixpkgs tree. Nothing is built."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VARIABLE = "VOXNIX_TEST_NIXPKGS"
NIXPKGS = os.environ.get(VARIABLE, "")
TIMEOUT = 300

needs_nixpkgs = pytest.mark.skipif(
    not NIXPKGS or shutil.which("nix-instantiate") is None,
    reason=f"{VARIABLE} names no nixpkgs tree, or nix is not on PATH",
)


def nix(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of Nix's programs."""
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=TIMEOUT)


def machine(modules: str = "", *, whole: bool = True) -> str:
    """A Nix expression: the configuration of a machine, with modules added to it."""
    of = f"nixpkgs = {NIXPKGS}; whole = {json.dumps(whole)}; modules = [ {modules} ];"
    return f"(import {HERE}/appliance.nix {{ {of} }})"


def value(expression: str) -> Any:  # noqa: ANN401 - whatever Nix answers
    """What an expression evaluates to."""
    answer = nix("nix-instantiate", "--eval", "--strict", "--json", "--expr", expression)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def refused(modules: str, *, whole: bool = True) -> list[str]:
    """The sentences of the assertions that a machine fails, each on one line."""
    of = f"{machine(modules, whole=whole)}.assertions"
    messages = value(f"map (one: one.message) (builtins.filter (one: !one.assertion) {of})")
    return [" ".join(message.split()) for message in messages]
