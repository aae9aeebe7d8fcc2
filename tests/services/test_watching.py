"""Waiting for operations: everybody hears of theirs, and the database is asked by one."""

import threading
from collections.abc import Callable
from datetime import datetime
from unittest.mock import patch

from agent.core.operation import OperationKind, OperationState, Request
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec
from agent.services.watching import Watcher
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

ANN = Owner("ann")
SOON = 20.0


def entered(database: Database, now: datetime, count: int) -> list[int]:
    """Operations that wait to be run."""
    workload = WorkloadStore(database).add(ANN, ContainerSpec(name="dev"), "box", now)
    store = OperationStore(database)
    return [store.add(workload, OperationKind.START, Request(channel="test"), now).id for _ in range(count)]


def watching() -> set[threading.Thread]:
    """The threads that look: also for who waits in another test's product."""
    return {one for one in threading.enumerate() if one.name == "voxnix-watcher"}


def test_who_waits_hears_of_their_operation(database: Database, now: datetime) -> None:
    """At first, because it may have moved before; and whenever it moves, however often."""
    store = OperationStore(database)
    (number,) = entered(database, now, 1)
    with Watcher(database, store).news_of(number) as news:
        assert news.wait(SOON)
        for state in (OperationState.RUNNING, OperationState.DONE):
            news.clear()
            store.move(number, state, now)
            assert news.wait(SOON)


def test_many_who_wait_ask_once(database: Database, now: datetime) -> None:
    """A hundred who wait for a hundred operations cost as many queries as one; each hears of its own."""
    store = OperationStore(database)
    numbers = entered(database, now, 100)
    watcher = Watcher(database, store)
    ready, looks = threading.Barrier(len(numbers) + 1), list[int]()
    heard: set[int] = set()

    def wait_for(number: int) -> None:
        with watcher.news_of(number) as news:
            news.wait(SOON)
            news.clear()
            ready.wait()
            if news.wait(SOON):
                heard.add(number)

    def counted(marks: Callable[[list[int]], object]) -> Callable[[list[int]], object]:
        return lambda asked: looks.append(len(asked)) or marks(asked)

    with patch.object(store, "marks", counted(store.marks)):
        waiting = [threading.Thread(target=wait_for, args=(number,)) for number in numbers]
        for thread in waiting:
            thread.start()
        ready.wait()
        looks.clear()
        for number in numbers:
            store.move(number, OperationState.RUNNING, now)
        for thread in waiting:
            thread.join()
    assert heard == set(numbers)
    # At most one look for each write; each by itself would be a hundred times that.
    assert len(looks) <= len(numbers) + 1


def test_nobody_looks_when_nobody_waits(database: Database, now: datetime) -> None:
    """The thread ends with the last one who waits, and begins with the next."""
    store = OperationStore(database)
    (number,) = entered(database, now, 1)
    watcher, others = Watcher(database, store), watching()
    for _ in range(2):
        with watcher.news_of(number) as news:
            assert news.wait(SOON)
            (thread,) = watching() - others
        thread.join(SOON)
        assert not thread.is_alive()
