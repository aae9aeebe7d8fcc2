import pytest

from agent.app import App
from agent.core.errors import (
    InvalidRequest,
    NameInUse,
    NoSpace,
    NotRunning,
    Refusal,
    UnknownModule,
    UnknownWorkload,
)
from agent.core.operation import OperationState
from agent.core.workload import ContainerSpec, WorkloadState
from agent.host.simulated import Fault, SimulatedNode
from agent.services.node_work import MIB
from tests.services.conftest import ANN, ASKED, BOB, made

DEV = ContainerSpec(name="dev", modules=("git", "fish"))


def test_a_container_that_was_asked_for_runs(app: App) -> None:
    """It has an address, its modules, and it runs commands."""
    assert made(app).state is OperationState.DONE
    [dev] = app.services.workloads.list(ANN)
    assert (dev.name, dev.state, dev.spec.modules) == ("dev", WorkloadState.RUNNING, ("fish", "git"))
    assert dev.addresses
    assert app.services.workloads.exec(ANN, "dev", ["git", "--version"], request=ASKED).stdout.startswith(
        "git version"
    )


def test_it_can_be_stopped_started_and_restarted(app: App) -> None:
    """Each ends as the state says, and a command needs it running."""
    made(app)
    workloads, operations = app.services.workloads, app.services.operations
    operations.wait(ANN, workloads.stop(ANN, "dev", ASKED).id, 30)
    assert workloads.list(ANN)[0].state is WorkloadState.STOPPED
    with pytest.raises(NotRunning, match="Start dev first"):
        workloads.exec(ANN, "dev", ["true"], request=ASKED)
    operations.wait(ANN, workloads.start(ANN, "dev", ASKED).id, 30)
    assert workloads.list(ANN)[0].state is WorkloadState.RUNNING
    assert operations.wait(ANN, workloads.restart(ANN, "dev", ASKED).id, 30).state is OperationState.DONE


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        (ContainerSpec(name="dev", modules=("gti",)), UnknownModule),
        (ContainerSpec.model_construct(version=1, name="dev", modules=("git",) * 17), InvalidRequest),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_changed(
    app: App, node: SimulatedNode, spec: ContainerSpec, error: type[Refusal]
) -> None:
    """No row, no operation, no command on the node."""
    with pytest.raises(error):
        app.services.workloads.create(ANN, spec, ASKED)
    assert app.services.workloads.list(ANN) == []
    assert app.services.operations.list(ANN) == []
    assert node.commands == []


def test_a_name_that_is_in_use_is_refused(app: App) -> None:
    """The first one stays as it is, and no operation is entered."""
    made(app)
    with pytest.raises(NameInUse):
        app.services.workloads.create(ANN, DEV, ASKED)
    assert len(app.services.operations.list(ANN)) == 1


def test_a_full_pool_is_refused_with_numbers(app: App, node: SimulatedNode) -> None:
    """Before anything is made."""
    made(app)
    room = 20 * 1024 * MIB
    workspace = next(name for name in node.world.datasets if name.endswith("/workspace"))
    node.world.datasets[workspace].written = room - 900 * MIB
    with pytest.raises(NoSpace, match=r"\d+\.\d MiB of 20.0 GiB are free"):
        app.services.workloads.create(ANN, ContainerSpec(name="web"), ASKED)
    assert [one.name for one in app.services.workloads.list(ANN)] == ["dev"]


def test_another_owners_container_is_unknown(app: App) -> None:
    """Every verb answers alike, and the answer does not say that it exists."""
    made(app)
    workloads = app.services.workloads
    for ask in (
        lambda: workloads.status(BOB, "dev"),
        lambda: workloads.start(BOB, "dev", ASKED),
        lambda: workloads.stop(BOB, "dev", ASKED),
        lambda: workloads.restart(BOB, "dev", ASKED),
        lambda: workloads.destroy(BOB, "dev", ASKED),
        lambda: workloads.logs(BOB, "dev"),
        lambda: workloads.exec(BOB, "dev", ["id"], request=ASKED),
    ):
        with pytest.raises(UnknownWorkload, match="You have none yet"):
            ask()
    assert workloads.list(BOB) == []


def test_two_people_may_both_have_dev(app: App) -> None:
    """Each has a machine and a range of user ids of their own."""
    made(app)
    assert made(app, owner=BOB).state is OperationState.DONE
    [ann], [bob] = app.services.workloads.list(ANN), app.services.workloads.list(BOB)
    assert ann.machine != bob.machine


def test_the_status_counts_what_is_used(app: App, node: SimulatedNode) -> None:
    """Quota and use of both datasets, and the newest operation."""
    created = made(app)
    dataset = next(name for name in node.world.datasets if name.endswith("/workspace"))
    node.grow(dataset, 7 * MIB)
    status = app.services.workloads.status(ANN, "dev")
    assert status.workspace is not None
    assert status.workspace.used >= 7 * MIB
    assert status.whole is not None
    assert status.whole.quota == 20 << 30
    assert status.last_operation == created


def test_a_storage_that_does_not_answer_is_not_taken_for_none(app: App, node: SimulatedNode) -> None:
    """The status says that it does not know, and nothing is destroyed on that."""
    made(app)
    node.faults.append(Fault("^zfs list", stderr="cannot open /dev/zfs: Permission denied", times=None))
    status = app.services.workloads.status(ANN, "dev")
    assert (status.root, status.workspace) == (None, None)


@pytest.mark.parametrize("argv", [[], [""], ["a\0b"]])
def test_no_command_is_refused(app: App, argv: list[str]) -> None:
    """Nothing to run, or nothing that can be."""
    made(app)
    with pytest.raises(InvalidRequest):
        app.services.workloads.exec(ANN, "dev", argv, request=ASKED)
