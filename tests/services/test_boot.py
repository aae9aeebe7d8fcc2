"""What runs after a reboot of the node: what was to run before it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from agent import settings
from agent.app import App
from agent.core.errors import HostFailure
from agent.core.operation import WORKER, Operation, OperationKind, OperationState
from agent.core.workload import ContainerSpec, WorkloadState
from agent.host.node import BOOT_ID
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.services.boot import Boot
from agent.store.nodes import NodeStore
from agent.store.notices import NoticeStore
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore
from tests.contract.place import until
from tests.services.conftest import ANN, ASKED, made


class Box:
    """A machine with the product, whose worker comes and goes, and that is switched off and on.

    Args:
        folder: for its state.
        url: of its database.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.settings = settings.load(state_dir=folder, node_name="box", database_url=url)
        self.node = SimulatedNode("box", pace=Pace.instant())

    def open(self) -> App:
        """The product, after the worker before has ended."""
        again = SimulatedNode("box", pace=self.node.pace)
        again.world, self.node = self.node.world, again
        return App(self.settings, again)

    def worked(self, app: App) -> list[tuple[str, str, OperationState]]:
        """What the worker entered by itself, once it has dealt with this boot and all has ended."""
        app.services.operations.ensure_worker()
        boot = (self.node.read(BOOT_ID) or "").strip()
        until(lambda: app._nodes.boot("box") == boot)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        until(lambda: all(one.state.ended for one in app.services.operations.list(ANN)))
        return [
            (one.kind.value, one.workload, one.state)
            for one in reversed(app.services.operations.list(ANN))
            if one.request.channel == WORKER
        ]

    def runs(self, machine: str) -> bool:
        """Whether a container runs."""
        return self.node.world.units[machine].active


@pytest.fixture
def box(tmp_path: Path, database_url: str) -> Box:
    """A machine, with a database of each kind."""
    return Box(tmp_path, database_url)


def ended(app: App, operation: Operation) -> Operation:
    """An operation at its end."""
    return app.services.operations.wait(ANN, operation.id, 30)


def test_after_a_reboot_what_ran_runs_and_what_was_stopped_does_not(box: Box) -> None:
    """Each start is an operation of its own, with a reason in the place of somebody's words; once a boot."""
    with closing(box.open()) as app:
        runs, rests = made(app, "runs").machine, made(app, "rests").machine
        ended(app, app.services.workloads.stop(ANN, "rests", ASKED))
        assert box.worked(app) == []
    box.node.reboot()
    assert not box.runs(runs)
    with closing(box.open()) as app:
        assert box.worked(app) == [("start", "runs", OperationState.DONE)]
        (start,) = [one for one in app.services.operations.list(ANN) if one.request.channel == WORKER]
        assert start.request.words == "The node was restarted."
        assert (box.runs(runs), box.runs(rests)) == (True, False)
    with closing(box.open()) as app:  # the worker alone, and then the whole machine again
        assert len(box.worked(app)) == 1
    box.node.reboot()
    with closing(box.open()) as app:
        assert len(box.worked(app)) == 2


def test_without_a_reboot_nothing_is_started(box: Box) -> None:
    """What crashed while no worker ran is told as a crash, and waits for a person."""
    with closing(box.open()) as app:
        machine = made(app).machine
        assert box.worked(app) == []
    box.node.world.units[machine].active = False
    with closing(box.open()) as app:
        assert box.worked(app) == []
        assert not box.runs(machine)


def test_what_crashed_before_the_reboot_was_to_run(box: Box) -> None:
    """Nobody stopped it, so it is tried again."""
    with closing(box.open()) as app:
        machine = made(app).machine
        box.worked(app)
    unit = box.node.world.units[machine]
    unit.active, unit.failed = False, True
    box.node.reboot()
    with closing(box.open()) as app:
        assert box.worked(app) == [("start", "dev", OperationState.DONE)]


@pytest.mark.parametrize("kind", [OperationKind.STOP, OperationKind.START, OperationKind.DESTROY])
def test_what_was_being_changed_is_brought_to_its_end_first(box: Box, kind: OperationKind) -> None:
    """A stop that the reboot interrupted stays a stop; what a start or a destroy brings is left to it."""
    with closing(box.open()) as app:
        machine = made(app).machine
        box.worked(app)
        workloads, operations = app.services.workloads, app.services.operations
        if kind is OperationKind.START:
            ended(app, workloads.stop(ANN, "dev", ASKED))
        box.node.faults.append(Fault("^systemctl (start|stop)", hangs=True))
        box.node.pace = Pace(boot=0, lease=0, stop=0)
        if kind is OperationKind.DESTROY:
            asked = workloads.destroy(ANN, "dev", ASKED)
            assert asked.plan is not None
            operations.approve(ANN, asked.id, asked.plan.digest)
        else:
            asked = (workloads.stop if kind is OperationKind.STOP else workloads.start)(ANN, "dev", ASKED)
        until(lambda: not box.node.faults[0].times)
    box.node.reboot()
    with closing(box.open()) as app:
        assert box.worked(app) == []
        assert app.services.operations.get(ANN, asked.id).state is OperationState.DONE
        assert box.runs(machine) is (kind is OperationKind.START)


def test_what_cannot_be_started_says_so_and_is_not_tried_for_ever(box: Box) -> None:
    """The audit trail has why, and its owner is told, once: nobody waits for what nobody asked for."""
    with closing(box.open()) as app:
        machine = made(app).machine
        box.worked(app)
    box.node.reboot()
    box.node.world.datasets[f"tank/users/ann/workloads/{machine}/workspace"].mounted = False
    with closing(box.open()) as app:
        assert box.worked(app) == [("start", "dev", OperationState.FAILED)]
        notices, now = app.services.notices, app.services.chats.now()
        until(lambda: notices.due(now))
        (notice,) = notices.due(now)
        assert (notice.owner, notice.workload, notice.values["result"]) == ("ann", "dev", "reboot")
        assert notice.kind.actions[0] is OperationKind.START
        notices.delivered(notice.id, now)
    with closing(box.open()) as app:
        assert len(box.worked(app)) == 1
        assert app.services.notices.due(now) == []


WANTS: dict[str, tuple[bool, Callable[[App], Operation], bool]] = {
    "start": (False, lambda app: app.services.workloads.start(ANN, "dev", ASKED), True),
    "stop": (True, lambda app: app.services.workloads.stop(ANN, "dev", ASKED), False),
    "restart": (False, lambda app: app.services.workloads.restart(ANN, "dev", ASKED), True),
    "update": (
        False,
        lambda app: app.services.workloads.update(ANN, ContainerSpec(name="dev", modules=("zsh",)), ASKED),
        False,
    ),
}
"""What is asked for: whether the container is to run before it, and after it."""


@pytest.mark.parametrize("asked", WANTS)
def test_what_a_person_asked_for_last_is_what_is_wanted(app: App, asked: str) -> None:
    """A new container is to run; what changes something else leaves that as it is."""
    before, ask, after = WANTS[asked]
    made(app)
    assert app.services.workloads.find(ANN, "dev").wanted
    if not before:
        ended(app, app.services.workloads.stop(ANN, "dev", ASKED))
    assert app.services.workloads.find(ANN, "dev").wanted is before
    assert ended(app, ask(app)).state is OperationState.DONE
    assert app.services.workloads.find(ANN, "dev").wanted is after


@pytest.mark.parametrize("kind", ["start", "stop", "restart"])
def test_who_cancels_wants_what_was_wanted_before(app: App, node: SimulatedNode, kind: str) -> None:
    """As it runs, or rests, again, it is wanted again, or not."""
    before, ask, _ = WANTS[kind]
    made(app)
    if not before:
        ended(app, app.services.workloads.stop(ANN, "dev", ASKED))
    node.faults.append(Fault(f"^systemctl {'stop' if kind == 'stop' else 'start'}", hangs=True))
    operation = ask(app)
    until(lambda: app.services.workloads.find(ANN, "dev").wanted is not before)
    app.services.operations.cancel(ANN, operation.id)
    assert ended(app, operation).state is OperationState.CANCELLED
    assert app.services.workloads.find(ANN, "dev").wanted is before
    assert (app.services.workloads.list(ANN)[0].state is WorkloadState.RUNNING) is before


class Looked:
    """What is looked at without a worker, so that a test says when."""

    def __init__(self, app: App, node: SimulatedNode) -> None:
        self.node = node
        database = app._database  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        self.nodes, self.operations = NodeStore(database), OperationStore(database)
        runtime = app._guests.runtime  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        clock = app.services.chats.now
        workloads, notices = WorkloadStore(database), NoticeStore(database)
        self.boot = Boot(node, runtime, database, self.nodes, workloads, self.operations, notices, clock)


@pytest.mark.parametrize("match", ["boot", "^systemctl show"])
def test_of_what_the_node_does_not_tell_nothing_follows(
    app: App, node: SimulatedNode, monkeypatch: pytest.MonkeyPatch, match: str
) -> None:
    """Whether it is which boot this is or what runs: nothing is started, and it is asked again."""
    made(app)
    looked = Looked(app, node)
    until(lambda: looked.nodes.boot("box"))
    app.close()
    awake = SimulatedNode("box", pace=Pace.instant())
    awake.world = node.world
    awake.reboot()
    again = App(app.settings, awake)
    looked = Looked(again, awake)
    if match == "boot":
        unread: Callable[[str], None] = lambda _: None  # noqa: E731
        with monkeypatch.context() as patched:
            patched.setattr(awake, "read", unread)
            with pytest.raises(HostFailure, match="which boot"):
                looked.boot.look()
    else:
        awake.faults.append(Fault(match, stderr="Failed to connect to bus"))
        with pytest.raises(HostFailure):
            looked.boot.look()
    assert looked.operations.active("box") == []
    looked.boot.look()
    looked.boot.look()
    assert [one.kind for one in looked.operations.active("box")] == [OperationKind.START]
    again.close()
