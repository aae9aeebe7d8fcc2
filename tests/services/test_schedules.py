"""Snapshots that are taken by themselves."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.core.operation import Arguments, OperationKind, OperationState
from agent.core.storage import Schedule, SnapshotKind, SnapshotName
from agent.core.workload import ContainerSpec, WorkloadState
from agent.host.simulated import Fault, Pace, SimulatedNode
from agent.services.schedules import Schedules
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore
from tests.services.conftest import ANN, ASKED

BEGUN = datetime(2026, 11, 25, 10, 10, 30, 123, UTC)


class Keeper:
    """Ann's container, whose schedule a test follows by a clock of its own; no worker is there."""

    def __init__(self, folder: Path) -> None:
        self.node, self.now = SimulatedNode("box", pace=Pace.instant()), BEGUN
        self.database = Database(f"sqlite:///{folder}/voxnix.db")
        self.workloads, self.operations = WorkloadStore(self.database), OperationStore(self.database)
        self.workload = self.workloads.add(ANN, ContainerSpec(name="dev"), "box", BEGUN)
        machine = self.workload.machine
        self.workloads.observe("box", {machine: (WorkloadState.STOPPED, ())}, BEGUN)
        self.above = f"tank/users/ann/workloads/{machine}"
        for part in ("root", "workspace"):
            folder_of = f"mountpoint=/srv/{machine}/{part}"
            self.node.run(["zfs", "create", "-p", self.above])
            self.node.run(["zfs", "create", "-o", folder_of, f"{self.above}/{part}"])
        self.schedules = self.anew()

    def anew(self) -> Schedules:
        """As after a start of the worker."""
        return Schedules(self.node, "tank", self.workloads, self.operations, UTC, lambda: self.now)

    def plan(self, **counts: int) -> None:
        """Have a schedule."""
        schedule = Schedule(**counts).model_dump(mode="json")
        self.workloads.set("box", self.workload.machine, schedule=schedule)

    def look(self, *, after: timedelta = timedelta()) -> list[SnapshotName]:
        """What there is after a look at a later time, oldest first; the same of root and workspace."""
        self.now += after
        self.schedules.look()
        above = f"tank/users/ann/workloads/{self.workload.machine}"
        taken = [
            list(self.node.world.datasets[f"{above}/{part}"].snapshots) for part in ("root", "workspace")
        ]
        assert taken[0] == taken[1]
        return [name for one in taken[0] if (name := SnapshotName.parse(one))]


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """Her container."""
    keeper = Keeper(tmp_path)
    yield keeper
    keeper.database.close()


HOUR = timedelta(hours=1)


def test_one_an_hour_is_taken_and_so_many_are_kept(keeper: Keeper) -> None:
    """The oldest goes when there is a new one; and of a workload without a schedule none is ever taken."""
    assert keeper.look() == []
    keeper.plan(hourly=3)
    for count in range(1, 8):
        names = keeper.look(after=HOUR)
        assert len(names) == min(count, 3)
        assert names[-1].taken_at == keeper.now.replace(microsecond=0)
        assert keeper.look(after=timedelta(minutes=1)) == names


def test_each_kind_has_its_own(keeper: Keeper) -> None:
    """After five weeks there are as many of each as were wanted."""
    keeper.plan(hourly=2, daily=3, weekly=4)
    for _ in range(35):
        keeper.look(after=timedelta(days=1))
    kinds = [name.kind for name in keeper.look()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        SnapshotKind.HOURLY: 2,
        SnapshotKind.DAILY: 3,
        SnapshotKind.WEEKLY: 4,
    }


def test_whoever_slept_takes_one(keeper: Keeper) -> None:
    """Not one for each hour that was slept through; and a worker that was restarted knows what there is."""
    keeper.plan(hourly=24)
    keeper.look()
    assert len(keeper.look(after=20 * HOUR)) == 2
    keeper.schedules = keeper.anew()
    assert len(keeper.look()) == 2


def test_only_what_a_schedule_took_is_given_up(keeper: Keeper) -> None:
    """What a person took stays, and what was kept before something was changed."""
    for kind in (SnapshotKind.MANUAL, SnapshotKind.BEFORE, SnapshotKind.BACKUP):
        name = SnapshotName(kind=kind, taken_at=BEGUN - 999 * HOUR)
        keeper.node.run(["zfs", "snapshot", "-r", f"{keeper.above}@{name}"])
    keeper.node.run(["zfs", "snapshot", "-r", f"{keeper.above}@theirs"])
    keeper.plan(hourly=1)
    for _ in range(3):
        keeper.look(after=HOUR)
    keeper.plan()
    assert [name.kind for name in keeper.look()] == [
        SnapshotKind.MANUAL,
        SnapshotKind.BEFORE,
        SnapshotKind.BACKUP,
    ]
    assert "theirs" in keeper.node.world.datasets[f"{keeper.above}/root"].snapshots


def test_nothing_is_asked_of_zfs_while_nothing_is_due(keeper: Keeper) -> None:
    """A look that has nothing to do costs no command."""
    keeper.plan(hourly=3, daily=3)
    keeper.look()
    before = len(keeper.node.commands)
    keeper.look(after=timedelta(minutes=1))
    assert len(keeper.node.commands) == before


def test_what_is_not_mounted_is_not_taken_for_empty(keeper: Keeper, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, and taken as soon as it is mounted again."""
    keeper.plan(hourly=3)
    workspace = f"{keeper.above}/workspace"
    keeper.node.world.datasets[workspace].mounted = False
    with caplog.at_level(logging.WARNING):
        assert keeper.look() == []
        assert keeper.look(after=timedelta(minutes=1)) == []
    assert len([one for one in caplog.records if "not mounted" in one.message]) == 1
    keeper.node.world.datasets[workspace].mounted = True
    assert len(keeper.look()) == 1


def test_what_began_as_a_copy_keeps_its_snapshot(keeper: Keeper) -> None:
    """It cannot be destroyed, and nobody is told so each minute; the others go."""
    keeper.plan(hourly=1)
    [first] = keeper.look()
    workspace = f"{keeper.above}/workspace"
    keeper.node.run(["zfs", "clone", f"{workspace}@{first}", "tank/copy"])
    keeper.look(after=HOUR)
    names = keeper.look(after=HOUR)
    assert len(names) == 2
    assert names[0] == first


def test_what_is_about_to_be_copied_stays_until_then(keeper: Keeper) -> None:
    """Whole: a copy is made of one part after another."""
    keeper.plan(hourly=1)
    [first] = keeper.look()
    copy = keeper.workloads.add(ANN, ContainerSpec(name="copy"), "box", BEGUN)
    arguments = Arguments(name="copy", snapshot=str(first))
    operation = keeper.operations.add(copy, OperationKind.CLONE, ASKED, keeper.now, arguments=arguments)
    assert first in keeper.look(after=HOUR)
    keeper.operations.move(operation.id, OperationState.CANCELLED, keeper.now)
    assert first not in keeper.look(after=HOUR)


def test_what_failed_is_tried_again(keeper: Keeper) -> None:
    """A pool that was full for a minute costs no more than that."""
    keeper.plan(hourly=3)
    keeper.node.faults.append(Fault("zfs snapshot", stderr="out of space"))
    assert keeper.look() == []
    assert len(keeper.look(after=timedelta(minutes=1))) == 1


def test_a_clock_that_was_set_back_harms_nobody(keeper: Keeper) -> None:
    """There is one of each hour, and what claims to be of the future goes as soon as it can."""
    keeper.plan(hourly=1)
    keeper.look()
    keeper.now -= timedelta(days=100)
    for _ in range(4):
        names = keeper.look(after=HOUR)
        assert keeper.now.replace(microsecond=0) in {name.taken_at for name in names}
        assert len(names) <= 2


def test_what_is_being_changed_is_left_alone(keeper: Keeper) -> None:
    """It is its turn at the next look."""
    keeper.plan(hourly=3)
    operation = keeper.operations.add(keeper.workload, OperationKind.STOP, ASKED, keeper.now)
    assert keeper.look() == []
    keeper.operations.move(operation.id, OperationState.CANCELLED, keeper.now)
    assert len(keeper.look()) == 1
