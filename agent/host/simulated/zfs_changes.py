"""What the simulated ``zfs`` does to data sets: make, mount, limit, rename, destroy."""

import re

from agent.host.simulated import storage
from agent.host.simulated.programs import Call, split_options
from agent.host.simulated.world import Answer, Dataset

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*(@[A-Za-z0-9][A-Za-z0-9_.:-]*)?\Z")
_SWITCHES = {"setuid", "devices", "exec"}
"""Properties that are taken and change nothing here."""


def absent(name: str) -> Answer:
    """What it says of what is not there."""
    return Answer.no(f"cannot open '{name}': dataset does not exist")


def refuse_new(call: Call, verb: str, name: str) -> Answer | None:
    """Why there cannot be a data set of this name."""
    if not _NAME.match(name) or "@" in name:
        return Answer.no(f"cannot {verb} '{name}': invalid character in name")
    if name in call.world.datasets:
        return Answer.no(f"cannot {verb} '{name}': dataset already exists")
    parent = name.rpartition("/")[0]
    if parent not in call.world.datasets:
        if name.partition("/")[0] != call.world.pool:
            return Answer.no(f"cannot {verb} '{name}': no such pool '{name.partition('/')[0]}'")
        return Answer.no(f"cannot {verb} '{name}': parent does not exist")
    if storage.available(call.world, parent, call.sizes.pool) < storage.OVERHEAD:
        return Answer.no(f"cannot {verb} '{name}': out of space")
    return None


def new(call: Call, name: str, options: list[str], dataset: Dataset) -> Answer:
    """Have a data set, with what its options say."""
    for option in options:
        key, _, value = option.partition("=")
        if key == "mountpoint":
            dataset.mountpoint = value
        elif key in {"quota", "reservation"} and (size := _size(value)) is not None:
            setattr(dataset, key, size)
        elif key == "canmount" and value in {"on", "off", "noauto"}:
            dataset.canmount = value
        elif key == "readonly" and value in {"on", "off"}:
            dataset.readonly = value == "on"
        elif ":" in key:
            dataset.properties[key] = value
        elif key not in _SWITCHES or value not in {"on", "off"}:
            raise call.unknown()
    parent = name.rpartition("/")[0]
    if storage.available(call.world, parent, call.sizes.pool) < dataset.reservation:
        return Answer.no(f"cannot create '{name}': out of space")
    call.world.datasets[name] = dataset
    dataset.mounted = dataset.canmount == "on" and storage.mountpoint(call.world, name) != "none"
    return Answer()


def create(call: Call) -> Answer:
    """``zfs create``."""
    options, names = split_options(call, 2, {"-p": False, "-o": True})
    (name,) = names
    if "-p" in options:
        for above in storage.line(name):
            if above not in call.world.datasets:
                refusal = refuse_new(call, "create", above)
                if refusal:
                    return refusal
                new(call, above, [], Dataset(changed_at=call.now))
        return Answer()
    return refuse_new(call, "create", name) or new(
        call, name, options.get("-o", []), Dataset(changed_at=call.now)
    )


def destroy(call: Call) -> Answer:
    """``zfs destroy``."""
    options, names = split_options(call, 2, {"-r": False})
    (name,) = names
    world = call.world
    if not storage.exists(world, name):
        return absent(name)
    if "@" in name:
        return _destroy_snapshot(call, name, recursive="-r" in options)
    gone = storage.below(world, name)
    snapshots = [f"{key}@{one}" for key in gone for one in world.datasets[key].snapshots]
    if "-r" not in options and (len(gone) > 1 or snapshots):
        children = "\n".join([key for key in gone if key != name] + snapshots)
        return Answer.no(
            f"cannot destroy '{name}': filesystem has children\n"
            f"use '-r' to destroy the following datasets:\n{children}"
        )
    clones = [key for key, one in world.datasets.items() if one.origin in snapshots and key not in gone]
    if clones:
        return _has_clones(name, "filesystem", clones)
    for key in gone:
        if storage.busy(world, key):
            return _in_use(call, key)
    for key in gone:
        del world.datasets[key]
    return Answer()


def _destroy_snapshot(call: Call, name: str, *, recursive: bool) -> Answer:
    dataset, _, snapshot = name.partition("@")
    datasets = call.world.datasets
    gone = [
        key
        for key in (storage.below(call.world, dataset) if recursive else [dataset])
        if snapshot in datasets[key].snapshots
    ]
    for key in gone:
        clones = [other for other, one in datasets.items() if one.origin == f"{key}@{snapshot}"]
        if clones and recursive:
            return Answer.no(f"cannot destroy '{key}@{snapshot}': snapshot is cloned\nno snapshots destroyed")
        if clones:
            return _has_clones(name, "snapshot", clones)
    for key in gone:
        del datasets[key].snapshots[snapshot]
    return Answer()


def _has_clones(name: str, what: str, clones: list[str]) -> Answer:
    return Answer.no(
        f"cannot destroy '{name}': {what} has dependent clones\n"
        "use '-R' to destroy the following datasets:\n" + "\n".join(clones)
    )


def _in_use(call: Call, name: str) -> Answer:
    folder = storage.mountpoint(call.world, name)
    return Answer.no(
        f"umount: {folder}: target is busy.\n"
        f"cannot unmount '{folder}': umount failed: umount child process failed"
    )


def rename(call: Call) -> Answer:
    """``zfs rename``: what is mounted is seldom let go by zfs-fuse in time, so here it never is."""
    name, to = call.argv[2:]
    world = call.world
    if name not in world.datasets:
        return absent(name)
    if to.startswith(f"{name}/"):
        return Answer.no(
            f"cannot rename to '{to}': New dataset name cannot be a descendant of current dataset name"
        )
    refusal = refuse_new(call, "rename", to)
    if refusal:
        return refusal
    moved = storage.below(world, name)
    if any(world.datasets[key].mounted for key in moved):
        return Answer.no(f"cannot rename '{name}': dataset is busy")
    above = [one for one in storage.line(to)[:-1] if one not in storage.line(name)]
    taken = max(storage.used(world, name), world.datasets[name].reservation)
    if any(
        world.datasets[one].quota and storage.used(world, one) + taken > world.datasets[one].quota
        for one in above
    ):
        return Answer.no(f"cannot rename '{name}': out of space")
    for key in moved:
        now = to + key.removeprefix(name)
        retarget(call, key, now)
        world.datasets[now] = world.datasets.pop(key)
    return Answer()


def retarget(call: Call, dataset: str, now: str, snapshots: set[str] | None = None) -> None:
    """Have the clones of a data set's snapshots know the name that these have now."""
    for other in call.world.datasets.values():
        origin, _, snapshot = other.origin.partition("@")
        if origin == dataset and (snapshots is None or snapshot in snapshots):
            other.origin = f"{now}@{snapshot}"


def set_property(call: Call) -> Answer:
    """``zfs set``."""
    assignment, name = call.argv[2:]
    if name not in call.world.datasets:
        return absent(name)
    dataset = call.world.datasets[name]
    prop, _, value = assignment.partition("=")
    if prop == "mountpoint":
        return _set_mountpoint(call, name, value)
    if prop == "canmount" and value in {"on", "off", "noauto"}:
        if value == "off" and storage.busy(call.world, name):
            return _in_use(call, name)
        dataset.canmount = value
        dataset.mounted = dataset.mounted and value != "off"
        return Answer()
    if ":" in prop or (prop == "readonly" and value in {"on", "off"}):
        if ":" in prop:
            dataset.properties[prop] = value
        else:
            dataset.readonly = value == "on"
        return Answer()
    size = _size(value)
    if prop not in {"quota", "reservation"} or size is None:
        raise call.unknown()
    return _set_limit(call, name, prop, size)


def _set_limit(call: Call, name: str, prop: str, size: int) -> Answer:
    dataset = call.world.datasets[name]
    taken = storage.used(call.world, name)
    no = f"cannot set property for '{name}': size is "
    if prop == "quota" and size and size < max(taken, dataset.reservation):
        return Answer.no(f"{no}less than current used or reserved space")
    if prop == "reservation":
        room = storage.available(call.world, name, call.sizes.pool)
        if size > max(taken, dataset.reservation) and (
            size - taken > room or (dataset.quota and size > dataset.quota)
        ):
            return Answer.no(f"{no}greater than available space")
    setattr(dataset, prop, size)
    return Answer()


def _set_mountpoint(call: Call, name: str, value: str) -> Answer:
    """Mount it there, and all below it that have no mount point of their own, if they were or had none."""
    world = call.world
    follow: list[str] = []
    for key in storage.below(world, name):
        if key == name or (not world.datasets[key].mountpoint and key.rpartition("/")[0] in follow):
            follow.append(key)
    for key in follow:
        if storage.busy(world, key):
            return _in_use(call, key)
    nowhere = {key for key in follow if storage.mountpoint(world, key) == "none"}
    world.datasets[name].mountpoint = value
    for key in follow:
        one = world.datasets[key]
        wanted = one.mounted or (key in nowhere and one.canmount == "on")
        one.mounted = wanted and storage.mountpoint(world, key) != "none"
    return Answer()


def mount(call: Call) -> Answer:
    """``zfs mount``."""
    name = call.argv[2]
    if name not in call.world.datasets:
        return absent(name)
    one = call.world.datasets[name]
    if one.mounted:
        return Answer.no(f"cannot mount '{name}': filesystem already mounted")
    if storage.mountpoint(call.world, name) == "none":
        return Answer.no(f"cannot mount '{name}': no mountpoint set")
    if one.canmount == "off":
        return Answer.no(f"cannot mount '{name}': 'canmount' property is set to 'off'")
    folder = storage.mountpoint(call.world, name)
    if storage.mounted_at(call.world, folder):
        return Answer.no(f"cannot mount '{name}': mountpoint or dataset is busy")
    one.mounted = True
    return Answer()


def unmount(call: Call) -> Answer:
    """``zfs unmount``, with all below it that are mounted in it."""
    name = call.argv[2]
    world = call.world
    if name not in world.datasets:
        return absent(name)
    if not world.datasets[name].mounted:
        return Answer.no(f"cannot unmount '{name}': not currently mounted")
    folder = storage.mountpoint(world, name)
    inside = [
        key
        for key in storage.below(world, name)
        if f"{storage.mountpoint(world, key)}/".startswith(f"{folder}/")
    ]
    for key in inside:
        if storage.busy(world, key):
            return _in_use(call, key)
    for key in inside:
        world.datasets[key].mounted = False
    return Answer()


def _size(text: str) -> int | None:
    found = re.match(r"([0-9]+)([KMGT]?)\Z", text)
    if text == "none":
        return 0
    return int(found[1]) * _UNITS[found[2]] if found else None
