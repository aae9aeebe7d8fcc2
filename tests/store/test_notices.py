"""Notices and preferences in the database."""

from datetime import datetime, timedelta

import pytest

from agent.core.notice import NoticeKind
from agent.core.owner import Owner
from agent.core.preference import Preference
from agent.core.workload import ContainerSpec, Workload
from agent.store.database import Database
from agent.store.notices import NoticeStore
from agent.store.preferences import PreferenceStore
from agent.store.workloads import WorkloadStore

CRASH = {"result": "signal", "status": 9}


@pytest.fixture
def dev(database: Database, now: datetime) -> Workload:
    """A workload of Ann's."""
    return WorkloadStore(database).add(Owner("tg:1"), ContainerSpec(name="dev"), "box", now)


def test_an_occasion_is_noticed_once(database: Database, dev: Workload, now: datetime) -> None:
    """Also after it was delivered."""
    store = NoticeStore(database)
    store.add(NoticeKind.CRASHED, dev, CRASH, "crashed:a", now)
    store.add(NoticeKind.CRASHED, dev, CRASH, "crashed:a", now)
    store.add(NoticeKind.CRASHED, dev, CRASH, "crashed:b", now)
    first, second = store.waiting(now)
    assert (first.owner, first.kind, first.workload, first.values) == (
        "tg:1",
        NoticeKind.CRASHED,
        "dev",
        CRASH,
    )
    store.deliver(first.id, now)
    store.add(NoticeKind.CRASHED, dev, CRASH, "crashed:a", now)
    assert store.waiting(now) == [second]


def test_a_known_occasion_does_not_end_the_transaction_around_it(
    database: Database, dev: Workload, now: datetime
) -> None:
    """What is written beside it is kept."""
    store = NoticeStore(database)
    with database.write():
        for occasion in ("crashed:a", "crashed:a", "crashed:b"):
            store.add(NoticeKind.CRASHED, dev, CRASH, occasion, now)
    assert len(store.waiting(now)) == 2


def test_a_number_is_given_once(database: Database, dev: Workload, now: datetime) -> None:
    """What was delivered under a number that came back would never be told."""
    store = NoticeStore(database)
    numbers: set[int] = set()
    for _ in range(3):
        store.add(NoticeKind.CRASHED, dev, CRASH, "crashed:a", now)
        (notice,) = store.waiting(now)
        numbers.add(notice.id)
        store.drop(notice.id)
    assert len(numbers) == 3


def test_what_is_over_may_happen_again(database: Database, dev: Workload, now: datetime) -> None:
    """Only among those that are meant."""
    store = NoticeStore(database)
    for occasion in ("quota:box:a:root", "quota:box:b:root", "quota:b_x:a:root"):
        store.add(NoticeKind.QUOTA, dev, {}, occasion, now)
    old = {notice.id for notice in store.waiting(now)}
    store.end("quota:box:", {"quota:box:b:root"})
    for occasion in ("quota:box:a:root", "quota:box:b:root", "quota:b_x:a:root"):
        store.add(NoticeKind.QUOTA, dev, {}, occasion, now)
    assert len({notice.id for notice in store.waiting(now)} - old) == 1
    store.end("quota:b_x:", set())
    assert len(store.waiting(now)) == 2


def test_what_is_old_is_forgotten_unless_it_lasts(database: Database, dev: Workload, now: datetime) -> None:
    """A quota that is still full must not be told anew for that."""
    store = NoticeStore(database)
    store.add(NoticeKind.CRASHED, dev, CRASH, "crashed:a", now)
    store.add(NoticeKind.QUOTA, dev, {}, "quota:box:a:root", now)
    later = now + timedelta(seconds=1)
    assert store.waiting(later) == []
    store.prune(later)
    assert [notice.kind for notice in store.waiting(now)] == [NoticeKind.QUOTA]


def test_preferences_are_kept_per_account(database: Database) -> None:
    """Who never said anything prefers nothing in particular."""
    store = PreferenceStore(database)
    mine = Preference("de", "22:00", "07:00", frozenset({NoticeKind.QUOTA}))
    store.save("tg:1", Preference())
    store.save("tg:1", mine)
    assert store.of("tg:1") == mine
    assert store.of("tg:2") == Preference()
