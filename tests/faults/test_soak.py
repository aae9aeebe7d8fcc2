"""Hours of many people on a node whose worker keeps dying: nothing is lost. And what is wrong is found."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.ledger import Ledger
from tests.faults.look import Seen
from tests.faults.standing import Limits, gone, standing
from tests.faults.test_judge import HOME, healthy

FULL = bool(os.environ.get("VOXNIX_TEST_FULL"))
AS_LONG = [] if FULL else ["--minutes", "10", "--owners", "6", "--speed", "20"]
"""Two hours and twenty people where there is time for it."""
LIMITS = Limits(workload=100, owner=200, approval=600)
NOW = 1_800_000_000.0
EARLIER, LATER = "2027-01-15 07:00:00.000000", "2027-01-16 08:00:00.000000"
"""Than now, which is 2027-01-15 08:00."""


def test_nothing_is_lost_within_hours_of_random_deaths(capsys: pytest.CaptureFixture[str]) -> None:
    """No file, no data set, no unit, no limit and no row is other than it has to be."""
    argv = [sys.executable, "-m", "tests.faults.soak", *AS_LONG]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    with capsys.disabled():
        sys.stdout.write(f"\n{done.stdout}")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "violations: 0" in done.stdout


def kept() -> Seen:
    """One container that runs, with a file; one in the trash; and an operation that ended an hour ago."""
    seen = healthy()
    rows, datasets = seen.rows, seen.datasets
    rows["workloads"][0].update(schedule={"hourly": 2}, created_at=EARLIER)
    rows["operations"][0].update(
        created_at=EARLIER,
        started_at=EARLIER,
        ended_at=EARLIER,
        plan=None,
        problem=None,
        approved_by="",
        cancelled_by="",
        claims=[],
        arguments={"trash": 0, "snapshot": ""},
    )
    rows["trash"] = [
        {
            "operation": 3,
            "owner": "ann",
            "name": "old",
            "expires_at": LATER,
            "workload": {
                "machine": "old-abcde",
                "generation": {"digest": "d"},
                "previous": None,
                "owner": "ann",
            },
        }
    ]
    for part in ("", "/root", "/workspace"):
        datasets[f"tank/users/ann/trash/3-old-abcde{part}"] = {**datasets[HOME], "mounted": False}
        datasets[f"{HOME}{part}"]["reservation"] = 0
    datasets["tank/users/ann"] = {**datasets[HOME], "quota": 200}
    datasets[HOME]["quota"] = 100
    return seen


def note(seen: Seen, **values: object) -> dict[str, Any]:
    """Have one more operation."""
    row = {**seen.rows["operations"][0], "id": len(seen.rows["operations"]) + 7, **values}
    seen.rows["operations"].append(row)
    return row


def test_what_is_as_it_should_be_stands() -> None:
    """No complaint."""
    seen = kept()
    assert not standing(seen, LIMITS, NOW)
    assert not list(gone(seen, {3: NOW}))


WRONG: dict[str, tuple[str, Callable[[Seen], object]]] = {
    "an orphan": (
        "no workload's",
        lambda seen: seen.datasets.update({"tank/users/bob/workloads/x-abcde": seen.datasets[HOME]}),
    ),
    "nobody's in the trash": ("nobody's in the trash", lambda seen: seen.rows["trash"].clear()),
    "the trash is empty": (
        "has no root",
        lambda seen: seen.datasets.pop("tank/users/ann/trash/3-old-abcde/root"),
    ),
    "a breach": ("takes 103 bytes of 100", lambda seen: seen.datasets[f"{HOME}/root"].update(written=101)),
    "a breach by a snapshot": (
        "snapshots included",
        lambda seen: seen.datasets[f"{HOME}/root"]["snapshots"].update(x={"files": {"big": "x" * 100}}),
    ),
    "a breach of an owner": (
        "tank/users/ann takes",
        lambda seen: seen.datasets["tank/users/ann/trash/3-old-abcde/root"].update(written=200),
    ),
    "a limit that is not in force": ("a quota of 0", lambda seen: seen.datasets[HOME].update(quota=0)),
    "an owner without a limit": ("quota of 0", lambda seen: seen.datasets["tank/users/ann"].update(quota=0)),
    "a reservation": ("set aside", lambda seen: seen.datasets[HOME].update(reservation=5)),
    "a row that is stuck": (
        "is running in step",
        lambda seen: seen.rows["operations"][0].update(state="running"),
    ),
    "a row that waits": ("is queued in step", lambda seen: seen.rows["operations"][0].update(state="queued")),
    "nobody answers": (
        "still waits",
        lambda seen: seen.rows["operations"][0].update(state="proposed"),
    ),
    "it does not run": ("rests, and is not meant to", lambda seen: seen.world["units"].clear()),
    "it runs": ("runs, and is not meant to", lambda seen: seen.rows["workloads"][0].update(wanted=0)),
    "no reason": ("does not say why", lambda seen: seen.rows["operations"][0].update(state="failed")),
    "nobody cancelled it": ("by whom", lambda seen: seen.rows["operations"][0].update(state="cancelled")),
    "no end": ("since when", lambda seen: seen.rows["operations"][0].update(ended_at=None)),
    "nobody agreed": ("nobody agreed", lambda seen: seen.rows["operations"][0].update(plan={"summary": ""})),
    "a mistake of ours": (
        "a mistake of the product",
        lambda seen: seen.rows["operations"][0].update(
            state="failed",
            problem={"what": "Something went wrong inside Voxnix.", "code": "KeyError", "why": "KeyError: 1"},
        ),
    ),
    "something is left": (
        "left something",
        lambda seen: seen.rows["operations"][0].update(
            state="failed", problem={"what": "No. Something of it is left.", "code": "HostFailure", "why": ""}
        ),
    ),
    "past its time": ("still in the trash", lambda seen: seen.rows["trash"][0].update(expires_at=EARLIER)),
    "an image is gone": ("nobody knows", lambda seen: seen.rows["images"].clear()),
    "made after all": (
        "its workload is there",
        lambda seen: seen.rows["operations"][0].update(kind="create", state="cancelled", cancelled_by="ann"),
    ),
    "made by half": (
        "its data sets are there",
        lambda seen: (
            seen.rows["workloads"].clear()
            or seen.rows["operations"][0].update(kind="create", state="cancelled", cancelled_by="ann")
        ),
    ),
}


@pytest.mark.parametrize(("said", "damage"), WRONG.values(), ids=WRONG)
def test_what_does_not_stand_is_found(said: str, damage: Callable[[Seen], object]) -> None:
    """Each by its own sentence, in the midst of what is as it should be."""
    seen = kept()
    damage(seen)
    assert any(said in line for line in standing(seen, LIMITS, NOW)), standing(seen, LIMITS, NOW)


def test_what_left_the_trash_without_a_row_is_found() -> None:
    """Or before its time, or without anybody's agreement."""
    seen = kept()
    seen.rows["trash"].clear()
    assert "no operation says why" in next(gone(seen, {3: NOW}))
    purge = note(seen, kind="purge", arguments={"trash": 3}, request={"channel": "worker", "words": "time"})
    assert "before its time" in next(gone(seen, {3: NOW}))
    purge["request"]["words"] = "The pool tank is 90% full"
    assert not list(gone(seen, {3: NOW}))
    purge["request"] = {"channel": "test"}
    assert "nobody agreed" in next(gone(seen, {3: NOW}))
    purge["approved_by"] = "ann"
    assert not list(gone(seen, {3: NOW}))


def written(*over: str) -> Ledger:
    """An account of one file, or of several that came in each other's place."""
    ledger = Ledger()
    for old, new in zip(("", *over), (*over, "precious"), strict=True):
        entry = {"owner": "ann", "dataset": f"{HOME}/workspace", "over": old, "at": NOW - 7200}
        ledger.read([json.dumps({"what": "writing", "content": new, **entry})])
        ledger.read([json.dumps({"what": "wrote", "content": new, "kept": []})])
    return ledger


def test_a_file_that_is_lost_is_found_once() -> None:
    """Where nothing gave it up; what its owner has overwritten is nobody's loss."""
    seen, ledger = kept(), written("scratch")
    assert not ledger.check(seen, NOW - 3600)
    assert ledger.forgiven == {"overwritten by its owner": 1}
    seen.datasets[f"{HOME}/workspace"]["files"].clear()
    (said,) = ledger.check(seen, NOW)
    assert said == f"'precious' of ann is lost: it was in {HOME}/workspace"
    assert not ledger.check(seen, NOW)


SNAPSHOT = "voxnix-manual-20270101T000000Z-mine"
HOURLY = "voxnix-hourly-20270101T000000Z"
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "forgotten": (f"{HOME}/workspace@{SNAPSHOT}", {"kind": "forget", "arguments": {"snapshot": SNAPSHOT}}),
    "taken back": (f"{HOME}/workspace", {"kind": "clone", "state": "cancelled"}),
    "purged": ("tank/users/ann/trash/3-x-abcde/root", {"kind": "purge", "arguments": {"trash": 3}}),
    "of another system": (f"{HOME}/root-before", {"kind": "update"}),
    "in a backup": ("/mnt/backups/ann/dev/x.zfs", {"kind": "backup"}),
    "before what failed": (
        f"{HOME}/workspace@voxnix-before-20270101T000000Z-9",
        {"kind": "destroy", "state": "cancelled", "id": 9},
    ),
}


@pytest.mark.parametrize(("where", "values"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("whose", ["ann", "bob"])
def test_what_an_owners_own_operation_gave_up_is_forgiven(
    where: str, values: dict[str, Any], whose: str
) -> None:
    """And what another owner's did is not, nor what was given up before it was seen there."""
    seen, ledger = kept(), written()
    ledger.accounts["precious"].places = frozenset({where})
    seen.datasets[f"{HOME}/workspace"]["files"].clear()
    arguments = {"trash": 0, "snapshot": "", **values.get("arguments", {})}
    note(seen, **{**values, "arguments": arguments, "owner": whose})
    ledger.accounts["precious"].at = NOW - 7200
    assert bool(ledger.check(seen, NOW)) is (whose == "bob")
    late = written()
    late.accounts["precious"].places, late.accounts["precious"].at = frozenset({where}), NOW
    assert late.check(seen, NOW)


def test_a_schedule_gives_up_the_oldest_alone() -> None:
    """One that had to stay is a loss."""
    seen, ledger = kept(), written()
    ledger.accounts["precious"].places = frozenset({f"{HOME}/workspace@{HOURLY}"})
    seen.datasets[f"{HOME}/workspace"]["files"].clear()
    snapshots = seen.datasets[f"{HOME}/workspace"]["snapshots"]
    snapshots["voxnix-hourly-20270101T010000Z"] = {"files": {}}
    assert ledger.check(seen, NOW)
    again = written()
    again.accounts["precious"].places = frozenset({f"{HOME}/workspace@{HOURLY}"})
    snapshots["voxnix-hourly-20270101T020000Z"] = {"files": {}}
    assert not again.check(seen, NOW)
