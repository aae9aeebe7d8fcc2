from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from agent.core.owner import Owner
from agent.store.conversations import Conversations
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.owners import OwnerStore
from agent.store.spending import Spending, SpendingStore


def test_a_number_is_given_once(database: Database, now: datetime) -> None:
    """The same owner keeps the number; the next owner gets another."""
    store = OwnerStore(database)
    first = store.number(Owner("ann"), now)
    assert store.number(Owner("bob"), now) != first
    assert store.number(Owner("ann"), now) == first


def test_asking_at_the_same_time_gives_one_number(database: Database, now: datetime) -> None:
    """Ten threads that meet a new owner agree."""
    store = OwnerStore(database)
    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(store.number, Owner("ann"), now) for _ in range(10)]
        numbers = {one.result() for one in asked}
    assert len(numbers) == 1


def test_a_heartbeat_is_kept_per_node(database: Database, now: datetime) -> None:
    """The newest one counts, and a node that was never heard of has none."""
    store = NodeStore(database)
    assert store.seen_at("box") is None
    store.beat("box", now, simulated=False)
    store.beat("box", now.replace(hour=5), simulated=False)
    assert store.seen_at("box") == now.replace(hour=5)


def test_a_conversation_belongs_to_its_owner(database: Database, now: datetime) -> None:
    """Messages grow from what they were, are forgotten on demand, and never another owner's."""
    store = Conversations(database)
    for number in (b"1", b"2"):
        store.change(Owner("ann"), "console", lambda known, new=number: (known or b"") + new, now)
    assert store.load(Owner("ann"), "console") == b"12"
    assert store.load(Owner("bob"), "console") is None
    store.clear(Owner("ann"), "console")
    assert store.load(Owner("ann"), "console") is None


def test_the_conversations_of_an_owner_are_known(database: Database, now: datetime) -> None:
    """All that somebody has, the one that was spoken in last before the others."""
    store = Conversations(database)
    for minute, name in enumerate(("old", "new", "newest")):
        store.change(Owner("ann"), name, lambda _known: b"", now.replace(minute=minute))
    store.change(Owner("bob"), "theirs", lambda _known: b"", now)
    assert store.of_owner(Owner("ann")) == ["newest", "new", "old"]
    assert store.of_owner(Owner("eve")) == []


def test_spending_is_summed_by_account_and_day(database: Database) -> None:
    """What two processes add is there together."""
    first, second = SpendingStore(database), SpendingStore(database)
    first.add("tg:1", "2026-05-06", Spending(1, 20))
    second.add("tg:1", "2026-05-06", Spending(2, 2**40))
    second.add("tg:1", "2026-05-07", Spending(5, 0))
    assert first.of("tg:1", "2026-05-06") == Spending(3, 2**40 + 20)
    assert first.of("tg:2", "2026-05-06") == Spending()
