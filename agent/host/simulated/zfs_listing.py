"""What the simulated ``zfs`` tells: ``list`` and ``get``."""

from collections.abc import Callable
from hashlib import sha256

from agent.host.simulated import storage
from agent.host.simulated.programs import Call, split_options
from agent.host.simulated.world import Answer


def show(call: Call) -> Answer:
    """``zfs list`` of names."""
    options, names = split_options(call, 2, {"-H": False, "-r": False, "-t": True, "-o": True})
    kind = options.get("-t", [""])[0]
    if "-H" not in options or options.get("-o") != ["name"] or kind not in {"all", "snapshot", "filesystem"}:
        raise call.unknown()
    out: list[str] = []
    missing = [name for name in names if not storage.exists(call.world, name)]
    for name in names:
        if name in missing:
            continue
        if "-r" not in options:
            out.append(name)
            continue
        for key in storage.below(call.world, name):
            if kind != "snapshot":
                out.append(key)
            if kind != "filesystem":
                out += [f"{key}@{snapshot}" for snapshot in call.world.datasets[key].snapshots]
    stderr = "".join(f"cannot open '{name}': dataset does not exist\n" for name in missing)
    return Answer("".join(f"{line}\n" for line in out), stderr, 1 if missing else 0)


def get(call: Call) -> Answer:
    """``zfs get`` of one, or of all below."""
    match call.argv[2:]:
        case ["-Hp", "-o", "property,value" | "property,value,source", properties, name]:
            deep, names = "", [name]
        case ["-Hp", "-o", "name,property,value", properties, *names]:
            deep = ""
        case ["-Hp", "-r", "-o", "name,property,value", properties, name]:
            deep, names = "-r", [name]
        case ["-Hp", "-d", "1", "-o", "name,property,value", properties, name]:
            deep, names = "-d", [name]
        case _:
            raise call.unknown()
    missing = [name for name in names if not storage.exists(call.world, name)]
    columns = call.argv[call.argv.index("-o") + 1].split(",")
    rows: list[str] = []
    for full in (full for name in names if name not in missing for full in _named(call, name, deep)):
        for prop in properties.split(","):
            value = _property(call, full, prop)
            row = {"name": full, "property": prop, "value": value, "source": _source(call, full, prop)}
            rows.append("\t".join(row[column] for column in columns))
    stderr = "".join(f"cannot open '{name}': dataset does not exist\n" for name in missing)
    return Answer("".join(f"{row}\n" for row in rows), stderr, 1 if missing else 0)


def _named(call: Call, name: str, deep: str) -> list[str]:
    """One alone, or with all below it and their snapshots, or with its own and those directly below it."""
    if not deep:
        return [name]
    found: list[str] = []
    for one in storage.below(call.world, name):
        depth = one.count("/") - name.count("/")
        if deep == "-r" or depth <= 1:
            found.append(one)
        if deep == "-r" or depth == 0:
            found += [f"{one}@{snapshot}" for snapshot in call.world.datasets[one].snapshots]
    return found


def _property(call: Call, full: str, prop: str) -> str:
    """One of a data set or a snapshot; ``-`` where a snapshot has none."""
    name, at, _ = full.partition("@")
    if ":" in prop:  # of those, anybody may have given it any
        given = [call.world.datasets[above].properties for above in storage.line(name)]
        return next((values[prop] for values in reversed(given) if prop in values), "-")
    if prop not in _PROPERTIES:
        raise call.unknown()
    if at:
        return _snapshot_property(call, full, prop)
    return str(_PROPERTIES[prop](call, name))


def _snapshot_property(call: Call, full: str, prop: str) -> str:
    name, _, snapshot = full.partition("@")
    taken = call.world.datasets[name].snapshots[snapshot]
    match prop:
        case "guid":
            return taken.guid
        case "creation":
            return str(int(taken.created_at))
        case "used":
            return str(storage.held_by(call.world, full))
        case "referenced":
            return str(storage.referenced(call.world, full))
        case _:
            return "-"


_PROPERTIES: dict[str, Callable[[Call, str], int | str]] = {
    "used": lambda call, name: storage.used(call.world, name),
    "usedbydataset": lambda call, name: call.world.datasets[name].written,
    "usedbysnapshots": lambda call, name: storage.held(call.world, name),
    "usedbychildren": lambda call, name: (
        storage.used(call.world, name) - call.world.datasets[name].written - storage.held(call.world, name)
    ),
    "referenced": lambda call, name: storage.referenced(call.world, name),
    "available": lambda call, name: storage.available(call.world, name, call.sizes.pool),
    "quota": lambda call, name: call.world.datasets[name].quota,
    "reservation": lambda call, name: call.world.datasets[name].reservation,
    "mounted": lambda call, name: "yes" if call.world.datasets[name].mounted else "no",
    "mountpoint": lambda call, name: storage.mountpoint(call.world, name),
    "canmount": lambda call, name: call.world.datasets[name].canmount,
    "readonly": lambda call, name: (
        "on" if call.world.datasets[name].readonly and not call.world.datasets[name].mounted else "off"
    ),
    "origin": lambda call, name: call.world.datasets[name].origin or "-",
    "creation": lambda call, name: 0,  # noqa: ARG005 - of a data set, nobody asks
    "guid": lambda call, name: sha256(name.encode()).hexdigest()[:16],  # noqa: ARG005 - the same for ever
}


def _source(call: Call, full: str, prop: str) -> str:
    """Where a value is from: zfs-fuse tells how something is mounted, and whether it is set otherwise."""
    one = call.world.datasets[full.partition("@")[0]]
    return "temporary" if prop == "readonly" and one.readonly and one.mounted else "local"
