"""Buttons in chats: what a tap on one does, for whom, and until when. What travels is a random id alone."""

import secrets
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from agent.core.chat import Action, Button
from agent.store.database import Database
from agent.store.schema import buttons


class ButtonStore:
    """Buttons by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account: str, chat: int, action: Action, expires_at: datetime) -> str:
        """Make a button, and give its id."""
        identifier = secrets.token_urlsafe(18)
        row = {"account": account, "chat": chat, "action": dict(action), "expires_at": expires_at}
        with self._database.write() as connection:
            connection.execute(insert(buttons).values(id=identifier, **row))
        return identifier

    def find(self, identifier: str) -> Button | None:
        """A button by what came back."""
        with self._database.read() as connection:
            row = connection.execute(select(buttons).where(buttons.c.id == identifier)).mappings().first()
        return None if row is None else Button(**row)

    def use(self, identifier: str, now: datetime) -> bool:
        """Note a tap.

        Returns:
            Whether it is the first one.
        """
        with self._database.write() as connection:
            first = update(buttons).where(buttons.c.id == identifier, buttons.c.used_at.is_(None))
            return connection.execute(first.values(used_at=now)).rowcount > 0

    def expire(self, account: str, now: datetime) -> None:
        """End all buttons of an account that are not used yet."""
        unused = update(buttons).where(
            buttons.c.account == account, buttons.c.used_at.is_(None), buttons.c.expires_at > now
        )
        with self._database.write() as connection:
            connection.execute(unused.values(expires_at=now))

    def prune(self, before: datetime) -> None:
        """Forget the buttons that expired before a moment."""
        with self._database.write() as connection:
            connection.execute(delete(buttons).where(buttons.c.expires_at < before))
