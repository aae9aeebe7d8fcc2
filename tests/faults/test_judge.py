"""The checker finds each sort of damage, and nothing where there is none."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.judge import Case, judge
from tests.faults.look import Seen

HOME = "tank/users/ann/workloads/dev-abcde"
SETTINGS = "/etc/systemd/nspawn/dev-abcde.nspawn"


def dataset(**other: object) -> dict[str, Any]:
    """A data set with nothing in it."""
    plain: dict[str, Any] = {
        "mounted": True,
        "quota": 0,
        "written": 1,
        "origin": "",
        "files": {},
        "snapshots": {},
    }
    return {**plain, **other}


def healthy() -> Seen:
    """One container that runs, with a file, after one operation that went well."""
    whose: dict[str, Any] = {"owner": "ann", "machine": "dev-abcde"}
    made: dict[str, Any] = {"spec": {}, "generation": {"digest": "d"}, "previous": None}
    limits: dict[str, Any] = {"quota": 0, "reservation": 0, "schedule": {}}
    workload = {**whose, **made, **limits, "name": "dev", "state": "running", "wanted": 1}
    about: dict[str, Any] = {"kind": "restart", "workload": "dev", "request": {"channel": "test"}}
    operation = {**whose, **about, "id": 7, "state": "done", "step": 3}
    datasets = {
        HOME: dataset(),
        f"{HOME}/root": dataset(),
        f"{HOME}/workspace": dataset(files={"notes": "precious"}),
        "tank/images/d": dataset(snapshots={"golden": {"files": {}}}),
    }
    units = {"dev-abcde": {"active": True, "hostname": "dev"}}
    rows: dict[str, list[dict[str, Any]]] = {
        "workloads": [workload],
        "operations": [operation],
        "trash": [],
        "images": [{"digest": "d"}],
        "nodes": [],
    }
    world: dict[str, Any] = {
        "datasets": datasets,
        "units": units,
        "files": {SETTINGS: "x"},
        "folders": [],
        "archives": {},
    }
    return Seen(rows, world)


def test_what_is_as_it_should_be_is_found_so() -> None:
    """No complaint, for a container that runs and was not touched; nor of snapshots of another moment."""
    was, now = healthy(), healthy()
    for seen, stamp in ((was, "20260102T030405Z"), (now, "20260102T040506Z")):
        held = {f"voxnix-before-{stamp}": {"files": {"notes": "precious"}}}
        seen.datasets[f"{HOME}/workspace"]["snapshots"] = held
    assert not judge(now, Case(7, was, was)).lines()


def _write(seen: Seen, **values: object) -> None:
    seen.rows["operations"][0].update(values)


DAMAGE: dict[str, tuple[str, Callable[[Seen], object]]] = {
    "a file is gone": ("lost", lambda seen: seen.datasets[f"{HOME}/workspace"]["files"].clear()),
    "a file is another": ("lost", lambda seen: seen.datasets[f"{HOME}/workspace"]["files"].update(notes="")),
    "a data set is gone": ("lost", lambda seen: seen.datasets.pop(f"{HOME}/workspace")),
    "a file is there twice": (
        "duplicated",
        lambda seen: seen.datasets[f"{HOME}/root"]["files"].update(notes="precious"),
    ),
    "it was done twice": (
        "duplicated",
        lambda seen: seen.rows["operations"].append({**seen.rows["operations"][0], "id": 8}),
    ),
    "there are two snapshots": (
        "duplicated",
        lambda seen: seen.datasets[f"{HOME}/root"]["snapshots"].update(a={"files": {}}),
    ),
    "it never ends": ("stuck", lambda seen: _write(seen, state="running")),
    "its turn never comes": ("stuck", lambda seen: _write(seen, state="queued")),
    "a data set is nobody's": (
        "leftovers",
        lambda seen: seen.datasets.update({"tank/users/bob/workloads/x-abcde": dataset()}),
    ),
    "a root was put aside": (
        "leftovers",
        lambda seen: seen.datasets.update({f"{HOME}/root-aside": dataset()}),
    ),
    "the trash has no row of it": (
        "leftovers",
        lambda seen: seen.datasets.update({"tank/users/ann/trash/3-x-abcde": dataset()}),
    ),
    "a machine runs that is nobody's": (
        "leftovers",
        lambda seen: seen.world["units"].update({"x-abcde": {"active": True, "hostname": "x"}}),
    ),
    "a unit's file is left": (
        "leftovers",
        lambda seen: seen.world["files"].update({SETTINGS.replace("dev", "x"): ""}),
    ),
    "a mount point is left": (
        "leftovers",
        lambda seen: seen.world["folders"].append("/var/lib/machines/x-abcde"),
    ),
    "an image is half": ("leftovers", lambda seen: seen.datasets["tank/images/d"]["snapshots"].clear()),
    "it does not run any more": ("wrong", lambda seen: seen.world["units"]["dev-abcde"].update(active=False)),
    "it is shown as stopped": ("wrong", lambda seen: seen.rows["workloads"][0].update(state="stopped")),
    "it is no longer wanted": ("wrong", lambda seen: seen.rows["workloads"][0].update(wanted=0)),
    "a root is not mounted": ("wrong", lambda seen: seen.datasets[f"{HOME}/root"].update(mounted=False)),
    "a root is missing": ("wrong", lambda seen: seen.datasets.pop(f"{HOME}/root")),
    "a quota is exceeded": ("wrong", lambda seen: seen.datasets[HOME].update(quota=2)),
    "the row says nothing of it": ("wrong", lambda seen: _write(seen, state="proposed")),
}


@pytest.mark.parametrize(("sort", "damage"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_found(sort: str, damage: Callable[[Seen], object]) -> None:
    """Each sort by its name, in the midst of what is as it should be."""
    was, now = healthy(), healthy()
    damage(now)
    assert getattr(judge(now, Case(7, was, was)), sort)


def test_what_somebody_agreed_to_lose_is_forgiven_where_it_was_done() -> None:
    """But not where the operation says that it did not go well."""
    was, now = healthy(), healthy()
    now.datasets[f"{HOME}/workspace"]["files"].clear()
    asked = copy.deepcopy(now)
    assert not judge(now, Case(7, was, asked, frozenset({"precious"}))).lines()
    now.rows["operations"][0]["state"] = "cancelled"
    assert judge(now, Case(7, was, asked, frozenset({"precious"}))).lost
