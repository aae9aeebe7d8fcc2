"""Which containers crashed, on a node that is simulated and a database that is not."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from agent.app import App
from agent.core.errors import CommandFailed
from agent.core.notice import Notice, NoticeKind
from agent.core.operation import OperationKind, OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Workload, WorkloadState
from agent.host.nspawn import Nspawn
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.host.simulated.world import Unit
from agent.services.crashes import Crashes
from agent.services.observer import Observer
from agent.store.database import Database
from agent.store.notices import NoticeStore
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore
from tests.contract.place import until
from tests.services.conftest import ANN, ASKED, made

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(UTC)


class Watched:
    """A node with a running container, and an observer that looks when it is told."""

    def __init__(self, database: Database) -> None:
        self.node = SimulatedNode("box", pace=Pace.instant())
        self.runtime = Nspawn(self.node)
        self.store = NoticeStore(database)
        self.operations = OperationStore(database)
        self.workloads = WorkloadStore(database)
        self.observer = self.restarted()
        self.workloads.add(ANN, ContainerSpec(name="dev"), "box", _now())
        self.start()
        self.workloads.observe("box", {self.dev.machine: (WorkloadState.STARTING, ())}, _now())
        self.observer.look()
        assert self.dev.state is WorkloadState.RUNNING

    def start(self) -> None:
        """Start the container, as somebody at the machine would."""
        self.node.world.units[self.dev.machine] = Unit(active=True, invocation=uuid.uuid4().hex)

    def restarted(self) -> Observer:
        """The observer of a worker that has just begun."""
        crashes = Crashes(self.runtime, self.operations, self.store)
        return Observer(self.node, self.runtime, self.workloads, crashes, _now)

    @property
    def dev(self) -> Workload:
        """The container as it was last seen."""
        found = self.workloads.find(ANN, "dev")
        assert found is not None
        return found

    @property
    def noticed(self) -> list[Notice]:
        """All notices."""
        return self.store.waiting(EPOCH)

    def run(self, *argv: str) -> None:
        """Run something in the container."""
        self.runtime.exec(self.dev.machine, argv, 10)


@pytest.fixture
def watched(database: Database) -> Watched:
    """A node with a running container, on a database of each kind."""
    return Watched(database)


def test_a_crash_is_noticed_once(watched: Watched) -> None:
    """However often it is looked at, and by however many workers one after another."""
    watched.run("systemctl", "exit", "3")
    watched.observer.look()
    watched.observer.look()
    watched.restarted().look()
    (notice,) = watched.noticed
    assert (notice.owner, notice.kind, notice.workload) == ("ann", NoticeKind.CRASHED, "dev")
    assert notice.values == {"result": "exit-code", "status": 3}
    assert watched.dev.state is WorkloadState.FAILED


def test_a_crash_while_no_worker_ran_is_noticed_by_the_next_one(watched: Watched) -> None:
    """Systemd remembers it."""
    watched.run("systemctl", "exit", "3")
    watched.restarted().look()
    assert len(watched.noticed) == 1


def test_a_second_crash_is_another_occasion(watched: Watched) -> None:
    """Also if nobody looked between the two."""
    watched.run("systemctl", "exit", "3")
    watched.observer.look()
    watched.start()
    watched.run("systemctl", "exit", "4")
    watched.observer.look()
    assert [notice.values["status"] for notice in watched.noticed] == [3, 4]


def test_what_powers_itself_off_has_not_crashed(watched: Watched) -> None:
    """Its root wanted that; it is seen as stopped."""
    watched.run("systemctl", "poweroff")
    watched.observer.look()
    assert watched.dev.state is WorkloadState.STOPPED
    assert watched.noticed == []


def test_what_failed_before_it_was_first_observed_is_no_news(watched: Watched) -> None:
    """It is written down as failed, and nothing more."""
    watched.run("systemctl", "exit", "3")
    watched.workloads.observe("box", {watched.dev.machine: (WorkloadState.UNKNOWN, ())}, _now())
    watched.observer.look()
    assert watched.dev.state is WorkloadState.FAILED
    assert watched.noticed == []


@pytest.mark.parametrize("kind", [OperationKind.STOP, OperationKind.RESTART, OperationKind.UPDATE])
@pytest.mark.parametrize("ended", [True, False])
def test_what_fails_in_an_operation_is_told_by_that(
    watched: Watched, kind: OperationKind, *, ended: bool
) -> None:
    """Whether it has ended by the time somebody looks or not."""
    number = watched.operations.add(watched.dev, kind, Request(channel="test"), _now()).id
    watched.operations.move(number, OperationState.RUNNING, _now())
    watched.run("systemctl", "exit", "3")
    if ended:
        watched.operations.move(number, OperationState.FAILED, _now())
    watched.observer.look()
    watched.restarted().look()
    assert watched.noticed == []


def test_an_operation_that_was_over_does_not_hide_a_crash(watched: Watched) -> None:
    """Nor does one on another container, nor one that waits."""
    done = watched.operations.add(watched.dev, OperationKind.RESTART, Request(channel="test"), _now()).id
    watched.operations.move(done, OperationState.RUNNING, _now() - timedelta(seconds=2))
    watched.operations.move(done, OperationState.DONE, _now() - timedelta(seconds=1))
    other = watched.workloads.add(Owner("bob"), ContainerSpec(name="dev"), "box", _now())
    theirs = watched.operations.add(other, OperationKind.STOP, Request(channel="test"), _now()).id
    watched.operations.move(theirs, OperationState.RUNNING, _now())
    watched.operations.add(watched.dev, OperationKind.STOP, Request(channel="test"), _now())
    watched.run("systemctl", "exit", "3")
    watched.observer.look()
    assert len(watched.noticed) == 1


def test_a_node_that_does_not_tell_is_asked_again(watched: Watched) -> None:
    """Nothing is written down as seen meanwhile."""
    watched.run("systemctl", "exit", "3")
    watched.node.faults.append(Fault("systemctl show --timestamp", stderr="No."))
    with pytest.raises(CommandFailed):
        watched.observer.look()
    assert watched.dev.state is WorkloadState.RUNNING
    watched.observer.look()
    assert len(watched.noticed) == 1


def test_the_product_notices_a_crash_by_itself(app: App, node: SimulatedNode) -> None:
    """Nobody has to ask; nothing is noticed of a stop, a failed start and a restart."""
    made(app)
    services = app.services
    machine = services.workloads.find(ANN, "dev").machine
    services.operations.wait(ANN, services.workloads.restart(ANN, "dev", ASKED).id, 30)
    services.operations.wait(ANN, services.workloads.stop(ANN, "dev", ASKED).id, 30)
    with_bridge, node.world.bridges = node.world.bridges, set()
    failed = services.operations.wait(ANN, services.workloads.start(ANN, "dev", ASKED).id, 30)
    assert failed.state is OperationState.FAILED
    until(lambda: services.workloads.find(ANN, "dev").state is WorkloadState.FAILED)
    node.world.bridges = with_bridge
    services.operations.wait(ANN, services.workloads.start(ANN, "dev", ASKED).id, 30)
    assert services.notices.due(_now()) == []
    Nspawn(node).exec(machine, ["systemctl", "exit", "3"], 10)
    until(lambda: services.notices.due(_now()))
    (notice,) = services.notices.due(_now())
    assert (notice.workload, notice.kind) == ("dev", NoticeKind.CRASHED)
