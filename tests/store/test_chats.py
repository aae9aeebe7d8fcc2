"""What a chat has to remember across a crash: what came in, how far it was handled, what went out."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from agent.core.chat import Delivery, Incoming
from agent.core.conversation import SentFile
from agent.store.buttons import ButtonStore
from agent.store.database import Database
from agent.store.deliveries import DeliveryStore
from agent.store.inbox import Inbox
from agent.store.turns import TurnRecord, TurnStore


def _incoming(number: int, now: datetime) -> Incoming:
    return Incoming("tg:9", number, "5:0", f'{{"update_id": {number}}}', now)


def test_what_comes_in_again_is_kept_once(database: Database, now: datetime) -> None:
    """An update that Telegram sends again is not new, however often and beside whatever it comes."""
    inbox = Inbox(database)
    assert inbox.put("tg:9", [_incoming(1, now), _incoming(2, now)]) == [_incoming(1, now), _incoming(2, now)]
    assert inbox.put("tg:9", [_incoming(2, now), _incoming(3, now)]) == [_incoming(3, now)]
    assert [one.number for one in inbox.open("tg:9")] == [1, 2, 3]
    assert inbox.open("tg:8") == []


def test_what_is_handled_is_known_but_not_read_any_more(database: Database, now: datetime) -> None:
    """Its words are gone from the inbox, and still it does not come in a second time."""
    inbox = Inbox(database)
    inbox.put("tg:9", [_incoming(1, now)])
    inbox.done(_incoming(1, now), now)
    assert inbox.open("tg:9") == []
    assert inbox.put("tg:9", [_incoming(1, now)]) == []
    inbox.prune(now + timedelta(seconds=1))
    assert inbox.put("tg:9", [_incoming(1, now)]) == [_incoming(1, now)]


def test_a_number_of_telegram_fits(database: Database, now: datetime) -> None:
    """Ids of chats and messages have up to 52 bits."""
    store = DeliveryStore(database)
    big = Delivery("operation:1", -(2**52), 2**52)
    store.add(big, now)
    assert store.find("operation:1") == big


def test_a_turn_is_kept_on_its_way_and_at_its_end(database: Database, now: datetime) -> None:
    """Up to its last calls of tools, then its answer with what goes along."""
    store = TurnStore(database)
    assert store.load("tg:9:1") == TurnRecord()
    store.checkpoint("tg:9:1", b"[1]", now)
    store.checkpoint("tg:9:1", b"[1, 2]", now)
    assert store.load("tg:9:1") == TurnRecord(b"[1, 2]")
    ended = TurnRecord(None, "Here it is.", 3, (SentFile("dev", "report.pdf"),))
    store.finish("tg:9:1", ended, now)
    assert store.load("tg:9:1") == ended
    store.prune(now + timedelta(seconds=1))
    assert store.load("tg:9:1") == TurnRecord()


def test_a_message_that_follows_something_is_found_until_it_is_settled(
    database: Database, now: datetime
) -> None:
    """A bot that starts again goes on with exactly these."""
    store = DeliveryStore(database)
    store.add(Delivery("operation:1", 5, 10), now, following=True)
    store.add(Delivery("answer", 5, 11), now)
    assert store.following() == [Delivery("operation:1", 5, 10)]
    store.prune(now + timedelta(seconds=1))
    assert (store.find("answer"), store.following()) == (None, [Delivery("operation:1", 5, 10)])
    store.settle("operation:1")
    assert store.following() == []


def test_the_same_is_not_delivered_twice(database: Database, now: datetime) -> None:
    """A second message for a key is a mistake of ours, and refused."""
    store = DeliveryStore(database)
    store.add(Delivery("answer", 5, 11), now)
    with pytest.raises(IntegrityError):
        store.add(Delivery("answer", 5, 12), now)


def test_a_button_is_used_once(database: Database, now: datetime) -> None:
    """A double tap is one."""
    store = ButtonStore(database)
    identifier = store.add("tg:1", 5, {"do": "approve", "operation": 17}, now + timedelta(hours=1))
    button = store.find(identifier)
    assert button is not None
    assert (button.account, button.chat, button.action["operation"], button.used_at) == ("tg:1", 5, 17, None)
    assert store.use(identifier, now)
    assert not store.use(identifier, now)
    store.prune(now + timedelta(hours=2))
    assert store.find(identifier) is None
    assert not store.use(identifier, now)


def test_what_a_button_sends_back_says_nothing_and_fits(database: Database, now: datetime) -> None:
    """Ids are random, each its own, and far shorter than the 64 bytes that Telegram carries."""
    store = ButtonStore(database)
    made = {store.add("tg:1", 5, {"do": "approve", "operation": 17}, now) for _ in range(50)}
    assert len(made) == 50
    assert all(len(one.encode()) <= 32 for one in made)
