from datetime import datetime, timedelta

import pytest

from agent.core.errors import InvalidRequest, Problem
from agent.core.operation import Loss, OperationKind, OperationState, Plan, Progress, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Generation, Workload
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

ANN = Owner("ann")
ASKED = Request(channel="console", conversation="console:ann", words="create dev")
PLAN = Plan(summary="Destroy dev.", losses=(Loss(what="workspace", amount=5, unit="bytes"),))


@pytest.fixture
def workload(database: Database, now: datetime) -> Workload:
    """A workload to change."""
    return WorkloadStore(database).add(ANN, ContainerSpec(name="dev"), "box", now)


def test_an_operation_comes_back_as_it_was_entered(
    database: Database, workload: Workload, now: datetime
) -> None:
    """Who, what, where, in which words and when survive the database."""
    store = OperationStore(database)
    added = store.add(workload, OperationKind.CREATE, ASKED, now)
    assert store.get(added.id) == added
    assert (added.owner, added.node, added.machine, added.request) == ("ann", "box", workload.machine, ASKED)
    assert (added.state, added.created_at) == (OperationState.QUEUED, now)


def test_an_operation_with_a_plan_waits_for_a_person(
    database: Database, workload: Workload, now: datetime
) -> None:
    """It is proposed, and nothing takes it for ready."""
    store = OperationStore(database)
    added = store.add(workload, OperationKind.DESTROY, ASKED, now, PLAN)
    assert (added.state, added.plan) == (OperationState.PROPOSED, PLAN)
    assert store.ready("box") == {}


def test_a_move_that_may_not_be_changes_nothing(
    database: Database, workload: Workload, now: datetime
) -> None:
    """A proposed operation does not run without an answer."""
    store = OperationStore(database)
    added = store.add(workload, OperationKind.DESTROY, ASKED, now, PLAN)
    with pytest.raises(InvalidRequest, match="proposed"):
        store.move(added.id, OperationState.RUNNING, now)
    assert store.get(added.id) == added


def test_the_way_of_an_operation_is_timed(database: Database, workload: Workload, now: datetime) -> None:
    """Start, end and the cause of failure are kept."""
    store = OperationStore(database)
    number = store.add(workload, OperationKind.START, ASKED, now).id
    store.move(number, OperationState.RUNNING, now + timedelta(seconds=1), steps=2)
    store.report(number, 1, Progress(label="starting", done=1, total=3))
    store.claim(number, ["tank/a"])
    running = store.get(number)
    assert running is not None
    assert (running.steps, running.step, running.progress.total, running.claims) == (2, 1, 3, ("tank/a",))
    problem = Problem("failed", "CommandFailed", "zfs failed.")
    failed = store.move(number, OperationState.FAILED, now + timedelta(seconds=9), problem=problem)
    assert failed.problem == problem
    assert failed.started_at is not None
    assert failed.ended_at is not None
    assert (failed.ended_at - failed.started_at).total_seconds() == 8


def test_operations_on_one_workload_run_one_after_another(
    database: Database, workload: Workload, now: datetime
) -> None:
    """Only the oldest is ready until it has ended; other workloads do not wait."""
    store = OperationStore(database)
    other = WorkloadStore(database).add(ANN, ContainerSpec(name="web"), "box", now)
    first = store.add(workload, OperationKind.STOP, ASKED, now)
    second = store.add(workload, OperationKind.START, ASKED, now)
    elsewhere = store.add(other, OperationKind.START, ASKED, now)
    assert list(store.ready("box")) == [first.id, elsewhere.id]
    store.move(first.id, OperationState.RUNNING, now)
    assert list(store.ready("box")) == [first.id, elsewhere.id]
    store.move(first.id, OperationState.DONE, now)
    assert list(store.ready("box")) == [second.id, elsewhere.id]


def test_an_owner_sees_the_newest_first(database: Database, workload: Workload, now: datetime) -> None:
    """The list is cut at the limit, and another owner's is empty."""
    store = OperationStore(database)
    numbers = [store.add(workload, OperationKind.START, ASKED, now).id for _ in range(3)]
    assert [one.id for one in store.of_owner(ANN, 2)] == numbers[:0:-1]
    assert store.of_owner(Owner("bob"), 9) == []


OPTED = ContainerSpec(name="dev", modules=("git",), options={"git": {"name": "Ann"}})


def test_what_is_to_be_made_comes_back(database: Database, workload: Workload, now: datetime) -> None:
    """The target of an operation survives the database, and there need be none."""
    store = OperationStore(database)
    target = Generation(spec=OPTED, digest="aa", system="/nix/store/x")
    added = store.add(workload, OperationKind.ROLLBACK, ASKED, now, target=target)
    assert added.target == target
    assert store.get(added.id) == added
    assert store.add(workload, OperationKind.STOP, ASKED, now).target is None


def test_what_is_under_way_is_known(database: Database, workload: Workload, now: datetime) -> None:
    """What waits and what runs, on this node; what has ended or makes nothing is not among it."""
    store = OperationStore(database)
    first, second = Generation(spec=OPTED), Generation(spec=ContainerSpec(name="dev"))
    ended = store.add(workload, OperationKind.CREATE, ASKED, now, target=Generation(spec=OPTED, digest="aa"))
    store.move(ended.id, OperationState.RUNNING, now)
    store.move(ended.id, OperationState.DONE, now)
    running = store.add(workload, OperationKind.UPDATE, ASKED, now, target=first)
    store.move(running.id, OperationState.RUNNING, now)
    store.add(workload, OperationKind.UPDATE, ASKED, now, target=second)
    store.add(workload, OperationKind.STOP, ASKED, now)
    assert sorted(store.under_way("box"), key=lambda one: len(one.spec.modules)) == [second, first]
    assert store.under_way("elsewhere") == []


def test_what_was_asked_for_outlives_its_containers(
    database: Database, workload: Workload, now: datetime
) -> None:
    """The specs of everything that was ever created, the newest first; updates are not among them."""
    store = OperationStore(database)
    store.add(workload, OperationKind.CREATE, ASKED, now)  # of before there were targets
    store.add(workload, OperationKind.CREATE, ASKED, now, target=Generation(spec=workload.spec))
    store.add(workload, OperationKind.UPDATE, ASKED, now, target=Generation(spec=OPTED))
    store.add(workload, OperationKind.CREATE, ASKED, now, target=Generation(spec=OPTED))
    WorkloadStore(database).remove("box", workload.machine)
    assert store.asked_for("box") == [OPTED, workload.spec]
    assert store.asked_for("elsewhere") == []


def test_the_same_request_again_is_the_same_operation(
    database: Database, workload: Workload, now: datetime
) -> None:
    """What is handled again after a crash enters nothing new; another part of it does."""
    store = OperationStore(database)
    asked = Request(channel="telegram", key="tg:9:1")
    first = store.add(workload, OperationKind.START, asked.part("a"), now)
    store.move(first.id, OperationState.RUNNING, now)
    assert store.add(workload, OperationKind.START, asked.part("a"), now) == store.get(first.id)
    assert store.add(workload, OperationKind.START, asked.part("b"), now).id != first.id
    long = [store.add(workload, OperationKind.START, asked.part("c" * 5000), now) for _ in range(2)]
    assert long[0] == long[1] != first
    assert store.add(workload, OperationKind.START, ASKED.part("a"), now) != store.add(
        workload, OperationKind.START, ASKED.part("a"), now
    )
