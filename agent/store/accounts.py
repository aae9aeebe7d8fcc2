"""Accounts of chats: who may speak."""

from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update

from agent.core.account import Account, Role
from agent.store.database import Database
from agent.store.schema import accounts


class AccountStore:
    """Accounts by key. They are never removed: whose role was taken stays known as that."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: str) -> Account | None:
        """An account as it stands now."""
        with self._database.read() as connection:
            row = connection.execute(select(accounts).where(accounts.c.key == key)).mappings().first()
        return None if row is None else _account(row)

    def hold(self, key: str) -> Account | None:
        """The same, and nobody changes it before the end of the transaction."""
        query = select(accounts).where(accounts.c.key == key).with_for_update(read=True)
        with self._database.write() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _account(row)

    def hold_admins(self) -> frozenset[str]:
        """The keys of all admins; before the end of the transaction nobody else gets them like this."""
        query = select(accounts.c.key).where(accounts.c.role == Role.ADMIN.value)
        with self._database.write() as connection:
            return frozenset(connection.execute(query.order_by(accounts.c.key).with_for_update()).scalars())

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.name, accounts.c.key)).mappings()
            return [_account(row) for row in rows]

    def put(self, account: Account, by: str, now: datetime) -> Account:
        """Enter or change an account.

        Args:
            account: as it is to be.
            by: who changes it.
            now: in UTC.
        """
        values = {
            "name": account.name,
            "role": None if account.role is None else account.role.value,
            "shared": account.shared,
            "changed_by": by,
            "changed_at": now,
        }
        with self._database.write() as connection:
            known = update(accounts).where(accounts.c.key == account.key).values(**values)
            if not connection.execute(known).rowcount:
                connection.execute(insert(accounts).values(key=account.key, **values))
            row = connection.execute(select(accounts).where(accounts.c.key == account.key)).mappings().one()
            return _account(row)


def _account(row: RowMapping) -> Account:
    values = dict(row)
    values["role"] = None if row["role"] is None else Role(row["role"])
    return Account(**values)
