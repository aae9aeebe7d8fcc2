"""Listing 200 workloads with their states and addresses, from the database.

``python -m benchmarks.workloads`` compares, taking turns in one run: the service's list, and bare ``sqlite3``
that selects the same rows and parses their JSON. It prints one JSON object, and ends with 1 where the list
takes over 20 ms.
"""

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from agent import settings
from agent.app import App
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, WorkloadState
from agent.store.database import Database
from agent.store.workloads import WorkloadStore

LIMIT_MS = 20.0
WORKLOADS = 200
ROUNDS = 100
OWNER = Owner("benchmark")


def milliseconds(what: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    what()
    return (time.perf_counter() - started) * 1000


def fill(url: str) -> None:
    """Enter workloads that run and have two addresses each."""
    database = Database(url)
    store, now = WorkloadStore(database), datetime.now(UTC)
    seen: dict[str, tuple[WorkloadState, tuple[str, ...]]] = {}
    for number in range(WORKLOADS):
        spec = ContainerSpec(name=f"dev{number}", modules=("git", "fish"))
        machine = store.add(OWNER, spec, "box", now).machine
        seen[machine] = (WorkloadState.RUNNING, (f"10.88.0.{number}", f"fd00::{number}"))
    store.observe("box", seen, now)
    database.close()


def main() -> int:
    """Measure, print the numbers, and fail where the median is over the limit."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = settings.load(state_dir=Path(folder))
        fill(loaded.database)
        plain = sqlite3.connect(loaded.database.removeprefix("sqlite:///"))

        def bare() -> list[tuple[object, ...]]:
            rows = plain.execute("SELECT * FROM workloads WHERE owner = ? ORDER BY name", (OWNER.key,))
            return [(row, json.loads(row[5]), json.loads(row[7])) for row in rows]

        with App.open(loaded) as app:
            if len(app.services.workloads.list(OWNER)) != WORKLOADS:
                raise SystemExit("not all of them are listed")
            times = [
                (milliseconds(bare), milliseconds(lambda: app.services.workloads.list(OWNER)))
                for _ in range(ROUNDS)
            ]
        plain.close()
    bare_median, list_median = (statistics.median(column) for column in zip(*times, strict=True))
    print(  # noqa: T201 - a script
        json.dumps(
            {
                "what": f"list of {WORKLOADS} workloads / the same rows by sqlite3, medians of {ROUNDS}",
                "bare_ms": round(bare_median, 2),
                "list_ms": round(list_median, 2),
                "ratio": round(list_median / bare_median, 2),
                "limit_ms": LIMIT_MS,
            },
            indent=2,
        )
    )
    return int(list_median > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
