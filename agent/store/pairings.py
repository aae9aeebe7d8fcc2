"""Pairing codes: unknown people who wait to be let in."""

from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from agent.core.account import Pairing
from agent.store.database import Database
from agent.store.schema import pairings


class PairingStore:
    """Codes, one for each account that waits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, pairing: Pairing) -> bool:
        """Enter a code.

        Returns:
            Whether neither the code nor one for the account was there already.
        """
        with self._database.write() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(insert(pairings).values(**vars(pairing)))
            except IntegrityError:
                return False
        return True

    def of(self, account: str) -> Pairing | None:
        """The code that an account has."""
        with self._database.write() as connection:  # what this transaction added counts
            row = connection.execute(select(pairings).where(pairings.c.account == account)).mappings().first()
        return None if row is None else Pairing(**row)

    def take(self, code: str) -> Pairing | None:
        """Use a code up: of all that come with it, one gets it."""
        with self._database.write() as connection:
            used = delete(pairings).where(pairings.c.code == code).returning(*pairings.c)
            row = connection.execute(used).mappings().first()
        return None if row is None else Pairing(**row)

    def count(self) -> int:
        """How many there are."""
        with self._database.write() as connection:
            return connection.execute(select(func.count()).select_from(pairings)).scalar_one()

    def all(self, now: datetime) -> list[Pairing]:
        """Every code that can be used, the one that expires first at the beginning."""
        query = select(pairings).where(pairings.c.expires_at > now).order_by(pairings.c.expires_at)
        with self._database.read() as connection:
            return [Pairing(**row) for row in connection.execute(query).mappings()]

    def prune(self, now: datetime) -> None:
        """Forget the codes that have expired."""
        with self._database.write() as connection:
            connection.execute(delete(pairings).where(pairings.c.expires_at <= now))
