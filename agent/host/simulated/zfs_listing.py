"""What the simulated ``zfs`` tells: ``list`` and ``get``."""

from hashlib import sha256

from agent.host.simulated import storage
from agent.host.simulated.programs import Call, split_options
from agent.host.simulated.world import Answer

_SNAPSHOTS = {"creation", "guid", "referenced", "used"}
"""Properties that a snapshot has too."""


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
        wanted = properties.split(",")
        values = _properties(call, full, wanted)
        for prop in wanted:
            if prop not in values and ":" not in prop:  # of those, anybody may have given it any
                raise call.unknown()
            value = values.get(prop, "-")
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


def _properties(call: Call, full: str, wanted: list[str]) -> dict[str, str]:
    """All of a data set or a snapshot, ``-`` where a snapshot has none; counted is what is wanted."""
    world = call.world
    name, at, snapshot = full.partition("@")
    one = world.datasets[name]
    counted = {
        "used": lambda: storage.held_by(world, full) if at else storage.used(world, name),
        "usedbysnapshots": lambda: storage.held(world, name),
        "usedbychildren": lambda: storage.used_by_children(world, name),
        "referenced": lambda: storage.referenced(world, full),
        "available": lambda: storage.available(world, name, call.sizes.pool),
    }
    known = {
        **{prop: counted[prop]() for prop in wanted if prop in counted},
        "usedbydataset": one.written,
        "quota": one.quota,
        "reservation": one.reservation,
        "mounted": "yes" if one.mounted else "no",
        "mountpoint": storage.mountpoint(world, name),
        "canmount": one.canmount,
        "readonly": "on" if one.readonly and not one.mounted else "off",
        "origin": one.origin or "-",
        "creation": 0,
        "guid": sha256(name.encode()).hexdigest()[:16],
        **{
            key: value
            for above in storage.line(name)
            for key, value in world.datasets[above].properties.items()
        },
    }
    if at:
        known["guid"] = one.snapshots[snapshot].guid
        known["creation"] = int(one.snapshots[snapshot].created_at)
        return {
            prop: str(value) if prop in _SNAPSHOTS or ":" in prop else "-" for prop, value in known.items()
        }
    return {prop: str(value) for prop, value in known.items()}


def _source(call: Call, full: str, prop: str) -> str:
    """Where a value is from: zfs-fuse tells how something is mounted, and whether it is set otherwise."""
    one = call.world.datasets[full.partition("@")[0]]
    return "temporary" if prop == "readonly" and one.readonly and one.mounted else "local"
