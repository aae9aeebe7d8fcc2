"""A workspace of 1 GiB into the trash and back by undo, against copying it once.

Run it inside a box whose worker runs: ``just bench``, or in a box's shell in ``/opt/voxnix/src``
``/opt/voxnix/venv/bin/python -m benchmarks.trash``. In one run, taking turns:

* trash and undo: a destroy that is agreed to and an undo, each until its operation has ended. The container
  rests, so that no shutdown and no boot is in it: what moves its data is what counts;
* copy: the workspace, once, by ``cp``.

It prints one JSON object, with the same for a container that runs beside it, and ends with 1 where the median
is over the limit.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from agent import settings
from agent.app import App
from agent.core.operation import Operation, OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec
from agent.services.layout import Layout

LIMIT = 1.0
"""Seconds for both together."""
ROUNDS = 5
SIZE = 1 << 30
BLOCK = 1 << 20
OWNER = Owner("benchmark")
REQUEST = Request(channel="benchmark")
NAME = "heavy"


def ended(app: App, operation: Operation) -> None:
    """Have an operation done, agreed to where that is needed."""
    if operation.state is OperationState.PROPOSED and operation.plan is not None:
        operation = app.services.operations.approve(OWNER, operation.id, operation.plan.digest)
    over = app.services.operations.wait(OWNER, operation.id)
    if over.state is not OperationState.DONE:
        raise SystemExit(str(over.problem))


def there_and_back(app: App) -> float:
    """Seconds for a destroy and its undo. Making the plan, which a person reads, is in it."""
    started = time.perf_counter()
    ended(app, app.services.workloads.destroy(OWNER, NAME, REQUEST))
    ended(app, app.services.undo.undo(OWNER, REQUEST))
    return time.perf_counter() - started


def copied(folder: Path) -> float:
    """Seconds for a copy of all that is in a folder."""
    to = folder / "copy"
    started = time.perf_counter()
    subprocess.run(["cp", "--archive", str(folder / "data"), str(to)], check=True)
    os.sync()
    seconds = time.perf_counter() - started
    to.unlink()
    return seconds


def filled(folder: Path) -> None:
    """Write what no file system can make smaller."""
    with (folder / "data").open("wb") as file:
        for _ in range(SIZE // BLOCK):
            file.write(os.urandom(BLOCK))
    os.sync()


def main() -> int:
    """Measure, print the numbers, and fail where the median is over the limit."""
    with App.open(settings.load()) as app:
        workloads = app.services.workloads
        ended(app, workloads.create(OWNER, ContainerSpec(name=NAME, modules=("git",)), REQUEST))
        folder = Path(Layout.workspace_folder(workloads.find(OWNER, NAME).machine))
        if shutil.disk_usage(folder).free < 3 * SIZE:
            raise SystemExit("The pool has no room for this.")
        filled(folder)
        running = [there_and_back(app) for _ in range(ROUNDS)]
        ended(app, workloads.stop(OWNER, NAME, REQUEST))
        resting = [(copied(folder), there_and_back(app)) for _ in range(ROUNDS)]
        intact = (folder / "data").stat().st_size == SIZE
        ended(app, workloads.destroy(OWNER, NAME, REQUEST))
        ended(app, app.services.trash.purge(OWNER, NAME, REQUEST))
    copy, median = (statistics.median(column) for column in zip(*resting, strict=True))
    print(  # noqa: T201 - a script
        json.dumps(
            {
                "what": f"trash and undo of 1 GiB / a copy of it, medians of {ROUNDS}",
                "trash_and_undo_seconds": round(median, 3),
                "copy_seconds": round(copy, 3),
                "ratio": round(median / copy, 3),
                "while_it_runs_seconds": round(statistics.median(running), 3),
                "limit_seconds": LIMIT,
            },
            indent=2,
        )
    )
    return int(median > LIMIT or not intact)


if __name__ == "__main__":
    sys.exit(main())
