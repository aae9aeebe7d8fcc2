#!/usr/bin/env python3
"""How long ``voxnix list`` takes as a whole process, against a bare interpreter that imports what it must.

Run it as ``python benchmarks/listing.py``. The two take turns in one run, so that what else the machine does
falls on both alike; what counts is the ratio of the medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = "import typer, rich.console, rich.table, sqlalchemy"
LIMIT = 1.3
ROUNDS = 15
ROOT = Path(__file__).parent.parent
UNWANTED = ("pydantic_ai", "telegram", "dbos", "alembic", "logfire")


def seconds(argv: list[str], environment: dict[str, str]) -> float:
    """How long a process takes from its start to its end."""
    started = time.perf_counter()
    subprocess.run(argv, check=True, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> int:
    """Measure, print the numbers, and fail where the ratio is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    listing = [sys.executable, "-m", "agent", "list"]
    bare = [sys.executable, "-c", BARE]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "VOXNIX_STATE_DIR": folder}
        # As installed: with compiled modules, whatever this machine says about writing them.
        environment["PYTHONPYCACHEPREFIX"] = f"{folder}/compiled"
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for argv in (bare, listing, listing):  # makes them, and the database
            seconds(argv, environment)
        times = [(seconds(bare, environment), seconds(listing, environment)) for _ in range(rounds)]
        traced = subprocess.run(
            [sys.executable, "-X", "importtime", *listing[1:]],
            check=True,
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
        ).stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in traced.splitlines()}
    bare_median, list_median = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = list_median / bare_median
    unwanted = sorted(imported.intersection(UNWANTED))
    print(  # noqa: T201 - a script
        json.dumps(
            {
                "what": f"time of `voxnix list` / of `python -c '{BARE}'`, medians of {rounds}",
                "bare_seconds": round(bare_median, 3),
                "list_seconds": round(list_median, 3),
                "ratio": round(ratio, 3),
                "limit": LIMIT,
                "unwanted_imports": unwanted,
            },
            indent=2,
        )
    )
    return int(ratio > LIMIT or bool(unwanted))


if __name__ == "__main__":
    sys.exit(main())
