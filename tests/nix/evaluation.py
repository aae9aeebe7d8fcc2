"""Evaluates Nix without building, without a network, and without a store of its own."""

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

CHECKS = Path(__file__).resolve().parents[2] / "nix/checks"
OLDEST = (2, 18)
"""What NixOS 24.05 has; the pure part is written for it and what came later."""
TIMEOUT = 60


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


def evaluate(expression: str) -> subprocess.CompletedProcess[str]:
    """Evaluate an expression to JSON, on a store that holds and takes nothing."""
    command = ["nix-instantiate", "--store", "dummy://", "--eval", "--strict", "--json", "--expr", expression]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)


@cache
def names() -> tuple[str, ...]:
    """Every case as ``file/name``, without evaluating what it tests."""
    answer = evaluate(f"{_cases()} builtins.mapAttrs (_: builtins.attrNames) cases")
    assert answer.returncode == 0, answer.stderr
    found: dict[str, list[str]] = json.loads(answer.stdout)
    return tuple(f"{file}/{name}" for file in found for name in found[file])


@cache
def outcomes() -> dict[str, dict[str, Any]]:
    """Every case at once: what it expects, and its value unless it throws. Empty where one is broken."""
    answer = evaluate(
        f"""{_cases()} builtins.mapAttrs (_: builtins.mapAttrs (_: case:
          if case ? error then {{ inherit (case) error; }} else
          let tried = builtins.tryEval (builtins.deepSeq case.expr case.expr);
          in {{ inherit (case) expected; }} // (if tried.success then {{ inherit (tried) value; }} else {{ }})
        )) cases"""
    )
    if answer.returncode != 0:
        return {}
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(answer.stdout)
    return {f"{file}/{name}": case for file, cases in found.items() for name, case in cases.items()}


def alone(case: str, field: str) -> subprocess.CompletedProcess[str]:
    """Evaluate one field of one case by itself: its error is its own."""
    file, _, name = case.partition("/")
    return evaluate(f"{_cases()} cases.{json.dumps(file)}.{json.dumps(name)}.{field}")


def _cases() -> str:
    files = sorted(CHECKS.glob("*.nix"))
    return "let cases = {" + "".join(f'"{file.stem}" = import {file};' for file in files) + "}; in"
