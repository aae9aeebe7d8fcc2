"""A second create with the same modules, against a bare ``zfs clone`` and boot of the same tree.

Run it inside a box whose worker runs: ``just bench``, or in a box's shell in ``/opt/voxnix/src``
``/opt/voxnix/venv/bin/python -m benchmarks.second_create``. Both are timed from the first command until the
container has booted and its address is known, in one run, taking turns:

* bare: ``zfs clone`` of the image's snapshot, ``systemctl start`` of a unit whose files lie ready, a look at
  machined every 50 ms. No workspace, no record, nobody to tell;
* ours: a create through the services, with its operation, queue, steps, both datasets and files.

It prints one JSON object, and ends with 1 where the ratio of the medians is over the limit.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from agent import settings
from agent.app import App
from agent.core.operation import OperationState, Request
from agent.core.owner import Owner, uid_base
from agent.core.workload import ContainerSpec
from agent.host.machined import Machined
from agent.host.node import LocalNode
from agent.host.nspawn import nspawn_text
from agent.host.runtime import Machine
from agent.host.zfs import Zfs
from agent.services.catalogue import Catalogue
from agent.services.guests.golden import GoldenImages
from agent.services.layout import Layout

LIMIT = 1.3
ROUNDS = 7
MODULES = ("fish", "git")
POLL = 0.05
OWNER = Owner("benchmark")
REQUEST = Request(channel="benchmark")


def run(*argv: str) -> None:
    """Run a program that has to go well."""
    subprocess.run(argv, check=True, capture_output=True)


def bare(snapshot: str, base: int, number: int) -> float:
    """Seconds for a clone and a boot by hand."""
    name = f"bare{number}"
    file = Path(f"/etc/systemd/nspawn/{name}.nspawn")
    file.parent.mkdir(parents=True, exist_ok=True)
    root = Layout.root_folder(name)
    file.write_text(nspawn_text(Machine(name, name, root, "voxnix0", base, (), "2G", 4096)))
    node = LocalNode("box")
    started = time.perf_counter()
    run("zfs", "clone", "-o", f"mountpoint={root}", snapshot, f"tank/{name}")
    run("systemctl", "start", f"systemd-nspawn@{name}")
    while not Machined(node).addresses().get(name):
        time.sleep(POLL)
    seconds = time.perf_counter() - started
    run("systemctl", "stop", f"systemd-nspawn@{name}")
    Zfs(node).destroy(f"tank/{name}")
    file.unlink()
    return seconds


def ours(app: App, number: int) -> float:
    """Seconds for a create through the services."""
    name = f"ours{number}"
    workloads, operations = app.services.workloads, app.services.operations
    started = time.perf_counter()
    operation = operations.wait(
        OWNER, workloads.create(OWNER, ContainerSpec(name=name, modules=MODULES), REQUEST).id
    )
    seconds = time.perf_counter() - started
    if operation.state is not OperationState.DONE:
        raise SystemExit(str(operation.problem))
    proposed = workloads.destroy(OWNER, name, REQUEST)
    if proposed.plan is not None:
        operations.wait(OWNER, operations.approve(OWNER, proposed.id, proposed.plan.digest).id)
    return seconds


def main() -> int:
    """Measure, print the numbers, and fail where the ratio is over the limit."""
    loaded = settings.load()
    with App.open(loaded) as app:
        ours(app, 0)  # builds the image, and gives it to the owner
        catalogue = Catalogue()
        images = GoldenImages(loaded, app.node, catalogue)
        shifted = Zfs(app.node).children(f"{loaded.pool}/images")
        digest = images.recipe(catalogue.compose(ContainerSpec(name="any", modules=MODULES))).digest
        base = max(int(name.rpartition("-")[2]) for name in shifted if f"/{digest}-" in name)
        if base < uid_base(1):
            raise SystemExit("there is no image of the owner's")
        snapshot = images.snapshot(digest, base)
        bare(snapshot, base, 0)
        times = [(bare(snapshot, base, number), ours(app, number)) for number in range(1, ROUNDS + 1)]
    bare_median, ours_median = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = ours_median / bare_median
    print(  # noqa: T201 - a script
        json.dumps(
            {
                "what": f"a second create / a bare clone and boot, to a known address, medians of {ROUNDS}",
                "bare_seconds": round(bare_median, 3),
                "create_seconds": round(ours_median, 3),
                "ratio": round(ratio, 3),
                "limit": LIMIT,
            },
            indent=2,
        )
    )
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
