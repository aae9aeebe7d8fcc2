"""A hot create of a NixOS container, against a bare ``systemctl start`` of the same unit.

Run it inside a box: ``just bench``, or in a box's shell in ``/opt/voxnix/src``
``/opt/voxnix/venv/bin/python -m benchmarks.hot_create``. Both boot the same system out of the store in an
empty root, in one run, taking turns:

* bare: ``systemctl start`` of the unit, whose files lie ready;
* ours: a new machine's unit and settings made by Nix, its profile, extra-container, and the same start.

What boots is Debian's programs, as the box has no NixOS; the difference does not depend on it.
extra-container is the real one where ``VOXNIX_EXTRA_CONTAINER`` names it, else its stand-in. It prints one
JSON object, and ends with 1 where the difference of the medians is over the limit.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from agent.host.archive import shift
from agent.host.extra_container import ExtraContainer
from agent.host.node import LocalNode
from agent.host.nspawn import Nspawn
from agent.host.runtime import Machine
from agent.host.zfs import Zfs
from tests.box.inside.systems import BUSYBOX, systems
from tests.contract.images import image
from tests.contract.place import BASE, Place

LIMIT = 0.3
ROUNDS = 9
ABOVE = "tank/hot"
CHECKOUT = Path(__file__).resolve().parents[1]
NODE = LocalNode("box")


@contextmanager
def machine(number: int, system: str) -> Generator[Machine]:
    """A machine with an empty root, for a while."""
    name = f"hot{number}"
    folder = f"/var/lib/machines/{name}"
    Zfs(NODE).create(f"{ABOVE}/{name}", mountpoint=folder)
    shift(NODE, folder, BASE)
    yield Machine(name, name, folder, "voxnix0", BASE, (), "2G", 4096, system=system)
    Zfs(NODE).destroy(f"{ABOVE}/{name}")


def seconds(runtime: ExtraContainer, one: Machine, *, ready: bool) -> float:
    """How long it takes until it has booted, with its files ready before or not."""
    if ready:
        runtime.write(one)
    began = time.perf_counter()
    if not ready:
        runtime.write(one)
    runtime.start(one.name)
    taken = time.perf_counter() - began
    runtime.stop(one.name)
    runtime.remove(one.name)
    return taken


def main() -> int:
    """Measure, print the numbers, and fail where the difference is over the limit."""
    os.environ["PATH"] = f"{CHECKOUT / 'tests/box/fakes'}:{os.environ['PATH']}"
    command = os.environ.get("VOXNIX_EXTRA_CONTAINER", "extra-container")
    Path("/nix/var/nix/profiles/default").mkdir(parents=True, exist_ok=True)
    runtime = ExtraContainer(NODE, nix=str(CHECKOUT / "nix"), busybox=BUSYBOX, command=command)
    place = Place(NODE, "tank", ABOVE, "/etc/apt/sources.list", "/var/cache/voxnix/images", Nspawn(NODE))
    system = systems(NODE, image(place))[0]
    Zfs(NODE).create(ABOVE)
    times: list[tuple[float, float]] = []
    try:
        for number in range(ROUNDS + 1):
            with machine(2 * number, system) as one:
                bare = seconds(runtime, one, ready=True)
            with machine(2 * number + 1, system) as one:
                times.append((bare, seconds(runtime, one, ready=False)))
    finally:
        Zfs(NODE).destroy(ABOVE, recursive=True)
    bare_median, ours_median = (statistics.median(column) for column in zip(*times[1:], strict=True))
    difference = ours_median - bare_median
    print(  # noqa: T201 - a script
        json.dumps(
            {
                "what": f"write and start / a bare systemctl start, until booted, medians of {ROUNDS}",
                "extra_container": "real" if "VOXNIX_EXTRA_CONTAINER" in os.environ else "stand-in",
                "start_seconds": round(bare_median, 3),
                "create_seconds": round(ours_median, 3),
                "difference_seconds": round(difference, 3),
                "limit_seconds": LIMIT,
            },
            indent=2,
        )
    )
    return int(difference > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
