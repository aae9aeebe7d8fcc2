"""Evaluating a NixOS container of four modules from nothing, against the shape that it had before.

``python -m benchmarks.cold_evaluation`` wants nix on PATH and a tree of nixpkgs in ``VOXNIX_TEST_NIXPKGS``.
The two take turns in one run, each in a process of its own that writes no store:

* the predecessor's: ``benchmarks/predecessor.nix``, the host's part and the guest's in one evaluation, until
  the derivation of the host's ``etc`` is known, which has the container's unit and settings in it;
* ours: ``nix/lib``'s ``guest``, until the derivation of the guest's system is known. The unit and settings
  take no NixOS; ``benchmarks/hot_create.py`` measures them.

Both have no documentation. CPU time and peak memory are what the kernel counts for the process. A second
container of the same modules is all of it again in the predecessor's shape, and nothing in ours, as the
guest's digest is known; the first of these is measured. It prints one JSON object, and ends with 1 where
the ratio of the CPU seconds is over the limit.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from tests.nix.evaluation import NO_STORE, why_not

LIMIT = 0.7
ROUNDS = 5
ROOT = Path(__file__).resolve().parents[1]
OVERLAYS = f"import {ROOT}/tests/nix/pruned.nix"
SPEC = {"version": 1, "name": "dev", "modules": ["git", "fish", "workspace", "python"]}


def predecessor(nixpkgs: str, *names: str) -> str:
    """An expression of the derivation of the host's etc with these containers."""
    arguments = f"nixpkgs = {nixpkgs}; names = builtins.fromJSON {json.dumps(json.dumps(names))};"
    return f"import {ROOT}/benchmarks/predecessor.nix {{ {arguments} overlays = {OVERLAYS}; }}"


def ours(nixpkgs: str) -> str:
    """An expression of the derivation of a guest's system."""
    arguments = f'nixpkgs = "{nixpkgs}"; spec = {json.dumps(json.dumps(SPEC))};'
    return f"(import {ROOT}/nix/lib {{ {arguments} overlays = {OVERLAYS}; }}).guest.drvPath"


def taken(expression: str) -> tuple[float, float]:
    """CPU seconds and MB that an evaluation takes.

    Raises:
        SystemExit: it went wrong; nix has said why.
    """
    argv = ["nix-instantiate", "--eval", "--strict", "--json", *NO_STORE, "--expr", expression]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    # The kernel counts kilobytes on Linux and bytes on macOS.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def main() -> int:
    """Measure, print the numbers, and fail where the ratio is over the limit."""
    nixpkgs = os.environ.get("VOXNIX_TEST_NIXPKGS", "")
    reason = why_not() or ("" if nixpkgs else "VOXNIX_TEST_NIXPKGS names no tree of nixpkgs")
    if reason:
        raise SystemExit(reason)
    wanted = {
        "predecessor": predecessor(nixpkgs, "dev"),
        "ours": ours(nixpkgs),
        "second": predecessor(nixpkgs, "other"),
    }
    for expression in wanted.values():  # brings nixpkgs into memory
        taken(expression)
    rounds = [{name: taken(expression) for name, expression in wanted.items()} for _ in range(ROUNDS)]
    seconds = {name: statistics.median(one[name][0] for one in rounds) for name in wanted}
    megabytes = {name: statistics.median(one[name][1] for one in rounds) for name in wanted}
    ratio = seconds["ours"] / seconds["predecessor"]
    print(  # noqa: T201 - a script
        json.dumps(
            {
                "what": f"CPU of evaluating a guest / a container in the shape before, medians of {ROUNDS}",
                "predecessor_cpu_seconds": round(seconds["predecessor"], 2),
                "predecessor_mb": round(megabytes["predecessor"]),
                "cpu_seconds": round(seconds["ours"], 2),
                "mb": round(megabytes["ours"]),
                "second_container": {
                    "predecessor_cpu_seconds": round(seconds["second"], 2),
                    "predecessor_mb": round(megabytes["second"]),
                    "cpu_seconds": 0,
                },
                "ratio": round(ratio, 3),
                "limit": LIMIT,
            },
            indent=2,
        )
    )
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
