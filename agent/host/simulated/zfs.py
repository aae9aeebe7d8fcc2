"""The simulated ``zfs`` and ``zpool``: one pool, refusing what the real ones refuse."""

import re

from agent.host.simulated.programs import Call, split_options
from agent.host.simulated.world import Answer, Dataset, Snapshot, World

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*(@[A-Za-z0-9][A-Za-z0-9_.:-]*)?\Z")
OVERHEAD = 24_576
"""What an empty data set takes, in bytes."""


def used(world: World, name: str) -> int:
    """What a data set and all below it take, in bytes."""
    return sum(
        one.written for key, one in world.datasets.items() if key == name or key.startswith(f"{name}/")
    )


def available(world: World, name: str, pool_size: int) -> int:
    """What may still be written to a data set, in bytes: the smallest room of all above it."""
    rooms = [pool_size - used(world, world.pool)]
    parts = name.split("/")
    line = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    rooms += [world.datasets[one].quota - used(world, one) for one in line if world.datasets[one].quota]
    return max(0, min(rooms))


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


def zpool(call: Call) -> Answer:
    """``zpool list``."""
    match call.argv[1:]:
        case ["list", "-H", "-o", "health", pool]:
            if pool != call.world.pool:
                return Answer.no(f"cannot open '{pool}': no such pool")
            return Answer("ONLINE\n")
        case _:
            raise call.unknown()


def zfs(call: Call) -> Answer:
    """``zfs VERB``."""
    verbs = {
        "list": _list,
        "get": _get,
        "create": _create,
        "clone": _clone,
        "snapshot": _snapshot,
        "destroy": _destroy,
        "rename": _rename,
        "set": _set,
        "mount": _mount,
        "unmount": _unmount,
    }
    if len(call.argv) < 3 or call.argv[1] not in verbs:  # noqa: PLR2004 - program, verb, operand
        raise call.unknown()
    return verbs[call.argv[1]](call)


def _exists(world: World, name: str) -> bool:
    dataset, _, snapshot = name.partition("@")
    if not snapshot:
        return dataset in world.datasets
    return dataset in world.datasets and snapshot in world.datasets[dataset].snapshots


def _list(call: Call) -> Answer:
    options, names = split_options(call, 2, {"-H": False, "-r": False, "-t": True, "-o": True})
    kind = options.get("-t", [""])[0]
    if "-H" not in options or options.get("-o") != ["name"] or kind not in {"all", "snapshot", "filesystem"}:
        raise call.unknown()
    out: list[str] = []
    missing = [name for name in names if not _exists(call.world, name)]
    for name in names:
        if name in missing:
            continue
        if "-r" not in options:
            out.append(name)
            continue
        for key in sorted(call.world.datasets):
            if key != name and not key.startswith(f"{name}/"):
                continue
            if kind != "snapshot":
                out.append(key)
            if kind != "filesystem":
                out += [f"{key}@{snapshot}" for snapshot in call.world.datasets[key].snapshots]
    stderr = "".join(f"cannot open '{name}': dataset does not exist\n" for name in missing)
    return Answer("".join(f"{line}\n" for line in out), stderr, 1 if missing else 0)


def _get(call: Call) -> Answer:
    match call.argv[2:]:
        case ["-Hp", "-o", "property,value", properties, name]:
            pass
        case ["-Hp", "-r", "-o", "name,property,value", "used,quota", name]:
            return _get_filled(call, name)
        case _:
            raise call.unknown()
    if name not in call.world.datasets:
        return Answer.no(f"cannot open '{name}': dataset does not exist")
    dataset = call.world.datasets[name]
    known = {
        "used": used(call.world, name),
        "available": available(call.world, name, call.sizes.pool),
        "quota": dataset.quota,
        "mounted": "yes" if dataset.mounted else "no",
        "mountpoint": mountpoint(call.world, name),
        "origin": dataset.origin or "-",
    }
    if not known.keys() >= set(properties.split(",")):
        raise call.unknown()
    return Answer("".join(f"{prop}\t{known[prop]}\n" for prop in properties.split(",")))


def _get_filled(call: Call, above: str) -> Answer:
    if above not in call.world.datasets:
        return Answer.no(f"cannot open '{above}': dataset does not exist")
    found = [name for name in sorted(call.world.datasets) if f"{name}/".startswith(f"{above}/")]
    lines = (
        f"{name}\tused\t{used(call.world, name)}\n{name}\tquota\t{call.world.datasets[name].quota}\n"
        for name in found
    )
    return Answer("".join(lines))


def _size(text: str) -> int | None:
    found = re.match(r"([0-9]+)([KMGT]?)\Z", text)
    if text == "none":
        return 0
    return int(found[1]) * _UNITS[found[2]] if found else None


def _refuse_new(call: Call, verb: str, name: str) -> Answer | None:
    """Why a data set of this name cannot be made."""
    if not _NAME.match(name) or "@" in name:
        return Answer.no(f"cannot {verb} '{name}': invalid character in name")
    if name in call.world.datasets:
        return Answer.no(f"cannot {verb} '{name}': dataset already exists")
    parent = name.rpartition("/")[0]
    if parent not in call.world.datasets:
        if name.partition("/")[0] != call.world.pool:
            return Answer.no(f"cannot {verb} '{name}': no such pool '{name.partition('/')[0]}'")
        return Answer.no(f"cannot {verb} '{name}': parent does not exist")
    if available(call.world, parent, call.sizes.pool) < OVERHEAD:
        return Answer.no(f"cannot {verb} '{name}': out of space")
    return None


def _new(call: Call, name: str, options: list[str], dataset: Dataset) -> Answer:
    for option in options:
        key, _, value = option.partition("=")
        if key == "mountpoint":
            dataset.mountpoint = value
        elif key == "quota" and (size := _size(value)) is not None:
            dataset.quota = size
        else:
            raise call.unknown()
    call.world.datasets[name] = dataset
    dataset.mounted = mountpoint(call.world, name) != "none"
    return Answer()


def _create(call: Call) -> Answer:
    options, names = split_options(call, 2, {"-p": False, "-o": True})
    (name,) = names
    if "-p" in options:
        parts = name.split("/")
        for above in ("/".join(parts[: count + 1]) for count in range(len(parts))):
            if above not in call.world.datasets:
                refusal = _refuse_new(call, "create", above)
                if refusal:
                    return refusal
                _new(call, above, [], Dataset())
        return Answer()
    return _refuse_new(call, "create", name) or _new(call, name, options.get("-o", []), Dataset())


def _clone(call: Call) -> Answer:
    options, names = split_options(call, 2, {"-o": True})
    source, name = names
    if not _exists(call.world, source):
        return Answer.no(f"cannot open '{source}': dataset does not exist")
    refusal = _refuse_new(call, "create", name)
    if refusal:
        return refusal
    dataset, _, snapshot = source.partition("@")
    content = call.world.datasets[dataset].snapshots[snapshot].model_copy(deep=True)
    new = Dataset(
        origin=source,
        tree=content.tree,
        files=content.files,
        binary=content.binary,
        uid_base=content.uid_base,
    )
    return _new(call, name, options.get("-o", []), new)


def _snapshot(call: Call) -> Answer:
    name = call.argv[2]
    dataset, _, snapshot = name.partition("@")
    if dataset not in call.world.datasets:
        return Answer.no(f"cannot open '{dataset}': dataset does not exist")
    if _exists(call.world, name):
        return Answer.no(f"cannot create snapshot '{name}': dataset already exists")
    one = call.world.datasets[dataset].model_copy(deep=True)
    call.world.datasets[dataset].snapshots[snapshot] = Snapshot(
        tree=one.tree, files=one.files, binary=one.binary, uid_base=one.uid_base
    )
    return Answer()


def _destroy(call: Call) -> Answer:
    options, names = split_options(call, 2, {"-r": False})
    (name,) = names
    world = call.world
    if not _exists(world, name):
        return Answer.no(f"cannot open '{name}': dataset does not exist")
    if "@" in name:
        gone, snapshots = [], [name]
    else:
        gone = [key for key in world.datasets if key == name or key.startswith(f"{name}/")]
        snapshots = [f"{key}@{one}" for key in gone for one in world.datasets[key].snapshots]
        if "-r" not in options and (len(gone) > 1 or snapshots):
            children = "\n".join([key for key in gone if key != name] + snapshots)
            return Answer.no(
                f"cannot destroy '{name}': filesystem has children\n"
                f"use '-r' to destroy the following datasets:\n{children}"
            )
    clones = [key for key, one in world.datasets.items() if one.origin in snapshots and key not in gone]
    if clones:
        what = "snapshot" if "@" in name else "filesystem"
        return Answer.no(
            f"cannot destroy '{name}': {what} has dependent clones\n"
            "use '-R' to destroy the following datasets:\n" + "\n".join(clones)
        )
    for key in gone:
        if busy(call, key):
            return Answer.no(f"cannot destroy '{key}': dataset is busy")
    for key in gone:
        del world.datasets[key]
    if "@" in name:
        dataset, _, snapshot = name.partition("@")
        del world.datasets[dataset].snapshots[snapshot]
    return Answer()


def busy(call: Call, name: str) -> bool:
    """Whether a running machine uses a data set."""
    folder = mountpoint(call.world, name)
    for machine, unit in call.world.units.items():
        settings = call.world.files.get(f"/etc/systemd/nspawn/{machine}.nspawn", "")
        if unit.active and (folder == f"/var/lib/machines/{machine}" or f"Bind={folder}:" in settings):
            return True
    return False


def _rename(call: Call) -> Answer:
    name, to = call.argv[2:]
    if name not in call.world.datasets:
        return Answer.no(f"cannot open '{name}': dataset does not exist")
    refusal = _refuse_new(call, "rename", to)
    if refusal:
        return refusal
    for key in [one for one in call.world.datasets if one == name or one.startswith(f"{name}/")]:
        moved = to + key.removeprefix(name)
        for other in call.world.datasets.values():
            origin, _, snapshot = other.origin.partition("@")
            if origin == key:
                other.origin = f"{moved}@{snapshot}"
        call.world.datasets[moved] = call.world.datasets.pop(key)
    return Answer()


def _set(call: Call) -> Answer:
    assignment, name = call.argv[2:]
    if name not in call.world.datasets:
        return Answer.no(f"cannot open '{name}': dataset does not exist")
    dataset = call.world.datasets[name]
    prop, _, value = assignment.partition("=")
    if prop == "mountpoint":
        if busy(call, name):
            return Answer.no(f"cannot unmount '{mountpoint(call.world, name)}': Device or resource busy")
        dataset.mountpoint = value
        dataset.mounted = value != "none"
        return Answer()
    size = _size(value)
    if prop != "quota" or size is None:
        raise call.unknown()
    if size and size < used(call.world, name):
        return Answer.no(
            f"cannot set property for '{name}': size is less than current used or reserved space"
        )
    dataset.quota = size
    return Answer()


def _mount(call: Call) -> Answer:
    name = call.argv[2]
    if name not in call.world.datasets:
        return Answer.no(f"cannot open '{name}': dataset does not exist")
    if call.world.datasets[name].mounted:
        return Answer.no(f"cannot mount '{name}': filesystem already mounted")
    if mountpoint(call.world, name) == "none":
        return Answer.no(f"cannot mount '{name}': no mountpoint set")
    call.world.datasets[name].mounted = True
    return Answer()


def _unmount(call: Call) -> Answer:
    name = call.argv[2]
    if name not in call.world.datasets:
        return Answer.no(f"cannot open '{name}': dataset does not exist")
    if not call.world.datasets[name].mounted:
        return Answer.no(f"cannot unmount '{name}': not currently mounted")
    call.world.datasets[name].mounted = False
    return Answer()
