"""The cases of ``nix/checks/*.nix``: see ``test_pure.py``."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from tests.nix.evaluation import NO_STORE, evaluate, value

CHECKS = Path(__file__).resolve().parents[2] / "nix/checks"


@cache
def names() -> tuple[str, ...]:
    """Every case as ``file/name``, without evaluating what it tests."""
    found: dict[str, list[str]] = value(
        f"{_cases()} builtins.mapAttrs (_: builtins.attrNames) cases", *NO_STORE
    )
    return tuple(f"{file}/{name}" for file in found for name in found[file])


@cache
def outcomes() -> dict[str, dict[str, Any]]:
    """Every case at once: what it expects, and its value unless it throws. Empty where one is broken."""
    answer = evaluate(
        f"""{_cases()} builtins.mapAttrs (_: builtins.mapAttrs (_: case:
          if case ? error then {{ inherit (case) error; }} else
          let tried = builtins.tryEval (builtins.deepSeq case.expr case.expr);
          in {{ inherit (case) expected; }} // (if tried.success then {{ inherit (tried) value; }} else {{ }})
        )) cases""",
        *NO_STORE,
    )
    if answer.returncode != 0:
        return {}
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(answer.stdout)
    return {f"{file}/{name}": case for file, cases in found.items() for name, case in cases.items()}


def alone(case: str, field: str) -> subprocess.CompletedProcess[str]:
    """Evaluate one field of one case by itself: its error is its own."""
    file, _, name = case.partition("/")
    return evaluate(f"{_cases()} cases.{json.dumps(file)}.{json.dumps(name)}.{field}", *NO_STORE)


def _cases() -> str:
    files = sorted(CHECKS.glob("*.nix"))
    return "let cases = {" + "".join(f'"{file.stem}" = import {file};' for file in files) + "}; in"
