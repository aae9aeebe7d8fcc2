"""Accounts and pairing codes, as they are kept."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from agent.core.account import Account, Pairing, Role
from agent.store.accounts import AccountStore
from agent.store.buttons import ButtonStore
from agent.store.database import Database
from agent.store.pairings import PairingStore

ANN = Account("tg:1", "Ann", Role.ADMIN)
GROUP = Account("tg:-1001", "Team", None, shared=True)


def _pairing(code: str, account: str, now: datetime) -> Pairing:
    return Pairing(code, account, "Ann", 2**52, now + timedelta(hours=1))


def test_an_account_is_entered_and_changed(database: Database, now: datetime) -> None:
    """With who did it last, and when; a role that was taken is kept as none."""
    store = AccountStore(database)
    assert store.find("tg:1") is None
    assert store.hold("tg:1") is None
    entered = replace(ANN, changed_by="console", changed_at=now)
    assert store.put(ANN, "console", now) == entered
    assert (store.find("tg:1"), store.hold("tg:1")) == (entered, entered)
    store.put(GROUP, "tg:1", now)
    assert [one.key for one in store.all()] == ["tg:1", "tg:-1001"]
    assert store.hold_admins() == {"tg:1"}
    later = now + timedelta(seconds=1)
    assert store.put(replace(ANN, role=None), "tg:2", later) == replace(
        ANN, role=None, changed_by="tg:2", changed_at=later
    )
    assert store.hold_admins() == set()


def test_an_account_that_is_held_waits_with_its_change(database: Database, now: datetime) -> None:
    """What was allowed is entered first, and is there for whoever takes the role away."""
    store = AccountStore(database)
    store.put(ANN, "console", now)
    with ThreadPoolExecutor(1) as pool:
        with database.write():
            store.hold("tg:1")
            taken = pool.submit(store.put, replace(ANN, role=None), "console", now)
            PairingStore(database).add(_pairing("A", "tg:9", now))
            seen = store.find("tg:1")
        assert seen is not None
        assert seen.role is Role.ADMIN
        assert taken.result(30).role is None


def test_a_code_is_for_one_account_and_is_used_once(database: Database, now: datetime) -> None:
    """Neither a code nor an account is entered twice, and the second who uses it gets nothing."""
    store = PairingStore(database)
    first = _pairing("AAAAAAAA", "tg:1", now)
    assert store.add(first)
    with database.write():  # a refused one does not spoil what goes on around it
        assert not store.add(_pairing("AAAAAAAA", "tg:2", now))
        assert not store.add(_pairing("BBBBBBBB", "tg:1", now))
        assert store.of("tg:1") == first
    assert (store.count(), store.all(now)) == (1, [first])
    assert store.take("AAAAAAAA") == first
    assert store.take("AAAAAAAA") is None


def test_a_code_that_has_expired_is_forgotten(database: Database, now: datetime) -> None:
    """It is not listed either before it is."""
    store = PairingStore(database)
    store.add(_pairing("AAAAAAAA", "tg:1", now))
    later = now + timedelta(hours=1)
    assert store.all(later) == []
    store.prune(later - timedelta(seconds=1))
    assert store.count() == 1
    store.prune(later)
    assert store.count() == 0


def test_the_buttons_of_an_account_can_be_ended(database: Database, now: datetime) -> None:
    """Those of others stay, and one that was used stays as it was."""
    store = ButtonStore(database)
    until = now + timedelta(hours=1)
    waits, used = (store.add("tg:1", 1, {"do": "stop"}, until) for _ in range(2))
    other = store.add("tg:2", 2, {"do": "stop"}, until)
    store.use(used, now)
    store.expire("tg:1", now)
    ends = [None if (one := store.find(each)) is None else one.expires_at for each in (waits, used, other)]
    assert ends == [now, until, until]
