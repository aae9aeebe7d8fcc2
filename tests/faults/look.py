"""What there is, read without the product: the database by sqlite3, the simulated node from its file."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

TABLES = {
    name: f"SELECT * FROM {name}"  # noqa: S608 - a name from the next line
    for name in ("workloads", "operations", "trash", "images", "nodes")
}
NOTICED = ("machine", "state", "wanted", "quota", "reservation", "schedule", "spec")
"""Columns of a workload."""
STAMP = re.compile(r"(voxnix-[a-z]+-)[0-9TZ:.-]*[0-9TZ](?=-|$)")
"""In the names of snapshots; what follows is a label."""
BACKUPS = "/mnt/"
"""Where streams of backups are: each a line on the data set, and a line for each of its files."""
_CONTAINER = re.compile(r"tank/users/(?P<owner>[^/]+)/workloads/(?P<machine>[^/]+)(?:/(?P<part>.+))?\Z")
_TRASH = re.compile(
    r"tank/users/(?P<owner>[^/]+)/trash/(?P<number>[0-9]+)-(?P<machine>[^/]+)(?:/(?P<part>.+))?\Z"
)
SETTINGS = re.compile(
    r"/etc/systemd/(?:nspawn/(?P<nspawn>[^/]+)\.nspawn|system/systemd-nspawn@(?P<unit>[^/]+)\.service\.d/.*)\Z"
)


@dataclass(frozen=True)
class Place:
    """What a data set of an owner is for.

    Attributes:
        owner: whose it is.
        machine: of which workload.
        number: in the trash; None for a live workload.
        part: ``root`` or ``workspace``; empty for the one above both.
    """

    owner: str
    machine: str
    number: int | None
    part: str


@dataclass(frozen=True)
class Seen:
    """All that counts, at one moment.

    Attributes:
        rows: of each table.
        world: the node.
    """

    rows: dict[str, list[dict[str, Any]]]
    world: dict[str, Any]

    @property
    def datasets(self) -> dict[str, dict[str, Any]]:
        """The data sets of the pool, by name."""
        return self.world["datasets"]

    def operation(self, number: int) -> dict[str, Any]:
        """The row of an operation."""
        return next(row for row in self.rows["operations"] if row["id"] == number)

    def contents(self) -> Iterator[tuple[str, str, str]]:
        """Every file of every owner, wherever it can still be read: (data set or snapshot, path, content)."""
        for name, dataset in self.datasets.items():
            if not name.startswith("tank/users/"):
                continue
            yield from ((name, path, text) for path, text in dataset["files"].items())
            for snapshot, one in dataset["snapshots"].items():
                yield from ((f"{name}@{snapshot}", path, text) for path, text in one["files"].items())
        files: dict[str, str] = self.world["files"]
        for name, stream in files.items():
            if name.startswith(BACKUPS) and ".zfs" in name:
                for line in stream.splitlines()[1:]:
                    if isinstance(pair := json.loads(line), list):
                        path, text = cast("list[str]", pair)
                        yield name, path, text


def look(folder: Path) -> Seen:
    """Read what a product left in its state folder."""
    with closing(sqlite3.connect(folder / "voxnix.db", timeout=30)) as database:
        database.row_factory = sqlite3.Row
        rows = {name: [_decoded(row) for row in database.execute(query)] for name, query in TABLES.items()}
    return Seen(rows, json.loads((folder / "node.json").read_text(encoding="utf-8")))


def _decoded(row: sqlite3.Row) -> dict[str, Any]:
    values: dict[str, Any] = dict(row)
    for key, value in values.items():
        if isinstance(value, str) and value[:1] in {"{", "[", '"', "n"}:
            try:
                values[key] = json.loads(value)
            except ValueError:
                continue
    return values


def place(dataset: str) -> Place | None:
    """What a data set is for; None where it is no owner's workload."""
    if found := _CONTAINER.match(dataset):
        return Place(found["owner"], found["machine"], None, found["part"] or "")
    if found := _TRASH.match(dataset):
        return Place(found["owner"], found["machine"], int(found["number"]), found["part"] or "")
    return None


def shape(seen: Seen) -> dict[str, Any]:
    """What an owner would notice, and what would be in the way later; nothing that time alone changes."""
    units: dict[str, Any] = seen.world["units"]
    return {
        "containers": {
            f"{row['owner']}/{row['name']}": {
                **{key: row[key] for key in NOTICED},
                "generation": _digest(row["generation"]),
                "previous": _digest(row["previous"]),
            }
            for row in seen.rows["workloads"]
        },
        "trash": {
            str(row["operation"]): {key: row[key] for key in ("owner", "name")} for row in seen.rows["trash"]
        },
        "pool": {name: _dataset(one) for name, one in seen.datasets.items() if place(name)},
        "running": {name: unit["hostname"] for name, unit in units.items() if unit["active"]},
        "settings": {path: text for path, text in seen.world["files"].items() if SETTINGS.match(path)},
    }


def images(seen: Seen) -> dict[str, Any]:
    """What was built: it is shared, so it stays where the operation that wanted it does not go well."""
    return {
        "rows": sorted(row["digest"] for row in seen.rows["images"]),
        "pool": {
            name: _dataset(one) for name, one in seen.datasets.items() if name.startswith("tank/images")
        },
        "archives": sorted(seen.world["archives"]),
    }


def differences(left: Any, right: Any, where: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """Where two things of JSON differ, a line each."""
    if isinstance(left, dict) and isinstance(right, dict):
        one, two = cast("dict[str, Any]", left), cast("dict[str, Any]", right)
        return [
            line
            for key in sorted({*one, *two})
            for line in differences(one.get(key), two.get(key), f"{where}/{key}" if where else key)
        ]
    return [] if left == right else [f"{where}: {left!r} is {right!r}"]


def _dataset(one: dict[str, Any]) -> dict[str, Any]:
    unlike = {"changed_at", "snapshots", "written", "binary", "origin"}
    plain = {key: value for key, value in one.items() if key not in unlike and not key.startswith("creat")}
    snapshots = sorted(
        ([STAMP.sub(r"\1*", name), sorted(held["files"].items())] for name, held in one["snapshots"].items()),
        key=str,
    )
    return {**plain, "origin": STAMP.sub(r"\1*", one["origin"]), "snapshots": snapshots}


def _digest(generation: dict[str, Any] | None) -> str:
    return "" if generation is None else generation["digest"]
