"""All that the product has in this box, as one thing: put aside, brought back, and looked at."""

import hashlib
import json
import mmap
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.box.inside.product import destroy, host, left_of
from tests.faults.look import Seen, place, rows

STATE = Path("/var/lib/voxnix")
DISKS = Path("/var/lib/voxnix-box")
"""Where the pool's file is, and where worlds are put aside: it is on the outer machine's disk."""
POOL = DISKS / "pool.img"
UNITS, NSPAWN = Path("/etc/systemd/system"), Path("/etc/systemd/nspawn")
FOLDERS = (Path("/var/lib/machines"), STATE / "workspaces")
PEEK = "tank/peek"
"""A clone of what is looked into."""
PROPERTIES = ("mounted", "mountpoint", "canmount", "quota", "reservation", "origin", "guid", "used")
WORKER = "voxnix-worker"
PLAIN = 100
"""Bytes up to which a file's content is told as it is, and not as a sum."""

_written: set[tuple[str, str]] = set()
"""All files that were seen so far: path and content. Of those, streams are searched for what they hold."""
_known: dict[str, dict[str, str]] = {}
"""What is in snapshots, by their guid: it never changes."""


@contextmanager
def apart_from_the_box() -> Generator[None]:
    """While this lasts, the product has nothing in this box, and its worker rests."""
    own = DISKS / "own"
    host("systemctl", "stop", WORKER)
    if own.exists():  # who put it there did not come to bring it back
        load(own, move=True)
    save(own, move=True)
    host("zpool", "import", "-d", str(DISKS), "tank") if POOL.exists() else _new_pool()
    try:
        yield
    finally:
        load(own, move=True)
        host("systemctl", "start", WORKER)


def _new_pool() -> None:
    host("truncate", "-s", "20G", str(POOL))
    host("zpool", "create", "-m", "/tank", "tank", str(POOL))


BACKUPS = Path("/mnt/backups")


def save(folder: Path, *, move: bool = False) -> None:
    """Put all of it aside; nothing of it is there afterwards.

    Args:
        folder: for it.
        move: whether it may be moved there, as nobody needs it twice.
    """
    folder.mkdir(parents=True)
    running = _active()
    (folder / "running").write_text(json.dumps(sorted(running)))
    _end(running)
    host("zpool", "export", "-f", "tank")
    _put(POOL, folder / POOL.name, move=move)
    (folder / "state").mkdir()
    for file in _state():
        shutil.copy2(file, folder / "state")
    if BACKUPS.exists():
        shutil.copytree(BACKUPS, folder / "backups")
    (folder / "settings").mkdir()
    for number, file in enumerate(_settings()):
        shutil.copy2(file, folder / "settings" / str(number))
        (folder / "settings" / f"{number}.path").write_text(str(file))
    clear()


def load(folder: Path, *, move: bool = False) -> None:
    """Bring back what was put aside, in place of what is there now."""
    clear()
    _put(folder / POOL.name, POOL, move=move)
    for file in (folder / "state").iterdir():
        shutil.copy2(file, STATE)
    for note in (folder / "settings").glob("*.path"):
        file = Path(note.read_text())
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(note.with_suffix(""), file)
    if (folder / "backups").exists():
        shutil.copytree(folder / "backups", BACKUPS)
    host("zpool", "import", "-d", str(DISKS), "tank")
    host("systemctl", "daemon-reload")
    if running := json.loads((folder / "running").read_text()):
        host("systemctl", "start", *map(_unit, running))
    if move:
        shutil.rmtree(folder)


def clear() -> None:
    """End and remove all of it."""
    _end(_active())
    for file in list(_settings()):
        file.unlink()
        if file.parent.parent == UNITS:
            file.parent.rmdir()
    if "tank" in host("zpool", "list", "-H", "-o", "name").split():
        host("zpool", "export", "-f", "tank")
    POOL.unlink(missing_ok=True)
    shutil.rmtree(BACKUPS, ignore_errors=True)
    for file in list(_state()):
        file.unlink()
    for folder in FOLDERS:
        for one in folder.glob("*"):
            one.rmdir() if one.is_dir() else one.unlink()


def look() -> Seen:
    """What there is, read without the product."""
    datasets = dict(_datasets())
    for one in datasets.values():
        for held in (one["files"], *(snapshot["files"] for snapshot in one["snapshots"].values())):
            _written.update(held.items())
    return Seen(
        rows(STATE / "voxnix.db"),
        {
            "datasets": datasets,
            "units": {machine: {"active": True, "hostname": _hostname(machine)} for machine in _active()},
            "files": {str(file): file.read_text() for file in _settings()} | dict(_streams()),
            "folders": [str(one) for folder in FOLDERS for one in folder.glob("*")],
            "archives": [],
        },
    )


def machine(owner: str, name: str) -> str:
    """What the node calls a container."""
    found = rows(STATE / "voxnix.db")["workloads"]
    return next(row["machine"] for row in found if (row["owner"], row["name"]) == (owner, name))


def unmoved(machine: str) -> str:
    """What tells a machine that ran all the time from one that was started again."""
    return host("systemctl", "show", _unit(machine), "--property=MainPID,InvocationID")


def traces(seen: Seen) -> list[str]:
    """What on the node has the name of a machine that operations were about, and that is no more."""
    alive = {row["machine"] for row in seen.rows["workloads"]}
    gone = {row["machine"] for row in seen.rows["operations"] if row["machine"]} - alive
    return [line for machine in gone for line in left_of(machine) if "/trash/" not in line]


def settled(number: int = 0) -> bool:
    """Whether nothing is under way, and what is written down is what there is.

    Args:
        number: of an operation that may not have begun.
    """
    told, active = rows(STATE / "voxnix.db"), _active()
    return not any(
        row["state"] == "running" or (row["id"] == number and row["state"] == "queued")
        for row in told["operations"]
    ) and all((row["state"] == "running") is (row["machine"] in active) for row in told["workloads"])


def _unit(machine: str) -> str:
    return f"systemd-nspawn@{machine}.service"


def _active() -> set[str]:
    listed = host("systemctl", "list-units", "systemd-nspawn@*", "--plain", "--no-legend", "--state=active")
    return {line.split()[0].partition("@")[2].removesuffix(".service") for line in listed.splitlines()}


def _hostname(machine: str) -> str:
    return host("nsenter", "--target", _leader(machine), "--uts", "hostname").strip()


def _leader(machine: str) -> str:
    return host("machinectl", "show", machine, "--property=Leader", "--value").strip()


def _end(machines: set[str]) -> None:
    for (
        one
    ) in machines:  # nspawn itself lives on: killed, it would leave a mount in the way of the next start
        host("kill", "-KILL", _leader(one))
    if machines:
        host("systemctl", "stop", *map(_unit, machines))
    host("systemctl", "reset-failed")


def _state() -> Iterator[Path]:
    yield from (file for file in STATE.glob("*") if file.is_file())


def _settings() -> Iterator[Path]:
    yield from NSPAWN.glob("*.nspawn")
    yield from UNITS.glob("systemd-nspawn@?*.service.d/*")


def _put(source: Path, target: Path, *, move: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if move:
        source.rename(target)
    else:
        host("cp", "--sparse=auto", str(source), str(target))


def _datasets() -> Iterator[tuple[str, dict[str, Any]]]:
    told: dict[str, dict[str, str]] = {}
    listed = host("zfs", "get", "-rHp", "-o", "name,property,value", ",".join(PROPERTIES), "tank")
    for line in listed.splitlines():
        name, key, value = line.split("\t")
        told.setdefault(name, {})[key] = value
    children = dict.fromkeys(told, 0)
    for name, one in told.items():
        if "@" not in name and "/" in name:
            children[name.rpartition("/")[0]] += int(one["used"])
    for name, one in told.items():
        if "@" in name:
            continue
        snapshots = {
            full.partition("@")[2]: {"files": _in_snapshot(full, snapshot["guid"])}
            for full, snapshot in told.items()
            if full.partition("@")[0] == name and "@" in full
        }
        yield (
            name,
            {
                "mounted": one["mounted"] == "yes",
                "mountpoint": one["mountpoint"],
                "canmount": one["canmount"],
                "quota": int(one["quota"]),
                "reservation": int(one["reservation"]),
                "origin": one["origin"].removeprefix("-"),
                "written": int(one["used"]) - children[name],
                "files": _live(name, one),
                "snapshots": snapshots,
            },
        )


def _streams() -> Iterator[tuple[str, str]]:
    """The backups, as those of the simulated node are: a line, and a line for each file that is in it.

    ZFS sends what is in files as it is, so it can be found without receiving it.
    """
    for file in sorted(BACKUPS.rglob("*.zfs")):
        if file.stat().st_size:
            with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as stream:
                held = [pair for pair in sorted(_written) if stream.find(pair[1].encode()) >= 0]
            yield str(file), "\n".join(["", *map(json.dumps, held)])


def _live(name: str, properties: dict[str, str]) -> dict[str, str]:
    found = place(name)
    if found is None or not found.part:
        return {}
    if properties["mounted"] == "yes":
        return _files(Path(properties["mountpoint"]), found.part)
    snapshot = f"{name}@peek"
    host("zfs", "snapshot", snapshot)
    try:
        return _peek(snapshot, found.part)
    finally:
        destroy(snapshot)


def _in_snapshot(name: str, guid: str) -> dict[str, str]:
    found = place(name.partition("@")[0])
    if found is None or not found.part:
        return {}
    if guid not in _known:
        _known[guid] = _peek(name, found.part)
    return _known[guid]


def _peek(snapshot: str, part: str) -> dict[str, str]:
    folder = Path("/tank/peek")
    host("zfs", "clone", snapshot, PEEK)
    try:
        return _files(folder, part)
    finally:
        destroy(PEEK)


def _files(folder: Path, part: str) -> dict[str, str]:
    """What people wrote: all of a workspace, and of a root file system what is in /srv."""
    start = folder if part.startswith("workspace") else folder / "srv"
    return {
        str(file.relative_to(folder)): _told(file)
        for file in sorted(start.rglob("*"))
        if file.is_file() and not file.is_symlink()
    }


def _told(file: Path) -> str:
    content = file.read_bytes()
    with suppress(UnicodeDecodeError):
        if len(content) <= PLAIN:
            return content.decode()
    return hashlib.sha256(content).hexdigest()
