"""Calls of a node as rows, on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from agent.core.errors import HostFailure
from agent.store.database import Database
from agent.store.node_calls import NodeCallStore

SOON = timedelta(seconds=1)


@pytest.fixture
def store(database: Database) -> NodeCallStore:
    """An empty table."""
    return NodeCallStore(database)


def test_a_call_goes_there_and_its_answer_comes_back(store: NodeCallStore, now: datetime) -> None:
    """With its bytes both ways, which are whatever they are."""
    data = bytes(range(256))
    entered, new = store.enter("box", "put", {"name": "dev"}, now, data=data)
    assert (new, entered.taken_at, entered.data) == (True, None, None)
    assert store.take("other", ["put"], now, now) is None
    assert store.take("box", ["exec"], now, now) is None
    taken = store.take("box", ["put"], now, now)
    assert taken is not None
    assert (taken.id, taken.arguments, taken.data) == (entered.id, {"name": "dev"}, data)
    assert store.take("box", ["put"], now, now) is None
    seen = store.get(entered.id)
    assert seen is not None
    assert (seen.taken_at, seen.ended_at, seen.data) == (now, None, None)
    store.finish(entered.id, now + SOON, result={"a": [1, "\0"]}, data=data[::-1])
    seen = store.get(entered.id)
    assert seen is not None
    assert (seen.ended_at, seen.result, seen.data, seen.problem) == (
        now + SOON,
        {"a": [1, "\0"]},
        data[::-1],
        None,
    )


def test_the_oldest_call_comes_first_and_one_that_is_too_old_never(
    store: NodeCallStore, now: datetime
) -> None:
    """Nobody waits for that one any more."""
    store.enter("box", "logs", {}, now - SOON)
    second, _ = store.enter("box", "logs", {}, now)
    third, _ = store.enter("box", "logs", {}, now)
    taken = [store.take("box", ["logs"], now, now) for _ in range(3)]
    assert [one and one.id for one in taken] == [second.id, third.id, None]


def test_a_call_is_taken_or_taken_back_and_never_both(store: NodeCallStore, now: datetime) -> None:
    """Whoever is first: many of each kind at a time, over many calls."""
    numbers = [store.enter("box", "exec", {}, now)[0].id for _ in range(20)]
    with ThreadPoolExecutor(8) as threads:
        back = [threads.submit(store.withdraw, number) for number in numbers]
        takes = [threads.submit(store.take, "box", ["exec"], now, now) for _ in range(40)]
        taken = [one.id for take in takes if (one := take.result())]
        withdrawn = [number for number, done in zip(numbers, back, strict=True) if done.result()]
    rest = [number for number in numbers if store.withdraw(number)]
    assert sorted(taken + withdrawn + rest) == numbers


def test_the_same_key_is_the_same_call(store: NodeCallStore, now: datetime) -> None:
    """However far it has come; while nobody took it, it is as new as when it was last asked for."""
    first, new = store.enter("box", "exec", {"a": 1}, now - SOON, key="k")
    again, anew = store.enter("box", "exec", {"a": 1}, now, key="k")
    assert (new, anew, again.id) == (True, False, first.id)
    assert store.take("box", ["exec"], now, now) is not None
    store.finish(first.id, now, result=7)
    again, anew = store.enter("box", "exec", {"a": 1}, now, key="k")
    assert (anew, again.result, again.ended_at) == (False, 7, now)


def test_what_a_dead_worker_left_ends_with_a_problem(store: NodeCallStore, now: datetime) -> None:
    """What waits is still done, what has ended stays as it is, and another node's is not touched."""
    waiting, _ = store.enter("box", "exec", {}, now)
    begun, _ = store.enter("box", "exec", {}, now, taken=True, data=b"x")
    ended, _ = store.enter("box", "exec", {}, now, taken=True)
    store.finish(ended.id, now, result=1)
    others, _ = store.enter("other", "exec", {}, now, taken=True)
    problem = HostFailure("Interrupted.").problem
    store.abandon("box", problem, now)
    states = [
        (one.ended_at, one.problem)
        for number in (waiting, begun, ended, others)
        if (one := store.get(number.id))
    ]
    assert states == [(None, None), (now, problem), (now, None), (None, None)]


def test_what_was_answered_long_ago_is_forgotten(store: NodeCallStore, now: datetime) -> None:
    """With its bytes; what must not run twice is known for longer, without them."""
    plain, _ = store.enter("box", "get", {}, now, taken=True)
    keyed, _ = store.enter("box", "put", {}, now, taken=True, key="k")
    for one in (plain, keyed):
        store.finish(one.id, now, result=1, data=b"x")
    running, _ = store.enter("box", "exec", {}, now, taken=True)
    left, _ = store.enter("box", "exec", {}, now)
    store.prune(answered=now, known=now)
    assert all(store.get(one.id) for one in (plain, keyed, running, left))
    store.prune(answered=now + SOON, known=now)
    known = store.get(keyed.id)
    assert known is not None
    assert (known.result, known.data) == (1, None)
    assert [bool(store.get(one.id)) for one in (plain, running, left)] == [False, True, False]
    store.prune(answered=now + SOON, known=now + SOON)
    assert store.get(keyed.id) is None
