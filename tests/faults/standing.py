"""What has to hold when nothing is under way: rows, data sets, units and limits agree, and rows tell all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.judge import OPEN, WORKER, general
from tests.faults.ledger import FAILED, MAKING, instant
from tests.faults.look import SETTINGS, Seen, place

SLACK = 120.0
"""Seconds of the product's own time after which what is due has been done."""


ENTERING = {"create", "clone", "receive", "restore"}
"""Kinds after which there is another workload of a name."""


@dataclass(frozen=True)
class Limits:
    """What the product was told.

    Attributes:
        workload: bytes of a workload, where its row says nothing.
        owner: bytes of an owner.
        approval: seconds in which a person may agree.
    """

    workload: int
    owner: int
    approval: float


def standing(seen: Seen, limits: Limits, now: float) -> list[str]:
    """What is wrong, a sentence each.

    Args:
        seen: what there is.
        limits: that are in force.
        now: on the product's clock, in seconds since 1970.
    """
    verdict = general(seen)
    return [
        *verdict.lines(),
        *_running(seen),
        *_limited(seen, limits),
        *_told(seen),
        *_overdue(seen, limits, now),
        *_built(seen),
    ]


def gone(seen: Seen, known: Mapping[int, float]) -> Iterator[str]:
    """What is not in the trash any more, and no row says why.

    Args:
        seen: what there is.
        known: numbers that were in the trash, each with the time until which it was to be kept.
    """
    there = {row["operation"] for row in seen.rows["trash"]}
    done = [row for row in seen.rows["operations"] if row["state"] == "done"]
    purges = {row["arguments"]["trash"]: row for row in done if row["kind"] == "purge"}
    restored = {row["arguments"]["trash"] for row in done if row["kind"] == "restore"}
    for number, expires in known.items():
        purge = purges.get(number)
        if number not in there and purge is None and number not in restored:
            yield f"{number} is not in the trash any more, and no operation says why"
        elif purge is not None and purge["request"]["channel"] == WORKER:
            full = "full" in purge["request"]["words"]
            if instant(purge["created_at"]) < expires and not full:
                yield f"{number} was purged before its time by {purge['id']}"
        elif purge is not None and not purge["approved_by"]:
            yield f"{number} was purged by {purge['id']}, and nobody agreed"


def _running(seen: Seen) -> Iterator[str]:
    """What is to run runs, what is not to does not; and the row says so."""
    for row in seen.rows["workloads"]:
        who, unit = f"{row['owner']}'s {row['name']}", seen.world["units"].get(row["machine"])
        runs = unit is not None and unit["active"]
        if bool(row["wanted"]) is not runs:
            yield f"{who} ({row['machine']}) {'runs' if runs else 'rests'}, and is not meant to"
        if (row["state"] == "running") is not runs:
            yield f"{who} ({row['machine']}) {'runs' if runs else 'rests'}, and its row says {row['state']}"
        if runs and unit is not None and unit["hostname"] != row["name"]:
            yield f"{who} calls itself {unit['hostname']}"


def _limited(seen: Seen, limits: Limits) -> Iterator[str]:
    """Every limit is in force, and nothing takes more: snapshots and what is below count too."""
    for row in seen.rows["workloads"]:
        name = f"tank/users/{row['owner']}/workloads/{row['machine']}"
        one = seen.datasets.get(name)
        if one is None:
            continue  # which is said elsewhere
        wanted = row["quota"] or limits.workload
        if one["quota"] != wanted:
            yield f"{name} has a quota of {one['quota']}, and its row says {wanted}"
        if one["reservation"] != row["reservation"]:
            yield f"{name} has {one['reservation']} set aside, and its row says {row['reservation']}"
    for owner in {row["owner"] for table in ("workloads", "trash") for row in seen.rows[table]}:
        one = seen.datasets.get(f"tank/users/{owner}")
        if one is not None and one["quota"] != limits.owner:
            yield f"{owner} has a quota of {one['quota']} instead of {limits.owner}"
    for name, one in seen.datasets.items():
        taken = used(seen, name)
        if one["quota"] and taken > one["quota"]:
            yield f"{name} takes {taken} bytes of {one['quota']}, snapshots included"


def used(seen: Seen, name: str) -> int:
    """What a data set takes with its snapshots and all below it, in bytes."""
    total = 0
    for key, one in seen.datasets.items():
        if f"{key}/".startswith(f"{name}/"):
            here = {item for item in one["files"].items() if isinstance(item[1], str)}
            kept = {item for taken in one["snapshots"].values() for item in taken["files"].items()} - here
            origin, _, snapshot = one["origin"].partition("@")
            if origin in seen.datasets:
                kept -= set(seen.datasets[origin]["snapshots"][snapshot]["files"].items())
            total += one["written"] + sum(len(text) for _, text in kept)
    return total


def _told(seen: Seen) -> Iterator[str]:
    """Each row of an operation that ended says how, and what was done."""
    for row in seen.rows["operations"]:
        what = f"{row['kind']} {row['workload']} ({row['id']})"
        problem: dict[str, Any] | None = row["problem"]
        if row["state"] in OPEN | {"proposed"}:
            continue
        if not row["ended_at"]:
            yield f"{what} is {row['state']}, and nobody knows since when"
        if row["state"] == "done" and (problem or not row["started_at"]):
            yield f"{what} is done, and its row has a problem, or no beginning: {problem}"
        if row["state"] == "failed" and not (problem and problem["what"] and problem["code"]):
            yield f"{what} failed, and does not say why"
        if row["state"] == "cancelled" and not (problem or row["cancelled_by"]):
            yield f"{what} is cancelled, and does not say by whom"
        if problem and "inside Voxnix" in problem["what"]:
            yield f"{what} failed by a mistake of the product: {problem['why']}"
        if problem and "Something of it is left" in problem["what"]:
            yield f"{what} left something: {problem['why']}"
        if row["plan"] and row["started_at"] and not row["approved_by"]:
            yield f"{what} was begun, and nobody agreed to its plan"


def _overdue(seen: Seen, limits: Limits, now: float) -> Iterator[str]:
    """Nothing waits for longer than it may."""
    for row in seen.rows["operations"]:
        if row["state"] == "proposed" and now - instant(row["created_at"]) > limits.approval + SLACK:
            yield f"{row['kind']} {row['workload']} ({row['id']}) still waits for an answer"
    purging = {row["arguments"]["trash"] for row in seen.rows["operations"] if row["kind"] == "purge"}
    for row in seen.rows["trash"]:
        if now - instant(row["expires_at"]) > 5 * SLACK and row["operation"] not in purging:
            yield f"{row['operation']} is still in the trash, which it was to leave at {row['expires_at']}"


def _built(seen: Seen) -> Iterator[str]:
    """Each workload, live or in the trash, is made of an image that is there; and its files are its own."""
    digests = {row["digest"] for row in seen.rows["images"]}
    for row in [*seen.rows["workloads"], *(one["workload"] for one in seen.rows["trash"])]:
        for generation in (row["generation"], row["previous"]):
            if generation and generation["digest"] not in digests:
                yield f"{row['owner']}'s machine {row['machine']} is made of an image that nobody knows"
    live = {row["machine"]: row for row in seen.rows["workloads"]}
    installed = {
        found["nspawn"] for path in seen.world["files"] if (found := SETTINGS.match(path)) and found["nspawn"]
    }
    for machine, row in live.items():
        if row["state"] == "running" and machine not in installed:
            yield f"{row['owner']}'s {row['name']} runs, and has no settings of its own"
    for row in seen.rows["operations"]:
        if row["state"] in FAILED and row["kind"] in MAKING:
            yield from _half_made(seen, row, live)


def _half_made(seen: Seen, row: dict[str, Any], live: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What remains of something that was not made after all."""
    machine, known = row["machine"], live.get(row["machine"])
    later = (
        one["kind"] in ENTERING and one["machine"] == machine and one["id"] > row["id"]
        for one in seen.rows["operations"]
        if one["state"] not in FAILED
    )
    if known is not None and not any(later):
        yield f"{row['kind']} {row['workload']} ({row['id']}) is {row['state']}, and its workload is there"
    if known is None and any(
        (found := place(name)) and found.number is None and found.machine == machine for name in seen.datasets
    ):
        yield f"{row['kind']} {row['workload']} ({row['id']}) is {row['state']}, and its data sets are there"
