"""What the simulated data sets take, and where they are mounted."""

from collections.abc import Iterable

from agent.host.simulated.world import Dataset, Snapshot, World

OVERHEAD = 24_576
"""What an empty data set takes, in bytes."""


def below(world: World, name: str) -> list[str]:
    """A data set and all below it, sorted."""
    return sorted(key for key in world.datasets if key == name or key.startswith(f"{name}/"))


def line(name: str) -> list[str]:
    """The pool, and so on down to a data set itself."""
    parts = name.split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def exists(world: World, name: str) -> bool:
    """Whether there is such a data set or snapshot."""
    dataset, at, snapshot = name.partition("@")
    one = world.datasets.get(dataset)
    return one is not None and (not at or snapshot in one.snapshots)


def used(world: World, name: str) -> int:
    """What a data set, its snapshots and all below it take, in bytes."""
    return _used(world, name, _children(world))


def used_by_children(world: World, name: str) -> int:
    """What those below a data set take, or what is set aside for them where that is more."""
    return _used_by(world, name, _children(world))


def _children(world: World) -> dict[str, list[str]]:
    """What is directly below each data set: found once, as looking through all for each takes its time."""
    found: dict[str, list[str]] = {}
    for key in world.datasets:
        found.setdefault(key.rpartition("/")[0], []).append(key)
    return found


def _used(world: World, name: str, children: dict[str, list[str]]) -> int:
    return world.datasets[name].written + held(world, name) + _used_by(world, name, children)


def _used_by(world: World, name: str, children: dict[str, list[str]]) -> int:
    below = children.get(name, ())
    return sum(max(_used(world, key, children), world.datasets[key].reservation) for key in below)


def available(world: World, name: str, pool_size: int) -> int:
    """What may still be written to a data set, in bytes."""
    one, parent = world.datasets[name], name.rpartition("/")[0]
    taken = used(world, name)
    room = available(world, parent, pool_size) if parent else pool_size - taken
    room += max(0, one.reservation - taken)
    return max(0, min(room, one.quota - taken) if one.quota else room)


def referenced(world: World, name: str) -> int:
    """What can be read in a data set or a snapshot, shared with its origin or not."""
    dataset, _, snapshot = name.partition("@")
    one = world.datasets[dataset]
    own = one.snapshots[snapshot].written if snapshot else one.written
    return own + (referenced(world, one.origin) if one.origin else 0)


def held(world: World, name: str) -> int:
    """What would be free without any of a data set's snapshots."""
    one = world.datasets[name]
    kept = {item for taken in one.snapshots.values() for item in taken.files.items()}
    bulk = max((_bulk(taken) for taken in one.snapshots.values()), default=0)
    return _size(kept - _here(world, one)) + max(0, bulk - _bulk(one))


def held_by(world: World, name: str) -> int:
    """What would be free without one snapshot: what it shares with another one is not."""
    dataset, _, snapshot = name.partition("@")
    one = world.datasets[dataset]
    names = list(one.snapshots)
    place = names.index(snapshot)
    others = [one.snapshots[key] for key in names[max(0, place - 1) : place + 2] if key != snapshot]
    elsewhere = _here(world, one).union(*(set(other.files.items()) for other in others))
    mine = one.snapshots[snapshot]
    bulk = _bulk(mine) - max(_bulk(other) for other in (one, *others))
    return _size(set(mine.files.items()) - elsewhere) + max(0, bulk)


def _here(world: World, one: Dataset) -> set[tuple[str, str]]:
    """The files of a data set now, and those that its origin keeps anyway."""
    here = set(one.files.items())
    if one.origin:
        origin, _, snapshot = one.origin.partition("@")
        here |= set(world.datasets[origin].snapshots[snapshot].files.items())
    return here


def _size(files: Iterable[tuple[str, str]]) -> int:
    return sum(len(text) for _, text in files)


def _bulk(one: Dataset | Snapshot) -> int:
    """What is in it beside the files that are known by name."""
    return max(0, one.written - _size(one.files.items()))


def mountpoint(world: World, name: str) -> str:
    """Where a data set belongs, ``none`` for nowhere."""
    own = world.datasets[name].mountpoint
    if own:
        return own
    parent, _, last = name.rpartition("/")
    above = mountpoint(world, parent)
    return above if above == "none" else f"{above}/{last}"


def mounted_at(world: World, path: str) -> str | None:
    """The data set that is mounted exactly at a folder."""
    for name, dataset in world.datasets.items():
        if dataset.mounted and mountpoint(world, name) == path:
            return name
    return None


def holding(world: World, path: str) -> tuple[str, str] | None:
    """The mounted data set that a path is in, and the path from its root."""
    best: tuple[str, str] | None = None
    depth = -1
    for name, dataset in world.datasets.items():
        folder = mountpoint(world, name)
        if dataset.mounted and (path == folder or path.startswith(f"{folder}/")) and len(folder) > depth:
            best, depth = (name, path[len(folder) :].lstrip("/")), len(folder)
    return best


def refusal(world: World, name: str, size: int, pool_size: int) -> str:
    """Why so many bytes cannot be written to a data set, as the kernel says it; empty where they can."""
    if world.datasets[name].readonly:
        return "Read-only file system"
    return "Disk quota exceeded" if available(world, name, pool_size) < size else ""


def busy(world: World, name: str) -> bool:
    """Whether a running machine uses a data set that is mounted."""
    folder = mountpoint(world, name)
    if not world.datasets[name].mounted:
        return False
    for machine, unit in world.units.items():
        settings = world.files.get(f"/etc/systemd/nspawn/{machine}.nspawn", "")
        if unit.active and (folder == f"/var/lib/machines/{machine}" or f"Bind={folder}:" in settings):
            return True
    return False
