"""What may never be: found by rules of its own, in what :mod:`tests.faults.look` reads."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.faults.look import SETTINGS, Place, Seen, differences, images, place, shape

WORKER = "worker"
"""What the worker asks for by itself says that it comes from there."""
OPEN = {"queued", "running"}
PARTS = {"root", "workspace"}
MACHINES, WORKSPACES = "/var/lib/machines/", "/var/lib/voxnix/workspaces/"


@dataclass(frozen=True)
class Verdict:
    """What is wrong, by sort; each a sentence.

    Attributes:
        lost: what was written and can be read nowhere any more.
        duplicated: what is there more often than it was asked for.
        stuck: operations that never end.
        leftovers: what belongs to nothing.
        wrong: what is neither as it was nor as it was asked for, or not what the operation says.
    """

    lost: list[str] = field(default_factory=list[str])
    duplicated: list[str] = field(default_factory=list[str])
    stuck: list[str] = field(default_factory=list[str])
    leftovers: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])

    def __bool__(self) -> bool:
        """Whether anything is wrong."""
        return any(vars(self).values())

    def lines(self) -> list[str]:
        """All of it, for people."""
        return [f"{sort}: {one}" for sort, found in vars(self).items() for one in found]


@dataclass(frozen=True)
class Case:
    """What an operation is judged by.

    Attributes:
        number: of the operation.
        was: before it was begun.
        asked: after it went well without trouble.
        forgiven: contents that it may take away, as somebody agreed to.
    """

    number: int
    was: Seen
    asked: Seen
    forgiven: frozenset[str] = frozenset()


def judge(seen: Seen, case: Case) -> Verdict:
    """What is wrong after an operation that met trouble, and whoever came back to it."""
    state = seen.operation(case.number)["state"]
    well = state == "done"
    verdict = general(seen)
    verdict.lost.extend(lost(case.was, seen, case.forgiven if well else ()))
    verdict.duplicated.extend(duplicated(operations(seen), operations(case.asked)))
    verdict.duplicated.extend(duplicated(copies(seen), copies(case.asked if well else case.was)))
    if not verdict.stuck:
        wanted = case.asked if well else case.was
        verdict.wrong.extend(differences(shape(wanted), shape(seen)))
        verdict.wrong.extend(differences(images(case.asked), images(seen)) if well else ())
        if state not in {"done", "failed", "cancelled"}:
            verdict.wrong.append(f"operation {case.number} is {state}")
    return verdict


def general(seen: Seen) -> Verdict:
    """What is wrong whatever was asked for."""
    return Verdict(stuck=list(_stuck(seen)), leftovers=list(_leftovers(seen)), wrong=list(_wrong(seen)))


def lost(before: Seen, after: Seen, forgiven: Collection[str] = ()) -> list[str]:
    """What could be read before, and cannot any more: live, in a snapshot, or in the trash."""
    readable = {(path, text) for _, path, text in after.contents()}
    return [
        f"{path} of {where}: {text!r}"
        for where, path, text in before.contents()
        if (path, text) not in readable and text not in forgiven
    ]


def duplicated(there: Counter[str], most: Counter[str]) -> list[str]:
    """What there is more of than there would be without trouble."""
    return [f"{what}: {count} instead of {most[what]}" for what, count in there.items() if count > most[what]]


def operations(seen: Seen) -> Counter[str]:
    """How many operations there are that somebody asked for, by what they are about."""
    asked = [row for row in seen.rows["operations"] if row["request"]["channel"] != WORKER]
    return Counter(f"{row['kind']} {row['workload']} of {row['owner']}" for row in asked)


def copies(seen: Seen) -> Counter[str]:
    """How many there are of each file, wherever it can be read, and of the snapshots of each data set."""
    files = Counter(f"{path}: {text!r}" for _, path, text in seen.contents())
    return files + Counter(
        {f"snapshots of {name}": len(one["snapshots"]) for name, one in seen.datasets.items() if place(name)}
    )


def _stuck(seen: Seen) -> Iterator[str]:
    for row in seen.rows["operations"]:
        if row["state"] in OPEN:
            yield f"{row['kind']} {row['workload']} ({row['id']}) is {row['state']} in step {row['step']}"


def _leftovers(seen: Seen) -> Iterator[str]:
    under_way = {row["machine"] for row in seen.rows["operations"] if row["state"] in OPEN}
    alive = under_way | {row["machine"] for row in seen.rows["workloads"]}
    for name, one in seen.datasets.items():
        found = place(name)
        if found is not None and found.machine not in under_way:
            yield from _useless(seen, name, found, mounted=one["mounted"], alive=found.machine in alive)
        if not under_way and name.startswith("tank/images/") and "golden" not in one["snapshots"]:
            yield f"the image {name} is not whole"
    for name, unit in seen.world["units"].items():
        if unit["active"] and name not in alive:
            yield f"the machine {name} runs, and is no workload's"
    for path in (*seen.world["files"], *seen.world["folders"]):
        settings = SETTINGS.match(path)
        machine = (settings["nspawn"] or settings["unit"]) if settings else _below(path)
        if machine and machine not in alive:
            yield f"the file {path} is no workload's"


def _useless(seen: Seen, name: str, found: Place, *, mounted: bool, alive: bool) -> Iterator[str]:
    """Why a data set of an owner should not be there, or not be like this."""
    if found.part and found.part not in PARTS | {"root-before"}:
        yield f"the data set {name} is of no use"
    if found.number is None:
        if not alive:
            yield f"the data set {name} is no workload's"
        return
    if not any(row["operation"] == found.number for row in seen.rows["trash"]):
        yield f"the data set {name} is nobody's in the trash"
    elif mounted and found.part:
        yield f"the data set {name} is in the trash, and mounted"


def _below(path: str) -> str:
    for above in (MACHINES, WORKSPACES):
        if path.startswith(above):
            return path.removeprefix(above).partition("/")[0].removeprefix(".#").removesuffix(".lck")
    return ""


def _wrong(seen: Seen) -> Iterator[str]:
    busy = {row["machine"] for row in seen.rows["operations"] if row["state"] in OPEN}
    for row in seen.rows["workloads"]:
        owner, machine = row["owner"], row["machine"]
        if machine in busy:
            continue
        if row["state"] == "creating":
            yield f"{owner}'s {row['name']} is being created, by nobody"
        for part in PARTS:
            one = seen.datasets.get(f"tank/users/{owner}/workloads/{machine}/{part}")
            if one is None:
                yield f"{owner}'s {row['name']} has no {part}"
            elif not one["mounted"]:
                yield f"the {part} of {owner}'s {row['name']} is not mounted"
    for row in seen.rows["trash"]:
        machine = row["workload"]["machine"]
        for part in PARTS:
            if f"tank/users/{row['owner']}/trash/{row['operation']}-{machine}/{part}" not in seen.datasets:
                yield f"{row['owner']}'s {row['name']} in the trash has no {part}"
    yield from _breaches(seen)


def _breaches(seen: Seen) -> Iterator[str]:
    """Quotas that are exceeded: what is below counts too."""
    for name, one in seen.datasets.items():
        taken = sum(_taken(other) for key, other in seen.datasets.items() if f"{key}/".startswith(f"{name}/"))
        if one["quota"] and taken > one["quota"]:
            yield f"{name} holds {taken} bytes of {one['quota']}"


def _taken(dataset: dict[str, Any]) -> int:
    return int(dataset["written"])
