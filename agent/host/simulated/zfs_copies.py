"""What the simulated ``zfs`` keeps and copies: snapshots, clones and streams."""

import json
from hashlib import sha256

from agent.host.simulated import storage
from agent.host.simulated.programs import Call, split_options
from agent.host.simulated.world import Answer, Dataset, Snapshot
from agent.host.simulated.zfs_changes import absent, new, refuse_new, retarget


def snapshot(call: Call) -> Answer:
    """``zfs snapshot``: of all or, if one cannot be, of none."""
    options, (full,) = split_options(call, 2, {"-r": False})
    dataset, _, name = full.partition("@")
    if dataset not in call.world.datasets:
        return Answer.no(f"cannot open '{dataset}': dataset does not exist\nno snapshots were created")
    wanted = storage.below(call.world, dataset) if "-r" in options else [dataset]
    for key in wanted:
        if name in call.world.datasets[key].snapshots:
            return Answer.no(
                f"cannot create snapshot '{key}@{name}': dataset already exists\nno snapshots were created"
            )
    for key in wanted:
        guid = sha256(f"{key}@{name} {call.now}".encode()).hexdigest()[:16]
        one = call.world.datasets[key]
        one.snapshots[name] = one.taken(call.now, guid)
    return Answer()


def clone(call: Call) -> Answer:
    """``zfs clone``."""
    options, (source, name) = split_options(call, 2, {"-o": True})
    if not storage.exists(call.world, source):
        return absent(source)
    refusal = refuse_new(call, "create", name)
    if refusal:
        return refusal
    dataset, _, taken = source.partition("@")
    one = Dataset(origin=source, changed_at=call.now)
    one.become(call.world.datasets[dataset].snapshots[taken])
    return new(call, name, options.get("-o", []), one)


def promote(call: Call) -> Answer:
    """``zfs promote``: the clone gets the snapshot that it began as, and all older ones."""
    name = call.argv[2]
    datasets = call.world.datasets
    if name not in datasets:
        return absent(name)
    one = datasets[name]
    if not one.origin:
        return Answer.no(f"cannot promote '{name}': not a cloned filesystem")
    source, _, last = one.origin.partition("@")
    other = datasets[source]
    names = list(other.snapshots)
    moved = names[: names.index(last) + 1]
    for taken in moved:
        if taken in one.snapshots:
            return Answer.no(
                f"cannot promote '{name}': conflicting snapshot '{taken}' from parent '{one.origin}'"
            )
    shared = other.snapshots[last].written
    for key in storage.line(name):
        apart = not f"{source}/".startswith(f"{key}/")
        if apart and datasets[key].quota and storage.used(call.world, key) + shared > datasets[key].quota:
            return Answer.no(f"cannot promote '{name}': out of space")
    retarget(call, source, name, set(moved))
    for value in one.snapshots.values():
        value.written += shared
    one.snapshots = {key: other.snapshots.pop(key) for key in moved} | one.snapshots
    one.written += shared
    for value in (other, *other.snapshots.values()):
        value.written = max(storage.OVERHEAD, value.written - shared)
    one.origin, other.origin = other.origin, f"{name}@{last}"
    return Answer()


def send(call: Call) -> Answer:
    """``zfs send``: one line for the snapshot, and one for each file that is new in it."""
    options, (full,) = split_options(call, 2, {"-i": True})
    dataset, _, name = full.partition("@")
    if not storage.exists(call.world, full) or not name:
        return Answer.no(f"WARNING: could not send {full}: does not exist")
    one = call.world.datasets[dataset]
    taken = one.snapshots[name]
    base: Snapshot | None = None
    if since := options.get("-i", [""])[0].rpartition("@")[2]:
        base = one.snapshots.get(since)
        if base is None:
            return Answer.no(f"warning: cannot send '{full}': incremental source (@{since}) does not exist")
        names = list(one.snapshots)
        if names.index(since) >= names.index(name):
            return Answer.no(f"warning: cannot send '{full}': not an earlier snapshot from the same fs")
    before = base.files if base else {}
    head = {
        "zfs": full,
        "since": base.guid if base else "",
        "gone": sorted(before.keys() - taken.files.keys()),
        "referenced": storage.referenced(call.world, full),
        **taken.model_dump(mode="json", exclude={"files", "written"}),
    }
    head["binary"] = sorted(taken.binary)
    files = [[path, text] for path, text in sorted(taken.files.items()) if before.get(path) != text]
    lines = [json.dumps(part, sort_keys=True) for part in (head, *files, "end")]
    return Answer("".join(f"{part}\n" for part in lines))


def receive(call: Call) -> Answer:
    """``zfs receive``: all of a stream or, if it cannot be, nothing of it."""
    options, (name,) = split_options(call, 2, {"-u": False, "-F": False})
    try:
        head, *files, end = [json.loads(part) for part in call.given.splitlines()]
        kind = "incremental" if head["since"] else "new filesystem"
    except (ValueError, TypeError, KeyError):
        return Answer.no("cannot receive: failed to read from stream")
    if end != "end":
        return Answer.no(f"cannot receive {kind} stream: invalid backup stream")
    if head["since"] and name not in call.world.datasets:
        name = _elsewhere(call, head["since"]) or name
    if head["since"] and storage.exists(call.world, f"{name}@{head['zfs'].partition('@')[2]}"):
        return Answer()
    refusal = _refuse(call, name, head, force="-F" in options)
    if refusal:
        return Answer.no(f"cannot receive {kind} stream: {refusal}")
    before = call.world.datasets.get(name)
    base = list(before.snapshots.values())[-1] if before and head["since"] else None
    taken = Snapshot(
        **{key: head[key] for key in ("tree", "uid_base", "binary", "created_at", "guid")},
        files={
            **{path: text for path, text in (base.files if base else {}).items() if path not in head["gone"]},
            **dict(files),
        },
        written=head["referenced"],
    )
    parent = name.rpartition("/")[0]
    room = storage.available(call.world, parent, call.sizes.pool)
    if room < taken.written - (base.written if base else 0):
        return Answer.no(f"cannot receive {kind} stream: out of space")
    one = before if before and base else Dataset(changed_at=call.now)
    if one is not before:
        new(call, name, [], one)
        one.mounted = one.mounted and "-u" not in options
    one.become(taken)
    one.written = taken.written
    one.snapshots[head["zfs"].partition("@")[2]] = taken
    return Answer()


def _elsewhere(call: Call, guid: str) -> str:
    """Where zfs-fuse writes an increment whose own data set is not there: to one that has its beginning."""
    for name, one in call.world.datasets.items():
        if any(taken.guid == guid for taken in one.snapshots.values()):
            return name
    return ""


def _refuse(call: Call, name: str, head: dict[str, str], *, force: bool) -> str:
    """Why a stream does not fit to what is there; empty where it does."""
    before = call.world.datasets.get(name)
    if head["since"]:
        newest = list(before.snapshots.values())[-1] if before and before.snapshots else None
        if before is None or newest is None or newest.guid != head["since"]:
            return f"most recent snapshot of {name} does not\nmatch incremental source"
        if not force and (before.files, before.tree) != (newest.files, newest.tree):
            return f"destination {name} has been modified\nsince most recent snapshot"
        return ""
    if before and not force:
        return f"destination '{name}' exists\nmust specify -F to overwrite it"
    if before and before.snapshots:
        return f"destination has snapshots (eg. {name}@{next(iter(before.snapshots))})"
    return "" if name.rpartition("/")[0] in call.world.datasets else "dataset does not exist"
