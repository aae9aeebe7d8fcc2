from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from agent.core.owner import Owner
from agent.store.conversations import Conversations
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.owners import OwnerStore


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
    """Messages are replaced, forgotten on demand, and never another owner's."""
    store = Conversations(database)
    store.save(Owner("ann"), "console", b"[1]", now)
    store.save(Owner("ann"), "console", b"[1,2]", now)
    assert store.load(Owner("ann"), "console") == b"[1,2]"
    assert store.load(Owner("bob"), "console") is None
    store.clear(Owner("ann"), "console")
    assert store.load(Owner("ann"), "console") is None
