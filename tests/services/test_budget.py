"""The daily limits."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.core.errors import BudgetSpent
from agent.services.budget import Budget
from agent.settings import Settings
from agent.store.database import Database
from agent.store.spending import Spending, SpendingStore


class Clock:
    """A clock that stands until it is set."""

    now = datetime(2026, 5, 6, 20, 29, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now


def budget(database: Database, clock: Clock, **limits: float) -> Budget:
    """One with these limits."""
    return Budget(Settings.model_validate(limits), SpendingStore(database), clock)


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({"daily_requests": 3, "daily_cost": 0}, "3 requests"),
        ({"daily_requests": 0, "daily_cost": 0.5}, "$0.5"),
        ({"daily_requests": 3, "daily_cost": 9}, "3 requests"),
        ({"daily_requests": 99, "daily_cost": 0.5}, "$0.5"),
    ],
)
def test_a_budget_is_up_at_its_limit_and_says_when_there_is_more(
    database: Database, limits: dict[str, float], limit: str
) -> None:
    """Whichever limit is reached first; the day ends at midnight UTC."""
    clock = Clock()
    one = budget(database, clock, **limits)
    one.spend("tg:1", 2, 499_999)
    one.check("tg:1")
    one.spend("tg:1", 1, 1)
    with pytest.raises(BudgetSpent) as caught:
        one.check("tg:1")
    assert str(caught.value).startswith("Your budget for the language model is used up for today.")
    assert f"It is {limit} a day. There is a new one at 00:00 UTC, in 3 h 31 min." in str(caught.value)
    one.check("tg:2")
    clock.now += timedelta(hours=4)
    one.check("tg:1")


def test_what_is_not_noted_yet_counts(database: Database) -> None:
    """A turn asks with what it has used itself."""
    one = budget(database, Clock(), daily_requests=3)
    one.check("tg:1", Spending(1, 0), Spending(1, 0))
    with pytest.raises(BudgetSpent):
        one.check("tg:1", Spending(1, 0), Spending(2, 0))


def test_no_limit_is_no_limit(database: Database) -> None:
    """0 is none; it is counted all the same, for whoever wants to know."""
    one = budget(database, Clock(), daily_requests=0, daily_cost=0)
    one.spend("tg:1", 1_000_000, 1_000_000_000_000)
    one.check("tg:1")
    assert one.spent("tg:1") == Spending(1_000_000, 1_000_000_000_000)


def test_whoever_is_on_the_machine_is_not_counted(database: Database) -> None:
    """Nothing is noted of a local account, and nothing refused to it."""
    one = budget(database, Clock(), daily_requests=1)
    one.spend("admin", 5, 5)
    one.check("admin", Spending(5, 5), Spending(5, 5))
    assert SpendingStore(database).of("admin", "2026-05-06") == Spending()
