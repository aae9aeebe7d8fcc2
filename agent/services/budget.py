"""What a person may ask of the language model in a day (UTC)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent.core.errors import BudgetSpent
from agent.settings import Settings
from agent.store.spending import Spending, SpendingStore

MICRO = 1_000_000
"""Parts of a dollar in which money is counted."""
REMOTE = "tg:"
"""How keys of accounts begin that are not on this machine. Of whoever is on it nothing is counted."""


class Budget:
    """The daily limits of the settings, and what was used of them.

    Args:
        settings: the limits.
        store: what was used.
        clock: the time in UTC.
    """

    def __init__(self, settings: Settings, store: SpendingStore, clock: Callable[[], datetime]) -> None:
        self._requests = settings.daily_requests
        self._microdollars = round(settings.daily_cost * MICRO)
        self._store = store
        self._clock = clock

    def spent(self, account: str) -> Spending:
        """What an account has used today; nothing where that is not counted."""
        return self._store.of(account, self._day()) if account.startswith(REMOTE) else Spending()

    def spend(self, account: str, requests: int, microdollars: int) -> None:
        """Note what an account has used."""
        if account.startswith(REMOTE) and (requests or microdollars):
            self._store.add(account, self._day(), Spending(requests, microdollars))

    def check(self, account: str, before: Spending | None = None, more: Spending | None = None) -> None:
        """Raise unless one more request is within the limits.

        Args:
            account: who asks.
            before: what was used today; looked up where that is not given.
            more: what was used since then, and is not noted yet.

        Raises:
            BudgetSpent: nothing is left, with when there is again.
        """
        if not account.startswith(REMOTE):
            return
        before, more = before or self.spent(account), more or Spending()
        if 0 < self._requests <= before.requests + more.requests:
            raise self._over(f"{self._requests} requests")
        if 0 < self._microdollars <= before.microdollars + more.microdollars:
            raise self._over(f"${self._microdollars / MICRO:g}")

    def _over(self, limit: str) -> BudgetSpent:
        now = self._clock()
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        minutes = -(-(midnight - now) // timedelta(minutes=1))
        return BudgetSpent(
            "Your budget for the language model is used up for today.",
            f"It is {limit} a day. There is a new one at 00:00 UTC, in {minutes // 60} h {minutes % 60} min.",
            "Until then the phrasebook answers: plain phrases, and commands such as /list, cost nothing.",
        )

    def _day(self) -> str:
        return self._clock().date().isoformat()
