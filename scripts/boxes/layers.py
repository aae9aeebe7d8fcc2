"""The cache of layers: folders that are stacked to make a box's root, each built once for its key."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.boxes.places import cache, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from scripts.boxes.steps import Step, Steps

BUILDING = ".building"
KINDS = ("base", "python", "config", "uml-base", "uml-python", "uml-config", "kernel")
# The newest layers of a kind that stay though no box uses them: two checkouts can take turns.
KEPT = 2


@dataclass(frozen=True)
class Layer:
    """One folder to be had: from the cache, or by building it."""

    kind: str
    """What it is: one of KINDS."""
    title: str
    """What a person is told while it is built."""
    key: str
    """A hash of all that decides what is in it."""
    build: Callable[[Path, Step], None]
    """Fills an empty folder."""

    @property
    def path(self) -> Path:
        """Where it is once it is whole."""
        return cache() / "layers" / f"{self.kind}-{self.key}"


def obtain(layer: Layer, steps: Steps) -> Path:
    """Return the layer's folder, built if need be. What a killed build left is removed, never used."""
    if not layer.path.is_dir():
        with locked(
            f"layer-{layer.kind}", lambda: steps.say(f"  {layer.title}: waiting for another build of it")
        ):
            if not layer.path.is_dir():
                _build(layer, steps)
    os.utime(layer.path)
    return layer.path


def _build(layer: Layer, steps: Steps) -> None:
    layer.path.parent.mkdir(parents=True, exist_ok=True)
    # The lock is ours, so nobody else is building this kind: these are leftovers.
    for left in layer.path.parent.glob(f"{layer.kind}-*{BUILDING}"):
        remove(left)
    unfinished = layer.path.with_name(layer.path.name + BUILDING)
    unfinished.mkdir(mode=0o755)
    try:
        with steps.step(layer.title) as step:
            layer.build(unfinished, step)
    except BaseException:
        remove(unfinished)
        raise
    unfinished.rename(layer.path)


def prune(used: Collection[Path]) -> None:
    """Remove old layers that no box in `used` stands on."""
    folder = cache() / "layers"
    for kind in KINDS:
        found = sorted(
            (p for p in folder.glob(f"{kind}-*") if p.suffix != BUILDING), key=lambda p: -p.stat().st_mtime
        )
        for path in found[KEPT:]:
            if path not in used:
                doomed = path.with_name(path.name + BUILDING)
                path.rename(doomed)
                remove(doomed)


def remove(folder: Path) -> None:
    """Remove a folder, and nothing that may be mounted in it."""
    subprocess.run(["rm", "-rf", "--one-file-system", "--", str(folder)], check=False)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
