"""What was asked of language models, per account and day."""

from dataclasses import dataclass

from sqlalchemy import and_, insert, select, update

from agent.store.database import Database
from agent.store.schema import spending


@dataclass(frozen=True)
class Spending:
    """What an account has used on a day.

    Attributes:
        requests: to language models.
        microdollars: what those cost of which the price is known.
    """

    requests: int = 0
    microdollars: int = 0


class SpendingStore:
    """Sums by account and day."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account: str, day: str) -> Spending:
        """What was used up to now."""
        query = select(spending.c.requests, spending.c.microdollars).where(
            spending.c.account == account, spending.c.day == day
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return Spending() if row is None else Spending(row.requests, row.microdollars)

    def add(self, account: str, day: str, more: Spending) -> None:
        """Add to it; sums of other processes are kept."""
        sums = {
            "requests": spending.c.requests + more.requests,
            "microdollars": spending.c.microdollars + more.microdollars,
        }
        this = and_(spending.c.account == account, spending.c.day == day)
        with self._database.write() as connection:
            if connection.execute(update(spending).where(this).values(**sums)).rowcount:
                return
            new = {"requests": more.requests, "microdollars": more.microdollars}
            connection.execute(insert(spending).values(account=account, day=day, **new))
