"""When which notice is due."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.core.notice import NoticeKind
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Workload, WorkloadState
from agent.services.notices import Notices
from agent.services.preferences import Preferences
from agent.store.database import Database
from agent.store.notices import NoticeStore
from agent.store.preferences import PreferenceStore
from agent.store.workloads import WorkloadStore

ANN = Owner("tg:1")
HOUR = timedelta(hours=1)


class Place:
    """The services on a database, and one container that has failed. It is 04:04 in Berlin."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.now = now
        self.store = NoticeStore(database)
        self.workloads = WorkloadStore(database)
        self.preferences = Preferences(PreferenceStore(database))
        self.notices = Notices(self.store, self.workloads, self.preferences, ZoneInfo("Europe/Berlin"))

    def failed(self, owner: Owner = ANN) -> Workload:
        """A container that has failed."""
        workload = self.workloads.add(owner, ContainerSpec(name="dev"), "box", self.now)
        self.seen(workload, WorkloadState.FAILED)
        return workload

    def seen(
        self, workload: Workload, state: WorkloadState, *, later: timedelta = timedelta(seconds=1)
    ) -> None:
        """It was observed after what happened, or before."""
        self.workloads.observe("box", {workload.machine: (state, ())}, self.now + later)

    def add(self, kind: NoticeKind, workload: Workload, occasion: str = "") -> None:
        """Something happened."""
        self.store.add(kind, workload, {}, occasion or f"{kind}:{workload.machine}", self.now)

    def kinds(self, *, later: timedelta = timedelta()) -> list[NoticeKind]:
        """What is due."""
        return [notice.kind for notice in self.notices.due(self.now + later)]


@pytest.fixture
def place(database: Database, now: datetime) -> Place:
    """The services on a database of each kind."""
    return Place(database, now)


def test_what_happened_is_due_until_it_is_delivered(place: Place) -> None:
    """The oldest first, and each once."""
    dev = place.failed()
    place.add(NoticeKind.QUOTA, dev)
    place.add(NoticeKind.CRASHED, dev)
    assert place.kinds() == [NoticeKind.QUOTA, NoticeKind.CRASHED]
    for notice in place.notices.due(place.now):
        place.notices.delivered(notice.id, place.now)
    assert place.kinds() == []


def test_what_somebody_muted_is_not_due(place: Place) -> None:
    """It still is for the others, and again when they want it."""
    mine, theirs = place.failed(), place.failed(Owner("tg:-7"))
    for workload in (mine, theirs):
        place.add(NoticeKind.CRASHED, workload)
    place.add(NoticeKind.QUOTA, mine)
    place.preferences.mute(ANN.key, "crashed")
    assert [(one.owner, one.kind) for one in place.notices.due(place.now)] == [
        ("tg:-7", NoticeKind.CRASHED),
        ("tg:1", NoticeKind.QUOTA),
    ]
    place.preferences.unmute(ANN.key, "crashed")
    assert len(place.kinds()) == 3


def test_in_quiet_hours_it_waits(place: Place) -> None:
    """By the clock of the appliance; the group's hours count for what is the group's."""
    group = Owner("tg:-7")
    place.add(NoticeKind.CRASHED, place.failed(group))
    place.preferences.set_quiet(ANN.key, "00:00", "23:59")
    assert place.kinds() == [NoticeKind.CRASHED]
    place.preferences.set_quiet(group.key, "22:00", "07:00")
    assert place.kinds() == place.kinds(later=2 * HOUR) == []
    assert place.kinds(later=3 * HOUR) == [NoticeKind.CRASHED]


@pytest.mark.parametrize("state", [WorkloadState.RUNNING, WorkloadState.STARTING])
def test_a_crash_that_was_mended_is_not_told(place: Place, state: WorkloadState) -> None:
    """It stays untold, even if the container is stopped afterwards."""
    dev = place.failed()
    place.add(NoticeKind.CRASHED, dev)
    place.seen(dev, state)
    assert place.kinds() == []
    place.seen(dev, WorkloadState.STOPPED)
    assert place.kinds() == []


def test_a_container_that_was_seen_running_before_it_crashed_is_not_mended(place: Place) -> None:
    """A notice may be there before the state is written down."""
    dev = place.failed()
    place.seen(dev, WorkloadState.RUNNING, later=timedelta(seconds=-1))
    place.add(NoticeKind.CRASHED, dev)
    assert place.kinds() == place.kinds() == [NoticeKind.CRASHED]


def test_of_a_container_that_is_gone_nothing_is_told(place: Place) -> None:
    """There is nothing that could be started."""
    dev = place.failed()
    place.add(NoticeKind.CRASHED, dev)
    place.workloads.remove("box", dev.machine)
    assert place.kinds() == []


def test_after_a_day_it_is_no_news(place: Place) -> None:
    """Whoever was not reached by then is not told."""
    place.add(NoticeKind.CRASHED, place.failed())
    assert place.kinds(later=24 * HOUR) == [NoticeKind.CRASHED]
    assert place.kinds(later=24 * HOUR + timedelta(seconds=1)) == []
