"""Evaluates NixOS where VOXNIX_TEST_NIXPKGS names a nixpkgs tree. Nothing is built."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.nix.evaluation import TIMEOUT, value, why_not

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VARIABLE = "VOXNIX_TEST_NIXPKGS"
NIXPKGS = os.environ.get(VARIABLE, "")

needs_nixpkgs = pytest.mark.skipif(
    bool(why_not()) or not NIXPKGS, reason=why_not() or f"{VARIABLE} names no tree of nixpkgs"
)


def nix(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of Nix's programs."""
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=TIMEOUT)


def machine(modules: str = "", *, whole: bool = True) -> str:
    """A Nix expression: the configuration of a machine, with modules added to it."""
    of = f"nixpkgs = {NIXPKGS}; whole = {json.dumps(whole)}; modules = [ {modules} ];"
    return f"(import {HERE}/appliance.nix {{ {of} }})"


def refused(modules: str, *, whole: bool = True) -> list[str]:
    """The sentences of the assertions that a machine fails, each on one line."""
    of = f"{machine(modules, whole=whole)}.assertions"
    messages = value(f"map (one: one.message) (builtins.filter (one: !one.assertion) {of})")
    return [" ".join(message.split()) for message in messages]
