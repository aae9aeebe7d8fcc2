"""Operations that meet trouble: they end, they resume, they take away only what they made."""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.errors import HostFailure
from agent.core.operation import Operation, OperationState
from agent.core.workload import ContainerSpec, WorkloadState
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.store.operations import OperationStore
from tests.services.conftest import ANN, ASKED, BOB, made


def until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("match", "stderr", "code", "kind"),
    [
        ("unshare", "E: Failed to fetch http://deb/x  Could not connect", "MirrorUnreachable", "failed"),
        ("unshare", "E: Unable to locate package git", "BuildFailed", "failed"),
        ("^zfs clone", "cannot create: out of space", "NoSpace", "refused"),
        ("^zfs create", "cannot create: I/O error", "CommandFailed", "failed"),
        ("^systemctl start", "Job failed.", "CommandFailed", "failed"),
    ],
)
def test_a_create_that_fails_says_why_and_leaves_nothing(  # noqa: PLR0913, PLR0917 - a table of cases
    app: App, node: SimulatedNode, match: str, stderr: str, code: str, kind: str
) -> None:
    """Whichever step it is: no container, no dataset of it, no file; and the next try goes well."""
    node.faults.append(Fault(match, stderr=stderr, times=20))
    failed = made(app)
    assert failed.state is OperationState.FAILED
    assert failed.problem is not None
    assert (failed.problem.code, failed.problem.kind) == (code, kind)
    assert app.services.workloads.list(ANN) == []
    assert not [name for name in (*node.world.datasets, *node.world.files) if failed.machine in name]
    node.faults.clear()
    assert made(app).state is OperationState.DONE


def test_storage_that_stood_before_is_left_alone(app: App, node: SimulatedNode) -> None:
    """A create that meets it fails, and does not take away what it did not make."""
    machine = made(app).machine
    proposed = app.services.workloads.destroy(ANN, "dev", ASKED)
    assert proposed.plan is not None
    app.services.operations.approve(ANN, proposed.id, proposed.plan.digest)
    app.services.operations.wait(ANN, proposed.id, 30)
    precious = f"tank/users/ann/workloads/{machine}"
    node.run(["zfs", "create", "-o", "mountpoint=none", precious])
    failed = made(app)
    assert failed.problem is not None
    assert failed.problem.code == "NameInUse"
    assert precious in node.world.datasets


def test_an_unmounted_dataset_is_not_taken_for_an_empty_folder(app: App, node: SimulatedNode) -> None:
    """The start is refused with the dataset's name, and the container stays stopped."""
    machine = made(app).machine
    workloads, operations = app.services.workloads, app.services.operations
    operations.wait(ANN, workloads.stop(ANN, "dev", ASKED).id, 30)
    workspace = f"tank/users/ann/workloads/{machine}/workspace"
    node.world.datasets[workspace].mounted = False
    failed = operations.wait(ANN, workloads.start(ANN, "dev", ASKED).id, 30)
    assert failed.problem is not None
    assert workspace in str(failed.problem)
    assert workloads.list(ANN)[0].state is WorkloadState.STOPPED


def test_leaving_in_the_middle_is_quick_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """A process that ends while its operation runs waits for nothing; the operation is resumed, once."""
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    with closing(App(loaded, SimulatedNode("box", pace=Pace(build=60, boot=0, lease=0, stop=0)))) as app:
        asked = app.services.workloads.create(ANN, ContainerSpec(name="dev", modules=("git",)), ASKED)
        operations = app.services.operations
        until(lambda: operations.wait(ANN, asked.id, 0.1).progress.label not in {"", "build"})
        before = time.monotonic()
    assert time.monotonic() - before < 10
    with closing(App(loaded, SimulatedNode("box", pace=Pace.instant()))) as again:
        assert again.services.operations.wait(ANN, asked.id, 30).state is OperationState.DONE
        assert len(again.services.operations.list(ANN)) == 1


def test_what_is_cancelled_before_it_begins_does_nothing(
    app: App, node: SimulatedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the moment when the worker takes it: not one step of it runs."""
    move = OperationStore.move

    def cancelled_first(
        store: OperationStore, number: int, to: OperationState, now: datetime, *, steps: int | None = None
    ) -> Operation:
        move(store, number, OperationState.CANCELLED, now)
        return move(store, number, to, now, steps=steps)

    monkeypatch.setattr(OperationStore, "move", cancelled_first)
    cancelled = made(app)
    monkeypatch.undo()
    assert (cancelled.state, cancelled.started_at) == (OperationState.CANCELLED, None)
    assert made(app, "next").state is OperationState.DONE
    operations = app.services.operations
    assert operations.get(ANN, cancelled.id) == cancelled
    assert not [name for name in (*node.world.datasets, *node.world.files) if cancelled.machine in name]


def test_a_worker_is_the_only_one_of_its_node(app: App, tmp_path: Path) -> None:
    """A second process waits for the first one's work instead of doing it too."""
    made(app)
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    with (
        closing(App(loaded, SimulatedNode("box"))) as second,
        pytest.raises(HostFailure, match="Another process"),
    ):
        second.run_worker()


def test_operations_on_different_containers_run_side_by_side(tmp_path: Path) -> None:
    """One slow build does not hold up another container."""
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    node = SimulatedNode("box", pace=Pace.instant())
    with closing(App(loaded, node)) as app:
        made(app)
        node.pace = Pace(build=60, boot=0, lease=0, stop=0)
        slow = app.services.workloads.create(ANN, ContainerSpec(name="slow", modules=("node",)), ASKED)
        quick = app.services.workloads.restart(ANN, "dev", ASKED)
        assert app.services.operations.wait(ANN, quick.id, 30).state is OperationState.DONE
        assert not app.services.operations.get(ANN, slow.id).state.ended


def test_the_observer_sees_what_nobody_asked_for(app: App, node: SimulatedNode) -> None:
    """A container that goes down by itself is shown as stopped, without its address."""
    machine = made(app).machine
    node.run(["systemctl", "stop", f"systemd-nspawn@{machine}.service"])
    until(lambda: app.services.workloads.list(ANN)[0].state is WorkloadState.STOPPED)
    assert app.services.workloads.list(ANN)[0].addresses == ()


def test_a_simulation_works_where_a_service_does_the_real_work(tmp_path: Path) -> None:
    """On a machine whose settings leave operations to a service, which knows nothing of the simulation."""
    loaded = settings.load(simulate=True, embedded_worker=False, state_dir=tmp_path, node_name="box")
    with closing(App(loaded, SimulatedNode("box", pace=Pace.instant()))) as app:
        assert made(app).state is OperationState.DONE


def test_two_who_want_the_same_image_get_one(tmp_path: Path) -> None:
    """It is built once; the second operation waits for the first one's and uses it."""
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    node = SimulatedNode("box", pace=Pace(build=1, boot=0, lease=0, stop=0))
    with closing(App(loaded, node)) as app:
        spec = ContainerSpec(name="dev", modules=("git",))
        asked = [(owner, app.services.workloads.create(owner, spec, ASKED).id) for owner in (ANN, BOB)]
        for owner, number in asked:
            ended = app.services.operations.wait(owner, number, 30)
            assert ended.state is OperationState.DONE, ended.problem
    assert sum(command[0] == "unshare" for command in node.commands) == 1


def test_operations_run_on_either_database(database_url: str, tmp_path: Path) -> None:
    """On PostgreSQL the engine keeps its own tables beside the product's."""
    loaded = settings.load(state_dir=tmp_path, node_name="box", database_url=database_url)
    with closing(App(loaded, SimulatedNode("box", pace=Pace.instant()))) as app:
        assert made(app).state is OperationState.DONE
        assert app.services.workloads.list(ANN)[0].state is WorkloadState.RUNNING
