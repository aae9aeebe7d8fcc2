"""The trash empties itself: after its time, or the oldest first where the pool runs full."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import settings
from agent.core.operation import OperationKind, OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Workload, WorkloadState
from agent.host.simulated import Pace, SimulatedNode
from agent.host.zfs import Zfs
from agent.services.purging import Purging
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.trash import TrashStore

WEEK = timedelta(days=7)


class Place:
    """A node with a trash, looked at when a test says so."""

    def __init__(self, database: Database, now: datetime, folder: Path) -> None:
        self.now = now
        self.node = SimulatedNode("box", pace=Pace.instant())
        self.trash = TrashStore(database)
        self.operations = OperationStore(database)
        given = settings.load(simulate=True, state_dir=folder, node_name="box", trash_high_water=50)
        self.purging = Purging(given, Zfs(self.node), self.trash, self.operations, lambda: self.now)

    def put(self, number: int, owner: str = "ann", age: timedelta = timedelta()) -> None:
        """Have something be in the trash for so long."""
        workload = Workload(
            owner=owner,
            spec=ContainerSpec(name="dev"),
            machine="dev-aaaaa",
            node="box",
            state=WorkloadState.STOPPED,
            created_at=self.now,
        )
        self.trash.add(number, workload, self.now - age, self.now - age + WEEK)

    def fill(self, percent: float) -> None:
        """Have the pool be filled so far."""
        size = Zfs(self.node).pool("tank").size
        self.node.world.datasets["tank"].written = round(size * percent / 100)

    def looked(self) -> list[int]:
        """Look, and tell what is to go."""
        return [one.arguments.trash for one in self.purging.look()]

    def end(self) -> None:
        """Have every purge be over, and what it was about be gone."""
        for owner in (Owner("ann"), Owner("bob")):
            for one in self.operations.of_owner(owner, 100):
                if one.state is OperationState.QUEUED:
                    self.operations.move(one.id, OperationState.RUNNING, self.now)
                    self.operations.move(one.id, OperationState.DONE, self.now)
                    self.trash.remove(one.arguments.trash)


@pytest.fixture
def place(database: Database, now: datetime, tmp_path: Path) -> Place:
    """A node with nothing in its trash, on a database of each kind."""
    return Place(database, now.astimezone(UTC), tmp_path)


def test_what_is_past_its_time_goes(place: Place) -> None:
    """Whoever owns it, with a line in the audit trail that says why; and not a second before."""
    place.put(1, age=WEEK)
    place.put(2, "bob", age=WEEK)
    place.put(3, age=WEEK - timedelta(seconds=1))
    assert place.looked() == [1, 2]
    (one,) = place.operations.of_owner(Owner("bob"), 10)
    assert (one.kind, one.state, one.plan) == (OperationKind.PURGE, OperationState.QUEUED, None)
    assert one.request.channel == "worker"
    assert one.request.words == "It was in the trash for 7 days."
    assert place.looked() == []


def test_where_the_pool_runs_full_the_oldest_goes_first(place: Place) -> None:
    """One at a time, as long as it has to be; below the mark all of it stays."""
    for number in (1, 2, 3):
        place.put(number, age=timedelta(days=4 - number))
    place.fill(50.5)
    assert place.looked() == []
    place.fill(80)
    assert place.looked() == [1]
    assert place.looked() == []
    place.end()
    assert place.looked() == [2]
    place.end()
    place.fill(20)
    assert place.looked() == []
    reasons = [one.request.words for one in place.operations.of_owner(Owner("ann"), 10)]
    assert reasons[0] == "The pool tank is 80% full, which is over 50%."


def test_what_is_being_brought_back_is_left_alone(place: Place) -> None:
    """It may be in nobody's trash soon."""
    place.put(1, age=2 * WEEK)
    trashed = place.trash.get(1)
    assert trashed is not None
    restore = place.operations.add(
        trashed.workload,
        OperationKind.RESTORE,
        Request(channel="test"),
        place.now,
        arguments=place.purging.look()[0].arguments,
    )
    assert place.looked() == []
    assert place.operations.using_trash(1)[-1] == restore.id


def test_one_that_failed_is_tried_again_the_next_day(place: Place) -> None:
    """And not every few minutes, which nobody could read any more."""
    place.put(1, age=WEEK)
    (one,) = place.purging.look()
    place.operations.move(one.id, OperationState.RUNNING, place.now)
    place.operations.move(one.id, OperationState.FAILED, place.now)
    assert place.looked() == []
    place.now += timedelta(days=1)
    assert place.looked() == [1]
