from datetime import datetime

import pytest

from agent.core.errors import NameInUse
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Generation, WorkloadState, machine_name
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


OPTED = ContainerSpec(
    name="dev", modules=("git",), options={"git": {"name": "Änn", "depth": [1, {"a": None}]}}
)
FIRST, SECOND = Generation(spec=DEV, digest="aa"), Generation(spec=OPTED, digest="bb", system="/nix/store/x")


def test_options_survive_the_database(database: Database, now: datetime) -> None:
    """With every kind of value that JSON has."""
    store = WorkloadStore(database)
    store.add(ANN, OPTED, "box", now)
    found = store.find(ANN, "dev")
    assert found is not None
    assert found.spec == OPTED
    assert (found.generation, found.previous) == (None, None)


def test_a_workload_becomes_something_else_and_remembers_what_it_was(
    database: Database, now: datetime
) -> None:
    """The spec goes along; noting the same twice, as a step that runs again does, loses nothing."""
    store = WorkloadStore(database)
    machine = store.add(ANN, DEV, "box", now).machine
    for generation in (FIRST, FIRST, SECOND, SECOND):
        store.become("box", machine, generation)
    found = store.find(ANN, "dev")
    assert found is not None
    assert (found.generation, found.previous, found.spec) == (SECOND, FIRST, OPTED)
    store.become("box", machine, FIRST)
    back = store.find(ANN, "dev")
    assert back is not None
    assert (back.generation, back.previous, back.spec) == (FIRST, SECOND, DEV)


def test_another_node_cannot_say_what_a_workload_is_made_of(database: Database, now: datetime) -> None:
    """And what is not there becomes nothing."""
    store = WorkloadStore(database)
    added = store.add(ANN, DEV, "box", now)
    store.become("elsewhere", added.machine, FIRST)
    store.become("box", "nothing", FIRST)
    assert store.find(ANN, "dev") == added


def test_what_can_still_be_wanted_is_known(database: Database, now: datetime) -> None:
    """Digests of what workloads are and were, of every owner, of this node alone."""
    store = WorkloadStore(database)
    ann, bob = store.add(ANN, DEV, "box", now), store.add(BOB, DEV, "box", now)
    there = store.add(ANN, ContainerSpec(name="web"), "elsewhere", now)
    store.become("box", ann.machine, FIRST)
    store.become("box", ann.machine, SECOND)
    store.become("box", bob.machine, Generation(spec=DEV, digest="cc"))
    store.become("elsewhere", there.machine, Generation(spec=there.spec, digest="dd"))
    assert store.digests("box") == {"aa", "bb", "cc"}
    store.remove("box", ann.machine)
    assert store.digests("box") == {"cc"}
