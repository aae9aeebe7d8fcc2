"""Which file systems are nearly full."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.app import App
from agent.core.errors import CommandFailed
from agent.core.notice import NoticeKind
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, WorkloadState
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.host.zfs import Zfs
from agent.services.layout import Layout
from agent.services.quotas import KEPT, Quotas
from agent.store.database import Database
from agent.store.notices import NoticeStore
from agent.store.workloads import WorkloadStore
from tests.contract.place import until
from tests.services.conftest import ANN, made

MIB = 1 << 20
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class Watched:
    """A node with a container whose file systems take 100 MiB, looked at when a test says so."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.now = now
        self.node = SimulatedNode("box", pace=Pace.instant())
        self.store = NoticeStore(database)
        self.workloads = WorkloadStore(database)
        self.zfs = Zfs(self.node)
        self.quotas = Quotas(self.node, "tank", self.workloads, self.store, lambda: self.now)
        self.whole, self.workspace = self.made(ANN)

    def made(self, owner: Owner, name: str = "dev") -> tuple[str, str]:
        """The data sets of a new container, and of its workspace."""
        machine = self.workloads.add(owner, ContainerSpec(name=name), "box", self.now).machine
        parts = (Layout("tank").workload(owner, machine), Layout("tank").workspace(owner, machine))
        self.zfs.create(parts[0], quota="100M")
        self.zfs.create(parts[1])
        self.node.world.datasets[parts[0]].written = 0
        self.workloads.observe("box", {machine: (WorkloadState.RUNNING, ())}, self.now)
        return parts

    def fill(self, dataset: str, percent: float) -> None:
        """Have a data set be filled so far."""
        self.node.world.datasets[dataset].written = round(percent * MIB)

    def looked(self) -> list[tuple[str, object]]:
        """Look, and tell what is noticed: whose, and which part."""
        self.quotas.look()
        return [(notice.owner, notice.values["part"]) for notice in self.store.waiting(EPOCH)]


@pytest.fixture
def watched(database: Database, now: datetime) -> Watched:
    """A node with a container, on a database of each kind."""
    return Watched(database, now)


def test_at_90_per_cent_its_owner_is_told_once(watched: Watched) -> None:
    """And not a hair before; with the numbers."""
    watched.made(Owner("bob"))
    watched.fill(watched.workspace, 89.99)
    assert watched.looked() == []
    watched.fill(watched.workspace, 90)
    assert watched.looked() == watched.looked() == [("ann", "workload")]
    (notice,) = watched.store.waiting(EPOCH)
    assert (notice.kind, notice.workload) == (NoticeKind.QUOTA, "dev")
    assert notice.values == {"part": "workload", "used": 90 * MIB, "quota": 100 * MIB}


def test_all_that_an_owner_has_is_an_occasion_of_its_own(watched: Watched) -> None:
    """They are told of the container that takes most."""
    _, second = watched.made(ANN, "big")
    watched.fill(watched.workspace, 40)
    watched.fill(second, 52)
    watched.zfs.set(Layout("tank").owner(ANN), "quota", "101M")
    assert watched.looked() == [("ann", "owner")]
    (notice,) = watched.store.waiting(EPOCH)
    assert notice.workload == "big"
    watched.fill(second, 10)
    assert watched.looked() == []


def test_between_the_marks_nothing_changes(watched: Watched) -> None:
    """Who sways around 90 per cent is told once until it was below 85, also by another worker weeks later."""
    watched.fill(watched.workspace, 95)
    watched.looked()
    (told,) = watched.store.waiting(EPOCH)
    watched.store.deliver(told.id, watched.now)
    watched.fill(watched.workspace, 85)
    watched.looked()
    watched.now += 2 * KEPT
    watched.quotas = Quotas(watched.node, "tank", watched.workloads, watched.store, lambda: watched.now)
    watched.fill(watched.workspace, 95)
    assert watched.looked() == []
    watched.fill(watched.workspace, 84.99)
    assert watched.looked() == []
    watched.fill(watched.workspace, 90)
    assert watched.looked() == [("ann", "workload")]


def test_what_was_emptied_before_it_was_told_is_not_told(watched: Watched) -> None:
    """It is no longer true."""
    watched.fill(watched.workspace, 95)
    assert watched.looked() == [("ann", "workload")]
    watched.fill(watched.workspace, 10)
    assert watched.looked() == []


def test_with_its_container_an_occasion_is_over(watched: Watched) -> None:
    """One that is made under the same name starts anew."""
    watched.fill(watched.workspace, 95)
    watched.looked()
    (machine,) = [workload.machine for workload in watched.workloads.of_node("box")]
    watched.workloads.remove("box", machine)
    assert watched.looked() == []
    watched.workloads.add(ANN, ContainerSpec(name="dev"), "box", watched.now)
    watched.workloads.observe("box", {machine: (WorkloadState.RUNNING, ())}, watched.now)
    assert watched.looked() == [("ann", "workload")]


@pytest.mark.parametrize("missing", [True, False])
def test_what_is_unknown_is_no_notice_and_ends_none(watched: Watched, *, missing: bool) -> None:
    """Whether ZFS does not answer, or does not tell of one data set."""
    watched.fill(watched.workspace, 95)
    assert watched.looked() == [("ann", "workload")]
    before = watched.store.waiting(EPOCH)
    if missing:
        watched.zfs.destroy(watched.whole, recursive=True)
        watched.looked()
    else:
        watched.node.faults.append(Fault("zfs get", stderr="internal error"))
        with pytest.raises(CommandFailed):
            watched.quotas.look()
    assert watched.store.waiting(EPOCH) == before


def test_without_a_limit_nothing_is_nearly_full(watched: Watched) -> None:
    """There is nothing that it could be nearly full of."""
    watched.zfs.set(watched.whole, "quota", "none")
    watched.fill(watched.workspace, 500)
    assert watched.looked() == []


def test_of_no_containers_zfs_is_not_asked(database: Database, now: datetime) -> None:
    """A pool in which nobody has anything has no data set to ask about."""
    node = SimulatedNode("box", pace=Pace.instant())
    Quotas(node, "tank", WorkloadStore(database), NoticeStore(database), lambda: now).look()
    assert node.commands == []


def test_what_is_being_made_is_not_looked_at(watched: Watched, database: Database) -> None:
    """It may have no file system yet, and the first one of all no place for it: that is no failure."""
    empty = SimulatedNode("new", pace=Pace.instant())
    watched.workloads.add(ANN, ContainerSpec(name="first"), "new", watched.now)
    Quotas(empty, "tank", watched.workloads, NoticeStore(database), lambda: watched.now).look()
    assert not [words for words in empty.commands if words[0] == "zfs"]


def test_all_are_looked_at_in_two_commands(watched: Watched) -> None:
    """However many there are: their names, and how full they are."""
    for number in range(5):
        watched.made(Owner(f"o{number}"))
    before = len(watched.node.commands)
    watched.quotas.look()
    assert len(watched.node.commands) - before == 2


def test_the_product_looks_when_its_worker_starts(app: App, node: SimulatedNode) -> None:
    """And a person can be told."""
    made(app)
    workload = app.services.workloads.find(ANN, "dev")
    node.grow(Layout("tank").workspace(ANN, workload.machine), 9_900 * MIB)
    app.close()
    again = App(app.settings.model_copy(update={"workload_quota": "10G"}), _awake(node))
    try:
        made(again, "other")
        until(lambda: again.services.notices.due(datetime.now(UTC) + timedelta(seconds=1)))
        (notice,) = again.services.notices.due(datetime.now(UTC))
        assert (notice.kind, notice.workload) == (NoticeKind.QUOTA, "dev")
    finally:
        again.close()


def _awake(node: SimulatedNode) -> SimulatedNode:
    """The same node after a worker on it has ended."""
    again = SimulatedNode(node.name, pace=node.pace)
    again.world = node.world
    return again
