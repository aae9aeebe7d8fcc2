from datetime import datetime

import pytest

from agent.core.errors import NameInUse
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, WorkloadState, machine_name
from agent.store.database import Database
from agent.store.workloads import WorkloadStore

ANN, BOB = Owner("ann"), Owner("bob")
DEV = ContainerSpec(name="dev", modules=("git", "fish"))


def test_a_workload_comes_back_as_it_was_entered(database: Database, now: datetime) -> None:
    """Spec, machine, state and time survive the database."""
    store = WorkloadStore(database)
    added = store.add(ANN, DEV, "box", now)
    assert store.find(ANN, "dev") == added
    assert added.machine == machine_name(ANN, "dev")
    assert (added.state, added.addresses, added.created_at) == (WorkloadState.CREATING, (), now)


def test_two_people_may_both_have_dev(database: Database, now: datetime) -> None:
    """Names are per owner, machines are not the same, and neither sees the other's."""
    store = WorkloadStore(database)
    ann, bob = store.add(ANN, DEV, "box", now), store.add(BOB, DEV, "box", now)
    assert ann.machine != bob.machine
    assert store.of_owner(ANN) == [ann]
    assert store.find(BOB, "dev") == bob


def test_a_name_is_used_once_per_owner(database: Database, now: datetime) -> None:
    """The second dev of the same owner is refused, and the first one stays."""
    store = WorkloadStore(database)
    first = store.add(ANN, DEV, "box", now)
    with pytest.raises(NameInUse, match="dev"):
        store.add(ANN, ContainerSpec(name="dev"), "box", now)
    assert store.of_owner(ANN) == [first]


def test_a_machine_name_that_is_taken_is_derived_anew(database: Database, now: datetime) -> None:
    """If two derived names meet, the later one gets the next derivation."""
    store = WorkloadStore(database)
    with database.write() as connection:
        taken = machine_name(ANN, "dev")
        connection.exec_driver_sql(
            "INSERT INTO workloads (owner, name, machine, node, spec, state, addresses, created_at)"  # noqa: S608
            f" VALUES ('eve', 'x', '{taken}', 'box', '{{}}', 'running', '[]', '2026-01-01 00:00:00')"
        )
    assert store.add(ANN, DEV, "box", now).machine == machine_name(ANN, "dev", 1)


def test_what_was_seen_is_kept_with_the_time(database: Database, now: datetime) -> None:
    """State, addresses and the moment of looking are in the row."""
    store = WorkloadStore(database)
    added = store.add(ANN, DEV, "box", now)
    store.observe("box", {added.machine: (WorkloadState.RUNNING, ("10.88.0.5",))}, now)
    seen = store.find(ANN, "dev")
    assert seen is not None
    assert (seen.state, seen.addresses, seen.observed_at) == (WorkloadState.RUNNING, ("10.88.0.5",), now)


def test_another_node_cannot_speak_for_a_workload(database: Database, now: datetime) -> None:
    """What one node sees changes nothing on another."""
    store = WorkloadStore(database)
    added = store.add(ANN, DEV, "box", now)
    store.observe("elsewhere", {added.machine: (WorkloadState.RUNNING, ())}, now)
    store.remove("elsewhere", added.machine)
    assert store.find(ANN, "dev") == added


def test_a_workload_that_is_removed_frees_its_name(database: Database, now: datetime) -> None:
    """After remove the same name can be entered again."""
    store = WorkloadStore(database)
    store.remove("box", store.add(ANN, DEV, "box", now).machine)
    assert store.find(ANN, "dev") is None
    store.add(ANN, DEV, "box", now)
