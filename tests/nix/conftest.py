"""What tests of NixOS systems may use: a nix that is new enough, and a tree of nixpkgs."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.nix.evaluation import value, why_not

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def nix() -> str:
    """The program that evaluates."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    return "nix-instantiate"


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
    assert nix

    @cache
    def evaluate(file: str) -> Any:  # noqa: ANN401 - what JSON can hold
        return value(f'import {HERE / file} {{ nixpkgs = "{nixpkgs}"; }}')

    return evaluate
