"""Operations that meet trouble: they end, they resume, they take away only what they made."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import update

from agent import settings
from agent.app import App
from agent.core.errors import HostFailure, InvalidRequest, UnknownWorkload
from agent.core.operation import Operation, OperationKind, OperationState
from agent.core.workload import ContainerSpec, WorkloadState
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.services import engine
from agent.services.execution import Execution
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.schema import operations
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
    with pytest.raises(HostFailure, match=workspace):
        workloads.start(ANN, "dev", ASKED)
    # Nor by its step, where that happened after it was asked for.
    asked = operations.submit(workloads.find(ANN, "dev"), OperationKind.START, ASKED)
    failed = operations.wait(ANN, asked.id, 30)
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


def test_what_the_engine_forgot_is_brought_to_its_end(tmp_path: Path) -> None:
    """Its database is lost in the middle of an operation: the row decides, and the operation begins again."""
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    with closing(App(loaded, SimulatedNode("box", pace=Pace(build=60, boot=0, lease=0, stop=0)))) as app:
        asked = app.services.workloads.create(ANN, ContainerSpec(name="dev", modules=("git",)), ASKED)
        until(lambda: app.services.operations.wait(ANN, asked.id, 0.1).progress.label not in {"", "build"})
    for file in tmp_path.glob("engine.db*"):
        file.unlink()
    with closing(App(loaded, SimulatedNode("box", pace=Pace.instant()))) as again:
        assert again.services.operations.get(ANN, asked.id).state is OperationState.RUNNING
        assert again.services.operations.wait(ANN, asked.id, 30).state is OperationState.DONE


@pytest.mark.parametrize("state", [OperationState.QUEUED, OperationState.RUNNING])
def test_what_the_engine_takes_for_done_and_is_not_runs_again(
    database_url: str, tmp_path: Path, state: OperationState
) -> None:
    """As where the product's database was restored from a backup, and numbers are given a second time."""
    loaded = settings.load(state_dir=tmp_path, node_name="box", database_url=database_url)
    with closing(App(loaded, SimulatedNode("box", pace=Pace.instant()))) as app:
        made(app)
        number = app.services.workloads.stop(ANN, "dev", ASKED).id
        assert app.services.operations.wait(ANN, number, 30).state is OperationState.DONE
        with closing(Database(database_url)) as database, database.write() as connection:
            row = update(operations).where(operations.c.id == number)
            connection.execute(row.values(state=state.value, found=[], ended_at=None))
        again = app.services.operations.wait(ANN, number, 30)
        assert (again.state, again.found) == (OperationState.DONE, ("It was stopped.",))


def broken(monkeypatch: pytest.MonkeyPatch, times: float) -> None:
    """Have the end of an operation not be written down so often, and what is lost be found at once."""
    left, end = [times], Execution.end

    def failing(run: Execution, number: int, problem: dict[str, object] | None, why: str) -> None:
        if threading.current_thread().name != "voxnix-dispatcher":
            left[0] -= 1
            if left[0] >= 0:
                raise OSError("no space left on device")
        end(run, number, problem, why)

    monkeypatch.setattr(Execution, "end", failing)
    monkeypatch.setattr(engine, "LOST", 0.0)
    monkeypatch.setattr(engine, "HEARTBEAT", 0.05)


def test_what_is_lost_on_the_way_begins_again(
    app: App, node: SimulatedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps meet what they made before and say so; nothing is made twice."""
    broken(monkeypatch, 1)
    done = made(app)
    assert done.state is OperationState.DONE
    storage = f"The data set tank/users/ann/workloads/{done.machine}"
    assert f"{storage} was made; its quota is set." in done.found
    assert f"{storage} exists already; its quota is set." in done.found
    workspaces = [words for words in node.commands if words[-1].endswith(f"{done.machine}/workspace")]
    assert sum(words[1] == "create" for words in workspaces) == 1


@pytest.mark.parametrize("times", [engine.ATTEMPTS - 1, float("inf")])
def test_what_is_lost_again_and_again_is_given_up(
    app: App, node: SimulatedNode, monkeypatch: pytest.MonkeyPatch, times: float
) -> None:
    """It is taken back, where that can be written down, and ends in any case."""
    broken(monkeypatch, times)
    failed = made(app)
    assert failed.state is OperationState.FAILED
    assert failed.problem is not None
    assert "lost it 3 times" in failed.problem.why
    assert app.services.workloads.list(ANN) == []
    assert not [name for name in (*node.world.datasets, *node.world.files) if failed.machine in name]


def test_two_on_one_container_run_one_after_another(tmp_path: Path) -> None:
    """In the order of asking: the second begins when the first one has ended."""
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box")
    node = SimulatedNode("box", pace=Pace(build=0, boot=0.1, lease=0, stop=0.1))
    with closing(App(loaded, node)) as app:
        made(app)
        workloads = app.services.workloads
        asked = [ask(ANN, "dev", ASKED) for ask in (workloads.restart, workloads.stop, workloads.start)]
        ended = [app.services.operations.wait(ANN, one.id, 30) for one in asked]
    assert [one.state for one in ended] == [OperationState.DONE] * 3
    for first, second in pairwise(ended):
        assert first.ended_at is not None
        assert second.started_at is not None
        assert first.ended_at <= second.started_at


def test_the_same_request_twice_is_one_operation(app: App, node: SimulatedNode) -> None:
    """A chat message that arrives again, and a button that is tapped twice."""
    made(app)
    said = ASKED.model_copy(update={"key": "tg:9:1/call-1"})
    asked = [app.services.workloads.restart(ANN, "dev", said) for _ in range(2)]
    assert asked[0].id == asked[1].id
    app.services.operations.wait(ANN, asked[0].id, 30)
    assert app.services.workloads.restart(ANN, "dev", said).state is OperationState.DONE
    proposed = app.services.workloads.destroy(ANN, "dev", ASKED)
    assert proposed.plan is not None
    app.services.operations.approve(ANN, proposed.id, proposed.plan.digest)
    with pytest.raises((InvalidRequest, UnknownWorkload)):
        app.services.operations.approve(ANN, proposed.id, proposed.plan.digest)
    app.services.operations.wait(ANN, proposed.id, 30)
    assert [one.kind for one in app.services.operations.list(ANN)] == [
        *(OperationKind.DESTROY, OperationKind.RESTART, OperationKind.CREATE)
    ]
    assert sum(words[:2] == ("systemctl", "start") for words in node.commands) == 2


def test_so_many_build_at_a_time_as_the_machine_has_room_for(tmp_path: Path) -> None:
    """What builds waits for what builds, and what does not build waits for neither."""
    loaded = settings.load(simulate=True, state_dir=tmp_path, node_name="box", builds=1)
    node = SimulatedNode("box", pace=Pace.instant())
    with closing(App(loaded, node)) as app:
        made(app)
        node.pace = Pace(build=60, boot=0, lease=0, stop=0)
        first, second = (
            app.services.workloads.create(ANN, ContainerSpec(name=name, modules=(module,)), ASKED).id
            for name, module in (("one", "node"), ("two", "python"))
        )
        operations = app.services.operations
        operations.ensure_worker()
        until(lambda: operations.get(ANN, first).state is OperationState.RUNNING)
        for ask in (app.services.workloads.stop, app.services.workloads.start):
            assert operations.wait(ANN, ask(ANN, "dev", ASKED).id, 30).state is OperationState.DONE
        assert operations.get(ANN, second).state is OperationState.QUEUED
        operations.cancel(ANN, first)
        until(lambda: operations.get(ANN, second).state is OperationState.RUNNING)


@pytest.mark.parametrize(
    ("cores", "gibibytes", "builds"), [(1, 1, 1), (2, 4, 2), (8, 4, 2), (2, 64, 2), (8, 16, 8), (4, 7, 3)]
)
def test_a_build_has_a_core_and_two_gibibytes(cores: int, gibibytes: int, builds: int) -> None:
    """And one may run on the smallest machine."""
    assert engine.builds_of(cores, gibibytes << 30) == builds


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
