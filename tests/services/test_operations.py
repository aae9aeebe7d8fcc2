"""The gate: what a person has to agree to, and how nothing goes past it."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.app import App
from agent.core.errors import InvalidRequest, PlanChanged, UnknownOperation, UnknownWorkload, WorkerAbsent
from agent.core.operation import Operation, OperationKind, OperationState, Plan
from agent.core.storage import Schedule
from agent.core.workload import ContainerSpec
from agent.host.simulated import SimulatedNode
from agent.services import operations as module
from tests.services.conftest import ANN, ASKED, BOB, made

MIB = 1 << 20


def proposed(app: App) -> tuple[Operation, Plan]:
    """A destroy that waits for an answer, and its plan."""
    made(app)
    operation = app.services.workloads.destroy(ANN, "dev", ASKED)
    assert operation.plan is not None
    return operation, operation.plan


def workspace(node: SimulatedNode) -> str:
    """The dataset of the container's /workspace."""
    return next(name for name in node.world.datasets if name.endswith("/workspace"))


def test_a_destroy_waits_for_a_person(app: App) -> None:
    """It is proposed with what would be lost, and waiting for it changes nothing."""
    operation, plan = proposed(app)
    assert app.services.operations.wait(ANN, operation.id, 5).state is OperationState.PROPOSED
    assert {loss.what for loss in plan.losses} == {"workspace", "root", "snapshots", "last change"}
    (changed,) = [loss for loss in plan.losses if loss.unit == "moment"]
    assert timedelta(0) <= datetime.now(UTC) - changed.at < timedelta(minutes=20)
    assert app.services.operations.waiting(ANN, ASKED.conversation) == [operation]
    assert app.services.operations.waiting(ANN, "another chat") == []
    assert app.services.workloads.list(ANN)[0].state == "running"


def test_it_happens_when_the_person_agrees_to_what_was_shown(app: App, node: SimulatedNode) -> None:
    """Afterwards nothing of it is left on the node but what is in the trash."""
    operation, plan = proposed(app)
    machine = app.services.workloads.list(ANN)[0].machine
    app.services.operations.approve(ANN, operation.id, plan.digest)
    assert app.services.operations.wait(ANN, operation.id, 30).state is OperationState.DONE
    assert app.services.workloads.list(ANN) == []
    left = [name for name in (*node.world.datasets, *node.world.files) if machine in name]
    assert left
    assert all(name.startswith(f"tank/users/ann/trash/{operation.id}-") for name in left)


def test_it_does_not_happen_when_the_person_refuses(app: App) -> None:
    """Denied is an end: agreeing afterwards is too late."""
    operation, plan = proposed(app)
    assert app.services.operations.deny(ANN, operation.id).state is OperationState.DENIED
    with pytest.raises(InvalidRequest, match="denied"):
        app.services.operations.approve(ANN, operation.id, plan.digest)
    assert app.services.workloads.list(ANN)[0].state == "running"


def test_an_answer_counts_for_the_plan_that_was_shown_only(app: App, node: SimulatedNode) -> None:
    """When more would be lost than was shown, the person is asked again, with the new plan."""
    operation, shown = proposed(app)
    node.grow(workspace(node), 50 * MIB)
    with pytest.raises(PlanChanged):
        app.services.operations.approve(ANN, operation.id, shown.digest)
    again = app.services.operations.get(ANN, operation.id)
    assert again.state is OperationState.PROPOSED
    assert again.plan is not None
    assert again.plan.digest != shown.digest
    app.services.operations.approve(ANN, operation.id, again.plan.digest)


def test_a_few_lines_of_journal_do_not_change_a_plan(app: App, node: SimulatedNode) -> None:
    """A running container writes all the time, and must still be destroyable."""
    operation, plan = proposed(app)
    root = next(name for name in node.world.datasets if name.endswith("/root"))
    node.grow(root, 4096)
    app.services.operations.approve(ANN, operation.id, plan.digest)


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_a_wrong_digest_is_no_agreement(app: App, digest: str) -> None:
    """Not even when the plan has not changed."""
    operation, _ = proposed(app)
    with pytest.raises(PlanChanged):
        app.services.operations.approve(ANN, operation.id, digest)
    assert app.services.operations.get(ANN, operation.id).state is OperationState.PROPOSED


def test_another_person_cannot_answer(app: App) -> None:
    """Neither yes nor no, and it looks as if there were no such operation."""
    operation, plan = proposed(app)
    with pytest.raises(UnknownOperation):
        app.services.operations.approve(BOB, operation.id, plan.digest)
    with pytest.raises(UnknownOperation):
        app.services.operations.deny(BOB, operation.id)


def test_a_gated_kind_cannot_be_entered_without_its_plan(app: App) -> None:
    """The one door makes the plan itself: nobody can leave it out, or bring another."""
    made(app)
    workload = app.services.workloads.find(ANN, "dev")
    operation = app.services.operations.submit(workload, OperationKind.DESTROY, ASKED)
    assert operation.state is OperationState.PROPOSED
    assert operation.plan is not None


def test_a_container_that_is_gone_cannot_be_destroyed_again(app: App) -> None:
    """The second of two proposals finds nothing to agree to."""
    first, plan = proposed(app)
    second = app.services.workloads.destroy(ANN, "dev", ASKED)
    app.services.operations.approve(ANN, first.id, plan.digest)
    app.services.operations.wait(ANN, first.id, 30)
    with pytest.raises(UnknownWorkload):
        app.services.operations.approve(ANN, second.id, plan.digest)


def test_without_a_worker_the_person_is_told(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to start one, and the operation stays."""
    monkeypatch.setattr(module, "WORKER_SILENCE", module.WORKER_SILENCE * 0)
    monkeypatch.setattr(app.services.operations, "_ensure_worker", lambda: None)
    operation = app.services.workloads.create(ANN, ContainerSpec(name="dev"), ASKED)
    with pytest.raises(WorkerAbsent, match="voxnix worker"):
        app.services.operations.wait(ANN, operation.id)
    assert app.services.operations.get(ANN, operation.id).state is OperationState.QUEUED


def test_patience_ends_a_wait_and_not_the_operation(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is the operation as it stands."""
    monkeypatch.setattr(app.services.operations, "_ensure_worker", lambda: None)
    operation = app.services.workloads.create(ANN, ContainerSpec(name="dev"), ASKED)
    assert app.services.operations.wait(ANN, operation.id, 0).state is OperationState.QUEUED


@pytest.mark.parametrize(
    "verb", ["create", "start", "stop", "restart", "update", "roll back", "snapshot", "schedule"]
)
def test_the_same_request_is_answered_alike_however_things_stand_by_then(app: App, verb: str) -> None:
    """With the operation that it was, and not with why it could not be asked for now."""
    workloads, storage = app.services.workloads, app.services.storage
    keyed = ASKED.model_copy(update={"key": "tg:9:1/call-1"})
    dev, other = (ContainerSpec(name="dev", modules=modules) for modules in (("git",), ("fish",)))
    ask = {
        "create": lambda: workloads.create(ANN, dev, keyed),
        "start": lambda: workloads.start(ANN, "dev", keyed),
        "stop": lambda: workloads.stop(ANN, "dev", keyed),
        "restart": lambda: workloads.restart(ANN, "dev", keyed),
        "update": lambda: workloads.update(ANN, other, keyed),
        "roll back": lambda: workloads.roll_back(ANN, "dev", keyed),
        "snapshot": lambda: storage.snapshot(ANN, "dev", keyed),
        "schedule": lambda: storage.schedule(ANN, "dev", Schedule(hourly=1), keyed),
    }
    if verb != "create":
        made(app)
    if verb == "roll back":
        done(app, workloads.update(ANN, other, ASKED))
    first = ask[verb]()
    assert ask[verb]().id == first.id
    done(app, first)
    assert ask[verb]().id == first.id
    done(app, workloads.destroy(ANN, "dev", ASKED))
    assert ask[verb]().id == first.id


def done(app: App, operation: Operation) -> None:
    """Agree to an operation, and have it done."""
    if operation.plan is not None:
        app.services.operations.approve(ANN, operation.id, operation.plan.digest)
    assert app.services.operations.wait(ANN, operation.id, 30).state is OperationState.DONE
